"""All state in one place, and the few primitive changes to it that every rule is made of.

Each primitive keeps the cross-references whole (offer <-> operator, inquiry <-> line) and notes what it touched, so
that routing afterwards looks only there.
"""

from huntgroup.engine import lifecycle
from huntgroup.engine.comings import Comings
from huntgroup.engine.deadlines import UNANSWERED, Deadline, DeadlineKind, Deadlines, still_holds
from huntgroup.engine.effects import COME_LAST, FactType, Outcome, Reason, StopRinging
from huntgroup.engine.events import InquiryReceived
from huntgroup.engine.hours import next_opening
from huntgroup.engine.house import House
from huntgroup.engine.ids import NO_ATTEMPT, AttemptNo, GroupId, InquiryId, OperatorId, PbxId
from huntgroup.engine.lifecycle import InquiryState, InquiryStep, OfferState, OfferStep
from huntgroup.engine.line import Lines, line_key, place_of
from huntgroup.engine.pace import Paces
from huntgroup.engine.policy import Channel, Entrance, GroupPolicy, Policy
from huntgroup.engine.state import Attempt, Coming, FallbackRead, Inquiry, Offer, Operator, Stage, begin_misses_anew


class World(House):
    """The engine's memory, whole."""

    def __init__(self, policy: Policy) -> None:
        self.lines = Lines()
        self.last_offered: dict[GroupId, OperatorId] = {}
        self.unanswered: dict[GroupId, int] = {}
        """By group, how many wait or are offered: what max_waiting counts."""
        self.deadlines = Deadlines(self.holds)
        self.unrouted: dict[InquiryId, None] = {}
        self.fallback: dict[PbxId, FallbackRead] = {}
        """By PBX, what is known of the calls that it served by itself."""
        self.unconfirmed: dict[InquiryId, None] = {}
        """What was open when the daemon started, until its PBX is found."""
        self.joinable: dict[GroupId, dict[InquiryId, None]] = {}
        """By group, what is offered to everyone eligible, and to whoever becomes it meanwhile."""
        self.received = 0
        self.closed: dict[Outcome, int] = dict.fromkeys(Outcome, 0)
        self.paces = Paces()
        self.offers_made = 0
        """Over all operators: gives each offer its number."""
        super().__init__(policy)
        self.comings = Comings(self.changed.comings)

    # -- an inquiry comes, stands in line, goes -------------------------------------------------------------------

    def admit(self, event: InquiryReceived, entrance: Entrance) -> Inquiry:
        """A new inquiry, waiting and in no line yet."""
        self.received += 1
        inquiry = Inquiry(
            id=event.inquiry,
            channel=event.channel,
            entrance=entrance,
            customer=event.customer,
            content=event.content,
            group=entrance.group,
            priority=event.priority,
            responsible=event.responsible,
            arrived_at=self.now if event.came_at is None else min(event.came_at, self.now),
            arrival=self.received,
            attempts=max(event.attempts, self.comings.begins(event.inquiry)),
            pbx=(event.pbx or self.policy.pbx) if event.channel is Channel.CALL else None,
        )
        self.inquiries[inquiry.id] = inquiry
        self.changed.inquiries[inquiry.id] = None
        self._count_unanswered(inquiry, 1)
        return inquiry

    def outlived(self, name: InquiryId, pbx: PbxId, attempts: int, at: float | None = None) -> None:
        """The inquiry of this name is over, and its caller may be there still. ``at``: when, if it was before."""
        coming = Coming(pbx=pbx, attempts=attempts, ended_at=self.now if at is None else at)
        self.comings.outlives(name, coming, self.inquiries)

    def enter(self, inquiry: Inquiry, group: GroupId) -> None:
        """A waiting inquiry becomes a group's, and a new round begins. It stands in no line yet."""
        self.changed.inquiries[inquiry.id] = None
        self.lines.leave(inquiry)
        self._count_unanswered(inquiry, -1)
        inquiry.group, inquiry.target, inquiry.stage = group, None, Stage.GROUP
        self._count_unanswered(inquiry, 1)
        self.begin_round(inquiry)
        inquiry.replied.clear()
        inquiry.was_let_in = False
        inquiry.max_wait_at = inquiry.opens_at = inquiry.pauses_until = None
        inquiry.queued = inquiry.announced_at = None

    def begin_round(self, inquiry: Inquiry) -> None:
        """Everyone may be offered it again."""
        self.changed.inquiries[inquiry.id] = None
        inquiry.tried.clear()
        inquiry.resting_until = None

    def let_come_last(self, inquiry: Inquiry) -> None:
        """Who is out of this round may be offered it again, once nobody is left who was not yet."""
        self.changed.inquiries[inquiry.id] = None
        inquiry.resting_until = None
        inquiry.tried.update(dict.fromkeys(inquiry.tried, Reason.HAD_THEIR_TURN))

    def let_the_last_have_it(self, inquiry: Inquiry) -> bool:
        """Nobody else is left: now they may. False when there is nobody, or not yet, or nothing can be said of a call
        without its PBX."""
        last = [each for each, reason in inquiry.tried.items() if reason in COME_LAST]
        is_unheard = inquiry.channel is Channel.CALL and not self.can_order(inquiry)
        if not last or inquiry.resting_until is not None or is_unheard:
            return False
        self.changed.inquiries[inquiry.id] = None
        for each in last:
            del inquiry.tried[each]
        return True

    def join_line(self, inquiry: Inquiry) -> None:
        """Stand at the place that priority and arrival give; max_wait counts from the first time in this group.

        Whom the PBX serves by itself stands in no line: they come back when it gives them back.
        """
        self.note(inquiry)
        group = self.group_of(inquiry)
        inquiry.opens_at = inquiry.pauses_until = None
        inquiry.was_let_in = True
        if inquiry.target is None:
            inquiry.stage = Stage.GROUP  # whoever was to have it before the group did, or on a mobile, had their turn
        if inquiry.is_at_fallback:
            return
        self.lines.join(inquiry, line_key(inquiry, self.policy.pbx), place_of(inquiry, group.priority))
        self.unrouted[inquiry.id] = None
        patience = self._patience(inquiry, group)
        if inquiry.max_wait_at is None and patience is not None:
            self.set_max_wait(inquiry, self.now + patience)

    def _patience(self, inquiry: Inquiry, group: GroupPolicy) -> float | None:
        """How many seconds it may stand in this line; a call for one operator no longer than it would ring there."""
        if inquiry.recording is not None or inquiry.is_callback:
            return None  # nobody is on the line who could have enough of it
        if inquiry.target is None:
            return group.max_wait
        rings = inquiry.target.rings if inquiry.channel is Channel.CALL else None
        return None if rings is None else self.policy.unreachable_after + rings * self.policy.ring_seconds

    def set_max_wait(self, inquiry: Inquiry, at: float) -> None:
        """When the inquiry will have waited too long."""
        self.changed.inquiries[inquiry.id] = None
        inquiry.max_wait_at = at
        self.deadlines.set(at, DeadlineKind.MAX_WAIT, inquiry, NO_ATTEMPT)

    def set_rest(self, inquiry: Inquiry, until: float) -> None:
        """Who is out of the round stays out until then."""
        self.changed.inquiries[inquiry.id] = None
        inquiry.resting_until = until
        self.deadlines.set(until, DeadlineKind.REST, inquiry, NO_ATTEMPT)

    def opening_for(self, inquiry: Inquiry) -> float | None:
        """From when on its group serves it: when it is open, and who was called in vain not at once again."""
        return next_opening(self.group_of(inquiry).hours, max(self.now, inquiry.pauses_until or self.now))

    def set_opening(self, inquiry: Inquiry, at: float | None) -> None:
        """Wait outside any line until the group opens, and then be served; None: it never does."""
        self.changed.inquiries[inquiry.id] = None
        inquiry.was_let_in = True
        self.lines.leave(inquiry)
        self.unrouted.pop(inquiry.id, None)
        inquiry.opens_at = at
        if at is not None:
            self.deadlines.set(at, DeadlineKind.OPENING, inquiry, NO_ATTEMPT)

    def rearm(self, inquiry: Inquiry) -> None:
        """Set every deadline that the inquiry still means. One that is set already does no harm: it holds once."""
        set_one, state = self.deadlines.set, inquiry.state
        if inquiry.attempt is not None:
            set_one(inquiry.attempt.deadline, DeadlineKind.ATTEMPT, inquiry, inquiry.attempt.number)
        for at, kind in (
            (inquiry.max_wait_at, DeadlineKind.MAX_WAIT),
            (inquiry.resting_until, DeadlineKind.REST),
            (inquiry.opens_at, DeadlineKind.OPENING),
        ):
            if at is not None and state in UNANSWERED:
                set_one(at, kind, inquiry, NO_ATTEMPT)
        if inquiry.announce_at is not None and state is InquiryState.WAITING and inquiry.customer_holds:
            set_one(inquiry.announce_at, DeadlineKind.ANNOUNCE, inquiry, NO_ATTEMPT)
        if inquiry.adrift_at is not None and state is InquiryState.ACTIVE:
            set_one(inquiry.adrift_at, DeadlineKind.ADRIFT, inquiry, NO_ATTEMPT)
        if inquiry.wrapup_until is not None and state is InquiryState.WRAPUP:
            set_one(inquiry.wrapup_until, DeadlineKind.WRAPUP, inquiry, NO_ATTEMPT)

    def stands_still(self, inquiry: Inquiry) -> bool:
        """Whether time cannot change what an unanswered call does: its PBX is away, or serves it by itself."""
        if inquiry.channel is not Channel.CALL:
            return False
        return inquiry.is_at_fallback or self.pbxs.stands_still(self.pbx_of(inquiry))

    def close(self, inquiry: Inquiry, outcome: Outcome, detail: str = "", at: float | None = None) -> None:
        """The inquiry ends, whatever it was doing; the engine forgets it. ``at``: when, if it was some time ago."""
        self.changed.inquiries[inquiry.id] = None
        was = inquiry.state
        inquiry.state = lifecycle.step(lifecycle.INQUIRY_STEPS, was, InquiryStep.CLOSE)
        if outcome is not Outcome.FORWARDED:  # or who picked it up would be cut off, and with them the customer
            self._stop_ringing(inquiry)
        if was in {InquiryState.WAITING, InquiryState.OFFERED} and inquiry.handover is None:
            self._count_unanswered(inquiry, -1)
        self.withdraw_pending(inquiry)
        self.lines.leave(inquiry)
        if was is InquiryState.ACTIVE:
            self.release(inquiry)
        elif was is InquiryState.WRAPUP and inquiry.operator is not None:
            operator = self.operators[inquiry.operator]
            del operator.wrapups[inquiry.id]
            self.touch(operator, is_freed=True)
            self.forget_if_removed(operator)
        inquiry.outcome = inquiry.outcome or outcome
        self.unrouted.pop(inquiry.id, None)
        del self.inquiries[inquiry.id]
        self.closed[inquiry.outcome] += 1
        self.fact(FactType.CLOSED, inquiry, inquiry.operator, detail or inquiry.outcome, at)
        self._forget_attempt(inquiry)
        is_over_only_for_us = inquiry.outcome is Outcome.FORWARDED and inquiry.channel is Channel.CALL
        if is_over_only_for_us or self.comings.of(self.comings.call_of(inquiry.id)) is not None:
            self.outlived(inquiry.id, self.pbx_of(inquiry), inquiry.attempts)

    # -- offers ---------------------------------------------------------------------------------------------------

    def open_attempt(
        self, inquiry: Inquiry, offers: dict[OperatorId, Offer], deadline: float, *, may_be_joined: bool = False
    ) -> Attempt:
        """The waiting inquiry is offered to these operators together until ``deadline``."""
        self.changed.inquiries[inquiry.id] = None
        inquiry.state = lifecycle.step(lifecycle.INQUIRY_STEPS, inquiry.state, InquiryStep.OFFER)
        self.lines.leave(inquiry)
        self.unrouted.pop(inquiry.id, None)
        inquiry.attempts += 1
        inquiry.customer_holds = False
        number = AttemptNo(inquiry.attempts)
        attempt = Attempt(
            number=number, offers=offers, began_at=self.now, deadline=deadline, may_be_joined=may_be_joined
        )
        inquiry.attempt = attempt
        self.deadlines.set(deadline, DeadlineKind.ATTEMPT, inquiry, number)
        for operator_id in offers:
            self._count_offer(inquiry, self.operators[operator_id])
        self.note_joinable(inquiry)
        return attempt

    def note_joinable(self, inquiry: Inquiry) -> None:
        """Whoever becomes eligible looks there, too."""
        if inquiry.attempt is not None and inquiry.attempt.may_be_joined:
            self.joinable.setdefault(inquiry.group, {})[inquiry.id] = None

    def let_nobody_join(self, inquiry: Inquiry) -> None:
        """Its attempt goes on with those who are offered it."""
        if inquiry.attempt is None or not inquiry.attempt.may_be_joined:
            return
        self.changed.inquiries[inquiry.id] = None
        inquiry.attempt.may_be_joined = False
        joinable = self.joinable[inquiry.group]
        del joinable[inquiry.id]
        if not joinable:
            del self.joinable[inquiry.group]

    def join_attempt(self, inquiry: Inquiry, attempt: Attempt, offer: Offer) -> None:
        """One operator more is offered what is pending already; its deadline stays."""
        self.changed.inquiries[inquiry.id] = None
        attempt.offers[offer.operator] = offer
        self._count_offer(inquiry, self.operators[offer.operator])

    def _count_offer(self, inquiry: Inquiry, operator: Operator) -> None:
        operator.offers[inquiry.id] = inquiry.channel
        operator.pending[inquiry.channel] += 1
        self._count_source(operator, inquiry, 1)
        self.note_offer(operator, inquiry)
        self.touch(operator)

    def _forget_attempt(self, inquiry: Inquiry) -> None:
        self.let_nobody_join(inquiry)
        inquiry.attempt = None

    def note_offer(self, operator: Operator, inquiry: Inquiry) -> None:
        """Remember who was offered last, for the distributions that go by it."""
        self.offers_made += 1
        operator.last_offer = self.offers_made
        if inquiry.stage is Stage.GROUP and (inquiry.attempt is None or len(inquiry.attempt.offers) == 1):
            self.last_offered[inquiry.group] = operator.policy.id
            self.changed.groups[inquiry.group] = None

    def extend_attempt(self, inquiry: Inquiry, attempt: Attempt, deadline: float) -> None:
        """Give the attempt its real deadline, now that it is known."""
        self.changed.inquiries[inquiry.id] = None
        attempt.deadline = deadline
        self.deadlines.set(deadline, DeadlineKind.ATTEMPT, inquiry, attempt.number)

    def end_offer(self, inquiry: Inquiry, offer: Offer, trigger: OfferStep, reason: Reason | None) -> None:
        """A pending offer is over; ``reason`` is what keeps its operator from another one in this round."""
        self.changed.inquiries[inquiry.id] = None
        offer.state = lifecycle.step(lifecycle.OFFER_STEPS, offer.state, trigger)
        operator = self.operators[offer.operator]
        del operator.offers[inquiry.id]
        operator.pending[inquiry.channel] -= 1
        self._count_source(operator, inquiry, -1)
        self.touch(operator, is_freed=trigger is not OfferStep.ACCEPT)
        if reason is not None:
            inquiry.tried[offer.operator] = reason

    def withdraw_pending(self, inquiry: Inquiry) -> None:
        """Whatever is still pending for this inquiry is taken back, and counts as nobody's miss."""
        for offer in list(inquiry.attempt.offers.values()) if inquiry.attempt else []:
            if offer.state is OfferState.PENDING:
                self.end_offer(inquiry, offer, OfferStep.WITHDRAW, None)

    def return_to_wait(self, inquiry: Inquiry) -> None:
        """The attempt is over and nobody took it. It stands in no line yet."""
        self.changed.inquiries[inquiry.id] = None
        inquiry.state = lifecycle.step(lifecycle.INQUIRY_STEPS, inquiry.state, InquiryStep.RETURN)
        self._stop_ringing(inquiry)
        self._forget_attempt(inquiry)

    def _stop_ringing(self, inquiry: Inquiry) -> None:
        """Whom nobody took, and who waits on no line: with a caller, what they are sent to next ends what rings."""
        if inquiry.is_callback and inquiry.attempt is not None and self.can_order(inquiry):
            self.effects.append(StopRinging(inquiry=inquiry.id, attempt=inquiry.attempt.number))

    # -- handling -------------------------------------------------------------------------------------------------

    def accept(self, inquiry: Inquiry, operator: Operator) -> None:
        """The offered inquiry is this operator's now, theirs or picked up; all its other offers are withdrawn."""
        self.changed.inquiries[inquiry.id] = None
        own = inquiry.attempt.offers.get(operator.policy.id) if inquiry.attempt else None
        inquiry.state = lifecycle.step(lifecycle.INQUIRY_STEPS, inquiry.state, InquiryStep.ACCEPT)
        if own is not None and own.state is OfferState.PENDING:
            self.end_offer(inquiry, own, OfferStep.ACCEPT, None)
        self.withdraw_pending(inquiry)
        self._forget_attempt(inquiry)
        self._handle(inquiry, operator)

    def assign(self, inquiry: Inquiry, operator: Operator) -> None:
        """The waiting inquiry is this operator's at once."""
        self.changed.inquiries[inquiry.id] = None
        inquiry.state = lifecycle.step(lifecycle.INQUIRY_STEPS, inquiry.state, InquiryStep.ASSIGN)
        self.lines.leave(inquiry)
        self.unrouted.pop(inquiry.id, None)
        self.note_offer(operator, inquiry)
        self._handle(inquiry, operator)

    def _handle(self, inquiry: Inquiry, operator: Operator) -> None:
        self._count_unanswered(inquiry, -1)
        if inquiry.queued is not None:
            waited = self.now - inquiry.queued.since
            self.paces.note(inquiry.group, self.now, waited, inquiry.queued.position)
            self.changed.paces[inquiry.group] = None
        if inquiry.is_callback:
            inquiry.is_reaching, inquiry.called_back_in = True, AttemptNo(inquiry.attempts)
        inquiry.was_called_back = inquiry.is_reaching
        inquiry.target, inquiry.stage, inquiry.is_callback = None, Stage.GROUP, False
        inquiry.customer_holds = False
        begin_misses_anew(operator)
        self.take(inquiry, operator)

    def take(self, inquiry: Inquiry, operator: Operator) -> None:
        """An active inquiry counts against this operator."""
        self.changed.inquiries[inquiry.id] = None
        inquiry.operator = operator.policy.id
        inquiry.passed_on_by = None
        inquiry.taken_at = self.now
        inquiry.is_set_aside = inquiry.is_among_strangers = False
        inquiry.adrift_at = None
        operator.active[inquiry.id] = inquiry.channel
        operator.load[inquiry.channel] += 1
        self._count_source(operator, inquiry, 1)
        self.touch(operator)

    def release(self, inquiry: Inquiry) -> None:
        """It counts against its operator no longer; who that was stays on record until somebody takes it."""
        self.changed.inquiries[inquiry.id] = None
        if inquiry.operator is None:
            return
        operator = self.operators[inquiry.operator]
        del operator.active[inquiry.id]
        if not inquiry.is_set_aside:
            operator.load[inquiry.channel] -= 1
            self._count_source(operator, inquiry, -1)
        inquiry.is_set_aside = inquiry.is_among_strangers = False
        inquiry.adrift_at = None
        self.touch(operator, is_freed=True)
        self.forget_if_removed(operator)

    def set_aside(self, inquiry: Inquiry, operator: Operator, *, is_aside: bool) -> None:
        """Take an active inquiry out of the load, or back into it."""
        self.changed.inquiries[inquiry.id] = None
        inquiry.is_set_aside = is_aside
        change = -1 if is_aside else 1
        operator.load[inquiry.channel] += change
        self._count_source(operator, inquiry, change)
        self.touch(operator, is_freed=is_aside)

    def put_back(self, inquiry: Inquiry) -> None:
        """An active inquiry waits again, at the place of its arrival. It stands in no line yet."""
        self.changed.inquiries[inquiry.id] = None
        inquiry.state = lifecycle.step(lifecycle.INQUIRY_STEPS, inquiry.state, InquiryStep.PUT_BACK)
        self.release(inquiry)
        inquiry.operator = inquiry.queued = inquiry.announced_at = None
        inquiry.is_reaching = inquiry.was_called_back = False
        self._count_unanswered(inquiry, 1)
        self.begin_round(inquiry)
        inquiry.max_wait_at = None

    def wrap_up(self, inquiry: Inquiry, until: float) -> None:
        """The conversation is over, and its operator has work with it until then."""
        self.changed.inquiries[inquiry.id] = None
        inquiry.state = lifecycle.step(lifecycle.INQUIRY_STEPS, inquiry.state, InquiryStep.FINISH)
        inquiry.outcome = Outcome.ANSWERED
        inquiry.wrapup_until = until
        self.release(inquiry)
        if inquiry.operator is not None:
            operator = self.operators[inquiry.operator]
            operator.wrapups[inquiry.id] = until
            self.touch(operator)
        self.deadlines.set(until, DeadlineKind.WRAPUP, inquiry, NO_ATTEMPT)

    def resume(self, inquiry: Inquiry, operator: Operator) -> None:
        """What was in wrap-up goes on after all."""
        inquiry.state = lifecycle.step(lifecycle.INQUIRY_STEPS, inquiry.state, InquiryStep.RESUME)
        before = self.operators[inquiry.operator] if inquiry.operator else operator
        before.wrapups.pop(inquiry.id, None)
        self.touch(before, is_freed=True)
        inquiry.wrapup_until = inquiry.outcome = None
        self.take(inquiry, operator)
        self.forget_if_removed(before)

    def forget_if_removed(self, operator: Operator) -> None:
        """Somebody who is configured no longer goes once their last conversation is over."""
        if operator.is_removed and not operator.active and not operator.wrapups:
            self.changed.operators[operator.policy.id] = None
            self.operators.pop(operator.policy.id, None)
            self.freed.pop(operator.policy.id, None)

    def _count_source(self, operator: Operator, inquiry: Inquiry, change: int) -> None:
        if inquiry.channel is not Channel.CALL:
            source = inquiry.entrance.source
            operator.by_source[source] = operator.by_source.get(source, 0) + change

    def _count_unanswered(self, inquiry: Inquiry, change: int) -> None:
        self.unanswered[inquiry.group] = self.unanswered.get(inquiry.group, 0) + change

    def holds(self, deadline: Deadline) -> bool:
        """Whether a deadline set earlier is still meant."""
        inquiry = self.inquiries.get(deadline.inquiry)
        if inquiry is None or not still_holds(deadline, inquiry):
            return False
        return deadline.kind is DeadlineKind.WRAPUP or not self.stands_still(inquiry)
