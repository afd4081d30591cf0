"""Python imports this before anything else where this folder is in its path: the wall clock is off by what a file says.

So a real daemon can see its clock set, and nobody else on the machine does.
"""

import mmap
import os
import struct
import time
from pathlib import Path

OFF = struct.Struct("d")
VARIABLE = "HUNTGROUP_LAB_WALL"


def _set_the_clock_by(file: Path) -> None:
    with file.open("rb") as opened:
        seconds = mmap.mmap(opened.fileno(), OFF.size, prot=mmap.PROT_READ)
    real = time.time
    time.time = lambda: real() + float(OFF.unpack_from(seconds)[0])


if VARIABLE in os.environ:
    _set_the_clock_by(Path(os.environ[VARIABLE]))
