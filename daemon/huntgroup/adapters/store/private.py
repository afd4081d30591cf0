"""Files that hold what callers told: nobody else on the machine reads them."""

import os
from pathlib import Path


def make_private(path: Path) -> None:
    """Make an empty file that only its owner reads; one that is there is left as it is. Raises OSError.

    SQLite gives the files that it makes beside it the same rights.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
