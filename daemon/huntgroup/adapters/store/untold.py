"""What the broker is still to be told, beyond the end of the process that was to tell it.

How far it was told is a mark: every fact of the journal's events up to there was acknowledged. What lies behind it is
in the record; what that has not, or not all of, is kept apart until it is told, as is what happened to customers.
"""

import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from pydantic import TypeAdapter

from huntgroup.customers.words import Happening
from huntgroup.engine.effects import Effect, Fact, FactType
from huntgroup.engine.events import Customer

TABLES = """
-- What the broker is still to be told and the record has not, or not all of. nth: its place among its event's facts.
CREATE TABLE untold (
    event INTEGER NOT NULL,
    nth INTEGER NOT NULL,
    at REAL NOT NULL,
    type TEXT NOT NULL,
    inquiry TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (event, nth)
) WITHOUT ROWID;
-- What happened to customers, until the broker is told. Numbers are never used twice.
CREATE TABLE untold_happening (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    at REAL NOT NULL,
    customer INTEGER NOT NULL,
    inquiry TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX untold_happening_of_customer ON untold_happening (customer);
"""

BROKER = "broker"
"""The mark's name."""
LINKED = "linked"
"""The name of another: while nobody reads at the broker, since when, in milliseconds since the epoch."""
FACT = TypeAdapter(Fact)


class Told(NamedTuple):
    """Up to where the broker has all: facts by the event they came of, happenings by their own number."""

    facts: int
    happenings: int


class Apart(NamedTuple):
    """A fact of which the record has not all: one row."""

    event: int
    nth: int
    at: float
    type: str
    inquiry: str
    body: str


def apart(event: int, effects: Sequence[Effect]) -> Iterator[Apart]:
    """Those of an event's facts that have to be kept apart. Of most calls there are none."""
    nth = 0
    for fact in effects:
        if isinstance(fact, Fact):
            if fact.inquiry is None or fact.to is not None or not _is_recorded(fact.customer):
                body = FACT.dump_json(fact, exclude_defaults=True).decode()
                yield Apart(event, nth, fact.at, fact.type, fact.inquiry or "", body)
            nth += 1


def _is_recorded(customer: Customer | None) -> bool:
    return customer is None or not (customer.email or customer.handles or customer.known_as)


def keep_untold(database: sqlite3.Connection, told: Collection[Happening]) -> list[Happening]:
    """Keep these until the broker has them; they have a number from now on."""
    kept = []
    for each in told:
        body = json.dumps(each.data, ensure_ascii=False)
        row = (each.kind, each.at, each.customer, each.inquiry, body)
        number = database.execute(
            "INSERT INTO untold_happening (kind, at, customer, inquiry, body) VALUES (?, ?, ?, ?, ?)", row
        ).lastrowid
        kept.append(replace(each, data=json.loads(body), number=number or 0))
    return kept


def write_told(database: sqlite3.Connection, told: Told) -> None:
    """The broker has all of this: a part of a transaction."""
    database.execute("INSERT OR REPLACE INTO mark VALUES (?, ?)", (BROKER, told.facts))
    database.execute("DELETE FROM untold WHERE event <= ?", (told.facts,))
    database.execute("DELETE FROM untold_happening WHERE id <= ?", (told.happenings,))


def write_link(database: sqlite3.Connection, until: float | None) -> None:
    """Nobody has read at the broker since this instant, None: somebody reads: a part of a transaction."""
    if until is None:
        database.execute("DELETE FROM mark WHERE name = ?", (LINKED,))
    else:
        database.execute("INSERT OR REPLACE INTO mark VALUES (?, ?)", (LINKED, max(0, int(max(0.0, until) * 1000))))


def erase_untold(database: sqlite3.Connection, customers: list[int]) -> None:
    """Nobody is told any more of these: a part of a transaction. What the record has of their inquiries stays."""
    marks = ", ".join("?" * len(customers))
    database.execute(
        f"DELETE FROM untold WHERE type = ? AND inquiry IN (SELECT inquiry FROM activity WHERE customer IN ({marks}))",
        (FactType.RECEIVED, *customers),
    )
    database.execute(f"DELETE FROM untold_happening WHERE customer IN ({marks})", customers)
