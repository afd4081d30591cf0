"""A process that dies between any two steps neither loses nor doubles a link, a lead or a responsible operator."""

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from huntgroup.adapters.store.customers.following import Follower
from huntgroup.adapters.store.customers.for_crm import ForCrm
from huntgroup.adapters.store.journal import write_batch
from huntgroup.adapters.store.opening import begin_run, open_store
from huntgroup.adapters.store.rows import Batch, Entry
from huntgroup.customers.identities import identities

NOW = 1_790_000_000.0
PHONES = ("+48600700800", "+48600700801", "")
MAILS = ("jan@shop.example", "maria@shop.example", "")
NAMES = ("Jan", "Maria Nowak", "Jan Kowalski", "")
OPERATORS = ("anna", "ben")
KINDS = ("accepted", "moved", "put_back", "promised", "reached", "talked", "closed")
TABLES = {
    "customer": "id, name, responsible, provisional, crm, created_at, merged_into, erased_at",
    "identity": "kind, value, customer, is_own, is_shared",
    "stranger": "kind, value, name",
    "trail": "at, customer, what, who, why, body",
    "activity": "*",
    "lead": "kind, customer, inquiry, responsible, at",
    "crm_outbox": "customer, key, deed, body, at, next_at",
    "journal": "sequence, at, crc",
}

comes = st.tuples(
    st.just("received"),
    st.sampled_from(("call", "mail", "form")),
    st.sampled_from(PHONES),
    st.sampled_from(MAILS),
    st.sampled_from(NAMES),
)
later = st.tuples(st.sampled_from(KINDS), st.integers(0, 5), st.sampled_from(OPERATORS))
stories = st.lists(st.one_of(comes, later, later), min_size=1, max_size=14)


class Died(BaseException):
    """The process is gone: nothing after this is done, not even taking back what was begun."""


class Mortal(sqlite3.Connection):
    """A connection whose process dies before its n-th statement."""

    left = -1

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        """One statement, unless it is too late."""
        self._step()
        return super().execute(*arguments)

    def executemany(self, *arguments: Any) -> sqlite3.Cursor:
        """The same."""
        self._step()
        return super().executemany(*arguments)

    def _step(self) -> None:
        if self.left == 0:
            raise Died
        self.left -= 1


def facts(story: list[tuple[Any, ...]]) -> list[tuple[str, str]]:
    """The story as the recorder would write it."""
    told: list[tuple[str, str]] = []
    for number, step in enumerate(story):
        kind, *more = step
        body: dict[str, Any] = {"at": NOW + number, "operator": None}
        if kind == "received":
            channel, phone, mail, name = more
            found = identities("pl", phone_text=phone, email_text="" if channel == "call" else mail)
            body |= {"inquiry": f"i{number}", "channel": channel, "source": "here", "identities": found, "name": name}
            body |= {
                "known_as": "",
                "crm": "",
                "crm_of": "",
                "responsible": None,
                "track": channel != "call",
                "create": "lead",
            }
        else:
            body |= {"inquiry": f"i{more[0]}", "operator": more[1], "outcome": "answered", "recording": ""}
        told.append((kind, json.dumps(body)))
    return told


@contextmanager
def store() -> Iterator[Path]:
    """A new one, in a folder of its own."""
    home = Path(tempfile.mkdtemp(prefix="huntgroup-customers-"))
    path = home / "huntgroup.db"
    begin_run(path, open_store(path), [("policy", "", "{}")], NOW)
    yield path
    shutil.rmtree(home)


@contextmanager
def alive(path: Path, statements: int) -> Iterator[Mortal]:
    """A life of the daemon that ends before that statement; what it had begun is not taken back by anybody."""
    database = sqlite3.connect(path, factory=Mortal, isolation_level=None)
    sqlite3.Connection.execute(database, "PRAGMA journal_mode = WAL")
    database.left = statements
    with closing(database), suppress(Died):
        yield database


def lives(path: Path, told: list[tuple[str, str]], deaths: list[int]) -> None:
    """Write and follow all of it, in as many lives as it takes."""
    for statements in [*deaths, -1]:
        opened = open_store(path)
        with alive(path, statements) as database:
            _goes_on(database, told, opened.crc, opened.sequence)


def _goes_on(database: sqlite3.Connection, told: list[tuple[str, str]], crc: int, last: int) -> None:
    follower = Follower(tell=lambda _: None, for_crm=ForCrm("http"))
    _follow(database, follower)
    for number, fact in enumerate(told[last:], last + 1):
        entry = Entry(number, NOW + number, "TimePassed", "{}")
        crc = write_batch(database, Batch(entries=[entry], follow=[(number, *fact)]), crc, number - 1)
        _follow(database, follower)


def _follow(database: sqlite3.Connection, follower: Follower) -> None:
    is_more = True
    while is_more:
        _, is_more = follower.step(database)


def everything(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All tables, and nothing that still waits."""
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT count(*) FROM follow").fetchone() == (0,)
        return {
            name: database.execute(f"SELECT {what} FROM {name} ORDER BY 1, 2").fetchall()
            for name, what in TABLES.items()
        }


def after(told: list[tuple[str, str]], deaths: list[int]) -> dict[str, list[tuple[Any, ...]]]:
    """What there is at the end."""
    with store() as path:
        lives(path, told, deaths)
        return everything(path)


@settings(max_examples=60, deadline=None)
@given(story=stories, deaths=st.lists(st.integers(0, 60), min_size=1, max_size=4))
def test_whenever_the_process_dies_the_end_is_the_same(story: list[tuple[Any, ...]], deaths: list[int]) -> None:
    told = facts(story)
    assert after(told, deaths) == after(told, [])


STORY: list[tuple[Any, ...]] = [
    ("received", "call", PHONES[0], "", ""),
    ("accepted", 0, "anna"),
    ("received", "mail", "", MAILS[0], "Jan"),
    ("accepted", 2, "ben"),
    ("received", "form", PHONES[0], MAILS[0], "Jan"),
    ("moved", 4, "ben"),
    ("closed", 0, "anna"),
    ("closed", 2, "ben"),
]


def test_it_may_die_before_any_statement_of_a_whole_story() -> None:
    told = facts(STORY)
    expected = after(told, [])
    assert [row[0] for row in expected["lead"]] == ["lead", "lead"]
    merged = [row for row in expected["customer"] if row[6] is not None]
    assert len(merged) == 1
    statements = count(lambda path: lives(path, told, []))
    for number in range(statements + 1):
        assert after(told, [number]) == expected, number


def count(run: Callable[[Path], None]) -> int:
    """How many statements a whole life takes."""
    taken = 0

    def step(self: Mortal) -> None:
        nonlocal taken
        taken += 1

    real, Mortal._step = Mortal._step, step  # type: ignore[method-assign]
    try:
        with store() as path:
            run(path)
    finally:
        Mortal._step = real  # type: ignore[method-assign]
    return taken
