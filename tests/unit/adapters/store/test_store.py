"""The record of every inquiry, on a real file."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from huntgroup.adapters.clock import Clock
from huntgroup.adapters.store import store as module
from huntgroup.adapters.store.records import DECISION
from huntgroup.adapters.store.store import Store, recent_inquiries, records_of
from huntgroup.engine.effects import Decision, Fact, FactType, Reason
from huntgroup.engine.events import Customer
from huntgroup.engine.ids import AttemptNo, GroupId, InquiryId, OperatorId
from huntgroup.errors import StoreError

JAN = Customer(name='Jan "Ż" Kowalski\r\n', phone="+48600700800")


def received(inquiry: str, at: float) -> Fact:
    return Fact(type=FactType.RECEIVED, at=at, inquiry=InquiryId(inquiry), group=GroupId("sales"), customer=JAN)


def decided(inquiry: str, at: float) -> Decision:
    verdicts = ((OperatorId("ben"), Reason.BUSY), (OperatorId("anna"), Reason.CHOSEN))
    return Decision(at=at, inquiry=InquiryId(inquiry), group=GroupId("sales"), attempt=AttemptNo(1), verdicts=verdicts)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "huntgroup.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[Store]:
    """A writer at work; stopped, and with it written to the end, after the test."""
    store = Store(path, Clock())
    running = asyncio.create_task(store.run())
    yield store
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def written(path: Path, inquiry: str, count: int) -> None:
    """Wait until so many records of an inquiry are on the disk."""
    async with asyncio.timeout(10):
        while True:
            try:
                if len(records_of(path, inquiry)) >= count:
                    return
            except StoreError:
                pass
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("turns", range(1, 12))
async def test_who_is_stopped_while_the_file_is_still_being_opened_writes_what_was_told(path: Path, turns: int) -> None:
    store = Store(path, Clock())
    running = asyncio.create_task(store.run())
    store.tell(received("c1", Clock().now()))
    for _ in range(turns):
        await asyncio.sleep(0)

    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert len(records_of(path, "c1")) == 1


async def test_what_was_told_is_read_back_in_order(store: Store, path: Path) -> None:
    now = Clock().now()
    store.tell(received("c1", now))
    store.tell(decided("c1", now + 1))
    await written(path, "c1", 2)

    first, second = records_of(path, "c1")

    assert (first.type, first.at, first.group) == ("inquiry.received", now, "sales")
    assert first.more == {"customer": {"name": JAN.name, "phone": JAN.phone}}
    assert second.type == DECISION
    assert list(second.more["verdicts"].items()) == [("ben", "busy"), ("anna", "chosen")]


async def test_what_waits_is_written_when_the_daemon_stops(path: Path) -> None:
    store = Store(path, Clock())
    running = asyncio.create_task(store.run())
    store.tell(received("c1", Clock().now()))
    await written(path, "c1", 1)
    for number in range(500):
        store.tell(received("c2", Clock().now() + number))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert len(records_of(path, "c2")) == 500


@pytest.mark.parametrize("turns", range(1, 12))
async def test_a_stop_in_the_middle_of_a_write_neither_loses_nor_doubles_a_record(path: Path, turns: int) -> None:
    store = Store(path, Clock())
    running = asyncio.create_task(store.run())
    store.tell(received("c1", Clock().now()))
    await written(path, "c1", 1)
    for _ in range(300):
        store.tell(received("c2", Clock().now()))
    for _ in range(turns):
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert len(records_of(path, "c2")) == 300


async def test_a_locked_file_is_waited_for_and_nothing_is_lost(
    store: Store, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.01)
    store.tell(received("c1", Clock().now()))
    await written(path, "c1", 1)
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for _ in range(3):
            store.tell(received("c2", Clock().now()))
        await asyncio.sleep(0)
        other.rollback()

    await written(path, "c2", 3)


async def test_a_folder_that_is_not_there_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.01)
    path = tmp_path / "later" / "huntgroup.db"
    store = Store(path, Clock())
    running = asyncio.create_task(store.run())
    store.tell(received("c1", Clock().now()))
    await asyncio.sleep(0.05)
    path.parent.mkdir()

    await written(path, "c1", 1)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_old_records_are_dropped(store: Store, path: Path) -> None:
    now = Clock().now()
    store.tell(received("old", now - module.KEEP_SECONDS - 60))
    store.tell(received("new", now))
    await written(path, "new", 1)

    assert records_of(path, "old") == []


async def test_the_backlog_is_bounded_and_the_newest_is_kept(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BACKLOG_MOST", 2)
    store = Store(path, Clock())
    for name in ("c1", "c2", "c3"):
        store.tell(received(name, Clock().now()))
    running = asyncio.create_task(store.run())
    await written(path, "c3", 1)

    assert recent_inquiries(path, 10) == ["c3", "c2"]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def test_a_file_that_is_not_there_is_said_so(path: Path) -> None:
    with pytest.raises(StoreError, match="unable to open"):
        records_of(path, "c1")
