"""What a CRM is told, as it is kept in the outbox and as it is posted: one model for both.

Names, numbers and texts come from callers. Each is cut to its longest and freed of control characters here, so that no
connector has to.
"""

import hashlib
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, TypeAdapter

from huntgroup.instants import utc

KEY_PREFIX = "hg_"


def _instant(value: object) -> object:
    return datetime.fromisoformat(value).timestamp() if isinstance(value, str) else value


def _written(seconds: float) -> str:
    return utc(seconds).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _clipped(most: int) -> BeforeValidator:
    def clip(value: object) -> object:
        if not isinstance(value, str):
            return value
        return "".join(each if each.isprintable() or each == "\n" else " " for each in value[:most])

    return BeforeValidator(clip)


Instant = Annotated[
    float, BeforeValidator(_instant), PlainSerializer(_written), Field(json_schema_extra={"format": "date-time"})
]
"""Seconds since the epoch for us; ISO 8601 in UTC for others."""
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Line = Annotated[str, _clipped(200)]
Words = Annotated[str, _clipped(4000)]


class Known(BaseModel):
    """One way to know a customer."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    kind: Literal["phone", "email", "handle"]
    value: Line
    """A number in E.164, an address, or `network:name`."""


class Deed(BaseModel):
    """What every deed says."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    customer: Line
    """Our id of the customer; what is told of one customer is told in order. Empty: nobody who can be known."""

    inquiry: Line
    """The id of the inquiry that it came of, as in the log and at the broker."""

    operator: Line | None = None
    """The operator's id."""

    def key(self) -> str:
        """The same for the same deed, however often and by whichever life of the daemon it is made."""
        return key_of(self.name(), self.inquiry)

    @classmethod
    def name(cls) -> str:
        """What kind of deed it is; stable."""
        return str(cls.model_fields["type"].default)


class Create(Deed):
    """An unknown customer came, and the number or source says what that creates."""

    type: Literal["customer.create"] = "customer.create"
    kind: Literal["lead", "deal", "contact"]
    name_given: Line = Field("", alias="name")
    """What they call themselves; empty when they did not say."""

    identities: tuple[Known, ...] = ()
    channel: Line
    """`call`, `chat`, `mail` or `form`."""

    source: Line
    """The dialled number, or the source's id."""

    group: Line = ""
    subject: Line = ""
    text: Words = ""
    at: Instant
    """When they came."""


class RegisterCall(Deed):
    """A call is over."""

    type: Literal["call.register"] = "call.register"
    direction: Literal["in", "callback"]
    """`callback`: we called the customer back."""

    number: Line
    """The customer's, in E.164 where it is a valid one; empty when it was withheld."""

    line: Line
    """The number that was dialled."""

    group: Line = ""
    started_at: Instant
    waited: Seconds
    """Until somebody took it, or until its end."""

    talked: Seconds
    outcome: Line
    """`answered`, `abandoned`, `unanswered`, `voicemail`, `forwarded` or `refused`."""

    recording: Line = ""
    """The recording's file at the PBX, without its ending; empty when there is none."""


class SetResponsible(Deed):
    """Another operator is responsible for a customer."""

    type: Literal["customer.responsible"] = "customer.responsible"
    identities: tuple[Known, ...] = ()
    at: Instant
    """When that was decided."""

    def key(self) -> str:
        """One customer may change hands more than once in one inquiry."""
        return key_of(self.name(), self.customer, _written(self.at))


AnyDeed = Create | RegisterCall | SetResponsible
DEED: TypeAdapter[AnyDeed] = TypeAdapter(Annotated[AnyDeed, Field(discriminator="type")])


def encoded(deed: Deed) -> str:
    """As it is kept."""
    return deed.model_dump_json(by_alias=True)


def decoded(body: str) -> AnyDeed:
    """What was kept. Raises pydantic's ValidationError."""
    return DEED.validate_json(body)


def as_data(deed: Deed) -> dict[str, Any]:
    """As it is posted."""
    return deed.model_dump(mode="json", by_alias=True, exclude={"type"})


def key_of(*parts: str) -> str:
    """A key that tells nothing, and that stands in headers and fields of any CRM: letters, digits and `_`."""
    return KEY_PREFIX + hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
