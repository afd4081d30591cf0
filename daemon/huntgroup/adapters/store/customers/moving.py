"""Whole lists of customers, in and out, while the daemon goes on: no lock is held longer than a few milliseconds."""

import sqlite3
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from huntgroup.adapters.store.customers import book
from huntgroup.adapters.store.customers.book import Change, Row
from huntgroup.customers.identities import Identity, Kind, email, handle, phone
from huntgroup.customers.lists import Listed, Unusable
from huntgroup.customers.names import read_name
from huntgroup.customers.words import public_id
from huntgroup.plain import clean
from huntgroup.text_input import is_clean

CHUNK_SECONDS = 0.002
"""So long a transaction takes in more; one row more may take it a little further."""
REST_SECONDS = 0.002
"""And so long the store is left to the daemon."""
READ_AT_ONCE = 500
BUSY_TRIES = 200
SHOWN_MOST = 60
"""Characters of a value that is told of."""
PROBLEMS_MOST = 1000
"""So many are told one by one."""


@dataclass(slots=True)
class Imported:
    """What came of a list."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    """Lines of which nothing could be taken in."""
    in_part: int = 0
    """Customers of which a part was left out."""
    problems: list[Unusable] = field(default_factory=list)
    longest: float = 0.0
    """Seconds for which the store was held, at most."""

    def refuse(self, line: int, what: str) -> None:
        """A line that is left out."""
        self.refused += 1
        self._note([Unusable(line, what)])

    def leave_out(self, what: Sequence[Unusable]) -> None:
        """A part of a customer."""
        self.in_part += bool(what)
        self._note(what)

    def _note(self, what: Sequence[Unusable]) -> None:
        self.problems += what[: PROBLEMS_MOST - len(self.problems)]


@dataclass(frozen=True, slots=True)
class Import:
    """How a list is taken in. ``operators`` may be responsible; ``change`` is noted with everything that is done."""

    country: str
    operators: Collection[str]
    change: Change

    def take(self, database: sqlite3.Connection, rows: Iterable[Listed | Unusable]) -> Imported:
        """Take all of it in: again and again a few rows in one transaction.

        Raises sqlite3.Error when the store does not take it; what is in is in, and doing it again changes nothing.
        """
        done = Imported()
        waiting = iter(rows)
        row = next(waiting, None)
        while row is not None:
            begin(database)
            began = time.perf_counter()
            try:
                while row is not None and time.perf_counter() - began < CHUNK_SECONDS:
                    self._take(database, row, done)
                    row = next(waiting, None)
                database.execute("COMMIT")
            except BaseException:
                if database.in_transaction:
                    database.execute("ROLLBACK")
                raise
            done.longest = max(done.longest, time.perf_counter() - began)
            time.sleep(REST_SECONDS)
        return done

    def _take(self, database: sqlite3.Connection, row: Listed | Unusable, done: Imported) -> None:
        if isinstance(row, Unusable):
            done.refuse(*row)
            return
        identities, wrong = identities_of(row, self.country)
        if not all(map(is_clean, (row.name, row.crm))):
            wrong.append("it holds NUL or what is no Unicode character; save the list as UTF-8 text")
        row = row._replace(name=read_name(row.name), responsible=clean(row.responsible), crm=clean(row.crm))
        if row.responsible and row.responsible not in self.operators:
            wrong.append(f"there is no operator {_shown(row.responsible)}; name one of the configuration's")
            row = row._replace(responsible="")
        if not identities:
            wrong = wrong or ["nobody could be recognised by it; give a phone, an e-mail or a handle"]
        unusable = [*row.unusable, *(Unusable(row.line, each) for each in wrong)]
        found = [book.owner(database, each) for each in identities]
        people = {each[1].id: each[1] for each in found if each is not None and each[1] is not None}
        if not identities:
            done.refuse(row.line, "; ".join(each.what for each in unusable))
        elif len(people) > 1:
            names = ", ".join(public_id(each) for each in sorted(people))
            done.refuse(row.line, f"it has identities of {names}; merge them first, or write two lines")
        elif people:
            is_new = self._add(database, next(iter(people.values())), row, identities)
            done.changed, done.unchanged = done.changed + is_new, done.unchanged + (not is_new)
            done.leave_out(unusable)
        else:
            known_by = [(each, True) for each in identities]
            book.create(database, book.New(row.name, known_by, row.responsible or None, row.crm), self.change)
            done.created += 1
            done.leave_out(unusable)

    def _add(self, database: sqlite3.Connection, who: Row, row: Listed, identities: list[Identity]) -> bool:
        """What a list says beyond what is known; a name that is there stays."""
        new = [each for each in identities if book.held(database, each) is None]
        for each in new:
            book.link(database, who.id, each, self.change, is_own=True)
        name, crm = who.name or row.name, row.crm or who.crm
        is_other = (name, crm) != (who.name, who.crm)
        if is_other:
            crm_of = who.crm_of if crm == who.crm else ""
            database.execute(
                "UPDATE customer SET name = ?1, crm = ?2, crm_of = ?3, crm_is_made = crm_is_made AND crm = ?2"
                " WHERE id = ?4",
                (name, crm, crm_of, who.id),
            )
        told = book.set_responsible(database, who, row.responsible, self.change) if row.responsible else []
        return bool(new or told or is_other)


def _shown(text: str) -> str:
    return repr(text if len(text) <= SHOWN_MOST else f"{text[:SHOWN_MOST]}…")


def identities_of(row: Listed, country: str) -> tuple[list[Identity], list[str]]:
    """What a line says that somebody is known by, and what of it is none."""
    found: list[Identity] = []
    wrong: list[str] = []
    for text in row.phones:
        one = phone(text, country)
        found += [one] if one else []
        wrong += [] if one else [f"{_shown(text)} is no public telephone number; write it as in +48221234567"]
    for text in row.emails:
        one = email(text)
        found += [one] if one else []
        wrong += [] if one else [f"{_shown(text)} is no person's address; write it as in jan@example.org"]
    for network, name in row.handles:
        one = handle(network, name)
        found += [one] if one else []
        wrong += [] if one else [f"{_shown(f'{network}:{name}')} is no handle; write it as in telegram:jan"]
    return list(dict.fromkeys(found)), wrong


def begin(database: sqlite3.Connection) -> None:
    """Begin to write; while the daemon does, wait for it a little longer than SQLite itself."""
    for _ in range(BUSY_TRIES):
        try:
            database.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
        else:
            return
    database.execute("BEGIN IMMEDIATE")


def exported(database: sqlite3.Connection) -> Iterator[Listed]:
    """Every customer who is one today, in order; a few at a time, so that no reading lasts.

    Names are made plain: an earlier version may have stored what a terminal obeys.
    """
    last = 0
    while True:
        rows = database.execute(
            "SELECT id, name, responsible, crm FROM customer WHERE id > ? AND merged_into IS NULL"
            " AND erased_at IS NULL ORDER BY id LIMIT ?",
            (last, READ_AT_ONCE),
        ).fetchall()
        if not rows:
            return
        for number, name, responsible, crm in rows:
            held = [each.identity for each in book.identities_of(database, number)]
            handles = [each.value.partition(":") for each in held if each.kind is Kind.HANDLE]
            yield Listed(
                number,
                clean(name),
                tuple(each.value for each in held if each.kind is Kind.PHONE),
                tuple(each.value for each in held if each.kind is Kind.EMAIL),
                tuple((network, who) for network, _, who in handles),
                responsible or "",
                clean(crm),
            )
        last = rows[-1][0]
