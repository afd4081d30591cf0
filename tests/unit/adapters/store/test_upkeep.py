"""What is too old goes, what something else needs stays, and a snapshot comes in time."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection

import pytest
from tests.unit.adapters.store.conftest import NOW, ask, batch, fill

from huntgroup.adapters.store import upkeep
from huntgroup.adapters.store.opening import Opened, begin_run, connect, open_store


@pytest.fixture
def database(path: Path, opened: Opened) -> Iterator[Connection]:
    """A store with 30 events, a snapshot after the 10th and the 20th, and one inquiry that is still open."""
    fill(path, opened, batch(1, 5, "c1"), batch(6, 5, "c2", is_open=False))
    with closing(connect(path)) as database:
        upkeep.take_snapshot(database, 10, NOW + 10.5, 0)
        fill(path, open_store(path), batch(11, 10, "c3", is_open=False))
        upkeep.take_snapshot(database, 20, NOW + 20.5, 0)
        yield database


def tidied(database: Connection, oldest: float) -> None:
    while upkeep.tidy(database, oldest):
        continue


def test_what_is_too_old_goes_and_a_replay_begins_at_the_oldest_snapshot_that_is_not(
    path: Path, database: Connection
) -> None:
    tidied(database, NOW + 9.5)

    assert ask(path, "SELECT min(sequence), max(sequence) FROM journal") == [(11, 20)]
    assert ask(path, "SELECT sequence FROM snapshot") == [(10,), (20,)]
    assert ask(path, "SELECT DISTINCT snapshot FROM snapshot_state ORDER BY 1") == [(10,), (20,)]


def test_the_story_of_what_is_open_stays_whatever_its_age(path: Path, database: Connection) -> None:
    tidied(database, NOW + 99_999)

    assert ask(path, "SELECT DISTINCT inquiry FROM record") == [("c1",)]
    assert ask(path, "SELECT sequence FROM snapshot") == [(20,)]


def test_a_run_begins_with_a_snapshot_when_the_last_one_is_a_day_old(path: Path, database: Connection) -> None:
    fill(path, open_store(path), batch(21, 1, "c3"))
    begin_run(path, open_store(path), None, NOW + 20.5 + upkeep.SNAPSHOT_SECONDS - 1)
    assert ask(path, "SELECT max(sequence) FROM snapshot") == [(20,)]

    begin_run(path, open_store(path), None, NOW + 20.5 + upkeep.SNAPSHOT_SECONDS)
    assert ask(path, "SELECT max(sequence) FROM snapshot") == [(21,)]


def test_a_run_begins_with_a_snapshot_behind_a_gap(path: Path, database: Connection) -> None:
    fill(path, open_store(path), batch(25, 1, "c3"))
    begin_run(path, open_store(path), None, NOW + 25)

    assert ask(path, "SELECT max(sequence) FROM snapshot") == [(25,)]


def test_what_is_registered_of_an_inquiry_goes_once_it_is_old_and_over(path: Path, database: Connection) -> None:
    rows = [("old", NOW, NOW + 1), ("young", NOW, NOW + 20), ("open", NOW, None)]
    database.executemany(
        "INSERT INTO activity (inquiry, customer, channel, source, creates, received_at, ended_at)"
        " VALUES (?, 1, 'call', 's', '', ?, ?)",
        rows,
    )
    tidied(database, NOW + 10)

    assert ask(path, "SELECT inquiry FROM activity ORDER BY 1") == [("open",), ("young",)]
