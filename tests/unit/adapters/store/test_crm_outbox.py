"""What a CRM is still to be told: put in once, found in order, and never lost between two steps."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huntgroup.adapters.store import crm_outbox
from huntgroup.adapters.store.crm_outbox import TABLES, Row
from huntgroup.adapters.store.customers import book
from huntgroup.adapters.store.customers.tables import CLAIMS
from huntgroup.adapters.store.customers.tables import TABLES as CUSTOMERS
from huntgroup.adapters.store.opening import connect, open_store
from huntgroup.crm.deeds import SetResponsible, decoded

NOW = 1_790_000_000.0
HTTP = "http"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    path = tmp_path / "huntgroup.db"
    open_store(path)
    with closing(connect(path)) as store:
        with_customers(store)
        yield store


def with_customers(store: sqlite3.Connection) -> None:
    """Four of them."""
    store.executemany("INSERT INTO customer (id, name, created_at) VALUES (?, 'Jan', 0)", [(n,) for n in range(1, 5)])


def deed(number: int, customer: str = "customer-1") -> SetResponsible:
    return SetResponsible(customer=customer, inquiry=f"chat-{number}", operator="anna", at=NOW + number)


def due(store: sqlite3.Connection, now: float = NOW, most: int = 10) -> list[Row]:
    return crm_outbox.take(store, HTTP, now, most, 60)


def inquiries(rows: list[Row]) -> list[str]:
    return [decoded(row.body).inquiry for row in rows]


def test_the_first_of_each_customer_is_due(store: sqlite3.Connection) -> None:
    crm_outbox.enqueue(store, HTTP, [deed(1), deed(2), deed(3, "customer-2"), deed(4, ""), deed(5, "")], NOW)

    assert inquiries(due(store)) == ["chat-1", "chat-3", "chat-4", "chat-5"]


def test_the_next_of_a_customer_is_due_when_the_one_before_it_is_done(store: sqlite3.Connection) -> None:
    crm_outbox.enqueue(store, HTTP, [deed(1), deed(2), deed(3)], NOW)
    (first,) = due(store)
    assert due(store) == []

    crm_outbox.finish(store, first, "", NOW)

    assert inquiries(due(store)) == ["chat-2"]


def test_what_was_taken_is_due_again_when_its_lease_is_over(store: sqlite3.Connection) -> None:
    crm_outbox.enqueue(store, HTTP, [deed(1)], NOW)
    due(store)

    assert due(store, NOW + 59) == []
    (again,) = due(store, NOW + 61)
    assert again.tries == 1


def test_the_same_deed_is_put_in_once(store: sqlite3.Connection) -> None:
    assert crm_outbox.enqueue(store, HTTP, [deed(1), deed(1)], NOW) == 1
    assert crm_outbox.enqueue(store, HTTP, [deed(1)], NOW) == 0
    assert crm_outbox.enqueue(store, "bitrix24", [deed(1)], NOW) == 1


def test_what_was_given_up_lets_the_next_go_on(store: sqlite3.Connection) -> None:
    crm_outbox.enqueue(store, HTTP, [deed(1), deed(2)], NOW)
    (first,) = due(store)

    crm_outbox.bury(store, first, "422 " + "x" * 10_000, NOW)

    assert inquiries(due(store)) == ["chat-2"]
    stands = crm_outbox.backlog(store, HTTP)
    assert (stands.waiting, stands.dead, stands.oldest_at) == (1, 1, NOW)
    assert len(crm_outbox.everything(store)[0].error) == crm_outbox.LONGEST_ERROR


def test_what_was_given_up_is_tried_again_in_its_place_and_as_one_that_may_be_done(store: sqlite3.Connection) -> None:
    crm_outbox.enqueue(store, HTTP, [deed(1), deed(2), deed(3)], NOW)
    (first,) = due(store)
    crm_outbox.bury(store, first, "422", NOW)

    assert crm_outbox.revive(store, [first.id], NOW) == 1

    (second,) = due(store)
    crm_outbox.finish(store, second, "", NOW)
    (again,) = due(store)
    assert inquiries([second, again]) == ["chat-2", "chat-1"]
    assert again.tries == 1


def test_only_what_was_asked_for_is_tried_again(store: sqlite3.Connection) -> None:
    crm_outbox.enqueue(store, HTTP, [deed(1), deed(2, "customer-2")], NOW)
    for row in due(store):
        crm_outbox.bury(store, row, "422", NOW)

    assert crm_outbox.revive(store, [2], NOW) == 1
    assert crm_outbox.revive(store, None, NOW) == 1


def test_a_pause_of_the_crms_is_no_try(store: sqlite3.Connection) -> None:
    crm_outbox.enqueue(store, HTTP, [deed(1)], NOW)
    (first,) = due(store)

    crm_outbox.postpone(store, first, "429", NOW + 5, counts=False)

    (again,) = due(store, NOW + 5)
    assert again.tries == 0


def test_a_customer_who_is_forgotten_is_forgotten_here_too(store: sqlite3.Connection) -> None:
    crm_outbox.enqueue(store, HTTP, [deed(1), deed(2, "customer-2")], NOW)
    crm_outbox.forget(store, ["customer-1"])

    assert inquiries(due(store)) == ["chat-2"]


def test_what_the_crm_calls_a_customer_is_what_the_house_says_that_it_does(store: sqlite3.Connection) -> None:
    crm_outbox.refer(store, HTTP, "customer-1", "c-7")

    assert crm_outbox.reference_of(store, HTTP, "customer-1") == "c-7"
    assert store.execute("SELECT crm FROM customer WHERE id = 1").fetchone() == ("c-7",)
    assert crm_outbox.reference_of(store, "bitrix24", "customer-1") == ""  # it is another CRM's word


def test_what_a_list_said_is_taken_for_the_word_of_the_crm_that_there_is(store: sqlite3.Connection) -> None:
    store.execute("UPDATE customer SET crm = 'contact:7' WHERE id = 1")

    assert crm_outbox.reference_of(store, "bitrix24", "customer-1") == "contact:7"


def test_who_was_erased_meanwhile_gets_no_name_there(store: sqlite3.Connection) -> None:
    crm_outbox.enqueue(store, HTTP, [deed(1)], NOW)
    (row,) = due(store)
    store.execute("UPDATE customer SET erased_at = 1 WHERE id = 1")
    crm_outbox.forget(store, ["customer-1"])

    crm_outbox.finish(store, row, "c-7", NOW)

    assert store.execute("SELECT crm FROM customer WHERE id = 1").fetchone() == ("",)


def merged(store: sqlite3.Connection) -> None:
    """The second customer is the first."""
    store.execute("UPDATE customer SET merged_into = 1 WHERE id = 2")
    crm_outbox.move(store, 2, 1, NOW)


def test_of_customers_who_are_merged_everything_is_told_in_order(store: sqlite3.Connection) -> None:
    crm_outbox.enqueue(store, HTTP, [deed(1, "customer-2"), deed(2), deed(3, "customer-2"), deed(4)], NOW)

    merged(store)

    for number in range(1, 5):
        (row,) = due(store)
        assert inquiries([row]) == [f"chat-{number}"]
        crm_outbox.finish(store, row, "", NOW)


def test_what_is_under_way_at_a_merge_holds_up_nothing_behind_it(store: sqlite3.Connection) -> None:
    crm_outbox.enqueue(store, HTTP, [deed(1), deed(2, "customer-2"), deed(3, "customer-2")], NOW)
    first, second = due(store)

    merged(store)
    crm_outbox.finish(store, second, "c-2", NOW)
    crm_outbox.finish(store, first, "", NOW)

    assert inquiries(due(store)) == ["chat-3"]
    assert crm_outbox.reference_of(store, HTTP, "customer-1") == "c-2"


def test_what_was_tried_waits_out_its_pause_though_it_moves_up(store: sqlite3.Connection) -> None:
    crm_outbox.enqueue(store, HTTP, [deed(1), deed(2, "customer-2")], NOW)
    first, second = due(store)
    crm_outbox.postpone(store, second, "500", NOW + 60)
    merged(store)

    crm_outbox.finish(store, first, "", NOW)

    assert due(store, NOW + 59) == []
    assert inquiries(due(store, NOW + 60)) == ["chat-2"]


def test_when_a_merge_is_undone_each_has_what_was_said_of_them(store: sqlite3.Connection) -> None:
    crm_outbox.enqueue(store, HTTP, [deed(1), deed(2, "customer-2"), deed(3)], NOW)
    merged(store)
    store.execute("UPDATE customer SET merged_into = NULL WHERE id = 2")

    crm_outbox.move_back(store, 2, 1, NOW)

    assert [(row.customer, *inquiries([row])) for row in due(store)] == [
        ("customer-1", "chat-1"),
        ("customer-2", "chat-2"),
    ]


def test_a_new_life_waits_for_nothing_that_an_old_one_was_at(store: sqlite3.Connection) -> None:
    crm_outbox.enqueue(store, HTTP, [deed(1)], NOW)
    due(store)

    crm_outbox.resume(store, HTTP, NOW + 1)

    assert inquiries(due(store, NOW + 1)) == ["chat-1"]


def test_what_is_due_is_found_without_looking_through_what_waits(store: sqlite3.Connection) -> None:
    plan = store.execute(
        "EXPLAIN QUERY PLAN SELECT id FROM crm_outbox WHERE connector = ? AND NOT is_dead AND next_at <= ?"
        " ORDER BY next_at, id LIMIT 4",
        (HTTP, NOW),
    ).fetchall()

    assert [row[3] for row in plan] == ["SEARCH crm_outbox USING INDEX crm_outbox_due (connector=? AND next_at<?)"]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(0, 3)),
        st.tuples(
            st.sampled_from(["finish", "postpone", "bury", "crash", "revive", "wait", "join", "part"]),
            st.integers(0, 9),
        ),
    ),
    max_size=60,
)


class World:
    """An outbox, who works on it, and what was told."""

    def __init__(self, store: sqlite3.Connection) -> None:
        self.store, self.now, self.count = store, NOW, 0
        self.put: dict[str, list[str]] = {}
        self.told: dict[str, list[str]] = {}
        self.buried: set[str] = set()
        self.taken: list[Row] = []
        self.merges: list[tuple[int, int]] = []

    def step(self, step: str, value: int) -> None:
        if step == "put":
            self.count += 1
            one = book.current(self.store, value + 1)
            assert one is not None
            crm_outbox.enqueue(self.store, HTTP, [deed(self.count, f"customer-{one.id}")], self.now)
            self.put.setdefault(f"customer-{one.id}", []).append(f"chat-{self.count}")
        elif step == "join":
            self.join(value)
        elif step == "part" and self.merges:
            into, other = self.merges.pop()
            self.store.execute("UPDATE customer SET merged_into = NULL WHERE id = ?", (other,))
            crm_outbox.move_back(self.store, other, into, self.now)
        elif step == "crash":
            self.taken = []  # whatever was under way; what had been committed stays
        elif step == "revive":
            crm_outbox.revive(self.store, None, self.now)
        elif step == "wait":
            self.now += 10 * value
        else:
            self.taken += due(self.store, self.now, 3)
            if self.taken:
                self.end(step, self.taken.pop(value % len(self.taken)), value)

    def join(self, value: int) -> None:
        into, other = book.current(self.store, value % 4 + 1), book.current(self.store, value // 3 + 1)
        if into is not None and other is not None and into.id != other.id:
            self.store.execute("UPDATE customer SET merged_into = ? WHERE id = ?", (into.id, other.id))
            crm_outbox.move(self.store, other.id, into.id, self.now)
            self.merges.append((into.id, other.id))

    def end(self, step: str, row: Row, value: int) -> None:
        if step == "finish":
            crm_outbox.finish(self.store, row, "", self.now)
            self.told.setdefault(decoded(row.body).customer, []).extend(inquiries([row]))
        elif step == "postpone":
            crm_outbox.postpone(self.store, row, "500", self.now + value)
        else:
            crm_outbox.bury(self.store, row, "422", self.now)
            self.buried |= set(inquiries([row]))


@given(STEPS)
def test_whatever_happens_in_between_nothing_is_lost_or_out_of_order(steps: list[tuple[str, int]]) -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as store:
        store.executescript(CUSTOMERS + TABLES + CLAIMS)
        with_customers(store)
        world = World(store)
        for step in steps:
            world.step(*step)

        world.now += 1000
        while rows := due(store, world.now):
            for row in rows:
                world.end("finish", row, 0)
        kept = {name for row in crm_outbox.everything(store) for name in inquiries([row])}
        for customer, names in world.put.items():
            told = world.told.get(customer, [])
            assert {*told, *kept} >= set(names)
            in_order = [name for name in dict.fromkeys(told) if name not in world.buried]
            assert in_order == [name for name in names if name not in world.buried]
        waiting = [row for row in crm_outbox.everything(store) if not row.is_dead]
        assert waiting == []  # nothing stands behind nothing
