"""What a replay came to, in words."""

import json
from collections.abc import Iterable, Iterator

from huntgroup.adapters.store.records import Record
from huntgroup.engine.state import Inquiry
from huntgroup.engine.world import World
from huntgroup.local_time import local
from huntgroup.plain import plain
from huntgroup.replay import Difference, Replay
from huntgroup.story import Names, sentences

LONGEST_SHOWN = 160
"""Characters of what an event or a record says."""


def outcome(done: Replay) -> Iterator[str]:
    """The last words of the command, and where it parted."""
    names = Names(
        {name: each.policy.name for name, each in done.engine.world.operators.items()},
        {name: each.name for name, each in done.engine.world.policy.groups.items()},
    )
    if done.difference is not None:
        yield from _told(done.difference, names)
    if not done.events:
        yield "Nothing was recorded in that time."
        return
    span = f"{done.events} events, {moment(done.first_at)} to {moment(done.last_at)}"
    if done.difference is None:
        yield f"{span}: every decision is as it was recorded."
    else:
        yield f"{span}: {done.differing} of them differ."
        yield from _further(done)
    if done.fields:
        known = ", ".join(f"{name} ({count})" for name, count in sorted(done.fields.items()))
        yield f"This version keeps more, by which nothing was decided otherwise: {known}."
    if done.skipped:
        yield f"{done.skipped} more could not be compared: events before them are missing."


def _further(done: Replay) -> Iterator[str]:
    _, *further = done.differences
    if further:
        yield "After the first, some may follow from it:"
    for each in further:
        entry = each.led_there[-1]
        about = dict.fromkeys(record.inquiry for record in (*each.recorded, *each.recomputed))
        yield plain(f"  event {entry.sequence}, {moment(entry.at)}, {entry.type}: {', '.join((*about, *each.what))}")
    if done.differing > len(done.differences):
        yield f"  and {done.differing - len(done.differences)} more"


def _told(difference: Difference, names: Names) -> Iterator[str]:
    *before, last = difference.led_there
    yield f"The first difference is at event {last.sequence}, {moment(last.at)}. What led there:"
    for entry in (*before, last):
        yield plain(f"  {entry.sequence}  {moment(entry.at)}  {entry.type}  {_short(entry.body)}")
    then, now = (_in_words(each, names) for each in (difference.recorded, difference.recomputed))
    if then == now:
        yield from (plain(f"  {what}") for what in difference.what)
        return
    yield "Recorded then:"
    yield from (f"  - {line}" for line in then)
    yield "Decided now:"
    yield from (f"  + {line}" for line in now)


def _in_words(records: Iterable[Record], names: Names) -> list[str]:
    lines = [_cut(f"{record.inquiry}: {line}") for record in records for line in sentences(record, names)]
    return lines or ["nothing"]


def _short(body: str) -> str:
    """What an event says, without what it leaves open."""
    try:
        said = json.loads(body)
    except ValueError:
        return ""
    told = [f"{name}={_value(value)}" for name, value in said.items() if value not in (None, "", [], {}, False)]
    return _cut(" ".join(told))


def _cut(text: str) -> str:
    return plain(text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…")


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


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
        yield plain(f"  {_stands(inquiry)}")
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
    return local(instant, timespec="milliseconds")
