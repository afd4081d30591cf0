"""The people outside: callers who come and go at every stage, and the telephone that is called."""

import asyncio
import contextlib

from aiosipua import SipRequest

from tests.endurance.hour.house import NUMBERS
from tests.endurance.hour.talk import hangs_up, lasts
from tests.endurance.hour.world import World, is_quiet
from tests.lab.holding import holds, resumes, vanishes
from tests.lab.outgoing import OutgoingCall
from tests.lab.phones import BUSY, Caller, Phone
from tests.simulation.dice import Dice

STAYS = ((0.0, 0.3), (0.3, 3.0), (0.3, 3.0), (3.0, 12.0), (12.0, 30.0))
"""Seconds for which a caller stays, whatever happens to them: mostly not long enough for everything."""
SPEAKS_AFTER_THE_BEEP = 0.15
"""The share of callers who talk: a mailbox throws silence away."""
NAMES = (None, "Jan Kowalski", "Zażółć", 'a "b" <c>', "${EXTEN}&Hangup()", "")


class Callers:
    """Slots of callers; each slot is a line of the trunk from which one calls after the other."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._count = 0

    async def comes(self, caller: Caller, dice: Dice) -> None:
        """One after the other, for ever."""
        while True:
            await asyncio.sleep(dice.between(0, 3))
            await self._world.may_call.wait()
            with contextlib.suppress(AssertionError):  # the exchange may die in between
                await self._one(caller, dice)

    async def _one(self, caller: Caller, dice: Dice) -> None:
        self._count += 1
        self._world.tally["calls"] += 1
        caller.audio = dice.chance(SPEAKS_AFTER_THE_BEEP)
        caller.says_every = None if caller.audio else is_quiet(caller).says_every
        number = dice.choose([*NUMBERS.values(), NUMBERS["sales"], NUMBERS["desk"]])
        call = await caller.dials(number, name=dice.choose(NAMES), number=f"+48600{self._count:06}")
        stays = dice.between(*dice.choose(STAYS))
        presses_after = dice.between(0, stays) if dice.chance(0.3) else None
        if presses_after is not None:
            stays -= presses_after
            if await lasts(call, presses_after) and call.is_talking:
                self._world.tally["keys pressed"] += 1
                call.presses(dice.choose(["1", "1", "1", "#", "7"]))
        if await lasts(call, stays):
            await self._leaves(caller, call, dice)

    async def _leaves(self, caller: Caller, call: OutgoingCall, dice: Dice) -> None:
        throw = dice.between(0, 1)
        if throw < 0.1 and call.is_talking:
            self._world.tally["holds"] += 1
            await holds(call)
            if await lasts(call, dice.between(0, 3)):
                await resumes(call)
        elif throw < 0.15:
            self._world.tally["vanishes"] += 1
            vanishes(caller)
            await asyncio.sleep(dice.between(0, 3))
            await caller.open()
            return
        self._world.tally["left while talking" if call.is_talking else "given up"] += 1
        await hangs_up(call)


class Mobile(Phone):
    """Everybody who is called outside, as one telephone with many lines."""

    def __init__(self, world: World, dice: Dice) -> None:
        pbx = world.pbx
        super().__init__(pbx.sip_address, "outside", address=pbx.provider, audio=False, lines=100)
        is_quiet(self)
        self._world = world
        self._dice = dice
        self.is_closing = False

    def take_invite(self, request: SipRequest, now: float) -> None:
        """Each call finds another person."""
        self._world.tally["called outside"] += 1
        super().take_invite(request, now)
        if self.is_closing:
            return
        call, dice, loop = self.calls[-1], self._dice, asyncio.get_running_loop()
        throw = dice.between(0, 1)
        if throw < 0.6:
            loop.call_later(dice.between(0, 2), call.answer)
        elif throw < 0.75:
            loop.call_later(dice.between(0, 0.5), call.reject, BUSY)

    def goes_home(self) -> None:
        """From now on everything is taken at once, and is short."""
        self.is_closing = True
        self.rings_after(0).answers().hangs_up(0.2)
        for call in list(self.live.values()):
            call.send_bye()
