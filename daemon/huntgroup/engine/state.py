"""What the engine remembers. Plain data: the rules are elsewhere."""

from dataclasses import dataclass, field

from huntgroup.engine.effects import Outcome, Reason
from huntgroup.engine.events import Customer, PhoneState
from huntgroup.engine.ids import AttemptNo, GroupId, InquiryId, OperatorId, PhoneId
from huntgroup.engine.lifecycle import InquiryState, OfferState
from huntgroup.engine.policy import Channel, OperatorPolicy


@dataclass(slots=True, kw_only=True)
class Offer:
    """One inquiry at one operator. ``open_phones`` are those whose leg has not ended; a dict for its order."""

    operator: OperatorId
    open_phones: dict[PhoneId, None]
    state: OfferState = OfferState.PENDING
    has_rung: bool = False
    has_declined: bool = False
    was_busy: bool = False


@dataclass(slots=True, kw_only=True)
class Attempt:
    """The offers of an inquiry that are pending together, and the one deadline that ends them.

    Until the first phone rings the deadline is that of reaching a phone at all; from then on the last ring's end.
    """

    number: AttemptNo
    offers: dict[OperatorId, Offer]
    deadline: float
    has_rung: bool = False


@dataclass(slots=True, kw_only=True)
class Inquiry:
    """One inquiry, from arrival to outcome. ``arrived_at`` in seconds; ``arrival`` breaks ties between equals."""

    id: InquiryId
    channel: Channel
    customer: Customer
    number: str
    group: GroupId
    arrived_at: float
    arrival: int
    entered_group_at: float
    state: InquiryState = InquiryState.WAITING
    attempts: int = 0
    attempt: Attempt | None = None
    tried: dict[OperatorId, Reason] = field(default_factory=dict)
    """Who had an offer in this round and what came of it."""
    resting_until: float | None = None
    max_wait_at: float | None = None
    is_held: bool = False
    """Whether the adapter has been told to let the customer wait."""
    operator: OperatorId | None = None
    outcome: Outcome | None = None


@dataclass(slots=True, kw_only=True)
class Operator:
    """One operator's state over all channels. The dicts keep the order in which things came."""

    policy: OperatorPolicy
    phones: dict[PhoneId, PhoneState]
    groups: tuple[GroupId, ...]
    offers: dict[InquiryId, Channel] = field(default_factory=dict)
    active: dict[InquiryId, Channel] = field(default_factory=dict)

    def load(self, channel: Channel) -> int:
        """How many inquiries of ``channel`` they handle now; pending offers are not load yet."""
        return sum(1 for taken in self.active.values() if taken is channel)

    def pending(self, channel: Channel) -> int:
        """How many inquiries of ``channel`` are being offered to them now."""
        return sum(1 for offered in self.offers.values() if offered is channel)
