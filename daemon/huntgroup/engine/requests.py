"""What operators ask for. Each handler either does it whole, or changes nothing and gives the error that says why."""

from collections.abc import Callable, Collection

from huntgroup.engine import overflow
from huntgroup.engine.effects import Answered, ErrorCode, Fact, FactType, Outcome, PickUpCall, Reason, TransferredTo
from huntgroup.engine.eligibility import blocked, is_beyond_source_limit, why_no_call
from huntgroup.engine.ids import InquiryId, OperatorId
from huntgroup.engine.lifecycle import InquiryState, OfferState, OfferStep
from huntgroup.engine.policy import Channel, Presence
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
from huntgroup.engine.routing import after_attempt, ignores_presence, ring_instead, stays_when_away
from huntgroup.engine.state import Inquiry, Offer, Operator, Target
from huntgroup.engine.world import World

NO_PHONE = frozenset({Reason.PHONE_UNREACHABLE, Reason.PBX_UNREACHABLE, Reason.NO_TRUNK})
"""Why a call cannot ring at somebody, nor in a moment: no caller is taken from their operator for it. Whose phones are
busy is waited for."""


class RefusedError(Exception):
    """The request cannot be done; raised before anything has changed."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code


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
    operator, inquiry = _who(world, event), _inquiry(world, event.inquiry)
    if inquiry.channel is Channel.CALL:
        raise RefusedError(ErrorCode.NOT_WITH_A_CALL, "a call is accepted by answering the phone")
    if inquiry.operator == operator.policy.id and inquiry.state is InquiryState.ACTIVE:
        return
    if inquiry.state is InquiryState.ACTIVE:
        raise RefusedError(ErrorCode.TAKEN_BY_ANOTHER, f"{inquiry.operator} has it already")
    _own_offer(inquiry, operator)
    accepted(world, inquiry, operator)


def accepted(world: World, inquiry: Inquiry, operator: Operator) -> None:
    """An operator took an inquiry that was offered to them."""
    world.accept(inquiry, operator)
    world.fact(FactType.ACCEPTED, inquiry, operator.policy.id)
    trim_offers(world, operator)


def _decline(world: World, event: DeclineRequested) -> None:
    operator, inquiry = _who(world, event), _inquiry(world, event.inquiry)
    offer = _own_offer(inquiry, operator)
    attempt = inquiry.attempt
    world.fact(FactType.DECLINED, inquiry, operator.policy.id)
    world.end_offer(inquiry, offer, OfferStep.DECLINE, Reason.DECLINED_THIS_ROUND)
    if attempt is not None:
        return_when_all_over(world, inquiry)


def return_when_all_over(world: World, inquiry: Inquiry) -> None:
    """Once no offer of an attempt is pending any more, the inquiry waits again."""
    attempt = inquiry.attempt
    if attempt is not None and all(offer.state is not OfferState.PENDING for offer in attempt.offers.values()):
        world.return_to_wait(inquiry)
        after_attempt(world, inquiry)


def trim_offers(world: World, operator: Operator) -> None:
    """Take back pending offers that an operator's work leaves no room for any more, the newest first."""
    for inquiry_id, channel in reversed(list(operator.offers.items())):
        if inquiry_id not in operator.offers:
            continue
        inquiry = world.inquiries[inquiry_id]
        capacity = operator.policy.capacity.get(channel, 0)
        is_too_much = operator.load[channel] + operator.pending[channel] > capacity or is_beyond_source_limit(
            operator, inquiry
        )
        if channel is Channel.CALL and not is_too_much:
            continue
        if is_too_much or blocked(operator, channel, world.policy, by_ringing=False) is not None:
            withdraw(world, inquiry, operator, "no room any more")


def take_back(world: World, inquiry: Inquiry, why: str) -> None:
    """Every pending offer of an inquiry is over, and it waits; it stands in no line yet."""
    for offer in inquiry.attempt.offers.values() if inquiry.attempt else ():
        if offer.state is OfferState.PENDING:
            world.fact(FactType.WITHDRAWN, inquiry, offer.operator, why)
    world.withdraw_pending(inquiry)
    world.return_to_wait(inquiry)


def withdraw(world: World, inquiry: Inquiry, operator: Operator, why: str) -> None:
    """Take one operator's pending offer back; it counts as nobody's miss."""
    offer = inquiry.attempt.offers.get(operator.policy.id) if inquiry.attempt else None
    if offer is not None and offer.state is OfferState.PENDING:
        world.fact(FactType.WITHDRAWN, inquiry, operator.policy.id, why)
        world.end_offer(inquiry, offer, OfferStep.WITHDRAW, None)
        return_when_all_over(world, inquiry)


def _pick_up(world: World, event: PickupRequested) -> None:
    operator = _who(world, event)
    if event.inquiry is not None:
        inquiry = _inquiry(world, event.inquiry)
    elif event.colleague is not None:
        inquiry = _longest_at(world, operator, event.colleague, event)
    else:
        inquiry = _longest_pending(world, operator, event)
    if inquiry.state is not InquiryState.OFFERED:
        raise RefusedError(ErrorCode.NOT_PENDING, f"{inquiry.id} is {inquiry.state}, and not being offered")
    group = world.group_of(inquiry)
    if operator.policy.id not in group.operators:
        raise RefusedError(ErrorCode.NOT_IN_GROUP, f"{operator.policy.id} is not in {group.id}")
    if not group.pickup:
        raise RefusedError(ErrorCode.PICKUP_NOT_ALLOWED, f"{group.id} allows no pickup")
    is_away = operator.presence is Presence.LOGGED_OUT and not ignores_presence(world, inquiry)
    if is_away and inquiry.channel is not Channel.CALL:
        raise RefusedError(ErrorCode.NOT_LOGGED_IN, f"{operator.policy.id} is logged out")
    if inquiry.channel is Channel.CALL and event.is_by_command:
        _ring_for_picker(world, inquiry, operator)
    elif inquiry.channel is Channel.CALL:
        world.effects.append(PickUpCall(inquiry=inquiry.id, operator=operator.policy.id, request=event.request))
    else:
        picked_up(world, inquiry, operator)


def _ring_for_picker(world: World, inquiry: Inquiry, operator: Operator) -> None:
    """The call leaves the colleagues at whom it rings, who did not miss it, for the phones of who wants it."""
    offers = inquiry.attempt.offers if inquiry.attempt else {}
    pending = [name for name, offer in offers.items() if offer.state is OfferState.PENDING]
    if operator.policy.id in pending:
        return  # It rings at them as it is.
    if not operator.policy.capacity.get(Channel.CALL, 0):
        raise RefusedError(ErrorCode.PHONE_NOT_FREE, f"{operator.policy.id} takes no calls: their capacity is 0")
    _must_be_able_to_ring(world, inquiry, operator, frozenset(Reason))
    world.fact(FactType.PICKED_UP, inquiry, operator.policy.id, f"from {', '.join(pending)}")
    take_back(world, inquiry, f"picked up by {operator.policy.id}")
    ring_instead(world, inquiry, operator)


def picked_up(world: World, inquiry: Inquiry, operator: Operator) -> None:
    """An operator has an inquiry that was, perhaps, a colleague's offer; the colleague did not miss it."""
    offers = inquiry.attempt.offers if inquiry.attempt else {}
    own = offers.get(operator.policy.id)
    if own is not None and own.state is OfferState.PENDING:
        accepted(world, inquiry, operator)
        return
    from_others = [name for name, offer in offers.items() if offer.state is OfferState.PENDING]
    world.accept(inquiry, operator)
    world.fact(FactType.PICKED_UP, inquiry, operator.policy.id, f"from {', '.join(from_others)}")
    world.fact(FactType.ACCEPTED, inquiry, operator.policy.id)
    trim_offers(world, operator)


def was_picked_up(world: World, inquiry: Inquiry, operator: Operator | None) -> None:
    """This operator, None: somebody who is none, picked up what counts as answered by the colleague at whom it rang."""
    if operator is not None and inquiry.operator == operator.policy.id:
        return
    detail = f"from {inquiry.operator}"
    if operator is None:
        world.fact(FactType.PICKED_UP, inquiry, None, detail)
        world.close(inquiry, Outcome.FORWARDED)
        return
    world.release(inquiry)
    world.take(inquiry, operator)
    world.fact(FactType.PICKED_UP, inquiry, operator.policy.id, detail)
    world.fact(FactType.ACCEPTED, inquiry, operator.policy.id)
    trim_offers(world, operator)


def taken_by_a_stranger(world: World, inquiry: Inquiry) -> None:
    """Somebody who is no operator picked a ringing call up: the customer is served, and nobody missed anything.

    Who is to be called back is called by the line of whoever picked it up.
    """
    offers = inquiry.attempt.offers if inquiry.attempt else {}
    from_whom = [name for name, offer in offers.items() if offer.state is OfferState.PENDING]
    world.fact(FactType.PICKED_UP, inquiry, None, f"from {', '.join(from_whom)}")
    world.close(inquiry, Outcome.FORWARDED)


def _longest_at(world: World, operator: Operator, name: OperatorId, event: PickupRequested) -> Inquiry:
    """What has been pending longest at one colleague; before it what the operator may take."""
    colleague = world.operators.get(name)
    if colleague is None or colleague.is_removed:
        raise RefusedError(ErrorCode.UNKNOWN_OPERATOR, f"there is no operator {name}")
    offers = [each for each in map(world.inquiries.__getitem__, colleague.offers) if _is_meant(world, each, event)]
    if not offers:
        raise RefusedError(ErrorCode.NOTHING_TO_PICK_UP, f"nothing is being offered to {name}")
    return min(offers, key=lambda each: (not _may_pick_up(world, operator, each), _pending_since(each)))


def _may_pick_up(world: World, operator: Operator, inquiry: Inquiry) -> bool:
    group = world.group_of(inquiry)
    return group.pickup and operator.policy.id in group.operators


def _is_meant(world: World, inquiry: Inquiry, event: PickupRequested) -> bool:
    """Whether it is of the channel that they want, and within reach of the phone at which they are."""
    if event.channel not in {None, inquiry.channel}:
        return False
    if event.pbx is None or inquiry.channel is not Channel.CALL or world.pbx_of(inquiry) == event.pbx:
        return True
    offers = inquiry.attempt.offers.values() if inquiry.attempt else ()
    ringing = (world.operators[each.operator].policy for each in offers if each.state is OfferState.PENDING)
    return event.pbx in map(world.policy.home, ringing)


def _longest_pending(world: World, operator: Operator, event: PickupRequested) -> Inquiry:
    found: Inquiry | None = None
    for group_id in operator.groups:
        group = world.policy.groups[group_id]
        if not group.pickup:
            continue
        for colleague in group.operators:
            for inquiry in map(world.inquiries.__getitem__, world.operators[colleague].offers):
                if inquiry.group != group_id or not _is_meant(world, inquiry, event):
                    continue
                if found is None or _pending_since(inquiry) < _pending_since(found):
                    found = inquiry
    if found is None:
        raise RefusedError(ErrorCode.NOTHING_TO_PICK_UP, "nothing is being offered in a group that allows pickup")
    return found


def _pending_since(inquiry: Inquiry) -> tuple[float, int]:
    return (inquiry.attempt.began_at if inquiry.attempt else 0.0, inquiry.arrival)


# -- work in hand ---------------------------------------------------------------------------------------------------


def _transfer(world: World, event: TransferRequested) -> None:
    operator, inquiry = _who(world, event), _inquiry(world, event.inquiry)
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
        _must_be_able_to_ring(world, inquiry, target, NO_PHONE)
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


def _must_be_able_to_ring(world: World, inquiry: Inquiry, operator: Operator, against: Collection[Reason]) -> None:
    """Refuse for one of these reasons; others may be over in a moment, and are waited for."""
    is_up = world.pbxs.is_up(world.policy.home(operator.policy))
    reason = world.no_way(operator, inquiry) or why_no_call(operator, pbx_is_up=is_up)
    if reason in against:
        raise RefusedError(ErrorCode.PHONE_NOT_FREE, f"no call can ring at {operator.policy.id} now: {reason}")


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
    operator, inquiry = _who(world, event), _inquiry(world, event.inquiry)
    _must_be_theirs(inquiry, operator)
    if inquiry.channel is Channel.CALL:
        raise RefusedError(ErrorCode.NOT_WITH_A_CALL, "a call is held at the phone")
    if not inquiry.is_set_aside:
        world.set_aside(inquiry, operator, is_aside=True)
        world.fact(FactType.HELD, inquiry, operator.policy.id)


def _resume(world: World, event: ResumeRequested) -> None:
    operator, inquiry = _who(world, event), _inquiry(world, event.inquiry)
    _must_be_theirs(inquiry, operator)
    if inquiry.channel is Channel.CALL:
        raise RefusedError(ErrorCode.NOT_WITH_A_CALL, "a call is taken up again at the phone")
    if not inquiry.is_set_aside:
        raise RefusedError(ErrorCode.NOT_ON_HOLD, f"{inquiry.id} is not on hold")
    world.set_aside(inquiry, operator, is_aside=False)
    world.fact(FactType.RESUMED, inquiry, operator.policy.id)
    trim_offers(world, operator)


def _close(world: World, event: CloseRequested) -> None:
    operator, inquiry = _who(world, event), _inquiry(world, event.inquiry)
    if inquiry.state is InquiryState.WRAPUP and inquiry.operator == operator.policy.id:
        world.close(inquiry, Outcome.ANSWERED)
        return
    _must_be_theirs(inquiry, operator)
    if inquiry.channel is Channel.CALL:
        raise RefusedError(ErrorCode.NOT_WITH_A_CALL, "a call is ended at the phone")
    world.close(inquiry, Outcome.ANSWERED)


def _wrapup_done(world: World, event: WrapupDoneRequested) -> None:
    operator = _who(world, event)
    if not operator.wrapups:
        raise RefusedError(ErrorCode.NO_WRAPUP, f"{operator.policy.id} is not in wrap-up")
    for inquiry in list(operator.wrapups):
        world.close(world.inquiries[inquiry], Outcome.ANSWERED)


# -- presence -------------------------------------------------------------------------------------------------------


def _presence(world: World, event: PresenceRequested) -> None:
    operator = _who(world, event)
    if event.is_on_duty and operator.presence is Presence.LOGGED_OUT:
        raise RefusedError(ErrorCode.NOT_LOGGED_IN, f"{operator.policy.id} is logged out")
    set_presence(world, operator, event.presence, event.reason)


def _toggle(world: World, event: PresenceToggled) -> None:
    operator = _who(world, event)
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
    operator.missed_in_row = 0
    world.effects.append(
        Fact(
            type=FactType.PRESENCE_CHANGED,
            at=world.now,
            operator=operator.policy.id,
            detail=f"{presence}: {reason}" if reason else presence,
        )
    )
    world.touch(operator, is_freed=True)
    if presence is not Presence.AVAILABLE:
        _step_away(world, operator)


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


def _who(world: World, event: Request) -> Operator:
    operator = world.operators.get(event.operator)
    if operator is None or operator.is_removed:
        raise RefusedError(ErrorCode.UNKNOWN_OPERATOR, f"there is no operator {event.operator}")
    return operator


def _inquiry(world: World, inquiry: InquiryId) -> Inquiry:
    known = world.inquiries.get(inquiry)
    if known is None:
        raise RefusedError(ErrorCode.UNKNOWN_INQUIRY, f"there is no open inquiry {inquiry}")
    return known


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
    PickupRequested: _pick_up,
    TransferRequested: _transfer,
    HoldRequested: _hold,
    ResumeRequested: _resume,
    CloseRequested: _close,
    WrapupDoneRequested: _wrapup_done,
    PresenceRequested: _presence,
    PresenceToggled: _toggle,
}
