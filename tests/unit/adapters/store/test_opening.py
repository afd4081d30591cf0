"""Opening the store: made, migrated, checked; a damaged end is cut and kept, a damaged middle stops."""

import json
import os
import stat
from contextlib import closing
from pathlib import Path

import pytest
from tests.unit.adapters.store.conftest import NOW, ask, batch, fill, spoil

from huntgroup.adapters.store import upkeep
from huntgroup.adapters.store.opening import Opened, connect, held, open_store
from huntgroup.adapters.store.reading import back_up, records_of
from huntgroup.adapters.store.schema import MIGRATIONS, VERSION
from huntgroup.adapters.store.wal import keep_torn_end
from huntgroup.errors import StoreError


def test_a_new_store_is_made(path: Path) -> None:
    opened = open_store(path)

    assert opened == ([], True, 0, 0.0, 0)
    assert ask(path, "PRAGMA user_version") == [(VERSION,)]


def test_what_was_written_is_found_again(path: Path, opened: Opened) -> None:
    fill(path, opened, batch(1, 3), batch(4, 2, "c2"), batch(6, 1, "c1", is_open=False))

    found = open_store(path)

    assert found.is_state_whole
    assert (found.sequence, found.at) == (6, NOW + 6)
    assert sorted(found.state) == [("inquiry", "c2", '{"n":4}'), ("policy", "", "{}")]


@pytest.mark.parametrize("version", range(1, VERSION))
def test_a_store_of_every_earlier_version_becomes_one_of_today_and_keeps_what_it_has(path: Path, version: int) -> None:
    with closing(connect(path)) as database:
        for steps in MIGRATIONS[:version]:
            database.executescript(steps)
        database.execute(f"PRAGMA user_version = {version}")
        database.execute(
            "INSERT INTO record (at, inquiry, type, detail, more) VALUES (1.0, 'call-1', 'inquiry.received', '', '')"
        )

    assert open_store(path).is_state_whole
    assert ask(path, "PRAGMA user_version") == [(VERSION,)]
    assert [each.type for each in records_of(path, "call-1")] == ["inquiry.received"]


def test_a_migration_that_breaks_off_leaves_the_version_that_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huntgroup.adapters.store.schema.MIGRATIONS", (MIGRATIONS[0], "CREATE TABLE x (y); nonsense;"))

    with pytest.raises(StoreError, match="nonsense"):
        open_store(path)

    monkeypatch.undo()
    assert ask(path, "PRAGMA user_version") == [(1,)]
    assert open_store(path).is_state_whole


def test_a_store_of_a_newer_version_is_left_alone(path: Path) -> None:
    open_store(path)
    spoil(path, f"PRAGMA user_version = {VERSION + 1}")

    with pytest.raises(StoreError, match=f"has version {VERSION + 1} of the tables.*run the newer one again"):
        open_store(path)


@pytest.mark.parametrize(
    "what", ["body = '{}'", "crc = crc + 1", "at = at + 1", "type = 'PbxLost'", "body = x'ff00fe'"]
)
def test_a_damaged_end_is_cut_kept_aside_and_costs_nothing_of_what_is_open(
    path: Path, opened: Opened, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(path, opened, batch(1, 3), batch(4, 1, "c2"))
    spoil(path, f"UPDATE journal SET {what} WHERE sequence = 4")

    found = open_store(path)

    assert found.is_state_whole
    assert ("inquiry", "c2", '{"n":4}') in found.state
    assert found.sequence == 4
    assert [row[0] for row in ask(path, "SELECT sequence FROM journal")] == [1, 2, 3]
    assert ask(path, "SELECT * FROM gap") == [(4, 4, "damaged")]
    (kept,) = path.parent.glob("huntgroup.db.damaged-*")
    assert json.loads(kept.read_text())[0] == 4
    assert "store.journal_cut" in capsys.readouterr().out


def test_after_a_cut_the_journal_goes_on_and_is_whole_again(path: Path, opened: Opened) -> None:
    fill(path, opened, batch(1, 4))
    spoil(path, "UPDATE journal SET body = '' WHERE sequence = 4")
    cut = open_store(path)
    with closing(connect(path)) as database:
        upkeep.take_snapshot(database, cut.sequence, NOW, cut.crc)
    fill(path, cut, batch(5, 2))

    assert open_store(path).sequence == 6
    assert ask(path, "SELECT * FROM gap") == [(4, 4, "damaged")]


@pytest.mark.parametrize(
    "what",
    [
        "UPDATE journal SET body = '{}' WHERE sequence = 2",
        "UPDATE journal SET crc = 1 WHERE sequence = 2",
        "DELETE FROM journal WHERE sequence = 2",
    ],
)
def test_a_damaged_middle_stops_with_the_number_of_the_event_and_changes_nothing(
    path: Path, opened: Opened, what: str
) -> None:
    fill(path, opened, batch(1, 6))
    spoil(path, what)
    before = ask(path, "SELECT * FROM journal")

    with pytest.raises(StoreError, match=r"event 2 of the journal is not as it was written.*backup"):
        open_store(path)

    assert ask(path, "SELECT * FROM journal") == before


def test_what_lies_before_the_last_snapshot_is_not_looked_through_at_a_start(path: Path, opened: Opened) -> None:
    fill(path, opened, batch(1, 6))
    with closing(connect(path)) as database:
        crc = ask(path, "SELECT crc FROM journal WHERE sequence = 6")[0][0]
        upkeep.take_snapshot(database, 6, NOW, crc)
    spoil(path, "UPDATE journal SET body = '{}' WHERE sequence = 2")

    assert open_store(path).sequence == 6


def test_a_damaged_state_is_noticed(path: Path, opened: Opened) -> None:
    fill(path, opened, batch(1, 2))
    spoil(path, "UPDATE state SET body = '{}' WHERE kind = 'inquiry'")

    assert not open_store(path).is_state_whole


def test_a_file_whose_pages_are_damaged_stops_with_what_to_do(path: Path, opened: Opened) -> None:
    fill(path, opened, batch(1, 2_000))
    with closing(connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(path.read_bytes())
    data[4096 : len(data) // 2] = b"\xa5" * (len(data) // 2 - 4096)
    path.write_bytes(data)

    with pytest.raises(StoreError, match=r"malformed.*huntgroup backup"):
        open_store(path)


def test_a_file_that_is_no_database_is_left_as_it_is(path: Path) -> None:
    path.write_text("Dear administrator,\n" * 100)

    with pytest.raises(StoreError, match="not a database"):
        open_store(path)
    assert path.read_text().startswith("Dear")


def test_a_folder_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    missing = tmp_path / "nowhere" / "huntgroup.db"

    with pytest.raises(StoreError, match="make its folder"), held(missing):
        pass
    with pytest.raises(StoreError, match="make its folder"):
        open_store(missing)


def test_two_daemons_do_not_share_a_store(path: Path) -> None:
    with held(path), pytest.raises(StoreError, match="another daemon has this store open"), held(path):
        pass
    with held(path):
        pass


def test_nobody_else_reads_what_callers_told_neither_there_nor_in_a_copy_of_it(path: Path, opened: Opened) -> None:
    before = os.umask(0o022)
    try:
        fill(path, opened, batch(1, 3))
        with closing(connect(path)) as database:
            database.execute("UPDATE journal SET body = 'x' WHERE sequence = 3")
            open_store(path)
            back_up(path, path.with_name("copy.db"))
            log = path.with_name(f"{path.name}-wal")
            with log.open("r+b") as file:
                file.truncate(log.stat().st_size - 7)
            keep_torn_end(path)
            rights = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.glob("*") if file.is_file()}
    finally:
        os.umask(before)

    assert [name for name in rights if "torn" in name or "damaged" in name or "copy" in name][2:]
    assert {name: mode for name, mode in rights.items() if mode & 0o077} == {}


def test_other_names_that_an_earlier_version_noted_begin_to_age_when_it_is_brought_up(path: Path) -> None:
    with closing(connect(path)) as database:
        for steps in MIGRATIONS[:5]:
            database.executescript(steps)
        database.execute("PRAGMA user_version = 5")
        database.execute("INSERT INTO stranger (kind, value, name) VALUES ('phone', '+48600700800', 'maria nowak')")
        database.execute("INSERT INTO customer (name, created_at) VALUES ('Jan', 1.0)")

    open_store(path)

    ((was, now),) = ask(path, "SELECT at, unixepoch() FROM stranger")
    assert abs(now - was) < 60
    assert ask(path, "SELECT name, name_is_typed FROM customer") == [("Jan", 0)]
