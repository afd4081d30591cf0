"""``python -m tests.benchmarks.calls``: app_queue and Huntgroup on one Asterisk, call by call in turn.

Both serve the same kind of line within one run, A B A B, so that what else the machine does hits both alike. The exit
status is 0 unless a call failed: a figure that misses its target is told, not punished.
"""

import argparse
import asyncio
import gc
import os
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from importlib.metadata import version
from pathlib import Path

from rich.console import Console

from tests.benchmarks import measure, report
from tests.benchmarks.exchange import PAIRS, SINGLE, Line, daemon_configuration, exchange, open_line
from tests.benchmarks.figures import RING_DELAYS, Record, Way
from tests.lab.daemon import Daemon
from tests.lab.pbx import Pbx

WARM_UP = 5
STAGGER = 0.37
"""Seconds between the starts of two places, so that they do not hand off in the same instant."""

Lines = dict[Way, Line]
Measure = Callable[[Line, Record], Awaitable[None]]


async def run(calls: int, console: Console) -> tuple[report.Records, dict[str, str]]:
    """Measure *calls* calls of every kind both ways; the records, and what they were measured on."""
    records = {way: Record() for way in Way}
    began, load = time.monotonic(), os.getloadavg()[0]
    async with AsyncExitStack() as stack:
        pbx = await stack.enter_async_context(exchange())
        single = await _lines(pbx, stack, SINGLE)
        pairs = [await _lines(pbx, stack, name) for name in PAIRS]
        daemon = await stack.enter_async_context(Daemon(pbx, daemon_configuration()))
        console.print(f"{calls} calls each way, one at a time: the first offer and the answer", highlight=False)
        await _in_turn(single, measure.quick, WARM_UP, {way: Record() for way in Way})
        await _in_turn(single, measure.quick, calls, records)
        console.print(
            f"{calls} calls each way for each of {len(RING_DELAYS)} delays, {len(pairs)} at a time: the handoff",
            highlight=False,
        )
        await _handoffs(pairs, calls, records)
        records[Way.HUNTGROUP].failures += _not_the_daemons(daemon, [single, *pairs])
        about = await machine(pbx, load, began)
    return records, about


async def _lines(pbx: Pbx, stack: AsyncExitStack, name: str) -> Lines:
    return {way: await open_line(pbx, stack, way, name) for way in Way}


async def _in_turn(lines: Lines, measured: Measure, calls: int, records: report.Records) -> None:
    for _ in range(calls):
        for way, line in lines.items():
            await measured(line, records[way])


async def _handoffs(pairs: list[Lines], calls: int, records: report.Records) -> None:
    """Every place takes its share of the calls, and goes through the delays in turn."""
    shares = [calls // len(pairs) + (index < calls % len(pairs)) for index in range(len(pairs))]
    async with asyncio.TaskGroup() as places:
        for index, (lines, share) in enumerate(zip(pairs, shares, strict=True)):
            places.create_task(_place(lines, share, records, index * STAGGER))


async def _place(lines: Lines, calls: int, records: report.Records, begins_after: float) -> None:
    await asyncio.sleep(begins_after)
    await _in_turn(lines, _after(RING_DELAYS[0]), 1, {way: Record() for way in Way})
    for _ in range(calls):
        for delay in RING_DELAYS:
            await _in_turn(lines, _after(delay), 1, records)


def _after(delay: float) -> Measure:
    return lambda line, record: measure.handoff(line, record, delay)


def _not_the_daemons(daemon: Daemon, served: list[Lines]) -> list[str]:
    """The fallback of the dialplan answers calls too, but its figures are not Huntgroup's: one failure for all."""
    phones = [phone for lines in served for phone in lines[Way.HUNTGROUP].phones]
    answered = sum(call.timeline.first("ok_sent") is not None for phone in phones for call in phone.calls)
    accepted = sum(line["event"] == "inquiry.accepted" for line in daemon.log())
    if accepted >= answered:
        return []
    return [f"{answered - accepted} of {answered} answered calls, warm-up included, were not routed by the daemon"]


async def machine(pbx: Pbx, load_before: float, began: float) -> dict[str, str]:
    """What it was measured on, and how busy that was."""
    asterisk = (await pbx.cli("core show version")).partition(" built by")[0]
    return {
        "versions": f"{asterisk}, huntgroup {version('huntgroup')}, Python {sys.version.split()[0]}",
        "machine": f"{os.cpu_count()} CPUs, load {load_before:.2f} before and {os.getloadavg()[0]:.2f} after,"
        f" {time.monotonic() - began:.0f} s",
    }


def main() -> int:
    """Measure, show, and 1 when a call failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.calls", description=__doc__)
    parser.add_argument("--calls", type=_count, default=100, metavar="N", help="calls of each kind and way (100)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every sample there")
    options = parser.parse_args()
    console = Console()
    gc.disable()  # a pause of the measuring process would be counted against whoever is measured
    records, about = asyncio.run(run(options.calls, console))
    report.show(console, records, about)
    if options.json is not None:
        options.json.write_text(report.as_json(records, about))
    return 1 if any(record.failures for record in records.values()) else 0


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
