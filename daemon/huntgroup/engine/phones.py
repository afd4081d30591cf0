"""What operators' phones say: they ring, answer, refuse, or an attempt at them comes to nothing."""

from collections.abc import Callable

from huntgroup.engine import overflow
from huntgroup.engine.effects import Fact, FactType, Reason, ReleaseLeg
from huntgroup.engine.events import (
    AttemptFailed,
    PhoneAnswered,
    PhoneRang,
    PhoneRefused,
    PhoneStateChanged,
    Refusal,
)
from huntgroup.engine.handover import handed_over
from huntgroup.engine.ids import OperatorId
from huntgroup.engine.lifecycle import OfferState, OfferStep
from huntgroup.engine.offers import accepted, declined, return_when_all_over, trim_offers
from huntgroup.engine.outside import customer_not_reached
from huntgroup.engine.pickups import picked_up, taken_by_a_stranger
from huntgroup.engine.policy import Presence
from huntgroup.engine.recovery import answered_after_all
from huntgroup.engine.requests import is_transfer_to, set_presence, tell_responsible
from huntgroup.engine.routing import ringing_seconds
from huntgroup.engine.state import Attempt, Inquiry, Offer, Operator, Stage, miss
from huntgroup.engine.world import World

NOBODY = OperatorId("")
MISSED_TOO_MANY = "missed_offers"
"""The reason of a pause that miss_limit began."""


def _phone_state_changed(world: World, event: PhoneStateChanged) -> None:
    owner = world.phone_owner.get(event.phone)
    if owner is None:
        return
    operator = world.operators[owner]
    if operator.phones.get(event.phone, event.state) is not event.state:
        operator.phones[event.phone] = event.state
        world.touch(operator, is_freed=True)
        trim_offers(world, operator)


def _phone_rang(world: World, event: PhoneRang) -> None:
    found = world.current_attempt(event.inquiry, event.attempt)
    if found is None:
        return
    inquiry, attempt = found
    offer = world.offer_at(attempt, event.phone)
    if offer is None or offer.state is not OfferState.PENDING:
        return
    if not offer.has_rung:
        offer.has_rung = True
        world.fact(FactType.RINGING, inquiry, offer.operator)
    if not attempt.has_rung or _rings_after_early_media(world, attempt, event):
        attempt.has_rung, attempt.is_early_media = True, event.is_early_media
        world.extend_attempt(inquiry, attempt, world.now + ringing_seconds(world, inquiry))


def _rings_after_early_media(world: World, attempt: Attempt, event: PhoneRang) -> bool:
    """Whether the rings count anew: only while a phone may still begin, which the limit of the order allows for."""
    may_begin_until = attempt.began_at + world.policy.unreachable_after
    return attempt.is_early_media and not event.is_early_media and world.now <= may_begin_until


def _phone_answered(world: World, event: PhoneAnswered) -> None:
    inquiry = world.inquiries.get(event.inquiry)
    if inquiry is None:
        return
    if inquiry.answered == (event.attempt, event.phone):
        return  # Told twice.
    if inquiry.is_at_fallback:
        answered_after_all(world, inquiry, event)
        return
    found = world.current_attempt(event.inquiry, event.attempt)
    if found is None:
        world.effects.append(ReleaseLeg(inquiry=inquiry.id, attempt=event.attempt, phone=event.phone))
        world.fact(FactType.LATE_ANSWER, inquiry, world.phone_owner.get(event.phone))
        return
    # While the attempt lasts its phones ring: who answers has it, also if they declined or paused a moment ago.
    offer = world.offer_at(found[1], event.phone)
    operator = world.operators.get(offer.operator if offer else world.phone_owner.get(event.phone, NOBODY))
    if operator is None:
        taken_by_a_stranger(world, inquiry)
        return
    rings_there = offer is not None and event.phone in offer.open_phones
    was_transfer = rings_there and is_transfer_to(inquiry, operator)
    (accepted if rings_there else picked_up)(world, inquiry, operator)
    inquiry.answered = (event.attempt, event.phone)
    if was_transfer:
        tell_responsible(world, inquiry, operator)


def _phone_refused(world: World, event: PhoneRefused) -> None:
    found = world.current_attempt(event.inquiry, event.attempt)
    if found is None:
        return
    inquiry, attempt = found
    offer = world.offer_at(attempt, event.phone)
    if offer is None or offer.state is not OfferState.PENDING or event.phone not in offer.open_phones:
        return
    del offer.open_phones[event.phone]
    offer.has_declined |= event.refusal is Refusal.DECLINED
    offer.was_busy |= event.refusal is Refusal.BUSY
    if not offer.open_phones:
        _offer_refused(world, inquiry, offer, event.refusal)
        return_when_all_over(world, inquiry)


def _offer_refused(world: World, inquiry: Inquiry, offer: Offer, last: Refusal) -> None:
    if offer.has_declined:
        declined(world, inquiry, offer)
    elif offer.was_busy:
        offer_failed(world, inquiry, offer, "busy", Reason.BUSY_THIS_ROUND)
    elif last is Refusal.NO_ANSWER and offer.has_rung:
        offer_missed(world, inquiry, offer)
    else:
        offer_failed(world, inquiry, offer, "unreachable")


def offer_failed(
    world: World, inquiry: Inquiry, offer: Offer, detail: str, reason: Reason = Reason.UNREACHABLE_THIS_ROUND
) -> None:
    """An offer that came to nothing, through nobody's fault."""
    world.fact(FactType.FAILED, inquiry, offer.operator, detail)
    world.end_offer(inquiry, offer, OfferStep.FAIL, reason)


def offer_missed(world: World, inquiry: Inquiry, offer: Offer) -> None:
    """Their phone rang its time, or the offer lay before them, and they did not take it."""
    world.fact(FactType.MISSED, inquiry, offer.operator)
    world.end_offer(inquiry, offer, OfferStep.EXPIRE, Reason.MISSED_THIS_ROUND)
    if inquiry.stage is Stage.MOBILE:
        return  # One call is missed once.
    operator = world.operators[offer.operator]
    if miss(operator, inquiry.id):
        _pause_when_too_many(world, operator, world.group_of(inquiry).miss_limit)


def _pause_when_too_many(world: World, operator: Operator, limit: int) -> None:
    """Pause who lets calls ring, but never the last one available in any of their groups: it would ring nobody."""
    if not limit or operator.missed_in_row < limit or operator.presence is not Presence.AVAILABLE:
        return
    groups = (group for group in operator.groups if world.policy.groups[group].check_availability)
    last_in = next((group for group in groups if world.present[group] == 1), None)
    if last_in is None:
        set_presence(world, operator, Presence.PAUSED, MISSED_TOO_MANY)
    elif operator.missed_in_row == limit:
        world.effects.append(
            Fact(
                type=FactType.PAUSE_WITHHELD,
                at=world.now,
                group=last_in,
                operator=operator.policy.id,
                detail=MISSED_TOO_MANY,
            )
        )


def _attempt_failed(world: World, event: AttemptFailed) -> None:
    sent_away = handed_over(world, event.inquiry, event.attempt)
    if sent_away is not None:
        overflow.handover_failed(world, sent_away, event)
        return
    found = world.current_attempt(event.inquiry, event.attempt)
    if found is None:
        customer_not_reached(world, event)  # of a callback whose line was sent on
        return
    inquiry, attempt = found
    for offer in list(attempt.offers.values()):
        if offer.state is OfferState.PENDING:
            offer_failed(world, inquiry, offer, event.detail)
    return_when_all_over(world, inquiry)


HANDLERS: dict[type, Callable[..., None]] = {
    PhoneStateChanged: _phone_state_changed,
    PhoneRang: _phone_rang,
    PhoneAnswered: _phone_answered,
    PhoneRefused: _phone_refused,
    AttemptFailed: _attempt_failed,
}
