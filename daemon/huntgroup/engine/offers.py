"""What becomes of offers: taken, taken back, or over."""

from huntgroup.engine.effects import FactType, Reason
from huntgroup.engine.eligibility import blocked, is_beyond_source_limit
from huntgroup.engine.lifecycle import OfferState, OfferStep
from huntgroup.engine.policy import Channel
from huntgroup.engine.routing import after_attempt
from huntgroup.engine.state import Inquiry, Offer, Operator
from huntgroup.engine.world import World


def accepted(world: World, inquiry: Inquiry, operator: Operator) -> None:
    """An operator took an inquiry that was offered to them."""
    world.accept(inquiry, operator)
    world.fact(FactType.ACCEPTED, inquiry, operator.policy.id)
    trim_offers(world, operator)


def declined(world: World, inquiry: Inquiry, offer: Offer) -> None:
    """They do not want it, by a word of theirs or on a phone, and took it at no other."""
    world.fact(FactType.DECLINED, inquiry, offer.operator)
    world.end_offer(inquiry, offer, OfferStep.DECLINE, Reason.DECLINED_THIS_ROUND)


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
