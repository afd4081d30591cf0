"""Of which inquiry the PBX speaks when it names a call, and by which call it knows an inquiry.

The one place where the two part, see `huntgroup.engine.comings`: everything else in the engine speaks of inquiries.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import get_args

from huntgroup.engine.effects import Effect, EndInquiry, Order, Outcome
from huntgroup.engine.events import (
    ConversationFound,
    CustomerLeft,
    Event,
    FallbackServed,
    InquiryReceived,
)
from huntgroup.engine.ids import InquiryId
from huntgroup.engine.policy import Channel
from huntgroup.engine.requested import ChannelRequest, Request
from huntgroup.engine.state import Inquiry
from huntgroup.engine.world import World

A_MOMENT = 1.0
"""Seconds. Whoever came in later than this after their inquiry was over, came in again. When they came is told by the
PBX's clock, of which ours is known to some milliseconds."""
_ORDERS = get_args(Order)
_NAMED_OTHERWISE = (Request, ChannelRequest, FallbackServed)
"""Who asks for something means the inquiry that they name; of what was served there `served_as` says more."""


def meant(world: World, event: Event) -> Event | None:
    """The event, of the inquiry that it is about; None: it is about one that is over, and means nothing any more."""
    call = getattr(event, "inquiry", None)
    if not len(world.comings) or call is None or isinstance(event, _NAMED_OTHERWISE):
        return event
    if world.comings.of(call) is None:
        return event
    name: InquiryId | None = world.comings.latest(call)
    if name not in world.inquiries:
        if isinstance(event, InquiryReceived):
            return replace(event, inquiry=world.comings.another(call), came_at=None)  # that is when they first came
        if isinstance(event, ConversationFound):
            name = None if event.is_told_again else _came_again(world, call, event.came_at)
    if isinstance(event, CustomerLeft):
        world.comings.gone(call)
    return None if name is None else replace(event, inquiry=name)  # type: ignore[arg-type]


def served_as(world: World, event: FallbackServed, *, is_news: bool) -> InquiryId | None:
    """Which inquiry the PBX served by itself; None: one whose end is on record. ``is_news``: nobody told of it yet."""
    call = event.inquiry
    if world.comings.of(call) is None:
        return call if is_news else None
    name = world.comings.latest(call)
    return name if name in world.inquiries else _came_again(world, call, event.came_at)


def _came_again(world: World, call: InquiryId, came_at: float | None) -> InquiryId | None:
    """The inquiry of a caller of whose coming only the PBX knew; None: it is the one that is over."""
    known = world.comings.of(call)
    is_later = known is not None and came_at is not None and came_at > known.ended_at + A_MOMENT
    return world.comings.another(call) if is_later else None


def as_ordered(world: World, effects: Iterable[Effect]) -> list[Effect]:
    """The same effects, the orders among them by the names that the PBX knows."""
    return [
        replace(each, inquiry=world.comings.call_of(each.inquiry)) if isinstance(each, _ORDERS) else each
        for each in effects
    ]


def turn_away(world: World, inquiry: Inquiry, cause: int, outcome: Outcome) -> None:
    """End the customer's side, and the inquiry with it. A caller is there until the PBX says otherwise."""
    world.effects.append(EndInquiry(inquiry=inquiry.id, cause=cause))
    if inquiry.channel is Channel.CALL and not inquiry.is_callback:
        world.outlived(inquiry.id, world.pbx_of(inquiry), inquiry.attempts)
    world.close(inquiry, outcome)
