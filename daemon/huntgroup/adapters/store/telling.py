"""Reads what the broker is still to be told, and where an earlier life came to."""

import asyncio
import json
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import structlog
from pydantic import ValidationError

from huntgroup.adapters.store.opening import connect
from huntgroup.adapters.store.reading import COLUMNS
from huntgroup.adapters.store.records import DECISION, Record, from_row
from huntgroup.adapters.store.untold import BROKER, FACT, LINKED, Told, write_link, write_told
from huntgroup.customers.words import Happened, Happening
from huntgroup.engine.effects import Fact, FactType
from huntgroup.engine.events import Customer, Recording
from huntgroup.engine.ids import AttemptNo, GroupId, InquiryId, OperatorId
from huntgroup.errors import StoreError

log = structlog.get_logger(__name__)

EVENTS_AT_ONCE = 500
HAPPENINGS_AT_ONCE = 1_000
WRITTEN = """
SELECT max(coalesce((SELECT max(sequence) FROM journal), 0), coalesce((SELECT max(sequence) FROM snapshot), 0),
    coalesce((SELECT max(last) FROM gap), 0))
"""
"""The last event that is written; the journal itself may have been dropped up to a snapshot."""
_TYPES = set(FactType)
T = TypeVar("T")


def begin_telling(path: Path, sequence: int) -> tuple[Told, int]:
    """Where an earlier life came to, and the last of what happened to customers. ``sequence``: the journal's end, where
    it begins when no earlier life had a broker. Raises StoreError."""

    def begin(database: sqlite3.Connection) -> tuple[Told, int]:
        # What was told while the disk did not take it may be beyond what is written: its numbers are used again.
        database.execute("UPDATE mark SET event = ? WHERE name = ? AND event > ?", (sequence, BROKER, sequence))
        database.execute("INSERT OR IGNORE INTO mark VALUES (?, ?)", (BROKER, sequence))
        ((facts,),) = database.execute("SELECT event FROM mark WHERE name = ?", (BROKER,)).fetchall()
        ((first,),) = database.execute("SELECT min(id) FROM untold_happening").fetchall()
        last = _last_happening(database)
        return Told(facts, last if first is None else first - 1), last

    try:
        return _changed(path, begin)
    except StoreError as error:
        # The disk does not take it now. It may be told twice what a later mark would have said was told.
        log.warning("store.told_not_written", path=str(path), error=str(error))
        return _begun_without_writing(path, sequence)


def _begun_without_writing(path: Path, sequence: int) -> tuple[Told, int]:
    """The same as far as it can be read. Raises StoreError."""
    try:
        with closing(connect(path, is_for_reading=True)) as database:
            found = database.execute("SELECT event FROM mark WHERE name = ?", (BROKER,)).fetchone()
            ((first,),) = database.execute("SELECT min(id) FROM untold_happening").fetchall()
            last = _last_happening(database)
    except sqlite3.Error as error:
        raise StoreError(path, str(error)) from None
    facts = sequence if found is None else min(found[0], sequence)
    return Told(facts, last if first is None else first - 1), last


def begin_link(path: Path, at: float) -> float:
    """When an earlier life last read at the broker, in seconds since the epoch: what it noted, or else ``at``, the
    instant of the journal's last event. Raises StoreError."""

    def begin(database: sqlite3.Connection) -> float:
        found = database.execute("SELECT event FROM mark WHERE name = ?", (LINKED,)).fetchone()
        if found is not None:
            return float(found[0]) / 1000
        write_link(database, at)  # what happens until we read there ourselves is no sign that somebody did
        return at

    return _changed(path, begin)


def forget_telling(path: Path) -> None:
    """There is no broker: nothing is kept for it, and a later one begins with what happens then. Raises StoreError."""

    def forget(database: sqlite3.Connection) -> None:
        database.execute("DELETE FROM mark WHERE name IN (?, ?)", (BROKER, LINKED))
        database.execute("DELETE FROM untold")
        database.execute("DELETE FROM untold_happening")

    try:
        _changed(path, forget)
    except StoreError as error:  # the next start does it
        log.warning("store.told_not_written", path=str(path), error=str(error))


def end_telling(path: Path, told: Told, linked_until: float | None = None) -> None:
    """The last word of a life, and until when it read at the broker. That it cannot be written costs nothing but that
    some is told twice, and a command is refused that waited for a moment only."""

    def end(database: sqlite3.Connection) -> None:
        write_told(database, told)
        if linked_until is not None:
            write_link(database, linked_until)

    try:
        _changed(path, end)
    except StoreError as error:
        log.warning("store.told_not_written", path=str(path), error=str(error))


def _changed(path: Path, change: Callable[[sqlite3.Connection], T]) -> T:
    try:
        with closing(connect(path)) as database:
            database.execute("BEGIN IMMEDIATE")
            answer = change(database)
            database.execute("COMMIT")
            return answer
    except sqlite3.Error as error:
        raise StoreError(path, f"cannot be written: {error}") from None


# -- read -----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Untold:
    """What lies behind a mark. ``note`` has it written, some time, how far the broker was told; ``note_link`` since
    when nobody has read there."""

    path: Path
    note: Callable[[Told], None]
    note_link: Callable[[float | None], None] = lambda _until: None

    async def facts(self, after: int, until: int) -> tuple[list[Fact], int]:
        """Facts of some of the events behind one, in order; and up to which event these are all, ``after`` when
        nothing behind it is written yet. Raises StoreError."""
        return await asyncio.to_thread(self._ask, lambda database: facts_between(database, after, until))

    async def happenings(self, after: int, until: int) -> tuple[list[Happening], int]:
        """Some of what happened to customers behind a number, in order; and up to which these are all. Raises
        StoreError."""
        return await asyncio.to_thread(self._ask, lambda database: happenings_between(database, after, until))

    def told(self, facts: int, happenings: int) -> None:
        """The broker has these."""
        self.note(Told(facts, happenings))

    def linked(self, until: float | None) -> None:
        """Nobody has read at the broker since this instant; None: somebody reads."""
        self.note_link(until)

    def _ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        try:
            with closing(connect(self.path, is_for_reading=True)) as database:
                return question(database)
        except sqlite3.Error as error:
            raise StoreError(self.path, str(error)) from None


def _last_happening(database: sqlite3.Connection) -> int:
    found = database.execute("SELECT seq FROM sqlite_sequence WHERE name = 'untold_happening'").fetchone()
    return int(found[0]) if found is not None else 0


def facts_between(database: sqlite3.Connection, after: int, until: int) -> tuple[list[Fact], int]:
    """See `Untold.facts`."""
    database.execute("BEGIN")  # one moment for all that follows
    ((written,),) = database.execute(WRITTEN).fetchall()
    last = min(until, after + EVENTS_AT_ONCE, max(written, after))
    rows = database.execute(
        f"SELECT event, {COLUMNS} FROM record WHERE sequence >= ? AND sequence < ? AND type != ? ORDER BY sequence",
        (_first_record(database, after), _first_record(database, last), DECISION),
    ).fetchall()
    records: dict[int, deque[Record]] = {}
    for event, *row in rows:
        records.setdefault(event, deque()).append(from_row(tuple(row)))
    kept: dict[int, dict[int, str]] = {}
    for event, nth, body in database.execute(
        "SELECT event, nth, body FROM untold WHERE event > ? AND event <= ? ORDER BY event, nth", (after, last)
    ):
        kept.setdefault(event, {})[nth] = body
    facts: list[Fact] = []
    for event in sorted(records.keys() | kept.keys()):
        facts += _in_place(records.get(event, deque()), kept.get(event, {}))
    return facts, last


def _first_record(database: sqlite3.Connection, after: int) -> int:
    """The number of the first record that came of a later event. Both rise together, so it is found without an index,
    which each call would have to pay for."""
    ((low, high),) = database.execute(
        "SELECT coalesce(min(sequence), 1), coalesce(max(sequence), 0) + 1 FROM record"
    ).fetchall()
    while low < high:
        middle = (low + high) // 2
        found = database.execute(
            "SELECT coalesce(event, 0) FROM record WHERE sequence >= ? ORDER BY sequence LIMIT 1", (middle,)
        ).fetchone()
        if found is not None and found[0] <= after:
            low = middle + 1
        else:
            high = middle
    return int(low)


def _in_place(records: deque[Record], kept: Mapping[int, str]) -> Iterator[Fact]:
    """The facts of one event: what was kept apart stands where it stood, in place of its record if it has one."""
    nth, last = 0, max(kept, default=-1)
    while records or nth <= last:
        fact = None
        if nth in kept:
            fact = _kept_fact(kept[nth])
            if (fact is None or fact.inquiry is not None) and records:
                records.popleft()
        elif records:
            fact = recorded_fact(records.popleft())
        if fact is not None:
            yield fact
        nth += 1


def _kept_fact(body: str) -> Fact | None:
    try:
        fact: Fact = FACT.validate_json(body)
    except ValidationError as error:
        log.error("store.fact_unreadable", error=str(error))  # noqa: TRY400 - of another version
        return None
    return fact


def recorded_fact(record: Record) -> Fact | None:
    """What was told, as far as the record has it; None for what this version never tells."""
    if record.type not in _TYPES:
        return None
    customer, recording = record.more.get("customer"), record.more.get("recording")
    return Fact(
        type=FactType(record.type),
        at=record.at,
        inquiry=InquiryId(record.inquiry),
        group=None if record.group is None else GroupId(record.group),
        operator=None if record.operator is None else OperatorId(record.operator),
        attempt=None if record.attempt is None else AttemptNo(record.attempt),
        detail=record.detail,
        customer=None if customer is None else Customer(**customer),
        recording=None if recording is None else Recording(**recording),
    )


def happenings_between(database: sqlite3.Connection, after: int, until: int) -> tuple[list[Happening], int]:
    """See `Untold.happenings`."""
    rows = database.execute(
        "SELECT id, kind, at, customer, inquiry, body FROM untold_happening WHERE id > ? AND id <= ?"
        " ORDER BY id LIMIT ?",
        (after, until, HAPPENINGS_AT_ONCE),
    ).fetchall()
    told = [
        Happening(kind=Happened(kind), at=at, customer=who, inquiry=inquiry, data=json.loads(body), number=number)
        for number, kind, at, who, inquiry, body in rows
    ]
    return told, rows[-1][0] if len(rows) == HAPPENINGS_AT_ONCE else until
