"""What a caller hears while they hold with music: how it stands, at once and every so often. It delays no offer."""

from huntgroup.engine.deadlines import DeadlineKind
from huntgroup.engine.effects import AnnounceToCustomer
from huntgroup.engine.ids import NO_ATTEMPT
from huntgroup.engine.policy import Announce
from huntgroup.engine.state import Inquiry, Queued
from huntgroup.engine.world import World


def begin_to_hold(world: World, inquiry: Inquiry) -> None:
    """A caller holds: from the first time on they are told, and no sooner again than ``every`` after the last time."""
    _note_place(world, inquiry)
    inquiry.announce_at = None
    plan = world.group_of(inquiry).announce
    if not _says_anything(plan):
        return
    if inquiry.announced_at is None:
        _set(world, inquiry, world.now)
    elif plan.every is not None:
        _set(world, inquiry, max(world.now, inquiry.announced_at + plan.every))


def hears_a_reply(world: World, inquiry: Inquiry) -> None:
    """A caller holds and hears a reply, which nothing but an offer breaks off: they are told more once it is over."""
    _note_place(world, inquiry)
    inquiry.announced_at, inquiry.announce_at = world.now, None


def hold_on_after_reply(world: World, inquiry: Inquiry) -> None:
    """They have heard the whole of it."""
    inquiry.announced_at = world.now
    begin_to_hold(world, inquiry)


def announce(world: World, inquiry: Inquiry) -> None:
    """It is time to tell the caller how it stands. Who waits for the group to open is told nothing of a line."""
    plan = world.group_of(inquiry).announce
    inquiry.announced_at, inquiry.announce_at = world.now, None
    position = world.lines.position(inquiry)
    told = position if plan.position and position else None
    wait = world.paces.estimate(inquiry.group, world.now, position) if plan.wait and position else None
    if inquiry.target is not None:
        wait = None
    if told is not None or wait is not None or plan.sound is not None:
        world.effects.append(AnnounceToCustomer(inquiry=inquiry.id, position=told, wait=wait, sound=plan.sound))
    if plan.every is not None:
        _set(world, inquiry, world.now + plan.every)


def _note_place(world: World, inquiry: Inquiry) -> None:
    world.changed.inquiries[inquiry.id] = None
    if inquiry.queued is None and inquiry.target is None and inquiry.line is not None:
        inquiry.queued = Queued(world.now, world.lines.position(inquiry))


def _says_anything(plan: Announce) -> bool:
    return plan.position or plan.wait or plan.sound is not None


def _set(world: World, inquiry: Inquiry, at: float) -> None:
    world.changed.inquiries[inquiry.id] = None
    inquiry.announce_at = at
    world.deadlines.set(at, DeadlineKind.ANNOUNCE, inquiry, NO_ATTEMPT)
