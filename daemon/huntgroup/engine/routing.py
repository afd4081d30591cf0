"""Who gets what: candidates -> eligible -> ranked, and what happens when a round is over."""

from huntgroup.engine.deadlines import DeadlineKind
from huntgroup.engine.effects import (
    Decision,
    EndInquiry,
    FactType,
    HoldCustomer,
    Outcome,
    Reason,
    Ring,
    RingPhones,
)
from huntgroup.engine.eligibility import reachable_phones, verdicts, why_not_eligible
from huntgroup.engine.ids import NO_ATTEMPT, AttemptNo, OperatorId
from huntgroup.engine.lifecycle import InquiryState
from huntgroup.engine.line import Place, place_of
from huntgroup.engine.policy import EndCall, EnterGroup, KeepWaiting
from huntgroup.engine.state import Inquiry, Offer, Operator
from huntgroup.engine.strategies import STRATEGIES
from huntgroup.engine.world import World

PEER_MARGIN = 5.0
"""Seconds by which the peer's own ringing limit exceeds ours, so that it only ever acts while the daemon is away."""


def settle(world: World) -> None:
    """Route everything that the last change touched, until nothing more can move.

    Operators who freed up choose first, each the oldest inquiry that they may have; what then still needs somebody is
    routed in the order of the line.
    """
    while world.freed or world.unrouted:
        while world.freed:
            operator = world.operators[next(iter(world.freed))]
            if not _serve_next(world, operator):
                del world.freed[operator.policy.id]
        if world.unrouted:
            waiting = sorted((world.inquiries[inquiry] for inquiry in world.unrouted), key=place_of)
            world.unrouted.clear()
            for inquiry in waiting:
                if inquiry.state is InquiryState.WAITING:
                    _route(world, inquiry)


def run_unanswered_action(world: World, inquiry: Inquiry, why: str) -> None:
    """A waiting inquiry found nobody in its round, or in its time: do what its group says."""
    action = world.group_of(inquiry).on_unanswered
    world.fact(FactType.UNANSWERED, inquiry, detail=why)
    match action:
        case KeepWaiting():
            _rest(world, inquiry)
        case EnterGroup(group=group):
            world.move(inquiry, group)
        case EndCall(cause=cause):
            world.effects.append(EndInquiry(inquiry=inquiry.id, cause=cause))
            world.close(inquiry, Outcome.UNANSWERED)


def _rest(world: World, inquiry: Inquiry) -> None:
    """Who has not been tried gets it at once when they become eligible; the others again after one ring's time.

    Without the pause a phone that refuses at once would be rung in a tight loop.
    """
    inquiry.resting_until = world.now + world.policy.ring_seconds
    world.deadlines.set(inquiry.resting_until, DeadlineKind.REST, inquiry.id, NO_ATTEMPT)
    _hold(world, inquiry)


def _serve_next(world: World, operator: Operator) -> bool:
    """Route the oldest inquiry that the operator is eligible for; False when there is none."""
    best: tuple[Place, Inquiry] | None = None
    for group in operator.groups:
        for place in world.lines[group]:
            if best is not None and place > best[0]:
                break
            inquiry = world.inquiries[place[-1]]
            if why_not_eligible(operator, inquiry, pbx_is_up=world.pbx_is_up) is None:
                best = (place, inquiry)
                break
    if best is None:
        return False
    _route(world, best[1])
    return True


def _route(world: World, inquiry: Inquiry) -> None:
    group = world.group_of(inquiry)
    reasons = verdicts(group.operators, world.operators, inquiry, pbx_is_up=world.pbx_is_up)
    eligible = tuple(operator for operator, reason in reasons.items() if reason is None)
    if eligible:
        chosen = STRATEGIES[group.distribution](eligible)
        _offer(world, inquiry, chosen, reasons)
    elif inquiry.tried and inquiry.resting_until is None:
        run_unanswered_action(world, inquiry, "everyone eligible was offered it")
    else:
        _hold(world, inquiry)


def _offer(
    world: World,
    inquiry: Inquiry,
    chosen: tuple[OperatorId, ...],
    reasons: dict[OperatorId, Reason | None],
) -> None:
    group = world.group_of(inquiry)
    rings = tuple(Ring(operator=operator, phones=reachable_phones(world.operators[operator])) for operator in chosen)
    is_handoff = bool(inquiry.tried)
    attempt = world.open_attempt(
        inquiry,
        {ring.operator: Offer(operator=ring.operator, open_phones=dict.fromkeys(ring.phones)) for ring in rings},
    )
    world.effects.append(
        RingPhones(
            inquiry=inquiry.id,
            attempt=attempt.number,
            rings=rings,
            hold=group.hold,
            limit=world.policy.unreachable_after + group.rings * world.policy.ring_seconds + PEER_MARGIN,
        )
    )
    world.effects.append(
        Decision(
            at=world.now,
            inquiry=inquiry.id,
            group=inquiry.group,
            attempt=attempt.number,
            verdicts=tuple(
                (operator, Reason.CHOSEN if operator in chosen else reason or Reason.BEHIND_IN_LINE)
                for operator, reason in reasons.items()
            ),
        )
    )
    for operator in chosen:
        if is_handoff:
            world.fact(FactType.HANDED_OFF, inquiry, operator)
        world.fact(FactType.OFFERED, inquiry, operator)


def _hold(world: World, inquiry: Inquiry) -> None:
    if not inquiry.is_held:
        inquiry.is_held = True
        world.effects.append(
            HoldCustomer(inquiry=inquiry.id, attempt=AttemptNo(inquiry.attempts), hold=world.group_of(inquiry).hold)
        )
