"""How quick the daemon is at the broker, beside a client that only echoes, and how much it takes.

    python -m tests.benchmarks.mqtt

The real broker, the real daemon with its store, and a real Asterisk beside it without calls, all on this machine.
"""

import argparse
import asyncio
import contextlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

from tests.lab.broker import Broker
from tests.lab.daemon import Daemon
from tests.lab.mqtt import Party
from tests.lab.pbx import Pbx
from tests.lab.process import Child

GROUPS, OPERATORS = 10, 5
OPEN = 100
RATIO_MOST = 2.0
RATE_LEAST = 2_000
BROKER = "max_queued_messages 100000\nmax_inflight_messages 100"
"""What config/mosquitto has for a broker with this much to do."""


def configuration() -> str:
    """Ten groups of five operators, a source for each group, and one operator alone for the times."""
    people = [f"op-{group}-{number}" for group in range(GROUPS) for number in range(OPERATORS)]
    lines = [f'[[operators]]\nid = "{name}"\ncapacity = {{ call = 0 }}\n' for name in [*people, "solo"]]
    for group in range(GROUPS):
        members = ", ".join(f'"op-{group}-{number}"' for number in range(OPERATORS))
        lines.append(f'[[groups]]\nid = "g{group}"\noperators = [{members}]\ndistribution = "evenly"\n')
        lines.append(f'[[sources]]\nid = "chat-{group}"\nchannel = "chat"\ngroup = "g{group}"\n')
    lines.append('[[groups]]\nid = "solo"\noperators = ["solo"]\n')
    lines.append('[[sources]]\nid = "solo"\nchannel = "chat"\ngroup = "solo"\n')
    return "".join(lines)


async def times(broker: Broker, count: int) -> tuple[list[float], list[float]]:
    """Seconds from publish to echo, and from publish to the offer on a desk, in turn."""
    echoes, offers = [], []
    with tempfile.TemporaryDirectory() as folder:
        echo = Child("echo", Path(folder) / "log")
        echo.start([sys.executable, "-m", "tests.benchmarks.mqtt_echo", broker.address, str(broker.port)])
        async with (
            Party(broker, listens_to="lab/#") as listener,
            Party(broker, listens_to="huntgroup/operators/solo/desk") as solo,
            Party(broker, listens_to="") as customer,
        ):
            await listener.until(lambda each: each.topic == "lab/ready", "the echo")
            for number in range(count):
                echoes.append(await _echo(customer, listener, number))
                offers.append(await _offer(customer, solo, f"t-{number}"))
        echo.kill()
    return echoes, offers


async def _echo(customer: Party, listener: Party, number: int) -> float:
    mark = str(number).encode()
    after = len(listener.seen)
    began = time.monotonic()
    await customer.publishes("lab/in", mark)
    seen = await listener.until(lambda each: each.topic == "lab/out" and each.payload == mark, "the echo", after=after)
    return seen.at - began


async def _offer(customer: Party, solo: Party, name: str) -> float:
    after = len(solo.seen)
    began = time.monotonic()
    await customer.says("inquiries/submit", {"id": name, "source": "solo"})
    await solo.sees_desk("solo", offers=[name], after=after)
    offered = next(each for each in solo.seen[after:] if name.encode() in each.payload)
    after = len(solo.seen)
    await customer.says("operators/solo/commands", {"type": "accept", "inquiry": name})
    await solo.sees_desk("solo", inquiries=[name], after=after)
    await customer.says("operators/solo/commands", {"type": "close", "inquiry": name})
    await solo.sees_desk("solo", inquiries=[], after=after)
    return offered.at - began


async def rate(broker: Broker, daemon: Daemon, count: int) -> tuple[float, dict[str, float]]:
    """Inquiries a second from submit to close, and the share of a core that each of the three had."""
    argv = [sys.executable, "-m", "tests.benchmarks.mqtt_load", broker.address, str(broker.port)]
    argv += [str(GROUPS), str(count), str(OPEN)]
    before = _cpu(daemon.pid), _cpu(broker.pid)
    process = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    result = json.loads(output)
    seconds = result["seconds"]
    used = [(now - then) / seconds for now, then in zip((_cpu(daemon.pid), _cpu(broker.pid)), before, strict=True)]
    return result["closed"] / seconds, {"daemon": used[0], "broker": used[1], "load": result["cpu"]}


def _cpu(pid: int | None) -> float:
    """Seconds of processor time that a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.asynccontextmanager
async def lab() -> AsyncIterator[tuple[Broker, Daemon]]:
    """Everything that is needed, on loopback."""
    async with (
        Broker(persistent=False, config=BROKER) as broker,
        Pbx({"anna": "101"}) as pbx,
        Daemon(pbx, configuration(), broker_url=broker.url) as daemon,
        Party(broker) as reader,
    ):
        await reader.sees("status", state="online")
        yield broker, daemon


async def run(count: int, load: int) -> None:
    """Measure and tell."""
    async with lab() as (broker, daemon):
        echoes, offers = await times(broker, count)
        echo, offer = statistics.median(echoes), statistics.median(offers)
        p99 = statistics.quantiles(offers, n=100)[98]
        print(f"publish -> echo by a bare client:  p50 {echo * 1000:.2f} ms")
        print(f"publish -> offer on a desk:        p50 {offer * 1000:.2f} ms, p99 {p99 * 1000:.2f} ms")
        print(f"ratio of the medians: {offer / echo:.2f} (target <= {RATIO_MOST:g} and one commit)")
        speed, shares = await rate(broker, daemon, load)
        print(f"submitted, offered, accepted, closed: {speed:.0f}/s (target >= {RATE_LEAST})")
        print(f"  of a core: {', '.join(f'{name} {share:.0%}' for name, share in shares.items())}")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--times", type=int, default=300, help="how many echoes and offers are timed")
    parser.add_argument("--load", type=int, default=10_000, help="how many inquiries go through at once")
    given = parser.parse_args()
    asyncio.run(run(given.times, given.load))


if __name__ == "__main__":
    main()
