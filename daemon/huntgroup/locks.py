"""Who holds a lock on a file, for people: as the kernel lists it in /proc/locks."""

import os
from collections.abc import Iterator
from pathlib import Path

LOCKS = Path("/proc/locks")


def holders(inode: int) -> list[int]:
    """The processes that hold a flock on a file of this number; none where nothing can be seen."""
    return list(_holders(inode))


def named(inode: int) -> str:
    """Who holds it, in words: `process 4711 (huntgroup)`."""
    found = [f"process {pid}{_called(pid)}" for pid in _holders(inode)]
    return " and ".join(found) or "a process that cannot be seen from here"


def _holders(inode: int) -> Iterator[int]:
    try:
        lines = LOCKS.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        fields = line.split()  # number, FLOCK, ADVISORY, WRITE, process, device:inode, and from where to where
        if len(fields) >= 6 and fields[1] == "FLOCK" and fields[5].rpartition(":")[2] == str(inode):
            yield int(fields[4])


def _called(pid: int) -> str:
    try:
        name = Path(f"/proc/{pid}/comm").read_text(errors="replace").strip()
    except OSError:
        return ""
    return f" ({''.join(each if each.isprintable() else '?' for each in name)})"


def own(handle: int) -> int:
    """The number of an open file."""
    return os.fstat(handle).st_ino
