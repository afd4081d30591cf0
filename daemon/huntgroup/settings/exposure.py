"""Files that other users of the machine may read or change although the daemon relies on that they do not."""

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from huntgroup.settings.models import Settings

BESIDE_THE_STORE = ("", "-wal", "-shm", ".lock", ".suspects")
"""The store's own file, and what lies beside it."""


class Exposed(NamedTuple):
    """A file, what is wrong with its mode, and the command that mends it."""

    file: Path
    wrong: str
    mend: str

    def __str__(self) -> str:
        return f"{self.file}: {self.wrong}; `{self.mend}`"


def exposed(config: Path, settings: Settings) -> Iterator[Exposed]:
    """Every file of a configuration that others may read or change; one that is not there is passed over."""
    for secret in dict.fromkeys(_secrets(settings)):
        yield from _open_to_others(secret, "a secret", "600", may_be_read=False)
    has_numbers = any(each.mobile for each in settings.operators)
    mode = "640" if has_numbers else "644"
    yield from _open_to_others(config, "the configuration", mode, may_be_read=not has_numbers)
    for ending in BESIDE_THE_STORE:
        file = settings.store.path.with_name(settings.store.path.name + ending)
        yield from _open_to_others(file, "a file of the store", "600", may_be_read=False)


def _secrets(settings: Settings) -> Iterator[Path]:
    peers = [*settings.pbx, *(each for each in (settings.mqtt, settings.crm) if each is not None)]
    yield from (each.secret_file for each in peers if each.secret_file is not None)
    if settings.mqtt is not None and settings.mqtt.key_file is not None:
        yield settings.mqtt.key_file


def _open_to_others(file: Path, what: str, mode: str, *, may_be_read: bool) -> Iterator[Exposed]:
    """A group may read: that is how a service's user is given a file of root's. It may not write."""
    try:
        found = file.stat()
    except OSError:
        return
    may = []
    if found.st_mode & stat.S_IROTH and not may_be_read:
        may.append("every user of this machine may read it")
    if found.st_mode & stat.S_IWOTH:
        may.append("every user of this machine may change it")
    elif found.st_mode & stat.S_IWGRP:
        may.append("its group may change it")
    if may and stat.S_ISREG(found.st_mode):
        yield Exposed(file, f"is {what}, and {' and '.join(may)}", f"chmod {mode} {file}")
