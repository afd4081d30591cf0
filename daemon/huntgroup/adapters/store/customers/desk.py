"""What people and programs ask about customers: one function each, the same for the broker and the command line."""

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from huntgroup.adapters.store.customers import book, leads
from huntgroup.adapters.store.customers.book import Change, Held, Row
from huntgroup.adapters.store.customers.merging import Entry, merge, trail_of
from huntgroup.customers.identities import Identity
from huntgroup.customers.names import read_name
from huntgroup.customers.words import CustomersError, Happening, number_of, public_id
from huntgroup.instants import utc

SHOWN_MOST = 20
"""Inquiries and changes that are shown of a customer."""
Result = tuple[dict[str, Any], Sequence[Happening]]


def found_by(database: sqlite3.Connection, identities: Iterable[Identity], at: str = "customer") -> Row:
    """The one customer who has any of these. Raises CustomersError for none, and for several."""
    owners: dict[int, Row] = {}
    for each in identities:
        found = book.owner(database, each)
        if found is not None and found[1] is not None:
            owners[found[1].id] = found[1]
    if not owners:
        raise CustomersError("unknown_customer", "nobody is known by that", at)
    if len(owners) > 1:
        names = ", ".join(public_id(each) for each in sorted(owners))
        raise CustomersError("several_customers", f"these are of several customers: {names}", at)
    return next(iter(owners.values()))


def shown(database: sqlite3.Connection, who: Row) -> dict[str, Any]:
    """All that is known of a customer. Instants are ISO 8601, durations seconds."""
    everyone = book.everyone_in(database, who.id)
    return {
        **summary(database, who),
        "created_at": instant(who.created_at),
        "merged": [public_id(each) for each in everyone if each != who.id],
        "leads": [{**each, "at": instant(each["at"])} for each in leads.leads_of(database, everyone)],
        "inquiries": [_activity(each) for each in leads.activities_of(database, everyone, SHOWN_MOST)],
        "changes": [_change(each) for each in trail_of(database, who.id, SHOWN_MOST)],
    }


def summary(database: sqlite3.Connection, who: Row) -> dict[str, Any]:
    """Who it is, in a few words."""
    return {
        "id": public_id(who.id),
        "name": who.name,
        "responsible": who.responsible,
        "is_provisional": who.provisional is not None,
        "crm": who.crm or None,
        "identities": [_identity(each) for each in book.identities_of(database, who.id)],
    }


def _identity(each: Held) -> dict[str, Any]:
    kind, value = each.identity
    return {"kind": str(kind), "value": value, "is_proven": each.is_own, "is_shared": each.is_shared}


def _activity(each: leads.Activity) -> dict[str, Any]:
    data = leads.as_data(each)
    return {"inquiry": each.inquiry, **data, "received_at": instant(each.received_at)}


def _change(each: Entry) -> dict[str, Any]:
    told = {"change": each.id, "at": instant(each.at), "what": each.what, "by": each.who, "why": each.why, **each.body}
    if each.undone_at is not None:
        told["undone_at"] = instant(each.undone_at)
    return told


def instant(seconds: float) -> str:
    """A point in time as text."""
    return utc(round(seconds, 3)).isoformat(timespec="milliseconds")


# -- changes --------------------------------------------------------------------------------------------------------


def create(
    database: sqlite3.Connection, name: str, identities: Sequence[Identity], responsible: str | None, change: Change
) -> Result:
    """A new customer. Raises CustomersError when somebody has one of these identities already."""
    name = read_name(name)
    if not identities and not name:
        raise CustomersError("invalid", "give a name, a phone, an e-mail or a handle", "customer")
    for each in identities:
        holder = book.held(database, each)
        if holder is not None:
            what = f"{book.as_text(each)} is {public_id(holder.customer)}'s already"
            raise CustomersError("already_known", what, "customer")
    told = [book.create(database, book.New(name, [(each, True) for each in identities], responsible), change)]
    return {"customer": summary(database, book.existing(database, told[0].customer))}, told


def link(database: sqlite3.Connection, who: Row, identities: Sequence[Identity], change: Change) -> Result:
    """Identities more, by hand. Raises CustomersError for one that is another's."""
    told: list[Happening] = []
    for each in identities:
        holder = book.held(database, each)
        if holder is not None and holder.customer != who.id:
            what = f"{book.as_text(each)} is {public_id(holder.customer)}'s: merge the two"
            raise CustomersError("already_known", what, "customer")
        if holder is None:
            told.append(book.link(database, who.id, each, change, is_own=True))
    return {"customer": summary(database, who)}, told


def join(database: sqlite3.Connection, into: Row, other: Row, change: Change) -> Result:
    """Two are one, as somebody says who knows. Raises CustomersError when they are one already."""
    if into.id == other.id:
        raise CustomersError("already_one", f"they are {public_id(into.id)}, both", "other")
    told = merge(database, into, other, change)
    return {"customer": summary(database, book.existing(database, into.id)), "change": told[0].data["undo"]}, told


def set_responsible(database: sqlite3.Connection, who: Row, operator: str | None, change: Change) -> Result:
    """This operator from now on, or nobody."""
    told = book.set_responsible(database, who, operator, change)
    return {"customer": summary(database, book.existing(database, who.id))}, told


def orphans(database: sqlite3.Connection, operators: Collection[str], after: int, most: int) -> list[Row]:
    """Customers whose responsible operator is none any more, by number; those behind ``after``."""
    gone = [
        name
        for (name,) in database.execute("SELECT DISTINCT responsible FROM customer WHERE responsible IS NOT NULL")
        if name not in operators
    ]
    marks = ", ".join("?" * len(gone))
    rows = database.execute(
        f"SELECT id FROM customer WHERE responsible IN ({marks}) AND id > ? AND merged_into IS NULL"
        " AND erased_at IS NULL ORDER BY id LIMIT ?",
        (*gone, after, most),
    ).fetchall()
    found = [book.row(database, number) for (number,) in rows]
    return [each for each in found if each is not None]


def named(database: sqlite3.Connection, text: str, most: int) -> list[Row]:
    """Customers in whose name this text is, in the order of their numbers. It looks at every one of them."""
    pattern = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    rows = database.execute(
        "SELECT id FROM customer WHERE name LIKE ? ESCAPE '\\' AND merged_into IS NULL AND erased_at IS NULL"
        " ORDER BY id LIMIT ?",
        (pattern, most),
    ).fetchall()
    found = [book.row(database, number) for (number,) in rows]
    return [each for each in found if each is not None]


def customer(database: sqlite3.Connection, name: str, at: str = "id") -> Row:
    """The customer of a public id. Raises CustomersError."""
    return book.existing(database, number_of(name, at), at)
