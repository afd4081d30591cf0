"""Files that hold what callers told: nobody else on the machine reads them."""

import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


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
