"""Reads files that others named: regular ones alone, never waiting, and no more than is expected of them.

A pipe that nobody writes to would keep whoever opens it waiting for ever, and a device such as /dev/zero has no end.
Systemd's credentials are regular files.
"""

import errno
import os
import stat
from pathlib import Path
from typing import NoReturn

PART = 1 << 20
LARGEST = 16_000_000
"""Bytes of a configuration, a list of authorities, a recorded day."""
_KINDS = (
    (stat.S_ISDIR, "is a directory"),
    (stat.S_ISFIFO, "is a pipe"),
    (stat.S_ISCHR, "is a device"),
    (stat.S_ISBLK, "is a device"),
    (stat.S_ISSOCK, "is a socket"),
)


def open_regular(path: Path) -> int:
    """A handle to read a regular file by; whoever has it closes it. Raises OSError for anything else."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        mode = os.fstat(handle).st_mode
        if not stat.S_ISREG(mode):
            _refuse(path, next((what for is_one, what in _KINDS if is_one(mode)), "is not a regular file"))
    except BaseException:
        os.close(handle)
        raise
    return handle


def read_regular(path: Path, most: int) -> bytes:
    """What is in a regular file of at most so many bytes. Raises OSError, also for a larger one."""
    parts = []
    left = most
    with os.fdopen(open_regular(path), "rb") as file:
        while part := file.read(min(left + 1, PART)):
            parts.append(part)
            left -= len(part)
            if left < 0:
                raise _too_large(path, most)
    return b"".join(parts)


def check_regular(path: Path, most: int = LARGEST) -> None:
    """Whether it is a regular file of at most so many bytes that may be read, for whoever opens it by its name. Raises
    OSError when not."""
    handle = open_regular(path)
    try:
        if os.fstat(handle).st_size > most:
            raise _too_large(path, most)
    finally:
        os.close(handle)


def _too_large(path: Path, most: int) -> OSError:
    return OSError(errno.EFBIG, f"is larger than {most:,} bytes", str(path))


def _refuse(path: Path, why: str) -> NoReturn:
    raise OSError(errno.EINVAL, why, str(path))
