"""What is known here of one caller: their channel, the legs that ring for them, and what the engine was told."""

from dataclasses import dataclass, field

from huntgroup.engine.events import Customer
from huntgroup.engine.ids import NO_ATTEMPT, AttemptNo, InquiryId, PhoneId, SourceId

NO_SOURCE = SourceId("")


@dataclass(slots=True, frozen=True)
class Leg:
    """A channel that Dial made to ring one phone."""

    inquiry: InquiryId
    attempt: AttemptNo
    phone: PhoneId


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
    is_told: bool = True
    """Whether the engine was told of it. One that was found ringing is not, until it is answered or waits again."""
    source: SourceId = NO_SOURCE
    customer: Customer = field(default_factory=Customer)
    came_at: float | None = None
    legs: dict[str, Leg] = field(default_factory=dict)
    """Channel to leg, of those that have not hung up."""
