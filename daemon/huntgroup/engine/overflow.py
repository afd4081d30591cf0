"""What happens to an inquiry that nobody took, or that came when nobody could: the groups' actions.

Imported by routing, and so must not import it: where an action needs an offer made, it leaves the inquiry in a line,
and routing finds it there.
"""

from collections.abc import Callable
from enum import StrEnum

from huntgroup.engine.again import turn_away
from huntgroup.engine.effects import (
    DialOut,
    FactType,
    HoldCustomer,
    Outcome,
    PromiseCallback,
    ReplyToCustomer,
    SendToVoicemail,
)
from huntgroup.engine.events import AttemptFailed
from huntgroup.engine.handover import hand_over, next_order, receive_back
from huntgroup.engine.hours import is_open
from huntgroup.engine.ids import AttemptNo, GroupId, OperatorId
from huntgroup.engine.policy import (
    CALL_ONLY,
    CALLER_ONLY,
    CallBack,
    Channel,
    End,
    EnterGroup,
    GroupPolicy,
    KeepWaiting,
    OverflowAction,
    Reply,
    ResponsibleMissed,
    ToNumber,
    ToOperator,
    ToVoicemail,
)
from huntgroup.engine.state import Away, Inquiry, Stage, Target
from huntgroup.engine.waiting import begin_to_hold, hears_a_reply
from huntgroup.engine.world import World

GONE = 34
"""Q.850 cause for a call whose group and number are configured no longer: nobody is there to serve it."""
NO_ANSWER = 19
"""Q.850 cause: the operator was alerted and did not answer."""
WAITED_TOO_LONG = "max_wait is over"
OUTSIDE_SECONDS = 60.0
"""So long a number outside may ring: about as long as networks let it."""


class Hook(StrEnum):
    """When an action applies."""

    UNANSWERED = "unanswered"
    CLOSED = "closed"
    FULL = "full"
    LEFT = "left"
    """The caller pressed the key with which they leave the line."""


HOOK_FACTS = {
    Hook.UNANSWERED: FactType.UNANSWERED,
    Hook.CLOSED: FactType.OUT_OF_HOURS,
    Hook.FULL: FactType.LINE_FULL,
    Hook.LEFT: FactType.LEFT_LINE,
}
AT_THE_DOOR: dict[Hook, Callable[[GroupPolicy], OverflowAction]] = {
    Hook.CLOSED: lambda group: group.on_closed,
    Hook.FULL: lambda group: group.on_full,
}
"""What is done with who has not been let in."""


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
        turn_away(world, inquiry, GONE, Outcome.UNANSWERED)


def end_round(world: World, inquiry: Inquiry) -> None:
    """Everyone eligible was offered it and nobody took it."""
    target = inquiry.target
    if target is None:
        action = world.group_of(inquiry).on_unanswered
        run(world, inquiry, action, Hook.UNANSWERED, "everyone eligible was offered it")
    elif target.is_transfer or target.is_pickup:
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
    run(world, inquiry, world.group_of(inquiry).on_unanswered, Hook.UNANSWERED, WAITED_TOO_LONG)


def tell_waited_too_long(world: World, inquiry: Inquiry) -> None:
    """max_wait is over for an inquiry that only goes on as it does; whoever counts on it hears of it all the same."""
    world.fact(HOOK_FACTS[Hook.UNANSWERED], inquiry, detail=WAITED_TOO_LONG)


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
    """Write to the customer, once in this group at this hook."""
    if hook not in inquiry.replied:
        world.note(inquiry)
        inquiry.replied[hook] = None
        if action.text is not None:
            inquiry.replies += (action.text,)
        world.effects.append(ReplyToCustomer(inquiry=inquiry.id, sound=action.sound, text=action.text))


def _play(world: World, inquiry: Inquiry, action: Reply, hook: Hook) -> None:
    """Let a caller hear a sound, once in this group at this hook; nobody who is to be called back.

    Who only waits on afterwards waits in the line meanwhile, where an offer breaks the sound off. What else comes then,
    comes once they have heard the whole of it.
    """
    if action.sound is None or hook in inquiry.replied or inquiry.is_callback:
        _run(world, inquiry, action.then, hook)
        return
    world.note(inquiry)
    inquiry.replied[hook] = None
    if lets_wait(inquiry, action.then):
        attempt = next_order(inquiry)
        inquiry.customer_holds = True
        hears_a_reply(world, inquiry)
    else:
        attempt = hand_over(world, inquiry, Away.REPLY, hook, action.then)
    group, waits_on = world.group_of(inquiry), inquiry.handover is None
    world.effects.append(
        ReplyToCustomer(
            inquiry=inquiry.id,
            sound=action.sound,
            text=action.text,
            attempt=attempt,
            hold=group.hold,
            leave_key=group.announce.leave_key if waits_on else "",
        )
    )
    if waits_on:
        _run(world, inquiry, action.then, hook)


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
        case Reply() if inquiry.channel is Channel.CALL:
            _play(world, inquiry, action, hook)
        case Reply(then=then):
            reply(world, inquiry, action, hook)
            _run(world, inquiry, then, hook)
        case CallBack(sound=sound):
            _promise_callback(world, inquiry, sound, hook)
        case ToVoicemail() | ToNumber():
            _send_away(world, inquiry, action, hook)
        case End(cause=cause):
            _end(world, inquiry, cause)


def _send_away(world: World, inquiry: Inquiry, action: ToVoicemail | ToNumber, hook: Hook) -> None:
    """The PBX has the caller now, until it says what came of it."""
    if isinstance(action, ToVoicemail):
        world.fact(FactType.OVERFLOWED, inquiry, detail=f"to mailbox {action.mailbox}")
        attempt = hand_over(world, inquiry, Away.VOICEMAIL, hook)
        world.effects.append(SendToVoicemail(inquiry=inquiry.id, attempt=attempt, mailbox=action.mailbox))
    else:
        world.fact(FactType.OVERFLOWED, inquiry, detail=f"to number {action.number}")
        attempt = hand_over(world, inquiry, Away.NUMBER, hook)
        order = DialOut(inquiry=inquiry.id, attempt=attempt, number=action.number, limit=OUTSIDE_SECONDS)
        world.effects.append(order)


def _promise_callback(world: World, inquiry: Inquiry, sound: str | None, hook: Hook) -> None:
    """They hear that they will be called back, and hang up: until then nobody is called. It is promised once."""
    if inquiry.is_callback:
        KEEPERS[hook](world, inquiry)
    elif not inquiry.customer.can_be_called_back:
        go_on_without(world, inquiry, hook, "their number cannot be called back", GONE)
    else:
        note_promise(world, inquiry)
        attempt = hand_over(world, inquiry, Away.PROMISE, hook)
        world.effects.append(PromiseCallback(inquiry=inquiry.id, attempt=attempt, sound=sound))


def note_promise(world: World, inquiry: Inquiry) -> None:
    """From now on no caller is on the line, or only to hear just that. Whoever of the group can calls them back: the
    one operator whom they were for may be busy for ever."""
    world.note(inquiry)
    inquiry.is_callback = inquiry.was_let_in = True
    inquiry.max_wait_at = None  # nobody is on the line who could have enough of it
    world.fact(FactType.CALLBACK_PROMISED, inquiry)
    if inquiry.target is not None:
        world.enter(inquiry, inquiry.group)


def back_to_its_group(world: World, inquiry: Inquiry) -> None:
    """A promise that is kept waits in no line of its group, having been for one operator: there it waits on."""
    target = inquiry.target
    if target is not None and target.operator in inquiry.tried:
        world.fact(FactType.UNANSWERED, inquiry, target.operator, "back to the group")
        _back_to_group(world, inquiry, target.operator)
        return
    if target is not None:
        world.enter(inquiry, inquiry.group)
    if is_at_rest(world, inquiry):
        wait_for_opening(world, inquiry)
    elif inquiry.line is None:
        rejoin(world, inquiry)


def is_at_rest(world: World, inquiry: Inquiry) -> bool:
    """Whether its group is closed now: who is on the line is served all the same, nobody is called back."""
    return inquiry.group in world.policy.groups and not is_open(world.group_of(inquiry).hours, world.now)


def wait_on(world: World, inquiry: Inquiry) -> None:
    """An inquiry that the PBX had waits again, as it did before or as its group says of who comes now."""
    hook = inquiry.handover.hook if inquiry.handover else Hook.UNANSWERED
    receive_back(world, inquiry)
    if inquiry.group not in world.policy.groups:
        rejoin(world, inquiry)
    elif inquiry.is_callback and is_at_rest(world, inquiry):
        wait_for_opening(world, inquiry)
    else:
        KEEPERS[Hook(hook)](world, inquiry)


def handover_failed(world: World, inquiry: Inquiry, event: AttemptFailed) -> None:
    """What the PBX was to do with a caller cannot be done, or came to nothing. After a reply comes what comes then.

    Nobody is turned away for an order that the PBX, perhaps, never heard of: they are given it again.
    """
    handover = inquiry.handover
    if handover is None:
        return
    receive_back(world, inquiry)
    hook = Hook(handover.hook)
    if handover.then is not None:
        _run_what_follows(world, inquiry, handover.then, hook)
        return
    if handover.to is Away.PROMISE:
        inquiry.is_callback = False
    at_the_door = AT_THE_DOOR.get(hook)
    if event.is_unheard and at_the_door is not None and inquiry.group in world.policy.groups:
        _run(world, inquiry, at_the_door(world.group_of(inquiry)), hook)
    else:
        go_on_without(world, inquiry, hook, event.detail, event.cause or GONE)


def go_on_without(world: World, inquiry: Inquiry, hook: Hook, detail: str, cause: int) -> None:
    """An action came to nothing: who was in the line waits on, who was not let in is told by the cause."""
    world.fact(FactType.ACTION_FAILED, inquiry, detail=detail)
    if inquiry.group not in world.policy.groups:
        rejoin(world, inquiry)
    elif hook in {Hook.UNANSWERED, Hook.LEFT}:
        KEEPERS[hook](world, inquiry)
    else:
        _end(world, inquiry, cause)


def reply_played(world: World, inquiry: Inquiry) -> None:
    """The caller has heard a reply: what comes then."""
    handover = inquiry.handover
    if handover is not None and handover.then is not None:
        receive_back(world, inquiry)
        _run_what_follows(world, inquiry, handover.then, Hook(handover.hook))


def _run_what_follows(world: World, inquiry: Inquiry, action: OverflowAction, hook: Hook) -> None:
    """The configuration may have changed since the action was read from it."""
    if inquiry.group in world.policy.groups and _exists(world, action):
        _run(world, inquiry, action, hook)
    else:
        go_on_without(world, inquiry, hook, "what was to follow is configured no longer", GONE)


def _exists(world: World, action: OverflowAction) -> bool:
    """Whether the group or operator that an action names is there."""
    match action:
        case EnterGroup(group=group):
            return group in world.policy.groups
        case ToOperator(operator=operator):
            return operator in world.policy.operators
        case Reply(then=then):
            return _exists(world, then)
        case _:
            return True


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
    if inquiry.channel is not Channel.CALL or not world.can_order(inquiry):
        return
    if not inquiry.customer_holds and not inquiry.is_callback:
        inquiry.customer_holds = True
        world.changed.inquiries[inquiry.id] = None
        group = world.group_of(inquiry)
        world.effects.append(
            HoldCustomer(
                inquiry=inquiry.id,
                attempt=AttemptNo(inquiry.attempts),
                hold=group.hold,
                leave_key=group.announce.leave_key,
            )
        )
        begin_to_hold(world, inquiry)


def wait_for_opening(world: World, inquiry: Inquiry) -> None:
    """Wait until the group opens."""
    world.set_opening(inquiry, world.opening_for(inquiry))
    let_wait(world, inquiry)


def _wait_as_before(world: World, inquiry: Inquiry) -> None:
    """Who wanted to leave, and could not, waits for what they waited for."""
    if inquiry.opens_at is None:
        rest(world, inquiry)
    else:
        wait_for_opening(world, inquiry)


def _join(world: World, inquiry: Inquiry) -> None:
    if inquiry.line is None:
        world.join_line(inquiry)


KEEPERS: dict[Hook, Callable[[World, Inquiry], None]] = {
    Hook.UNANSWERED: rest,
    Hook.CLOSED: wait_for_opening,
    Hook.FULL: _join,
    Hook.LEFT: _wait_as_before,
}
"""What it means to keep waiting, by when it is said."""


def _come_to(world: World, inquiry: Inquiry, group: GroupId) -> None:
    world.enter(inquiry, group)
    inquiry.customer_holds = False  # this group may have them hear something else
    if inquiry.is_callback:  # promised by the one before: no line is too full for them, and in a closed one they rest
        world.join_line(inquiry)
    elif not is_closed(world, inquiry):
        queue(world, inquiry)


def _end(world: World, inquiry: Inquiry, cause: int) -> None:
    turn_away(world, inquiry, cause, Outcome.UNANSWERED)


def _cannot(inquiry: Inquiry, action: OverflowAction) -> bool:
    if inquiry.channel is not Channel.CALL:
        return isinstance(action, CALL_ONLY)
    return inquiry.is_callback and isinstance(action, CALLER_ONLY | ToOperator)
