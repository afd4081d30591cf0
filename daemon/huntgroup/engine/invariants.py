"""What can never be true, said apart from the code that keeps it from happening.

``check`` looks at everything and is for tests and simulations; ``check_touched`` looks at what one event concerned, and
is cheap enough for a running daemon.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from huntgroup.engine.deadlines import Deadline
from huntgroup.engine.effects import Effect, Fact
from huntgroup.engine.ids import InquiryId
from huntgroup.engine.lifecycle import InquiryState, OfferState
from huntgroup.engine.policy import Channel, Presence
from huntgroup.engine.routing import candidates, ignores_presence, may_join, why_not
from huntgroup.engine.state import Inquiry, Offer, Operator, is_promised_by_one
from huntgroup.engine.world import World


def check(world: World) -> list[str]:
    """Every broken invariant in words; empty when all hold."""
    broken = [problem for inquiry in world.inquiries.values() for problem in _inquiry(world, inquiry)]
    broken += [problem for operator in world.operators.values() for problem in _operator(world, operator)]
    broken += _lines(world)
    broken += _counts(world)
    broken += _nobody_idle(world)
    broken += _deadlines(world)
    return broken


def check_touched(world: World, effects: Iterable[Effect]) -> list[str]:
    """The same for the inquiries and operators that these effects tell of."""
    facts = [effect for effect in effects if isinstance(effect, Fact)]
    inquiries = {fact.inquiry: None for fact in facts if fact.inquiry in world.inquiries}
    operators = {fact.operator: None for fact in facts if fact.operator in world.operators}
    broken: list[str] = []
    for inquiry in inquiries:
        if inquiry is not None:
            broken += _inquiry(world, world.inquiries[inquiry])
    for operator in operators:
        if operator is not None:
            broken += _operator(world, world.operators[operator])
    return broken


def _inquiry(world: World, inquiry: Inquiry) -> Iterator[str]:
    """One state, and in it exactly what belongs to it."""
    name, state = inquiry.id, inquiry.state
    pending = [offer for offer in _offers(inquiry) if offer.state is OfferState.PENDING]
    if (state is InquiryState.OFFERED) != bool(pending):
        yield f"{name} is {state} with {len(pending)} pending offers"
    if (state is InquiryState.OFFERED) != (inquiry.attempt is not None):
        yield f"{name} is {state} and {'has an' if inquiry.attempt else 'has no'} attempt"
    if inquiry.attempt is not None and inquiry.attempt.deadline <= world.now and not world.stands_still(inquiry):
        yield f"{name} has an attempt whose deadline was {world.now - inquiry.attempt.deadline:g} s ago"
    yield from _standing(world, inquiry)
    if is_promised_by_one(inquiry):
        yield f"{name} is promised to be called back, and {state} for {inquiry.target}"
    if state is InquiryState.CLOSED:
        yield f"{name} is closed and still remembered"
    has_operator = inquiry.operator is not None
    if has_operator != (state in {InquiryState.ACTIVE, InquiryState.WRAPUP}):
        yield f"{name} is {state} and its operator is {inquiry.operator}"
    for offer in pending:
        if name not in world.operators[offer.operator].offers:
            yield f"{name} is offered to {offer.operator}, who does not know of it"


def _standing(world: World, inquiry: Inquiry) -> Iterator[str]:
    if inquiry.line is not None and inquiry.state is not InquiryState.WAITING:
        yield f"{inquiry.id} is {inquiry.state} and stands in a line"
    if inquiry.is_at_fallback and (inquiry.state is not InquiryState.WAITING or inquiry.line is not None):
        yield f"{inquiry.id} is rung for by the PBX itself, and is {inquiry.state} here"
    if inquiry.handover is not None:
        if inquiry.state is not InquiryState.WAITING or inquiry.line is not None:
            yield f"{inquiry.id} is with the PBX, and {inquiry.state} in {inquiry.line}"
        return
    waits_for_opening = inquiry.opens_at is not None or world.group_of(inquiry).hours is not None
    waits_elsewhere = waits_for_opening or inquiry.is_at_fallback
    if inquiry.state is InquiryState.WAITING and inquiry.line is None and not waits_elsewhere:
        yield f"{inquiry.id} waits in no line and for no opening"


def _offers(inquiry: Inquiry) -> list[Offer]:
    return list(inquiry.attempt.offers.values()) if inquiry.attempt else []


def _operator(world: World, operator: Operator) -> Iterator[str]:
    """What is counted is what is there, and no offer goes beyond capacity."""
    name = operator.policy.id
    for inquiry_id in (*operator.offers, *operator.active, *operator.wrapups):
        if inquiry_id not in world.inquiries:
            yield f"{name} has {inquiry_id}, which is over"
            return
    active = [world.inquiries[each] for each in operator.active]
    for inquiry in active:
        if inquiry.operator != name or inquiry.state is not InquiryState.ACTIVE:
            yield f"{name} handles {inquiry.id}, which is {inquiry.state} at {inquiry.operator}"
    yield from _operator_counts(world, operator, active)


def _operator_counts(world: World, operator: Operator, active: list[Inquiry]) -> Iterator[str]:
    name = operator.policy.id
    load, pending, sources = dict.fromkeys(Channel, 0), dict.fromkeys(Channel, 0), dict[str, int]()
    for inquiry in active:
        if not inquiry.is_set_aside:
            load[inquiry.channel] += 1
            _count_source(sources, inquiry)
    for inquiry_id, channel in operator.offers.items():
        pending[channel] += 1
        _count_source(sources, world.inquiries[inquiry_id])
    for channel, offered in pending.items():
        if operator.load[channel] != load[channel]:
            yield f"{name} counts {operator.load[channel]} {channel}s and handles {load[channel]}"
        if operator.pending[channel] != offered:
            yield f"{name} counts {operator.pending[channel]} offered {channel}s and has {offered}"
        if offered and load[channel] + offered > operator.policy.capacity.get(channel, 0):
            yield f"{name} is offered {offered} {channel}s beyond capacity"
    if {source: count for source, count in operator.by_source.items() if count} != sources:
        yield f"{name} counts {operator.by_source} by source and has {sources}"


def _count_source(sources: dict[str, int], inquiry: Inquiry) -> None:
    if inquiry.channel is not Channel.CALL and not inquiry.is_set_aside:
        source = inquiry.entrance.source
        sources[source] = sources.get(source, 0) + 1


def _lines(world: World) -> Iterator[str]:
    """Everybody who waits stands in one place, and nobody else stands anywhere."""
    standing = Counter(place[-1] for place in world.lines.everyone())
    for inquiry_id, times in standing.items():
        inquiry = world.inquiries.get(inquiry_id)
        if times > 1 or inquiry is None or inquiry.line is None:
            yield f"{inquiry_id} stands in {times} places"
    for inquiry in world.inquiries.values():
        if inquiry.line is not None and inquiry.id not in standing:
            yield f"{inquiry.id} says it stands in {inquiry.line}, and does not"


def _counts(world: World) -> Iterator[str]:
    """Who came is here or was closed; and what is counted by group is what is there."""
    closed = sum(world.closed.values())
    if world.received != len(world.inquiries) + closed:
        yield f"{world.received} came, {len(world.inquiries)} are here and {closed} were closed"
    unanswered = Counter(
        inquiry.group
        for inquiry in world.inquiries.values()
        if inquiry.state in {InquiryState.WAITING, InquiryState.OFFERED} and inquiry.handover is None
    )
    if {group: count for group, count in world.unanswered.items() if count} != dict(unanswered):
        yield f"by group {world.unanswered} are counted unanswered, and {dict(unanswered)} are"
    for group in world.policy.groups.values():
        present = sum(world.operators[each].presence is Presence.AVAILABLE for each in group.operators)
        if world.present[group.id] != present:
            yield f"{group.id} counts {world.present[group.id]} present and has {present}"


def _nobody_idle(world: World) -> Iterator[str]:
    """Nobody is eligible for anything that waits."""
    for place in world.lines.everyone():
        inquiry = world.inquiries[place[-1]]
        anybody = ignores_presence(world, inquiry)
        for name in candidates(world, inquiry):
            if why_not(world, world.operators[name], inquiry, anybody=anybody) is None:
                yield f"{name} is eligible for {inquiry.id}, which waits"
    for group, joinable in world.joinable.items():
        for inquiry_id in joinable:
            inquiry = world.inquiries[inquiry_id]
            for name in candidates(world, inquiry):
                if may_join(world, world.operators[name], inquiry):
                    yield f"{name} is eligible for {inquiry.id}, which all of {group} are offered but them"


def _deadlines(world: World) -> Iterator[str]:
    """Whatever time must change has its instant in the heap."""
    set_for: dict[InquiryId, list[Deadline]] = {}
    for deadline in world.deadlines.holding():
        set_for.setdefault(deadline.inquiry, []).append(deadline)
    for inquiry in world.inquiries.values():
        instants = {deadline.at for deadline in set_for.get(inquiry.id, [])}
        if world.stands_still(inquiry) and inquiry.state is not InquiryState.WRAPUP:
            continue
        wanted = [inquiry.attempt.deadline] if inquiry.attempt else []
        if inquiry.state is InquiryState.WRAPUP and inquiry.wrapup_until is not None:
            wanted.append(inquiry.wrapup_until)
        if inquiry.state is InquiryState.ACTIVE and inquiry.adrift_at is not None:
            wanted.append(inquiry.adrift_at)
        if inquiry.state is InquiryState.WAITING:
            announce_at = inquiry.announce_at if inquiry.customer_holds else None
            instants_of = (announce_at, inquiry.resting_until, inquiry.opens_at, inquiry.max_wait_at)
            wanted += [at for at in instants_of if at is not None]
        for at in wanted:
            if at not in instants:
                yield f"{inquiry.id} ({inquiry.state}) waits for {at:g}, and nothing will come of it"
