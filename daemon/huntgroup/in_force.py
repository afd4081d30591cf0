"""Puts a changed configuration file in force: finds the daemon that goes by it, tells it, and waits for its word."""

import os
import signal
import time
from pathlib import Path

from huntgroup.adapters.store.holding import holder_of
from huntgroup.errors import HuntgroupError
from huntgroup.settings.document import read_bytes
from huntgroup.settings.filing import version_of

WAIT_SECONDS = 10.0
REST = 0.02


class NotInForce(HuntgroupError):  # noqa: N818 - reads as what happened
    """The file is changed, and the daemon does not go by it yet."""

    code = "not_in_force"


def put_in_force(config: Path, store: Path) -> str:
    """What came of it, in words.

    Raises:
        NotInForce: with what to do.
    """
    holder = holder_of(store)
    if holder is None:
        return "no daemon runs; it holds from the next start on"
    if holder.pid == 0:
        raise NotInForce("written, but the daemon cannot be seen from here: tell it to reload, as with SIGHUP")
    try:
        os.kill(holder.pid, signal.SIGHUP)
    except (PermissionError, ProcessLookupError) as error:
        reason = (error.strerror or "").lower()
        message = f"written, but the daemon could not be told ({reason}): `systemctl reload huntgroup`"
        raise NotInForce(message) from None
    return _word_of(config, store)


def _word_of(config: Path, store: Path) -> str:
    for _ in range(int(WAIT_SECONDS / REST)):
        holder = holder_of(store)
        if holder is None:
            raise NotInForce("written, but the daemon ended meanwhile")
        there = version_of(read_bytes(config))
        if holder.version == there:
            return f"in force, as version {there}"
        if holder.refused == there:
            raise NotInForce("written, but the daemon refused it: its log says why (configuration.rejected)")
        time.sleep(REST)
    raise NotInForce(f"written, but the daemon did not take it over within {WAIT_SECONDS:g} s: see its log")
