"""``python -m tests.benchmarks.load``: what app_queue and Huntgroup can take on one Asterisk, in one run, in turn.

Three things: the answered calls a second that either can keep up; the CPU while hundreds of callers wait; and whether
an operator's phone is ever called twice at once when two groups share it. Everything goes A B A B, so that what else
the machine does hits both alike. The exit status is 0 unless something failed: a missed target is told, not punished.
"""

import argparse
import asyncio
import gc
import json
import math
import os
import resource
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from tests.benchmarks.calls import machine
from tests.benchmarks.capacity import Burst, Capacities, Capacity, Sharing, Wait, raw
from tests.benchmarks.endpoints import Callers, Desks, Placed, holds
from tests.benchmarks.figures import Way
from tests.benchmarks.house import HOLDS, LEFT, LOAD, RIGHT, House, cpu_of, number_of, phone_of, queued_of
from tests.benchmarks.load_report import show
from tests.lab.daemon import Daemon
from tests.lab.pbx import Pbx

TALK = 0.2
"""Seconds of every conversation under load."""
BURST = 2.0
"""Seconds for which one rate is offered."""
DRAIN = 4.0
"""Seconds that what is left over of a burst may take to end by itself."""
WAITING = 300
WAITERS_A_SECOND = 100.0
SETTLE = 1.0
"""Seconds from the last caller's arrival: the work of coming in is not that of waiting."""
IDLE = 0.01
"""Seconds of CPU in one second, and less of them is an Asterisk that has nothing to do: 0.004."""
CALM_WITHIN = 60.0
SHARING_CALLS = 20
SHARING_WITHIN = 30.0
RINGS_FOR = 0.1
"""Seconds that the shared operator's phone rings: time enough for a second call to come."""
ROUTED_AT_LEAST = 0.99
OPEN_FILES = 16_384
PARTS = ("calls", "waiting", "sharing")


@dataclass(frozen=True, slots=True)
class Scene:
    """What is there to measure with."""

    pbx: Pbx
    daemon: Daemon
    callers: Callers
    desks: dict[Way, Desks]

    def cpu(self) -> tuple[float, float, float, float]:
        """Seconds so far: of Asterisk, of the daemon, of this process; and those in which the daemon had none."""
        asterisk, daemon = self.pbx.pid, self.daemon.pid
        if asterisk is None or daemon is None:
            raise AssertionError("Asterisk or the daemon is gone")
        return cpu_of(asterisk), cpu_of(daemon), time.process_time(), queued_of(daemon)

    async def clears(self, way: Way) -> int:
        """Let all calls end, by force when they do not; how many had to be forced."""
        if await holds(lambda: not self.callers.live and not self.desks[way].engaged, DRAIN):
            return 0
        forced = len(self.callers.live)
        await self.callers.hang_up()
        await holds(lambda: not self.callers.live and not self.desks[way].engaged, DRAIN)
        self.callers.forget()
        return forced


@asynccontextmanager
async def scene(house: House) -> AsyncIterator[Scene]:
    """The exchange, the phones, who calls, and the daemon."""
    async with AsyncExitStack() as stack:
        pbx = await stack.enter_async_context(house.exchange())
        desks = {way: await stack.enter_async_context(Desks(pbx, house.phones(way))) for way in Way}
        callers = await stack.enter_async_context(Callers(pbx))
        daemon = await stack.enter_async_context(Daemon(pbx, house.configuration()))
        yield Scene(pbx, daemon, callers, desks)


async def burst(scene: Scene, way: Way, rate: float, seconds: float = BURST) -> Burst:
    """Calls at an even pace, whatever becomes of the earlier ones."""
    loop = asyncio.get_running_loop()
    began, before = loop.time(), scene.cpu()
    placed: list[Placed] = []
    for index in range(math.ceil(rate * seconds)):
        due = began + index / rate
        await asyncio.sleep(due - loop.time())
        placed.append(scene.callers.dials(number_of(way, LOAD), talk=TALK, due=due))
    await scene.clears(way)
    spent = [now - then for now, then in zip(scene.cpu(), before, strict=True)]
    answers = [(call.answered_at, call.due) for call in placed if call.answered_at is not None]
    return Burst(
        rate=rate,
        offered=len(placed),
        delays=[answered - due for answered, due in answers],
        seconds=max((answered for answered, _ in answers), default=began) - began,
        asterisk=spent[0],
        daemon=spent[1],
        endpoints=spent[2],
        daemon_queued=spent[3],
        system_load=os.getloadavg()[0],
    )


async def calls(scene: Scene, measured: Capacities, rounds: int) -> None:
    """Search the rate that either way can just keep up."""
    for way in Way:
        await burst(scene, way, 10.0, 1.0)
    for _ in range(rounds):
        for way, capacity in measured.items():
            done = await burst(scene, way, capacity.search.rate)
            capacity.bursts.append(done)
            capacity.search.judge(done.is_kept_up)


async def calms_down(scene: Scene) -> None:
    """Until Asterisk has done with what was: it remembers the SIP of a burst for half a minute."""
    ends = time.monotonic() + CALM_WITHIN
    spent = IDLE
    while spent >= IDLE and time.monotonic() < ends:
        before, _, _, _ = scene.cpu()
        await asyncio.sleep(1.0)
        spent = scene.cpu()[0] - before


async def waiting(scene: Scene, way: Way, hold: str, seconds: float) -> Wait:
    """One caller talks to the only operator, and so many wait behind."""
    number = number_of(way, hold)
    await asyncio.wait_for(scene.callers.dials(number, talk=None).answered, DRAIN)
    for _ in range(WAITING):
        scene.callers.dials(number, talk=None)
        await asyncio.sleep(1 / WAITERS_A_SECOND)
    await asyncio.sleep(SETTLE)
    began, before = time.monotonic(), scene.cpu()
    await asyncio.sleep(seconds)
    spent = [now - then for now, then in zip(scene.cpu(), before, strict=True)]
    took, there = time.monotonic() - began, len(scene.callers.live) - 1
    await scene.callers.hang_up()
    await scene.clears(way)
    return Wait(
        hold=hold,
        waiting=there,
        seconds=took,
        asterisk=spent[0],
        daemon=spent[1],
        system_load=os.getloadavg()[0],
    )


async def sharing(scene: Scene, way: Way) -> Sharing:
    """As many calls to either group at once, all for the same operator."""
    loop, desks, phone = asyncio.get_running_loop(), scene.desks[way], phone_of(way, "shared")
    invites, seconds = desks.invited[phone], desks.engaged_when_invited[phone]
    desks.ring_for = RINGS_FOR
    began = loop.time()
    placed = [
        scene.callers.dials(number_of(way, (LEFT, RIGHT)[index % 2]), talk=TALK) for index in range(SHARING_CALLS)
    ]
    await holds(lambda: not scene.callers.live, SHARING_WITHIN)
    took = loop.time() - began
    await scene.clears(way)
    return Sharing(
        calls=len(placed),
        answered=sum(call.answered_at is not None and not call.is_given_up for call in placed),
        invites=desks.invited[phone] - invites,
        second_invites=desks.engaged_when_invited[phone] - seconds,
        seconds=took,
    )


async def run(options: argparse.Namespace, console: Console) -> tuple[Capacities, dict[str, str]]:
    """All parts that were asked for; and what they were measured on."""
    measured = {way: Capacity() for way in Way}
    began, load = time.monotonic(), os.getloadavg()[0]
    async with scene(House(options.operators)) as there:
        if "calls" in options.only:
            console.print(f"calls: {options.rounds} bursts each way to {options.operators} operators", highlight=False)
            await calls(there, measured, options.rounds)
        if "waiting" in options.only:
            console.print(f"waiting: {WAITING} callers, {options.seconds:g} s twice each way and hold", highlight=False)
            await calms_down(there)
            for hold in HOLDS * 2:
                for way in Way:
                    measured[way].waits.append(await waiting(there, way, hold, options.seconds))
        if "sharing" in options.only:
            console.print(f"sharing: {SHARING_CALLS} calls at once to two groups with one operator", highlight=False)
            for way in Way:
                measured[way].shared.append(await sharing(there, way))
        _find_failures(there, measured)
        return measured, await machine(there.pbx, load, began)


def _find_failures(scene: Scene, measured: Capacities) -> None:
    """The dialplan's fallback answers calls too, but its figures are not Huntgroup's. A hangup may cross an answer."""
    accepted = sum(line["event"] == "inquiry.accepted" for line in scene.daemon.log())
    answered = scene.desks[Way.HUNTGROUP].picked_up
    if accepted < answered * ROUTED_AT_LEAST:
        measured[Way.HUNTGROUP].failures.append(f"the daemon routed only {accepted} of {answered} answered calls")
    for way, capacity in measured.items():
        capacity.failures += [
            f"{WAITING - wait.waiting} callers did not wait" for wait in capacity.waits if wait.waiting != WAITING
        ]
        if capacity.bursts and not any(each.is_kept_up for each in capacity.bursts):
            capacity.failures.append(f"{way} kept up with no rate at all")


def main() -> int:
    """Measure, show, and 1 when something failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.load", description=__doc__)
    parser.add_argument("--operators", type=int, default=100, metavar="N", help="who take the load (100)")
    parser.add_argument("--rounds", type=int, default=11, metavar="N", help="bursts each way (11)")
    parser.add_argument("--seconds", type=float, default=5.0, metavar="S", help="of every look at who waits (5)")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS, help="some parts")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every sample there")
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES if hard < 0 else min(OPEN_FILES, hard), hard))
    console = Console(width=120)
    gc.disable()  # a pause of the measuring process would be counted against whoever is measured
    measured, told = asyncio.run(run(options, console))
    cpus = len(os.sched_getaffinity(0))
    show(console, measured, told, cpus)
    if options.json is not None:
        options.json.write_text(json.dumps({"about": told, "ways": raw(measured)}, indent=1))
    return 1 if any(capacity.failures for capacity in measured.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
