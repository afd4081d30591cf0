"""What went on while nobody here looked: the daemon was away, or the link to the PBX.

Whatever is told here is the truth and was believed otherwise at most: a conversation is never ended by it, a caller is
never served twice, and no operator is left with what is over.
"""

from dataclasses import replace

from huntgroup.engine import overflow
from huntgroup.engine.again import served_as
from huntgroup.engine.effects import Fact, FactType, Outcome, TransferredTo
from huntgroup.engine.events import (
    ConversationFound,
    DaemonStarted,
    FallbackRings,
    FallbackServed,
    InquiryReceived,
    PhoneAnswered,
)
from huntgroup.engine.handover import taken_from_us
from huntgroup.engine.ids import AttemptNo, InquiryId, PbxId, PhoneId
from huntgroup.engine.lifecycle import InquiryState, OfferState
from huntgroup.engine.offers import take_back, trim_offers, withdraw
from huntgroup.engine.policy import Channel
from huntgroup.engine.requests import is_transfer_to, moved, tell_responsible
from huntgroup.engine.state import Away, FallbackRead, Inquiry, Operator, Stage, is_promised_by_one
from huntgroup.engine.world import World

FOUND = "found in conversation"
BY_ITSELF = "served by the PBX itself"
"""In the facts of a call for which the PBX rang while the daemon was away."""
RINGS_BY_ITSELF = "the PBX rings for it by itself"
TO_NOBODY = f"{Outcome.FORWARDED}: joined to nobody of ours"


# -- the daemon comes back ------------------------------------------------------------------------------------------


AWAY = "their PBX is away"


def is_away(world: World, pbx: PbxId) -> None:
    """Nothing can be ordered there. By which way others could join what rings is not known behind it."""
    world.pbxs.lost(pbx)
    for operator in world.operators.values():
        if world.policy.home(operator.policy) == pbx:
            world.touch(operator)
    for name in [each for group in world.joinable.values() for each in group]:
        inquiry = world.inquiries[name]
        if inquiry.channel is Channel.CALL and world.pbx_of(inquiry) == pbx:
            world.let_nobody_join(inquiry)


def take_back_across(world: World, pbx: PbxId) -> None:
    """Callers of other PBXs do not wait for phones of one that is gone; nobody there has missed them."""
    for operator in world.operators.values():
        if world.policy.home(operator.policy) != pbx:
            continue
        for name, channel in list(operator.offers.items()):
            inquiry = world.inquiries[name]
            is_across = channel is Channel.CALL and world.pbx_of(inquiry) != pbx and inquiry.stage is not Stage.MOBILE
            if is_across and world.can_order(inquiry):
                withdraw(world, inquiry, operator, AWAY)


def daemon_started(world: World, _event: DaemonStarted) -> None:
    """Nothing is known of any PBX yet; what was open is to be found there."""
    for pbx in dict.fromkeys((world.policy.pbx, *world.policy.pbxs, *world.pbxs.up)):
        is_away(world, pbx)
    world.unconfirmed = dict.fromkeys(world.inquiries)
    world.changed.is_unconfirmed = True
    for inquiry in list(world.inquiries.values()):
        if is_promised_by_one(inquiry):  # an earlier version let that be
            stood = inquiry.line is not None
            world.enter(inquiry, inquiry.group)
            if stood:
                overflow.back_to_its_group(world, inquiry)


def tell_recovered(world: World, pbx: PbxId) -> None:
    """Once, when a PBX is found: what became of that which was open when the daemon started. The calls of other PBXs
    are told of when those are found; what is no call, with the first one."""
    if not world.unconfirmed:
        return
    here = {name: None for name in world.unconfirmed if _is_known_by(world, name, pbx)}
    if not here:
        return
    known = [world.inquiries[each] for each in here if each in world.inquiries]
    waiting = sum(each.state in {InquiryState.WAITING, InquiryState.OFFERED} for each in known)
    active = sum(each.state is InquiryState.ACTIVE for each in known)
    closed = len(here) - len(known)
    detail = f"{len(here)} open: {waiting} waiting, {active} active, "
    detail += f"{len(known) - waiting - active} in wrap-up, {closed} closed"
    world.effects.append(Fact(type=FactType.RECOVERED, at=world.now, detail=detail))
    world.unconfirmed = {name: None for name in world.unconfirmed if name not in here}
    world.changed.is_unconfirmed = True


def _is_known_by(world: World, name: InquiryId, pbx: PbxId) -> bool:
    inquiry = world.inquiries.get(name)
    return inquiry is None or inquiry.channel is not Channel.CALL or world.pbx_of(inquiry) == pbx


# -- who talks ------------------------------------------------------------------------------------------------------


def conversation_found(world: World, event: ConversationFound) -> None:
    """The inquiry becomes active at the phone's operator, whatever it was."""
    operator = _owner(world, event.phone)
    inquiry = world.inquiries.get(event.inquiry)
    if inquiry is None:
        if operator is not None and not event.is_told_again:
            _admit_active(world, event, operator)
        return
    if inquiry.channel is not Channel.CALL:
        return
    inquiry.attempts = max(inquiry.attempts, event.attempt)
    if operator is None:
        _joined_to_nobody(world, inquiry)
        return
    _join(world, inquiry, operator, FOUND if event.attempt else BY_ITSELF)
    inquiry.answered = (event.attempt, event.phone)


def answered_after_all(world: World, inquiry: Inquiry, event: PhoneAnswered) -> None:
    """An attempt of ours got a caller answered whom the PBX was believed to serve."""
    operator = _owner(world, event.phone)
    if operator is None:
        _joined_to_nobody(world, inquiry)
        return
    _join(world, inquiry, operator, FOUND)
    inquiry.answered = (event.attempt, event.phone)


def call_moved(world: World, inquiry: Inquiry, target: Operator | None) -> None:
    """A conversation is with somebody else now; None: with nobody of ours."""
    if target is not None and inquiry.operator == target.policy.id:
        found_again(world, inquiry, target)
        return
    world.tell_transfer(inquiry, TransferredTo(operator=target.policy.id if target else None))
    if target is None:
        world.close(inquiry, Outcome.FORWARDED)
    else:
        moved(world, inquiry, target)


def found_again(world: World, inquiry: Inquiry, operator: Operator) -> None:
    """The caller is with their operator, if they were not for a while: the PBX brought them back."""
    world.changed.inquiries[inquiry.id] = None
    inquiry.adrift_at, inquiry.is_among_strangers = None, False
    if inquiry.is_set_aside:
        world.set_aside(inquiry, operator, is_aside=False)
        world.fact(FactType.RESUMED, inquiry, operator.policy.id)
        trim_offers(world, operator)


def _join(world: World, inquiry: Inquiry, operator: Operator, how: str, at: float | None = None) -> None:
    was_transfer = is_transfer_to(inquiry, operator)
    match inquiry.state:
        case InquiryState.ACTIVE:
            call_moved(world, inquiry, operator)
            return
        case InquiryState.WRAPUP:
            world.resume(inquiry, operator)
        case InquiryState.OFFERED:
            for offer in inquiry.attempt.offers.values() if inquiry.attempt else ():
                if offer.state is OfferState.PENDING and offer.operator != operator.policy.id:
                    world.fact(FactType.WITHDRAWN, inquiry, offer.operator, "answered elsewhere")
            world.accept(inquiry, operator)
        case _:
            taken_from_us(world, inquiry)
            inquiry.is_at_fallback = False
            world.assign(inquiry, operator)
    world.fact(FactType.ACCEPTED, inquiry, operator.policy.id, how, at)
    trim_offers(world, operator)
    if was_transfer:
        tell_responsible(world, inquiry, operator)


def _joined_to_nobody(world: World, inquiry: Inquiry) -> None:
    """Somebody talks to the caller, and is not ours: neither to be rung for again, nor anybody's work here."""
    if inquiry.state is InquiryState.ACTIVE:
        call_moved(world, inquiry, None)
    elif inquiry.state is not InquiryState.WRAPUP:
        world.close(inquiry, Outcome.FORWARDED, TO_NOBODY)


def _admit_active(world: World, event: ConversationFound, operator: Operator) -> None:
    """A conversation of which nothing was known. Under a number that is not configured it is nobody's inquiry: its
    operator is busy by their phone alone, as with any call that is not ours."""
    entrance = world.policy.entrance(Channel.CALL, event.source)
    if entrance is None:
        return
    received = InquiryReceived(
        inquiry=event.inquiry,
        channel=Channel.CALL,
        source=event.source,
        customer=event.customer,
        attempts=event.attempt,
        pbx=event.pbx,
    )
    inquiry = world.admit(received, entrance)
    if event.came_at is not None:
        inquiry.arrived_at = min(event.came_at, world.now)
    world.fact(FactType.RECEIVED, inquiry, detail=event.source, at=inquiry.arrived_at)
    _join(world, inquiry, operator, FOUND if event.attempt else BY_ITSELF)
    inquiry.answered = (event.attempt, event.phone)


def _owner(world: World, phone: PhoneId | None) -> Operator | None:
    owner = world.phone_owner.get(phone) if phone is not None else None
    return world.operators.get(owner) if owner is not None else None


# -- who is rung for by the PBX itself ------------------------------------------------------------------------------


def fallback_rings(world: World, event: FallbackRings) -> None:
    """Let it: whoever is rung may be about to answer. Offers here are over, and were missed by nobody."""
    inquiry = world.inquiries.get(event.inquiry)
    if inquiry is None or inquiry.channel is not Channel.CALL:
        return
    taken_from_us(world, inquiry)
    if inquiry.is_callback:
        return
    if inquiry.state is InquiryState.OFFERED:
        take_back(world, inquiry, RINGS_BY_ITSELF)
    if inquiry.state is InquiryState.WAITING:
        world.lines.leave(inquiry)
        world.unrouted.pop(inquiry.id, None)
        inquiry.is_at_fallback = True
        world.note(inquiry)


def given_back(world: World, inquiry: Inquiry, attempts: AttemptNo) -> None:
    """The PBX rang everybody it knew of in vain: the caller waits here again, and a new round begins."""
    if not inquiry.is_at_fallback:
        return
    inquiry.is_at_fallback = False
    inquiry.customer_holds = False
    inquiry.attempts = max(inquiry.attempts, attempts)
    world.begin_round(inquiry)
    world.rearm(inquiry)
    if inquiry.opens_at is None:
        overflow.rejoin(world, inquiry)
    else:
        overflow.let_wait(world, inquiry)


# -- what is over ---------------------------------------------------------------------------------------------------


def conversation_ended(world: World, inquiry: Inquiry, ended_at: float | None = None) -> None:
    """Wrap-up counts from the end of the conversation, also when that is heard of late. Who had let the caller go, and
    saw them no more, has none."""
    ended = world.now if ended_at is None else min(ended_at, world.now)
    operator = world.operators[inquiry.operator] if inquiry.operator else None
    wrapup = world.group_of(inquiry).wrapup if inquiry.channel is Channel.CALL else 0.0
    had_it_to_the_end = operator is not None and not operator.is_removed and not inquiry.is_set_aside
    if had_it_to_the_end and ended + wrapup > world.now:
        world.fact(FactType.ENDED, inquiry, inquiry.operator, at=ended)
        world.wrap_up(inquiry, ended + wrapup)
    else:
        world.close(inquiry, Outcome.ANSWERED, at=ended)


def fallback_served(world: World, event: FallbackServed) -> Inquiry | None:
    """Record, exactly once, a call that is over. Returns the inquiry that was open here if its caller gave up there."""
    known = world.fallback.setdefault(event.pbx, FallbackRead())
    world.changed.fallback[event.pbx] = None
    name = served_as(world, event, is_news=known.note(event.entry, event.inquiry))
    if name is None:
        return None
    inquiry = world.inquiries.get(name if event.stands_for is None else world.comings.latest(event.stands_for))
    if inquiry is not None:
        world.changed.inquiries[inquiry.id] = None
        return _was_served(world, inquiry, event)
    if event.stands_for is None:  # or else its end is on record
        if world.comings.of(event.inquiry) is not None:
            world.outlived(name, event.pbx, 0, event.ended_at)
        _record(world, replace(event, inquiry=name))
    return None


def _was_served(world: World, inquiry: Inquiry, event: FallbackServed) -> Inquiry | None:
    was_sent_outside = inquiry.handover is not None and inquiry.handover.to is Away.NUMBER
    taken_from_us(world, inquiry)
    if inquiry.channel is not Channel.CALL or inquiry.is_callback or inquiry.is_reaching:
        return None
    if inquiry.state in {InquiryState.WAITING, InquiryState.OFFERED}:
        if event.answered_at is None:
            return inquiry
        operator = _owner(world, event.phone)
        if operator is None:
            world.close(inquiry, Outcome.FORWARDED if was_sent_outside else Outcome.ANSWERED, at=event.ended_at)
            return None
        _join(world, inquiry, operator, BY_ITSELF, event.answered_at)
    if inquiry.state is InquiryState.ACTIVE:
        conversation_ended(world, inquiry, event.ended_at)
    return None


def _record(world: World, event: FallbackServed) -> None:
    """It came and went there: nothing of it is left to do, it only has to be told."""
    entrance = world.policy.entrance(Channel.CALL, event.source)
    operator = _owner(world, event.phone)
    who = operator.policy.id if operator is not None else None
    outcome = Outcome.ABANDONED if event.answered_at is None else Outcome.ANSWERED
    group = entrance.group if entrance is not None else None

    def tell(kind: FactType, at: float, detail: str) -> None:
        is_theirs = kind in {FactType.ACCEPTED, FactType.CLOSED}
        customer = event.customer if kind is FactType.RECEIVED else None
        world.effects.append(
            Fact(
                type=kind,
                at=at,
                inquiry=event.inquiry,
                group=group,
                operator=who if is_theirs else None,
                detail=detail,
                customer=customer,
            )
        )

    tell(FactType.RECEIVED, event.came_at, event.source)
    if event.answered_at is None:
        tell(FactType.ABANDONED, event.ended_at, BY_ITSELF)
    elif who is not None:
        tell(FactType.ACCEPTED, event.answered_at, BY_ITSELF)
    tell(FactType.CLOSED, event.ended_at, outcome)
    world.received += 1
    world.closed[outcome] += 1
