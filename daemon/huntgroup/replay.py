"""Runs the journal through the engine again, and holds what it says now against what was recorded then."""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from huntgroup.adapters.store.reading import Past, history
from huntgroup.adapters.store.records import Record, record_of
from huntgroup.adapters.store.rows import Entry
from huntgroup.codec import event_from, memory_from, rows_of
from huntgroup.comparison import Comparison, Found
from huntgroup.engine.effects import Decision, Effect, Fact
from huntgroup.engine.engine import Engine
from huntgroup.engine.restoring import memory_of
from huntgroup.errors import StoreError

LED_THERE = 5
"""Events that are shown with the first difference."""
DIFFERENCES_KEPT = 10
"""Differences that are kept as they are; all are counted."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Where the two part. ``led_there`` ends with the event itself; ``what`` is what differs, in words."""

    led_there: tuple[Entry, ...]
    recorded: tuple[Record, ...] = ()
    recomputed: tuple[Record, ...] = ()
    what: tuple[str, ...] = ()


@dataclass(slots=True)
class Replay:
    """What came of it. ``engine`` is as it was at the moment that was asked for, or at the end."""

    engine: Engine
    events: int = 0
    first_at: float = 0.0
    last_at: float = 0.0
    skipped: int = 0
    """Events that have no comparison, as those before them are missing."""
    differences: list[Difference] = field(default_factory=list)
    """The first of them."""
    differing: int = 0
    """Events and snapshots that differ."""
    fields: Counter[str] = field(default_factory=Counter)
    """What this version keeps or tells in addition, and how often that was passed over."""
    led_there: deque[Entry] = field(default_factory=lambda: deque(maxlen=LED_THERE))

    @property
    def difference(self) -> Difference | None:
        """The first one."""
        return self.differences[0] if self.differences else None

    def differs(self, difference: Difference) -> None:
        """Count it, and keep it unless there are many."""
        self.differing += 1
        if len(self.differences) < DIFFERENCES_KEPT:
            self.differences.append(difference)


def replay(path: Path, until: float | None = None) -> Replay:
    """Replay all that is kept, or up to an instant (seconds since the epoch).

    Raises StoreError when there is nothing, or it cannot be read; UnreadableError for what this version does not know.
    """
    with history(path) as past:
        snapshots = past.snapshots()
        if not snapshots:
            raise StoreError(path, "has no snapshot yet: nothing was recorded")
        if until is not None:
            snapshots = [each for each in snapshots if past.snapshot(each).at <= until] or snapshots[:1]
        done = Replay(_engine_at(past, snapshots[0]))
        _Run(past, snapshots, done).until(until)
    return done


def _engine_at(past: Past, sequence: int) -> Engine:
    memory = memory_from(past.snapshot(sequence).state)
    if memory is None:
        raise StoreError(Path(), f"the snapshot after event {sequence} is empty")
    return Engine(memory.policy, memory)


class _Run:
    """One run through the journal. Behind a difference it goes on, and from the next snapshot on as was recorded."""

    def __init__(self, past: Past, snapshots: list[int], done: Replay) -> None:
        self._past = past
        self._first, self._snapshots = snapshots[0], set(snapshots[1:])
        self._done = done
        self._comparison = Comparison()
        self._is_lost = False
        """Events are missing, or could not be replayed: there is nothing to compare with."""
        self._is_apart = False
        """Something was decided otherwise: what differs may follow from that."""

    def until(self, instant: float | None) -> None:
        recorded = _Recorded(self._past.records(self._first))
        last = self._first
        for entry in self._past.entries(self._first):
            if instant is not None and entry.at > instant:
                return
            self._is_lost |= entry.sequence != last + 1
            last = entry.sequence
            expected = recorded.of(last)
            if self._is_lost:
                self._done.skipped += 1
            else:
                self._compare(entry, expected)
            if last in self._snapshots:
                self._compare_state(last)

    def _compare(self, entry: Entry, expected: list[Record]) -> None:
        done = self._done
        done.events += 1
        done.first_at = done.first_at or entry.at
        done.last_at = entry.at
        done.led_there.append(entry)
        event = event_from(entry.type, entry.body)
        try:
            effects = done.engine.handle(event, entry.at)
        except Exception as error:  # noqa: BLE001 - whatever a journal brings out in this version is to be shown
            self._is_lost = True
            failed = f"this version fails at it: {type(error).__name__}: {error}"
            done.differs(Difference(tuple(done.led_there), tuple(expected), (), (failed,)))
            return
        computed = list(_records(effects))
        found = self._comparison.of_records(expected, computed)
        what = tuple(found.differences)
        self._note(found, Difference(tuple(done.led_there), tuple(expected), tuple(computed), what))

    def _compare_state(self, sequence: int) -> None:
        """The memory then, as this version would write it, against the memory now."""
        if not self._is_lost and not self._is_apart:
            now = ((row.kind, row.id, row.body or "") for row in rows_of(memory_of(self._done.engine.world)))
            found = self._comparison.of_states(self._past.snapshot(sequence).state, now)
            self._note(found, Difference(tuple(self._done.led_there), what=tuple(found.differences)))
        if self._is_lost or self._is_apart:
            self._done.engine = _engine_at(self._past, sequence)
            self._is_lost = self._is_apart = False

    def _note(self, found: Found, difference: Difference) -> None:
        self._done.fields.update(found.fields)
        if found.differences:
            self._is_apart = True
            self._done.differs(difference)


def _records(effects: list[Effect]) -> Iterator[Record]:
    for effect in effects:
        record = record_of(effect) if isinstance(effect, Fact | Decision) else None
        if record is not None:
            yield record


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
