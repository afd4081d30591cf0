"""What a channel asks for its customer: to pass on what they wrote, and to end an inquiry."""

from collections.abc import Callable

from huntgroup.engine.effects import Answered, ErrorCode, FactType, Outcome
from huntgroup.engine.events import (
    Message,
)
from huntgroup.engine.lifecycle import InquiryState
from huntgroup.engine.policy import Channel
from huntgroup.engine.refusals import RefusedError
from huntgroup.engine.requested import (
    AbandonRequested,
    ChannelCloseRequested,
    ChannelRequest,
    ChannelsRequest,
    MessageReceived,
)
from huntgroup.engine.state import Inquiry
from huntgroup.engine.world import World

MESSAGES_MOST = 20
MESSAGE_CHARACTERS_MOST = 16_000
"""What is kept of a customer's later messages: the newest, so many and so long together. A desk shows all of it."""


def answer_channel(world: World, event: ChannelsRequest) -> bool:
    """Do what a channel asked, or say why not; whether it was done."""
    try:
        HANDLERS[type(event)](world, event)
    except RefusedError as refused:
        world.effects.append(Answered(request=event.request, error=refused.code, message=str(refused)))
        return False
    world.effects.append(Answered(request=event.request))
    return True


def _message(world: World, event: MessageReceived) -> None:
    inquiry = _open(world, event)
    if event.id and any(known.id == event.id for known in inquiry.messages):
        return
    kept = [*inquiry.messages, Message(text=event.text, at=world.now, id=event.id)]
    while len(kept) > 1 and (len(kept) > MESSAGES_MOST or _characters(kept) > MESSAGE_CHARACTERS_MOST):
        del kept[0]
        inquiry.messages_dropped += 1
    inquiry.messages = tuple(kept)
    world.fact(FactType.MESSAGE, inquiry, inquiry.operator)


def _characters(messages: list[Message]) -> int:
    return sum(len(message.text) for message in messages)


def _abandon(world: World, event: AbandonRequested) -> None:
    """What follows is what follows whenever a customer leaves."""
    _open(world, event)


def _close(world: World, event: ChannelCloseRequested) -> None:
    inquiry = _open(world, event)
    world.close(inquiry, Outcome.ANSWERED if inquiry.state is InquiryState.ACTIVE else Outcome.UNANSWERED)


def _open(world: World, event: ChannelRequest) -> Inquiry:
    inquiry = world.inquiries.get(event.inquiry)
    if inquiry is None:
        raise RefusedError(ErrorCode.UNKNOWN_INQUIRY, f"there is no open inquiry {event.inquiry}")
    if inquiry.channel is Channel.CALL:
        raise RefusedError(ErrorCode.NOT_WITH_A_CALL, "a call is told of by its PBX")
    return inquiry


HANDLERS: dict[type[ChannelRequest], Callable[..., None]] = {
    MessageReceived: _message,
    AbandonRequested: _abandon,
    ChannelCloseRequested: _close,
}
