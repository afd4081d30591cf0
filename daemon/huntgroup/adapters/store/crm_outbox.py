"""What a CRM is still to be told, and what it calls whom.

Plain functions over a connection. Whoever calls one that changes something has begun a transaction, and ends it: so a
deed is put in along with the facts that it comes of, and taken out along with what came of it.

Of each customer only the first deed has an instant at which it is due; the others stand behind it without one. So what
is due is found by an index alone, however much waits. Of customers who are merged that holds of all of them together;
what a deed says of its customer stays as it was said, so that a merge can be undone.
"""

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from huntgroup.adapters.store.customers import book
from huntgroup.crm.deeds import Deed, decoded, encoded
from huntgroup.customers.words import CustomersError, number_of, public_id

TABLES = """
-- What a CRM is still to be told. next_at: when to try, of the first of each customer; the others stand behind it.
-- not_before: what was tried is not tried again before that, wherever it stands.
CREATE TABLE crm_outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    connector TEXT NOT NULL,
    customer TEXT NOT NULL,
    deed TEXT NOT NULL,
    key TEXT NOT NULL,
    body TEXT NOT NULL,
    at REAL NOT NULL,
    progress TEXT NOT NULL DEFAULT '{}',
    tries INTEGER NOT NULL DEFAULT 0,
    next_at REAL,
    not_before REAL NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT '',
    is_dead INTEGER NOT NULL DEFAULT 0,
    UNIQUE (connector, key)
);
CREATE INDEX crm_outbox_due ON crm_outbox (connector, next_at) WHERE NOT is_dead AND next_at IS NOT NULL;
CREATE INDEX crm_outbox_of_customer ON crm_outbox (customer, connector, id);
CREATE INDEX crm_outbox_dead ON crm_outbox (connector, id) WHERE is_dead;
"""
LONGEST_ERROR = 500
SHOWN_MOST = 1000


class Row(NamedTuple):
    """A deed that waits, or that was given up. Instants in seconds; ``next_at`` None: it stands behind another."""

    id: int
    connector: str
    customer: str
    deed: str
    key: str
    body: str
    at: float
    progress: str
    tries: int
    next_at: float | None
    error: str
    is_dead: bool

    @property
    def done(self) -> Mapping[str, str]:
        """How far a try came."""
        found: dict[str, str] = json.loads(self.progress)
        return found


class Backlog(NamedTuple):
    """How much waits, since when the oldest does, and how much was given up."""

    waiting: int
    oldest_at: float | None
    dead: int
    error: str
    """The last thing that went wrong with one that waits."""


_COLUMNS = ", ".join(Row._fields)


def enqueue(database: sqlite3.Connection, connector: str, deeds: Iterable[Deed], at: float) -> int:
    """Put these in, in order; how many were not there yet. One that waits already, or was given up, stays as it is."""
    added = 0
    for deed in deeds:
        has_one_before = deed.customer and _first(database, connector, deed.customer) is not None
        made = database.execute(
            "INSERT OR IGNORE INTO crm_outbox (connector, customer, deed, key, body, at, next_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (connector, deed.customer, deed.name(), deed.key(), encoded(deed), at, None if has_one_before else at),
        )
        added += made.rowcount
    return added


def take(database: sqlite3.Connection, connector: str, now: float, most: int, lease: float) -> list[Row]:
    """What is due, oldest first. Each counts as tried from now on, and is not due again before ``lease`` seconds: so
    long nobody can know what came of it, should we die."""
    rows = database.execute(
        f"SELECT {_COLUMNS} FROM crm_outbox WHERE connector = ? AND NOT is_dead AND next_at <= ?"
        " ORDER BY next_at, id LIMIT ?",
        (connector, now, most),
    ).fetchall()
    database.executemany(
        "UPDATE crm_outbox SET tries = tries + 1, next_at = ?1, not_before = ?1 WHERE id = ?2",
        [(now + lease, row[0]) for row in rows],
    )
    return [Row(*row) for row in rows]


def next_due(database: sqlite3.Connection, connector: str) -> float | None:
    """When the next is due; None: nothing waits."""
    found = database.execute(
        "SELECT min(next_at) FROM crm_outbox WHERE connector = ? AND NOT is_dead AND next_at IS NOT NULL", (connector,)
    ).fetchone()
    due: float | None = found[0]
    return due


def resume(database: sqlite3.Connection, connector: str, at: float) -> None:
    """A new life begins: nothing is under way, and what was is over by ``at``. Nobody waits for an old pause either."""
    database.execute(
        "UPDATE crm_outbox SET next_at = min(next_at, ?1), not_before = min(not_before, ?1)"
        " WHERE connector = ?2 AND NOT is_dead AND tries > 0",
        (at, connector),
    )


def keep(database: sqlite3.Connection, row: Row, done: Mapping[str, str]) -> None:
    """How far a try has come."""
    database.execute("UPDATE crm_outbox SET progress = ? WHERE id = ?", (json.dumps(dict(done)), row.id))


def finish(database: sqlite3.Connection, row: Row, reference: str, now: float) -> None:
    """It is done; ``reference`` is what the CRM calls the customer since, empty when it did not say."""
    if reference:
        refer(database, row.connector, decoded(row.body).customer, reference)
    customer = _customer_of(database, row)
    database.execute("DELETE FROM crm_outbox WHERE id = ?", (row.id,))
    _promote(database, row.connector, customer, now)


def postpone(database: sqlite3.Connection, row: Row, error: str, next_at: float, *, counts: bool = True) -> None:
    """It is tried again at an instant; not ``counts``: the CRM did not even look at it."""
    database.execute(
        "UPDATE crm_outbox SET next_at = ?1, not_before = ?1, error = ?2, tries = tries - ?3 WHERE id = ?4",
        (next_at, error[:LONGEST_ERROR], 0 if counts else 1, row.id),
    )
    _promote(database, row.connector, _customer_of(database, row), next_at)


def bury(database: sqlite3.Connection, row: Row, error: str, now: float) -> None:
    """It is given up, and kept for people to look at. What stood behind it goes on without it."""
    database.execute(
        "UPDATE crm_outbox SET is_dead = 1, next_at = NULL, error = ? WHERE id = ?", (error[:LONGEST_ERROR], row.id)
    )
    _promote(database, row.connector, _customer_of(database, row), now)


def revive(database: sqlite3.Connection, numbers: Collection[int] | None, now: float) -> int:
    """Try again what was given up, these or all; how many there were. It is not counted as tried before."""
    dead = database.execute("SELECT id, connector, customer FROM crm_outbox WHERE is_dead ORDER BY id").fetchall()
    wanted = [row for row in dead if numbers is None or row[0] in numbers]
    for number, connector, customer in wanted:
        has_one = customer and _first(database, connector, customer) is not None
        # tries stays above zero: whether it was done after all is to be looked at.
        database.execute(
            "UPDATE crm_outbox SET is_dead = 0, tries = 1, at = ?, next_at = ?, not_before = 0 WHERE id = ?",
            (now, None if has_one else now, number),
        )
    return len(wanted)


def forget(database: sqlite3.Connection, customers: Iterable[str]) -> None:
    """Nothing is told about these any more. What the CRM calls them goes with the customer."""
    for customer in customers:
        database.execute("DELETE FROM crm_outbox WHERE customer = ?", (customer,))


def move(database: sqlite3.Connection, customer: int, into: int, at: float) -> None:
    """Two customers are one: what waits for both is told in the order in which it came."""
    here, there = public_id(customer), public_id(into)
    database.execute("UPDATE crm_outbox SET customer = ? WHERE customer = ?", (there, here))
    _put_in_order(database, there, at)


def move_back(database: sqlite3.Connection, customer: int, out_of: int, at: float) -> None:
    """They are two after all: what was said of the one, or of whoever is them, waits for them again."""
    here, there = public_id(customer), public_id(out_of)
    names = [public_id(each) for each in book.everyone_in(database, customer)]
    marks = ", ".join("?" * len(names))
    database.execute(
        f"UPDATE crm_outbox SET customer = ? WHERE customer = ? AND json_extract(body, '$.customer') IN ({marks})",
        (here, there, *names),
    )
    for each in (here, there):
        _put_in_order(database, each, at)


def refer(database: sqlite3.Connection, connector: str, customer: str, reference: str) -> None:
    """From now on the CRM calls a customer this. Who was merged meanwhile takes it along, where there was none."""
    number: int | None = _number(customer)
    is_theirs = True
    while number is not None:
        who = book.row(database, number)
        if who is None or who.erased_at is not None:
            return
        if is_theirs or not who.crm:
            database.execute(
                "UPDATE customer SET crm = ?, crm_of = ?, crm_is_made = 1 WHERE id = ?", (reference, connector, who.id)
            )
        number, is_theirs = who.merged_into, False


def reference_of(database: sqlite3.Connection, connector: str, customer: str) -> str:
    """What the CRM calls a customer, and if they were merged, whoever they are now; empty when that is not known.

    What nobody says of which CRM it is, as a list does not, is taken for this one's.
    """
    number = _number(customer)
    who = book.current(database, number) if number is not None else None
    return who.crm if who is not None and who.crm_of in ("", connector) else ""


def backlog(database: sqlite3.Connection, connector: str) -> Backlog:
    """How it stands."""
    waiting, oldest = database.execute(
        "SELECT count(*), min(at) FROM crm_outbox WHERE connector = ? AND NOT is_dead", (connector,)
    ).fetchone()
    (dead,) = database.execute(
        "SELECT count(*) FROM crm_outbox WHERE connector = ? AND is_dead", (connector,)
    ).fetchone()
    wrong = database.execute(
        "SELECT error FROM crm_outbox WHERE connector = ? AND NOT is_dead AND next_at IS NOT NULL AND error <> ''"
        " ORDER BY next_at LIMIT 1",
        (connector,),
    ).fetchone()
    return Backlog(waiting, oldest, dead, "" if wrong is None else wrong[0])


def everything(database: sqlite3.Connection) -> list[Row]:
    """What waits or was given up, of every connector, in the order in which it came; the first thousand."""
    rows = database.execute(f"SELECT {_COLUMNS} FROM crm_outbox ORDER BY is_dead DESC, id LIMIT ?", (SHOWN_MOST,))
    return [Row(*row) for row in rows]


def _first(database: sqlite3.Connection, connector: str, customer: str) -> int | None:
    found = database.execute(
        "SELECT id FROM crm_outbox WHERE connector = ? AND customer = ? AND NOT is_dead ORDER BY id LIMIT 1",
        (connector, customer),
    ).fetchone()
    return None if found is None else int(found[0])


def _customer_of(database: sqlite3.Connection, row: Row) -> str:
    """Whose it is now: they may have been merged while it was under way."""
    found = database.execute("SELECT customer FROM crm_outbox WHERE id = ?", (row.id,)).fetchone()
    return "" if found is None else str(found[0])


def _promote(database: sqlite3.Connection, connector: str, customer: str, now: float) -> None:
    """The first of this customer is due, and nothing else of theirs."""
    first = _first(database, connector, customer) if customer else None
    if first is None:
        return
    database.execute("UPDATE crm_outbox SET next_at = coalesce(next_at, max(?, not_before)) WHERE id = ?", (now, first))
    database.execute(
        "UPDATE crm_outbox SET next_at = NULL WHERE customer = ? AND connector = ? AND id > ? AND next_at IS NOT NULL",
        (customer, connector, first),
    )


def _put_in_order(database: sqlite3.Connection, customer: str, at: float) -> None:
    found = database.execute("SELECT DISTINCT connector FROM crm_outbox WHERE customer = ?", (customer,)).fetchall()
    for (connector,) in found:
        _promote(database, connector, customer, at)


def _number(customer: str) -> int | None:
    try:
        return number_of(customer)
    except CustomersError:
        return None
