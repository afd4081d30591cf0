"""A start with a disk that takes nothing: calls are served, or the one line that is left says what to do."""

import errno
import resource
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict
from tests.unit.adapters.store.conftest import ask, batch, crash_image, fill, spoil

from huntgroup.adapters.store import opening, upkeep, wal
from huntgroup.adapters.store.holding import holder_of
from huntgroup.adapters.store.journal import write_batch
from huntgroup.adapters.store.opening import Opened, begin_run, connect, held, open_store
from huntgroup.adapters.store.telling import begin_telling, forget_telling
from huntgroup.adapters.store.untold import Told
from huntgroup.errors import StoreError

LATER = 1_990_000_000.0
NO_ROOM = OSError(errno.ENOSPC, "No space left on device")


@contextmanager
def no_room(store: Path) -> Iterator[list[EventDict]]:
    """No file grows: as on a full disk, which an ordinary user cannot make; what is logged meanwhile. (Python ignores
    the signal that comes.) Somebody reads ``store`` meanwhile: SQLite's own small file beside it stays, as it does
    where the write-ahead file, which goes with its last reader, gives its room back."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with capture_logs() as logs, closing(sqlite3.connect(store)) as reader:
        if store.exists() and store.stat().st_size:
            reader.execute("SELECT count(*) FROM journal").fetchone()
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
        try:
            yield logs
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def killed(path: Path, opened: Opened, tmp_path: Path) -> Path:
    """What a daemon leaves that is killed in the middle of a write: its last transaction is torn."""
    (tmp_path / "killed").mkdir()
    with closing(connect(path)) as database:
        crc = opened.crc
        for number in range(1, 4):
            crc = write_batch(database, batch(number), crc, number - 1)
        list(crash_image(path, tmp_path / "killed"))
        shutil.copy(path.with_name(f"{path.name}-shm"), tmp_path / "killed")
    store = tmp_path / "killed" / path.name
    (store.parent / f"{path.name}.lock").touch()
    log = store.with_name(f"{path.name}-wal")
    log.write_bytes(log.read_bytes()[:-100])
    return store


def starts(store: Path) -> Opened:
    """All that a start does with the store before it serves."""
    with held(store):
        found = open_store(store)
        begin_run(store, found, None, LATER)
        begin_telling(store, found.sequence)
        forget_telling(store)
    return found


def test_a_daemon_killed_on_a_full_disk_starts_again(killed: Path) -> None:
    with no_room(killed) as logs:
        assert starts(killed).sequence == 2
    told = [each["event"] for each in logs]
    assert told == [
        "store.lock_not_written",
        "store.torn_write_not_kept",
        "store.snapshot_not_taken",
        "store.told_not_written",
        "store.told_not_written",
    ]
    assert not list(killed.parent.glob("*.torn-*"))


def test_what_it_could_not_write_then_is_written_at_the_next_start(killed: Path) -> None:
    with no_room(killed):
        starts(killed)
    assert starts(killed).sequence == 2
    assert ask(killed, "SELECT max(at) FROM snapshot") == [(LATER,)]


@pytest.mark.parametrize("step", ["make_private", "shutil.copyfile", "os.fsync"])
def test_a_torn_write_that_cannot_be_kept_is_dropped(killed: Path, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise NO_ROOM

    monkeypatch.setattr(f"{wal.__name__}.{step}", fails)
    with capture_logs() as logs:
        assert open_store(killed).sequence == 2
    assert logs[0]["event"] == "store.torn_write_not_kept"
    assert not list(killed.parent.glob("*.torn-*"))


def test_a_damaged_end_that_cannot_be_kept_is_cut_off(
    path: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise NO_ROOM

    fill(path, opened, batch(1), batch(2), batch(3))
    spoil(path, "UPDATE journal SET body = 'x' WHERE sequence = 3")
    monkeypatch.setattr(f"{opening.__name__}.os.fsync", fails)
    with capture_logs() as logs:
        assert open_store(path).sequence == 3
    assert logs[0]["event"] == "store.damaged_end_not_kept"
    assert not list(path.parent.glob("*.damaged-*"))
    assert open_store(path).is_state_whole


def test_a_snapshot_that_finds_no_room_is_taken_another_time(
    path: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    fill(path, opened, batch(1))
    monkeypatch.setattr(upkeep, "take_snapshot", fails)
    begin_run(path, open_store(path), None, LATER)


def test_what_the_broker_was_told_is_known_without_writing(path: Path, opened: Opened) -> None:
    fill(path, opened, batch(1), batch(2))
    assert begin_telling(path, 1) == (Told(1, 0), 0)
    with no_room(path):
        assert begin_telling(path, 2) == (Told(1, 0), 0)


@pytest.mark.parametrize("is_new", [True, False])
def test_a_store_that_cannot_be_made_on_a_full_disk_says_to_make_room(path: Path, is_new: bool) -> None:
    if not is_new:
        path.touch()
    with no_room(path), pytest.raises(StoreError, match="make room on the disk"):
        open_store(path)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "make room"),
        (errno.EDQUOT, "quota"),
        (errno.EROFS, "mounted read-only"),
        (errno.EACCES, "own its folder"),
        (errno.EMFILE, "see that its folder"),
    ],
)
def test_a_lock_file_that_cannot_be_made_says_what_to_do(
    path: Path, number: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise OSError(number, "why")

    monkeypatch.setattr(f"{opening.__name__}.os.open", fails)
    with pytest.raises(StoreError, match=words), held(path):
        pass


@pytest.mark.parametrize(("place", "words"), [("none/huntgroup.db", "make its folder"), ("file/huntgroup.db", "file")])
def test_a_store_without_its_folder_says_to_make_it(tmp_path: Path, place: str, words: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=words), held(tmp_path / place):
        pass


def test_who_holds_a_store_is_still_found_when_its_lock_file_has_no_room(path: Path, opened: Opened) -> None:
    with no_room(path), held(path):
        assert holder_of(path) is None or holder_of(path).pid == 0  # type: ignore[union-attr]
