"""What the facts of the journal mean for customers.

The facts wait in a table that is written with the journal. Each is applied and taken out of it in one transaction: a
process that dies between two steps finds it there still, or finds it done, and nothing is lost or done twice.
"""

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from huntgroup.adapters.store.customers import book, leads
from huntgroup.adapters.store.customers.book import Change, Held, Row
from huntgroup.adapters.store.customers.merging import merge
from huntgroup.adapters.store.customers.weighing import Weighed, may_link, weigh
from huntgroup.adapters.store.untold import keep_untold
from huntgroup.customers.identities import OWN, Identity, Kind
from huntgroup.customers.names import agree, read_name
from huntgroup.customers.words import Happened, Happening, public_id

log = structlog.get_logger(__name__)

AT_ONCE = 20
"""Facts in one transaction: about 2 ms, so that no event waits longer for it."""
STRANGERS_MOST = 2
"""So many other names, beside the customer's, and an identity is shared."""
STRANGER_SECONDS = 180 * 86_400.0
"""How long another name counts since it last came."""
FOLLOWER = "customers"
_FORGET_STRANGER = "DELETE FROM stranger WHERE kind = ? AND value = ? AND name = ?"
CALL = "call"
DAEMON = "huntgroup"
"""Who changed what nobody changed by hand."""
ANSWERED = "answered"
NOBODY = 0
"""In place of a customer's number: it cannot be known who they are."""


Keep = Callable[[sqlite3.Connection, Sequence[Happening]], None]


def keep_nothing(_database: sqlite3.Connection, _told: Sequence[Happening]) -> None:
    """There is no CRM."""


@dataclass(slots=True)
class Follower:
    """Applies what waits. ``for_crm`` writes down what a CRM is to be told of it, along with it.

    ``tell`` hears what happened, on the event loop's thread, once it is written.
    """

    tell: Callable[[Sequence[Happening]], None]
    for_crm: Keep = keep_nothing
    has_broker: bool = False
    """What happened is kept until the broker has it."""

    def step(self, database: sqlite3.Connection) -> tuple[list[Happening], bool]:
        """Apply some of what waits, in a transaction of its own; what happened, and whether more waits.

        Raises sqlite3.Error, and then nothing is changed.
        """
        waiting = database.execute(
            "SELECT id, event, kind, body FROM follow ORDER BY id LIMIT ?", (AT_ONCE,)
        ).fetchall()
        if not waiting:
            return [], False
        told: list[Happening] = []
        database.execute("BEGIN IMMEDIATE")
        try:
            for _, event, kind, body in waiting:
                told += self._applied(database, kind, body, event)
            database.execute("DELETE FROM follow WHERE id <= ?", (waiting[-1][0],))
            database.execute("INSERT OR REPLACE INTO mark VALUES (?, ?)", (FOLLOWER, waiting[-1][1]))
            database.execute("COMMIT")
        except BaseException:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise
        return told, len(waiting) == AT_ONCE

    def _applied(self, database: sqlite3.Connection, kind: str, body: str, event: int) -> list[Happening]:
        """What came of one fact, and is kept of it. One that cannot be applied is logged and left out: it would fail
        again at each start, and no call waits for a customer."""
        database.execute("SAVEPOINT fact")
        try:
            told = self.keep(database, APPLY[kind](database, json.loads(body)))
        except Exception as error:
            if isinstance(error, sqlite3.Error) and not isinstance(error, sqlite3.IntegrityError):
                raise  # the disk's word, not the fact's
            database.execute("ROLLBACK TO fact")
            log.exception("customers.fact_not_applied", kind=kind, journal_event=event, error=repr(error))
            told = []
        database.execute("RELEASE fact")
        return told

    def keep(self, database: sqlite3.Connection, told: list[Happening]) -> list[Happening]:
        """Keep what happened for whoever is to be told beyond this process: a part of a transaction."""
        self.for_crm(database, told)
        return keep_untold(database, told) if self.has_broker else told


# -- somebody comes -------------------------------------------------------------------------------------------------


def _received(database: sqlite3.Connection, fact: Mapping[str, Any]) -> list[Happening]:
    inquiry, channel, at = fact["inquiry"], fact["channel"], fact["at"]
    fact = {**fact, "name": read_name(fact["name"]), "known_as": read_name(fact["known_as"])}
    if leads.activity(database, inquiry) is not None:
        return []
    identities = [Identity(Kind(kind), value) for kind, value in fact["identities"]]
    change = Change(at, DAEMON, inquiry)
    _age_strangers(database, identities, change)
    weighed = weigh(database, identities, fact["name"], channel)
    creates = "" if weighed.customer or fact["crm"] else fact["create"]
    _end_claims(database, weighed, change)
    if weighed.customer is not None:
        number, told = weighed.customer.id, _known(database, weighed, fact, change)
    elif weighed.unknown:
        told = _unknown(database, weighed, fact, change)
        number = told[0].customer
    else:
        number, told = NOBODY, []  # no number, or one that many people share
    calls_from = next((each.value for each in identities if channel == CALL and each.kind is Kind.PHONE), "")
    leads.begin(database, leads.Begun(inquiry, number, channel, fact["source"], creates, at, calls_from))
    return told


def _unknown(
    database: sqlite3.Connection, weighed: Weighed, fact: Mapping[str, Any], change: Change
) -> list[Happening]:
    known_by = [(each, OWN.get(fact["channel"]) is each.kind) for each in weighed.unknown]
    responsible = fact["responsible"] if fact["crm"] else None
    is_typed = not fact["known_as"] and not any(is_own for _, is_own in known_by)
    new = book.New(fact["known_as"] or fact["name"], known_by, responsible, fact["crm"], fact["crm_of"], is_typed)
    made = book.create(database, new, change)
    return [made, *_note_strangers(database, weighed, fact["name"], change)]


def _known(database: sqlite3.Connection, weighed: Weighed, fact: Mapping[str, Any], change: Change) -> list[Happening]:
    who = weighed.customer
    if who is None or weighed.by is None:
        return []
    data = {"by": book.as_text(weighed.by), "responsible": who.responsible}
    told = [Happening(kind=Happened.RECOGNISED, at=change.at, customer=who.id, inquiry=change.why, data=data)]
    own = OWN.get(fact["channel"])
    found = [book.held(database, Identity(Kind(kind), value)) for kind, value in fact["identities"] if kind == own]
    seen = [each.identity for each in found if each is not None]
    database.executemany("UPDATE identity SET is_own = 1 WHERE kind = ? AND value = ? AND NOT is_own", seen)
    _name(database, who, weighed, fact, change)
    told += _note_strangers(database, weighed, fact["name"], change)
    if not fact["track"]:
        return told
    if weighed.is_one:
        for each in weighed.unknown:
            if may_link(database, who, each, is_own=each.kind is own):
                told.append(book.link(database, who.id, each, change, is_own=each.kind is own))
    if weighed.merge is not None:
        told += merge(database, who, weighed.merge, change)
    for other in weighed.suggested:
        data = {"other": public_id(other.id)}
        told.append(
            Happening(kind=Happened.MERGE_SUGGESTED, at=change.at, customer=who.id, inquiry=change.why, data=data)
        )
    return told


def _name(database: sqlite3.Connection, who: Row, weighed: Weighed, fact: Mapping[str, Any], change: Change) -> None:
    """What the customer is called from now on. A typed name gives way to one that comes with a proven identity."""
    name = fact["name"]
    is_proven = weighed.by is not None and weighed.by.kind is OWN.get(fact["channel"])
    if not name or (who.name and not who.name_is_typed):
        return
    if weighed.is_renamed:
        book.note(database, who.id, "named", change, {"was": who.name, "now": name})
    elif who.name:
        if not (is_proven and agree(name, who.name)):
            return
        name = who.name
    elif not weighed.is_one:
        return
    database.execute("UPDATE customer SET name = ?, name_is_typed = ? WHERE id = ?", (name, not is_proven, who.id))


def _end_claims(database: sqlite3.Connection, weighed: Weighed, change: Change) -> None:
    """Take what somebody only typed from them: it comes from its channel, with another's name."""
    for each in weighed.yielding:
        database.execute("DELETE FROM identity WHERE kind = ? AND value = ?", each.identity)
        database.execute("DELETE FROM stranger WHERE kind = ? AND value = ?", each.identity)
        linked = json.dumps({"identity": list(each.identity)}, ensure_ascii=False)
        database.execute(  # it is none of theirs
            "UPDATE trail SET body = '' WHERE customer = ? AND what = 'linked' AND body = ?", (each.customer, linked)
        )
        book.note(database, each.customer, "claim_ended", change, {})


def _age_strangers(database: sqlite3.Connection, identities: Sequence[Identity], change: Change) -> None:
    """A shared identity with which other names have not come for long is somebody's own again."""
    for each in identities:
        held = book.held(database, each)
        if held is None or not held.is_shared:
            continue
        database.execute(
            "DELETE FROM stranger WHERE kind = ? AND value = ? AND at < ?",
            (*held.identity, change.at - STRANGER_SECONDS),
        )
        if _count_strangers(database, held.identity) < STRANGERS_MOST:
            database.execute("UPDATE identity SET is_shared = 0 WHERE kind = ? AND value = ?", held.identity)
            book.note(database, held.customer, "shared_no_longer", change, {})


def _count_strangers(database: sqlite3.Connection, identity: Identity) -> int:
    found = database.execute("SELECT count(*) FROM stranger WHERE kind = ? AND value = ?", identity)
    return int(found.fetchone()[0])


def _note_strangers(database: sqlite3.Connection, weighed: Weighed, name: str, change: Change) -> list[Happening]:
    """Another name under an identity for which the channel vouches. One who has many is no person's, as a company's
    switchboard. What somebody only typed counts for nothing here: anybody can type anybody's number."""
    told: list[Happening] = []
    for each in weighed.strangers:
        if _is_new_stranger(database, each, name, change.at) and not each.is_shared:
            if _count_strangers(database, each.identity) < STRANGERS_MOST:
                continue
            database.execute("UPDATE identity SET is_shared = 1 WHERE kind = ? AND value = ?", each.identity)
            book.note(database, each.customer, "shared", change, {"identity": list(each.identity)})
            data = {"identity": book.as_text(each.identity)}
            told.append(
                Happening(
                    kind=Happened.IDENTITY_SHARED, at=change.at, customer=each.customer, inquiry=change.why, data=data
                )
            )
    return told


def _is_new_stranger(database: sqlite3.Connection, each: Held, name: str, at: float) -> bool:
    """Note a name that came with an identity, or that it came again. Marks that are old, or are its owner's name by
    now, go."""
    who = book.current(database, each.customer)
    database.execute(
        "DELETE FROM stranger WHERE kind = ? AND value = ? AND at < ?", (*each.identity, at - STRANGER_SECONDS)
    )
    rows = database.execute("SELECT name FROM stranger WHERE kind = ? AND value = ?", each.identity).fetchall()
    same = None
    for (other,) in rows:
        if who is not None and who.name and agree(who.name, other):
            database.execute(_FORGET_STRANGER, (*each.identity, other))
        elif agree(name, other):
            same = other
    if same is not None:
        database.execute(
            "UPDATE stranger SET at = ? WHERE kind = ? AND value = ? AND name = ?", (at, *each.identity, same)
        )
        return False
    database.execute("INSERT OR REPLACE INTO stranger VALUES (?, ?, ?, ?)", (*each.identity, name, at))
    return True


# -- somebody serves them -------------------------------------------------------------------------------------------


def _accepted(database: sqlite3.Connection, fact: Mapping[str, Any]) -> list[Happening]:
    """A call makes who answers it responsible at once: they talk. Any other inquiry only for the time being, until it
    is answered: it may have been given to somebody who never looks at it."""
    activity = leads.activity(database, fact["inquiry"])
    if activity is None:
        return []
    leads.accepted(database, activity.inquiry, fact["operator"], fact["at"])
    who = book.current(database, activity.customer)
    told: list[Happening] = []
    if who is not None and who.responsible is None and not activity.is_callback:
        while_at = None if activity.channel == CALL else activity.inquiry
        told += book.set_responsible(
            database, who, fact["operator"], Change(fact["at"], DAEMON, activity.inquiry), while_at=while_at
        )
    return told + leads.create(database, activity, fact["operator"], fact["at"])


def _promised(database: sqlite3.Connection, fact: Mapping[str, Any]) -> list[Happening]:
    database.execute("UPDATE activity SET is_callback = 1 WHERE inquiry = ?", (fact["inquiry"],))
    return []


def _reached(database: sqlite3.Connection, fact: Mapping[str, Any]) -> list[Happening]:
    """A customer who is called back answers: only now somebody serves them."""
    who = _customer_of(database, fact["inquiry"])
    if who is None or who.responsible is not None:
        return []
    return book.set_responsible(database, who, fact["operator"], Change(fact["at"], DAEMON, fact["inquiry"]))


def _moved(database: sqlite3.Connection, fact: Mapping[str, Any]) -> list[Happening]:
    """It was transferred by hand, and where it came in that changes who is responsible."""
    leads.moved(database, fact["inquiry"], fact["operator"])
    who = _customer_of(database, fact["inquiry"])
    if who is None:
        return []
    return book.set_responsible(database, who, fact["operator"], Change(fact["at"], DAEMON, fact["inquiry"]))


def _put_back(database: sqlite3.Connection, fact: Mapping[str, Any]) -> list[Happening]:
    """Whoever had it has it no longer, and did not answer it: they are responsible for nothing."""
    who = _customer_of(database, fact["inquiry"])
    if who is None or who.provisional != fact["inquiry"]:
        return []
    return book.set_responsible(database, who, None, Change(fact["at"], DAEMON, fact["inquiry"]))


def _talked(database: sqlite3.Connection, fact: Mapping[str, Any]) -> list[Happening]:
    database.execute("UPDATE activity SET talked_until = ? WHERE inquiry = ?", (fact["at"], fact["inquiry"]))
    return []


def _message_left(database: sqlite3.Connection, fact: Mapping[str, Any]) -> list[Happening]:
    database.execute("UPDATE activity SET recording = ? WHERE inquiry = ?", (fact["recording"], fact["inquiry"]))
    return []


def _closed(database: sqlite3.Connection, fact: Mapping[str, Any]) -> list[Happening]:
    activity = leads.activity(database, fact["inquiry"])
    if activity is None or activity.ended_at is not None:
        return []
    outcome, at = fact["outcome"], fact["at"]
    leads.ended(database, activity.inquiry, outcome, fact["operator"], at)
    who = book.current(database, activity.customer)
    told: list[Happening] = []
    if who is not None and who.provisional == activity.inquiry:
        operator = who.responsible if outcome == ANSWERED else None
        told += book.set_responsible(database, who, operator, Change(at, DAEMON, activity.inquiry))
    told += leads.create(database, activity, who.responsible if who else None, at)
    if activity.channel == CALL:
        told.append(leads.registered(database, activity.inquiry, who.id if who else 0))
    return told


def _customer_of(database: sqlite3.Connection, inquiry: str) -> Row | None:
    activity = leads.activity(database, inquiry)
    return None if activity is None else book.current(database, activity.customer)


APPLY: dict[str, Callable[[sqlite3.Connection, Mapping[str, Any]], list[Happening]]] = {
    "received": _received,
    "accepted": _accepted,
    "promised": _promised,
    "reached": _reached,
    "moved": _moved,
    "put_back": _put_back,
    "talked": _talked,
    "message_left": _message_left,
    "closed": _closed,
}
"""By the kind of fact, as `huntgroup.customer_facts` writes them."""
