"""What is remembered of a call at one PBX: which channel is which inquiry, and which leg is which phone."""

from dataclasses import dataclass, field

from huntgroup.engine.ids import AttemptNo, InquiryId, PhoneId


@dataclass(slots=True, frozen=True)
class Leg:
    """A channel that Dial made to ring one phone."""

    inquiry: InquiryId
    attempt: AttemptNo
    phone: PhoneId


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


@dataclass(slots=True)
class Call:
    """A caller's channel: its name changes when Asterisk masquerades it, its Uniqueid does not."""

    inquiry: InquiryId
    uniqueid: str
    channel: str
    ordered_attempt: int = 0
    """The last attempt that was sent to the PBX, 0 for none."""
    is_answered: bool = False
    """A phone's answer was told of: it is not told again after a resync, or it would pass for a late one."""
    legs: dict[str, Leg] = field(default_factory=dict)
    """Channel to leg, of those that have not hung up."""
    sent: int = 0
    """Counts the orders that were sent for it: what is newer makes void what is older."""
    leave_key: str = ""
    """What the channel's dialplan was last told of it."""
    callback: Callback | None = None
    """Until the customer who is called back answers there is no channel of theirs."""
