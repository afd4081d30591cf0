"""What is known here of one caller: their channel, the legs that ring for them, and what the engine was told."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from huntgroup.adapters.ami.directory import ACROSS
from huntgroup.engine.events import Customer
from huntgroup.engine.ids import NO_ATTEMPT, AttemptNo, InquiryId, PhoneId, SourceId

NO_SOURCE = SourceId("")
_NAMED_LIKE_ITS_LEG = re.compile(rf"PJSIP/[^/]+|{ACROSS}.+")


def to_be_heard_of(phones: Iterable[PhoneId]) -> list[PhoneId]:
    """Those of whom Dial speaks for sure, if it can ask for them: their legs are called as they are, or are known by
    what was dialled. A mobile looks like any channel of its trunk, and other technologies have other names for a leg.
    """
    return [phone for phone in phones if _NAMED_LIKE_ITS_LEG.fullmatch(phone)]


@dataclass(slots=True)
class Leg:
    """A channel that Dial made to ring one phone."""

    inquiry: InquiryId
    attempt: AttemptNo
    phone: PhoneId
    has_rung: bool = field(default=False, compare=False)
    """The phone said that it rings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCall:
    """A call that the engine still has open when the daemon starts, and that the PBX is to be asked about."""

    inquiry: InquiryId
    attempts: AttemptNo = NO_ATTEMPT
    """How many were made for it."""
    is_active: bool = False
    """Whether an operator had answered it."""
    phone: PhoneId | None = None
    """On which phone, if that is known."""
    mobile: PhoneId | None = None
    """The mobile that rings for it, if one does: the PBX does not know whose it is."""
    called_back_in: AttemptNo | None = None
    """The attempt in which the customer is being called back, or was."""
    is_reached: bool = False
    """Whether a customer who was called back had answered."""


@dataclass(slots=True)
class Callback:
    """The two ends of the channel that stands for a customer who is being called back in this attempt.

    At ``operator_end`` the operators' phones ring; at ``customer_end`` the customer's does, once an operator answered.
    Both are Uniqueids that we gave them.
    """

    attempt: AttemptNo
    operator_end: str
    customer_end: str
    is_told: bool = False
    """Whether it was told that the customer was not reached."""
    is_reached: bool = False
    """Whether it was told, by a daemon before this one, that the customer was: their channel is to be found."""

    @classmethod
    def of(cls, inquiry: InquiryId, attempt: AttemptNo) -> "Callback":
        """The one for this attempt."""
        name = f"{inquiry}-{attempt}"
        return cls(attempt, operator_end=f"{name}-operator", customer_end=f"{name}-customer")


@dataclass(slots=True)
class Call:
    """A caller's channel: its name changes when Asterisk masquerades it, its Uniqueid does not."""

    inquiry: InquiryId
    uniqueid: str
    channel: str
    ordered_attempt: int = 0
    """The last attempt that was sent to the PBX, 0 for none."""
    is_answered: bool = False
    """A phone's answer was told of, and nobody was rung for it since."""
    phone: PhoneId | None = None
    """Which phone that was."""
    with_channel: str | None = None
    """The Uniqueid of the channel on which their operator was last joined to them; see `bridges`."""
    alone: bool | None = None
    """It was told that nobody of ours is with them any more; True: but somebody else is."""
    is_told: bool = True
    """Whether the engine was told of it. One that was found ringing is not, until it is answered or waits again."""
    source: SourceId = NO_SOURCE
    customer: Customer = field(default_factory=Customer)
    came_at: float | None = None
    legs: dict[str, Leg] = field(default_factory=dict)
    """Channel to leg, of those that have not hung up."""
    unheard: list[PhoneId] = field(default_factory=list)
    """Phones that the last attempt is to ring, and of which Dial has said nothing yet."""
    sent: int = 0
    """Counts the orders that were sent for it: what is newer makes void what is older."""
    leave_key: str | None = ""
    """What the channel's dialplan was last told of it; None: a daemon before this one told it."""
    mobile: PhoneId | None = None
    """The mobile that the last attempt rings, if it rings one."""
    callback: Callback | None = None
    """Until the customer who is called back answers there is no channel of theirs."""
    sent_on: Callback | None = None
    """The same, where an operator sent the line on to a number of ours, and it is a caller's like any other."""
