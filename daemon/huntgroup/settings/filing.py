"""Takes the configuration file and puts another in its place: whole at any moment, and never over somebody's edit.

A new text goes into a file beside the old one and is on the disk before it gets its name, so whoever reads and whatever
dies meanwhile finds the old file or the new one. The two change their names with one another: what lay there until then
is looked at, and if it is not what was read, because somebody saved the file in that very moment, they change back.
"""

import ctypes
import errno
import fcntl
import hashlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from huntgroup.errors import ChangeRefused
from huntgroup.locks import holders, named

LOCK_SECONDS = 5.0
LOCK_REST = 0.02
VERSION_LENGTH = 16
_BOM = b"\xef\xbb\xbf"
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_NO_EXCHANGE = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP)


def version_of(content: bytes) -> str:
    """The name of one state of the file: it follows from what is in it."""
    return hashlib.sha256(content).hexdigest()[:VERSION_LENGTH]


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Nobody else who edits by command comes between; an editor does not know of it. No file is left behind.

    The lock is on a file that only its owner can open: on the folder, or on the configuration, whoever may read it
    could take the lock and keep it. Where no file can be made nothing can be changed either, and nothing is locked.

    Raises:
        ChangeRefused: when somebody has it for too long, or there is no such folder.
    """
    real = _real(path)
    if not real.parent.is_dir():
        raise _cannot(path, FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)))
    lock = real.with_name(f".{real.name}.lock")
    handle = _locked(lock, path)
    try:
        yield
    finally:
        if handle is not None:
            with suppress(OSError):
                lock.unlink()  # while it is ours still; whoever has it open sees that it is another one now
            os.close(handle)


def _locked(lock: Path, path: Path) -> int | None:
    until = _now() + LOCK_SECONDS
    while True:
        try:
            handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
        except OSError as error:
            if not os.path.lexists(lock):
                return None
            _forget_if_nobody_has_it(lock, error)
        else:
            if _is_ours(handle, lock):
                return handle
            os.close(handle)
        if _now() > until:
            message = f"{path.name} is being changed by {_holder(lock)}; try again"
            raise ChangeRefused("conflict", message)
        time.sleep(LOCK_REST)


def _is_ours(handle: int, lock: Path) -> bool:
    """Locked, and still the file of that name: whoever had it before has removed it."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(handle), lock.lstat())
    except (BlockingIOError, FileNotFoundError):
        return False


def _forget_if_nobody_has_it(lock: Path, error: OSError) -> None:
    """What another user made and was killed over, or what is no file that can be locked."""
    with suppress(OSError):
        found = lock.lstat()
        is_file = stat.S_ISREG(found.st_mode) and error.errno == errno.EACCES
        if not is_file or not holders(found.st_ino):
            lock.unlink()


def _holder(lock: Path) -> str:
    try:
        return named(lock.lstat().st_ino)
    except OSError:
        return "somebody else"


def _now() -> float:
    return time.clock_gettime(time.CLOCK_MONOTONIC)


def put_in_place(path: Path, old: bytes, text: str) -> bytes | None:
    """Write a text in the place of what was read; what is in the file then, or None: it is not what was read any more.

    The file keeps its owner, its mode and its byte order mark; of a link the target is written.

    Raises:
        ChangeRefused: when it cannot be written.
    """
    real = _real(path)
    new = (_BOM if old.startswith(_BOM) else b"") + text.encode()
    try:
        if not os.access(real, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(real))
        handle, name = tempfile.mkstemp(prefix=f".{real.name}.", suffix=".tmp", dir=real.parent)
        beside = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                _made_like(real, beside)
                file.write(new)
                file.flush()
                os.fsync(file.fileno())
            is_ours = _exchanged(real, beside, old)
        finally:
            with suppress(FileNotFoundError):
                beside.unlink()
        _folder_to_disk(real.parent)
    except OSError as error:
        raise _cannot(path, error) from None
    return new if is_ours else None


def _made_like(real: Path, beside: Path) -> None:
    """Owner, mode and whatever else the system keeps of a file."""
    was, now = real.stat(), beside.stat()
    if (was.st_uid, was.st_gid) != (now.st_uid, now.st_gid):
        os.chown(beside, was.st_uid, was.st_gid)
    shutil.copystat(real, beside)
    os.utime(beside)


def _exchanged(real: Path, beside: Path, old: bytes) -> bool:
    """Whether the new file is in the place of the old one, which was as it was read."""
    if real.read_bytes() != old:
        return False
    if not _exchange(beside, real):
        # A file system that cannot: the moment between the look above and this is not covered.
        beside.replace(real)
        return True
    if beside.read_bytes() == old:
        return True
    _exchange(beside, real)
    return False


def _exchange(one: Path, other: Path) -> bool:
    """Two files get one another's names at once; False: the system or its file system cannot do it."""
    library = ctypes.CDLL(None, use_errno=True)
    rename = getattr(library, "renameat2", None)
    if rename is None:
        return False
    if rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in _NO_EXCHANGE:
        return False
    raise OSError(code, os.strerror(code), str(other))


def _folder_to_disk(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _cannot(path: Path, error: OSError) -> ChangeRefused:
    reason = (error.strerror or "not possible").lower()
    right = "the user must own it and may write in its folder; under systemd see the head of systemd/huntgroup.service"
    return ChangeRefused("not_writable", f"{path} cannot be changed from here ({reason}): {right}", "file")
