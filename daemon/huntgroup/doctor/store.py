"""Where the daemon writes: is there a place, may it write there, has it room, and is what it wrote whole."""

import fcntl
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from huntgroup.adapters.store.opening import HOW_TO_MEND, connect
from huntgroup.adapters.store.schema import VERSION
from huntgroup.doctor.findings import Finding, failed, fine, note

WHERE = "[store]: url"
ROOM_LEAST = 50_000_000
ROOM_NOTED = 1_000_000_000
"""Bytes that should be free."""
STEPS = 1_000_000
STEPS_MOST = 200
"""How long the look through the tables may take, in a million steps of SQLite's machine each: some ten seconds."""


def is_held(path: Path) -> bool:
    """Whether a daemon has this store. Looks at its lock without ever making one, for the moment of one call."""
    try:
        handle = os.open(path.with_name(path.name + ".lock"), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def look(path: Path) -> Iterator[Finding]:
    """The folder, the room in it, and the file if there is one already."""
    folder = path.parent
    place = _folder(folder)
    yield place
    if not folder.is_dir():
        return
    yield _room(folder)
    if not path.exists():
        yield note("store.whole", f"{path} is not there yet", WHERE, "the daemon makes it when it starts")
    else:
        yield _file(path)


def _folder(folder: Path) -> Finding:
    if not folder.is_dir():
        mend = f"`install -d -m 700 -o USER {folder}`, for the user that the daemon runs as"
        return failed("store.folder", f"the folder {folder} does not exist", WHERE, mend)
    try:
        # A file without a name: it is gone with its handle, whatever happens to us.
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"huntgroup")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        mend = f"`chown USER {folder} && chmod u+rwx {folder}`, or a `url` in a folder that the daemon may write to"
        return failed("store.folder", f"nothing can be written in {folder}: {error.strerror}", WHERE, mend)
    return fine("store.folder", f"{folder} can be written to")


def _room(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    said = f"{free / 1e6:,.0f} MB are free in {folder}"
    mend = f"make room there, or a smaller `keep`; `du -h {folder}` shows what takes it"
    if free < ROOM_LEAST:
        return failed("store.room", said, WHERE, mend)
    if free < ROOM_NOTED:
        return note("store.room", said, WHERE, mend)
    return fine("store.room", said)


def _file(path: Path) -> Finding:
    if not os.access(path, os.R_OK | os.W_OK):
        mend = f"`chown USER {path}*`, for the user that the daemon runs as; or run the doctor as that user"
        return failed("store.whole", f"{path} cannot be read and written by this user", WHERE, mend)
    try:
        with closing(_connect(path)) as database:
            found = int(database.execute("PRAGMA user_version").fetchone()[0])
            return _tables(path, found) or _whole(path, database)
    except sqlite3.Error as error:
        return failed("store.whole", f"{path} cannot be read: {error}", WHERE, HOW_TO_MEND)


def _connect(path: Path) -> sqlite3.Connection:
    """For reading. Where nobody wrote since it was closed in order, so that not even SQLite's own files beside it are
    made: they would be this user's, who may be another than the daemon's."""
    if is_held(path) or path.with_name(path.name + "-wal").exists():
        return connect(path, is_for_reading=True)
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)


def _tables(path: Path, found: int) -> Finding | None:
    if found > VERSION:
        said = f"{path} has version {found} of the tables, and this Huntgroup knows {VERSION}"
        return failed("store.whole", said, WHERE, "run the newer Huntgroup that wrote it")
    if found < VERSION:
        said = f"{path} has version {found} of the tables, today's is {VERSION}"
        return note(
            "store.whole", said, WHERE, "the daemon brings it up to date when it starts; `huntgroup backup` first"
        )
    return None


def _whole(path: Path, database: sqlite3.Connection) -> Finding:
    steps = iter(range(STEPS_MOST))
    database.set_progress_handler(lambda: int(next(steps, None) is None), STEPS)
    try:
        answer = str(database.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        return note("store.whole", f"{path} is too large to be looked through here", WHERE, "`huntgroup replay` does")
    if answer != "ok":
        return failed("store.whole", f"{path} is damaged: {answer}", WHERE, HOW_TO_MEND)
    held = "; a daemon has it" if is_held(path) else ""
    return fine("store.whole", f"{path} is whole{held}")
