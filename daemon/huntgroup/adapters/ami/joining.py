"""Phones that join a Dial which rings already, through the Local channels of dialplan/huntgroup-join.conf.

Dial takes no phone more once it runs, and to dial anew would stop and restart every phone that rings. So one of its
legs is a Local channel whose far end waits in the dialplan. Sent on from there it dials the phones that are to join,
with the next such leg beside them: each is used once.

The far end is a caller of its own to Asterisk: what it dials names it as the channel, and an answer counts only once it
has come all the way up to the caller's own Dial, for another phone may have been faster there.
"""

import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from huntgroup.adapters.ami.calls import to_be_heard_of
from huntgroup.adapters.ami.wire import SafeAction
from huntgroup.engine.ids import AttemptNo, InquiryId, PhoneId

WAITING_CONTEXT = "huntgroup-join"
RINGING_CONTEXT = "huntgroup-joined"
CALLER = "__HUNTGROUP_CALLER"
"""Inherited by the Local channel: the Uniqueid of the caller's own."""
CALLER_INHERITED = "HUNTGROUP_CALLER"
"""The same, as the channel has it that inherited it."""
JOIN = "HUNTGROUP_JOIN"
JOIN_OPTIONS = "HUNTGROUP_JOIN_OPTIONS"

_NEAR_END = re.compile(rf"Local/[0-9]+@{WAITING_CONTEXT}-[0-9a-f]+;1")
_FAR_END = re.compile(rf"Local/[0-9]+@{WAITING_CONTEXT}-[0-9a-f]+;2")

Send = Callable[[Sequence[SafeAction]], None]


@dataclass(slots=True, eq=False)
class FarEnd:
    """The end of a Local channel that runs the dialplan, for one attempt of one inquiry."""

    inquiry: InquiryId
    uniqueid: str
    channel: str
    answered_by: PhoneId | None = None
    unheard: list[PhoneId] = field(default_factory=list)
    """Phones that it is to ring, and of which its Dial has said nothing yet."""


@dataclass(frozen=True, slots=True)
class Joiner:
    """Whom to ring as well: their phones, these as Dial takes them, and the options that this needs."""

    phones: Sequence[PhoneId]
    ways: Sequence[str]
    options: str = ""


@dataclass(slots=True)
class Round:
    """What is known of an attempt that may be joined."""

    attempt: AttemptNo
    far_ends: list[FarEnd] = field(default_factory=list)
    waiting: FarEnd | None = None
    """The one that is still to be used."""
    joining: deque[Joiner] = field(default_factory=deque)
    """Who is to join as soon as there is one."""


class Joining:
    """The far ends there are, and who waits for one. ``send`` takes actions that nobody awaits."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._rounds: dict[InquiryId, Round] = {}
        self._far_ends: dict[str, FarEnd] = {}
        self._by_channel: dict[str, FarEnd] = {}

    def begins(self, inquiry: InquiryId, attempt: AttemptNo, *, may_be_joined: bool) -> None:
        """An attempt is on its way to the PBX; earlier ones of this inquiry are over."""
        self.forget(inquiry)
        if may_be_joined:
            self._rounds[inquiry] = Round(attempt)

    def join(self, inquiry: InquiryId, attempt: AttemptNo, joiner: Joiner) -> None:
        """Ring them as well, now or as soon as the Local channel is there; not when the attempt is over."""
        found = self._rounds.get(inquiry)
        if found is not None and found.attempt == attempt:
            found.joining.append(joiner)
            self._go_on(found)

    def waits(self, inquiry: InquiryId, attempt: AttemptNo, uniqueid: str, channel: str) -> None:
        """The dialplan says that a far end is there and waits."""
        found = self._rounds.get(inquiry)
        if found is None or found.attempt != attempt:
            return
        found.waiting = self._far_ends.get(uniqueid) or self._add(found, inquiry, uniqueid, channel)
        self._go_on(found)

    def there_are(self, inquiry: InquiryId, attempt: AttemptNo, far_ends: Mapping[str, str]) -> None:
        """These far ends, Uniqueid to channel, are there for an attempt that rings. Nobody joins by one that came
        unseen, but who has joined may answer behind it."""
        before = self._rounds.get(inquiry)
        if before is None or before.attempt != attempt:
            self.begins(inquiry, attempt, may_be_joined=True)
        for uniqueid, channel in far_ends.items():
            if uniqueid not in self._far_ends:
                self._add(self._rounds[inquiry], inquiry, uniqueid, channel)

    def far_end(self, uniqueid: str) -> FarEnd | None:
        """The far end with this Uniqueid."""
        return self._far_ends.get(uniqueid)

    def channels(self) -> dict[str, str]:
        """Every far end there is, Uniqueid to name."""
        return {uniqueid: each.channel for uniqueid, each in self._far_ends.items()}

    def answered_behind(self, channel: str) -> PhoneId | None:
        """Which phone answered behind this near end, if it is one."""
        far_end = self._by_channel.get(far_end_of(channel)) if is_near_end(channel) else None
        return far_end.answered_by if far_end else None

    def hung_up(self, uniqueid: str) -> None:
        """A channel is gone, and with it the way to join by it; who answered there is known until the round is over."""
        far_end = self._far_ends.get(uniqueid)
        if far_end is None or far_end.answered_by is not None:
            return
        found = self._rounds[far_end.inquiry]
        found.far_ends.remove(far_end)
        if found.waiting is far_end:
            found.waiting = None
        self._drop(far_end)

    def link_lost(self) -> None:
        """Who was to join joins no more: no order is sent behind a link that was lost, and what Dial says of who has
        joined may go unheard."""
        for found in self._rounds.values():
            found.joining.clear()
        for far_end in self._far_ends.values():
            far_end.unheard.clear()

    def forget(self, inquiry: InquiryId) -> None:
        """The call is over, or its attempt."""
        found = self._rounds.pop(inquiry, None)
        for far_end in found.far_ends if found else ():
            self._drop(far_end)

    def size(self) -> int:
        """How much is remembered: 0 when nobody calls."""
        return len(self._rounds) + len(self._far_ends) + len(self._by_channel)

    def _add(self, found: Round, inquiry: InquiryId, uniqueid: str, channel: str) -> FarEnd:
        far_end = FarEnd(inquiry, uniqueid, channel)
        found.far_ends.append(far_end)
        self._far_ends[uniqueid] = self._by_channel[channel] = far_end
        return far_end

    def _drop(self, far_end: FarEnd) -> None:
        del self._far_ends[far_end.uniqueid]
        del self._by_channel[far_end.channel]

    def _go_on(self, found: Round) -> None:
        if found.waiting is None or not found.joining:
            return
        far_end, found.waiting = found.waiting, None
        joiner = found.joining.popleft()
        far_end.unheard = to_be_heard_of(joiner.phones)
        told = {JOIN: "&".join((*joiner.ways, leg_to_join(found.attempt)))}
        if joiner.options:
            told[JOIN_OPTIONS] = joiner.options
        channel = far_end.channel
        place = {"Context": RINGING_CONTEXT, "Exten": str(found.attempt), "Priority": "1"}
        self._send(
            [
                *(
                    SafeAction({"Action": "Setvar", "Channel": channel, "Variable": name, "Value": value})
                    for name, value in told.items()
                ),
                SafeAction({"Action": "Redirect", "Channel": channel, **place}),
            ]
        )


def leg_to_join(attempt: AttemptNo) -> str:
    """What Dial dials beside the phones, so that others can join."""
    return f"Local/{attempt}@{WAITING_CONTEXT}"


def far_end_of(near_end: str) -> str:
    """The name of its other end."""
    return near_end.removesuffix("1") + "2"


def is_far_end(channel: str) -> bool:
    """Whether this is the end of such a Local channel that runs the dialplan."""
    return _FAR_END.fullmatch(channel) is not None


def is_near_end(channel: str) -> bool:
    """Whether this is the end of such a Local channel that Dial made."""
    return _NEAR_END.fullmatch(channel) is not None
