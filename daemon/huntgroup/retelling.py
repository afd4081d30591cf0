"""What a replay came to, in words."""

from collections.abc import Iterator

from huntgroup.engine.state import Inquiry
from huntgroup.engine.world import World
from huntgroup.instants import utc
from huntgroup.plain import plain
from huntgroup.replay import Difference, Replay


def outcome(done: Replay) -> Iterator[str]:
    """The last words of the command, and where it parted."""
    if done.difference is not None:
        yield from _told(done.difference)
        return
    if not done.events:
        yield "Nothing was recorded in that time."
        return
    span = f"{moment(done.first_at)} to {moment(done.last_at)}"
    yield f"{done.events} events, {span}: every decision is as it was recorded."
    if done.skipped:
        yield f"{done.skipped} more could not be compared: events before them are missing."


def _told(difference: Difference) -> Iterator[str]:
    *before, last = difference.led_there
    yield f"The first difference is at event {last.sequence}, {moment(last.at)}. What led there:"
    for entry in (*before, last):
        yield f"  {entry.sequence}  {moment(entry.at)}  {entry.type}  {entry.body}"
    yield "Recorded then:"
    yield from (f"  - {line}" for line in difference.recorded or ("nothing",))
    yield "Decided now:"
    yield from (f"  + {line}" for line in difference.recomputed or ("nothing",))


def as_it_stood(world: World) -> Iterator[str]:
    """Operators and open inquiries at the moment that a replay ended."""
    yield "Operators"
    for operator in world.operators.values():
        why = f" ({operator.pause_reason})" if operator.pause_reason else ""
        phones = ", ".join(f"{phone} {state}" for phone, state in operator.phones.items())
        inquiries = ", ".join((*operator.active, *operator.wrapups, *operator.offers)) or "nothing"
        yield plain(f"  {operator.policy.id}  {operator.presence}{why}  {phones}  has {inquiries}")
    yield "Open inquiries"
    for inquiry in world.inquiries.values():
        yield f"  {_stands(inquiry)}"
    if not world.inquiries:
        yield "  none"


def _stands(inquiry: Inquiry) -> str:
    with_whom = inquiry.operator or ", ".join(inquiry.attempt.offers if inquiry.attempt else ())
    since = moment(inquiry.arrived_at)
    return f"{inquiry.id}  {inquiry.channel}  {inquiry.group}  {inquiry.state}  {with_whom}  since {since}".replace(
        "    ", "  "
    )


def moment(instant: float) -> str:
    """Local date and time, to the thousandth."""
    return utc(instant).astimezone().isoformat(sep=" ", timespec="milliseconds")
