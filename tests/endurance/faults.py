"""What happens to the house, at moments of chance."""

import asyncio
import resource
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from tests.endurance.clock import Wall
from tests.endurance.load import Load
from tests.endurance.people import MOMENTS, Person, Watch
from tests.lab.broker import Broker
from tests.lab.daemon import Daemon
from tests.lab.link import Link
from tests.lab.pbx import Pbx
from tests.lab.record import Ending
from tests.simulation.dice import Dice

AWAY_MOST = 8.0
"""Seconds that a killed daemon stays away at most: the dialplan takes over after six."""
STEP = 0.02


@dataclass(slots=True, kw_only=True)
class House:
    """The processes, and what can be done to them."""

    pbx: Pbx
    broker: Broker
    link: Link
    daemon: Daemon
    wall: Wall
    people: list[Person]
    dice: Dice
    deaths: list[float] = field(default_factory=list)
    """When the daemon was killed or its link went, by `time.monotonic`."""

    @property
    def store(self) -> Path:
        """What the daemon wrote down."""
        return self.daemon.home / "huntgroup.db"

    async def faults(self, kind: str, count: int, load: Load, watch: Watch) -> None:
        """So many of a kind, each at a moment of its own."""
        fault = {
            "kill": self._kill,
            "pbx": self._pbx_dies,
            "link": self._link_fails,
            "broker": self._broker_dies,
            "disk": self._disk_fails,
            "clock": self._clock_is_set,
        }[kind]
        for number in range(count):
            await self._moment(watch)
            await fault(load)
            if (number + 1) % 25 == 0:
                print(f"  {kind}: {number + 1} of {count}, {len(load.stories)} calls so far", flush=True)

    async def _moment(self, watch: Watch) -> None:
        """Any time at all, or right behind something that a phone did."""
        dice = self.dice
        if dice.chance(0.5):
            await asyncio.sleep(dice.between(0, 3))
            return
        await asyncio.sleep(dice.between(0.8, 2.5))
        await watch.next(dice.choose(MOMENTS))
        await asyncio.sleep(dice.between(0, STEP))

    async def _kill(self, _load: Load) -> None:
        """kill -9, and another one comes at once or later."""
        self.deaths.append(time.monotonic())
        self.daemon.kill()
        if self.dice.chance(0.5):
            await asyncio.sleep(self.dice.between(0, AWAY_MOST))
        await self.daemon.start(found=False)

    async def _pbx_dies(self, load: Load) -> None:
        load.may_call.clear()
        self.pbx.kill()
        load.exchange_died()
        for person in self.people:
            for call in list(person.live.values()):
                call.end(Ending("lost"))
        await asyncio.sleep(self.dice.between(0, 2))
        await self.pbx.start()
        for person in self.people:
            await person.registers()
        load.may_call.set()
        await asyncio.sleep(self.dice.between(1, 5))

    async def _link_fails(self, _load: Load) -> None:
        self.deaths.append(time.monotonic())
        if self.dice.chance(0.5):
            self.link.cut()
        else:
            self.link.fall_silent()
        await asyncio.sleep(self.dice.between(0.1, AWAY_MOST))
        self.link.mend()

    async def _broker_dies(self, _load: Load) -> None:
        self.broker.kill()
        await asyncio.sleep(self.dice.between(0, 2))
        await self.broker.start()

    async def _disk_fails(self, _load: Load) -> None:
        """No file may grow any more, or somebody else keeps the database locked; then it is as it was."""
        away = self.dice.between(0.3, 4)
        if self.dice.chance(0.5):
            pid = self.daemon.pid
            assert pid is not None
            _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            room = int(self.dice.between(4096, self.store.stat().st_size))
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (room, most))
            await asyncio.sleep(away)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, most))
        else:
            with closing(sqlite3.connect(self.store, isolation_level=None, timeout=5)) as other:
                other.execute("BEGIN IMMEDIATE")
                await asyncio.sleep(away)
                other.execute("ROLLBACK")

    async def _clock_is_set(self, _load: Load) -> None:
        """By up to two hours, ahead or back; sometimes while the daemon is away."""
        is_away = self.dice.chance(0.3)
        if is_away:
            self.deaths.append(time.monotonic())
            self.daemon.kill()
        self.wall.is_off_by(self.dice.between(-7200, 7200))
        if is_away:
            await self.daemon.start(found=False)


async def until(is_so: Callable[[], bool | Awaitable[bool]], what: str, within: float) -> None:
    """Look again and again, as nobody tells us; AssertionError naming *what* when it does not come true."""
    try:
        async with asyncio.timeout(within):
            while True:
                found = is_so()
                if await found if isinstance(found, Awaitable) else found:
                    return
                await asyncio.sleep(STEP)
    except TimeoutError:
        raise AssertionError(f"not within {within:g} s: {what}") from None
