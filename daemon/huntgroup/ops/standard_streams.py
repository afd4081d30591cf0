"""Standard input, output and error that the process was started without. Knows nothing of what is written to them."""

import os
import sys


def open_missing() -> None:
    """Open /dev/null at each of the descriptors 0 to 2 that is closed.

    The next file that is opened would otherwise get the number, and what is written to standard error would go into the
    store (``huntgroup run 2>&-``; POSIX, open: "the lowest numbered available file descriptor").
    """
    for descriptor, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(descriptor)
        except OSError:
            null = os.open(os.devnull, os.O_RDWR)  # the lowest free number: this one, as those below are open
            os.set_inheritable(null, True)
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(descriptor, mode, closefd=False))
