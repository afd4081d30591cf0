"""All state in one place, and the few primitive changes to it that every rule is made of.

Each primitive keeps the cross-references whole (offer <-> operator, inquiry <-> line) and notes what it touched, so
that routing afterwards looks only there.
"""

from huntgroup.engine import lifecycle
from huntgroup.engine.deadlines import Deadline, DeadlineKind, Deadlines
from huntgroup.engine.effects import (
    Effect,
    Fact,
    FactType,
    OperatorChanged,
    Outcome,
    Reason,
)
from huntgroup.engine.eligibility import why_not_available
from huntgroup.engine.events import InquiryReceived, PhoneState
from huntgroup.engine.ids import NO_ATTEMPT, AttemptNo, GroupId, InquiryId, OperatorId, PhoneId
from huntgroup.engine.lifecycle import InquiryState, InquiryStep, OfferState, OfferStep
from huntgroup.engine.line import WaitingLine
from huntgroup.engine.policy import Channel, GroupPolicy, Policy
from huntgroup.engine.state import Attempt, Inquiry, Offer, Operator

PRESENT = "available"


class World:
    """The engine's memory. ``now`` is the instant of the event in hand, in seconds."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.now = 0.0
        self.pbx_is_up = False
        self.inquiries: dict[InquiryId, Inquiry] = {}
        self.lines = {group: WaitingLine() for group in policy.groups}
        self.operators = {
            operator.id: Operator(
                policy=operator,
                phones=dict.fromkeys(operator.phones, PhoneState.UNKNOWN),
                groups=tuple(g.id for g in policy.groups.values() if operator.id in g.operators),
            )
            for operator in policy.operators.values()
        }
        self.phone_owner = {phone: operator.id for operator in policy.operators.values() for phone in operator.phones}
        self.deadlines = Deadlines(self._holds)
        self.effects: list[Effect] = []
        self.freed: dict[OperatorId, None] = {}
        self.unrouted: dict[InquiryId, None] = {}
        self._touched: dict[OperatorId, None] = {}
        self._last_told: dict[OperatorId, OperatorChanged] = {}
        self._arrivals = 0

    # -- looking --------------------------------------------------------------------------------------------------

    def group_of(self, inquiry: Inquiry) -> GroupPolicy:
        """The policy of the group whose line the inquiry is in."""
        return self.policy.groups[inquiry.group]

    def current_attempt(self, inquiry: InquiryId, attempt: AttemptNo) -> tuple[Inquiry, Attempt] | None:
        """The inquiry and its attempt when that attempt is still the pending one, else None."""
        known = self.inquiries.get(inquiry)
        if known is None or known.attempt is None or known.attempt.number != attempt:
            return None
        return known, known.attempt

    def pending_offer(self, attempt: Attempt, phone: PhoneId) -> Offer | None:
        """The offer of this attempt that rings ``phone``, when it is still pending."""
        owner = self.phone_owner.get(phone)
        offer = attempt.offers.get(owner) if owner is not None else None
        return offer if offer is not None and offer.state is OfferState.PENDING else None

    # -- telling --------------------------------------------------------------------------------------------------

    def fact(self, kind: FactType, inquiry: Inquiry, operator: OperatorId | None = None, detail: str = "") -> None:
        """Tell the world that something happened to an inquiry."""
        attempt = inquiry.attempt.number if inquiry.attempt else None
        self.effects.append(
            Fact(
                type=kind,
                at=self.now,
                inquiry=inquiry.id,
                group=inquiry.group,
                operator=operator,
                attempt=attempt,
                detail=detail,
                customer=inquiry.customer if kind is FactType.RECEIVED else None,
            )
        )

    def touch(self, operator: Operator, *, is_freed: bool = False) -> None:
        """Note that an operator changed; ``is_freed`` when they may now be eligible for something that waits."""
        self._touched[operator.policy.id] = None
        if is_freed:
            self.freed[operator.policy.id] = None

    def tell_operators(self) -> None:
        """One OperatorChanged for every operator whose public state is not what was last told."""
        for operator_id in self._touched:
            state = self._public_state(self.operators[operator_id])
            if self._last_told.get(operator_id) != state:
                self._last_told[operator_id] = state
                self.effects.append(state)
        self._touched.clear()

    def _public_state(self, operator: Operator) -> OperatorChanged:
        reasons = {
            channel: reason
            for channel, most in operator.policy.capacity.items()
            if most and (reason := why_not_available(operator, channel, pbx_is_up=self.pbx_is_up))
        }
        return OperatorChanged(
            operator=operator.policy.id,
            presence=PRESENT,
            reasons=reasons,
            load={channel: operator.load(channel) for channel in Channel},
            capacity=operator.policy.capacity,
            inquiries=(*operator.active, *operator.offers),
        )

    # -- changing -------------------------------------------------------------------------------------------------

    def admit(self, event: InquiryReceived, group: GroupId) -> Inquiry:
        """A new inquiry joins the group's line."""
        self._arrivals += 1
        inquiry = Inquiry(
            id=event.inquiry,
            channel=event.channel,
            customer=event.customer,
            number=event.number,
            group=group,
            arrived_at=self.now,
            arrival=self._arrivals,
            entered_group_at=self.now,
            attempts=event.attempts,
        )
        self.inquiries[inquiry.id] = inquiry
        self._join_line(inquiry, group)
        return inquiry

    def move(self, inquiry: Inquiry, group: GroupId) -> None:
        """A waiting inquiry joins another group's line at the place of its arrival; a new round begins."""
        self.lines[inquiry.group].leave(inquiry)
        inquiry.group = group
        inquiry.entered_group_at = self.now
        inquiry.tried.clear()
        inquiry.resting_until = None
        self._join_line(inquiry, group)

    def open_attempt(self, inquiry: Inquiry, offers: dict[OperatorId, Offer]) -> Attempt:
        """The waiting inquiry is offered to these operators together."""
        inquiry.state = lifecycle.step(lifecycle.INQUIRY_STEPS, inquiry.state, InquiryStep.OFFER)
        self.lines[inquiry.group].leave(inquiry)
        self.unrouted.pop(inquiry.id, None)
        inquiry.attempts += 1
        inquiry.is_held = False
        attempt = Attempt(
            number=AttemptNo(inquiry.attempts),
            offers=offers,
            deadline=self.now + self.policy.unreachable_after,
        )
        inquiry.attempt = attempt
        self.deadlines.set(attempt.deadline, DeadlineKind.ATTEMPT, inquiry.id, attempt.number)
        for operator_id in offers:
            operator = self.operators[operator_id]
            operator.offers[inquiry.id] = inquiry.channel
            self.touch(operator)
        return attempt

    def extend_attempt(self, inquiry: Inquiry, attempt: Attempt, deadline: float) -> None:
        """Give the attempt its real deadline, now that it is known."""
        attempt.deadline = deadline
        self.deadlines.set(deadline, DeadlineKind.ATTEMPT, inquiry.id, attempt.number)

    def end_offer(self, inquiry: Inquiry, offer: Offer, trigger: OfferStep, reason: Reason | None) -> None:
        """A pending offer is over; ``reason`` is what keeps its operator from another one in this round."""
        offer.state = lifecycle.step(lifecycle.OFFER_STEPS, offer.state, trigger)
        operator = self.operators[offer.operator]
        del operator.offers[inquiry.id]
        self.touch(operator, is_freed=True)
        if reason is not None:
            inquiry.tried[offer.operator] = reason

    def withdraw_pending(self, inquiry: Inquiry) -> None:
        """Whatever is still pending for this inquiry is taken back, and counts as nobody's miss."""
        for offer in list(inquiry.attempt.offers.values()) if inquiry.attempt else []:
            if offer.state is OfferState.PENDING:
                self.end_offer(inquiry, offer, OfferStep.WITHDRAW, None)

    def return_to_line(self, inquiry: Inquiry) -> None:
        """The attempt is over and nobody took it: back to its place in the line."""
        inquiry.state = lifecycle.step(lifecycle.INQUIRY_STEPS, inquiry.state, InquiryStep.RETURN)
        inquiry.attempt = None
        self.lines[inquiry.group].join(inquiry)
        self.unrouted[inquiry.id] = None

    def accept(self, inquiry: Inquiry, offer: Offer) -> None:
        """The inquiry is this operator's now; the attempt's other offers are withdrawn."""
        inquiry.state = lifecycle.step(lifecycle.INQUIRY_STEPS, inquiry.state, InquiryStep.ACCEPT)
        self.end_offer(inquiry, offer, OfferStep.ACCEPT, None)
        self.withdraw_pending(inquiry)
        inquiry.operator = offer.operator
        operator = self.operators[offer.operator]
        operator.active[inquiry.id] = inquiry.channel
        self.touch(operator)
        inquiry.attempt = None

    def close(self, inquiry: Inquiry, outcome: Outcome) -> None:
        """The inquiry ends, whatever it was doing; the engine forgets it."""
        was = inquiry.state
        inquiry.state = lifecycle.step(lifecycle.INQUIRY_STEPS, was, InquiryStep.CLOSE)
        inquiry.outcome = outcome
        self.withdraw_pending(inquiry)
        if was is InquiryState.WAITING:
            self.lines[inquiry.group].leave(inquiry)
        if inquiry.operator is not None:
            operator = self.operators[inquiry.operator]
            del operator.active[inquiry.id]
            self.touch(operator, is_freed=True)
        self.unrouted.pop(inquiry.id, None)
        del self.inquiries[inquiry.id]
        self.fact(FactType.CLOSED, inquiry, inquiry.operator, outcome)

    def _join_line(self, inquiry: Inquiry, group: GroupId) -> None:
        self.lines[group].join(inquiry)
        self.unrouted[inquiry.id] = None
        max_wait = self.policy.groups[group].max_wait
        inquiry.max_wait_at = None if max_wait is None else self.now + max_wait
        if inquiry.max_wait_at is not None:
            self.deadlines.set(inquiry.max_wait_at, DeadlineKind.MAX_WAIT, inquiry.id, NO_ATTEMPT)

    def _holds(self, deadline: Deadline) -> bool:
        inquiry = self.inquiries.get(deadline.inquiry)
        if inquiry is None:
            return False
        if deadline.kind is DeadlineKind.ATTEMPT:
            attempt = inquiry.attempt
            return attempt is not None and attempt.number == deadline.attempt and attempt.deadline == deadline.at
        if deadline.kind is DeadlineKind.MAX_WAIT:
            return inquiry.state is not InquiryState.ACTIVE and inquiry.max_wait_at == deadline.at
        return inquiry.resting_until == deadline.at
