"""The engine's one door: ``handle(event, now)`` gives the effects, ``next_deadline()`` says when to come back."""

from collections.abc import Callable

from huntgroup.engine import outside, overflow, phones, waiting
from huntgroup.engine.adrift import customer_alone, moment_is_over, sent_to_a_line
from huntgroup.engine.again import as_ordered, meant
from huntgroup.engine.changes import change_policy
from huntgroup.engine.channels import HANDLERS as CHANNEL_HANDLERS
from huntgroup.engine.channels import answer_channel
from huntgroup.engine.deadlines import Deadline, DeadlineKind
from huntgroup.engine.effects import Effect, EndInquiry, Fact, FactType, Outcome, PbxChanged, Reason
from huntgroup.engine.events import (
    CallMoved,
    ClockStepped,
    ConversationFound,
    CustomerAlone,
    CustomerLeft,
    DaemonStarted,
    Departure,
    Event,
    FallbackRings,
    FallbackServed,
    InquiryReceived,
    PbxFound,
    PbxHeard,
    PbxLate,
    PbxLost,
    PolicyChanged,
    TimePassed,
)
from huntgroup.engine.ids import NO_ATTEMPT, PbxId
from huntgroup.engine.lifecycle import InquiryState, OfferState, OfferStep
from huntgroup.engine.memory import Memory
from huntgroup.engine.offers import declined, return_when_all_over, take_back
from huntgroup.engine.pickups import was_picked_up
from huntgroup.engine.policy import CallBack, Channel, KeepWaiting, Policy, Reply
from huntgroup.engine.recovery import (
    BY_ITSELF,
    call_moved,
    conversation_ended,
    conversation_found,
    daemon_started,
    fallback_rings,
    fallback_served,
    given_back,
    is_away,
    take_back_across,
    tell_recovered,
)
from huntgroup.engine.requested import AbandonRequested, ChannelsRequest
from huntgroup.engine.requests import HANDLERS, answer
from huntgroup.engine.restoring import restored
from huntgroup.engine.routing import after_attempt, offer_to_responsible, settle
from huntgroup.engine.state import Away, Inquiry, Stage
from huntgroup.engine.stepping import step_clock
from huntgroup.engine.world import World

UNALLOCATED_NUMBER = 1
"""Q.850 cause: the number called is nobody's."""


class Engine:
    """A pure function of the events so far. Not safe for use from two tasks: one owner calls it."""

    def __init__(self, policy: Policy, memory: Memory | None = None) -> None:
        """With a memory it goes on from there, under the policy that holds there."""
        self.world = World(policy) if memory is None else restored(memory)
        """For looking at, by invariants and figures; only ``handle`` changes it."""

    def handle(self, event: Event, now: float) -> list[Effect]:
        """Take one fact at the instant ``now`` (seconds, never less than before) and say what is to be done.

        Deadlines before ``now`` fire first, those at ``now`` after the event: an answer beats its own timeout.
        """
        world = self.world
        world.now = now
        world.effects = []
        world.changed.clear()
        if isinstance(event, ClockStepped):
            step_clock(world, event.by)
        if not isinstance(event, DaemonStarted):  # whose word it is that the PBX is away, and calls wait for it
            self._fire_deadlines(inclusive=False)
        fact = meant(world, event)
        about = getattr(fact, "inquiry", None)
        if about is not None:
            world.changed.inquiries[about] = None
        if fact is not None:
            APPLY[type(fact)](world, fact)
        settle(world)
        self._fire_deadlines(inclusive=True)
        world.tell_changes()
        return as_ordered(world, world.effects) if len(world.comings) else world.effects

    def next_deadline(self) -> float | None:
        """The instant, in seconds, at which time alone changes something; None while nothing is pending."""
        return self.world.deadlines.next()

    def next_pbx(self) -> PbxId | None:
        """The PBX whose word the next deadline waits for; None when it is no call's, or there is none."""
        due = self.world.deadlines.first()
        inquiry = self.world.inquiries[due.inquiry] if due is not None else None
        return self.world.pbx_of(inquiry) if inquiry is not None and inquiry.channel is Channel.CALL else None

    def start(self, now: float) -> list[Effect]:
        """The state of every operator and open inquiry, told once before the first event."""
        world = self.world
        world.now = now
        world.effects = []
        world.note_everything()
        world.tell_changes()
        return world.effects

    def _fire_deadlines(self, *, inclusive: bool) -> None:
        world = self.world
        while (due := world.deadlines.pop_due(world.now, inclusive=inclusive)) is not None:
            _fire(world, due)
            # All of one instant before anybody is rung: those whom one opening lets in stand in the line's order.
            while (same := world.deadlines.pop_due(due.at, inclusive=True)) is not None:
                _fire(world, same)
            settle(world)


# -- customers ------------------------------------------------------------------------------------------------------


def _inquiry_received(world: World, event: InquiryReceived) -> None:
    known = world.inquiries.get(event.inquiry)
    if known is not None:
        if known.state is InquiryState.ACTIVE and known.channel is event.channel is Channel.CALL:
            sent_to_a_line(world, known, event)
        given_back(world, known, event.attempts)
        _fire_overdue(world)
        return
    entrance = world.policy.entrance(event.channel, event.source)
    if entrance is None:
        world.effects.append(EndInquiry(inquiry=event.inquiry, cause=UNALLOCATED_NUMBER))
        detail = f"{Outcome.REFUSED}: {event.source!r} is not configured"
        world.effects.append(
            Fact(type=FactType.CLOSED, at=world.now, inquiry=event.inquiry, detail=detail, customer=event.customer)
        )
        if event.channel is Channel.CALL:
            world.outlived(event.inquiry, event.pbx or world.policy.pbx, event.attempts)
        return
    inquiry = world.admit(event, entrance)
    world.fact(FactType.RECEIVED, inquiry, detail=event.source, at=inquiry.arrived_at)
    if overflow.is_closed(world, inquiry) or offer_to_responsible(world, inquiry):
        return
    overflow.queue(world, inquiry)


def _customer_left(world: World, event: CustomerLeft) -> None:
    inquiry = world.inquiries.get(event.inquiry)
    if inquiry is None or inquiry.state is InquiryState.WRAPUP:
        return
    if inquiry.state is InquiryState.ACTIVE:
        conversation_ended(world, inquiry)
        return
    if inquiry.is_callback and event.departure is not Departure.ABANDONED:
        # They hung up because they were told to: their place is kept.
        if inquiry.handover is not None and inquiry.handover.to is Away.PROMISE:
            overflow.wait_on(world, inquiry)
        return
    _gave_up(world, inquiry, event.departure, world.now)


def _gave_up(world: World, inquiry: Inquiry, how: str, at: float) -> None:
    """The customer left while nobody had them. Abandoned is whom nobody had answered.

    Who was answered and is being passed on, to a colleague or a group, counts once, and not as having given up: on
    record as answered by whom they talked to last, just as with a transfer at the phone.
    """
    if inquiry.passed_on_by is not None:
        inquiry.operator = inquiry.passed_on_by
        world.close(inquiry, Outcome.ANSWERED, at=at)
        return
    world.fact(FactType.ABANDONED, inquiry, detail=how, at=at)
    was_for_one = inquiry.target is not None
    if not _is_kept(world, inquiry):
        world.close(inquiry, Outcome.ABANDONED, at=at)
    elif inquiry.handover is not None:
        overflow.wait_on(world, inquiry)
    else:
        _goes_on_without(world, inquiry)
        if was_for_one:
            overflow.back_to_its_group(world, inquiry)


def _goes_on_without(world: World, inquiry: Inquiry) -> None:
    """Its customer has left, and is to be called back."""
    if inquiry.state is InquiryState.OFFERED:
        take_back(world, inquiry, "the customer left")
        after_attempt(world, inquiry)
    else:
        given_back(world, inquiry, NO_ATTEMPT)


def _fallback_served(world: World, event: FallbackServed) -> None:
    inquiry = fallback_served(world, event)
    if inquiry is not None:
        _gave_up(world, inquiry, BY_ITSELF, min(event.ended_at, world.now))


def _is_kept(world: World, inquiry: Inquiry) -> bool:
    """Whether the group calls who gave up back. To somebody gone no other action means anything but a text."""
    action = world.group_of(inquiry).on_abandoned
    while isinstance(action, Reply):
        if inquiry.channel is not Channel.CALL:
            overflow.reply(world, inquiry, action, "abandoned")
        action = action.then
    if not isinstance(action, CallBack) or inquiry.channel is not Channel.CALL or inquiry.is_callback:
        return False
    if not inquiry.customer.can_be_called_back:
        return False
    overflow.note_promise(world, inquiry)
    return True


def _channel_asked(world: World, event: ChannelsRequest) -> None:
    if answer_channel(world, event) and isinstance(event, AbandonRequested):
        _customer_left(world, CustomerLeft(inquiry=event.inquiry, departure=Departure.ABANDONED))


# -- PBXs -------------------------------------------------------------------------------------------------------------


def _pbx_lost(world: World, event: PbxLost) -> None:
    if world.pbxs.is_up(event.pbx):
        world.effects.append(PbxChanged(at=world.now, pbx=event.pbx, is_up=False))
    is_away(world, event.pbx)
    take_back_across(world, event.pbx)


def _pbx_found(world: World, event: PbxFound) -> None:
    """Its calls go on, beginning with what became overdue meanwhile."""
    if not world.pbxs.is_up(event.pbx):
        world.effects.append(PbxChanged(at=world.now, pbx=event.pbx, is_up=True))
    world.pbxs.found(event.pbx)
    for operator in world.operators.values():  # first of all: nobody is unreachable any more to what is overdue
        world.touch(operator, is_freed=True)
    _time_goes_on(world, event.pbx)
    waiting = (world.inquiries[place[-1]] for place in world.lines.everyone())
    world.unrouted |= {each.id: None for each in waiting if each.pbx is None or world.pbx_of(each) == event.pbx}
    tell_recovered(world, event.pbx)


def _pbx_late(world: World, event: PbxLate) -> None:
    if world.pbxs.is_up(event.pbx):
        world.pbxs.late[event.pbx] = None


def _pbx_heard(world: World, event: PbxHeard) -> None:
    if event.pbx in world.pbxs.late:
        del world.pbxs.late[event.pbx]
        _time_goes_on(world, event.pbx)


def _time_goes_on(world: World, pbx: PbxId) -> None:
    for inquiry in world.inquiries.values():
        if inquiry.channel is Channel.CALL and world.pbx_of(inquiry) == pbx:
            world.rearm(inquiry)
    _fire_overdue(world)


def _call_moved(world: World, event: CallMoved) -> None:
    inquiry = world.inquiries.get(event.inquiry)
    if inquiry is None or inquiry.state is not InquiryState.ACTIVE:
        return
    target = world.operators.get(event.operator) if event.operator else None
    if event.is_pickup:
        was_picked_up(world, inquiry, target)
    else:
        call_moved(world, inquiry, target)


# -- time -----------------------------------------------------------------------------------------------------------


def _fire_overdue(world: World) -> None:
    """What stood still and is overdue, before anybody is rung for what it sends elsewhere."""
    while (due := world.deadlines.pop_due(world.now, inclusive=True)) is not None:
        _fire(world, due)


def _fire(world: World, due: Deadline) -> None:
    inquiry = world.inquiries[due.inquiry]
    world.changed.inquiries[due.inquiry] = None
    match due.kind:
        case DeadlineKind.ATTEMPT:
            _attempt_expired(world, inquiry)
        case DeadlineKind.MAX_WAIT:
            _waited_too_long(world, inquiry)
        case DeadlineKind.REST:
            _new_round(world, inquiry)
        case DeadlineKind.OPENING:
            inquiry.opens_at = inquiry.pauses_until = None
            world.begin_round(inquiry)
            if not offer_to_responsible(world, inquiry):
                world.join_line(inquiry)
        case DeadlineKind.WRAPUP:
            world.close(inquiry, Outcome.ANSWERED)
        case DeadlineKind.ANNOUNCE:
            waiting.announce(world, inquiry)
        case DeadlineKind.ADRIFT:
            moment_is_over(world, inquiry)


def _new_round(world: World, inquiry: Inquiry) -> None:
    if inquiry.attempt is not None and not inquiry.attempt.may_be_joined:
        # It rings at somebody who had not been tried. Whoever else has not been comes before those who had their turn.
        world.let_come_last(inquiry)
        return
    world.begin_round(inquiry)
    if inquiry.line is not None:
        world.unrouted[inquiry.id] = None
    elif inquiry.attempt is not None:
        # It rings at who came late to the last round: the others may ring with them again.
        for each in world.group_of(inquiry).operators:
            world.touch(world.operators[each], is_freed=True)


def _attempt_expired(world: World, inquiry: Inquiry) -> None:
    attempt = inquiry.attempt
    for offer in list(attempt.offers.values()) if attempt else []:
        if offer.state is not OfferState.PENDING:
            continue
        if offer.has_declined:
            declined(world, inquiry, offer)
        elif offer.has_joined:
            # They had not the whole time for it: that is no miss of theirs, but this round they have had. Whose phone
            # had not even begun to ring, for that it has a time of its own, is offered it anew.
            has_had_it = offer.has_rung or inquiry.channel is not Channel.CALL
            world.fact(FactType.WITHDRAWN, inquiry, offer.operator, "the round is over")
            world.end_offer(inquiry, offer, OfferStep.WITHDRAW, Reason.MISSED_THIS_ROUND if has_had_it else None)
        elif offer.has_rung or inquiry.channel is not Channel.CALL:
            phones.offer_missed(world, inquiry, offer)
        else:
            phones.offer_failed(world, inquiry, offer, "unreachable")
    return_when_all_over(world, inquiry)


def _waited_too_long(world: World, inquiry: Inquiry) -> None:
    inquiry.max_wait_at = None
    is_offered = inquiry.state is InquiryState.OFFERED
    if inquiry.stage is not Stage.GROUP:
        if inquiry.stage is Stage.OPERATOR and not is_offered:
            overflow.end_round(world, inquiry)
        return
    action = world.group_of(inquiry).on_unanswered
    if isinstance(action, KeepWaiting) or (is_offered and overflow.lets_wait(inquiry, action)):
        overflow.tell_waited_too_long(world, inquiry)
        if isinstance(action, Reply) and inquiry.channel is not Channel.CALL:
            overflow.reply(world, inquiry, action, overflow.Hook.UNANSWERED)
        return
    if is_offered:
        take_back(world, inquiry, "it waited too long")
    overflow.waited_too_long(world, inquiry)


def _policy_changed(world: World, event: PolicyChanged) -> None:
    change_policy(world, event.policy)


def _time_passed(_world: World, _event: TimePassed | ClockStepped) -> None:
    """Deadlines are fired before and after every event; a step of the clock is made before."""


APPLY: dict[type, Callable[..., None]] = {
    TimePassed: _time_passed,
    ClockStepped: _time_passed,
    DaemonStarted: daemon_started,
    PolicyChanged: _policy_changed,
    InquiryReceived: _inquiry_received,
    CustomerLeft: _customer_left,
    CallMoved: _call_moved,
    CustomerAlone: customer_alone,
    PbxLost: _pbx_lost,
    PbxFound: _pbx_found,
    PbxLate: _pbx_late,
    PbxHeard: _pbx_heard,
    ConversationFound: conversation_found,
    FallbackRings: fallback_rings,
    FallbackServed: _fallback_served,
    **dict.fromkeys(HANDLERS, answer),
    **phones.HANDLERS,
    **outside.HANDLERS,
    **dict.fromkeys(CHANNEL_HANDLERS, _channel_asked),
}
