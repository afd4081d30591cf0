"""What happens to the house meanwhile: daemon and exchange die, the link is cut, the file is changed."""

import asyncio
import signal
import time

from tests.endurance.hour.house import CHANGES, EVERYDAY, Staff, configuration
from tests.endurance.hour.world import World
from tests.lab.process import until
from tests.simulation.dice import Dice

KINDS = ("kill", "reload", "pbx", "link", "stop", "reload", "reload", "link", "kill", "reload")
"""In this order, again and again, so that a short run has each; the gaps between them are chance."""
HARMLESS = ("link", "reload", "reload", "pbx", "reload")
"""The same for a daemon whose memory is looked at: it must live."""
AWAY_MOST = 8.0
"""Seconds for which a daemon stays away at most: the dialplan takes over after six."""
WITHIN = 30.0
"""Seconds in which a daemon that was started, or told to read its file, says so."""


class Mischief:
    """Faults one after the other, at moments of chance."""

    def __init__(self, world: World, dice: Dice) -> None:
        self._world = world
        self._dice = dice

    async def happens(self, kinds: tuple[str, ...], seconds: float, gap: tuple[float, float]) -> None:
        """These kinds again and again for so long, with so many seconds between two."""
        ends_at = time.monotonic() + seconds
        while True:
            for kind in kinds:
                pause = self._dice.between(*gap)
                if time.monotonic() + pause > ends_at:
                    await asyncio.sleep(max(0.0, ends_at - time.monotonic()))
                    return
                await asyncio.sleep(pause)
                self._world.tally[f"fault: {kind}"] += 1
                await getattr(self, f"_{kind}")()

    async def is_over(self) -> None:
        """The file is as at the beginning."""
        before = self._world.daemon_log.stat().st_size
        await self._reloads(EVERYDAY)
        await self._tells(before, b'"configuration.changed"')

    async def _kill(self) -> None:
        self._world.daemon.kill()
        await self._comes_back()

    async def _stop(self) -> None:
        await self._world.daemon.stop()
        await self._comes_back()

    async def _comes_back(self) -> None:
        if self._dice.chance(0.6):
            await asyncio.sleep(self._dice.between(0, AWAY_MOST))
        before = self._world.daemon_log.stat().st_size
        await self._world.daemon.start(found=False)
        await self._tells(before, b'"event"')  # before its first word it hears no signal either

    async def _tells(self, after: int, what: bytes) -> None:
        """Await a word in the daemon's log behind that place; of an hour's log the rest is not read again and again."""

        def is_there() -> bool:
            with self._world.daemon_log.open("rb") as file:
                file.seek(after)
                return what in file.read()

        await until(is_there, f"the daemon says {what!r}", WITHIN)

    async def _pbx(self) -> None:
        world = self._world
        world.may_call.clear()
        world.pbx.kill()
        world.exchange_died()
        await asyncio.sleep(self._dice.between(0, 2))
        await world.pbx.start()
        for phone in world.phones:
            await phone.registers()
        world.may_call.set()

    async def _link(self) -> None:
        link = self._world.link
        if self._dice.chance(0.5):
            link.cut()
        else:
            link.fall_silent()
        await asyncio.sleep(self._dice.between(0.1, AWAY_MOST))
        link.mend()

    async def _reload(self) -> None:
        await self._reloads(self._dice.choose(CHANGES))

    async def _reloads(self, staff: Staff) -> None:
        daemon = self._world.daemon
        daemon.configures(configuration(staff))
        daemon.send(signal.SIGHUP)
