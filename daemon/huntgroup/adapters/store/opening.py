"""Opens the store and looks whether it is whole, before anything is made of it.

Two things tell the same: the journal says what happened, the state says what came of it. So a journal whose end was
damaged costs nothing but its end, which is kept aside; and a state that was damaged can be made anew. A journal that is
damaged in its middle, or tables that SQLite itself cannot read, stop the daemon: it never guesses.
"""

import fcntl
import json
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import structlog

from huntgroup.adapters.store import upkeep, wal
from huntgroup.adapters.store.holding import Holding, lock_of
from huntgroup.adapters.store.private import cannot_be_opened, make_private
from huntgroup.adapters.store.rows import Entry, entry_crc, state_crc
from huntgroup.adapters.store.schema import VERSION, migrate
from huntgroup.errors import StoreError
from huntgroup.locks import named, own

log = structlog.get_logger(__name__)

LOCK_SECONDS = 0.5
LOCK_REST = 0.02
BUSY_SECONDS = 0.25
"""How long SQLite itself waits for somebody else's lock."""
HOW_TO_MEND = "stop the daemon, keep this file for a look, and put the last `huntgroup backup` in its place"


class Opened(NamedTuple):
    """A store that is whole. ``sequence``, ``at`` and ``crc`` are of the journal's last event, 0 when there is none."""

    state: list[tuple[str, str, str]]
    """Kind, id and body of every part of the memory; empty in a new store."""
    is_state_whole: bool
    """If not it is to be made anew, from the last snapshot and the journal after it."""
    sequence: int
    at: float
    crc: int


@contextmanager
def held(path: Path) -> Iterator[Holding]:
    """The store is ours alone as long as this lasts. Raises StoreError while another daemon has it."""
    lock = lock_of(path)
    try:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(path, cannot_be_opened(error)) from None
    try:
        with suppress(OSError):  # it is not ours to say: then nobody else could have opened it
            os.fchmod(handle, 0o600)  # or whoever may read it could take the lock, and no daemon would start
        if not _is_locked(handle):
            who = named(own(handle))
            message = f"another daemon has this store open ({who}); give each its own [store] url, or end that process"
            raise StoreError(path, message)
        holding = Holding(handle)
        holding.tell()
        yield holding
    finally:
        os.close(handle)


def _is_locked(handle: int) -> bool:
    """Whoever only looks at the lock, as the doctor does, has it for the moment of one call: so it is tried again."""
    until = time.clock_gettime(time.CLOCK_MONOTONIC) + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.clock_gettime(time.CLOCK_MONOTONIC) > until:
                return False
            time.sleep(LOCK_REST)
        else:
            return True


def connect(path: Path, *, is_for_reading: bool = False) -> sqlite3.Connection:
    """A connection in which each statement is a transaction of its own, unless one is begun."""
    mode = "ro" if is_for_reading else "rwc"
    database = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=BUSY_SECONDS, isolation_level=None
    )
    if not is_for_reading:
        database.execute("PRAGMA journal_mode = WAL")
    return database


def open_store(path: Path) -> Opened:
    """Make, migrate, check and read it. The caller holds it.

    Raises StoreError when it cannot be used, with what to do.
    """
    try:
        kept = wal.keep_torn_end(path)
        if kept is not None:
            log.warning("store.torn_write_kept", path=str(path), kept=str(kept))
        make_private(path)
        with closing(connect(path)) as database:
            had = migrate(database, path)
            if had not in {0, VERSION}:
                log.info("store.migrated", path=str(path), was=had, now=VERSION)
            return _checked(database, path)
    except sqlite3.Error as error:
        raise StoreError(path, f"cannot be used: {error}; {_advice(error)}") from None
    except OSError as error:
        raise StoreError(path, cannot_be_opened(error)) from None


def _advice(error: sqlite3.Error) -> str:
    if is_full(error):
        return "make room on the disk, or mend it where it has room; the next start continues from here"
    if isinstance(error, sqlite3.OperationalError):
        return "see that its folder exists, is ours, and that the disk is not full"
    return HOW_TO_MEND


def is_full(error: sqlite3.Error) -> bool:
    """Whether there was no room for what was to be written."""
    code = getattr(error, "sqlite_errorcode", 0)
    return code == sqlite3.SQLITE_FULL or code & 0xFF == sqlite3.SQLITE_IOERR


def _checked(database: sqlite3.Connection, path: Path) -> Opened:
    start = database.execute("SELECT sequence, crc FROM snapshot ORDER BY sequence DESC LIMIT 1").fetchone()
    broken, last = _first_broken(database, start or (0, 0))
    if broken is not None:
        _set_aside(database, path, broken, last.sequence)
    rows = database.execute("SELECT kind, id, body, crc FROM state").fetchall()
    is_whole = all(crc == state_crc(kind, name, body) for kind, name, body, crc in rows)
    if not is_whole:
        log.error("store.state_damaged", path=str(path), hint="it is made anew from the journal")
    return Opened([row[:3] for row in rows], is_whole, last.sequence, last.at, last.crc)


class _Last(NamedTuple):
    sequence: int
    at: float
    crc: int


def _first_broken(database: sqlite3.Connection, start: tuple[int, int]) -> tuple[int | None, _Last]:
    """The first row that is not as it was written, if all behind it are like that; and the last one that there is.

    Raises StoreError when whole ones follow, or when one is missing.
    """
    sequence, crc = start
    broken: int | None = None
    last = _Last(sequence, 0.0, crc)
    gaps = dict(database.execute("SELECT first, last FROM gap").fetchall())
    for row in database.execute(
        "SELECT sequence, at, type, body, crc FROM journal WHERE sequence > ? ORDER BY 1", start[:1]
    ):
        entry = Entry(*row[:4])
        is_next = entry.sequence == sequence + 1 or gaps.get(sequence + 1) == entry.sequence - 1
        if is_next and _is_whole(crc, entry, row[4]):
            if broken is not None:
                raise _damaged(database, broken)
        elif broken is None:
            broken = sequence + 1
        sequence, crc = entry.sequence, row[4]
        last = _Last(sequence, entry.at if isinstance(entry.at, float) else 0.0, crc)
    return broken, last


def _is_whole(before: object, entry: Entry, crc: object) -> bool:
    return isinstance(before, int) and isinstance(entry.body, str) and entry_crc(before, entry) == crc


def _damaged(database: sqlite3.Connection, sequence: int) -> StoreError:
    file = database.execute("PRAGMA database_list").fetchone()[2]
    return StoreError(
        Path(file), f"event {sequence} of the journal is not as it was written, and whole ones follow; {HOW_TO_MEND}"
    )


def _set_aside(database: sqlite3.Connection, path: Path, first: int, last: int) -> None:
    """Cut the journal's damaged end off, and keep it in a file of its own."""
    aside = path.with_name(f"{path.name}.damaged-{first}")
    rows = database.execute("SELECT * FROM journal WHERE sequence >= ? ORDER BY 1", (first,)).fetchall()
    text = "".join(json.dumps(row, ensure_ascii=False, default=repr) + "\n" for row in rows)
    try:
        make_private(aside)
        with aside.open("w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        # It is for a look, and no start depends on that.
        log.warning("store.damaged_end_not_kept", path=str(path), error=error.strerror)
        with suppress(OSError):
            aside.unlink()
    database.execute("BEGIN IMMEDIATE")
    database.execute("DELETE FROM journal WHERE sequence >= ?", (first,))
    database.execute("INSERT OR REPLACE INTO gap VALUES (?, ?, 'damaged')", (first, last))
    database.execute("COMMIT")
    log.error("store.journal_cut", path=str(path), first=first, last=last, kept=str(aside))


def begin_run(path: Path, opened: Opened, state: Iterable[tuple[str, str, str | None]] | None, now: float) -> None:
    """Take a snapshot, if one is due; ``state`` in place of the one that was found.

    Raises StoreError.
    """
    try:
        with closing(connect(path)) as database:
            if state is not None:
                kept = [
                    (kind, name, body, state_crc(kind, name, body)) for kind, name, body in state if body is not None
                ]
                database.execute("BEGIN IMMEDIATE")
                database.execute("DELETE FROM state")
                database.executemany("INSERT INTO state VALUES (?, ?, ?, ?)", kept)
                database.execute("COMMIT")
            if state is not None or upkeep.is_snapshot_due(database, opened.sequence, now):
                _take_snapshot(database, path, opened, now)
    except sqlite3.Error as error:
        raise StoreError(path, f"cannot be written: {error}; {_advice(error)}") from None


def _take_snapshot(database: sqlite3.Connection, path: Path, opened: Opened, now: float) -> None:
    """Only a replay begins with it, and the journal takes another: a disk that is full does not keep calls waiting."""
    try:
        upkeep.take_snapshot(database, opened.sequence, now, opened.crc)
    except sqlite3.OperationalError as error:
        log.warning("store.snapshot_not_taken", path=str(path), error=str(error))
