"""The payloads as models: what a reader of a topic gets."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from huntgroup.engine.effects import OperatorChanged, Reason
from huntgroup.engine.ids import InquiryId
from huntgroup.engine.policy import Channel


class Payload(BaseModel):
    """One JSON object."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def encode(self) -> bytes:
        """UTF-8 JSON without the fields that say nothing."""
        return self.model_dump_json(exclude_none=True).encode()


class Status(Payload):
    """``P/status``."""

    state: Literal["online", "offline"]
    since: datetime | None = None
    version: str | None = None


class WhyNot(Payload):
    """Why an operator gets nothing on a channel now."""

    channel: Channel
    reason: Reason


class OperatorState(Payload):
    """``P/operators/<id>/state``: everything at once, so that a screen which starts late shows the truth."""

    presence: str
    reasons: tuple[WhyNot, ...]
    load: dict[Channel, int]
    capacity: dict[Channel, int]
    inquiries: tuple[InquiryId, ...]


def operator_state(changed: OperatorChanged) -> OperatorState:
    """The payload of an operator's state."""
    return OperatorState(
        presence=changed.presence,
        reasons=tuple(WhyNot(channel=channel, reason=reason) for channel, reason in changed.reasons.items()),
        load=dict(changed.load),
        capacity=dict(changed.capacity),
        inquiries=changed.inquiries,
    )
