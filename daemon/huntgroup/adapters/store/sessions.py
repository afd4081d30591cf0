"""The client ids under which a broker may have a session of the daemon's. A changed secret gives another id."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import structlog

from huntgroup.adapters.store.opening import connect

log = structlog.get_logger(__name__)

MARK = "session "
"""How their rows in the table of marks begin. Earlier versions look at none but their own rows there."""


@dataclass(frozen=True, slots=True)
class BrokerSessions:
    """That one cannot be written or read costs nothing but what waits in its session."""

    path: Path

    def others(self, identifier: str) -> Sequence[str]:
        """Remember this one; the others that are still remembered."""
        try:
            with closing(connect(self.path)) as database:
                database.execute("INSERT OR IGNORE INTO mark VALUES (?, 0)", (MARK + identifier,))
                rows = database.execute("SELECT name FROM mark WHERE substr(name, 1, ?) = ?", (len(MARK), MARK))
                return [name.removeprefix(MARK) for (name,) in rows.fetchall() if name != MARK + identifier]
        except sqlite3.Error as error:
            self._failed(error)
            return []

    def forget(self, identifier: str) -> None:
        """The session of this one is over."""
        try:
            with closing(connect(self.path)) as database:
                database.execute("DELETE FROM mark WHERE name = ?", (MARK + identifier,))
        except sqlite3.Error as error:
            self._failed(error)

    def _failed(self, error: sqlite3.Error) -> None:
        log.warning("store.sessions_unknown", path=str(self.path), error=str(error))
