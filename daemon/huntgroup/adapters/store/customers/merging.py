"""Two customers who are one, and whatever was done that was not right: everything can be undone by its number in the
trail, except that somebody was erased.
"""

import json
import sqlite3
from collections.abc import Callable
from typing import Any, NamedTuple

from huntgroup.adapters.store import crm_outbox
from huntgroup.adapters.store.customers.book import (
    Change,
    Row,
    as_text,
    current,
    identities_of,
    identity_from,
    keep_apart,
    note,
    row,
)
from huntgroup.adapters.store.customers.weighing import responsible_of_both
from huntgroup.customers.identities import Identity, Kind
from huntgroup.customers.words import CustomersError, Happened, Happening, public_id


def merge(database: sqlite3.Connection, into: Row, other: Row, change: Change) -> list[Happening]:
    """The other's identities become ``into``'s, and so does what becomes of the other from now on.

    Nothing of ``into`` is overwritten: a name and a responsible operator move only where there was none. What the other
    did stays under their own number, which points here.
    """
    moved = identities_of(database, other.id)
    name = into.name or other.name
    is_typed = into.name_is_typed if into.name else other.name_is_typed
    responsible = responsible_of_both(into, other)
    from_other = responsible != into.responsible
    provisional = other.provisional if from_other else into.provisional
    known = into if into.crm else other
    database.execute(
        "UPDATE customer SET name = ?, name_is_typed = ?, responsible = ?, provisional = ?, crm = ?, crm_of = ?,"
        " crm_is_made = ? WHERE id = ?",
        (name, is_typed, responsible, provisional, known.crm, known.crm_of, known.crm_is_made, into.id),
    )
    database.execute("UPDATE identity SET customer = ? WHERE customer = ?", (into.id, other.id))
    database.execute("UPDATE customer SET merged_into = ? WHERE id = ?", (into.id, other.id))
    crm_outbox.move(database, other.id, into.id, change.at)
    body = {
        "other": other.id,
        "identities": [as_text(each.identity) for each in moved],
        "was": {"name": into.name, "responsible": into.responsible, **_in_the_crm(into)},
        "now": {"name": name, "responsible": responsible},
    }
    number = note(database, into.id, "merged", change, body)
    data = {"other": public_id(other.id), "identities": body["identities"], "undo": number}
    told = [Happening(kind=Happened.MERGED, at=change.at, customer=into.id, inquiry=change.why, data=data)]
    if from_other:
        data = {"operator": responsible, "was": into.responsible, "is_provisional": provisional is not None}
        told.append(
            Happening(kind=Happened.RESPONSIBLE_CHANGED, at=change.at, customer=into.id, inquiry=change.why, data=data)
        )
    return told


def _in_the_crm(who: Row) -> dict[str, Any]:
    return {"crm": who.crm, "crm_of": who.crm_of, "crm_is_made": bool(who.crm_is_made)}


class Entry(NamedTuple):
    """One line of the trail."""

    id: int
    at: float
    customer: int
    what: str
    who: str
    why: str
    body: dict[str, Any]
    undone_at: float | None


def trail_of(database: sqlite3.Connection, customer: int, most: int = 50) -> list[Entry]:
    """What was changed of a customer, newest first."""
    rows = database.execute(
        "SELECT id, at, customer, what, who, why, body, undone_at FROM trail WHERE customer = ?"
        " ORDER BY id DESC LIMIT ?",
        (customer, most),
    )
    return [_entry(each) for each in rows]


def undo(database: sqlite3.Connection, number: int, change: Change) -> list[Happening]:
    """Take back what this line of the trail says, and see that it does not happen again by itself.

    Raises CustomersError for a line that does not exist, was undone already, or cannot be.
    """
    found = database.execute(
        "SELECT id, at, customer, what, who, why, body, undone_at FROM trail WHERE id = ?", (number,)
    ).fetchone()
    if found is None:
        raise CustomersError("unknown_change", f"there is no change {number}", "change")
    entry = _entry(found)
    if entry.undone_at is not None:
        raise CustomersError("already_undone", f"change {number} was undone already", "change")
    take_back = _UNDO.get(entry.what)
    if take_back is None or not entry.body:
        raise CustomersError("cannot_be_undone", f"change {number} ({entry.what}) cannot be undone", "change")
    who = current(database, entry.customer)
    if who is None:
        raise CustomersError("unknown_customer", f"{public_id(entry.customer)} was erased", "change")
    take_back(database, who, entry, change.at)
    database.execute("UPDATE trail SET undone_at = ? WHERE id = ?", (change.at, number))
    note(database, entry.customer, "undone", change, {"change": number})
    data = {"change": number, "what": entry.what}
    told = [Happening(kind=Happened.UNDONE, at=change.at, customer=who.id, data=data)]
    now = row(database, who.id)
    if now is not None and now.responsible != who.responsible:
        data = {"operator": now.responsible, "was": who.responsible, "is_provisional": False}
        told.append(Happening(kind=Happened.RESPONSIBLE_CHANGED, at=change.at, customer=who.id, data=data))
    return told


def _undo_merge(database: sqlite3.Connection, who: Row, entry: Entry, at: float) -> None:
    other = row(database, entry.body["other"])
    if other is None or other.merged_into is None or other.erased_at is not None:
        raise CustomersError("cannot_be_undone", f"{public_id(entry.body['other'])} is not merged", "change")
    database.execute("UPDATE customer SET merged_into = NULL WHERE id = ?", (other.id,))
    moved = [(other.id, *identity_from(each), who.id) for each in entry.body["identities"]]
    database.executemany("UPDATE identity SET customer = ? WHERE kind = ? AND value = ? AND customer = ?", moved)
    was, now = entry.body["was"], entry.body["now"]
    for column in ("name", "responsible"):  # what was changed since the merge stays as it was changed
        database.execute(
            f"UPDATE customer SET {column} = ? WHERE id = ? AND {column} IS ?",
            (was[column], who.id, now[column]),
        )
    if other.crm and who.crm == other.crm:  # the CRM may have said it only since the merge
        database.execute(
            "UPDATE customer SET crm = ?, crm_of = ?, crm_is_made = ? WHERE id = ?",
            (was["crm"], was["crm_of"], was["crm_is_made"], who.id),
        )
    crm_outbox.move_back(database, other.id, who.id, at)
    keep_apart(database, who.id, str(other.id))


def _undo_link(database: sqlite3.Connection, who: Row, entry: Entry, _at: float) -> None:
    kind, value = entry.body["identity"]
    database.execute("DELETE FROM identity WHERE kind = ? AND value = ? AND customer = ?", (kind, value, who.id))
    keep_apart(database, who.id, as_text(Identity(Kind(kind), value)))
    database.execute("UPDATE trail SET body = '' WHERE id = ?", (entry.id,))  # it is none of theirs


def _undo_responsible(database: sqlite3.Connection, who: Row, entry: Entry, _at: float) -> None:
    if who.responsible != entry.body["now"]:
        raise CustomersError("cannot_be_undone", "another operator became responsible since; set who it is", "change")
    database.execute(
        "UPDATE customer SET responsible = ?, provisional = NULL WHERE id = ?", (entry.body["was"], who.id)
    )


def _undo_named(database: sqlite3.Connection, who: Row, entry: Entry, _at: float) -> None:
    if who.name != entry.body["now"]:
        raise CustomersError("cannot_be_undone", "the name was changed since", "change")
    database.execute("UPDATE customer SET name = ?, name_is_typed = 0 WHERE id = ?", (entry.body["was"], who.id))


def _undo_shared(database: sqlite3.Connection, _who: Row, entry: Entry, _at: float) -> None:
    kind, value = entry.body["identity"]
    database.execute("UPDATE identity SET is_shared = 0 WHERE kind = ? AND value = ?", (kind, value))
    database.execute("DELETE FROM stranger WHERE kind = ? AND value = ?", (kind, value))


_UNDO: dict[str, Callable[[sqlite3.Connection, Row, Entry, float], None]] = {
    "merged": _undo_merge,
    "linked": _undo_link,
    "responsible": _undo_responsible,
    "shared": _undo_shared,
    "named": _undo_named,
}


def _entry(found: tuple[Any, ...]) -> Entry:
    number, at, customer, what, who, why, body, undone_at = found
    return Entry(number, at, customer, what, who, why, json.loads(body) if body else {}, undone_at)
