"""Who takes what rings at a colleague: by a code, by command, or by means of the PBX's own."""

from huntgroup.engine.effects import ErrorCode, FactType, Outcome, PickUpCall, Reason
from huntgroup.engine.ids import OperatorId
from huntgroup.engine.lifecycle import InquiryState, OfferState
from huntgroup.engine.offers import accepted, take_back, trim_offers
from huntgroup.engine.policy import Channel, Presence
from huntgroup.engine.refusals import RefusedError, must_be_able_to_ring, open_inquiry, who_asks
from huntgroup.engine.requested import PickupRequested
from huntgroup.engine.routing import ignores_presence, ring_instead
from huntgroup.engine.state import Inquiry, Operator
from huntgroup.engine.world import World


def pick_up(world: World, event: PickupRequested) -> None:
    """A call is ordered, and credited once the PBX says so; anything else is theirs at once. Raises RefusedError."""
    operator = who_asks(world, event)
    if event.inquiry is not None:
        inquiry = open_inquiry(world, event.inquiry)
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
    must_be_able_to_ring(world, inquiry, operator, frozenset(Reason))
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
        raise RefusedError(ErrorCode.NOTHING_TO_PICK_UP, f"nothing is being offered to {name}{_from_here(event)}")
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


def _from_here(event: PickupRequested) -> str:
    return "" if event.pbx is None else f" that can be taken from {event.pbx}"


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
        raise RefusedError(
            ErrorCode.NOTHING_TO_PICK_UP, f"nothing is being offered{_from_here(event)} in a group that allows pickup"
        )
    return found


def _pending_since(inquiry: Inquiry) -> tuple[float, int]:
    return (inquiry.attempt.began_at if inquiry.attempt else 0.0, inquiry.arrival)
