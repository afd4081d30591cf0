"""A change of customers that somebody asked for, done by the one connection that writes."""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

import structlog

from huntgroup.adapters.store.customers.following import Follower
from huntgroup.customers.words import CustomersError, Happening

log = structlog.get_logger(__name__)

INTERNAL_ERROR = "this cannot be done because of a fault in Huntgroup; its log has it as customers.change_failed"

Change = Callable[[sqlite3.Connection, float], tuple[dict[str, Any], Sequence[Happening]]]
"""What is to be done at an instant (seconds); gives the answer and what happened. Raises CustomersError."""
Answer = Callable[[dict[str, Any] | CustomersError], None]


class Work:
    """One change: made whole or not at all, and answered once it is safe."""

    def __init__(self, change: Change, answer: Answer) -> None:
        self._change = change
        self._answer = answer
        self._result: dict[str, Any] | CustomersError = {}
        self._is_answered = False
        self.has_changed = False
        """Whether anything was written; what only looked needs no disk."""

    def run(self, database: sqlite3.Connection, now: float, follower: Follower | None) -> Sequence[Happening]:
        """Make it, in the connection's thread. Raises sqlite3.Error, and then nothing is changed."""
        before = database.total_changes
        database.execute("BEGIN IMMEDIATE")
        try:
            self._result, told = self._change(database, now)
            if follower is not None:
                told = follower.keep(database, list(told))
            self.has_changed = database.total_changes > before
            database.execute("COMMIT")
        except CustomersError as error:
            database.execute("ROLLBACK")
            self._result = error
            return []
        except sqlite3.IntegrityError as error:
            database.execute("ROLLBACK")
            self._result = CustomersError("already_known", f"it contradicts what is known: {error}")
            return []
        except sqlite3.Error:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise
        except Exception:
            # A fault of ours in one change: nothing of it is written, and all others are.
            if database.in_transaction:
                database.execute("ROLLBACK")
            log.exception("customers.change_failed")
            self._result = CustomersError("internal_error", INTERNAL_ERROR)
            return []
        return told

    def finish(self) -> None:
        """It is safe: say so."""
        self._say(self._result)

    def fail(self, why: str) -> None:
        """It could not be made safe."""
        self._say(CustomersError("store_unavailable", why))

    def _say(self, result: dict[str, Any] | CustomersError) -> None:
        if not self._is_answered:
            self._is_answered = True
            self._answer(result)
