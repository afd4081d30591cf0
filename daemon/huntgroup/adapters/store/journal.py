"""Writes the journal: one task, one connection, whatever has gathered in one transaction.

Effects leave only behind their commit, and nothing is said to be safe before it is on the disk itself. Between the two
lies what only a loss of power can take; a commit alone outlives the process. What is about calls need not wait for the
disk: the PBX remembers a call as long as there is one, and is asked. Everything else waits.

When the disk does not take it, or takes too long over it, they leave all the
same: who talks, talks on, and who waits is served. What is owed to the disk is kept, and written as soon as it can be;
until then nothing is acknowledged, and `is_degraded` says that new work had better not be taken on.
"""

import asyncio
import os
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import aiosqlite
import structlog

from huntgroup.adapters.clock import Clock
from huntgroup.adapters.store import upkeep
from huntgroup.adapters.store.customers.following import Follower
from huntgroup.adapters.store.customers.works import Work
from huntgroup.adapters.store.opening import BUSY_SECONDS, Opened
from huntgroup.adapters.store.reading import COLUMNS
from huntgroup.adapters.store.rows import Batch, entry_crc, state_crc
from huntgroup.adapters.store.untold import Told, write_link, write_told
from huntgroup.barrier import carefully
from huntgroup.customers.words import Happening

log = structlog.get_logger(__name__)

PATIENCE_SECONDS = 1.0
"""A commit that takes longer holds up nobody any more."""
RETRY_SECONDS = 1.0
SYNC_SECONDS = 0.1
"""What nobody waits for is on the disk itself so long after its commit: to bring each commit there by itself cost more
than the commit."""
IDLE_SECONDS = 0.5
"""So long without anything to write, and there is time for upkeep."""
UPKEEP_SECONDS = 5.0
"""So long without a pause, and some upkeep is done all the same: a house that never sleeps would keep all for ever."""
FOLLOW_SECONDS = 0.01
"""So long what waits for customers is applied while events wait to be written."""
WORKS_AT_ONCE = 50
"""Changes of customers that are made, and answered, before events have their turn."""
WORKS_MOST = 1_000
"""Changes of customers that wait to be made."""
OWED_MOST = 200_000
"""Events and records that wait for a disk that does not take them; then the oldest go, and the gap is noted."""

PRAGMAS = ("journal_mode = WAL", "synchronous = NORMAL")
"""NORMAL leaves to us when the write-ahead file goes to the disk: behind every commit, as FULL would, but we choose
what waits for it. Before a checkpoint SQLite sees to it itself."""

NOT_SAFE = "nothing can be made durable at the moment; try again later"

Done = Callable[[], None]
T = TypeVar("T")


class Journal:
    """Where `write` puts, `run` takes. Both on the event loop's own thread."""

    def __init__(
        self,
        path: Path,
        opened: Opened,
        keep_seconds: float,
        clock: Clock,
        follower: Follower | None = None,
    ) -> None:
        """``follower`` applies what is written for customers, and says what came of it."""
        self._path = path
        self._clock = clock
        self._keep = keep_seconds
        self._crc = opened.crc
        self._sequence = opened.sequence
        self._since_snapshot = 0
        self._owed = Batch()
        self._lost = 0
        self._gates: list[Gate] = []
        self._in_flight: list[Gate] = []
        self._durable: list[Done] = []
        self._wake = asyncio.Event()
        self._is_stopping = False
        self._snapshot_at = self._upkeep_at = asyncio.get_running_loop().time()
        self._is_upkeep_failing = False
        self._must_checkpoint = False
        self._sync_timer: asyncio.TimerHandle | None = None
        self._is_sync_due = False
        self._follower = follower
        self._is_behind = follower is not None
        self._works: deque[Work] = deque()
        self.is_degraded = False
        """The disk does not take what is written."""

    def write(self, batch: Batch, release: Done, durable: Done) -> None:
        """Have a batch written. ``release`` is called once what came of it may leave, ``durable`` once it is safe; for
        several batches in a row that have the same one, once.

        The next one is to be given only when this one was released.
        """
        self._owed.add(batch)
        if not self._durable or self._durable[-1] is not durable:
            self._durable.append(durable)
        if self.is_degraded:
            self._trim()
            asyncio.get_running_loop().call_soon(release)
            return
        self._gates.append(Gate(release, asyncio.get_running_loop().call_later(PATIENCE_SECONDS, self._lose_patience)))
        self._wake.set()

    def do(self, work: Work) -> None:
        """Have something done between two groups of events, in a transaction of its own; see `Work`."""
        if self.is_degraded:
            asyncio.get_running_loop().call_soon(work.fail, NOT_SAFE)
            return
        self._works.append(work)
        self._wake.set()

    @property
    def is_full_of_works(self) -> bool:
        """No more should be asked for: what was is still to be done."""
        return len(self._works) >= WORKS_MOST

    def note(self, told: Told) -> None:
        """Have it written how far the broker was told: with what is written next, in any case soon. Nobody waits."""
        self._owed.told = told
        self._wake.set()

    def note_link(self, until: float | None) -> None:
        """Have it written since when nobody has read at the broker; None: somebody reads. Nobody waits."""
        self._owed.linked = (until,)
        self._wake.set()

    async def run(self) -> None:
        """Write until cancelled, and then what is still owed.

        The writing itself is never cancelled: half-way through nobody would know whether it was done.
        """
        writing = asyncio.create_task(self._keep_writing(), name="journal-writer")
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            self._is_stopping = True
            self._wake.set()
            await writing
            raise

    async def _keep_writing(self) -> None:
        while True:
            try:
                await self._with_connection()
            except (sqlite3.Error, OSError) as error:
                self._degrade(str(error))
                if self._is_stopping:
                    log.error(  # noqa: TRY400 - the disk's word, not a fault of ours
                        "store.never_written", path=str(self._path), events=len(self._owed.entries)
                    )
                    return
                await asyncio.sleep(RETRY_SECONDS)
                self._wake.set()
            else:
                return

    async def _with_connection(self) -> None:
        async with aiosqlite.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None) as database:
            for pragma in PRAGMAS:
                await database.execute(f"PRAGMA {pragma}")
            await in_its_thread(database, self._begin)
            with disk_of(self._path) as disk:
                await self._follow(database)
                while not self._is_stopping:
                    await self._until_something_is_owed(database)
                    await self._write_owed(database, disk)
                await self._write_owed(database, disk)
                while self._owed:  # what that let go may have brought more
                    await self._write_owed(database, disk)

    def _begin(self, database: sqlite3.Connection) -> None:
        """A read makes the write-ahead file. If that could not be brought to the disk, its pages go there instead."""
        database.execute("SELECT count(*) FROM snapshot").fetchone()
        if self._must_checkpoint:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            self._must_checkpoint = False

    async def _until_something_is_owed(self, database: aiosqlite.Connection) -> None:
        """Upkeep waits until there is nothing else to do, but not for ever."""
        if asyncio.get_running_loop().time() >= self._upkeep_at or self._since_snapshot >= upkeep.SNAPSHOT_AT_LAST:
            await self._keep_up(database)
        is_tidy = False
        while not self._wake.is_set():
            try:
                async with asyncio.timeout(None if is_tidy else IDLE_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                is_tidy = not await self._keep_up(database)

    async def _keep_up(self, database: aiosqlite.Connection) -> bool:
        """A part of the upkeep; whether there may be more. That there is no room for it holds up nothing."""
        now = asyncio.get_running_loop().time()
        self._upkeep_at = now + UPKEEP_SECONDS
        try:
            if self._is_snapshot_due(now):
                await in_its_thread(database, upkeep.take_snapshot, self._sequence, self._clock.now(), self._crc)
                self._since_snapshot, self._snapshot_at = 0, now
            dropped = await in_its_thread(database, upkeep.tidy, self._clock.now() - self._keep)
        except sqlite3.Error as error:
            if not self._is_upkeep_failing:
                log.warning("store.upkeep_failed", path=str(self._path), error=str(error))
            self._is_upkeep_failing, self._since_snapshot = True, 0
            return False
        self._is_upkeep_failing = False
        return dropped > 0

    def _is_snapshot_due(self, now: float) -> bool:
        is_old = now - self._snapshot_at >= upkeep.SNAPSHOT_SECONDS and self._since_snapshot > 0
        return is_old or self._since_snapshot >= min(upkeep.SNAPSHOT_EVERY, upkeep.SNAPSHOT_AT_LAST)

    async def _write_owed(self, database: aiosqlite.Connection, disk: int) -> None:
        self._wake.clear()
        batch, self._owed = self._owed, Batch()
        durable, self._durable = self._durable, []
        gates = self._in_flight = self._gates
        self._gates = []
        try:
            if batch or batch.told is not None or batch.linked is not None:
                await self._commit(database, batch)
            if not batch.waits_for_disk:
                open_all(gates)
            if self._may_sync_later(batch):
                self._durable = durable + self._durable
                durable = []
            elif durable:
                await self._sync(database, disk)
        except (sqlite3.Error, OSError):
            self._durable = durable + self._durable
            raise
        self._heal()
        open_all(gates)
        self._is_behind |= bool(batch.follow)
        await self._follow(database)
        for done in durable:
            carefully(done)
        await self._do_works(database, disk)

    async def _do_works(self, database: aiosqlite.Connection, disk: int) -> None:
        """What somebody asked for: nobody's call waits for it, so it comes last, and stops when events are to be
        written. What was done by then goes to the disk with these."""
        done: list[Work] = []
        told: list[Happening] = []
        try:
            while self._works and (self._is_stopping or (len(done) < WORKS_AT_ONCE and not (done and self._owed))):
                done.append(self._works.popleft())
                told += await in_its_thread(database, done[-1].run, self._clock.now(), self._follower)
            has_changed = any(work.has_changed for work in done)
            if has_changed and not self._works:
                await self._sync(database, disk)
        except (sqlite3.Error, OSError):
            for work in (*done, *self._works):
                carefully(work.fail, NOT_SAFE)
            self._works.clear()
            raise
        self._say(told)
        if self._works:
            self._wake.set()
            if has_changed:
                self._is_sync_due = True
                self._durable += [_finishing(work) for work in done]
                return
        for work in done:
            carefully(work.finish)

    async def _follow(self, database: aiosqlite.Connection) -> None:
        """Apply what waits for customers: whoever is told that theirs is safe finds it applied, unless a lot waits.

        What cannot be applied now stays where it is, and is tried again with what comes next.
        """
        began = asyncio.get_running_loop().time()
        while self._is_behind and self._follower is not None:
            if self._wake.is_set() and asyncio.get_running_loop().time() - began > FOLLOW_SECONDS:
                return  # the next events come first, and then the rest
            try:
                told, self._is_behind = await in_its_thread(database, self._follower.step)
            except sqlite3.Error as error:
                log.error("customers.not_followed", path=str(self._path), error=str(error))  # noqa: TRY400
                return
            self._say(told)

    def _say(self, told: Sequence[Happening]) -> None:
        if self._follower is not None and told:
            carefully(self._follower.tell, told)

    async def _commit(self, database: aiosqlite.Connection, batch: Batch) -> None:
        try:
            self._crc = await in_its_thread(database, write_batch, batch, self._crc, self._sequence)
        except (sqlite3.Error, OSError):
            batch.add(self._owed)
            self._owed = batch
            raise
        self._since_snapshot += len(batch.entries)
        self._sequence = batch.entries[-1].sequence if batch.entries else self._sequence

    def _may_sync_later(self, batch: Batch) -> bool:
        """Whether the disk can follow later, together with that of what is written meanwhile."""
        if batch.waits_for_disk or self._is_sync_due or self._is_stopping:
            return False
        if self._sync_timer is None:
            self._sync_timer = asyncio.get_running_loop().call_later(SYNC_SECONDS, self._sync_is_due)
        return True

    def _sync_is_due(self) -> None:
        self._is_sync_due = True
        self._wake.set()

    async def _sync(self, database: aiosqlite.Connection, disk: int) -> None:
        """Once this failed, a second try may succeed and have written nothing: Linux drops what it could not write."""
        if self._sync_timer is not None:
            self._sync_timer.cancel()
        self._sync_timer, self._is_sync_due = None, False
        try:
            await in_its_thread(database, lambda _: os.fdatasync(disk))
        except OSError:
            self._must_checkpoint = True
            raise

    # -- when the disk does not take it -----------------------------------------------------------------------------

    def _lose_patience(self) -> None:
        self._degrade(f"a commit takes longer than {PATIENCE_SECONDS:g} s")

    def _degrade(self, error: str) -> None:
        if not self.is_degraded:
            log.error("store.not_written", path=str(self._path), error=error, owed=len(self._owed.entries))
        self.is_degraded = True
        gates, self._gates = self._gates, []
        open_all([*gates, *self._in_flight])

    def _heal(self) -> None:
        if self.is_degraded:
            log.warning("store.written_again", path=str(self._path), lost=self._lost)
            self.is_degraded, self._lost = False, 0

    def _trim(self) -> None:
        """What can be written of the state stays whole; of what led there only the newest is kept."""
        over = len(self._owed.entries) - OWED_MOST
        if over > 0:
            del self._owed.entries[:over]
            self._lost += over
        del self._owed.records[: max(0, len(self._owed.records) - OWED_MOST)]
        del self._owed.follow[: max(0, len(self._owed.follow) - OWED_MOST)]
        del self._owed.apart[: max(0, len(self._owed.apart) - OWED_MOST)]


class Gate:
    """What waits for a commit; it opens once, for whatever reason comes first."""

    def __init__(self, release: Done, watch: asyncio.TimerHandle) -> None:
        self._release: Done | None = release
        self._watch = watch

    def open(self) -> None:
        """Let it go."""
        self._watch.cancel()
        release, self._release = self._release, None
        if release is not None:
            release()


def open_all(gates: Iterable[Gate]) -> None:
    """Let all of them go, in order."""
    for gate in gates:
        gate.open()


@contextmanager
def disk_of(path: Path) -> Iterator[int]:
    """The write-ahead file, to be brought to the disk by whoever holds this. Raises OSError."""
    log = os.open(path.with_name(path.name + "-wal"), os.O_RDWR | os.O_CLOEXEC)
    try:
        folder = os.open(path.absolute().parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)  # or a loss of power might take the file's name
        finally:
            os.close(folder)
        yield log
    finally:
        os.close(log)


async def in_its_thread(database: aiosqlite.Connection, work: Callable[..., T], *values: object) -> T:
    """Do several statements in one visit to the connection's thread: each visit of its own would cost 30 µs.

    aiosqlite has no public way to do so; the name is the same since its first version, and a test holds it.
    """
    answer: T = await database._execute(work, database._conn, *values)  # type: ignore[no-untyped-call]
    return answer


def write_batch(database: sqlite3.Connection, batch: Batch, crc: int, last: int) -> int:
    """One transaction; the crc of the last entry. Raises sqlite3.Error, and then nothing is written."""
    entries = []
    for entry in batch.entries:
        crc = entry_crc(crc, entry)
        entries.append((*entry, crc))
    database.execute("BEGIN IMMEDIATE")
    try:
        if batch.entries and batch.entries[0].sequence > last + 1:
            database.execute("INSERT INTO gap VALUES (?, ?, 'not_written')", (last + 1, batch.entries[0].sequence - 1))
        database.executemany("INSERT INTO journal VALUES (?, ?, ?, ?, ?)", entries)
        kept = [
            (kind, name, body, state_crc(kind, name, body))
            for (kind, name), body in batch.state.items()
            if body is not None
        ]
        database.executemany("INSERT OR REPLACE INTO state VALUES (?, ?, ?, ?)", kept)
        gone = [names for names, body in batch.state.items() if body is None]
        database.executemany("DELETE FROM state WHERE kind = ? AND id = ?", gone)
        database.executemany(
            f"INSERT INTO record (event, {COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(event, *record.row()) for event, record in batch.records],
        )
        database.executemany("INSERT INTO follow (event, kind, body) VALUES (?, ?, ?)", batch.follow)
        if batch.apart:
            database.executemany("INSERT OR REPLACE INTO untold VALUES (?, ?, ?, ?, ?, ?)", batch.apart)
        if batch.told is not None:
            write_told(database, Told(*batch.told))
        if batch.linked is not None:
            write_link(database, *batch.linked)
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise
    return crc


def _finishing(work: Work) -> Done:
    def finish() -> None:
        carefully(work.finish)

    return finish
