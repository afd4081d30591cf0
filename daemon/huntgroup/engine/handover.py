"""Callers whom the PBX has: in a mailbox, on their way to a number outside, hearing a reply or a promise.

Such an inquiry waits, but in no line; nobody is offered it and max_waiting does not count it. It ends there, or the
PBX says that it is over, and the inquiry is received back.
"""

from huntgroup.engine.ids import AttemptNo, InquiryId
from huntgroup.engine.policy import OverflowAction
from huntgroup.engine.state import Away, Handover, Inquiry, Stage
from huntgroup.engine.world import World


def hand_over(world: World, inquiry: Inquiry, to: Away, hook: str, then: OverflowAction | None = None) -> AttemptNo:
    """The PBX has the caller of a waiting inquiry from now on; the number of the order that says so to it."""
    world.changed.inquiries[inquiry.id] = None
    world.lines.leave(inquiry)
    world.unrouted.pop(inquiry.id, None)
    world.unanswered[inquiry.group] -= 1
    attempt = next_order(inquiry)
    inquiry.handover = Handover(to, attempt, hook, then, inquiry.opens_at)
    inquiry.customer_holds = False
    inquiry.resting_until = inquiry.opens_at = inquiry.pauses_until = inquiry.max_wait_at = None
    if inquiry.stage in {Stage.RESPONSIBLE, Stage.MOBILE}:
        inquiry.stage = Stage.GROUP
    return attempt


def receive_back(world: World, inquiry: Inquiry) -> None:
    """The inquiry waits again, in no line yet; for its group, if the one operator it was for is gone by now."""
    world.changed.inquiries[inquiry.id] = None
    if inquiry.handover is not None:
        inquiry.opens_at = inquiry.handover.opens_at
    inquiry.handover = None
    if inquiry.target is not None and inquiry.target.operator not in world.policy.operators:
        inquiry.target, inquiry.stage = None, Stage.GROUP
    world.unanswered[inquiry.group] = world.unanswered.get(inquiry.group, 0) + 1


def taken_from_us(world: World, inquiry: Inquiry) -> None:
    """The PBX serves the caller by itself: whatever it was to do with them has not come to pass, nor a promise."""
    if inquiry.handover is None:
        return
    if inquiry.handover.to is Away.PROMISE:
        inquiry.is_callback = False
    receive_back(world, inquiry)
    inquiry.is_at_fallback = True


def next_order(inquiry: Inquiry) -> AttemptNo:
    """A number for an order of which the PBX reports; attempts are counted with these."""
    inquiry.attempts += 1
    return AttemptNo(inquiry.attempts)


def handed_over(world: World, inquiry: InquiryId, attempt: AttemptNo) -> Inquiry | None:
    """The inquiry of which the PBX reports what came of this order, None when it is over or about another one."""
    known = world.inquiries.get(inquiry)
    if known is None or known.handover is None or known.handover.attempt != attempt:
        return None
    return known
