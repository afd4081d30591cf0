"""The tables of the store in memory."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from huntgroup.adapters.store.customers.following import Follower
from huntgroup.adapters.store.customers.weighing import known, weigh
from huntgroup.adapters.store.customers.works import Work
from huntgroup.adapters.store.journal import write_batch
from huntgroup.adapters.store.schema import migrate
from huntgroup.codec import event_from, event_text, memory_from, rows_of
from huntgroup.customers.identities import Identity
from huntgroup.customers.rules import RuleBook
from huntgroup.customers.words import CustomersError, Happening, Known
from huntgroup.engine.engine import Engine
from huntgroup.engine.events import TimePassed
from huntgroup.engine.restoring import memory_of
from huntgroup.engine.world import World
from huntgroup.recorder import batch_of
from huntgroup.shell import Done, Group
from tests.fuzz.driver import Violation


class Store:
    """All tables of the current schema."""

    def __init__(self) -> None:
        self.database = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        migrate(self.database, Path("memory"))
        names = self.database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
        self._tables = [name for (name,) in names]

    def empty(self) -> None:
        """Delete all rows."""
        if self.database.in_transaction:
            self.database.execute("ROLLBACK")
        self.database.execute("BEGIN")
        for name in self._tables:
            self.database.execute(f'DELETE FROM "{name}"')
        self.database.execute("COMMIT")

    def close(self) -> None:
        """Close the database."""
        self.database.close()


class Ledger:
    """A journal for the shell. It writes each group at once, or in `comes_through` while ``is_held``."""

    def __init__(self, store: Store, rules: RuleBook, happened: Callable[[Sequence[Happening]], None]) -> None:
        self.is_degraded = False
        self.is_held = False
        self._store = store
        self._rules = rules
        self._happened = happened
        self._follower = Follower(tell=happened, has_broker=True)
        self._crc, self._last = 0, 0
        self._waiting: list[Done] = []

    def write(self, group: Group, world: World, release: Done, durable: Done) -> None:
        """See `huntgroup.shell.Journal`."""
        for handled in group.handled:
            name, body = event_text(handled.event)
            if event_from(name, body) != handled.event:
                raise Violation("an event differs after it was read back from the journal", (handled.event, body))
        batch = batch_of(group, world, self._rules, has_broker=True)
        self._crc = write_batch(self._store.database, batch, self._crc, self._last)
        self._last = batch.entries[-1].sequence

        def done() -> None:
            release()
            durable()
            self._follow()

        if self.is_held:
            self._waiting.append(done)
        else:
            done()

    def comes_through(self) -> None:
        """Release the groups that were held."""
        self.is_held = False
        waiting, self._waiting = self._waiting, []
        for done in waiting:
            done()

    def do(self, work: Work) -> None:
        """Run a command about customers in a transaction, as the daemon's journal does."""
        if self.is_degraded:
            work.fail("nothing can be made durable")
            return
        self._happened(list(work.run(self._store.database, 1_790_000_000.0, self._follower)))
        work.finish()

    def _follow(self) -> None:
        more = True
        while more:
            told, more = self._follower.step(self._store.database)
            self._happened(told)

    def begin(self, world: World) -> None:
        """Write the complete state, as at a start."""
        rows = [(*row, 0) for row in rows_of(memory_of(world)) if row.body is not None]
        self._store.database.executemany("INSERT INTO state VALUES (?, ?, ?, ?)", rows)

    def restarted(self, now: float) -> Engine:
        """The engine of a daemon that restarts from the stored state."""
        rows = self._store.database.execute("SELECT kind, id, body FROM state").fetchall()
        memory = memory_from(rows)
        if memory is None:
            raise Violation("a restart finds no stored state")
        engine = Engine(memory.policy, memory)
        engine.start(now)
        deadline = engine.next_deadline()
        if deadline is not None and deadline <= now:
            engine.handle(TimePassed(), now)
        return engine


class Readings:
    """Customer look-ups."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def known(self, identities: Any, name: str, channel: str, *, is_tracked: bool) -> Known | None:
        """See `huntgroup.adapters.store.customers.reading.Readings`."""
        found: tuple[Identity, ...] = tuple(identities)
        return known(weigh(self._store.database, found, name, channel), is_tracked=is_tracked)

    def ask(self, question: Callable[[sqlite3.Connection], Mapping[str, Any]]) -> Mapping[str, Any]:
        """Run a query."""
        try:
            return question(self._store.database)
        except sqlite3.Error as error:
            raise CustomersError("store_unavailable", str(error)) from None
