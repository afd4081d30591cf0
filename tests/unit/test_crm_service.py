"""The CRM's work on the store, between the events: done by the one who writes, and never in the way."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from huntgroup.adapters.clock import Clock
from huntgroup.adapters.store.journal import Journal
from huntgroup.adapters.store.opening import begin_run, open_store
from huntgroup.crm.users import Users
from huntgroup.crm_service import DoneByTheJournal
from huntgroup.errors import StoreError
from huntgroup.settings import Crm


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    path = tmp_path / "huntgroup.db"
    begin_run(path, open_store(path), [("policy", "", "{}")], Clock().now())
    journal = Journal(path, open_store(path), 1e12, Clock())
    running = asyncio.create_task(journal.run())
    yield journal
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
def do(journal: Journal, tmp_path: Path) -> DoneByTheJournal:
    return DoneByTheJournal(journal, tmp_path / "huntgroup.db")


def adds(store: sqlite3.Connection) -> int:
    store.execute("INSERT INTO customer (name, created_at) VALUES ('Jan', 0)")
    return counts(store)


def counts(store: sqlite3.Connection) -> int:
    found: int = store.execute("SELECT count(*) FROM customer").fetchone()[0]
    return found


async def test_work_gives_what_it_returns_once_it_is_durable(do: DoneByTheJournal) -> None:
    assert await do(adds) == 1
    assert await do(counts) == 1


async def test_what_only_looks_waits_for_no_disk(do: DoneByTheJournal, monkeypatch: pytest.MonkeyPatch) -> None:
    await do(adds)
    synced: list[int] = []
    real = os.fdatasync

    def sync(disk: int) -> None:
        synced.append(1)
        real(disk)

    monkeypatch.setattr(os, "fdatasync", sync)

    await do(counts)
    assert synced == []
    await do(adds)
    assert synced == [1]


async def test_it_is_refused_while_nothing_can_be_made_safe(do: DoneByTheJournal, journal: Journal) -> None:
    journal.is_degraded = True
    with pytest.raises(StoreError):
        await do(adds)
    journal.is_degraded = False


async def test_one_whose_asker_is_gone_is_done_all_the_same(do: DoneByTheJournal) -> None:
    gone = asyncio.create_task(do(adds))
    await asyncio.sleep(0)
    gone.cancel()

    assert await do(counts) == 1
    assert gone.cancelled()


def test_an_operator_who_is_new_has_a_user_and_one_who_went_has_none() -> None:
    table = {"type": "http", "url": "https://crm.example/x", "secret_env": "CRM"}
    users = Users(Crm.model_validate(table | {"users": {"anna": "12"}}), ["anna"])

    users.follow(Crm.model_validate(table | {"users": {"cleo": "16"}}), ["cleo", "dora"])

    assert [users.user_of(each) for each in ("cleo", "dora", "anna")] == ["16", "dora", ""]
    assert [users.operator_of(each) for each in ("16", "12")] == ["cleo", None]
