"""What happened: facts in the past tense, the engine's only input.

A fact from a network may be late, doubled or about something long over; each names exactly what it is about, so
that the engine can tell. A request is a fact too: somebody asked, and is answered under its ``request``.
"""

from dataclasses import dataclass
from enum import StrEnum

from huntgroup.engine.ids import NO_ATTEMPT, AttemptNo, InquiryId, OperatorId, PbxId, PhoneId, SourceId
from huntgroup.engine.policy import Channel, Policy
from huntgroup.engine.requested import ChannelsRequest, OperatorRequest


class PhoneState(StrEnum):
    """Asterisk's own device states, under its own names."""

    UNKNOWN = "UNKNOWN"
    NOT_INUSE = "NOT_INUSE"
    INUSE = "INUSE"
    BUSY = "BUSY"
    INVALID = "INVALID"
    UNAVAILABLE = "UNAVAILABLE"
    RINGING = "RINGING"
    RINGINUSE = "RINGINUSE"
    ONHOLD = "ONHOLD"


class Refusal(StrEnum):
    """Why a phone's leg ended without an answer, as far as the network tells."""

    DECLINED = "declined"
    BUSY = "busy"
    UNREACHABLE = "unreachable"
    NO_ANSWER = "no_answer"


class Departure(StrEnum):
    """How the daemon learned that the customer is gone."""

    HUNG_UP = "hung_up"
    VANISHED = "vanished"
    """The peer does not know the inquiry any more; when it ended nobody saw."""
    ABANDONED = "abandoned"
    """The channel says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Who asks, as the channel tells it; every text is data from outside."""

    name: str = ""
    phone: str = ""
    """In E.164 where the edge knew it for a valid number, else as it came."""
    can_be_called_back: bool = False
    """Whether the edge would dial this number for a callback."""

    email: str = ""
    handles: tuple[tuple[str, str], ...] = ()
    """Names in other networks: (network, name)."""

    id: str = ""
    """What we call a customer who was recognised at the edge; empty: nobody knows who it is."""
    known_as: str = ""
    """Their name as it is known, where they gave another one or none."""
    crm: str = ""
    """What the CRM calls them, where it was asked and knows them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A message that a caller left: the recording's file at the PBX, without its ending, and its length in seconds."""

    file: str
    seconds: float
    mailbox: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What an inquiry is about, for whoever serves it to read; every text is data from outside."""

    subject: str = ""
    text: str = ""
    link: str = ""


NO_CONTENT = Content()


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What the customer wrote later. ``at`` in seconds; ``id`` is the channel's own, empty when it has none."""

    text: str
    at: float
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimePassed:
    """Nothing happened but the clock: deadlines may be due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStepped:
    """The clock of the events was set: what waits, waits as long as it would have. ``by`` in seconds, may be negative.

    The one event whose instant may lie before the last one's.
    """

    by: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonStarted:
    """The first event of every run. What was open stays open; what became of it is known once its PBX is found."""

    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyChanged:
    """A key of the configuration, such as ``groups.sales.rings``, and what it was and is, as JSON; empty: not there."""

    key: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyChanged:
    """The configuration is another one from now on.

    ``who``, ``version`` and ``changes`` are for the record, where it can be read who changed what.
    """

    policy: Policy
    who: str = ""
    version: str = ""
    changes: tuple[KeyChanged, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InquiryReceived:
    """A customer asks; ``source`` is what they dialled, in its normal form, or the source's id.

    ``responsible`` was looked up at the edge: the operator responsible for this customer, if they are known.
    """

    inquiry: InquiryId
    channel: Channel
    source: SourceId
    customer: Customer
    content: Content = NO_CONTENT
    priority: int = 0
    responsible: OperatorId | None = None
    attempts: AttemptNo = NO_ATTEMPT
    """How many were made for it before it was known here: the next one has the number after that."""
    came_at: float | None = None
    """In seconds, where that was before it is told of; None: now."""
    pbx: PbxId | None = None
    """Which PBX has the caller of a call; None: the first one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerLeft:
    """The customer's side is over: they gave up, or the conversation ended."""

    inquiry: InquiryId
    departure: Departure = Departure.HUNG_UP


# -- phones ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneRang:
    """An operator's phone reported that it rings for this attempt."""

    inquiry: InquiryId
    attempt: AttemptNo
    phone: PhoneId
    is_early_media: bool = False
    """It has only begun to send sound (183): that is ringing, unless it says later that it rings from then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneAnswered:
    """A phone answered this attempt and is joined to the customer.

    One that was not rung for it took it from those who were: somebody picked the call up, by whatever means of theirs
    or the PBX's. It may be nobody's phone.
    """

    inquiry: InquiryId
    attempt: AttemptNo
    phone: PhoneId


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneRefused:
    """An operator's phone ended its leg of this attempt without an answer, or could not be given one."""

    inquiry: InquiryId
    attempt: AttemptNo
    phone: PhoneId
    refusal: Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptFailed:
    """The peer did not carry out this attempt, or it ended there without a word about its phones."""

    inquiry: InquiryId
    attempt: AttemptNo
    detail: str
    cause: int = 0
    """The Q.850 cause that was told of the last leg, 0 for none."""
    is_unheard: bool = False
    """Perhaps the peer never heard of it: nothing says that it could not be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallMoved:
    """The PBX joined the caller of a conversation to somebody else; None: to nobody of ours.

    ``is_pickup``: they had picked it up, which is only heard of now. Two PBXs tell of one answer, in any order.
    """

    inquiry: InquiryId
    operator: OperatorId | None
    is_pickup: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerAlone:
    """The caller of a conversation is with nobody of ours any more: they are just hanging up, or parked, or somebody is
    rung for them elsewhere.

    ``is_among_strangers``: they are joined to somebody who is none of ours. Of who comes back to one of ours a
    ConversationFound tells.
    """

    inquiry: InquiryId
    is_among_strangers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneStateChanged:
    """A phone's device state, of any call, ours or not."""

    phone: PhoneId
    state: PhoneState


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxLost:
    """The link to a PBX is down: nothing can be rung there until it is found again."""

    pbx: PbxId


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxFound:
    """The link to a PBX is up and what is really there has been told."""

    pbx: PbxId


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxLate:
    """A PBX has not said yet what happened there up to now: its calls wait for it, and those of no other."""

    pbx: PbxId


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxHeard:
    """A PBX that was late has said everything."""

    pbx: PbxId


# -- what the PBX did by itself -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationFound:
    """The caller is joined to this phone of ours: the truth, whatever was believed, and whoever rang for it.

    What it takes to know an inquiry that was not known here comes with it.
    """

    inquiry: InquiryId
    phone: PhoneId
    source: SourceId
    customer: Customer
    attempt: AttemptNo = NO_ATTEMPT
    """The attempt that got it answered; none when the PBX rang by itself."""
    came_at: float | None = None
    """In seconds; None when the PBX does not know."""
    is_told_again: bool = False
    """The call was told of before, and moved: what is over by now stays so."""
    pbx: PbxId | None = None
    """Which PBX has the caller; None: the first one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FallbackRings:
    """The PBX serves this caller by itself, as the daemon was away: it rings, and gives back whom nobody answers."""

    inquiry: InquiryId


@dataclass(frozen=True, slots=True, kw_only=True)
class FallbackServed:
    """A call that ended while the daemon was away, as the PBX kept it. All instants in seconds.

    ``entry`` is its number in the PBX's own count. ``answered_at`` None: nobody answered, the caller gave up.
    ``phone`` None: it is none of ours by now. ``inquiry`` is the channel's own; ``stands_for`` the one whose customer
    was on it, where that is another one: they are called back, or their channel was replaced.
    """

    pbx: PbxId
    entry: int
    inquiry: InquiryId
    source: SourceId
    customer: Customer
    came_at: float
    answered_at: float | None
    phone: PhoneId | None
    ended_at: float
    stands_for: InquiryId | None = None


# -- callers whom the PBX has ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLeft:
    """A caller left a message: it is an inquiry of its own, called ``message``, of who left it by which number."""

    inquiry: InquiryId
    message: InquiryId
    source: SourceId
    customer: Customer
    recording: Recording


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberAnswered:
    """The number outside to which a caller was sent on answered."""

    inquiry: InquiryId
    attempt: AttemptNo


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyPlayed:
    """A caller has heard the whole of a reply."""

    inquiry: InquiryId
    attempt: AttemptNo


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPressed:
    """A waiting caller pressed a key."""

    inquiry: InquiryId
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerReached:
    """A customer who is called back answered; their operator is on the line already."""

    inquiry: InquiryId
    attempt: AttemptNo


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerNotReached:
    """A customer who is called back was busy or did not answer, or the call did not get through to them."""

    inquiry: InquiryId
    attempt: AttemptNo
    detail: str


Event = (
    TimePassed
    | ClockStepped
    | DaemonStarted
    | PolicyChanged
    | InquiryReceived
    | CustomerLeft
    | PhoneRang
    | PhoneAnswered
    | PhoneRefused
    | AttemptFailed
    | CallMoved
    | CustomerAlone
    | MessageLeft
    | NumberAnswered
    | ReplyPlayed
    | KeyPressed
    | CustomerReached
    | CustomerNotReached
    | PhoneStateChanged
    | PbxLost
    | PbxFound
    | PbxLate
    | PbxHeard
    | ConversationFound
    | FallbackRings
    | FallbackServed
    | OperatorRequest
    | ChannelsRequest
)
