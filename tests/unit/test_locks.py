"""No lock that another local user can take stops a change or a start; and whoever holds one is named."""

import fcntl
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from huntgroup.adapters.store import opening
from huntgroup.adapters.store.opening import held
from huntgroup.errors import ChangeRefused, StoreError
from huntgroup.settings import filing, load
from huntgroup.settings.changes import ADMINISTRATION
from huntgroup.settings.editing import Asker, Outcome, carry_out
from tests.unit.settings.test_editing import ENVIRONMENT, FILE, set_group

HOLDS = """
import fcntl, os, sys
held = os.open(sys.argv[1], os.O_RDONLY)
fcntl.flock(held, fcntl.LOCK_EX)
print("held", flush=True)
input()
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "huntgroup.toml"
    path.write_text(FILE)
    return path


@contextmanager
def locked_by_another(path: Path) -> Iterator[int]:
    """Some other process has a lock on it; its number."""
    words = [sys.executable, "-c", HOLDS, str(path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        process.communicate(b"\n")


def changes(config: Path) -> Outcome:
    asker = Asker(name="ben", in_force=load(config, ENVIRONMENT), environment=ENVIRONMENT)
    return carry_out(config, asker, ADMINISTRATION.validate_python(set_group("sales", rings=3)))


@pytest.mark.parametrize("what", ["the folder", "the file"])
def test_whoever_may_read_the_configuration_cannot_stop_its_changes(config: Path, what: str) -> None:
    with locked_by_another(config if what == "the file" else config.parent):
        assert changes(config).changes


def test_nobody_else_can_open_what_is_locked(config: Path) -> None:
    with filing.locked(config):
        (lock,) = config.parent.glob(".*.lock")
        assert lock.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in config.parent.iterdir()] == ["huntgroup.toml"]


def test_who_keeps_the_configuration_locked_is_named(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filing, "LOCK_SECONDS", 0.1)
    lock = config.with_name(f".{config.name}.lock")
    lock.touch(0o600)
    with locked_by_another(lock) as pid, pytest.raises(ChangeRefused, match=f"changed by process {pid} "):
        changes(config)


@pytest.mark.parametrize("left", ["a file", "a link", "a link to nothing", "a pipe"])
def test_what_a_killed_process_left_stops_no_change(config: Path, left: str) -> None:
    lock = config.with_name(f".{config.name}.lock")
    if left == "a file":
        lock.touch(0o600)
    elif left == "a pipe":
        os.mkfifo(lock)
    else:
        lock.symlink_to(config if left == "a link" else "/nowhere/at/all")
    assert changes(config).changes
    assert config.read_text() == FILE.replace("rings = 4", "rings = 3")


def test_a_folder_that_takes_no_lock_can_still_be_read_from(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really = os.open

    def read_only(path: Path, flags: int, *mode: int) -> int:
        if flags & os.O_CREAT:
            raise OSError(30, "Read-only file system")
        return really(path, flags, *mode)

    asker = Asker(name="cleo", in_force=load(config, ENVIRONMENT), environment=ENVIRONMENT)
    monkeypatch.setattr(f"{filing.__name__}.os.open", read_only)
    assert carry_out(config, asker, ADMINISTRATION.validate_python({"type": "show"})).shown


def test_a_lock_file_that_others_could_open_is_closed_to_them(tmp_path: Path) -> None:
    lock = tmp_path / "huntgroup.db.lock"
    lock.touch(0o644)
    with held(tmp_path / "huntgroup.db"):
        assert lock.stat().st_mode & 0o777 == 0o600


def test_who_has_the_store_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "LOCK_SECONDS", 0.1)
    lock = tmp_path / "huntgroup.db.lock"
    lock.touch(0o600)
    with (
        locked_by_another(lock) as pid,
        pytest.raises(StoreError, match=f"process {pid} "),
        held(tmp_path / "huntgroup.db"),
    ):
        pass


def test_a_look_at_the_lock_does_not_keep_a_daemon_from_starting(tmp_path: Path) -> None:
    lock = tmp_path / "huntgroup.db.lock"
    lock.touch(0o600)
    with lock.open() as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        timer = threading.Timer(0.05, fcntl.flock, (looking, fcntl.LOCK_UN))
        timer.start()
        with held(tmp_path / "huntgroup.db"):
            timer.join()
