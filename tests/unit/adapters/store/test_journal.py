"""The writer, on a real file: what gathered is one transaction, and a disk that does not take it holds up nobody."""

import asyncio
import errno
import json
import os
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import ModuleType

import aiosqlite
import pytest
from tests.unit.adapters.store.conftest import ask, batch, fill

from huntgroup.adapters.clock import Clock
from huntgroup.adapters.store import journal as module
from huntgroup.adapters.store import upkeep
from huntgroup.adapters.store.customers import book
from huntgroup.adapters.store.customers.following import Follower
from huntgroup.adapters.store.customers.for_crm import ForCrm
from huntgroup.adapters.store.customers.works import Change, Work
from huntgroup.adapters.store.journal import Journal
from huntgroup.adapters.store.opening import Opened, connect, open_store
from huntgroup.adapters.store.reading import records_of
from huntgroup.customers.words import CustomersError, Happened, Happening


class Writer:
    """A journal at work, and what it said."""

    def __init__(self, path: Path, opened: Opened) -> None:
        self.path = path
        self.journal = Journal(path, opened, keep_seconds=1e12, clock=Clock())
        self.said: list[str] = []
        self.changed = asyncio.Event()
        self.running = asyncio.create_task(self.journal.run())

    def write(self, first: int, count: int = 1, *, waits_for_disk: bool = True) -> None:
        name, what = str(first), batch(first, count)
        what.waits_for_disk = waits_for_disk
        self.journal.write(what, lambda: self._note(f"{name} released"), lambda: self._note(name))

    async def until(self, word: str, within: float = 10) -> None:
        async with asyncio.timeout(within):
            while word not in self.said:
                self.changed.clear()
                await self.changed.wait()

    async def stops(self) -> None:
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)

    def watches(self, module: ModuleType, name: str, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
        """Set once this function, which is called in the connection's thread, was."""
        loop, was_called, real = asyncio.get_running_loop(), asyncio.Event(), getattr(module, name)

        def watched(*values: object) -> object:
            answer = real(*values)
            loop.call_soon_threadsafe(was_called.set)
            return answer

        monkeypatch.setattr(module, name, watched)
        return was_called

    def _note(self, word: str) -> None:
        self.said.append(word)
        self.changed.set()


@contextmanager
def locked(path: Path) -> Iterator[sqlite3.Connection]:
    """Somebody else writes, until they are done or take it back."""
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


@pytest.fixture
async def writer(path: Path, opened: Opened) -> AsyncIterator[Writer]:
    writer = Writer(path, opened)
    yield writer
    await writer.stops()


async def test_what_is_written_is_there_when_it_is_said_to_be(writer: Writer) -> None:
    writer.write(1)
    await writer.until("1")

    assert ask(writer.path, "SELECT sequence, type FROM journal") == [(1, "TimePassed")]
    assert [each.inquiry for each in records_of(writer.path, "c1")] == ["c1"]
    assert writer.said == ["1 released", "1"]


async def test_what_is_over_is_no_longer_in_the_state_and_stays_on_record(writer: Writer) -> None:
    writer.write(1)
    await writer.until("1")
    over = batch(2, is_open=False)
    writer.journal.write(over, lambda: None, lambda: writer._note("2"))
    await writer.until("2")

    assert ask(writer.path, "SELECT id FROM state WHERE kind = 'inquiry'") == []
    assert len(records_of(writer.path, "c1")) == 2


async def test_what_is_owed_is_written_when_the_daemon_stops(writer: Writer) -> None:
    writer.write(1, 500)
    await writer.stops()

    assert len(ask(writer.path, "SELECT sequence FROM journal")) == 500


@pytest.mark.parametrize("turns", range(12))
async def test_a_stop_in_the_middle_of_a_write_neither_loses_nor_doubles_an_event(writer: Writer, turns: int) -> None:
    writer.write(1)
    await writer.until("1")
    writer.write(2, 300)
    for _ in range(turns):
        await asyncio.sleep(0)
    await writer.stops()

    assert [row[0] for row in ask(writer.path, "SELECT sequence FROM journal ORDER BY 1")] == list(range(1, 302))
    assert open_store(writer.path).sequence == 301


async def test_while_the_file_is_locked_work_goes_on_and_nothing_is_lost(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.01)
    writer.write(1)
    await writer.until("1")
    with locked(writer.path) as other:
        writer.write(2)
        await writer.until("2 released")
        writer.write(3)
        await writer.until("3 released")

        assert writer.journal.is_degraded
        assert "2" not in writer.said
        other.rollback()

    await writer.until("3")
    assert not writer.journal.is_degraded
    assert open_store(writer.path).sequence == 3


async def test_while_the_disk_is_full_work_goes_on_and_what_is_owed_is_written_when_there_is_room_again(
    path: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.01)
    pages = ask(path, "PRAGMA page_count")[0][0]
    monkeypatch.setattr(module, "PRAGMAS", (*module.PRAGMAS, f"max_page_count = {pages + 4}"))
    writer = Writer(path, opened)
    writer.write(1, 2_000)
    await writer.until("1 released")

    assert writer.journal.is_degraded
    assert ask(path, "SELECT count(*) FROM journal") == [(0,)]
    monkeypatch.setattr(module, "PRAGMAS", module.PRAGMAS[:-1])
    await writer.until("1")
    assert ask(path, "SELECT count(*) FROM journal") == [(2_000,)]
    await writer.stops()


async def test_a_disk_that_hangs_holds_up_work_for_a_moment_only(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(module, "BUSY_SECONDS", 30)
    writer.write(1)
    await writer.until("1")
    await writer.stops()
    slow = Writer(writer.path, open_store(writer.path))
    slow.write(2)
    await slow.until("2")
    with locked(writer.path) as other:
        slow.write(3)
        await slow.until("3 released")
        assert "3" not in slow.said
        other.rollback()
    await slow.until("3")
    await slow.stops()


async def test_what_does_not_fit_in_memory_while_the_disk_is_away_leaves_a_gap_that_is_noted(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(module, "OWED_MOST", 10)
    writer.write(1)
    await writer.until("1")
    with locked(writer.path) as other:
        writer.write(2)
        await writer.until("2 released")
        writer.write(3, 20)
        await writer.until("3 released")
        other.rollback()
    await writer.until("3")
    await writer.stops()

    assert ask(writer.path, "SELECT * FROM gap") == [(2, 12, "not_written")]
    assert open_store(writer.path).sequence == 22


async def test_a_snapshot_is_taken_when_there_is_time_and_old_things_go(
    path: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "IDLE_SECONDS", 0.01)
    monkeypatch.setattr(upkeep, "SNAPSHOT_EVERY", 5)
    writer = Writer(path, opened)
    writer.write(1, 6)
    taken = writer.watches(upkeep, "take_snapshot", monkeypatch)
    async with asyncio.timeout(10):
        await taken.wait()
    await writer.stops()

    assert ask(path, "SELECT kind, id FROM snapshot_state WHERE snapshot = 6 ORDER BY 1") == [
        ("inquiry", "c1"),
        ("policy", ""),
    ]


async def test_under_load_without_a_pause_a_snapshot_is_taken_in_the_end(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "SNAPSHOT_AT_LAST", 3)
    writer.write(1, 4)
    await writer.until("1")
    writer.write(5)
    await writer.until("5")

    assert [row[0] for row in ask(writer.path, "SELECT sequence FROM snapshot ORDER BY 1")] == [0, 4]


async def test_several_statements_are_done_in_one_visit_to_the_connections_thread(path: Path) -> None:
    async with aiosqlite.connect(path) as database:
        answer = await module.in_its_thread(
            database, lambda real, more: real.execute("SELECT 40").fetchone()[0] + more, 2
        )

    assert answer == 42


def test_a_batch_that_cannot_be_written_leaves_nothing_of_itself(path: Path, opened: Opened) -> None:
    broken = batch(1, 2)
    broken.entries.append(broken.entries[0])

    with closing(connect(path)) as database, pytest.raises(sqlite3.IntegrityError):
        module.write_batch(database, broken, opened.crc, opened.sequence)

    assert ask(path, "SELECT count(*) FROM journal") == [(0,)]
    assert ask(path, "SELECT count(*) FROM record") == [(0,)]


# -- what waits for the disk ----------------------------------------------------------------------------------------


class Disk:
    """In the place of the real one: takes what it is given when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_asked = threading.Event()
        self._goes_on = threading.Event()
        self._error: OSError | None = None
        self._loop = asyncio.get_running_loop()
        monkeypatch.setattr(os, "fdatasync", self._sync)

    def _sync(self, _: int) -> None:
        self.is_asked.set()
        self._goes_on.wait(10)
        if self._error is not None:
            error, self._error = self._error, None
            raise error

    def writes(self) -> None:
        self._goes_on.set()

    def fails(self) -> None:
        self._error = OSError(errno.EIO, "Input/output error")
        self._goes_on.set()


async def test_what_is_about_calls_leaves_with_the_commit_and_is_called_safe_only_on_the_disk(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)
    writer.write(1, waits_for_disk=False)
    await writer.until("1 released")

    assert ask(writer.path, "SELECT count(*) FROM journal") == [(1,)]
    await asyncio.to_thread(disk.is_asked.wait, 10)
    assert writer.said == ["1 released"]
    disk.writes()
    await writer.until("1")


async def test_what_is_about_calls_goes_to_the_disk_together_with_what_is_committed_soon_after(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)
    disk.writes()
    for number in (1, 2, 3):
        writer.write(number, waits_for_disk=False)
        await writer.until(f"{number} released")
    assert not disk.is_asked.is_set()
    await writer.until("3")

    assert writer.said == ["1 released", "2 released", "3 released", "1", "2", "3"]


async def test_what_waits_for_the_disk_takes_along_what_was_only_committed(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SYNC_SECONDS", 1_000)
    writer.write(1, waits_for_disk=False)
    await writer.until("1 released")
    writer.write(2)
    await writer.until("2")

    assert writer.said == ["1 released", "2 released", "1", "2"]


async def test_what_was_only_committed_is_on_the_disk_before_the_end(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SYNC_SECONDS", 1_000)
    writer.write(1, waits_for_disk=False)
    await writer.until("1 released")
    await writer.stops()

    assert writer.said == ["1 released", "1"]


async def test_everything_else_waits_for_the_disk(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(monkeypatch)
    writer.write(1)
    await asyncio.to_thread(disk.is_asked.wait, 10)

    assert writer.said == []
    disk.writes()
    await writer.until("1")
    assert writer.said == ["1 released", "1"]


async def test_a_group_that_comes_while_the_disk_is_busy_is_not_released_with_the_one_before_it(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)
    writer.write(1, waits_for_disk=False)
    await writer.until("1 released")
    await asyncio.to_thread(disk.is_asked.wait, 10)
    writer.write(2)
    disk.writes()
    await writer.until("2")

    assert writer.said == ["1 released", "1", "2 released", "2"]


async def test_what_the_disk_refused_is_not_called_safe_until_it_has_gone_there_another_way(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.01)
    disk = Disk(monkeypatch)
    writer.write(1)
    await asyncio.to_thread(disk.is_asked.wait, 10)
    disk.fails()
    await writer.until("1")

    assert writer.said == ["1 released", "1"]
    assert ask(writer.path, "SELECT sequence FROM journal") == [(1,)]
    assert not writer.journal.is_degraded


async def test_a_house_that_never_sleeps_drops_what_is_too_old_all_the_same(
    path: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "UPKEEP_SECONDS", 0.0)
    writer = Writer(path, opened)
    tidied = writer.watches(upkeep, "tidy", monkeypatch)
    writer.write(1)
    await writer.until("1")
    await tidied.wait()
    await writer.stops()


async def test_upkeep_that_finds_no_room_is_told_once_and_holds_up_nothing(
    writer: Writer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def finds_no_room(*_: object) -> int:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(module, "UPKEEP_SECONDS", 0.0)
    monkeypatch.setattr(upkeep, "tidy", finds_no_room)
    for number in range(1, 6):
        writer.write(number)
        await writer.until(str(number))
        assert not writer.journal.is_degraded

    assert capsys.readouterr().out.count("store.upkeep_failed") == 1


async def test_a_snapshot_is_taken_every_day_in_which_anything_happened(
    path: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "SNAPSHOT_SECONDS", 0.0)
    monkeypatch.setattr(module, "IDLE_SECONDS", 0.01)
    writer = Writer(path, opened)
    taken = writer.watches(upkeep, "take_snapshot", monkeypatch)
    writer.write(1)
    await taken.wait()
    await writer.stops()

    assert [row[0] for row in ask(path, "SELECT sequence FROM snapshot ORDER BY 1")] == [0, 1]


async def test_what_nobody_waits_for_does_not_gather_while_the_disk_is_away(writer: Writer) -> None:
    with locked(writer.path) as other:
        for number in range(1, 50):
            writer.journal.write(batch(number), lambda: None, nobody)
        assert len(writer.journal._durable) == 1
        other.rollback()


def nobody() -> None:
    """Waits for it."""


# -- customers ------------------------------------------------------------------------------------------------------


class Desk:
    """Somebody who asks for changes of customers, and what they are told."""

    def __init__(self, path: Path, opened: Opened) -> None:
        self.happened: list[Happening] = []
        self.answers: list[dict[str, object] | CustomersError] = []
        self.came = asyncio.Event()
        self.loop = asyncio.get_running_loop()
        self.written = threading.Event()
        follower = Follower(tell=self.happened.extend, for_crm=ForCrm("http"))
        self.journal = Journal(path, opened, 1e12, Clock(), follower)
        self.running = asyncio.create_task(self.journal.run())

    def asks(self, change: Change) -> None:
        self.journal.do(Work(change, self._take))

    def _take(self, answer: dict[str, object] | CustomersError) -> None:
        self.answers.append(answer)
        self.came.set()

    async def stops(self) -> None:
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)


@pytest.fixture
async def desk(path: Path, opened: Opened) -> AsyncIterator[Desk]:
    desk = Desk(path, opened)
    yield desk
    await desk.stops()


def creates(database: sqlite3.Connection, now: float) -> tuple[dict[str, object], list[Happening]]:
    told = book.create(database, book.New("Jan", ()), book.Change(now, "me"))
    return {"id": told.customer}, [told]


def refuses(database: sqlite3.Connection, now: float) -> tuple[dict[str, object], list[Happening]]:
    creates(database, now)
    raise CustomersError("invalid", "no")


async def test_a_change_is_answered_once_it_is_there_and_what_happened_is_told(desk: Desk, path: Path) -> None:
    desk.asks(creates)
    async with asyncio.timeout(10):
        await desk.came.wait()
    assert desk.answers == [{"id": 1}]
    assert [each.kind for each in desk.happened] == [Happened.CREATED]
    assert ask(path, "SELECT name FROM customer") == [("Jan",)]


async def test_one_that_cannot_be_done_changes_nothing_and_holds_up_no_other(desk: Desk, path: Path) -> None:
    desk.asks(refuses)
    desk.asks(creates)
    async with asyncio.timeout(10):
        while len(desk.answers) < 2:
            desk.came.clear()
            await desk.came.wait()
    assert [isinstance(each, CustomersError) for each in desk.answers] == [True, False]
    assert ask(path, "SELECT count(*) FROM customer") == [(1,)]


async def test_a_calls_event_is_written_before_the_changes_that_wait(desk: Desk) -> None:
    order: list[str] = []

    def change(database: sqlite3.Connection, now: float) -> tuple[dict[str, object], list[Happening]]:
        if not order:  # the first change is being made when the call comes
            order.append("first")
            desk.loop.call_soon_threadsafe(desk.journal.write, batch(1), lambda: order.append("call"), nobody)
            desk.written.wait(10)
        else:
            order.append("change")
        return creates(database, now)

    for _ in range(200):
        desk.asks(change)
    desk.loop.call_later(0.05, desk.written.set)
    async with asyncio.timeout(10):
        while len(desk.answers) < 200:
            desk.came.clear()
            await desk.came.wait()
    assert order.index("call") == 1
    assert not [each for each in desk.answers if isinstance(each, CustomersError)]


async def test_so_many_changes_may_wait_and_no_more(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WORKS_MOST", 3)
    asked = 0
    while not desk.journal.is_full_of_works:
        desk.asks(creates)
        asked += 1
    assert asked == 3
    async with asyncio.timeout(10):
        while len(desk.answers) < 3:
            desk.came.clear()
            await desk.came.wait()
    assert not desk.journal.is_full_of_works


async def test_a_change_is_refused_while_nothing_can_be_made_safe(desk: Desk) -> None:
    desk.journal.is_degraded = True
    desk.asks(creates)
    async with asyncio.timeout(10):
        await desk.came.wait()
    (answer,) = desk.answers
    assert isinstance(answer, CustomersError)
    assert answer.why == "store_unavailable"
    desk.journal.is_degraded = False


async def test_what_is_followed_is_done_before_anybody_is_told_that_it_is_safe(desk: Desk, path: Path) -> None:
    what = batch(1)
    fact = {"inquiry": "c1", "at": 1.0, "operator": None, "channel": "call", "source": "sales", "crm": "", "crm_of": ""}
    fact |= {"identities": [["phone", "+48600700800"]], "name": "", "known_as": "", "responsible": None}
    what.follow = [(1, "received", json.dumps(fact | {"track": False, "create": ""}))]
    seen: list[object] = []
    safe = asyncio.Event()

    def durable() -> None:
        seen.extend(ask(path, "SELECT customer FROM activity"))
        safe.set()

    desk.journal.write(what, lambda: None, durable)
    async with asyncio.timeout(10):
        await safe.wait()
    assert seen == [(1,)]
    assert [each.kind for each in desk.happened] == [Happened.CREATED]


async def test_what_an_earlier_life_left_is_followed_at_the_start(path: Path, opened: Opened) -> None:
    left = batch(1)
    left.follow = [(1, "closed", '{"inquiry": "c1", "at": 1.0, "operator": null, "outcome": "abandoned"}')]
    fill(path, opened, left)
    desk = Desk(path, open_store(path))
    desk.asks(creates)
    async with asyncio.timeout(10):
        await desk.came.wait()
    assert ask(path, "SELECT count(*) FROM follow") == [(0,)]
    await desk.stops()
