"""The clock was set: every instant that is remembered moves with it, so that nothing is due earlier or later for it.

Only opening hours go by the time of day: who waits for them waits anew.
"""

from dataclasses import replace

from huntgroup.engine.deadlines import Deadlines
from huntgroup.engine.state import Inquiry
from huntgroup.engine.world import World


def step_clock(world: World, by: float) -> None:
    """Move all instants; ``world.now`` is the new one."""
    world.deadlines = Deadlines(world.holds)
    for operator in world.operators.values():
        if operator.wrapups:
            operator.wrapups = {inquiry: until + by for inquiry, until in operator.wrapups.items()}
            world.touch(operator)
    world.paces.move(by)
    world.changed.paces |= dict.fromkeys(world.paces.groups())
    world.comings.move(by)
    for inquiry in world.inquiries.values():
        world.note(inquiry)
        _move(inquiry, by)
        if inquiry.line is not None and inquiry.place is not None:
            key, (priority, arrived_at, number, name) = inquiry.line, inquiry.place
            world.lines.leave(inquiry)
            world.lines.join(inquiry, key, (priority, arrived_at + by, number, name))
        if inquiry.opens_at is not None:
            inquiry.opens_at = world.opening_for(inquiry)
        world.rearm(inquiry)


def _move(inquiry: Inquiry, by: float) -> None:
    inquiry.arrived_at += by
    inquiry.taken_at += by
    inquiry.messages = tuple(replace(message, at=message.at + by) for message in inquiry.messages)
    if inquiry.attempt is not None:
        inquiry.attempt.began_at += by
        inquiry.attempt.deadline += by
    if inquiry.max_wait_at is not None:
        inquiry.max_wait_at += by
    if inquiry.resting_until is not None:
        inquiry.resting_until += by
    if inquiry.wrapup_until is not None:
        inquiry.wrapup_until += by
    if inquiry.pauses_until is not None:
        inquiry.pauses_until += by
    if inquiry.queued is not None:
        inquiry.queued = replace(inquiry.queued, since=inquiry.queued.since + by)
    if inquiry.announced_at is not None:
        inquiry.announced_at += by
    if inquiry.announce_at is not None:
        inquiry.announce_at += by
    if inquiry.adrift_at is not None:
        inquiry.adrift_at += by
