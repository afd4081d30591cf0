"""One run: a house, everybody who calls and is called, faults, closing time, and the verdict."""

import asyncio
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.endurance.hour.desks import Desks
from tests.endurance.hour.floor import Worker
from tests.endurance.hour.house import PHONES, configuration
from tests.endurance.hour.mischief import HARMLESS, KINDS, Mischief
from tests.endurance.hour.outside import Callers, Mobile
from tests.endurance.hour.verdict import (
    Size,
    command,
    grown,
    left_over,
    outcomes,
    wrong_in_the_log,
    wrong_in_the_record,
)
from tests.endurance.hour.world import MEDIA_OPTIONS, PHONE_OPTIONS, World, is_quiet
from tests.lab.broker import Broker
from tests.lab.daemon import Daemon
from tests.lab.link import Link
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller
from tests.simulation.dice import Seeded

CALLERS = 9
"""At a time."""
AT_REST_WITHIN = 75.0
"""Seconds until nothing is left when nobody calls. A caller who died unanswered is missed 32 s after the answer, by a
timer of SIP's own."""
LOOKS_EVERY = 0.5
SHARE_WITH_DEATHS = 0.5
"""For this share of the time the daemon dies now and then; the last life is long enough to see whether it grows."""
WARM_AFTER = 0.15
"""The share of the time after which the last life's memory is first looked at."""
SHORT = 300.0
"""Seconds below which a run is too short for anything to be said of memory."""


@dataclass(slots=True)
class Result:
    """What came of a run."""

    seed: int
    seconds: float
    said: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    kept: str = ""
    """Where the daemon's files are, if anything was wrong."""

    def __str__(self) -> str:
        verdict = "nothing is left, nothing wrong" if not self.wrong else f"{len(self.wrong)} WRONG, see {self.kept}"
        return "\n".join([f"seed {self.seed}, {self.seconds:.0f} s: {verdict}", *self.said])


async def mixed_hour(seconds: float, seed: int, say: Callable[[str], None] = print) -> Result:
    """Have everything happen for so long, and look what is left."""
    result = Result(seed, seconds)
    async with AsyncExitStack() as stack:
        pbx = await stack.enter_async_context(
            Pbx(PHONES, verbose=0, endpoint_options=PHONE_OPTIONS, trunk_options=MEDIA_OPTIONS)
        )
        broker = await stack.enter_async_context(Broker())
        link = await stack.enter_async_context(Link(pbx))
        daemon = await stack.enter_async_context(Daemon(pbx, configuration(), broker_url=broker.url, link=link))
        world = World(pbx=pbx, broker=broker, link=link, daemon=daemon, seed=seed)
        crew = await _crew(world, stack)
        await crew.works(seconds, result, say)
        await crew.goes_home()
        result.wrong += await crew.until_nothing_is_left()
        await _judge(world, result)
        if result.wrong:
            await asyncio.to_thread(_keep, world, result)
    return result


@dataclass(slots=True, kw_only=True)
class Crew:
    """Everybody in the house and around it."""

    world: World
    workers: list[Worker]
    callers: list[Caller]
    mobile: Mobile
    desks: Desks
    mischief: Mischief

    async def works(self, seconds: float, result: Result, say: Callable[[str], None]) -> None:
        """The whole time; the size of the daemon's last life is looked at when it is warm, and at its end."""
        world, callers = self.world, Callers(self.world)
        busy: list[Coroutine[Any, Any, None]] = [each.works() for each in self.workers]
        busy += [
            callers.comes(caller, Seeded(world.seed * 100 + 50 + number)) for number, caller in enumerate(self.callers)
        ]
        busy += [self.desks.works(), _tells(world, say)]
        is_short = seconds < SHORT
        gap = (1.0, 4.0) if is_short else (5.0, 30.0)
        world.may_call.set()
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in busy]
            deadly = SHARE_WITH_DEATHS if not is_short else 0.8
            await self.mischief.happens(KINDS, seconds * deadly, gap)
            await self.mischief.happens(HARMLESS, 0 if is_short else seconds * WARM_AFTER, gap)
            warm = Size.of(world.daemon)
            await self.mischief.happens(HARMLESS, seconds * (1 - deadly - (0 if is_short else WARM_AFTER)), gap)
            for each in tasks:
                each.cancel()
        wrong = list(grown(warm, Size.of(world.daemon), result.said.append))
        result.wrong += [] if is_short else wrong

    async def goes_home(self) -> None:
        """Everybody hangs up; nobody new comes."""
        for caller in self.callers:
            await caller.close()
            await caller.open()  # what still comes for a call that is over is answered so
        await self.mischief.is_over()
        for worker in self.workers:
            await worker.goes_home()
        self.mobile.goes_home()
        await self.desks.goes_home()

    async def until_nothing_is_left(self) -> list[str]:
        """What is still there when there has been time enough."""
        until = time.monotonic() + AT_REST_WITHIN
        while (left := await left_over(self.world, self.desks)) and time.monotonic() < until:
            await asyncio.sleep(LOOKS_EVERY)
            await self.desks.goes_home()
        return left


async def _crew(world: World, stack: AsyncExitStack) -> Crew:
    workers = [Worker(world, name, Seeded(world.seed * 100 + number)) for number, name in enumerate(PHONES)]
    callers = [world.pbx.caller(audio=False) for _ in range(CALLERS)]
    mobile = Mobile(world, Seeded(world.seed * 100 + 90))
    for station in (*workers, *callers, mobile):
        is_quiet(station)
        await stack.enter_async_context(station)
    for worker in workers:
        await worker.registers()
    world.phones += workers
    world.outside += [*callers, mobile]
    desks = await stack.enter_async_context(Desks(world, Seeded(world.seed * 100 + 91)))
    mischief = Mischief(world, Seeded(world.seed * 100 + 92))
    return Crew(world=world, workers=workers, callers=callers, mobile=mobile, desks=desks, mischief=mischief)


async def _tells(world: World, say: Callable[[str], None]) -> None:
    """How far it is, once a minute."""
    began = time.monotonic()
    while True:
        await asyncio.sleep(60)
        size = Size.of(world.daemon) if world.daemon.pid else None
        faults = sum(count for name, count in world.tally.items() if name.startswith("fault"))
        say(f"  {time.monotonic() - began:.0f} s: {world.tally['calls']} calls, {faults} faults, {size}")


async def _judge(world: World, result: Result) -> None:
    daemon = world.daemon
    daemon.send(signal.SIGTERM)
    status = await daemon.exited(within=30)
    if status != 0:
        result.wrong.append(f"the daemon ended with {status}")
    result.wrong += wrong_in_the_record(daemon.store)
    result.wrong += wrong_in_the_log(world.daemon_log)
    status, out, error = await command(daemon.config, "replay")
    result.said.append(f"replay: {(out.splitlines() or ['nothing'])[-1]}")
    if status != 0:
        result.wrong.append(f"replay: {out[-3000:]} {error[-2000:]}")
    for counts in (world.tally, outcomes(daemon.store)):
        result.said.append(", ".join(f"{count} {what}" for what, count in sorted(counts.items())))


def _keep(world: World, result: Result) -> None:
    result.kept = tempfile.mkdtemp(prefix=f"huntgroup-hour-{result.seed}-")
    shutil.copytree(world.daemon.home, result.kept, dirs_exist_ok=True, ignore=shutil.ignore_patterns("notify"))
    Path(result.kept, "asterisk.log").write_text(world.pbx.log_text())
    Path(result.kept, "wrong.txt").write_text("\n\n".join(result.wrong))
