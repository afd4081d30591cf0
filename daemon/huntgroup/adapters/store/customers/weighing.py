"""Who an inquiry's identities say that its customer is, and what follows from it.

It only reads, and is the same at the edge, where the inquiry is routed by it, and behind the journal, where it is
written down.

The rules, which docs/customers.md tells to whoever has to answer for them:
- A shared identity, as a switchboard's number, tells nothing.
- What the channel vouches for (a call's number, a mail's sender, a messenger's name) goes before what somebody typed.
- Somebody who gives another name than the customer has is not taken for them by what they typed.
- Identities are linked, and customers merged, only where the inquiry contradicts nothing: not the names, not what a
  person took apart, not a CRM that knows two. Otherwise a merge is only suggested.
"""

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from huntgroup.adapters.store.customers.book import Held, Row, are_apart, as_text, current, owner
from huntgroup.customers.identities import OWN, Identity, agree
from huntgroup.customers.words import Known

IDENTITIES_MOST = 20
"""So many does a customer get by themselves; who has more is not one person."""


class Weighed(NamedTuple):
    """What came of it."""

    customer: Row | None = None
    """Who it is; None: nobody who is known."""
    by: Identity | None = None
    """By what they were recognised: the best of it."""
    unknown: tuple[Identity, ...] = ()
    """Identities that are nobody's yet."""
    is_one: bool = False
    """Nothing contradicts that the unknown ones are this customer's."""
    merge: Row | None = None
    """Who is the same customer as well."""
    suggested: tuple[Row, ...] = ()
    """Who may be the same customer, and is left to a person."""
    disagreeing: tuple[Held, ...] = ()
    """Identities of customers who have another name."""


def weigh(database: sqlite3.Connection, identities: Sequence[Identity], name: str, channel: str) -> Weighed:
    """Look the identities up and decide."""
    found = [owner(database, each) for each in identities]
    unknown = tuple(each for each, known in zip(identities, found, strict=True) if known is None)
    owners: dict[int, tuple[Row, Held]] = {}
    disagreeing: list[Held] = []
    own = OWN.get(channel)
    usable = [each for each in found if each is not None and not each[0].is_shared]
    for each, who in sorted(usable, key=lambda known: known[0].identity.kind is not own):
        if who is None:
            continue
        if not agree(name, who.name):
            disagreeing.append(each)
            if each.identity.kind is not own:
                continue
        owners.setdefault(who.id, (who, each))
    if not owners:
        return _somebody_else(database, unknown, disagreeing)
    rows = [who for who, _ in owners.values()]
    chosen, merge, suggested = _chosen(database, rows, is_contradicted=bool(disagreeing))
    return Weighed(
        customer=chosen,
        by=next(iter(owners.values()))[1].identity,
        unknown=unknown,
        is_one=not disagreeing,
        merge=merge,
        suggested=suggested,
        disagreeing=tuple(disagreeing),
    )


def _somebody_else(database: sqlite3.Connection, unknown: tuple[Identity, ...], others: list[Held]) -> Weighed:
    """Everything that is known belongs to people with another name. Who gives nothing new is taken for the first."""
    if unknown or not others:
        return Weighed(unknown=unknown, disagreeing=tuple(others))
    who = current(database, others[0].customer)
    return Weighed(customer=who, by=others[0].identity, disagreeing=tuple(others))


def _chosen(
    database: sqlite3.Connection, rows: list[Row], *, is_contradicted: bool
) -> tuple[Row, Row | None, tuple[Row, ...]]:
    """Of all who it may be: who it is, who is merged into them, and who might be."""
    if len(rows) == 1:
        return rows[0], None, ()
    older, younger, *more = sorted(rows, key=lambda each: each.id)
    if more or is_contradicted or not may_be_one(database, older, younger):
        return rows[0], None, tuple(rows[1:])
    return older, younger, ()


def may_be_one(database: sqlite3.Connection, one: Row, other: Row) -> bool:
    """Whether nothing that is known contradicts that two customers are one."""
    if not agree(one.name, other.name) or _are_two_in_the_crm(one, other):
        return False
    return not (
        are_apart(database, one.id, [str(other.id)])
        or are_apart(database, other.id, [str(one.id)])
        or count(database, one.id) + count(database, other.id) > IDENTITIES_MOST
    )


def _are_two_in_the_crm(one: Row, other: Row) -> bool:
    """What was made there because we did not know better says nothing."""
    is_made = one.crm_is_made or other.crm_is_made
    return bool(one.crm and other.crm and one.crm != other.crm and not is_made)


def may_link(database: sqlite3.Connection, customer: Row, identity: Identity) -> bool:
    """Whether a customer may get one identity more by themselves."""
    is_apart = are_apart(database, customer.id, [as_text(identity)])
    return not is_apart and count(database, customer.id) < IDENTITIES_MOST


def count(database: sqlite3.Connection, customer: int) -> int:
    """How many identities a customer has."""
    return int(database.execute("SELECT count(*) FROM identity WHERE customer = ?", (customer,)).fetchone()[0])


def known(weighed: Weighed, *, is_tracked: bool) -> Known | None:
    """What the edge needs of it: who is responsible once all of it is written down."""
    who, other = weighed.customer, weighed.merge if is_tracked else None
    if who is None or weighed.by is None:
        return None
    responsible = who.responsible if other is None else responsible_of_both(who, other)
    return Known(who.id, who.name or (other.name if other else ""), responsible, weighed.by, who.crm)


def responsible_of_both(older: Row, younger: Row) -> str | None:
    """Of two customers who become one: the older's, unless theirs is there only for the time being, or not at all."""
    if older.responsible is None or (older.provisional and younger.responsible and not younger.provisional):
        return younger.responsible or older.responsible
    return older.responsible
