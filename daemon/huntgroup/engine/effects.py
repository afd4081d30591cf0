"""What is to be done: orders to adapters, and the facts and decisions that are worth telling the world."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from huntgroup.engine.events import Customer
from huntgroup.engine.ids import AttemptNo, GroupId, InquiryId, OperatorId, PhoneId
from huntgroup.engine.policy import Channel, Hold


class Reason(StrEnum):
    """Why an operator did not get an inquiry. The names are stable: they are shown, published and tested for."""

    CHOSEN = "chosen"
    BEHIND_IN_LINE = "behind_in_line"
    """Eligible, but the distribution put somebody else first."""
    PBX_UNREACHABLE = "pbx_unreachable"
    PHONE_UNREACHABLE = "phone_unreachable"
    BUSY = "busy"
    RINGING = "ringing"
    """Another inquiry is being offered to them."""
    AT_CAPACITY = "at_capacity"
    MISSED_THIS_ROUND = "missed_this_round"
    DECLINED_THIS_ROUND = "declined_this_round"
    UNREACHABLE_THIS_ROUND = "unreachable_this_round"
    BUSY_THIS_ROUND = "busy_this_round"


class Outcome(StrEnum):
    """How an inquiry ended."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    UNANSWERED = "unanswered"
    REFUSED = "refused"
    """It was for nobody: the number is not configured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """The phones of one operator that are to ring."""

    operator: OperatorId
    phones: tuple[PhoneId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RingPhones:
    """Ring these phones for this inquiry, in place of whatever it was doing.

    ``limit`` in seconds is a safety net of the peer's own, longer than any deadline of the engine's: it matters only
    while the daemon is away.
    """

    inquiry: InquiryId
    attempt: AttemptNo
    rings: tuple[Ring, ...]
    hold: Hold
    limit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldCustomer:
    """Stop ringing for this inquiry, if anything rings, and let the customer wait. ``attempt`` was the last one."""

    inquiry: InquiryId
    attempt: AttemptNo
    hold: Hold


@dataclass(frozen=True, slots=True, kw_only=True)
class EndInquiry:
    """End the customer's side with a Q.850 cause."""

    inquiry: InquiryId
    cause: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseLeg:
    """A phone answered after its time: let it go, the inquiry is elsewhere by now."""

    inquiry: InquiryId
    attempt: AttemptNo
    phone: PhoneId


class FactType(StrEnum):
    """The facts an integrator may want, under their public names."""

    RECEIVED = "inquiry.received"
    OFFERED = "inquiry.offered"
    RINGING = "inquiry.ringing"
    ACCEPTED = "inquiry.accepted"
    DECLINED = "inquiry.declined"
    MISSED = "inquiry.missed"
    FAILED = "inquiry.offer_failed"
    HANDED_OFF = "inquiry.handed_off"
    UNANSWERED = "inquiry.unanswered"
    LATE_ANSWER = "inquiry.late_answer"
    ABANDONED = "inquiry.abandoned"
    CLOSED = "inquiry.closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something happened to an inquiry. ``at`` is in seconds, on the clock of the events."""

    type: FactType
    at: float
    inquiry: InquiryId
    group: GroupId | None = None
    operator: OperatorId | None = None
    attempt: AttemptNo | None = None
    detail: str = ""
    customer: Customer | None = None
    """Only where the inquiry is first told of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Who was chosen for an inquiry, and for everyone else in the group the reason why not, in listed order."""

    at: float
    inquiry: InquiryId
    group: GroupId
    attempt: AttemptNo
    verdicts: tuple[tuple[OperatorId, Reason], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorChanged:
    """The whole of an operator's state, whenever any of it changed; ``reasons``: the channels without work."""

    operator: OperatorId
    presence: str
    reasons: Mapping[Channel, Reason]
    load: Mapping[Channel, int]
    capacity: Mapping[Channel, int]
    inquiries: tuple[InquiryId, ...]


Order = RingPhones | HoldCustomer | EndInquiry | ReleaseLeg
Effect = Order | Fact | Decision | OperatorChanged
