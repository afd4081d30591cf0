"""The people in the house: how they meet a call, and what they do between the calls."""

import asyncio
import contextlib

from aiosipua import SipRequest

from tests.endurance.hour.house import NEIGHBOURS, PHONES
from tests.endurance.hour.talk import converses, hangs_up, lasts, someone
from tests.endurance.hour.world import World, is_quiet
from tests.lab.calls import Call
from tests.lab.phones import Phone
from tests.lab.record import Ending
from tests.simulation.dice import Dice

DIALLED_WITHIN = 6.0
"""Seconds for which somebody listens to what they dialled."""


class Worker(Phone):
    """Somebody at a phone, who makes up their mind at every call anew."""

    def __init__(self, world: World, name: str, dice: Dice) -> None:
        pbx = world.pbx
        super().__init__(pbx.sip_address, name, password=pbx.password, audio=False, lines=2 if name == "ben" else 1)
        is_quiet(self)
        self._world = world
        self._dice = dice
        self._talks: dict[Call, asyncio.Task[None]] = {}
        self.is_closing = False

    async def works(self) -> None:
        """Do something now and then, for ever."""
        dice = self._dice
        while True:
            await asyncio.sleep(dice.between(1, 12))
            await self._world.may_call.wait()
            if self.live or self.transport is None:
                continue
            with contextlib.suppress(AssertionError):  # the exchange may die in between
                await self._does_something()

    async def goes_home(self) -> None:
        """The end of the hour: from now on everything is taken at once, and is short."""
        self.is_closing = True
        talks = list(self._talks.values())
        for each in talks:
            each.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
        await self.registers()
        self.rings_after(0).answers().hangs_up(0.2)
        for call in list(self.live.values()):
            await hangs_up(call)

    # -- a call comes in ----------------------------------------------------------------------------------------------

    def take_invite(self, request: SipRequest, now: float) -> None:
        """A new call, met in a mood of its own unless another one is under way."""
        for call in list(self.live.values()):
            if call.timeline.first("trying_sent", "ringing_sent", "ok_sent", "invite_sent") is None:
                call.end(Ending("ignored"))  # by a phone that was dead to it, and is not dead any more
        if not self.live and not self.is_closing:
            self._be_in_a_mood()
        super().take_invite(request, now)

    def tell(self) -> None:
        """A fact of one of its calls: with the beginning of a conversation, decide what is to become of it."""
        super().tell()
        if self.is_closing:
            return
        for call in self.live.values():
            if call.is_talking and call not in self._talks:
                self._talks[call] = asyncio.create_task(self._converses(call), name=f"{self.user}-talks")

    async def _converses(self, call: Call) -> None:
        self._world.tally["conversations"] += 1
        try:
            with contextlib.suppress(AssertionError):  # what does not go as they wished is what this is about
                await converses(self, call, self._dice, self._world)
            if not self.is_closing:
                await hangs_up(call)
        finally:
            if self.transport is None:
                await self.open()
            self._talks.pop(call, None)

    def _be_in_a_mood(self) -> None:
        dice = self._dice
        self.rings_after(dice.between(0, 0.2))
        throw = dice.between(0, 1)
        if throw < 0.62:
            self.answers(dice.between(0, 1))
        elif throw < 0.69:
            self.declines(603, after=dice.between(0, 0.6))
        elif throw < 0.74:
            self.declines(486, after=dice.between(0, 0.6))
        elif throw < 0.84:
            self.just_rings()
        elif throw < 0.88:
            self.busy()
        elif throw < 0.92:
            self.is_silent()
        elif throw < 0.96:
            self.answers_when_cancelled()
        else:
            self.rings_after(1.2).answers()  # too late to count as reachable

    # -- in between ---------------------------------------------------------------------------------------------------

    async def _does_something(self) -> None:
        dice = self._dice
        throw = dice.between(0, 1)
        if throw < 0.35:
            code = dice.choose(["*11", "*8", f"*11{dice.choose(sorted(set(PHONES.values())))}"])
            await self._dials(code, "pickups tried")
        elif throw < 0.6 and self.user not in NEIGHBOURS:
            await self._goes_and_comes_back(dice.choose(["*45", "*46"]))
        elif throw < 0.85:
            await self._dials(someone(dice), "calls of their own")
        else:
            self._world.tally["phones unplugged"] += 1
            await self.is_offline()
            await asyncio.sleep(dice.between(0.5, 4))
            await self._world.may_call.wait()
            await self.registers()

    async def _goes_and_comes_back(self, code: str) -> None:
        await self._dials(code, "codes for login and pause")
        await asyncio.sleep(self._dice.between(0, 3))
        if not self.live:
            await self._dials(code, "codes for login and pause")

    async def _dials(self, number: str, what: str) -> None:
        self._world.tally[what] += 1
        call = await self.dials(number)
        await lasts(call, self._dice.between(0.1, DIALLED_WITHIN))
        if not call.is_talking or number.startswith(("*45", "*46")):
            await hangs_up(call)
