"""People who behave as people do: at random, from a seed."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass

from aiosipua import SipRequest

from tests.lab.incoming import IncomingCall
from tests.lab.outgoing import OutgoingCall
from tests.lab.pbx import Pbx
from tests.lab.phones import Phone
from tests.lab.record import Ending
from tests.simulation.dice import Dice

MOMENTS = ("invite_received", "ringing_sent", "ok_sent", "ended")
"""Facts at a phone right behind which a fault is of interest."""


class Watch:
    """Lets others wait for what happens at any phone."""

    def __init__(self) -> None:
        self._of_kind: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._rang: dict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def saw(self, call: IncomingCall) -> None:
        """A call at a phone has a new fact."""
        what = call.timeline.facts[-1].what
        event = self._of_kind.pop(what, None)
        if event is not None:
            event.set()
        if what == "ringing_sent":
            self._rang[call.caller_number].set()

    async def next(self, what: str) -> None:
        """Return right behind the next fact of this kind."""
        await self._of_kind[what].wait()

    async def rang_for(self, number: str) -> None:
        """Return once any phone rings, or has rung, for this caller."""
        await self._rang[number].wait()


class Person(Phone):
    """An operator, who makes up their mind at every call anew."""

    def __init__(self, pbx: Pbx, name: str, dice: Dice, watch: Watch) -> None:
        super().__init__(pbx.sip_address, name, password=pbx.password, audio=False)
        self._dice = dice
        self._watch = watch

    def take_invite(self, request: SipRequest, now: float) -> None:
        """A new call, met in a mood of its own unless another one is under way."""
        for call in list(self.live.values()):
            if call.timeline.first("trying_sent", "ringing_sent", "ok_sent") is None:
                call.end(Ending("ignored"))  # by a phone that was dead to it, and is not dead any more
        if not self.live:
            self._be_in_a_mood()
        super().take_invite(request, now)

    def tell(self) -> None:
        """A fact of one of its calls."""
        super().tell()
        call = self.legs[-1] if self.legs else None
        if isinstance(call, IncomingCall) and call.timeline.facts:
            self._watch.saw(call)

    def _be_in_a_mood(self) -> None:
        dice = self._dice
        self.rings_after(dice.between(0, 0.2)).hangs_up(dice.between(0.2, 6))
        throw = dice.between(0, 1)
        if throw < 0.64:
            self.answers(dice.between(0, 1))
        elif throw < 0.74:
            self.declines(after=dice.between(0, 0.6))
        elif throw < 0.86:
            self.just_rings()
        elif throw < 0.91:
            self.busy()
        elif throw < 0.95:
            self.is_silent()
        else:
            self.rings_after(1.2).answers()  # too late to count as reachable


@dataclass(slots=True)
class Story:
    """One call from outside: what its caller meant to do, and what came of it."""

    number: str
    """The caller's own, which no other call has."""
    group: str
    patience: float | None
    """Seconds until they give up; None: they wait for as long as it takes."""
    gives_up_at_ringing: bool
    """The patience counts from the first ringing of any phone."""
    talk: float
    """Seconds until they hang up, unless the operator does before."""
    call: OutgoingCall | None = None
    is_lost: bool = False
    """The exchange died under it: no phone can tell how it ended."""
    trouble: str = ""
    """What did not happen as it should."""

    @property
    def was_answered(self) -> bool:
        """Somebody talked to them."""
        return self.call is not None and self.call.timeline.first("answered") is not None
