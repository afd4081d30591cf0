"""What the power took in the middle of a write: kept, and told apart from damage."""

from contextlib import closing
from pathlib import Path

import pytest
from tests.unit.adapters.store.conftest import ask, batch, crash_image

from huntgroup.adapters.store.journal import write_batch
from huntgroup.adapters.store.opening import Opened, connect, open_store
from huntgroup.adapters.store.wal import FRAME, HEADER
from huntgroup.errors import StoreError

PAGE = 4096


@pytest.fixture
def crashed(path: Path, opened: Opened, tmp_path: Path) -> Path:
    """The files of a daemon that died after three transactions."""
    (tmp_path / "crashed").mkdir()
    with closing(connect(path)) as database:
        crc = opened.crc
        for number in range(1, 4):
            crc = write_batch(database, batch(number), crc, number - 1)
        list(crash_image(path, tmp_path / "crashed"))
    return tmp_path / "crashed" / path.name


def log_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def test_what_was_written_before_a_crash_is_there(crashed: Path) -> None:
    assert open_store(crashed).sequence == 3
    assert not list(crashed.parent.glob("*.torn-*"))


@pytest.mark.parametrize("cut", [1, 100, PAGE, PAGE + FRAME.size + 7])
def test_a_write_that_broke_off_is_dropped_and_kept_aside(crashed: Path, cut: int) -> None:
    log = log_of(crashed)
    torn = log.read_bytes()[:-cut]
    log.write_bytes(torn)

    assert open_store(crashed).sequence == 2
    (kept,) = crashed.parent.glob("*.torn-*")
    assert kept.read_bytes() == torn


def test_a_last_write_that_is_garbled_is_dropped_and_kept_aside(crashed: Path) -> None:
    log = log_of(crashed)
    data = bytearray(log.read_bytes())
    data[-PAGE // 2] ^= 0xFF
    log.write_bytes(data)

    assert open_store(crashed).sequence == 2
    assert list(crashed.parent.glob("*.torn-*"))


def test_damage_with_safely_written_events_behind_it_stops_instead_of_losing_them(crashed: Path) -> None:
    log = log_of(crashed)
    data = bytearray(log.read_bytes())
    data[HEADER.size + FRAME.size + 50] ^= 0xFF
    log.write_bytes(data)

    with pytest.raises(StoreError, match="what was safely written lies behind that"):
        open_store(crashed)


def test_what_is_left_of_an_earlier_round_is_no_damage(path: Path, opened: Opened, tmp_path: Path) -> None:
    with closing(connect(path)) as database:
        crc = opened.crc
        for number in range(1, 30):
            crc = write_batch(database, batch(number), crc, number - 1)
        database.execute("PRAGMA wal_checkpoint(RESTART)")
        write_batch(database, batch(30), crc, 29)
        (tmp_path / "crashed").mkdir()
        list(crash_image(path, tmp_path / "crashed"))
    crashed = tmp_path / "crashed" / path.name

    assert open_store(crashed).sequence == 30
    assert not list(crashed.parent.glob("*.torn-*"))
    assert ask(crashed, "SELECT count(*) FROM journal") == [(30,)]
