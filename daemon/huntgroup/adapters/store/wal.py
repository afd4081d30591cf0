"""SQLite's write-ahead file, looked at before SQLite does: from the first frame that is not whole it drops the rest.

If that is the last transaction, it broke off, and was never said to be written: nothing is lost, and whoever looks for
what happened in the last moment before the power went finds it kept. If transactions follow it, dropping them would
lose what was said to be safe. The format: sqlite.org/fileformat2.html#the_write_ahead_log.
"""

import os
import shutil
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import structlog

from huntgroup.adapters.store.private import make_private
from huntgroup.errors import StoreError
from huntgroup.regular import read_regular

logger = structlog.get_logger(__name__)

LARGEST = 1 << 40
HEADER = struct.Struct(">8I")
FRAME = struct.Struct(">6I")
ORDERS = {0x377F0682: "<", 0x377F0683: ">"}
"""A file's first word, and the byte order that sums are made in."""


class Frame(NamedTuple):
    """One page of a transaction; the last of each is its commit."""

    is_ours: bool
    """Of this file's own generation: others are left of before, to be overwritten."""
    is_whole: bool
    is_commit: bool


def keep_torn_end(path: Path) -> Path | None:
    """Copy the write-ahead file aside if it ends in a write that broke off; where to, None when it is whole, or could
    not be copied.

    Raises OSError; and StoreError when whole transactions lie behind a broken one.
    """
    log = path.with_name(path.name + "-wal")
    try:
        data = read_regular(log, LARGEST)
    except FileNotFoundError:
        return None
    frames = list(_frames(data))
    while frames and not frames[-1].is_ours:
        frames.pop()
    commits = [number for number, frame in enumerate(frames) if frame.is_commit]
    last_begins = commits[-2] + 1 if len(commits) > 1 else 0
    if commits and commits[-1] < len(frames) - 1:
        last_begins = commits[-1] + 1
    if any(not frame.is_whole for frame in frames[:last_begins]):
        raise StoreError(
            log, "is damaged, and what was safely written lies behind that; restore the last `huntgroup backup`"
        )
    is_torn = any(not frame.is_whole for frame in frames) or (bool(frames) and not frames[-1].is_commit)
    return _kept(log, path) if is_torn else None


def _kept(log: Path, path: Path) -> Path | None:
    """The copy; None where there is no room for it: it is for a look, and no start depends on that."""
    aside = path.with_name(f"{path.name}-wal.torn-{int(log.stat().st_mtime)}")
    try:
        make_private(aside)
        shutil.copyfile(log, aside)
        with aside.open("rb") as file:
            os.fsync(file.fileno())
    except OSError as error:
        with suppress(OSError):
            aside.unlink()
        logger.warning("store.torn_write_not_kept", path=str(path), error=error.strerror)
        return None
    return aside


def _frames(data: bytes) -> Iterator[Frame]:
    """Each frame's own sum goes on from the one that the frame before it says, right or wrong."""
    if len(data) < HEADER.size or HEADER.unpack_from(data)[0] not in ORDERS:
        return
    magic, _, page, _, *salts, sum1, sum2 = HEADER.unpack_from(data)
    before = (sum1, sum2)
    for position in range(HEADER.size, len(data), FRAME.size + page):
        frame = data[position : position + FRAME.size + page]
        if len(frame) < FRAME.size:
            return
        _, commit, salt1, salt2, *says = FRAME.unpack_from(frame)
        is_ours = [salt1, salt2] == salts
        is_whole = is_ours and len(frame) == FRAME.size + page
        if is_whole:
            is_whole = list(_sums(frame[:8] + frame[FRAME.size :], before, ORDERS[magic])) == says
        yield Frame(is_ours, is_whole, commit != 0)
        before = (says[0], says[1])


def _sums(data: bytes, before: tuple[int, int], order: str) -> tuple[int, int]:
    first, second = before
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for x, y in zip(words[::2], words[1::2], strict=True):
        first = (first + x + second) & 0xFFFFFFFF
        second = (second + y + first) & 0xFFFFFFFF
    return first, second
