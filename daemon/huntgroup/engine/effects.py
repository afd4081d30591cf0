"""What is to be done: orders to adapters, answers to who asked, and the facts and decisions worth telling the world."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from huntgroup.engine.events import NO_CONTENT, Content, Customer, Message, Recording
from huntgroup.engine.ids import (
    NO_ATTEMPT,
    AttemptNo,
    GroupId,
    InquiryId,
    OperatorId,
    PbxId,
    PhoneId,
    RequestId,
    SourceId,
)
from huntgroup.engine.policy import Channel, Hold, Presence


class Reason(StrEnum):
    """Why an operator did not get an inquiry. The names are stable: they are shown, published and tested for."""

    CHOSEN = "chosen"
    BEHIND_IN_LINE = "behind_in_line"
    """Eligible, but the distribution put somebody else first."""
    LOGGED_OUT = "logged_out"
    PAUSED = "paused"
    WRAPUP = "wrapup"
    PBX_UNREACHABLE = "pbx_unreachable"
    NO_TRUNK = "no_trunk"
    """Their phones are at another PBX than the caller, and no trunk leads there."""
    PHONE_UNREACHABLE = "phone_unreachable"
    BUSY = "busy"
    RINGING = "ringing"
    """Another call rings at them."""
    BLOCKED_BY_CALL = "blocked_by_call"
    BLOCKED_BY_CHAT = "blocked_by_chat"
    BLOCKED_BY_MAIL = "blocked_by_mail"
    BLOCKED_BY_FORM = "blocked_by_form"
    AT_CAPACITY = "at_capacity"
    OFFERED_OTHERS = "offered_others"
    """What they are being offered would fill their capacity."""
    AT_SOURCE_LIMIT = "at_source_limit"
    MISSED_THIS_ROUND = "missed_this_round"
    DECLINED_THIS_ROUND = "declined_this_round"
    UNREACHABLE_THIS_ROUND = "unreachable_this_round"
    BUSY_THIS_ROUND = "busy_this_round"
    GAVE_IT_AWAY = "gave_it_away"
    """They had it and transferred it."""
    HAD_THEIR_TURN = "had_their_turn"
    """They were offered it in the round before, and are again once nobody else is left."""
    NO_LONGER_OPERATOR = "no_longer_operator"
    """Who is responsible for the customer is configured no longer."""


COME_LAST = frozenset({Reason.GAVE_IT_AWAY, Reason.HAD_THEIR_TURN})
"""Who is offered it once nobody else can be."""


class Outcome(StrEnum):
    """How an inquiry ended."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    UNANSWERED = "unanswered"
    VOICEMAIL = "voicemail"
    FORWARDED = "forwarded"
    """It went on to a number outside."""
    REFUSED = "refused"
    """It was for nobody: where it came in is not configured."""


# -- orders ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """The phones of one operator that are to ring."""

    operator: OperatorId
    phones: tuple[PhoneId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RingPhones:
    """Ring these phones for this inquiry, in place of whatever it was doing.

    ``limit`` in seconds is a safety net of the peer's own, longer than any deadline of the engine's: it matters only
    while the daemon is away. ``is_callback``: there is no caller on the line; who answers is to be joined to
    ``customer``, who had dialled ``dialled``. ``leave_key``: with it a caller leaves the line, "" for none.
    ``may_be_joined``: whoever else of the group frees up meanwhile is to ring as well, see JoinRinging.
    """

    inquiry: InquiryId
    attempt: AttemptNo
    rings: tuple[Ring, ...]
    hold: Hold
    limit: float
    is_callback: bool = False
    customer: Customer | None = None
    dialled: SourceId | None = None
    leave_key: str = ""
    may_be_joined: bool = False

    @property
    def phones(self) -> tuple[PhoneId, ...]:
        """All of them, operator by operator."""
        return tuple(phone for ring in self.rings for phone in ring.phones)


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinRinging:
    """Ring these phones as well for an attempt that rings already; at the others nothing changes."""

    inquiry: InquiryId
    attempt: AttemptNo
    ring: Ring


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRinging:
    """Nobody is to be rung any more for a customer who is to be called back: this attempt is over."""

    inquiry: InquiryId
    attempt: AttemptNo


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldCustomer:
    """Stop ringing for this inquiry, if anything rings, and let the customer wait. ``attempt`` was the last one."""

    inquiry: InquiryId
    attempt: AttemptNo
    hold: Hold
    leave_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnounceToCustomer:
    """Tell a caller who holds with music how it stands, between two pieces of it; None is not said.

    ``position`` in their line counts from 1; ``wait`` in seconds; ``sound`` is the group's own.
    """

    inquiry: InquiryId
    position: int | None
    wait: float | None
    sound: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndInquiry:
    """End the customer's side; a call with a Q.850 cause."""

    inquiry: InquiryId
    cause: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseLeg:
    """A phone answered after its time: let it go, the inquiry is elsewhere by now."""

    inquiry: InquiryId
    attempt: AttemptNo
    phone: PhoneId


@dataclass(frozen=True, slots=True, kw_only=True)
class PickUpCall:
    """Join the caller of a ringing call to this operator, who asked for it under ``request``."""

    inquiry: InquiryId
    operator: OperatorId
    request: RequestId


@dataclass(frozen=True, slots=True, kw_only=True)
class SendToVoicemail:
    """The caller goes to a mailbox. Like each of these orders it has a number among the inquiry's attempts."""

    inquiry: InquiryId
    attempt: AttemptNo
    mailbox: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DialOut:
    """The caller is sent on to a number outside, which rings for ``limit`` seconds at most."""

    inquiry: InquiryId
    attempt: AttemptNo
    number: str
    limit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseCallback:
    """Tell the caller that they will be called back, and hang up; the inquiry keeps its place."""

    inquiry: InquiryId
    attempt: AttemptNo
    sound: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyToCustomer:
    """Play a sound to a caller, who then waits as ``hold`` says, or send a text on any other channel.

    ``leave_key``: by which they may leave the line from then on; empty: by none.
    """

    inquiry: InquiryId
    sound: str | None
    text: str | None
    attempt: AttemptNo = NO_ATTEMPT
    hold: Hold = Hold.RINGING
    leave_key: str = ""


# -- answers --------------------------------------------------------------------------------------------------------


class ErrorCode(StrEnum):
    """Why a request was refused. The codes are stable."""

    UNKNOWN_INQUIRY = "unknown_inquiry"
    UNKNOWN_OPERATOR = "unknown_operator"
    UNKNOWN_GROUP = "unknown_group"
    NOT_OFFERED_TO_YOU = "not_offered_to_you"
    NOT_YOURS = "not_yours"
    TAKEN_BY_ANOTHER = "taken_by_another"
    NOT_PENDING = "not_pending"
    PICKUP_NOT_ALLOWED = "pickup_not_allowed"
    NOT_IN_GROUP = "not_in_group"
    NOTHING_TO_PICK_UP = "nothing_to_pick_up"
    NOT_WITH_A_CALL = "not_with_a_call"
    NOT_ON_HOLD = "not_on_hold"
    NOT_LOGGED_IN = "not_logged_in"
    NO_WRAPUP = "no_wrapup"
    BAD_TARGET = "bad_target"
    PHONE_NOT_FREE = "phone_not_free"
    INTERNAL_ERROR = "internal_error"
    """Ours, and in the log: not that of whoever asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The answer to a request; no error: it was done. ``presence``: what the operator is now."""

    request: RequestId
    error: ErrorCode | None = None
    message: str = ""
    presence: Presence | None = None


# -- tidings --------------------------------------------------------------------------------------------------------


class FactType(StrEnum):
    """The facts an integrator may want, under their public names."""

    RECEIVED = "inquiry.received"
    MESSAGE = "inquiry.message_received"
    OFFERED = "inquiry.offered"
    RINGING = "inquiry.ringing"
    ACCEPTED = "inquiry.accepted"
    DECLINED = "inquiry.declined"
    MISSED = "inquiry.missed"
    FAILED = "inquiry.offer_failed"
    WITHDRAWN = "inquiry.offer_withdrawn"
    HANDED_OFF = "inquiry.handed_off"
    PICKED_UP = "inquiry.picked_up"
    UNANSWERED = "inquiry.unanswered"
    OUT_OF_HOURS = "inquiry.out_of_hours"
    LINE_FULL = "inquiry.line_full"
    OVERFLOWED = "inquiry.overflowed"
    LEFT_LINE = "inquiry.left_line"
    ACTION_FAILED = "inquiry.action_failed"
    MESSAGE_LEFT = "inquiry.message_left"
    CALLBACK_PROMISED = "inquiry.callback_promised"
    CUSTOMER_REACHED = "inquiry.customer_reached"
    CUSTOMER_NOT_REACHED = "inquiry.customer_not_reached"
    TRANSFERRED = "inquiry.transferred"
    PUT_BACK = "inquiry.put_back"
    HELD = "inquiry.held"
    RESUMED = "inquiry.resumed"
    LATE_ANSWER = "inquiry.late_answer"
    ABANDONED = "inquiry.abandoned"
    ENDED = "inquiry.conversation_ended"
    CLOSED = "inquiry.closed"
    PRESENCE_CHANGED = "operator.presence_changed"
    PAUSE_WITHHELD = "operator.pause_withheld"
    """They missed as many as `miss_limit` allows, and are the last one available in this group."""
    NOBODY_LEFT = "group.nobody_left"
    """The last available operator of a group logged out, paused or was removed."""
    RESPONSIBLE_CHANGED = "customer.responsible_changed"
    RECOVERED = "daemon.recovered"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferredTo:
    """To whom; neither an operator nor a group: to somebody outside."""

    operator: OperatorId | None = None
    group: GroupId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something happened. ``at`` is in seconds, on the clock of the events: when it happened, also where that was heard
    of only later."""

    type: FactType
    at: float
    inquiry: InquiryId | None = None
    group: GroupId | None = None
    operator: OperatorId | None = None
    attempt: AttemptNo | None = None
    detail: str = ""
    customer: Customer | None = None
    """Only where the inquiry is first told of, as is the recording."""
    recording: Recording | None = None
    to: TransferredTo | None = None
    """Of a transfer by hand, whose ``operator`` is who had it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Who was chosen for an inquiry, and for everyone else the reason why not, in listed order.

    ``attempt`` is the one that follows; it is the last one when nobody was chosen.
    """

    at: float
    inquiry: InquiryId
    group: GroupId
    attempt: AttemptNo
    verdicts: tuple[tuple[OperatorId, Reason], ...]
    is_for_responsible: bool = False
    """The customer's responsible operator was tried before the group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorChanged:
    """The whole of an operator's state, whenever any of it changed; ``reasons``: the channels without work."""

    operator: OperatorId
    presence: Presence
    pause_reason: str
    reasons: Mapping[Channel, Reason]
    load: Mapping[Channel, int]
    capacity: Mapping[Channel, int]
    inquiries: tuple[InquiryId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorRemoved:
    """Somebody is an operator no longer, and nothing is left of them."""

    operator: OperatorId


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxChanged:
    """A PBX was found, with all that is there, or lost. ``at`` in seconds. Until it is told of, a PBX is lost."""

    at: float
    pbx: PbxId
    is_up: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDesk:
    """One inquiry at one operator, with all that they need to see of it. ``since`` and ``expires_at`` in seconds.

    ``state``: offered, active, held or wrapup. ``expires_at`` is when an offer goes to the next, or a wrap-up ends.
    """

    inquiry: InquiryId
    channel: Channel
    group: GroupId
    source: SourceId
    state: str
    since: float
    expires_at: float | None
    customer: Customer
    content: Content = NO_CONTENT
    messages: tuple[Message, ...] = ()
    messages_dropped: int = 0
    """How many older ones are kept no longer."""
    recording: Recording | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskChanged:
    """All that lies before an operator, whenever any of it changed."""

    operator: OperatorId
    offers: tuple[OnDesk, ...]
    inquiries: tuple[OnDesk, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InquiryChanged:
    """The whole of an inquiry's state, whenever something was told of it. ``received_at`` in seconds.

    ``state`` is one of waiting, offered, active, wrapup, closed; with the last one the inquiry is forgotten.
    """

    inquiry: InquiryId
    channel: Channel
    source: SourceId
    state: str
    outcome: Outcome | None
    group: GroupId
    operator: OperatorId | None
    offered_to: tuple[OperatorId, ...]
    customer: Customer
    received_at: float
    is_on_hold: bool
    replies: tuple[str, ...]
    """What the customer was told by the group's actions."""
    place: tuple[int, float, int, str] | None
    """Where it stands while it waits in a line: of two in a group the smaller is served first."""
    account: str = ""
    """The broker account that brings its source in; empty: none in particular."""


Order = (
    RingPhones
    | JoinRinging
    | StopRinging
    | HoldCustomer
    | AnnounceToCustomer
    | EndInquiry
    | ReleaseLeg
    | PickUpCall
    | SendToVoicemail
    | DialOut
    | PromiseCallback
    | ReplyToCustomer
)
Tidings = Fact | Decision | OperatorChanged | OperatorRemoved | DeskChanged | InquiryChanged | PbxChanged | Answered
"""What is told to somebody, where an Order is carried out."""
Effect = Order | Tidings
