"""What operators ask for. Each handler either does it whole, or changes nothing and gives the error that says why."""

from collections.abc import Callable, Iterable

from huntgroup.engine import overflow
from huntgroup.engine.effects import Answered, ErrorCode, Fact, FactType, Outcome, Reason, TransferredTo
from huntgroup.engine.ids import GroupId, OperatorId
from huntgroup.engine.lifecycle import InquiryState, OfferState
from huntgroup.engine.offers import accepted, declined, return_when_all_over, trim_offers, withdraw
from huntgroup.engine.pickups import pick_up
from huntgroup.engine.policy import Channel, Presence
from huntgroup.engine.refusals import NO_PHONE, RefusedError, must_be_able_to_ring, open_inquiry, who_asks
from huntgroup.engine.requested import (
    AcceptRequested,
    CloseRequested,
    DeclineRequested,
    HoldRequested,
    OperatorRequest,
    PickupRequested,
    PresenceRequested,
    PresenceToggled,
    Request,
    ResumeRequested,
    TransferRequested,
    WrapupDoneRequested,
)
from huntgroup.engine.routing import ignores_presence, stays_when_away
from huntgroup.engine.state import Inquiry, Offer, Operator, Target, begin_misses_anew
from huntgroup.engine.world import World


def answer(world: World, event: OperatorRequest) -> None:
    """Do what was asked, or say why not."""
    try:
        HANDLERS[type(event)](world, event)
    except RefusedError as refused:
        world.effects.append(Answered(request=event.request, error=refused.code, message=str(refused)))
    else:
        operator = world.operators.get(event.operator)
        world.effects.append(Answered(request=event.request, presence=operator.presence if operator else None))


# -- offers ---------------------------------------------------------------------------------------------------------


def _accept(world: World, event: AcceptRequested) -> None:
    operator, inquiry = who_asks(world, event), open_inquiry(world, event.inquiry)
    if inquiry.channel is Channel.CALL:
        raise RefusedError(ErrorCode.NOT_WITH_A_CALL, "a call is accepted by answering the phone")
    if inquiry.operator == operator.policy.id and inquiry.state is InquiryState.ACTIVE:
        return
    if inquiry.state is InquiryState.ACTIVE:
        raise RefusedError(ErrorCode.TAKEN_BY_ANOTHER, f"{inquiry.operator} has it already")
    _own_offer(inquiry, operator)
    accepted(world, inquiry, operator)


def _decline(world: World, event: DeclineRequested) -> None:
    operator, inquiry = who_asks(world, event), open_inquiry(world, event.inquiry)
    offer = _own_offer(inquiry, operator)
    declined(world, inquiry, offer)
    return_when_all_over(world, inquiry)


# -- work in hand ---------------------------------------------------------------------------------------------------


def _transfer(world: World, event: TransferRequested) -> None:
    operator, inquiry = who_asks(world, event), open_inquiry(world, event.inquiry)
    _must_be_theirs(inquiry, operator)
    if inquiry.is_reaching:
        raise RefusedError(ErrorCode.NOT_WITH_A_CALL, "the customer is still being called back")
    if (event.to_operator is None) == (event.to_group is None):
        raise RefusedError(ErrorCode.BAD_TARGET, "give an operator or a group, and not both")
    if event.to_group is not None:
        if event.to_group not in world.policy.groups:
            raise RefusedError(ErrorCode.UNKNOWN_GROUP, f"there is no group {event.to_group}")
        world.tell_transfer(inquiry, TransferredTo(group=event.to_group))
        world.put_back(inquiry)
        world.enter(inquiry, event.to_group)
        if not overflow.is_closed(world, inquiry):
            inquiry.tried[operator.policy.id] = Reason.GAVE_IT_AWAY
            overflow.rest(world, inquiry)
        return
    target = _colleague(world, event, operator)
    if inquiry.channel is Channel.CALL:
        must_be_able_to_ring(world, inquiry, target, NO_PHONE)
    world.tell_transfer(inquiry, TransferredTo(operator=target.policy.id))
    if inquiry.channel is Channel.CALL:
        world.put_back(inquiry)
        rings = world.group_of(inquiry).rings
        overflow.aim(world, inquiry, Target(target.policy.id, rings, is_transfer=True))
    else:
        moved(world, inquiry, target)


def _colleague(world: World, event: TransferRequested, operator: Operator) -> Operator:
    target = world.operators.get(event.to_operator) if event.to_operator else None
    if target is None or target.is_removed:
        raise RefusedError(ErrorCode.UNKNOWN_OPERATOR, f"there is no operator {event.to_operator}")
    if target is operator:
        raise RefusedError(ErrorCode.BAD_TARGET, "they have it already")
    if target.presence is Presence.LOGGED_OUT:
        raise RefusedError(ErrorCode.NOT_LOGGED_IN, f"{target.policy.id} is logged out")
    return target


def moved(world: World, inquiry: Inquiry, target: Operator) -> None:
    """An active inquiry is another operator's now, and with it, where that is wanted, the customer."""
    world.release(inquiry)
    world.take(inquiry, target)
    tell_responsible(world, inquiry, target)
    trim_offers(world, target)


def is_transfer_to(inquiry: Inquiry, operator: Operator) -> bool:
    """Whether a colleague gave it by hand to just this operator, who has not taken it yet."""
    target = inquiry.target
    return target is not None and target.is_transfer and target.operator == operator.policy.id


def tell_responsible(world: World, inquiry: Inquiry, target: Operator) -> None:
    """A manual transfer moves the responsibility where the entrance says so."""
    if inquiry.entrance.transfer_changes_responsible:
        inquiry.responsible = target.policy.id
        world.fact(FactType.RESPONSIBLE_CHANGED, inquiry, target.policy.id)


def _hold(world: World, event: HoldRequested) -> None:
    operator, inquiry = who_asks(world, event), open_inquiry(world, event.inquiry)
    _must_be_theirs(inquiry, operator)
    if inquiry.channel is Channel.CALL:
        raise RefusedError(ErrorCode.NOT_WITH_A_CALL, "a call is held at the phone")
    if not inquiry.is_set_aside:
        world.set_aside(inquiry, operator, is_aside=True)
        world.fact(FactType.HELD, inquiry, operator.policy.id)


def _resume(world: World, event: ResumeRequested) -> None:
    operator, inquiry = who_asks(world, event), open_inquiry(world, event.inquiry)
    _must_be_theirs(inquiry, operator)
    if inquiry.channel is Channel.CALL:
        raise RefusedError(ErrorCode.NOT_WITH_A_CALL, "a call is taken up again at the phone")
    if not inquiry.is_set_aside:
        raise RefusedError(ErrorCode.NOT_ON_HOLD, f"{inquiry.id} is not on hold")
    world.set_aside(inquiry, operator, is_aside=False)
    world.fact(FactType.RESUMED, inquiry, operator.policy.id)
    trim_offers(world, operator)


def _close(world: World, event: CloseRequested) -> None:
    operator, inquiry = who_asks(world, event), open_inquiry(world, event.inquiry)
    if inquiry.state is InquiryState.WRAPUP and inquiry.operator == operator.policy.id:
        world.close(inquiry, Outcome.ANSWERED)
        return
    _must_be_theirs(inquiry, operator)
    if inquiry.channel is Channel.CALL:
        raise RefusedError(ErrorCode.NOT_WITH_A_CALL, "a call is ended at the phone")
    world.close(inquiry, Outcome.ANSWERED)


def _wrapup_done(world: World, event: WrapupDoneRequested) -> None:
    operator = who_asks(world, event)
    done = [each for each in operator.wrapups if event.inquiry in (None, each)]
    if not done:
        raise RefusedError(ErrorCode.NO_WRAPUP, f"{operator.policy.id} is not in wrap-up")
    for inquiry in done:
        world.close(world.inquiries[inquiry], Outcome.ANSWERED)


# -- presence -------------------------------------------------------------------------------------------------------


def _presence(world: World, event: PresenceRequested) -> None:
    operator = who_asks(world, event)
    if event.is_on_duty and operator.presence is Presence.LOGGED_OUT:
        raise RefusedError(ErrorCode.NOT_LOGGED_IN, f"{operator.policy.id} is logged out")
    set_presence(world, operator, event.presence, event.reason)


def _toggle(world: World, event: PresenceToggled) -> None:
    operator = who_asks(world, event)
    if event.away is Presence.PAUSED and operator.presence is Presence.LOGGED_OUT:
        raise RefusedError(ErrorCode.NOT_LOGGED_IN, f"{operator.policy.id} is logged out")
    is_away = operator.presence is event.away
    set_presence(world, operator, Presence.AVAILABLE if is_away else event.away, "")


def set_presence(world: World, operator: Operator, presence: Presence, reason: str) -> None:
    """What an operator says of themselves, and what follows for what they were offered and have in hand."""
    reason = reason if presence is Presence.PAUSED else ""
    if (operator.presence, operator.pause_reason) == (presence, reason):
        return
    was, operator.presence, operator.pause_reason = operator.presence, presence, reason
    change = (presence is Presence.AVAILABLE) - (was is Presence.AVAILABLE)
    for group in operator.groups:
        world.present[group] += change
    begin_misses_anew(operator)
    world.effects.append(
        Fact(
            type=FactType.PRESENCE_CHANGED,
            at=world.now,
            operator=operator.policy.id,
            detail=f"{presence}: {reason}" if reason else presence,
        )
    )
    if was is Presence.AVAILABLE:
        tell_nobody_left(world, (group for group in operator.groups if world.present[group] == 0), operator.policy.id)
    world.touch(operator, is_freed=True)
    if presence is not Presence.AVAILABLE:
        _step_away(world, operator)


def tell_nobody_left(world: World, groups: Iterable[GroupId], operator: OperatorId | None) -> None:
    """The last available operator of these groups is gone: nobody is offered what arrives there."""
    for group in groups:
        if world.policy.groups[group].check_availability:
            world.effects.append(Fact(type=FactType.NOBODY_LEFT, at=world.now, group=group, operator=operator))


def _step_away(world: World, operator: Operator) -> None:
    for inquiry_id in list(operator.offers):
        inquiry = world.inquiries[inquiry_id]
        if not ignores_presence(world, inquiry):
            withdraw(world, inquiry, operator, operator.presence)
    if operator.presence is Presence.LOGGED_OUT:
        put_back_texts(world, operator, "their operator logged out")
    for group in operator.groups:
        if world.present[group] == 0:
            # What may go to people who are away, once everyone is, may go to each of them now.
            for colleague in world.policy.groups[group].operators:
                world.touch(world.operators[colleague], is_freed=True)


def put_back_texts(world: World, operator: Operator, why: str) -> None:
    """Chats, mails and forms of an operator wait again, each at the place of its arrival; a conversation goes on.

    What is given to people who are away stays theirs, as long as they are there at all.
    """
    for inquiry_id, channel in list(operator.active.items()):
        inquiry = world.inquiries[inquiry_id]
        if channel is not Channel.CALL and (operator.is_removed or not stays_when_away(world, inquiry)):
            world.fact(FactType.PUT_BACK, inquiry, operator.policy.id, why)
            world.put_back(inquiry)
            overflow.rejoin(world, inquiry)


# -- who and what ---------------------------------------------------------------------------------------------------


def _own_offer(inquiry: Inquiry, operator: Operator) -> Offer:
    offer = inquiry.attempt.offers.get(operator.policy.id) if inquiry.attempt else None
    if offer is None or offer.state is not OfferState.PENDING:
        raise RefusedError(ErrorCode.NOT_OFFERED_TO_YOU, f"{inquiry.id} is not being offered to {operator.policy.id}")
    return offer


def _must_be_theirs(inquiry: Inquiry, operator: Operator) -> None:
    if inquiry.state is not InquiryState.ACTIVE or inquiry.operator != operator.policy.id:
        raise RefusedError(ErrorCode.NOT_YOURS, f"{operator.policy.id} does not have {inquiry.id} in hand")


HANDLERS: dict[type[Request], Callable[..., None]] = {
    AcceptRequested: _accept,
    DeclineRequested: _decline,
    PickupRequested: pick_up,
    TransferRequested: _transfer,
    HoldRequested: _hold,
    ResumeRequested: _resume,
    CloseRequested: _close,
    WrapupDoneRequested: _wrapup_done,
    PresenceRequested: _presence,
    PresenceToggled: _toggle,
}
