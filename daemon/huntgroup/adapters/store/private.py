"""Files that hold what callers told: nobody else on the machine reads them."""

import errno
import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_MEND = {
    errno.ENOSPC: "the disk is full: make room on it",
    errno.EDQUOT: "the user's quota is used up: raise it, or make room",
    errno.EFBIG: "the user's limit for the size of files is reached: raise it",
    errno.EROFS: "the file system is mounted read-only: mount it for writing, or name a `[store] url` elsewhere",
    errno.ENOENT: "make its folder, for the user that the daemon runs as",
    errno.ENOTDIR: "what should be its folder is a file: name another `[store] url`",
    errno.EISDIR: "this is a folder: name a file in it",
    errno.EACCES: "let the user that the daemon runs as own its folder and the files in it",
    errno.EPERM: "let the user that the daemon runs as own its folder and the files in it",
}


def cannot_be_opened(error: OSError) -> str:
    """What is wrong with a file of the store, and what to do about it."""
    right = _MEND.get(error.errno or 0, "see that its folder exists and is ours")
    return f"cannot be opened: {error.strerror}; {right}"


def make_private(path: Path) -> None:
    """Make an empty file that only its owner reads; one that is there is left as it is. Raises OSError.

    SQLite gives the files that it makes beside it the same rights.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


def write_privately(path: Path, parts: Iterable[bytes], *, replace: bool = False) -> None:
    """Write a whole file that only its owner reads, or nothing.

    It is written beside its place first: so what is there, with whatever rights or as a link to elsewhere, is neither
    written to nor lost half way. Raises FileExistsError for what is there and is not to be replaced, and OSError.
    """
    if not replace and (path.exists() or path.is_symlink()):
        raise FileExistsError(path)
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            aside.replace(path)
        else:
            path.hardlink_to(aside)
            aside.unlink()
    except BaseException:
        with suppress(OSError):
            aside.unlink()
        raise
