"""What was recorded against what is computed now: decisions are compared, and fields that a version added told apart.

A record or a part of the memory that an earlier version wrote lacks the fields that this version knows in addition.
Such a field is one whose name occurs nowhere in what was written up to then. It is no difference: nothing was decided
by it then.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, NamedTuple

from huntgroup.adapters.store.records import DECISION, ERASED, Record
from huntgroup.codec import (
    COMING,
    COUNTERS,
    FALLBACK,
    INQUIRY,
    LAST_OFFERED,
    OPERATOR,
    PACE,
    POLICY,
    RETIRED,
    UNCONFIRMED,
    memory_from,
)
from huntgroup.engine.memory import Memory

LONGEST_SHOWN = 80
ABOUT = ("customer", "recording")
"""What of a record is a table of fields; all else in it is compared as a whole."""

Rows = Iterable[tuple[str, str, str]]


@dataclass(slots=True)
class Found:
    """``differences`` in words; ``fields`` that only this version knows, as in ``inquiry.was_let_in``."""

    differences: list[str] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)


class _Leaf(NamedTuple):
    """A place at which two values differ. ``names``: the fields that lead there, without keys and positions."""

    path: str
    names: tuple[str, ...]
    then: object
    now: object


class Comparison:
    """Compares in the order of the journal, and learns on the way which fields were known by then."""

    def __init__(self) -> None:
        self._known: dict[str, set[str]] = defaultdict(set)

    def of_records(self, then: Sequence[Record], now: Sequence[Record]) -> Found:
        """What the engine told of one event."""
        found = Found()
        for record in then:
            self._known[record.type] |= _paths_in(record.more)
        if len(then) != len(now):
            found.differences.append(f"{len(then)} records then, {len(now)} now")
            return found
        for recorded, computed in zip(then, now, strict=True):
            self._of_record(recorded, computed, found)
        return found

    def _of_record(self, then: Record, now: Record, found: Found) -> None:
        if now.tells_the_same(then):
            return
        if _head(then) != _head(now) or ERASED in (then.more, now.more):
            found.differences.append(then.type)
            return
        for path, has_it_only_now in _differing(then.more, now.more):
            if has_it_only_now and then.type != DECISION and path not in self._known[then.type]:
                found.fields.append(f"{then.type}.{path}")
            else:
                found.differences.append(f"{then.type}.{path}")

    def of_states(self, then: Rows, now: Rows) -> Found:
        """What the engine remembers after one event. Raises UnreadableError."""
        found = Found()
        recorded = list(then)
        for kind, _, body in recorded:
            self._known[kind] |= _names_in(body)
        before, after = _parts(recorded), _parts(now)
        for part in dict.fromkeys((*before, *after)):
            name = f"{part[0]} {part[1]}".rstrip()
            if part not in after:
                found.differences.append(f"{name}: there was one then, there is none now")
            elif part not in before:
                found.differences.append(f"{name}: there was none then, there is one now")
            else:
                self._of_part(part[0], name, _leaves(before[part], after[part]), found)
        return found

    def _of_part(self, kind: str, name: str, leaves: Iterable[_Leaf], found: Found) -> None:
        for leaf in leaves:
            if all(each in self._known[kind] for each in leaf.names):
                found.differences.append(f"{name}: {leaf.path} was {_shown(leaf.then)}, and is {_shown(leaf.now)} now")
            else:
                found.fields.append(".".join((kind, *leaf.names)))


def _head(record: Record) -> tuple[object, ...]:
    return record.row()[:-1]


def _paths_in(more: Mapping[str, Any]) -> set[str]:
    inner = {f"{name}.{each}" for name in ABOUT if isinstance(more.get(name), dict) for each in more[name]}
    return set(more) | inner


def _differing(then: Mapping[str, Any], now: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, bool]]:
    """The paths at which two differ, and whether only the second has anything there."""
    for name in dict.fromkeys((*then, *now)):
        if name in ABOUT and isinstance(then.get(name), dict) and isinstance(now.get(name), dict):
            yield from _differing(then[name], now[name], f"{name}.")
        elif name not in then or name not in now or then[name] != now[name]:
            yield f"{before}{name}", name not in then


def _names_in(body: str) -> set[str]:
    """Every key of every table in a row; a row that is no JSON has none."""
    names: set[str] = set()

    def note(table: dict[str, Any]) -> None:
        names.update(table)

    try:
        json.loads(body, object_hook=note)
    except ValueError:
        return set()
    return names


def _parts(rows: Rows) -> dict[tuple[str, str], object]:
    """A memory by kind and name, as this version reads it."""
    memory = memory_from(rows)
    return {} if memory is None else dict(_named_parts(memory))


def _named_parts(memory: Memory) -> Iterator[tuple[tuple[str, str], object]]:
    yield (POLICY, ""), memory.policy
    yield (RETIRED, ""), memory.retired_groups
    yield (COUNTERS, ""), memory.counters
    yield (UNCONFIRMED, ""), tuple(memory.unconfirmed)
    for kind, table in (
        (LAST_OFFERED, memory.last_offered),
        (PACE, memory.paces),
        (FALLBACK, memory.fallback),
        (COMING, memory.comings),
    ):
        yield from (((kind, name), part) for name, part in table.items())
    yield from (((OPERATOR, each.policy.id), each) for each in memory.operators)
    yield from (((INQUIRY, each.id), each) for each in memory.inquiries)


def _leaves(then: object, now: object, path: str = "", names: tuple[str, ...] = ()) -> Iterator[_Leaf]:
    if is_dataclass(then) and type(then) is type(now):
        for each in fields(then):
            inner = f"{path}.{each.name}".removeprefix(".")
            yield from _leaves(getattr(then, each.name), getattr(now, each.name), inner, (*names, each.name))
    elif isinstance(then, Mapping) and isinstance(now, Mapping) and list(then) == list(now):
        for key in then:
            yield from _leaves(then[key], now[key], f"{path}[{key}]", names)
    elif isinstance(then, tuple | list) and isinstance(now, tuple | list) and len(then) == len(now):
        for place, (one, other) in enumerate(zip(then, now, strict=True)):
            yield from _leaves(one, other, f"{path}[{place}]", names)
    elif isinstance(then, Mapping) or then != now:
        yield _Leaf(path or "it", names, then, now)


def _shown(value: object) -> str:
    text = str(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"
