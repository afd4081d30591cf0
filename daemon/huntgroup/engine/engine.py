"""The engine's one door: ``handle(event, now)`` gives the effects, ``next_deadline()`` says when to come back."""

from huntgroup.engine.deadlines import Deadline, DeadlineKind
from huntgroup.engine.effects import Effect, EndInquiry, Fact, FactType, Outcome, Reason, ReleaseLeg
from huntgroup.engine.events import (
    AttemptFailed,
    CustomerLeft,
    Event,
    InquiryReceived,
    PbxFound,
    PbxLost,
    PhoneAnswered,
    PhoneRang,
    PhoneRefused,
    PhoneStateChanged,
    Refusal,
    TimePassed,
)
from huntgroup.engine.lifecycle import InquiryState, OfferState, OfferStep
from huntgroup.engine.policy import KeepWaiting, Policy
from huntgroup.engine.routing import run_unanswered_action, settle
from huntgroup.engine.state import Attempt, Inquiry, Offer
from huntgroup.engine.world import World

UNALLOCATED_NUMBER = 1
"""Q.850 cause: the number called is nobody's."""


class Engine:
    """A pure function of the events so far. Not safe for use from two tasks: one owner calls it."""

    def __init__(self, policy: Policy) -> None:
        self._world = World(policy)

    def handle(self, event: Event, now: float) -> list[Effect]:
        """Take one fact at the instant ``now`` (seconds, never less than before) and say what is to be done.

        Deadlines before ``now`` fire first, those at ``now`` after the event: an answer beats its own timeout.
        """
        world = self._world
        world.now = now
        world.effects = []
        self._fire_deadlines(inclusive=False)
        self._apply(event)
        settle(world)
        self._fire_deadlines(inclusive=True)
        world.tell_operators()
        return world.effects

    def next_deadline(self) -> float | None:
        """The instant, in seconds, at which time alone changes something; None while nothing is pending."""
        return self._world.deadlines.next()

    def start(self, now: float) -> list[Effect]:
        """The state of every operator, told once before the first event."""
        world = self._world
        world.now = now
        world.effects = []
        for operator in world.operators.values():
            world.touch(operator)
        world.tell_operators()
        return world.effects

    def waiting_count(self) -> int:
        """How many inquiries wait in all lines."""
        return sum(len(line) for line in self._world.lines.values())

    # -- facts ----------------------------------------------------------------------------------------------------

    def _apply(self, event: Event) -> None:
        match event:
            case PhoneStateChanged():
                self._phone_state_changed(event)
            case PhoneRang():
                self._phone_rang(event)
            case PhoneRefused():
                self._phone_refused(event)
            case PhoneAnswered():
                self._phone_answered(event)
            case InquiryReceived():
                self._inquiry_received(event)
            case CustomerLeft():
                self._customer_left(event)
            case AttemptFailed():
                self._attempt_failed(event)
            case PbxLost() | PbxFound():
                self._pbx_changed(is_up=isinstance(event, PbxFound))
            case TimePassed():
                pass

    def _inquiry_received(self, event: InquiryReceived) -> None:
        world = self._world
        if event.inquiry in world.inquiries:
            return
        group = world.policy.numbers.get(event.number)
        if group is None:
            world.effects.append(EndInquiry(inquiry=event.inquiry, cause=UNALLOCATED_NUMBER))
            world.effects.append(
                Fact(
                    type=FactType.CLOSED,
                    at=world.now,
                    inquiry=event.inquiry,
                    detail=f"{Outcome.REFUSED}: {event.number!r} is no configured number",
                    customer=event.customer,
                )
            )
            return
        inquiry = world.admit(event, group)
        world.fact(FactType.RECEIVED, inquiry, detail=event.number)

    def _customer_left(self, event: CustomerLeft) -> None:
        world = self._world
        inquiry = world.inquiries.get(event.inquiry)
        if inquiry is None:
            return
        if inquiry.state is InquiryState.ACTIVE:
            world.close(inquiry, Outcome.ANSWERED)
        else:
            world.fact(FactType.ABANDONED, inquiry, detail=event.departure)
            world.close(inquiry, Outcome.ABANDONED)

    def _phone_state_changed(self, event: PhoneStateChanged) -> None:
        world = self._world
        owner = world.phone_owner.get(event.phone)
        if owner is None:
            return
        operator = world.operators[owner]
        if operator.phones[event.phone] is not event.state:
            operator.phones[event.phone] = event.state
            world.touch(operator, is_freed=True)

    def _pbx_changed(self, *, is_up: bool) -> None:
        world = self._world
        world.pbx_is_up = is_up
        for operator in world.operators.values():
            world.touch(operator, is_freed=is_up)

    def _phone_rang(self, event: PhoneRang) -> None:
        world = self._world
        found = world.current_attempt(event.inquiry, event.attempt)
        if found is None:
            return
        inquiry, attempt = found
        offer = world.pending_offer(attempt, event.phone)
        if offer is None:
            return
        if not offer.has_rung:
            offer.has_rung = True
            world.fact(FactType.RINGING, inquiry, offer.operator)
        if not attempt.has_rung:
            attempt.has_rung = True
            rings = world.group_of(inquiry).rings
            world.extend_attempt(inquiry, attempt, world.now + rings * world.policy.ring_seconds)

    def _phone_answered(self, event: PhoneAnswered) -> None:
        world = self._world
        inquiry = world.inquiries.get(event.inquiry)
        if inquiry is None:
            return
        found = world.current_attempt(event.inquiry, event.attempt)
        offer = world.pending_offer(found[1], event.phone) if found else None
        if offer is None:
            owner = world.phone_owner.get(event.phone)
            world.effects.append(ReleaseLeg(inquiry=inquiry.id, attempt=event.attempt, phone=event.phone))
            world.fact(FactType.LATE_ANSWER, inquiry, owner)
            return
        world.accept(inquiry, offer)
        world.fact(FactType.ACCEPTED, inquiry, offer.operator)

    def _phone_refused(self, event: PhoneRefused) -> None:
        world = self._world
        found = world.current_attempt(event.inquiry, event.attempt)
        if found is None:
            return
        inquiry, attempt = found
        offer = world.pending_offer(attempt, event.phone)
        if offer is None or event.phone not in offer.open_phones:
            return
        del offer.open_phones[event.phone]
        offer.has_declined |= event.refusal is Refusal.DECLINED
        offer.was_busy |= event.refusal is Refusal.BUSY
        if not offer.open_phones:
            self._offer_refused(inquiry, offer, event.refusal)
            self._return_when_all_over(inquiry, attempt)

    def _offer_refused(self, inquiry: Inquiry, offer: Offer, last: Refusal) -> None:
        world = self._world
        if offer.has_declined:
            world.fact(FactType.DECLINED, inquiry, offer.operator)
            world.end_offer(inquiry, offer, OfferStep.DECLINE, Reason.DECLINED_THIS_ROUND)
        elif offer.was_busy:
            world.fact(FactType.FAILED, inquiry, offer.operator, "busy")
            world.end_offer(inquiry, offer, OfferStep.FAIL, Reason.BUSY_THIS_ROUND)
        elif last is Refusal.NO_ANSWER and offer.has_rung:
            world.fact(FactType.MISSED, inquiry, offer.operator)
            world.end_offer(inquiry, offer, OfferStep.EXPIRE, Reason.MISSED_THIS_ROUND)
        else:
            world.fact(FactType.FAILED, inquiry, offer.operator, "unreachable")
            world.end_offer(inquiry, offer, OfferStep.FAIL, Reason.UNREACHABLE_THIS_ROUND)

    def _attempt_failed(self, event: AttemptFailed) -> None:
        world = self._world
        found = world.current_attempt(event.inquiry, event.attempt)
        if found is None:
            return
        inquiry, attempt = found
        for offer in attempt.offers.values():
            if offer.state is OfferState.PENDING:
                world.fact(FactType.FAILED, inquiry, offer.operator, event.detail)
                world.end_offer(inquiry, offer, OfferStep.FAIL, Reason.UNREACHABLE_THIS_ROUND)
        world.return_to_line(inquiry)

    def _return_when_all_over(self, inquiry: Inquiry, attempt: Attempt) -> None:
        if all(offer.state is not OfferState.PENDING for offer in attempt.offers.values()):
            self._world.return_to_line(inquiry)

    # -- deadlines ------------------------------------------------------------------------------------------------

    def _fire_deadlines(self, *, inclusive: bool) -> None:
        world = self._world
        while (due := world.deadlines.pop_due(world.now, inclusive=inclusive)) is not None:
            self._fire(due)
            settle(world)

    def _fire(self, due: Deadline) -> None:
        world = self._world
        inquiry = world.inquiries[due.inquiry]
        if due.kind is DeadlineKind.ATTEMPT:
            self._attempt_expired(inquiry)
        elif due.kind is DeadlineKind.MAX_WAIT:
            self._waited_too_long(inquiry)
        else:
            inquiry.resting_until = None
            inquiry.tried.clear()
            world.unrouted[inquiry.id] = None

    def _attempt_expired(self, inquiry: Inquiry) -> None:
        world = self._world
        for offer in list(inquiry.attempt.offers.values()) if inquiry.attempt else []:
            if offer.state is not OfferState.PENDING:
                continue
            if offer.has_rung:
                world.fact(FactType.MISSED, inquiry, offer.operator)
                world.end_offer(inquiry, offer, OfferStep.EXPIRE, Reason.MISSED_THIS_ROUND)
            else:
                world.fact(FactType.FAILED, inquiry, offer.operator, "unreachable")
                world.end_offer(inquiry, offer, OfferStep.FAIL, Reason.UNREACHABLE_THIS_ROUND)
        world.return_to_line(inquiry)

    def _waited_too_long(self, inquiry: Inquiry) -> None:
        world = self._world
        inquiry.max_wait_at = None
        if isinstance(world.group_of(inquiry).on_unanswered, KeepWaiting):
            return
        if inquiry.state is InquiryState.OFFERED:
            world.withdraw_pending(inquiry)
            world.return_to_line(inquiry)
        run_unanswered_action(world, inquiry, "max_wait is over")
