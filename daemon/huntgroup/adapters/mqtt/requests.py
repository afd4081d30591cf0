"""What operators and channels ask, as the engine's events. It must not know whether it may be done."""

from collections.abc import Callable
from typing import Any

from huntgroup.adapters.mqtt import commands
from huntgroup.adapters.mqtt.commands import Asked, Incoming, Submission
from huntgroup.engine.events import (
    Content,
    Customer,
    InquiryReceived,
)
from huntgroup.engine.ids import GroupId, InquiryId, OperatorId, RequestId, SourceId
from huntgroup.engine.policy import Channel, Presence
from huntgroup.engine.requested import (
    AbandonRequested,
    AcceptRequested,
    ChannelCloseRequested,
    ChannelsRequest,
    CloseRequested,
    DeclineRequested,
    HoldRequested,
    MessageReceived,
    OperatorRequest,
    PickupRequested,
    PresenceRequested,
    ResumeRequested,
    TransferRequested,
    WrapupDoneRequested,
)
from huntgroup.plain import clean

AboutOne = AcceptRequested | DeclineRequested | HoldRequested | ResumeRequested | CloseRequested


def inquiry_received(inquiry: InquiryId, submission: Submission, channel: Channel) -> InquiryReceived:
    """The event of a new inquiry, by the daemon's name for it."""
    customer = submission.customer
    return InquiryReceived(
        inquiry=inquiry,
        channel=channel,
        source=SourceId(submission.source),
        customer=Customer(
            name=clean(customer.name),
            phone=clean(customer.phone),
            email=clean(customer.email),
            handles=tuple((clean(network), clean(name)) for network, name in customer.handles.items()),
        ),
        content=Content(subject=submission.subject, text=submission.text, link=submission.link),
        priority=submission.priority,
    )


def of_channel(command: Incoming, request: RequestId, inquiry: InquiryId) -> ChannelsRequest:
    """The event of a channel's command."""
    match command:
        case commands.CustomerMessage(text=text, id=name):
            return MessageReceived(request=request, inquiry=inquiry, text=text, id=name)
        case commands.Abandon():
            return AbandonRequested(request=request, inquiry=inquiry)
        case _:
            return ChannelCloseRequested(request=request, inquiry=inquiry)


def of_operator(command: Asked, request: RequestId, operator: OperatorId) -> OperatorRequest:
    """The event of an operator's command."""
    return _OF_OPERATOR[type(command)](command, {"request": request, "operator": operator})


def _transfer(command: commands.Transfer, asker: dict[str, Any]) -> OperatorRequest:
    to = command.to
    return TransferRequested(
        **asker,
        inquiry=InquiryId(command.inquiry),
        to_operator=OperatorId(to.operator) if to.operator else None,
        to_group=GroupId(to.group) if to.group else None,
    )


def _pickup(command: commands.Pickup, asker: dict[str, Any]) -> OperatorRequest:
    return PickupRequested(**asker, inquiry=_named(command), is_by_command=True)


def _wrapup_done(command: commands.WrapupDone, asker: dict[str, Any]) -> OperatorRequest:
    return WrapupDoneRequested(**asker, inquiry=_named(command))


def _named(command: commands.Pickup | commands.WrapupDone) -> InquiryId | None:
    return InquiryId(command.inquiry) if command.inquiry else None


def _about(kind: type[AboutOne]) -> Callable[[Any, dict[str, Any]], OperatorRequest]:
    return lambda command, asker: kind(**asker, inquiry=InquiryId(command.inquiry))


def _presence(presence: Presence, *, is_on_duty: bool = False) -> Callable[[Any, dict[str, Any]], OperatorRequest]:
    return lambda command, asker: PresenceRequested(
        **asker, presence=presence, reason=getattr(command, "reason", ""), is_on_duty=is_on_duty
    )


_OF_OPERATOR: dict[type[Asked], Callable[[Any, dict[str, Any]], OperatorRequest]] = {
    commands.Accept: _about(AcceptRequested),
    commands.Decline: _about(DeclineRequested),
    commands.Pickup: _pickup,
    commands.Transfer: _transfer,
    commands.Hold: _about(HoldRequested),
    commands.Resume: _about(ResumeRequested),
    commands.Close: _about(CloseRequested),
    commands.WrapupDone: _wrapup_done,
    commands.Login: _presence(Presence.AVAILABLE),
    commands.Logout: _presence(Presence.LOGGED_OUT),
    commands.Pause: _presence(Presence.PAUSED, is_on_duty=True),
    commands.ResumeWork: _presence(Presence.AVAILABLE, is_on_duty=True),
}
