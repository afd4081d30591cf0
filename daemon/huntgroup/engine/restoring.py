"""A world as a memory, and a world made of one. What is made of a memory decides just as what it was taken of."""

from huntgroup.engine.comings import Comings
from huntgroup.engine.deadlines import UNANSWERED
from huntgroup.engine.memory import Counters, Memory
from huntgroup.engine.world import World


def counters_of(world: World) -> Counters:
    """What is counted over everything."""
    return Counters(
        now=world.now,
        received=world.received,
        offers_made=world.offers_made,
        closed=world.closed,
        pbxs_up=tuple(world.pbxs.up),
        pbxs_late=tuple(world.pbxs.late),
    )


def memory_of(world: World) -> Memory:
    """All that is kept, as it is at this moment: what it refers to goes on changing."""
    return Memory(
        policy=world.policy,
        retired_groups=world.retired_groups,
        counters=counters_of(world),
        last_offered=world.last_offered,
        paces={group: world.paces.samples(group) for group in world.paces.groups()},
        fallback=world.fallback,
        comings=dict(world.comings.items()),
        unconfirmed=world.unconfirmed,
        operators=world.operators.values(),
        inquiries=world.inquiries.values(),
    )


def restored(memory: Memory) -> World:
    """The world that this is the memory of. The memory's own operators and inquiries become part of it."""
    world = World(memory.policy)
    counters = memory.counters
    world.now = counters.now
    world.received = counters.received
    world.offers_made = counters.offers_made
    world.closed = {**world.closed, **counters.closed}
    world.pbxs.up = dict.fromkeys(counters.pbxs_up)
    world.pbxs.late = dict.fromkeys(counters.pbxs_late)
    world.retired_groups = dict(memory.retired_groups)
    world.last_offered = dict(memory.last_offered)
    for group, samples in memory.paces.items():
        world.paces.remember(group, samples)
    world.fallback = dict(memory.fallback)
    world.comings = Comings(world.changed.comings, memory.comings)
    world.unconfirmed = dict.fromkeys(memory.unconfirmed)
    world.operators |= {operator.policy.id: operator for operator in memory.operators}
    world.order_operators()
    world.index_groups()
    for inquiry in sorted(memory.inquiries, key=lambda each: each.arrival):
        world.inquiries[inquiry.id] = inquiry
        if inquiry.state in UNANSWERED and inquiry.handover is None:
            world.unanswered[inquiry.group] = world.unanswered.get(inquiry.group, 0) + 1
        if inquiry.line is not None and inquiry.place is not None:
            world.lines.join(inquiry, inquiry.line, inquiry.place)
        world.note_joinable(inquiry)
        world.rearm(inquiry)
    return world
