"""What happened: facts in the past tense, the engine's only input.

A fact from a network may be late, doubled or about something long over; each names exactly what it is about, so
that the engine can tell.
"""

from dataclasses import dataclass
from enum import StrEnum

from huntgroup.engine.ids import NO_ATTEMPT, AttemptNo, InquiryId, PbxId, PhoneId
from huntgroup.engine.policy import Channel


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Who asks, as the channel tells it; every text is data from outside."""

    name: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimePassed:
    """Nothing happened but the clock: deadlines may be due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InquiryReceived:
    """A customer asks; ``number`` is what they dialled, in its normal form."""

    inquiry: InquiryId
    channel: Channel
    number: str
    customer: Customer
    attempts: AttemptNo = NO_ATTEMPT
    """How many were made for it before it was known here: the next one has the number after that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerLeft:
    """The customer's side is over: they gave up, or the conversation ended."""

    inquiry: InquiryId
    departure: Departure = Departure.HUNG_UP


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneRang:
    """An operator's phone reported that it rings for this attempt."""

    inquiry: InquiryId
    attempt: AttemptNo
    phone: PhoneId


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneAnswered:
    """An operator's phone answered this attempt and is joined to the customer."""

    inquiry: InquiryId
    attempt: AttemptNo
    phone: PhoneId


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneRefused:
    """An operator's phone ended its leg of this attempt without an answer."""

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


Event = (
    TimePassed
    | InquiryReceived
    | CustomerLeft
    | PhoneRang
    | PhoneAnswered
    | PhoneRefused
    | AttemptFailed
    | PhoneStateChanged
    | PbxLost
    | PbxFound
)
