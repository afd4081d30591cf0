"""Telephones and callers that do as they are told: verbs to program them, facts to await.

A phone is programmed before the call comes and does the same at every call until it is told otherwise::

    anna = pbx.phone("anna-desk").rings_after(0.6).answers(after=2.0).hangs_up(after=5.0)

Told something while a call is ringing, it does so with that call too. A caller's number is the trunk's
affair: each `Caller` dials in from an address of its own, and may say that it is anyone.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

from aiosipua import SipDigestAuth, SipRequest

from tests.lab.addresses import outside_address
from tests.lab.calls import Call
from tests.lab.incoming import IncomingCall
from tests.lab.lamps import Lamp
from tests.lab.names import name_addr, user_part
from tests.lab.outgoing import OutgoingCall
from tests.lab.record import WITHIN, Ending
from tests.lab.station import Station

UNAVAILABLE, BUSY, DECLINE = 480, 486, 603


@dataclass(frozen=True, slots=True)
class _Manner:
    """How a phone meets a call. Times in seconds; None is never."""

    ring_after: float | None = 0.0
    answer_after: float | None = None
    """Counted from its own ringing, as is `reject_after`."""
    reject_after: float | None = None
    reject_with: int = DECLINE
    hang_up_after: float | None = None
    """Counted from the ACK."""
    is_busy: bool = False
    forwards_to: str = ""
    is_silent: bool = False
    answers_a_cancel: bool = False


class Phone(Station):
    """A registered telephone; rings at once and for ever unless told otherwise.

    *lines* calls may be there at once; a further one gets 486.
    """

    def __init__(
        self,
        server: tuple[str, int],
        user: str,
        *,
        password: str = "",
        address: str | None = None,
        port: int = 5060,
        audio: bool = True,
        lines: int = 1,
    ) -> None:
        login = SipDigestAuth(user, password) if password else None
        super().__init__(server, user, login=login, address=address, port=port, audio=audio)
        self.lines = lines
        self._manner = _Manner()
        self._told = 0
        """Index of the incoming call that a fact was last told of."""
        self._told_of: Counter[str] = Counter()
        """Fact to the index of the first call that it may be told of again."""

    # --- verbs ---

    async def registers(self, within: float = WITHIN) -> Self:
        """Register; `RegistrationError` when the exchange does not want it."""
        await self.register(within=within)
        return self

    async def is_offline(self) -> Self:
        """Unregister."""
        await self.register(expires=0)
        return self

    def rings_after(self, seconds: float) -> Self:
        """Time from an INVITE to its 180."""
        return self._does(ring_after=seconds, is_silent=False, is_busy=False)

    def just_rings(self) -> Self:
        """Ring and do nothing else."""
        return self._does(answer_after=None, reject_after=None, is_silent=False, is_busy=False)

    def answers(self, after: float = 0.0) -> Self:
        """Answer *after* seconds of ringing."""
        return self._does(answer_after=after, reject_after=None, is_silent=False, is_busy=False)

    def declines(self, code: int = DECLINE, after: float = 0.0) -> Self:
        """Reject with *code* after so many seconds of ringing."""
        return self._does(reject_after=after, reject_with=code, answer_after=None, is_silent=False, is_busy=False)

    def busy(self) -> Self:
        """486 at once, without a ring."""
        return self._does(is_busy=True, is_silent=False)

    def forwards(self, to: str) -> Self:
        """302 at once: every call is to go to that number."""
        return self._does(forwards_to=to, is_silent=False, is_busy=False)

    def is_silent(self) -> Self:
        """Registered but dead: answers no INVITE in any way, not even one that comes again later."""
        return self._does(is_silent=True)

    def hangs_up(self, after: float = 0.0) -> Self:
        """End an answered call *after* seconds of talk."""
        return self._does(hang_up_after=after)

    def answers_when_cancelled(self) -> Self:
        """Let the 200 cross the CANCEL: ring, and answer in the moment when the CANCEL comes in."""
        return self._does(answers_a_cancel=True, answer_after=None, is_silent=False, is_busy=False)

    async def dials(self, number: str, *, headers: dict[str, str] | None = None) -> OutgoingCall:
        """Place a call as this phone."""
        await self.open()
        return OutgoingCall(self, number, None, headers or {})

    async def watches(self, extension: str) -> Lamp:
        """A lamp that shows the state of an extension; see `Lamp.shows`."""
        await self.open()
        return Lamp(self, extension)

    # --- facts ---
    # Each await of a fact gives the next call to which it happened: the second `ringing` is the second
    # call that rang. Calls before the one that a fact was last told of are left out; ask those themselves.

    async def invited(self, within: float = WITHIN) -> IncomingCall:
        """An INVITE came in."""
        return await self._next("invite_received", within)

    async def ringing(self, within: float = WITHIN) -> IncomingCall:
        """It sent a 180."""
        return await self._next("ringing_sent", within)

    async def talking(self, within: float = WITHIN) -> IncomingCall:
        """It answered and got the ACK."""
        return await self._next("talking", within)

    async def cancelled(self, within: float = WITHIN) -> IncomingCall:
        """A CANCEL came in; see the call's `cancel_reason`."""
        return await self._next("cancel_received", within)

    async def ended(self, within: float = WITHIN) -> Ending:
        """An incoming call was over."""
        return await (await self._next("ended", within)).ended()

    async def hears(self, other: "Call | Phone", within: float = WITHIN) -> Self:
        """Its present call hears the other side."""
        await self.call.hears(other, within)
        return self

    @property
    def calls(self) -> list[IncomingCall]:
        """All calls that came in, in order; `legs` has those too that it placed."""
        return [call for call in self.legs if isinstance(call, IncomingCall)]

    @property
    def call(self) -> Call:
        """The latest call that is not over, else the latest one."""
        if not self.legs:
            raise AssertionError(f"{self.user} has had no call")
        return next(reversed(self.live.values()), self.legs[-1])

    @property
    def is_ringing(self) -> bool:
        """Whether it rings now."""
        return any(isinstance(call, _PhoneCall) and call.is_ringing for call in self.live.values())

    async def _next(self, what: str, within: float) -> IncomingCall:
        try:
            async with asyncio.timeout(within):
                while True:
                    calls = self.calls
                    for index in range(max(self._told, self._told_of[what]), len(calls)):
                        if calls[index].timeline.first(what) is not None:
                            self._told, self._told_of[what] = index, index + 1
                            return calls[index]
                    await self.news()
        except TimeoutError:
            raise AssertionError(f"{self.user}: no (further) {what} in {within} s. {self.in_words()}") from None

    # --- in ---

    def take_invite(self, request: SipRequest, now: float) -> None:
        """A new call: do with it as told."""
        manner = self._manner
        lines_taken = len(self.live)
        call = _PhoneCall(self, request, now)
        if manner.is_silent:
            call.is_ignored = True
        elif manner.is_busy or lines_taken >= self.lines:
            call.reject(BUSY)
        else:
            if manner.ring_after != 0:
                call.try_()
            call.follow(manner)

    def _does(self, **changes: object) -> Self:
        self._manner = replace(self._manner, **changes)  # type: ignore[arg-type]
        for call in list(self.live.values()):
            if isinstance(call, _PhoneCall) and not call.is_ignored:
                call.follow(self._manner)
        return self


class _PhoneCall(IncomingCall):
    """An incoming call that its phone's manner drives."""

    is_ignored = False

    def __init__(self, phone: Phone, invite: SipRequest, now: float) -> None:
        self._timer: asyncio.TimerHandle | None = None
        self._manner = _Manner()
        super().__init__(phone, invite, now)

    def follow(self, manner: _Manner) -> None:
        """Arm the one timer for what comes next."""
        self._manner = manner
        self._disarm()
        rang = self.timeline.first("ringing_sent")
        talked = self.timeline.first("talking")
        if talked is not None:
            self._at(talked.at, manner.hang_up_after, self.send_bye)
        elif not self.is_pending:
            return
        elif rang is None:
            if manner.is_busy:
                self.reject(BUSY)
            elif manner.forwards_to:
                self.forward(manner.forwards_to)
            else:
                self._at(self.invite_received, manner.ring_after, self.ring)
        elif manner.reject_after is not None:
            self._at(rang.at, manner.reject_after, self._reject)
        else:
            self._at(rang.at, manner.answer_after, self.answer)

    def ring(self) -> None:
        """180, and go on from there."""
        super().ring()
        self.follow(self._manner)

    def start_talking(self, at: float) -> None:
        """Talk, and hang up in time."""
        super().start_talking(at)
        self.follow(self._manner)

    def take_request(self, request: SipRequest, now: float) -> None:
        """As any call, except that a dead phone says nothing and a hasty one answers a CANCEL."""
        if self.is_ignored:
            self.timeline.add(f"{request.method.lower()}_ignored", at=now)
            return
        if request.method == "CANCEL" and self._manner.answers_a_cancel:
            self.answer()
        super().take_request(request, now)

    def end(self, ending: Ending, at: float | None = None) -> None:
        """Over: nothing is to come any more."""
        self._disarm()
        super().end(ending, at)

    async def close(self) -> None:
        """The phone goes away: it says so, unless it is dead already."""
        self._disarm()
        if not self.is_ignored:
            self.reject(UNAVAILABLE)
        await super().close()

    def _reject(self) -> None:
        self.reject(self._manner.reject_with)

    def _at(self, since: float, after: float | None, what: Callable[[], None]) -> None:
        if after is None:
            return
        loop = asyncio.get_running_loop()  # its clock is time.monotonic, as the facts' is
        if since + after <= loop.time():
            what()
        else:
            self._timer = loop.call_at(since + after, what)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Caller(Station):
    """Someone outside who calls in through the trunk."""

    def __init__(
        self, server: tuple[str, int], *, address: str | None = None, port: int = 5060, audio: bool = True
    ) -> None:
        super().__init__(server, "outside", address=address or outside_address(), port=port, audio=audio)

    async def dials(
        self,
        to: str,
        *,
        name: str | None = None,
        number: str | None = "+48600700800",
        raw_from: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> OutgoingCall:
        """Call *to* as *name* and *number* (None: anonymous), or with a From value of one's own."""
        await self.open()
        return OutgoingCall(self, to, raw_from or self._from(name, number), headers or {})

    def _from(self, name: str | None, number: str | None) -> str:
        if number is None:
            return name_addr("Anonymous", "sip:anonymous@anonymous.invalid")
        host = self.address
        return name_addr(name, f"sip:{user_part(number)}@{host}" if number else f"sip:{host}")
