"""Another configuration, while inquiries are open: nothing is lost, and what could not stay says why."""

from huntgroup.engine import overflow
from huntgroup.engine.effects import Outcome
from huntgroup.engine.events import PhoneState
from huntgroup.engine.ids import GroupId
from huntgroup.engine.lifecycle import InquiryState, OfferState
from huntgroup.engine.offers import take_back, trim_offers, withdraw
from huntgroup.engine.policy import Channel, Policy
from huntgroup.engine.requests import put_back_texts, tell_nobody_left
from huntgroup.engine.state import Inquiry, Operator, Stage
from huntgroup.engine.world import World

PBX_GONE = "its PBX is configured no longer"


def change_policy(world: World, policy: Policy) -> None:
    """Take over a policy: first who and what there is, then whatever open inquiries refer to."""
    old = world.policy
    had_somebody = [group for group, present in world.present.items() if present]
    states = world.phone_states()
    world.policy = policy
    world.changed.is_policy = True
    world.changed.inquiries |= dict.fromkeys(world.inquiries)
    world.retired_groups |= {name: group for name, group in old.groups.items() if name not in policy.groups}
    for name in policy.groups:
        world.retired_groups.pop(name, None)
    removed = [operator for operator in world.operators if operator not in policy.operators]
    for operator in policy.operators.values():
        known = world.operators.get(operator.id)
        if known is None:
            known = world.add_operator(operator)
        known.policy = operator
        known.is_removed = False
        known.phones = {phone: states.get(phone, PhoneState.UNKNOWN) for phone in operator.phones}
        world.touch(known, is_freed=True)
    world.order_operators()
    world.index_groups()
    for inquiry in list(world.inquiries.values()):
        inquiry.entrance = policy.entrance(inquiry.channel, inquiry.entrance.source) or inquiry.entrance
    for operator_id in removed:
        _remove_operator(world, world.operators[operator_id])
    left_alone = [group for group in had_somebody if world.present.get(group) == 0]
    tell_nobody_left(world, left_alone, None)
    _give_up_pbxs(world)
    for inquiry in list(world.inquiries.values()):
        if inquiry.state in {InquiryState.WAITING, InquiryState.OFFERED}:
            _rehouse(world, inquiry)
    for operator_id in policy.operators:
        trim_offers(world, world.operators[operator_id])
    for group in [each for each in world.retired_groups if not _is_in_use(world, each)]:
        del world.retired_groups[group]


def _give_up_pbxs(world: World) -> None:
    """The calls of a PBX that is configured no longer: nobody will ever tell what became of them."""
    known = {world.policy.pbx, *world.policy.pbxs}
    for inquiry in list(world.inquiries.values()):
        if inquiry.channel is Channel.CALL and world.pbx_of(inquiry) not in known:
            was_served = inquiry.state in {InquiryState.ACTIVE, InquiryState.WRAPUP}
            world.close(inquiry, Outcome.ANSWERED if was_served else Outcome.ABANDONED, PBX_GONE)
    for call in [call for call, each in world.comings.items() if each.pbx not in known]:
        world.comings.gone(call)


def _is_in_use(world: World, group: GroupId) -> bool:
    return any(inquiry.group == group for inquiry in world.inquiries.values())


def _remove_operator(world: World, operator: Operator) -> None:
    operator.is_removed = True
    for inquiry_id in list(operator.offers):
        withdraw(world, world.inquiries[inquiry_id], operator, "no longer an operator")
    put_back_texts(world, operator, "their operator was removed")
    for inquiry_id in list(operator.wrapups):
        world.close(world.inquiries[inquiry_id], Outcome.ANSWERED)
    world.forget_if_removed(operator)
    world.touch(operator)


def _rehouse(world: World, inquiry: Inquiry) -> None:
    """See that a waiting or offered inquiry is in a group that exists, and offered to people who are in it."""
    if inquiry.handover is not None:
        return  # the PBX has it; when it comes back it goes where it can
    group = world.policy.groups.get(inquiry.group)
    has_lost_target = inquiry.target is not None and inquiry.target.operator not in world.policy.operators
    if group is None or has_lost_target:
        _move(world, inquiry, "no longer an operator" if group else "its group was removed")
        return
    if inquiry.attempt is not None and inquiry.stage is Stage.GROUP:
        for offer in list(inquiry.attempt.offers.values()):
            if offer.state is OfferState.PENDING and offer.operator not in group.operators:
                withdraw(world, inquiry, world.operators[offer.operator], "no longer in the group")
    if inquiry.line is not None:
        # Its priority or its source's rules may be others now.
        world.lines.leave(inquiry)
        world.join_line(inquiry)
    elif _waits_for_opening(inquiry) and not _waits_on(world, inquiry):
        world.join_line(inquiry)


def _move(world: World, inquiry: Inquiry, why: str) -> None:
    """To where its number or source leads now. Who waited for the opening there waits for it here."""
    waited, pauses_until = _waits_for_opening(inquiry), inquiry.pauses_until
    if inquiry.state is InquiryState.OFFERED:
        take_back(world, inquiry, why)
    world.enter(inquiry, inquiry.group)
    overflow.rejoin(world, inquiry)
    if waited and inquiry.line is not None:
        inquiry.pauses_until = pauses_until
        _waits_on(world, inquiry)


def _waits_for_opening(inquiry: Inquiry) -> bool:
    """Or would, if its group ever opened. Whom the PBX serves by itself stands in no line either."""
    is_somewhere = inquiry.line is not None or (inquiry.is_at_fallback and inquiry.opens_at is None)
    return inquiry.state is InquiryState.WAITING and not is_somewhere


def _waits_on(world: World, inquiry: Inquiry) -> bool:
    """Have it wait for its group to open, whose hours may be others now; False when it is open."""
    opens_at = world.opening_for(inquiry)
    if opens_at == world.now:
        return False
    world.set_opening(inquiry, opens_at)
    return True
