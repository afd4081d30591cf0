"""Who an inquiry's identities say that its customer is, and what follows from it.

It only reads, and is the same at the edge, where the inquiry is routed by it, and behind the journal, where it is
written down.

The rules, which docs/customers.md tells to whoever has to answer for them:
- A shared identity, as a switchboard's number, tells nothing.
- What the channel vouches for (a call's number, a mail's sender, a messenger's name) goes before what somebody typed,
  and what somebody typed gives way to it: an identity or a name that nobody has proven stands in nobody's way.
- Who gives the owner's name with a shared identity is the owner; that links and merges nothing.
- Somebody who gives another name than the customer has is not taken for them by what they typed.
- Identities are linked, and customers merged, only where the inquiry contradicts nothing: not the names, not what a
  person took apart, not a CRM that knows two. Otherwise a merge is only suggested.
"""

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from huntgroup.adapters.store.customers.book import Held, Row, are_apart, as_text, current, owner
from huntgroup.customers.identities import OWN, Identity, Kind, older_form
from huntgroup.customers.names import agree, is_name
from huntgroup.customers.words import Known

IDENTITIES_MOST = 20
"""So many proven ones does a customer get by themselves; who has more is not one person."""
CLAIMS_MOST = 10
"""And so many that somebody only typed, so that these take no place of a proven one."""


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
    strangers: tuple[Held, ...] = ()
    """Of these, and of shared ones, those for which the channel vouches: only they count against their owner."""
    yielding: tuple[Held, ...] = ()
    """Identities that somebody else had only typed, and that are ``unknown`` for that."""
    is_renamed: bool = False
    """The customer has only a typed name, and a proven identity comes with another."""


def weigh(database: sqlite3.Connection, identities: Sequence[Identity], name: str, channel: str) -> Weighed:
    """Look the identities up and decide."""
    own = OWN.get(channel)
    found = [owner(database, each) for each in identities]
    yielding = tuple(each for each, who in filter(None, found) if _yields(each, who, name, own))
    unknown = tuple(
        each for each, known in zip(identities, found, strict=True) if known is None or known[0] in yielding
    )
    known = [(each, who) for each, who in filter(None, found) if who is not None and each not in yielding]
    known.sort(key=lambda each: each[0].identity.kind is not own)
    others = [(each, who) for each, who in known if not agree(name, who.name)]
    strangers = [each for each, who in others if each.identity.kind is own and not who.name_is_typed]
    owners, disagreeing = _owners(known, name, own)
    if not owners:
        nobody = _somebody_else(database, unknown, disagreeing)
        return nobody._replace(strangers=tuple(strangers), yielding=yielding)
    rows = [who for who, _ in owners.values()]
    chosen, merge, suggested = _chosen(database, rows, is_contradicted=bool(disagreeing))
    by = next(iter(owners.values()))[1]
    return Weighed(
        customer=chosen,
        by=by.identity,
        unknown=unknown,
        is_one=not disagreeing and not by.is_shared,
        merge=merge,
        suggested=suggested,
        disagreeing=tuple(disagreeing),
        is_renamed=chosen.name_is_typed and any(each.identity.kind is own and who is chosen for each, who in others),
        strangers=tuple(strangers),
        yielding=yielding,
    )


def _yields(each: Held, who: Row | None, name: str, own: Kind | None) -> bool:
    """Whether an identity that one person only typed comes from its channel with another's name."""
    return who is not None and each.identity.kind is own and not each.is_own and not agree(name, who.name)


def _owners(
    known: Sequence[tuple[Held, Row]], name: str, own: Kind | None
) -> tuple[dict[int, tuple[Row, Held]], list[Held]]:
    """Who it may be, each by the best identity, and the identities of people with another name.

    A shared one counts only where nothing else does, for who gives its owner's name.
    """
    owners: dict[int, tuple[Row, Held]] = {}
    disagreeing: list[Held] = []
    for each, who in known:
        if each.is_shared:
            continue
        if not agree(name, who.name) and not (who.name_is_typed and each.identity.kind is own):
            disagreeing.append(each)
            if each.identity.kind is not own:
                continue
        owners.setdefault(who.id, (who, each))
    if not owners and not disagreeing:
        shared = [(each, who) for each, who in known if each.is_shared]
        named = [(each, who) for each, who in shared if is_name(name) and is_name(who.name) and agree(name, who.name)]
        owners = {who.id: (who, each) for each, who in named[:1]}
    return owners, disagreeing


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
        or _count(database, one.id, is_own=True) + _count(database, other.id, is_own=True) > IDENTITIES_MOST
    )


def _are_two_in_the_crm(one: Row, other: Row) -> bool:
    """What was made there because we did not know better says nothing."""
    is_made = one.crm_is_made or other.crm_is_made
    return bool(one.crm and other.crm and one.crm != other.crm and not is_made)


def may_link(database: sqlite3.Connection, customer: Row, identity: Identity, *, is_own: bool) -> bool:
    """Whether a customer may get one identity more by themselves. ``is_own``: the channel vouches for it."""
    written = {as_text(identity), as_text(older_form(identity))}
    if are_apart(database, customer.id, sorted(written)):
        return False
    return _count(database, customer.id, is_own=is_own) < (IDENTITIES_MOST if is_own else CLAIMS_MOST)


def _count(database: sqlite3.Connection, customer: int, *, is_own: bool) -> int:
    """How many identities a customer has, proven or only typed."""
    found = database.execute("SELECT count(*) FROM identity WHERE customer = ? AND is_own = ?", (customer, is_own))
    return int(found.fetchone()[0])


def known(weighed: Weighed, *, is_tracked: bool) -> Known | None:
    """What the edge needs of it: who is responsible once all of it is written down."""
    who, other = weighed.customer, weighed.merge if is_tracked else None
    if who is None or weighed.by is None:
        return None
    responsible = who.responsible if other is None else responsible_of_both(who, other)
    name = "" if weighed.is_renamed else who.name or (other.name if other else "")
    return Known(who.id, name, responsible, weighed.by, who.crm)


def responsible_of_both(older: Row, younger: Row) -> str | None:
    """Of two customers who become one: the older's, unless theirs is there only for the time being, or not at all."""
    if older.responsible is None or (older.provisional and younger.responsible and not younger.provisional):
        return younger.responsible or older.responsible
    return older.responsible
