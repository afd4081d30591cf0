"""Keeps the record of every inquiry in SQLite. Written behind: no call waits for a disk, and none fails with one.

One task owns the connection and writes; who reads opens the file for themselves.
"""

import asyncio
import sqlite3
from collections import deque
from contextlib import closing
from pathlib import Path
from typing import Any

import aiosqlite
import structlog

from huntgroup.adapters.clock import Clock
from huntgroup.adapters.store.records import Record, from_row, record_of
from huntgroup.engine.effects import Decision, Fact, Tidings
from huntgroup.errors import StoreError

log = structlog.get_logger(__name__)

SCHEMA_VERSION = 1
SCHEMA = """
CREATE TABLE IF NOT EXISTS record (
    sequence INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    inquiry TEXT NOT NULL,
    type TEXT NOT NULL,
    "group" TEXT,
    operator TEXT,
    attempt INTEGER,
    detail TEXT NOT NULL,
    more TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS record_of_inquiry ON record (inquiry, sequence);
CREATE INDEX IF NOT EXISTS record_at ON record (at);
"""
COLUMNS = 'at, inquiry, type, "group", operator, attempt, detail, more'
KEEP_SECONDS = 90 * 86400.0
"""Older records are dropped, a few at a time."""
DROP_AT_ONCE = 5_000
BACKLOG_MOST = 100_000
"""Records that wait for a disk that does not take them; the oldest go first, and how many is logged."""
RETRY_SECONDS = 5.0


class Store:
    """The writer. ``tell`` takes what the engine told; ``run`` writes it until cancelled, and then writes the rest."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._backlog: deque[Record] = deque()
        self._changed = asyncio.Event()
        self._lost = 0

    def tell(self, tidings: Tidings) -> None:
        """Take a fact or a decision, to be written as soon as the disk takes it."""
        record = record_of(tidings) if isinstance(tidings, Fact | Decision) else None
        if record is None:
            return
        self._backlog.append(record)
        self._trim()
        self._changed.set()

    async def run(self) -> None:
        """Write. A disk that is full or a file that is locked is logged and tried again; calls go on."""
        try:
            while True:
                try:
                    await self._write_until_stopped()
                except (sqlite3.Error, OSError) as error:
                    self._not_written(error)
                    await asyncio.sleep(RETRY_SECONDS)
        except asyncio.CancelledError:
            await self._write_the_rest()
            raise

    def _not_written(self, error: Exception) -> None:
        log.error("store.not_written", path=str(self._path), error=str(error), waiting=len(self._backlog))

    async def _write_the_rest(self) -> None:
        """Who is stopped before the file was open, or while waiting for the disk, has something left to write."""
        if not self._backlog:
            return
        try:
            async with aiosqlite.connect(self._path) as database:
                await self._prepare(database)
                await self._write(database)
        except (sqlite3.Error, OSError) as error:
            self._not_written(error)

    async def _prepare(self, database: aiosqlite.Connection) -> None:
        await database.execute("PRAGMA journal_mode = WAL")
        await database.execute("PRAGMA synchronous = NORMAL")
        await database.executescript(SCHEMA)
        await database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    async def _write_until_stopped(self) -> None:
        async with aiosqlite.connect(self._path) as database:
            await self._prepare(database)
            try:
                while True:
                    await self._changed.wait()
                    self._changed.clear()
                    await self._write_undisturbed(database)
            except asyncio.CancelledError:
                await self._write(database)
                raise

    async def _write_undisturbed(self, database: aiosqlite.Connection) -> None:
        """A write that is cancelled half-way may still be done by the connection's thread: then nobody knows."""
        writing = asyncio.ensure_future(self._write(database))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await writing
            raise

    async def _write(self, database: aiosqlite.Connection) -> None:
        """Everything that waits, in one transaction; on failure it waits on."""
        batch, self._backlog = self._backlog, deque()
        if not batch:
            return
        marks = ", ".join("?" * 8)
        try:
            await database.executemany(
                f"INSERT INTO record ({COLUMNS}) VALUES ({marks})",
                [record.row() for record in batch],
            )
            oldest = self._clock.now() - KEEP_SECONDS
            await database.execute(
                "DELETE FROM record WHERE sequence IN (SELECT sequence FROM record WHERE at < ? LIMIT ?)",
                (oldest, DROP_AT_ONCE),
            )
            await database.commit()
        except BaseException:
            self._backlog.extendleft(reversed(batch))
            self._trim()
            self._changed.set()
            raise
        if self._lost:
            log.error("store.records_lost", count=self._lost)
            self._lost = 0

    def _trim(self) -> None:
        while len(self._backlog) > BACKLOG_MOST:
            self._backlog.popleft()
            self._lost += 1


def records_of(path: Path, inquiry: str) -> list[Record]:
    """What is kept of one inquiry, in order; empty when nothing is. Raises StoreError when the file cannot be read."""
    rows = _read(path, f"SELECT {COLUMNS} FROM record WHERE inquiry = ? ORDER BY sequence", inquiry)
    return [from_row(row) for row in rows]


def recent_inquiries(path: Path, most: int) -> list[str]:
    """The last inquiries that are kept, newest first. Raises StoreError when the file cannot be read."""
    rows = _read(path, "SELECT inquiry FROM record GROUP BY inquiry ORDER BY max(sequence) DESC LIMIT ?", most)
    return [row[0] for row in rows]


def _read(path: Path, question: str, *values: str | int) -> list[Any]:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as database:
            return database.execute(question, values).fetchall()
    except sqlite3.Error as error:
        raise StoreError(path, str(error)) from None
