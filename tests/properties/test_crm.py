"""Whatever dies between any two steps, a CRM does each thing once, and of one customer in order."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st

from huntgroup.adapters.store import crm_outbox
from huntgroup.adapters.store.customers.following import Follower
from huntgroup.adapters.store.customers.for_crm import ForCrm
from huntgroup.adapters.store.opening import open_store
from huntgroup.crm.deeds import Create, decoded
from tests.properties.test_customers import NOW, STORY, _follow, _goes_on, alive, count, facts, store, stories

T = TypeVar("T")

HTTP = "http"
LATER = NOW + 1_000_000


class Crm:
    """It knows what it has done by its key, and outlives all."""

    def __init__(self) -> None:
        self.done: dict[str, str] = {}

    def does(self, row: crm_outbox.Row) -> str:
        """One deed; what it calls whoever it creates."""
        self.done.setdefault(row.key, decoded(row.body).customer)
        return f"c-{row.key}" if isinstance(decoded(row.body), Create) else ""


def tells(database: sqlite3.Connection, crm: Crm) -> None:
    """All that is due, and what becomes due by that."""
    while rows := whole(database, lambda: crm_outbox.take(database, HTTP, LATER, 2, 60)):
        for row in rows:
            reference = crm.does(row)
            whole(database, partial(crm_outbox.finish, database, row, reference, LATER))


def whole(database: sqlite3.Connection, work: Callable[[], T]) -> T:
    """In a transaction of its own, as the journal does it."""
    database.execute("BEGIN IMMEDIATE")
    made = work()
    database.execute("COMMIT")
    return made


def lives(path: Path, told: list[tuple[str, str]], deaths: list[int], crm: Crm) -> None:
    """Write, follow and tell, in as many lives as it takes; each begins with what the one before left."""
    for statements in [*deaths, -1]:
        opened = open_store(path)
        with alive(path, statements) as database:
            whole(database, partial(crm_outbox.resume, database, HTTP, NOW))
            _follow(database, Follower(tell=lambda _: None, for_crm=ForCrm(HTTP)))
            tells(database, crm)
            _goes_on(database, told, opened.crc, opened.sequence)
            tells(database, crm)


def by_customer(crm: Crm) -> dict[str, list[str]]:
    """What was done of each, in the order in which it was."""
    done: dict[str, list[str]] = {}
    for key, customer in crm.done.items():
        done.setdefault(customer, []).append(key)
    return {customer: keys if customer else sorted(keys) for customer, keys in done.items()}


def after(story: list[tuple[Any, ...]], deaths: list[int]) -> dict[str, list[str]]:
    """What the CRM has done at the end; nothing waits any more."""
    crm = Crm()
    with store() as path:
        lives(path, facts(story), deaths, crm)
        with closing(sqlite3.connect(path)) as database:
            assert database.execute("SELECT count(*) FROM crm_outbox").fetchone() == (0,)
    return by_customer(crm)


@settings(max_examples=60, deadline=None)
@given(story=stories, deaths=st.lists(st.integers(0, 90), min_size=1, max_size=4))
def test_whenever_the_process_dies_the_crm_has_done_the_same(story: list[tuple[Any, ...]], deaths: list[int]) -> None:
    assert after(story, deaths) == after(story, [])


def test_it_may_die_before_any_statement_of_a_whole_story() -> None:
    story = [*STORY[:2], ("moved", 0, "ben"), ("closed", 0, "ben")]
    expected = after(story, [])
    assert [len(each) for each in expected.values()] == [3]
    statements = count(lambda path: lives(path, facts(story), [], Crm()))
    for number in range(statements + 1):
        assert after(story, [number]) == expected, number
