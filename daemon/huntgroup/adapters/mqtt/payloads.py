"""What the daemon publishes, as models: what a reader of a topic gets."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from huntgroup.engine.effects import DeskChanged, InquiryChanged, OnDesk, OperatorChanged, PbxChanged, Reason
from huntgroup.engine.events import Customer, Recording
from huntgroup.engine.ids import GroupId, InquiryId, OperatorId
from huntgroup.engine.policy import Channel
from huntgroup.instants import utc
from huntgroup.links import is_link

State = Literal["waiting", "offered", "active", "wrapup", "closed"]
DeskState = Literal["offered", "active", "held", "wrapup"]


class Payload(BaseModel):
    """One JSON object."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    def encode(self) -> bytes:
        """UTF-8 JSON without the fields that say nothing."""
        return self.__pydantic_serializer__.to_json(self, exclude_none=True)


class Status(Payload):
    """The daemon itself."""

    state: Literal["online", "offline"]
    since: datetime | None = None
    version: str | None = None
    session_taken_at: datetime | None = None
    """When another client last took the daemon's session, since the daemon started."""


class PbxState(Payload):
    """The link to one PBX."""

    state: Literal["connected", "lost"]
    """Connected: what is really there is known, and its phones can be rung. Lost: it serves its callers by itself."""
    since: datetime


class WhyNot(Payload):
    """Why an operator gets nothing on a channel now."""

    channel: Channel
    reason: Reason


class OperatorState(Payload):
    """One operator, everything at once, so that a screen which starts late shows the truth."""

    presence: str
    pause_reason: str | None = None
    """Their own word for a pause."""
    reasons: tuple[WhyNot, ...]
    """Why not, for each channel on which they get nothing at the moment."""
    load: dict[Channel, int]
    capacity: dict[Channel, int]
    inquiries: tuple[InquiryId, ...]


class CustomerOut(Payload):
    """Who asks, as far as that is known."""

    id: str | None = None
    """What the daemon calls them, where they were recognised."""
    name: str | None = None
    """What they say; where they say nothing, the name by which they are known."""
    known_as: str | None = None
    """The name by which they are known, where they say another."""
    phone: str | None = None
    email: str | None = None
    handles: dict[str, str] | None = None


class MessageOut(Payload):
    """What the customer wrote later."""

    at: datetime
    text: str


class RecordingOut(Payload):
    """What a caller said to a mailbox."""

    file: str
    """At the PBX, without its ending."""
    seconds: float
    mailbox: str


class DeskEntry(Payload):
    """One inquiry at one operator, with all that they need to see of it."""

    inquiry: InquiryId
    channel: Channel
    group: GroupId
    source: str
    """A source's id, or the number that was dialled."""
    state: DeskState
    since: datetime
    expires_at: datetime | None = None
    """When an offer goes to the next operator, or a wrap-up ends."""
    customer: CustomerOut
    subject: str | None = None
    text: str | None = None
    link: str | None = None
    messages: tuple[MessageOut, ...] | None = None
    messages_dropped: int | None = None
    """How many older messages are no longer kept here."""
    recording: RecordingOut | None = None


class Desk(Payload):
    """All that lies before one operator, whole."""

    offers: tuple[DeskEntry, ...]
    inquiries: tuple[DeskEntry, ...]


class AccountStatus(Payload):
    """What the account that brought an inquiry in is shown of it. Of the customer nothing: whom Huntgroup recognised by
    what a visitor typed is nothing that the visitor, or the account, is to learn."""

    id: InquiryId
    state: State
    outcome: str | None = None
    """How it ended, once it has."""
    channel: Channel | None = None
    group: GroupId | None = None
    operator: OperatorId | None = None
    """Who has it, or had it last."""
    position: int | None = None
    """Where it stands in the line of its group, from 1."""
    received_at: datetime | None = None
    is_on_hold: bool | None = None
    replies: tuple[str, ...] | None = None
    """What the group's actions have the channel tell the customer."""


class InquiryStatus(AccountStatus):
    """One inquiry, whole."""

    customer: CustomerOut | None = None


class ErrorOut(Payload):
    """Why not. The codes are stable."""

    code: str
    message: str
    at: str
    """Which part of the message is meant, as in `customer.email`; empty: all of it."""


class Refused(Payload):
    """The answer to what was not done."""

    ok: Literal[False] = False
    error: ErrorOut


class Done(Payload):
    """The answer to a command that was done."""

    ok: Literal[True] = True
    type: str
    inquiry: str | None = None


class Submitted(InquiryStatus):
    """The answer to an inquiry that was submitted, now or earlier: its state."""

    ok: Literal[True] = True


class AccountSubmitted(AccountStatus):
    """The same to an account."""

    ok: Literal[True] = True


class BacklogEnd(Payload):
    """The daemon's message to itself, which separates messages that waited at the broker from new ones."""

    mark: str
    """Another one for each link."""


class Rejected(Payload):
    """What could not be understood."""

    topic: str
    payload: str
    """As text; what is not UTF-8 is replaced."""
    payload_bytes: int
    """How long it was: of a long one only the beginning is told."""
    error: ErrorOut
    not_reported: int | None = None
    """Number of messages rejected since the last report that were not published here, as there were too many."""


class GroupState(Payload):
    """One group's figures. Today is the day in its time zone."""

    waiting: dict[Channel, int]
    """Who waits or is being offered."""
    longest_wait: float
    """Seconds, of who waits longest now, as of `at`."""
    waiting_since: datetime | None = None
    """When who waits longest came in."""
    operators: dict[Literal["available", "busy", "wrapup", "paused", "logged_out"], int]
    received_today: int
    answered_today: int
    abandoned_today: int
    unanswered_today: int
    service_level_today: float | None = None
    """Of those answered or abandoned today, the share answered within `service_level_seconds`; from 0 to 1."""
    service_level_seconds: float
    at: datetime


class CloudEvent(Payload):
    """A fact, as CloudEvents 1.0 has it."""

    specversion: Literal["1.0"] = "1.0"
    id: str
    source: str
    type: str
    time: datetime
    subject: str | None = None
    datacontenttype: Literal["application/json"] = "application/json"
    data: dict[str, Any]


def instant(seconds: float) -> datetime:
    """A point in time, to the millisecond."""
    return utc(round(seconds, 3))


def operator_state(changed: OperatorChanged) -> OperatorState:
    """The payload of an operator's state."""
    return OperatorState(
        presence=changed.presence,
        pause_reason=changed.pause_reason or None,
        reasons=tuple(WhyNot(channel=channel, reason=reason) for channel, reason in changed.reasons.items()),
        load=dict(changed.load),
        capacity=dict(changed.capacity),
        inquiries=changed.inquiries,
    )


def pbx_state(changed: PbxChanged) -> PbxState:
    """The payload of a PBX's state."""
    return PbxState(state="connected" if changed.is_up else "lost", since=instant(changed.at))


def desk(changed: DeskChanged) -> Desk:
    """The payload of an operator's desk."""
    return Desk(
        offers=tuple(_entry(each) for each in changed.offers),
        inquiries=tuple(_entry(each) for each in changed.inquiries),
    )


def inquiry_status(changed: InquiryChanged, position: int | None) -> dict[str, Any]:
    """The fields of an inquiry's state, for its own payload and for the answer to who submits it."""
    return {
        "id": changed.inquiry,
        "state": changed.state,
        "outcome": changed.outcome,
        "channel": changed.channel,
        "group": changed.group,
        "operator": changed.operator,
        "position": position,
        "received_at": instant(changed.received_at),
        "customer": customer_out(changed.customer),
        "is_on_hold": True if changed.is_on_hold else None,
        "replies": changed.replies or None,
    }


def for_account(status: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The fields that an account is shown of an inquiry which it calls ``name``."""
    return {**{key: value for key, value in status.items() if key != "customer"}, "id": name}


def customer_out(customer: Customer) -> CustomerOut:
    """What is known of a customer."""
    handles: Mapping[str, str] = dict(customer.handles)
    return CustomerOut(
        id=customer.id or None,
        known_as=customer.known_as or None,
        name=customer.name or None,
        phone=customer.phone or None,
        email=customer.email or None,
        handles=dict(handles) or None,
    )


def recording_out(recording: Recording) -> RecordingOut:
    """What a caller left."""
    return RecordingOut(file=recording.file, seconds=recording.seconds, mailbox=recording.mailbox)


def _entry(item: OnDesk) -> DeskEntry:
    messages = tuple(MessageOut(at=instant(each.at), text=each.text) for each in item.messages)
    return DeskEntry(
        inquiry=item.inquiry,
        channel=item.channel,
        group=item.group,
        source=item.source,
        state=item.state,
        since=instant(item.since),
        expires_at=None if item.expires_at is None else instant(item.expires_at),
        customer=customer_out(item.customer),
        subject=item.content.subject or None,
        text=item.content.text or None,
        # One that was taken by an earlier version may be any text; the inquiry is served without it.
        link=(item.content.link or None) if is_link(item.content.link) else None,
        messages=messages or None,
        messages_dropped=item.messages_dropped or None,
        recording=recording_out(item.recording) if item.recording is not None else None,
    )
