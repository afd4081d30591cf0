"""Who has the store open, and by which configuration it goes: told in the file that is locked meanwhile.

So a command on the same machine finds the daemon without a port, a broker or a file with a number that nobody cleared.
"""

import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from huntgroup.regular import read_regular
from huntgroup.text_input import read_json

log = structlog.get_logger(__name__)

_PROCESSES = Path("/proc")


def lock_of(store: Path) -> Path:
    """The file that whoever has the store open holds a lock on."""
    return store.with_name(store.name + ".lock")


class Holding:
    """A lock that is ours. What is told in its file is for people and commands; nothing depends on it."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def tell(self, *, version: str = "", refused: str = "") -> None:
        """Which version of the configuration is in force; ``refused``: which one was found and not taken."""
        text = json.dumps({"pid": os.getpid(), "version": version, "refused": refused}) + "\n"
        try:
            os.pwrite(self._handle, text.encode(), 0)
            os.ftruncate(self._handle, len(text))
        except OSError as error:
            log.warning("store.lock_not_written", error=error.strerror)


@dataclass(frozen=True, slots=True)
class Holder:
    """The daemon that has a store open. ``pid`` is 0 where it cannot be seen from here, as in another container."""

    pid: int
    version: str
    refused: str


def holder_of(store: Path) -> Holder | None:
    """Who has it open now; None: nobody, or nobody that we may know of.

    The number in the file is believed only of a process that really has this file open: it may be of another machine's
    or container's, and a signal to it would meet somebody else.
    """
    lock = lock_of(store)
    try:
        told: dict[str, Any] = read_json(read_regular(lock, 4096))
        pid = int(told["pid"])
        holder = Holder(pid, str(told["version"]), str(told["refused"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if _has_open(pid, lock):
        return holder
    return Holder(0, holder.version, holder.refused) if _is_locked(lock) else None


def _has_open(pid: int, file: Path) -> bool:
    try:
        return any(each.exists() and each.samefile(file) for each in (_PROCESSES / str(pid) / "fd").iterdir())
    except OSError:
        return False


def _is_locked(lock: Path) -> bool:
    try:
        with lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
