"""What other commands read of the store, each over a connection of its own, whether the daemon runs or not."""

import os
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from huntgroup.adapters.store.opening import connect
from huntgroup.adapters.store.private import make_private
from huntgroup.adapters.store.records import Record, from_row
from huntgroup.adapters.store.rows import Entry
from huntgroup.adapters.store.schema import VERSION
from huntgroup.engine.effects import FactType
from huntgroup.errors import StoreError

COLUMNS = 'at, inquiry, type, "group", operator, attempt, detail, more'


class Snapshot(NamedTuple):
    """The memory after an event: kind, id and body of each part."""

    sequence: int
    at: float
    state: list[tuple[str, str, str]]


class Gap(NamedTuple):
    """Events that are not there, and why: ``damaged`` or ``not_written``."""

    first: int
    last: int
    why: str


class Past:
    """The journal and what was recorded of it, as of the moment it is opened."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def snapshots(self) -> list[int]:
        """The events after which there is a snapshot, oldest first."""
        return [row[0] for row in self._database.execute("SELECT sequence FROM snapshot ORDER BY 1")]

    def snapshot(self, sequence: int) -> Snapshot:
        """The snapshot after this event."""
        ((at,),) = self._database.execute("SELECT at FROM snapshot WHERE sequence = ?", (sequence,)).fetchall()
        rows = self._database.execute("SELECT kind, id, body FROM snapshot_state WHERE snapshot = ?", (sequence,))
        return Snapshot(sequence, at, rows.fetchall())

    def entries(self, after: int, until: int | None = None) -> Iterator[Entry]:
        """The events behind one, in order, up to and with ``until``."""
        last = until if until is not None else 1 << 62
        question = "SELECT sequence, at, type, body FROM journal WHERE sequence > ? AND sequence <= ? ORDER BY 1"
        return (Entry(*row) for row in self._database.execute(question, (after, last)))

    def of_type(self, name: str) -> Iterator[Entry]:
        """The events of one type, in order."""
        question = "SELECT sequence, at, type, body FROM journal WHERE type = ? ORDER BY 1"
        return (Entry(*row) for row in self._database.execute(question, (name,)))

    def records(self, after: int) -> Iterator[tuple[int, Record]]:
        """What was told of the events behind one, in order."""
        question = f"SELECT event, {COLUMNS} FROM record WHERE event > ? ORDER BY sequence"
        return ((row[0], from_row(row[1:])) for row in self._database.execute(question, (after,)))

    def gaps(self) -> list[Gap]:
        """Where events are missing."""
        return [Gap(*row) for row in self._database.execute("SELECT first, last, why FROM gap ORDER BY 1")]


@contextmanager
def history(path: Path) -> Iterator[Past]:
    """Raises StoreError when the file cannot be read, now or later."""
    with _reading(path) as database:
        _require_version(database, path)
        database.execute("BEGIN")
        yield Past(database)


def _require_version(database: sqlite3.Connection, path: Path) -> None:
    found = database.execute("PRAGMA user_version").fetchone()[0]
    if found != VERSION:
        words = f"has version {found} of the tables: start this Huntgroup once, it brings them to {VERSION}"
        raise StoreError(path, words)


def state_of(path: Path) -> list[tuple[str, str, str]]:
    """The memory after the last event that was written: kind, id and body of each part.

    Raises StoreError when the file cannot be read, or has the tables of another version.
    """
    with _reading(path) as database:
        _require_version(database, path)
        return database.execute("SELECT kind, id, body FROM state").fetchall()


def records_of(path: Path, inquiry: str) -> list[Record]:
    """What is kept of one inquiry, in order; empty when nothing is. Raises StoreError when the file cannot be read."""
    rows = _read(path, f"SELECT {COLUMNS} FROM record WHERE inquiry = ? ORDER BY sequence", inquiry)
    return [from_row(row) for row in rows]


def recent_inquiries(path: Path, most: int) -> list[str]:
    """The last inquiries that are kept, newest first. Raises StoreError when the file cannot be read."""
    rows = _read(path, "SELECT inquiry FROM record GROUP BY inquiry ORDER BY max(sequence) DESC LIMIT ?", most)
    return [row[0] for row in rows]


def inquiries_of_number(path: Path, numbers: Collection[str], most: int) -> list[str]:
    """The last inquiries of a customer with one of these numbers, newest first.

    Raises StoreError when the file cannot be read.
    """
    marks = ", ".join("?" * len(numbers))
    # The newest first, so that a known number ends the search soon; an unknown one has every arrival looked at.
    question = (
        "SELECT inquiry FROM record WHERE type = ? AND more LIKE '{%' AND json_extract(more, '$.customer.phone')"
        f" IN ({marks}) ORDER BY sequence DESC LIMIT ?"
    )
    rows = _read(path, question, FactType.RECEIVED, *numbers, most)
    return list(dict.fromkeys(row[0] for row in rows))


def back_up(path: Path, to: Path) -> None:
    """A copy as of this moment, while the daemon goes on; whole or not at all.

    Raises StoreError when there is a file already, or the copy cannot be made.
    """
    if to.exists():
        raise StoreError(to, "is there already; name a file that is not")
    part = to.with_name(to.name + ".part")
    part.unlink(missing_ok=True)
    try:
        with _reading(path) as database:
            make_private(part)
            database.execute("VACUUM INTO ?", (str(part),))
        with part.open("rb") as copy:
            os.fsync(copy.fileno())
        part.rename(to)
    except OSError as error:
        raise StoreError(to, f"cannot be written: {error.strerror}") from None
    finally:
        part.unlink(missing_ok=True)


def _read(path: Path, question: str, *values: str | int) -> list[Any]:
    with _reading(path) as database:
        return database.execute(question, values).fetchall()


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    if not path.exists():
        raise StoreError(path, "is not there: no daemon has run with this [store] yet")
    try:
        with closing(connect(path, is_for_reading=True)) as database:
            yield database
    except sqlite3.Error as error:
        raise StoreError(path, str(error)) from None
