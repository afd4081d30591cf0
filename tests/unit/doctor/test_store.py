"""The store: the place, the room, and what is in it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from huntgroup.adapters.store.opening import held, open_store
from huntgroup.doctor import store
from huntgroup.doctor.findings import Finding, Outcome


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store that is whole."""
    path = tmp_path / "huntgroup.db"
    open_store(path)
    return path


def of(check: str, path: Path) -> Finding:
    return next(each for each in store.look(path) if each.check == check)


def test_a_whole_store_is_fine(path: Path) -> None:
    found = list(store.look(path))

    assert {each.outcome for each in found if each.check != "store.room"} == {Outcome.OK}
    assert of("store.whole", path).said == f"{path} is whole"


def test_looking_leaves_nothing_behind(path: Path) -> None:
    before = sorted(path.parent.iterdir())

    list(store.look(path))

    assert sorted(path.parent.iterdir()) == before


def test_a_store_that_a_daemon_has_is_told_apart(path: Path) -> None:
    assert not store.is_held(path)
    with held(path):
        assert store.is_held(path)
        assert of("store.whole", path).said == f"{path} is whole; a daemon has it"
    assert not store.is_held(path)


def test_the_look_at_the_lock_leaves_it_free(path: Path) -> None:
    store.is_held(path)

    with held(path):
        pass


def test_a_folder_that_is_not_there_is_named_with_what_makes_it(tmp_path: Path) -> None:
    (found,) = store.look(tmp_path / "not" / "huntgroup.db")

    assert found.outcome is Outcome.FAILED
    assert f"install -d -m 700 -o USER {tmp_path / 'not'}" in found.mend


def test_a_store_that_is_not_there_yet_is_no_failure(tmp_path: Path) -> None:
    assert of("store.whole", tmp_path / "huntgroup.db").outcome is Outcome.NOTE


def test_a_damaged_store_says_how_to_go_back(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * 12_288)

    found = of("store.whole", path)

    assert found.outcome is Outcome.FAILED
    assert "huntgroup backup" in found.mend


def test_what_is_no_store_at_all_says_so(tmp_path: Path) -> None:
    (tmp_path / "huntgroup.db").write_bytes(b"Dear diary, " * 1000)

    assert of("store.whole", tmp_path / "huntgroup.db").outcome is Outcome.FAILED


@pytest.mark.parametrize(("version", "outcome"), [(99, Outcome.FAILED), (1, Outcome.NOTE)])
def test_another_versions_tables_are_told(path: Path, version: int, outcome: Outcome) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"PRAGMA user_version = {version}")

    found = of("store.whole", path)

    assert found.outcome is outcome
    assert f"has version {version} of the tables" in found.said


def test_a_store_too_large_to_be_looked_through_in_time_is_left(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "STEPS", 1)
    monkeypatch.setattr(store, "STEPS_MOST", 2)

    assert of("store.whole", path).outcome is Outcome.NOTE


def test_little_room_is_a_note_and_next_to_none_a_failure(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "ROOM_NOTED", 1 << 62)
    assert of("store.room", path).outcome is Outcome.NOTE
    monkeypatch.setattr(store, "ROOM_LEAST", 1 << 62)
    assert of("store.room", path).outcome is Outcome.FAILED
