"""Runs the journal through the engine again, and holds what it says now against what was recorded then."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from huntgroup.adapters.store.reading import Past, history
from huntgroup.adapters.store.records import Record, record_of
from huntgroup.adapters.store.rows import Entry
from huntgroup.codec import event_from, memory_from, rows_of
from huntgroup.engine.effects import Decision, Effect, Fact
from huntgroup.engine.engine import Engine
from huntgroup.engine.restoring import memory_of
from huntgroup.errors import StoreError

LED_THERE = 5
"""Events that are shown with the first difference."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Where the two part. ``recorded`` and ``recomputed`` line up; ``led_there`` ends with the event itself."""

    led_there: tuple[Entry, ...]
    recorded: tuple[str, ...]
    recomputed: tuple[str, ...]


@dataclass(slots=True)
class Replay:
    """What came of it. ``engine`` is as it was at the moment that was asked for, or at the end."""

    engine: Engine
    events: int = 0
    first_at: float = 0.0
    last_at: float = 0.0
    skipped: int = 0
    """Events that have no comparison, as those before them are missing."""
    difference: Difference | None = None
    led_there: deque[Entry] = field(default_factory=lambda: deque(maxlen=LED_THERE))


def replay(path: Path, until: float | None = None) -> Replay:
    """Replay all that is kept, or up to an instant (seconds since the epoch), ending at the first difference.

    Raises StoreError when there is nothing, or it cannot be read; UnreadableError for what this version does not know.
    """
    with history(path) as past:
        snapshots = past.snapshots()
        if not snapshots:
            raise StoreError(path, "has no snapshot yet: nothing was recorded")
        if until is not None:
            snapshots = [each for each in snapshots if past.snapshot(each).at <= until] or snapshots[:1]
        done = Replay(_engine_at(past, snapshots[0]))
        _run(past, snapshots, done, until)
    return done


def _engine_at(past: Past, sequence: int) -> Engine:
    memory = memory_from(past.snapshot(sequence).state)
    if memory is None:
        raise StoreError(Path(), f"the snapshot after event {sequence} is empty")
    return Engine(memory.policy, memory)


def _run(past: Past, snapshots: list[int], done: Replay, until: float | None) -> None:
    recorded = _Recorded(past.records(snapshots[0]))
    comparisons = set(snapshots[1:])
    last = snapshots[0]
    is_lost = False
    for entry in past.entries(snapshots[0]):
        if until is not None and entry.at > until:
            return
        is_lost |= entry.sequence != last + 1
        last = entry.sequence
        expected = recorded.of(last)
        if is_lost:
            done.skipped += 1
        else:
            _compare(done, entry, expected)
        if done.difference is None and last in comparisons:
            if is_lost:
                done.engine, is_lost = _engine_at(past, last), False
            else:
                _compare_state(past, done, last)
        if done.difference is not None:
            return


def _compare(done: Replay, entry: Entry, expected: list[Record]) -> None:
    effects = done.engine.handle(event_from(entry.type, entry.body), entry.at)
    done.events += 1
    done.first_at = done.first_at or entry.at
    done.last_at = entry.at
    done.led_there.append(entry)
    found = list(_records(effects))
    if len(found) != len(expected) or not all(map(Record.tells_the_same, found, expected)):
        done.difference = Difference(tuple(done.led_there), tuple(map(str, expected)), tuple(map(str, found)))


def _records(effects: list[Effect]) -> Iterator[Record]:
    for effect in effects:
        record = record_of(effect) if isinstance(effect, Fact | Decision) else None
        if record is not None:
            yield record


def _compare_state(past: Past, done: Replay, sequence: int) -> None:
    """The memory then, as this version would write it, against the memory now."""
    memory = memory_from(past.snapshot(sequence).state)
    then = set(rows_of(memory)) if memory is not None else set()
    now = set(rows_of(memory_of(done.engine.world)))
    if then != now:
        done.difference = Difference(
            tuple(done.led_there), tuple(map(str, sorted(then - now))), tuple(map(str, sorted(now - then)))
        )


class _Recorded:
    """The records of each event, read along with the events."""

    def __init__(self, records: Iterator[tuple[int, Record]]) -> None:
        self._records = records
        self._next = next(records, None)

    def of(self, sequence: int) -> list[Record]:
        found: list[Record] = []
        while self._next is not None and self._next[0] <= sequence:
            if self._next[0] == sequence:
                found.append(self._next[1])
            self._next = next(self._records, None)
        return found
