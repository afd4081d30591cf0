"""Conversations whose caller is with nobody of ours any more, and callers whom an operator sent to another line.

A caller whom an operator transfers blindly, parks or loses to a conference is, for a while or for good, with nobody of
ours. They are no operator's load then; but until they hang up, or talk to somebody else, the inquiry is on record as of
who had it last, and of whoever of ours gets them next.
"""

from huntgroup.engine import overflow
from huntgroup.engine.again import turn_away
from huntgroup.engine.deadlines import DeadlineKind
from huntgroup.engine.effects import FactType, Outcome, Reason, TransferredTo
from huntgroup.engine.events import CustomerAlone, InquiryReceived
from huntgroup.engine.ids import NO_ATTEMPT
from huntgroup.engine.lifecycle import InquiryState
from huntgroup.engine.policy import Channel
from huntgroup.engine.recovery import call_moved
from huntgroup.engine.state import Inquiry
from huntgroup.engine.world import World

A_MOMENT = 1.0
"""Seconds. When the operator hangs up first the caller's own channel ends within milliseconds of it, and a caller is
between two bridges as long."""
WITH_NOBODY = "their caller is with nobody of ours"
UNALLOCATED_NUMBER = 1
"""Q.850 cause: the number called is nobody's."""


def customer_alone(world: World, event: CustomerAlone) -> None:
    """A moment is theirs in which it may be over, or somebody of ours may be with them."""
    inquiry = world.inquiries.get(event.inquiry)
    if inquiry is None or inquiry.state is not InquiryState.ACTIVE or inquiry.channel is not Channel.CALL:
        return
    inquiry.is_among_strangers = event.is_among_strangers
    inquiry.adrift_at = world.now + A_MOMENT
    world.deadlines.set(inquiry.adrift_at, DeadlineKind.ADRIFT, inquiry, NO_ATTEMPT)


def moment_is_over(world: World, inquiry: Inquiry) -> None:
    """Who talks to a stranger is over for us; who is alone is nobody's load, and still on record."""
    inquiry.adrift_at = None
    if inquiry.is_among_strangers:
        call_moved(world, inquiry, None)
    elif not inquiry.is_set_aside and inquiry.operator is not None:
        world.set_aside(inquiry, world.operators[inquiry.operator], is_aside=True)
        world.fact(FactType.HELD, inquiry, inquiry.operator, WITH_NOBODY)


def sent_to_a_line(world: World, inquiry: Inquiry, event: InquiryReceived) -> None:
    """Their operator transferred a caller to a number of ours: the inquiry goes on, and waits there as of its arrival.

    It is as if it had been handed to that group by command.
    """
    entrance = world.policy.entrance(event.channel, event.source)
    if entrance is None:
        turn_away(world, inquiry, UNALLOCATED_NUMBER, Outcome.ANSWERED)
        return
    operator, is_reaching = inquiry.operator, inquiry.is_reaching
    world.tell_transfer(inquiry, TransferredTo(group=entrance.group))
    world.put_back(inquiry)
    inquiry.is_reaching = inquiry.was_called_back = is_reaching
    inquiry.entrance, inquiry.attempts = entrance, max(inquiry.attempts, event.attempts)
    world.enter(inquiry, entrance.group)
    if not overflow.is_closed(world, inquiry):
        # Who is configured no longer is gone with their last call.
        if operator is not None and operator in world.operators:
            inquiry.tried[operator] = Reason.GAVE_IT_AWAY
        overflow.rest(world, inquiry)
