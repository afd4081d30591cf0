"""Who gets what: candidates -> eligible -> ranked -> offered."""

from collections.abc import Sequence

from huntgroup.engine import overflow
from huntgroup.engine.effects import COME_LAST, Decision, FactType, JoinRinging, Reason, Ring, RingPhones
from huntgroup.engine.eligibility import at_source_limit, handles, reachable_phones
from huntgroup.engine.house import across_of, mobile_of
from huntgroup.engine.ids import AttemptNo, OperatorId, PhoneId
from huntgroup.engine.lifecycle import IllegalTransitionError, InquiryState
from huntgroup.engine.line import place_of
from huntgroup.engine.policy import Channel, Distribution, Mode, Presence, ResponsibleMissed, WhenAllUnavailable
from huntgroup.engine.state import Inquiry, Offer, Operator, Place, Stage, Target
from huntgroup.engine.strategies import STRATEGIES
from huntgroup.engine.world import World

PEER_MARGIN = 5.0
"""Seconds by which the peer's own ringing limit exceeds ours, so that it only ever acts while the daemon is away."""
AS_LONG_AS_IT_TAKES = 24 * 3600.0
"""Seconds of an offer that lasts until the customer gives up; no offer is without a deadline."""


def settle(world: World) -> None:
    """Route everything that the last change touched, until nothing more can move.

    Operators who freed up choose first, each the first inquiry in line that they may have, or else what is offered to
    all at once; what then still needs somebody is routed in the order of the lines.
    """
    while world.freed or world.unrouted:
        while world.freed:
            operator = world.operators[next(iter(world.freed))]
            if not _serve_next(world, operator) and not _join_next(world, operator):
                world.freed.pop(operator.policy.id, None)
        if world.unrouted:
            waiting = [world.inquiries[inquiry] for inquiry in world.unrouted]
            world.unrouted.clear()
            waiting.sort(key=_place)
            for inquiry in waiting:
                if inquiry.line is not None:
                    route(world, inquiry)


def _place(inquiry: Inquiry) -> Place:
    return inquiry.place or (0, inquiry.arrived_at, inquiry.arrival, inquiry.id)


def ignores_presence(world: World, inquiry: Inquiry) -> bool:
    """Whether it is offered to who is logged out or paused: by the group, the source, or for want of anybody else."""
    if inquiry.target is not None and inquiry.target.is_pickup:
        return True  # They chose it by hand, whatever they had said of themselves.
    if inquiry.target is not None and inquiry.target.is_transfer:
        # A colleague chose them by hand, which a pause does not forbid.
        return world.operators[inquiry.target.operator].presence is not Presence.LOGGED_OUT
    return stays_when_away(world, inquiry) or _everyone_is_away(world, inquiry)


def stays_when_away(world: World, inquiry: Inquiry) -> bool:
    """Whether it makes no difference to it that somebody is logged out: neither who gets it, nor who keeps it."""
    if not world.group_of(inquiry).check_availability:
        return True
    return inquiry.channel is not Channel.CALL and not inquiry.entrance.skip_unavailable


def _everyone_is_away(world: World, inquiry: Inquiry) -> bool:
    return (
        inquiry.channel is not Channel.CALL
        and inquiry.target is None
        and inquiry.entrance.when_all_unavailable is WhenAllUnavailable.IN_TURN
        and world.present.get(inquiry.group, 0) == 0
    )


def why_not(world: World, operator: Operator, inquiry: Inquiry, *, anybody: bool) -> Reason | None:
    """Why the operator cannot have this inquiry now, None when they are eligible; ``anybody``: whatever they say."""
    if inquiry.tried and operator.policy.id in inquiry.tried:
        return inquiry.tried[operator.policy.id]
    if inquiry.channel is Channel.CALL:
        no_way = world.no_way(operator, inquiry)
        if no_way is not None:
            return no_way
    if anybody:
        reason = world.no_work(operator, inquiry.channel)
    else:
        try:
            reason = operator.unfit[inquiry.channel]
        except KeyError:
            reason = world.unfit(operator, inquiry.channel)
    if reason is None and inquiry.entrance.max_open is not None and at_source_limit(operator, inquiry):
        return Reason.AT_SOURCE_LIMIT
    return reason


def _serve_next(world: World, operator: Operator) -> bool:
    """Route the first inquiry in line that the operator is eligible for, over all groups and channels; False: none."""
    places = [place for place in (_first_own(world, operator), _first_of_groups(world, operator)) if place is not None]
    if not places:
        return False
    best = min(places)
    chosen = world.inquiries[best[-1]]
    route(world, chosen)
    if chosen.place == best:
        # They could have it, and nobody got it: to go on would be to go round for ever.
        raise IllegalTransitionError(f"{operator.policy.id} is eligible for {chosen.id}, and routing it chose nobody")
    return True


def _first_own(world: World, operator: Operator) -> Place | None:
    """The first of what is for this operator alone that they may have now."""
    best: Place | None = None
    for key, line in world.lines.of_owner("operator", operator.policy.id).items():
        if world.no_work(operator, key[2]) is not None:
            continue
        for place in line:
            if best is not None and place > best:
                break
            if _may_have(world, operator, world.inquiries[place[-1]]):
                best = place
                break
    return best


def _first_of_groups(world: World, operator: Operator) -> Place | None:
    """The first in all the lines of their groups that they may have now.

    One line is one kind of inquiry: who may not have its first, for other reasons than having had it, may have none.
    """
    best: Place | None = None
    own = operator.policy.id
    for group in operator.groups:
        for key, line in world.lines.of_owner("group", group).items():
            if world.no_work(operator, key[2]) is not None:
                continue
            for place in line:
                if best is not None and place > best:
                    break
                inquiry = world.inquiries[place[-1]]
                if own not in inquiry.tried:
                    best = place if _may_have(world, operator, inquiry) else best
                    break
    return best


def _join_next(world: World, operator: Operator) -> bool:
    """Offer the operator too, what is offered to all of a group of theirs at once; False: there is nothing.

    What nobody is being offered comes before: so the line moves on, and whoever rings already goes on ringing.
    """
    best: tuple[Place, Inquiry] | None = None
    for group in operator.groups:
        for inquiry_id in world.joinable.get(group, ()):
            inquiry = world.inquiries[inquiry_id]
            place = place_of(inquiry, world.group_of(inquiry).priority)
            if (best is None or place < best[0]) and may_join(world, operator, inquiry):
                best = place, inquiry
    if best is None:
        return False
    _join(world, operator, best[1])
    return True


def may_join(world: World, operator: Operator, inquiry: Inquiry) -> bool:
    """Whether the operator is eligible for what colleagues of theirs are being offered all at once."""
    attempt = inquiry.attempt
    if attempt is None or operator.policy.id in attempt.offers:
        return False
    return operator.policy.id in candidates(world, inquiry) and _may_have(world, operator, inquiry)


def _join(world: World, operator: Operator, inquiry: Inquiry) -> None:
    attempt = inquiry.attempt
    if attempt is None:
        raise IllegalTransitionError(f"{inquiry.id} is offered to nobody whom {operator.policy.id} could join")
    is_call = inquiry.channel is Channel.CALL
    ring = Ring(operator=operator.policy.id, phones=_phones(world, inquiry, operator) if is_call else ())
    world.join_attempt(
        inquiry, attempt, Offer(operator=ring.operator, open_phones=dict.fromkeys(ring.phones), has_joined=True)
    )
    if is_call:
        world.effects.append(JoinRinging(inquiry=inquiry.id, attempt=attempt.number, ring=ring))
    world.fact(FactType.OFFERED, inquiry, operator.policy.id, "with those who are offered it already")


def _may_have(world: World, operator: Operator, inquiry: Inquiry) -> bool:
    return why_not(world, operator, inquiry, anybody=ignores_presence(world, inquiry)) is None


def _reasons(
    world: World, inquiry: Inquiry, listed: tuple[OperatorId, ...], *, anybody: bool
) -> dict[OperatorId, Reason | None]:
    """``why_not`` of everybody listed. Mostly it depends on the operator alone, and is known already."""
    operators, channel = world.operators, inquiry.channel
    is_call_of_several = channel is Channel.CALL and len(world.policy.pbxs) > 1
    if anybody or inquiry.tried or inquiry.entrance.max_open is not None or is_call_of_several:
        return {each: why_not(world, operators[each], inquiry, anybody=anybody) for each in listed}
    reasons: dict[OperatorId, Reason | None] = {}
    for each in listed:
        operator = operators[each]
        known = operator.unfit
        reasons[each] = known[channel] if channel in known else world.unfit(operator, channel)
    return reasons


def candidates(world: World, inquiry: Inquiry) -> tuple[OperatorId, ...]:
    """Whom it may be offered to at all, in listed order."""
    if inquiry.target is not None:
        return (inquiry.target.operator,)
    return world.group_of(inquiry).operators


def route(world: World, inquiry: Inquiry) -> None:
    """Offer a waiting inquiry to whom the distribution chooses among the eligible, or let it wait, or end its round."""
    if inquiry.is_callback and overflow.is_at_rest(world, inquiry):
        overflow.wait_for_opening(world, inquiry)
        return
    anybody = ignores_presence(world, inquiry)
    listed = candidates(world, inquiry)
    reasons = _reasons(world, inquiry, listed, anybody=anybody)
    eligible = [world.operators[each] for each, reason in reasons.items() if reason is None]
    if eligible:
        strategy = STRATEGIES[_distribution(world, inquiry)]
        chosen = strategy(eligible, listed, world.last_offered.get(inquiry.group))
        offer(world, inquiry, chosen, reasons)
        return
    _tell_decision(world, inquiry, (), reasons)
    if world.let_the_last_have_it(inquiry):
        route(world, inquiry)
    elif _is_round_over(world, inquiry):
        overflow.end_round(world, inquiry)
    else:
        overflow.let_wait(world, inquiry)


def _is_round_over(world: World, inquiry: Inquiry) -> bool:
    """Whether somebody was offered it and nobody else can be. Without its PBX nothing can be said of a call."""
    if inquiry.resting_until is not None or (inquiry.channel is Channel.CALL and not world.can_order(inquiry)):
        return False
    return any(reason not in COME_LAST for reason in inquiry.tried.values())


def _distribution(world: World, inquiry: Inquiry) -> Distribution:
    if _everyone_is_away(world, inquiry):
        return Distribution.IN_TURN
    own = inquiry.entrance.distribution if inquiry.channel is not Channel.CALL else None
    distribution = own or world.group_of(inquiry).distribution
    if distribution is Distribution.ALL_AT_ONCE and inquiry.entrance.mode is Mode.ASSIGN:
        return Distribution.EVENLY  # it can become only one operator's
    return distribution


def offer(world: World, inquiry: Inquiry, chosen: Sequence[Operator], reasons: dict[OperatorId, Reason | None]) -> None:
    """Carry out a choice: assign the inquiry at once, or open an attempt with everyone chosen."""
    is_for_responsible = inquiry.stage is Stage.RESPONSIBLE
    if inquiry.entrance.mode is Mode.ASSIGN and inquiry.channel is not Channel.CALL:
        world.assign(inquiry, chosen[0])
        _tell_decision(world, inquiry, chosen[:1], reasons, is_for_responsible=is_for_responsible)
        world.fact(FactType.ACCEPTED, inquiry, chosen[0].policy.id, "assigned")
        return
    group = world.group_of(inquiry)
    is_handoff = bool(inquiry.tried)
    may_be_joined = (
        inquiry.stage is Stage.GROUP
        and not inquiry.is_callback
        and len(chosen) < len(reasons)
        and _distribution(world, inquiry) is Distribution.ALL_AT_ONCE
    )
    if inquiry.channel is Channel.CALL:
        _ring(world, inquiry, chosen, may_be_joined=may_be_joined)
    else:
        offers = {each.policy.id: Offer(operator=each.policy.id, open_phones={}) for each in chosen}
        world.open_attempt(inquiry, offers, world.now + group.offer_timeout, may_be_joined=may_be_joined)
    _tell_decision(world, inquiry, chosen, reasons, is_for_responsible=is_for_responsible)
    for each in chosen:
        if is_handoff:
            world.fact(FactType.HANDED_OFF, inquiry, each.policy.id)
        world.fact(FactType.OFFERED, inquiry, each.policy.id)


def _ring(world: World, inquiry: Inquiry, chosen: Sequence[Operator], *, may_be_joined: bool) -> None:
    rings = tuple(Ring(operator=each.policy.id, phones=_phones(world, inquiry, each)) for each in chosen)
    offers = {ring.operator: Offer(operator=ring.operator, open_phones=dict.fromkeys(ring.phones)) for ring in rings}
    deadline = world.now + world.policy.unreachable_after
    attempt = world.open_attempt(inquiry, offers, deadline, may_be_joined=may_be_joined)
    world.effects.append(
        RingPhones(
            inquiry=inquiry.id,
            attempt=attempt.number,
            rings=rings,
            hold=world.group_of(inquiry).hold,
            limit=world.policy.unreachable_after + ringing_seconds(world, inquiry) + PEER_MARGIN,
            is_callback=inquiry.is_callback,
            customer=inquiry.customer,
            dialled=inquiry.entrance.source,
            leave_key="" if inquiry.is_callback else world.group_of(inquiry).announce.leave_key,
            may_be_joined=may_be_joined,
        )
    )


def _phones(world: World, inquiry: Inquiry, operator: Operator) -> tuple[PhoneId, ...]:
    if inquiry.stage is Stage.MOBILE:
        return (mobile_of(operator.policy.id),)
    if not world.is_at_home(operator, inquiry):
        return (across_of(operator.policy.id),)
    return reachable_phones(operator)


def ringing_seconds(world: World, inquiry: Inquiry) -> float:
    """How long phones ring for this inquiry at this stage, in seconds from the first ring."""
    rings: int | None = world.group_of(inquiry).rings
    if inquiry.stage in {Stage.RESPONSIBLE, Stage.MOBILE}:
        rings = inquiry.entrance.responsible_rings
    elif inquiry.target is not None:
        rings = inquiry.target.rings
    return AS_LONG_AS_IT_TAKES if rings is None else rings * world.policy.ring_seconds


def _tell_decision(
    world: World,
    inquiry: Inquiry,
    chosen: Sequence[Operator],
    reasons: dict[OperatorId, Reason | None],
    *,
    is_for_responsible: bool = False,
) -> None:
    names = {each.policy.id for each in chosen}
    world.effects.append(
        Decision(
            at=world.now,
            inquiry=inquiry.id,
            group=inquiry.group,
            attempt=AttemptNo(inquiry.attempts),
            verdicts=tuple(
                [
                    (each, Reason.CHOSEN if each in names else reason or Reason.BEHIND_IN_LINE)
                    for each, reason in reasons.items()
                ]
            ),
            is_for_responsible=is_for_responsible,
        )
    )


def offer_to_responsible(world: World, inquiry: Inquiry) -> bool:
    """Offer it to the customer's responsible operator before the group; False when they are not eligible."""
    if inquiry.responsible is None or not inquiry.entrance.responsible_first:
        return False
    if inquiry.is_callback and overflow.is_at_rest(world, inquiry):
        return False
    operator = world.operators.get(inquiry.responsible)
    if operator is None or operator.is_removed:
        _tell_why_not_responsible(world, inquiry, Reason.NO_LONGER_OPERATOR)
        return False
    reason = why_not(world, operator, inquiry, anybody=ignores_presence(world, inquiry))
    if reason is not None:
        _tell_why_not_responsible(world, inquiry, reason)
        return False
    inquiry.stage = Stage.RESPONSIBLE
    offer(world, inquiry, (operator,), {operator.policy.id: None})
    return True


def _tell_why_not_responsible(world: World, inquiry: Inquiry, reason: Reason) -> None:
    if inquiry.responsible is not None:
        _tell_decision(world, inquiry, (), {inquiry.responsible: reason}, is_for_responsible=True)


def ring_instead(world: World, inquiry: Inquiry, operator: Operator) -> None:
    """Ring a call that waits, and stands in no line, at the operator who wants it, whatever else they have in hand."""
    world.begin_round(inquiry)
    rings = world.group_of(inquiry).rings
    inquiry.target = Target(operator.policy.id, rings, is_transfer=False, is_pickup=True)
    inquiry.stage, inquiry.max_wait_at = Stage.OPERATOR, None
    offer(world, inquiry, (operator,), {operator.policy.id: None})


def offer_to_mobile(world: World, inquiry: Inquiry) -> bool:
    """Ring the mobile of the responsible operator who missed the call; False when they have none or are on a call, or
    when the PBX is away: over a link that is down nobody can be rung."""
    is_at_rest = inquiry.is_callback and overflow.is_at_rest(world, inquiry)
    can_ring = inquiry.responsible is not None and world.can_order(inquiry) and not is_at_rest
    operator = world.operators.get(inquiry.responsible) if inquiry.responsible and can_ring else None
    if operator is None or operator.policy.mobile is None or handles(operator, Channel.CALL):
        return False
    inquiry.stage = Stage.MOBILE
    offer(world, inquiry, (operator,), {operator.policy.id: None})
    return True


def after_attempt(world: World, inquiry: Inquiry) -> None:
    """Where an inquiry goes that nobody took in its attempt: it is waiting, and in no line yet."""
    if inquiry.state is not InquiryState.WAITING:
        return
    if inquiry.is_callback and inquiry.target is not None:
        overflow.back_to_its_group(world, inquiry)
        return
    # An offer that was only taken back, because they paused or the customer hung up, was not missed.
    if inquiry.stage is Stage.RESPONSIBLE and inquiry.responsible in inquiry.tried:
        missed = inquiry.entrance.on_responsible_missed
        if overflow.responsible_missed(world, inquiry):
            return
        is_call = inquiry.channel is Channel.CALL
        if is_call and missed is ResponsibleMissed.MOBILE and offer_to_mobile(world, inquiry):
            return
    if inquiry.stage in {Stage.RESPONSIBLE, Stage.MOBILE} and not inquiry.was_let_in:
        inquiry.stage = Stage.GROUP
        overflow.queue(world, inquiry)
    else:
        world.join_line(inquiry)
