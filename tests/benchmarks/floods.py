"""``python -m tests.benchmarks.floods``: calls and memory while one account at the broker publishes at full speed.

A real Asterisk, a real Mosquitto with the files of config/mosquitto, and the daemon. Calls are placed all the time,
first without a flood and then under each flood in turn; each flood has a fresh broker and a fresh daemon. The exit
status is 0 unless a call failed: a missed target is reported, not punished.
"""

import argparse
import asyncio
import gc
import json
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks import measure
from tests.benchmarks.calls import machine
from tests.benchmarks.exchange import Line
from tests.benchmarks.figures import OFFER, Record, Verdict
from tests.benchmarks.flood_client import FLOODS
from tests.benchmarks.house import cpu_of, queued_of
from tests.benchmarks.report import verdict_line
from tests.lab.daemon import Daemon, pbx_table
from tests.lab.pbx import Pbx
from tests.lab.process import Child
from tests.lab.secured import SecuredBroker, password_of
from tests.live.configuration import group, source

LINES = 3
"""Callers who call at the same time, each with an operator of their own."""
WARM_UP = 3
OFFER_MOST = 50.0
"""Milliseconds from the caller's INVITE to the operator's: 99 of 100 calls."""
MEMORY_MOST = 400.0
"""MB of the daemon's process."""
NONE = "none"
AFTER = 5.0
"""Seconds from the end of a flood to the look at what memory was given back."""
FLOODER = {"customers": "crm", "retained": "intruder"}
"""Which account floods; any other flood is a channel's."""
INTRUDER = "\nuser intruder\ntopic readwrite huntgroup/#\n"
"""An account that may write everything, as in a broker without an ACL."""


@dataclass(slots=True)
class Flooded:
    """What was measured under one flood. Memory in MB."""

    record: Record
    before: float = 0.0
    peak: float = 0.0
    after: float = 0.0
    sent: float = 0.0
    """Messages a second that the account published."""
    logged: int = 0
    """Lines of log."""
    cpu: float = 0.0
    queued: float = 0.0
    """Percent of the time that the daemon had a CPU, and that its main thread waited for one: with much of that the
    figures tell of the machine."""


def configuration() -> str:
    """An operator for each line, and a source and a group without a phone for the flood."""
    parts = []
    for index in range(LINES):
        parts.append(f'[[operators]]\nid = "op-{index}"\nphones = ["PJSIP/phone-{index}"]\n')
        parts.append(group(f"line-{index}", f"op-{index}", rings="4", hold='"ringing"'))
        parts.append(f'[[numbers]]\nnumber = "800{index}"\ngroup = "line-{index}"\n')
    parts.append('[[operators]]\nid = "texts"\ncapacity = { call = 0 }\n')
    parts.append(group("texts", "texts"))
    parts.append(source("site-chat", "texts", account='"site-chat"'))
    return "".join(parts)


def exchange() -> Pbx:
    """A phone for each line."""
    return Pbx({f"phone-{index}": str(100 + index) for index in range(LINES)}, verbose=0)


async def open_lines(pbx: Pbx, stack: AsyncExitStack) -> list[Line]:
    """Registered phones, and who calls them."""
    lines = []
    for index in range(LINES):
        phone = await (await stack.enter_async_context(pbx.phone(f"phone-{index}", audio=False))).registers()
        caller = await stack.enter_async_context(pbx.caller(audio=False))
        lines.append(Line(f"800{index}", caller, (phone,)))
    return lines


@asynccontextmanager
async def daemon_at_broker(pbx: Pbx) -> AsyncIterator[tuple[SecuredBroker, Daemon]]:
    """The broker as it is shipped, and the daemon with a store of its own."""
    broker = SecuredBroker("huntgroup", "site-chat", "crm", "intruder")
    with (broker.home / "huntgroup.acl").open("a") as acl:
        acl.write(INTRUDER)
    login = f'[mqtt]\nurl = "{broker.url}"\nusername = "huntgroup"\nsecret_env = "BROKER_SECRET"\n'
    environment = {"BROKER_SECRET": password_of("huntgroup")}
    peers = pbx_table(pbx, "main") + login
    async with broker, Daemon(pbx, configuration(), peers=peers, environment=environment) as daemon:
        await daemon.logs("broker.found")
        yield broker, daemon


async def place_calls(lines: list[Line], record: Record, calls: int) -> None:
    """So many on all lines together, each line one after the other."""

    async def one_line(line: Line, count: int) -> None:
        for _ in range(count):
            await measure.quick(line, record)

    async with asyncio.TaskGroup() as tasks:
        for index, line in enumerate(lines):
            tasks.create_task(one_line(line, calls // len(lines) + (index < calls % len(lines))))


async def under(pbx: Pbx, lines: list[Line], flood: str, calls: int, qos: int) -> Flooded:
    """Calls under one flood."""
    measured = Flooded(Record())
    async with daemon_at_broker(pbx) as (broker, daemon):
        await place_calls(lines, Record(), WARM_UP * len(lines))
        measured.before = memory(daemon.pid, "VmRSS")
        began, cpu, queued = time.monotonic(), cpu_of(daemon.pid or 0), queued_of(daemon.pid or 0)
        account = FLOODER.get(flood, "site-chat")
        child = Child("flood", broker.home / "flood.json")
        if flood != NONE:
            argv = [sys.executable, "-m", "tests.benchmarks.flood_client", broker.address, str(broker.port)]
            child.start([*argv, account, password_of(account), flood, str(qos)])
        await place_calls(lines, measured.record, calls)
        took = time.monotonic() - began
        measured.cpu = (cpu_of(daemon.pid or 0) - cpu) / took * 100
        measured.queued = (queued_of(daemon.pid or 0) - queued) / took * 100
        if flood != NONE:
            child.send(signal.SIGTERM)
            await child.exited(10.0)
            measured.sent = json.loads(child.output_text())["sent"] / took
            await asyncio.sleep(AFTER)
        measured.peak = memory(daemon.pid, "VmHWM")
        measured.after = memory(daemon.pid, "VmRSS")
        measured.logged = daemon.log_text().count("\n")
        routed = sum(line["event"] == "inquiry.accepted" for line in daemon.log())
        wanted = calls + WARM_UP * len(lines) - len(measured.record.failures)
        if routed < wanted:
            measured.record.failures.append(f"the daemon routed only {routed} of {wanted} answered calls")
    return measured


def memory(pid: int | None, what: str) -> float:
    """MB of a process: VmRSS now, or VmHWM at most since it began."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition(f"{what}:")[2].split()[0]) / 1024


async def run(options: argparse.Namespace, console: Console) -> tuple[dict[str, Flooded], dict[str, str]]:
    """Every flood that was asked for, and what it was measured on."""
    began, measured = time.monotonic(), {}
    async with AsyncExitStack() as stack:
        pbx = await stack.enter_async_context(exchange())
        lines = await open_lines(pbx, stack)
        for flood in (NONE, *options.only):
            console.print(f"{options.calls} calls, flood: {flood}", highlight=False)
            measured[flood] = await under(pbx, lines, flood, options.calls, options.qos)
        about = await machine(pbx, 0.0, began)
    return measured, about


def table(measured: dict[str, Flooded]) -> Table:
    """A row for each flood."""
    shown = Table(title="Caller's INVITE -> operator's INVITE in ms; the daemon's memory in MB", title_justify="left")
    columns = (
        "flood",
        "messages/s",
        "calls",
        "median",
        "p99",
        "worst",
        "before",
        "peak",
        "after",
        "log",
        "CPU %",
        "queued %",
    )
    for index, title in enumerate(columns):
        shown.add_column(title, justify="right" if index else "left")
    for flood, each in measured.items():
        summary = each.record.summary(OFFER)
        times = (summary.median, summary.p99, summary.worst) if summary else (0.0, 0.0, 0.0)
        count = str(summary.count if summary else 0)
        cells = [f"{value:.1f}" for value in times]
        cells += [f"{value:.0f}" for value in (each.before, each.peak, each.after)]
        cells += [str(each.logged), f"{each.cpu:.0f}", f"{each.queued:.0f}"]
        shown.add_row(flood, f"{each.sent:.0f}", count, *cells)
    return shown


def verdicts(measured: dict[str, Flooded]) -> Iterator[Verdict]:
    """Both targets of every flood."""
    for flood, each in measured.items():
        summary = each.record.summary(OFFER)
        yield Verdict(f"{flood}: p99 of {OFFER.title}", summary.p99 if summary else None, OFFER_MOST)
        yield Verdict(f"{flood}: memory at most", each.peak, MEMORY_MOST, " MB")


def main() -> int:
    """Measure, show, and 1 when a call failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.floods", description=__doc__)
    parser.add_argument("--only", choices=tuple(FLOODS), nargs="+", default=tuple(FLOODS), help="some floods")
    parser.add_argument("--calls", type=int, default=150, metavar="N", help="calls under each flood (150)")
    parser.add_argument("--qos", type=int, choices=(0, 1), default=1, help="of the flood's messages (1)")
    options = parser.parse_args()
    console = Console(width=120)
    gc.disable()  # a pause of the measuring process would be counted against whoever is measured
    measured, about = asyncio.run(run(options, console))
    for name, value in about.items():
        console.print(f"{name}: {value}", highlight=False)
    console.print(table(measured))
    for verdict in verdicts(measured):
        console.print(verdict_line(verdict), highlight=False)
    for flood, each in measured.items():
        for failure in each.record.failures:
            console.print(f"{flood}, failed: {failure}", highlight=False, markup=False)
    return 1 if any(each.record.failures for each in measured.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
