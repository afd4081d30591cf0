"""Looks customers up for whoever has to decide by it: at once, on a connection that only reads and never waits."""

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import structlog

from huntgroup.adapters.store.customers.weighing import known, weigh
from huntgroup.customers.identities import Identity
from huntgroup.customers.words import CustomersError, Known

T = TypeVar("T")
log = structlog.get_logger(__name__)

MAPPED_BYTES = 256 << 20
"""So much of the file is read through the page cache, without a copy."""


class Readings:
    """A look-up of some identities costs tens of microseconds, whatever the number of customers."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database: sqlite3.Connection | None = None
        self._is_failing = False

    def known(self, identities: Sequence[Identity], name: str, channel: str, *, is_tracked: bool) -> Known | None:
        """Who has these identities; None: nobody, or it cannot be read. No call waits for a disk that has trouble."""
        try:
            if self._database is None:
                self._database = _connect(self._path)
            found = known(weigh(self._database, identities, name, channel), is_tracked=is_tracked)
        except sqlite3.Error as error:
            self.close()
            if not self._is_failing:
                log.error("customers.not_read", path=str(self._path), error=str(error))  # noqa: TRY400
            self._is_failing = True
            return None
        self._is_failing = False
        return found

    def ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """The answer to a question that takes no more than a look at a few rows.

        Raises CustomersError when it cannot be read.
        """
        try:
            if self._database is None:
                self._database = _connect(self._path)
            return question(self._database)
        except sqlite3.Error as error:
            self.close()
            raise CustomersError("store_unavailable", f"the store cannot be read: {error}") from None

    def close(self) -> None:
        """Let the file go; it is opened again when it is asked for something."""
        database, self._database = self._database, None
        if database is not None:
            database.close()


def _connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=0, isolation_level=None)
    database.execute(f"PRAGMA mmap_size = {MAPPED_BYTES}")
    return database
