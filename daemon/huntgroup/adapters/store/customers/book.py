"""Customers by their numbers and identities: what is looked up, and the few changes that all others are made of."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from huntgroup.customers.identities import Identity, Kind, older_form
from huntgroup.customers.words import CustomersError, Happened, Happening, public_id

STEPS_MOST = 100
"""Of a customer who was merged into another, who was merged into another: so far it is followed."""


class Row(NamedTuple):
    """A customer as the table has them."""

    id: int
    name: str
    responsible: str | None
    provisional: str | None
    crm: str
    """What the CRM calls them; empty: that is not known, or there is none."""
    crm_of: str
    """Which CRM does; empty: nobody said."""
    crm_is_made: bool
    """It was made there because we said so: who is made twice is not two for that."""
    created_at: float
    merged_into: int | None
    erased_at: float | None
    name_is_typed: bool
    """The name came with an identity that somebody only typed."""


class Held(NamedTuple):
    """An identity, as it is stored, and whose it is. ``is_own``: a channel vouched for it."""

    identity: Identity
    customer: int
    is_own: bool
    is_shared: bool


class Change(NamedTuple):
    """Who changes something, when (in seconds) and why: an inquiry's id, or words."""

    at: float
    who: str
    why: str = ""


_ROW = "id, name, responsible, provisional, crm, crm_of, crm_is_made, created_at, merged_into, erased_at, name_is_typed"
_OWNER = f"""SELECT customer, is_own, is_shared, {_ROW} FROM identity LEFT JOIN customer ON id = customer
    WHERE kind = ? AND value = ?"""


def row(database: sqlite3.Connection, number: int) -> Row | None:
    """The customer of this number as they are, merged or erased or not."""
    found = database.execute(f"SELECT {_ROW} FROM customer WHERE id = ?", (number,)).fetchone()
    return None if found is None else Row(*found)


def current(database: sqlite3.Connection, number: int) -> Row | None:
    """Who the customer of this number is today, after all merges; None: nobody, or somebody who was erased."""
    for _ in range(STEPS_MOST):
        found = row(database, number)
        if found is None or found.erased_at is not None:
            return None
        if found.merged_into is None:
            return found
        number = found.merged_into
    return None


def existing(database: sqlite3.Connection, number: int, at: str = "id") -> Row:
    """The same. Raises CustomersError where there is none."""
    found = current(database, number)
    if found is None:
        raise CustomersError("unknown_customer", f"there is no {public_id(number)}", at)
    return found


def held(database: sqlite3.Connection, identity: Identity) -> Held | None:
    """Whose an identity is, also where an earlier version wrote it in another form."""
    found = database.execute(
        "SELECT customer, is_own, is_shared FROM identity WHERE kind = ? AND value = ?", identity
    ).fetchone()
    if found is None:
        older = older_form(identity)
        return None if older == identity else held(database, older)
    return Held(identity, found[0], bool(found[1]), bool(found[2]))


def owner(database: sqlite3.Connection, identity: Identity) -> tuple[Held, Row | None] | None:
    """Whose an identity is, and who that is today; nobody, if they were erased.

    Both in one statement: this is asked for every call before a phone rings, and after a pause a second statement cost
    it 0.15 ms.
    """
    found = database.execute(_OWNER, identity).fetchone()
    if found is None:
        older = older_form(identity)
        return None if older == identity else owner(database, older)
    holds = Held(identity, found[0], bool(found[1]), bool(found[2]))
    who = Row(*found[3:])
    if who.merged_into is None and who.erased_at is None and who.id is not None:
        return holds, who
    return holds, current(database, holds.customer)


def identities_of(database: sqlite3.Connection, customer: int) -> list[Held]:
    """By what a customer is known."""
    rows = database.execute(
        "SELECT kind, value, customer, is_own, is_shared FROM identity WHERE customer = ? ORDER BY kind, value",
        (customer,),
    )
    return [
        Held(Identity(Kind(kind), value), owner, bool(own), bool(shared)) for kind, value, owner, own, shared in rows
    ]


def everyone_in(database: sqlite3.Connection, customer: int) -> list[int]:
    """The customer and all who were merged into them."""
    rows = database.execute(
        "WITH RECURSIVE part(id) AS (SELECT ? UNION SELECT c.id FROM customer c JOIN part ON c.merged_into = part.id)"
        " SELECT id FROM part ORDER BY 1",
        (customer,),
    )
    return [each[0] for each in rows]


# -- changes --------------------------------------------------------------------------------------------------------


def note(database: sqlite3.Connection, customer: int, what: str, change: Change, body: Mapping[str, Any]) -> int:
    """Write into the trail what was done; its number."""
    made = database.execute(
        "INSERT INTO trail (at, customer, what, who, why, body) VALUES (?, ?, ?, ?, ?, ?)",
        (change.at, customer, what, change.who, change.why, json.dumps(body, ensure_ascii=False)),
    )
    return int(made.lastrowid or 0)


class New(NamedTuple):
    """Somebody who is not known yet; of each identity, which must be nobody's, whether a channel vouched for it."""

    name: str
    known_by: Sequence[tuple[Identity, bool]]
    responsible: str | None = None
    crm: str = ""
    crm_of: str = ""
    name_is_typed: bool = False


def create(database: sqlite3.Connection, new: New, change: Change) -> Happening:
    """A new customer."""
    made = database.execute(
        "INSERT INTO customer (name, responsible, crm, crm_of, created_at, name_is_typed) VALUES (?, ?, ?, ?, ?, ?)",
        (new.name, new.responsible, new.crm, new.crm_of, change.at, new.name_is_typed),
    )
    number = int(made.lastrowid or 0)
    rows = [(*identity, number, is_own) for identity, is_own in new.known_by]
    database.executemany("INSERT INTO identity (kind, value, customer, is_own) VALUES (?, ?, ?, ?)", rows)
    note(database, number, "created", change, {})
    data = {"identities": [as_text(identity) for identity, _ in new.known_by], "responsible": new.responsible}
    return Happening(kind=Happened.CREATED, at=change.at, customer=number, inquiry=change.why, data=data)


def link(database: sqlite3.Connection, customer: int, identity: Identity, change: Change, *, is_own: bool) -> Happening:
    """One identity more, which must be nobody's yet."""
    database.execute(
        "INSERT INTO identity (kind, value, customer, is_own) VALUES (?, ?, ?, ?)", (*identity, customer, is_own)
    )
    note(database, customer, "linked", change, {"identity": list(identity)})
    return Happening(
        kind=Happened.IDENTITY_LINKED,
        at=change.at,
        customer=customer,
        inquiry=change.why,
        data={"identity": as_text(identity)},
    )


def set_responsible(
    database: sqlite3.Connection, customer: Row, operator: str | None, change: Change, *, while_at: str | None = None
) -> list[Happening]:
    """Another operator is responsible, or nobody; ``while_at``: for the time being, as they have this inquiry."""
    if (customer.responsible, customer.provisional) == (operator, while_at):
        return []
    database.execute(
        "UPDATE customer SET responsible = ?, provisional = ? WHERE id = ?", (operator, while_at, customer.id)
    )
    if customer.responsible == operator:
        return []  # it is certain now; that is no news to anybody
    body = {"was": customer.responsible, "was_provisional": customer.provisional, "now": operator}
    note(database, customer.id, "responsible", change, body)
    data = {"operator": operator, "was": customer.responsible, "is_provisional": while_at is not None}
    return [
        Happening(kind=Happened.RESPONSIBLE_CHANGED, at=change.at, customer=customer.id, inquiry=change.why, data=data)
    ]


def as_text(identity: Identity) -> str:
    """``phone:+48…``: for programs and people to read."""
    return f"{identity.kind}:{identity.value}"


def identity_from(text: str) -> Identity:
    """The identity of such a text, which was made here."""
    kind, _, value = text.partition(":")
    return Identity(Kind(kind), value)


def are_apart(database: sqlite3.Connection, customer: int, others: Sequence[str]) -> bool:
    """Whether somebody took one of these from the customer by hand."""
    marks = ", ".join("?" * len(others))
    found = database.execute(f"SELECT 1 FROM apart WHERE customer = ? AND other IN ({marks})", (customer, *others))
    return found.fetchone() is not None


def keep_apart(database: sqlite3.Connection, customer: int, other: str) -> None:
    """From now on only people put these two together."""
    database.execute("INSERT OR IGNORE INTO apart VALUES (?, ?)", (customer, other))
