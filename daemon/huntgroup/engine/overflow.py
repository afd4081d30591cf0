"""What happens to an inquiry that nobody took, or that came when nobody could: the groups' actions.

Imported by routing, and so must not import it: where an action needs an offer made, it leaves the inquiry in a line,
and routing finds it there.
"""

from collections.abc import Callable
from enum import StrEnum

from huntgroup.engine.effects import (
    DialOut,
    EndInquiry,
    FactType,
    HoldCustomer,
    Outcome,
    PromiseCallback,
    ReplyToCustomer,
    SendToVoicemail,
)
from huntgroup.engine.hours import is_open, next_opening
from huntgroup.engine.ids import AttemptNo, GroupId, OperatorId
from huntgroup.engine.policy import (
    CALL_ONLY,
    CALLER_ONLY,
    CallBack,
    Channel,
    End,
    EnterGroup,
    KeepWaiting,
    OverflowAction,
    Reply,
    ResponsibleMissed,
    ToNumber,
    ToOperator,
    ToVoicemail,
)
from huntgroup.engine.state import Inquiry, Stage, Target
from huntgroup.engine.world import World

GONE = 34
"""Q.850 cause for a call whose group and number are configured no longer: nobody is there to serve it."""
NO_ANSWER = 19
"""Q.850 cause: the operator was alerted and did not answer."""


class Hook(StrEnum):
    """When an action applies."""

    UNANSWERED = "unanswered"
    CLOSED = "closed"
    FULL = "full"


HOOK_FACTS = {
    Hook.UNANSWERED: FactType.UNANSWERED,
    Hook.CLOSED: FactType.OUT_OF_HOURS,
    Hook.FULL: FactType.LINE_FULL,
}


def queue(world: World, inquiry: Inquiry) -> None:
    """A waiting inquiry in no line comes to its group: when there is room it joins the line."""
    group = world.group_of(inquiry)
    others = world.unanswered[inquiry.group] - 1
    if group.max_waiting is not None and others >= group.max_waiting:
        run(world, inquiry, group.on_full, Hook.FULL, f"{others} wait already")
    else:
        world.join_line(inquiry)


def is_closed(world: World, inquiry: Inquiry) -> bool:
    """Whether the group is closed to an inquiry that comes now; if so, its action has been run."""
    group = world.group_of(inquiry)
    if is_open(group.hours, world.now):
        return False
    run(world, inquiry, group.on_closed, Hook.CLOSED, "outside opening hours")
    return True


def rejoin(world: World, inquiry: Inquiry) -> None:
    """A waiting inquiry in no line goes back to its group's line.

    When that group is configured no longer: to the one that its number or source leads to now, else to its end.
    """
    if inquiry.group in world.policy.groups:
        world.join_line(inquiry)
    elif inquiry.entrance.group in world.policy.groups:
        group = inquiry.entrance.group
        world.fact(FactType.OVERFLOWED, inquiry, detail=f"its group was removed: to group {group}")
        world.enter(inquiry, group)
        world.join_line(inquiry)
    else:
        world.effects.append(EndInquiry(inquiry=inquiry.id, cause=GONE))
        world.close(inquiry, Outcome.UNANSWERED)


def end_round(world: World, inquiry: Inquiry) -> None:
    """Everyone eligible was offered it and nobody took it."""
    target = inquiry.target
    if target is None:
        action = world.group_of(inquiry).on_unanswered
        run(world, inquiry, action, Hook.UNANSWERED, "everyone eligible was offered it")
    elif target.is_transfer:
        world.fact(FactType.UNANSWERED, inquiry, target.operator, "back to the group")
        _back_to_group(world, inquiry, target.operator)
    elif target.rings is None or inquiry.channel is not Channel.CALL:
        rest(world, inquiry)
    else:
        world.fact(FactType.UNANSWERED, inquiry, target.operator, "the rings ran out")
        _end(world, inquiry, NO_ANSWER)


def _back_to_group(world: World, inquiry: Inquiry, missed_by: OperatorId) -> None:
    """A transfer that failed. Somebody has talked to this customer: they are neither turned away nor hung up on.

    So neither opening hours nor max_waiting matter; who gave it away may get it back, and who missed it comes last.
    """
    reason = inquiry.tried.get(missed_by)
    world.enter(inquiry, inquiry.group)
    rejoin(world, inquiry)
    if reason is not None and inquiry.line is not None:
        inquiry.tried[missed_by] = reason
        rest(world, inquiry)


def waited_too_long(world: World, inquiry: Inquiry) -> None:
    """max_wait is over for an inquiry that waits."""
    run(world, inquiry, world.group_of(inquiry).on_unanswered, Hook.UNANSWERED, "max_wait is over")


def responsible_missed(world: World, inquiry: Inquiry) -> bool:
    """A responsible operator did not take a call; True when what follows is neither their mobile nor the group."""
    if inquiry.channel is not Channel.CALL or inquiry.responsible is None:
        return False
    if inquiry.entrance.on_responsible_missed is not ResponsibleMissed.VOICEMAIL:
        return False
    operator = world.operators.get(inquiry.responsible)
    if operator is None or operator.policy.mailbox is None:
        return False
    run(world, inquiry, ToVoicemail(mailbox=operator.policy.mailbox), Hook.UNANSWERED, "their responsible missed it")
    return True


def run(world: World, inquiry: Inquiry, action: OverflowAction, hook: Hook, why: str) -> None:
    """Do what the group says. The inquiry is waiting; it may stand in a line or in none."""
    world.fact(HOOK_FACTS[hook], inquiry, detail=why)
    _run(world, inquiry, action, hook)


def lets_wait(inquiry: Inquiry, action: OverflowAction) -> bool:
    """Whether an inquiry that waits in its group's line only goes on waiting by this action."""
    while isinstance(action, Reply):
        action = action.then
    return isinstance(action, KeepWaiting) or _cannot(inquiry, action)


def reply(world: World, inquiry: Inquiry, action: Reply, hook: str) -> None:
    """Tell the customer, once in this group at this hook; and not who was promised to be called back."""
    if hook in inquiry.replied or inquiry.is_callback:
        return
    world.note(inquiry)
    inquiry.replied[hook] = None
    inquiry.customer_holds = False
    if inquiry.channel is not Channel.CALL and action.text is not None:
        inquiry.replies += (action.text,)
    world.effects.append(ReplyToCustomer(inquiry=inquiry.id, sound=action.sound, text=action.text))


def _run(world: World, inquiry: Inquiry, action: OverflowAction, hook: Hook) -> None:
    if _cannot(inquiry, action):
        action = KeepWaiting()
    match action:
        case KeepWaiting():
            KEEPERS[hook](world, inquiry)
        case EnterGroup(group=group):
            world.fact(FactType.OVERFLOWED, inquiry, detail=f"to group {group}")
            _come_to(world, inquiry, group)
        case ToOperator(operator=operator, rings=rings):
            world.fact(FactType.OVERFLOWED, inquiry, operator)
            aim(world, inquiry, Target(operator, rings, is_transfer=False))
        case Reply(then=then):
            reply(world, inquiry, action, hook)
            _run(world, inquiry, then, hook)
        case CallBack():
            promise_callback(world, inquiry)
            KEEPERS[hook](world, inquiry)
        case ToVoicemail(mailbox=mailbox):
            world.effects.append(SendToVoicemail(inquiry=inquiry.id, mailbox=mailbox))
            world.close(inquiry, Outcome.VOICEMAIL)
        case ToNumber(number=number):
            world.effects.append(DialOut(inquiry=inquiry.id, number=number))
            world.close(inquiry, Outcome.FORWARDED)
        case End(cause=cause):
            _end(world, inquiry, cause)


def promise_callback(world: World, inquiry: Inquiry) -> None:
    """From now on the caller is not on the line; said once."""
    if not inquiry.is_callback:
        inquiry.is_callback = True
        world.effects.append(PromiseCallback(inquiry=inquiry.id))


def aim(world: World, inquiry: Inquiry, target: Target) -> None:
    """From now on a waiting inquiry is for one operator alone."""
    world.lines.leave(inquiry)
    world.begin_round(inquiry)
    inquiry.target, inquiry.stage, inquiry.max_wait_at = target, Stage.OPERATOR, None
    world.join_line(inquiry)


def rest(world: World, inquiry: Inquiry) -> None:
    """Who has not been tried gets it at once when they become eligible; the others again after a while.

    Without the pause a phone that refuses at once would be rung in a tight loop.
    """
    is_call = inquiry.channel is Channel.CALL
    pause = world.policy.ring_seconds if is_call else world.group_of(inquiry).offer_timeout
    world.set_rest(inquiry, world.now + pause)
    if inquiry.line is None:
        world.join_line(inquiry)
    else:
        let_wait(world, inquiry)


def let_wait(world: World, inquiry: Inquiry) -> None:
    """Let a caller wait, unless they do so already. While their PBX is away, nobody can; it is said when it is back."""
    if inquiry.channel is Channel.CALL and world.pbx_is_up and not inquiry.customer_holds and not inquiry.is_callback:
        inquiry.customer_holds = True
        world.changed.inquiries[inquiry.id] = None
        hold = world.group_of(inquiry).hold
        world.effects.append(HoldCustomer(inquiry=inquiry.id, attempt=AttemptNo(inquiry.attempts), hold=hold))


def _wait_for_opening(world: World, inquiry: Inquiry) -> None:
    world.set_opening(inquiry, next_opening(world.group_of(inquiry).hours, world.now))
    let_wait(world, inquiry)


def _join(world: World, inquiry: Inquiry) -> None:
    if inquiry.line is None:
        world.join_line(inquiry)


KEEPERS: dict[Hook, Callable[[World, Inquiry], None]] = {
    Hook.UNANSWERED: rest,
    Hook.CLOSED: _wait_for_opening,
    Hook.FULL: _join,
}
"""What it means to keep waiting, by when it is said."""


def _come_to(world: World, inquiry: Inquiry, group: GroupId) -> None:
    world.enter(inquiry, group)
    if not is_closed(world, inquiry):
        queue(world, inquiry)


def _end(world: World, inquiry: Inquiry, cause: int) -> None:
    world.effects.append(EndInquiry(inquiry=inquiry.id, cause=cause))
    world.close(inquiry, Outcome.UNANSWERED)


def _cannot(inquiry: Inquiry, action: OverflowAction) -> bool:
    if inquiry.channel is not Channel.CALL:
        return isinstance(action, CALL_ONLY)
    return inquiry.is_callback and isinstance(action, CALLER_ONLY)
