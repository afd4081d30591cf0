"""What the engine remembers. Plain data: the rules are elsewhere."""

from dataclasses import dataclass, field
from enum import StrEnum

from huntgroup.engine.effects import Outcome, Reason
from huntgroup.engine.events import NO_CONTENT, Content, Customer, Message, PhoneState, Recording
from huntgroup.engine.ids import NO_ATTEMPT, AttemptNo, GroupId, InquiryId, OperatorId, PbxId, PhoneId
from huntgroup.engine.lifecycle import InquiryState, OfferState
from huntgroup.engine.policy import Channel, Entrance, OperatorPolicy, OverflowAction, Presence


class Stage(StrEnum):
    """Whom an inquiry is for at the moment."""

    RESPONSIBLE = "responsible"
    """Their responsible operator, before the group."""
    MOBILE = "mobile"
    """The same operator's mobile."""
    GROUP = "group"
    OPERATOR = "operator"
    """One named operator, by an action or a transfer."""


@dataclass(slots=True, kw_only=True)
class Offer:
    """One inquiry at one operator. ``open_phones`` are those whose leg has not ended; a dict for its order."""

    operator: OperatorId
    open_phones: dict[PhoneId, None]
    state: OfferState = OfferState.PENDING
    has_rung: bool = False
    has_declined: bool = False
    was_busy: bool = False
    has_joined: bool = False
    """It came to an attempt that was pending already, and has less than the whole time."""


@dataclass(slots=True, kw_only=True)
class Attempt:
    """The offers of an inquiry that are pending together, and the one deadline that ends them.

    For a call the deadline is that of reaching a phone at all until the first phone rings; from then on the last
    ring's end.
    """

    number: AttemptNo
    offers: dict[OperatorId, Offer]
    began_at: float
    deadline: float
    has_rung: bool = False
    is_early_media: bool = False
    """All that was heard of its phones is early media: the rings count anew from the first that says it rings."""
    may_be_joined: bool = False
    """Who becomes eligible meanwhile is offered it as well."""


@dataclass(slots=True, frozen=True)
class Target:
    """The one operator an inquiry is for. ``rings`` None: as long as it takes.

    ``is_transfer``: a colleague chose them; ``is_pickup``: they did. After either it goes back to the group.
    """

    operator: OperatorId
    rings: int | None
    is_transfer: bool
    is_pickup: bool = False


class Away(StrEnum):
    """What the PBX does with a caller whom it was handed over."""

    VOICEMAIL = "voicemail"
    NUMBER = "number"
    REPLY = "reply"
    PROMISE = "promise"
    """It tells them that they will be called back, and hangs up."""


@dataclass(slots=True, frozen=True)
class Handover:
    """A caller whom the PBX has, until it says what came of it. ``hook`` is where the action stood that did it."""

    to: Away
    attempt: AttemptNo
    hook: str
    then: OverflowAction | None = None
    """What follows a reply."""
    opens_at: float | None = None
    """When their group was to open, in seconds, of who waited for that; see `Inquiry.opens_at`."""


@dataclass(slots=True, frozen=True)
class Queued:
    """Since when, in seconds, and at which place, from 1, somebody began to wait in a line because nobody was free."""

    since: float
    position: int


@dataclass(slots=True, kw_only=True)
class Inquiry:
    """One inquiry, from arrival to outcome. ``arrived_at`` in seconds; ``arrival`` breaks ties between equals."""

    id: InquiryId
    channel: Channel
    entrance: Entrance
    customer: Customer
    group: GroupId
    priority: int
    arrived_at: float
    arrival: int
    content: Content = NO_CONTENT
    messages: tuple[Message, ...] = ()
    """What the customer wrote later, as far as it is kept."""
    messages_dropped: int = 0
    responsible: OperatorId | None = None
    pbx: PbxId | None = None
    """The PBX that has the caller; None for what is no call."""
    state: InquiryState = InquiryState.WAITING
    stage: Stage = Stage.GROUP
    target: Target | None = None
    line: "LineKey | None" = None
    """The line it stands in; a waiting inquiry without one waits for its group to open, or the PBX has it."""
    place: "Place | None" = None
    attempts: int = 0
    attempt: Attempt | None = None
    tried: dict[OperatorId, Reason] = field(default_factory=dict)
    """Who is out of this round, and why."""
    was_let_in: bool = False
    """It was let into this group's line, or promised a place in it: it is not turned away because the line is full."""
    resting_until: float | None = None
    opens_at: float | None = None
    max_wait_at: float | None = None
    wrapup_until: float | None = None
    customer_holds: bool = False
    """Whether the adapter has been told to let the caller wait."""
    is_callback: bool = False
    """No caller is on the line: who answers is joined to one."""
    is_reaching: bool = False
    """An operator is on the line, or sent it on, and the customer who is called back is not on it yet."""
    called_back_in: AttemptNo = NO_ATTEMPT
    """The attempt whose answer had us call them."""
    was_called_back: bool = False
    """Its conversation is with a customer whom we called, or are calling."""
    callbacks_made: int = 0
    pauses_until: float | None = None
    """A customer who was not reached is called again no sooner."""
    handover: Handover | None = None
    recording: Recording | None = None
    queued: Queued | None = None
    announced_at: float | None = None
    announce_at: float | None = None
    answered: tuple[AttemptNo, PhoneId] | None = None
    """Which phone's answer to which attempt made it active."""
    replied: dict[str, None] = field(default_factory=dict)
    """At which hooks of this group the customer was replied to; nobody is told the same twice."""
    replies: tuple[str, ...] = ()
    """The texts of these replies, in every group; a caller heard theirs."""
    taken_at: float = 0.0
    """When its operator took it, in seconds."""
    is_at_fallback: bool = False
    """The PBX took it up by itself while nobody here looked, and rings for it: it waits in no line until given back."""
    is_set_aside: bool = False
    """Its operator put it on hold, or its caller is with nobody of ours: it does not count as load."""
    adrift_at: float | None = None
    """When its caller, if they are with nobody of ours until then, is nobody's load any more."""
    is_among_strangers: bool = False
    """They are joined to somebody who is none of ours."""
    operator: OperatorId | None = None
    passed_on_by: OperatorId | None = None
    """Who talked to the customer last and gave them to somebody else, until somebody has taken it."""
    outcome: Outcome | None = None


def is_promised_by_one(inquiry: Inquiry) -> bool:
    """Whether a customer is to be called back by one operator alone, who does not ring for them as they want to."""
    target = inquiry.target
    is_wanted = target is not None and target.is_pickup and inquiry.state is InquiryState.OFFERED
    return inquiry.is_callback and target is not None and not is_wanted


@dataclass(slots=True, kw_only=True)
class Operator:
    """One operator's state over all channels. The dicts keep the order in which things came."""

    policy: OperatorPolicy
    presence: Presence
    pause_reason: str = ""
    phones: dict[PhoneId, PhoneState]
    groups: tuple[GroupId, ...] = ()
    offers: dict[InquiryId, Channel] = field(default_factory=dict)
    active: dict[InquiryId, Channel] = field(default_factory=dict)
    wrapups: dict[InquiryId, float] = field(default_factory=dict)
    load: dict[Channel, int] = field(default_factory=lambda: dict.fromkeys(Channel, 0))
    """Active inquiries by channel, without those set aside."""
    pending: dict[Channel, int] = field(default_factory=lambda: dict.fromkeys(Channel, 0))
    by_source: dict[str, int] = field(default_factory=dict)
    """Active and pending by source, without those set aside."""
    no_work: dict[Channel, Reason | None] = field(default_factory=dict)
    """What was found of each channel since they were last touched."""
    unfit: dict[Channel, Reason | None] = field(default_factory=dict)
    """The same, with what they say of themselves."""
    share: float | None = None
    """What was found of their share of capacity in use since they were last touched."""
    last_offer: int = 0
    """The number, over all operators, of the last offer made to them."""
    missed_in_row: int = 0
    """How many inquiries they missed in a row; one that comes round again counts once."""
    missed: dict[InquiryId, None] = field(default_factory=dict)
    """The newest of these."""
    is_removed: bool = False
    """No longer configured; stays only until their conversations end."""


MISSED_REMEMBERED = 100
"""Missed inquiries that are remembered of an operator, so that one which comes round again is not counted twice."""


def miss(operator: Operator, inquiry: InquiryId) -> bool:
    """Count a missed inquiry; False when it is counted already."""
    if inquiry in operator.missed:
        return False
    operator.missed[inquiry] = None
    if len(operator.missed) > MISSED_REMEMBERED:
        del operator.missed[next(iter(operator.missed))]
    operator.missed_in_row += 1
    return True


def begin_misses_anew(operator: Operator) -> None:
    """They took something, or said something of themselves."""
    operator.missed_in_row = 0
    operator.missed.clear()


FALLBACK_REMEMBERED = 1000
"""So many of the calls that a PBX served by itself are remembered, as many as it keeps."""


@dataclass(slots=True, kw_only=True)
class FallbackRead:
    """What is known of the calls that a PBX served by itself: the last entry that was read, and the calls of them all.

    The number says where to read on; what tells an entry from one that was read is the call, as the PBX may begin to
    count anew.
    """

    number: int = 0
    inquiries: dict[InquiryId, None] = field(default_factory=dict)

    def note(self, number: int, inquiry: InquiryId) -> bool:
        """Remember an entry; False when it was known."""
        self.number = number
        if inquiry in self.inquiries:
            return False
        self.is_on_record(inquiry)
        return True

    def is_on_record(self, inquiry: InquiryId) -> None:
        """A call whose end was told, whatever the PBX may say of it yet."""
        self.inquiries[inquiry] = None
        if len(self.inquiries) > FALLBACK_REMEMBERED:
            del self.inquiries[next(iter(self.inquiries))]


@dataclass(slots=True, frozen=True, kw_only=True)
class Coming:
    """A call of which an inquiry is over, while its caller may still be there.

    ``count`` inquiries came of it, one of which was over at ``ended_at``, in seconds; orders about it had numbers up to
    ``attempts``.
    """

    pbx: PbxId
    ended_at: float
    attempts: int = 0
    count: int = 1


LineKey = tuple[str, str, Channel, str]
"""Kind of owner (group or operator), its id, channel, and the source or the PBX where that makes a difference."""
Place = tuple[int, float, int, InquiryId]
"""Smaller is served first: priority (negated), arrival in seconds, arrival's number, id."""
