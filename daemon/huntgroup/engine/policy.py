"""What the engine holds of the configuration: values, already validated, with every duration in seconds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from huntgroup.engine.hours import Hours
from huntgroup.engine.ids import GroupId, OperatorId, PbxId, PhoneId, SourceId


class Channel(StrEnum):
    """The ways an inquiry can come in."""

    CALL = "call"
    CHAT = "chat"
    MAIL = "mail"
    FORM = "form"


class Distribution(StrEnum):
    """How a group ranks its eligible operators."""

    IN_ORDER = "in_order"
    IN_TURN = "in_turn"
    EVENLY = "evenly"
    ALL_AT_ONCE = "all_at_once"


class Hold(StrEnum):
    """What a caller hears while they wait."""

    RINGING = "ringing"
    MUSIC = "music"


class Mode(StrEnum):
    """How an inquiry becomes an operator's: by accepting it in time, or at once."""

    OFFER = "offer"
    ASSIGN = "assign"


class WhenAllUnavailable(StrEnum):
    """What a source does when everyone of its group is logged out or paused."""

    IN_TURN = "in_turn"
    WAIT = "wait"


class Presence(StrEnum):
    """What an operator says of themselves."""

    LOGGED_OUT = "logged_out"
    AVAILABLE = "available"
    PAUSED = "paused"


class Role(StrEnum):
    """What an operator may do to others."""

    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"


class ResponsibleMissed(StrEnum):
    """What follows when a customer's responsible operator did not take the call."""

    QUEUE = "queue"
    MOBILE = "mobile"
    VOICEMAIL = "voicemail"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepWaiting:
    """The inquiry stays in its line and is offered again."""

    action: Literal["keep_waiting"] = "keep_waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterGroup:
    """The inquiry joins another group's line, keeping its time of arrival."""

    action: Literal["group"] = "group"
    group: GroupId


@dataclass(frozen=True, slots=True, kw_only=True)
class ToOperator:
    """The inquiry is for one operator, whatever their group; ``rings`` None: until the customer gives up.

    A call with ``rings`` ends when those have run out, and if they cannot be rung now, after the time of so many rings.
    """

    action: Literal["operator"] = "operator"
    operator: OperatorId
    rings: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToNumber:
    """The call dials out."""

    action: Literal["number"] = "number"
    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToVoicemail:
    """The call goes to a mailbox."""

    action: Literal["voicemail"] = "voicemail"
    mailbox: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBack:
    """The call ends and keeps its place; at its turn an operator is called first, then the customer.

    ``sound`` is what the caller hears of it before the call ends.
    """

    action: Literal["callback"] = "callback"
    sound: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The customer is told something, once in a group however many rounds follow, and then ``then`` applies."""

    action: Literal["reply"] = "reply"
    sound: str | None = None
    text: str | None = None
    then: "OverflowAction" = field(default_factory=KeepWaiting)


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """A call is ended with a Q.850 cause; anything else is closed as unanswered."""

    action: Literal["hang_up"] = "hang_up"
    cause: int = 16


OverflowAction = KeepWaiting | EnterGroup | ToOperator | ToNumber | ToVoicemail | CallBack | Reply | End
CALL_ONLY = ToNumber | ToVoicemail | CallBack
"""What only a call can do; on every other channel it means to keep waiting."""
CALLER_ONLY = ToNumber | ToVoicemail
"""What needs a caller on the line; to who was promised to be called back it means to keep waiting, as one operator
does: a promise is the group's."""

DEFAULT_BLENDING: Mapping[Channel, tuple[Channel, ...]] = {
    Channel.CALL: (Channel.CALL, Channel.CHAT),
    Channel.CHAT: (),
    Channel.MAIL: (),
    Channel.FORM: (),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Announce:
    """What a caller is told who holds with music: at once, and again ``every`` so many seconds.

    ``position`` and ``wait``: whether they hear their place in the line and the estimated wait; ``sound`` is played
    after these. ``leave_key``, a digit, lets them leave the line, by the group's ``on_leave``.
    """

    position: bool = False
    wait: bool = False
    sound: str | None = None
    every: float | None = None
    leave_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorPolicy:
    """One operator: the phones ring together, capacity counts inquiries by channel."""

    id: OperatorId
    name: str
    phones: tuple[PhoneId, ...]
    capacity: Mapping[Channel, int]
    extension: str | None = None
    mobile: str | None = None
    mailbox: str | None = None
    pbx: PbxId | None = None
    """Where the phones are; None: at the first one."""
    start: Presence = Presence.AVAILABLE
    role: Role = Role.OPERATOR


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPolicy:
    """One group: the order of ``operators`` is the queue's order; ``max_wait`` in seconds, None for ever.

    Of the actions ``on_abandoned`` knows a callback and, except for calls, a reply: to somebody gone no other means
    anything.
    """

    id: GroupId
    name: str
    operators: tuple[OperatorId, ...]
    distribution: Distribution = Distribution.IN_ORDER
    rings: int = 4
    offer_timeout: float = 60.0
    check_availability: bool = True
    pickup: bool = False
    wrapup: float = 0.0
    max_wait: float | None = None
    max_waiting: int | None = None
    hold: Hold = Hold.RINGING
    announce: Announce = Announce()
    miss_limit: int = 0
    priority: int = 0
    hours: Hours | None = None
    on_unanswered: OverflowAction = field(default_factory=KeepWaiting)
    on_closed: OverflowAction = field(default_factory=End)
    on_full: OverflowAction = field(default_factory=End)
    on_abandoned: OverflowAction | None = None
    on_leave: OverflowAction | None = None
    supervisors: tuple[OperatorId, ...] = ()
    """Who may act for its operators. The engine does not look at it: rights are checked at the edge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """Where inquiries come in: a dialled number, or a source of another channel; both lead to a group.

    ``max_open`` bounds the inquiries of this source at one operator. ``responsible_rings`` and
    ``on_responsible_missed`` matter to calls alone.
    """

    source: SourceId
    channel: Channel
    group: GroupId
    mode: Mode = Mode.OFFER
    distribution: Distribution | None = None
    max_open: int | None = None
    responsible_first: bool = False
    responsible_rings: int = 4
    on_responsible_missed: ResponsibleMissed = ResponsibleMissed.QUEUE
    transfer_changes_responsible: bool = False
    skip_unavailable: bool = True
    when_all_unavailable: WhenAllUnavailable = WhenAllUnavailable.WAIT
    account: str = ""
    """The broker account that brings it in; empty: any. The engine does not look at it: rights are checked at the edge.
    """
    max_inquiries: int | None = None
    """How many of this source are open at most; None: any number. Checked at the edge, before an inquiry is put in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The whole of it. ``numbers`` are entrances by dialled number in its normal form, ``sources`` all others by id.

    ``ring_seconds`` is one ring's cadence; ``unreachable_after`` how long a phone may take to begin to ring.
    ``blending``: while an operator handles a channel, those listed for it are not offered to them. ``callback_tries``:
    so often at most is a customer called back who is not reached, each time ``callback_pause`` after the last.
    ``pbx`` is the first of ``pbxs``, which are all where there are several; ``trunks``: (from, to), where the phones of
    the second can be rung by the first.
    """

    operators: Mapping[OperatorId, OperatorPolicy]
    groups: Mapping[GroupId, GroupPolicy]
    numbers: Mapping[SourceId, Entrance]
    sources: Mapping[SourceId, Entrance] = field(default_factory=dict)
    pbx: PbxId
    pbxs: tuple[PbxId, ...] = ()
    trunks: tuple[tuple[PbxId, PbxId], ...] = ()
    blending: Mapping[Channel, tuple[Channel, ...]] = field(default_factory=lambda: dict(DEFAULT_BLENDING))
    ring_seconds: float = 6.0
    unreachable_after: float = 5.0
    callback_tries: int = 3
    callback_pause: float = 300.0

    def home(self, operator: OperatorPolicy) -> PbxId:
        """The PBX that an operator's phones are at."""
        return operator.pbx or self.pbx

    @property
    def every_pbx(self) -> tuple[PbxId, ...]:
        """All of them, the first one first."""
        return self.pbxs or (self.pbx,)

    def entrance(self, channel: Channel, source: SourceId) -> Entrance | None:
        """Where an inquiry came in, or None when it is not configured, or for another channel."""
        found = (self.numbers if channel is Channel.CALL else self.sources).get(source)
        return found if found is not None and found.channel is channel else None
