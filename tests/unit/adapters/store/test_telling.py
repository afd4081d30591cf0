"""Where telling goes on, and what the store has of what the broker has not."""

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.unit.adapters.store.conftest import NOW, ask, batch, fill
from tests.unit.adapters.store_customers.house import MINE, House

from huntgroup.adapters.clock import Clock
from huntgroup.adapters.store import journal as journals
from huntgroup.adapters.store import upkeep
from huntgroup.adapters.store.customers import erasing
from huntgroup.adapters.store.customers.following import Follower
from huntgroup.adapters.store.journal import Journal, write_batch
from huntgroup.adapters.store.opening import Opened, connect
from huntgroup.adapters.store.records import record_of
from huntgroup.adapters.store.rows import Batch, Entry
from huntgroup.adapters.store.telling import (
    Untold,
    begin_link,
    begin_telling,
    end_telling,
    facts_between,
    forget_telling,
    happenings_between,
)
from huntgroup.adapters.store.untold import Told, apart, keep_untold, write_link, write_told
from huntgroup.customers.words import Happened, Happening
from huntgroup.engine.effects import Decision, Fact, FactType
from huntgroup.engine.events import Customer
from huntgroup.engine.ids import AttemptNo, GroupId, InquiryId

JAN = Customer(name="Jan", phone=MINE, email="jan@shop.example")


def told(kind: FactType, inquiry: str | None, customer: Customer | None = None) -> Fact:
    return Fact(
        type=kind, at=NOW, inquiry=None if inquiry is None else InquiryId(inquiry), detail="here", customer=customer
    )


def written(event: int, *effects: Fact | Decision) -> Batch:
    """An event, with what is kept of what it told."""
    records = [(event, record) for record in map(record_of, effects) if record is not None]
    return Batch(entries=[Entry(event, NOW, "TimePassed", "{}")], records=records, apart=list(apart(event, effects)))


def test_a_daemon_that_never_had_a_broker_begins_at_its_end(path: Path, opened: Opened) -> None:
    fill(path, opened, batch(1, 5))
    assert begin_telling(path, 5) == (Told(5, 0), 0)


def test_a_life_goes_on_where_the_last_one_came_to(path: Path, opened: Opened) -> None:
    begin_telling(path, 0)
    fill(path, opened, batch(1, 5))
    end_telling(path, Told(3, 0))
    assert begin_telling(path, 5) == (Told(3, 0), 0)


def test_a_daemon_without_a_broker_keeps_nothing_for_one(path: Path, opened: Opened) -> None:
    begin_telling(path, 0)
    fill(path, opened, written(1, told(FactType.RECOVERED, None)))
    with closing(connect(path)) as database:
        keep_untold(database, [Happening(kind=Happened.CREATED, at=NOW, customer=1)])
    forget_telling(path)
    assert ask(path, "SELECT count(*) FROM untold") == [(0,)]
    assert begin_telling(path, 1) == (Told(1, 1), 1)


def test_a_mark_beyond_what_is_written_is_taken_back_for_good(path: Path, opened: Opened) -> None:
    fill(path, opened, batch(1, 5))
    end_telling(path, Told(9, 0))
    begin_telling(path, 5)
    assert begin_telling(path, 12) == (Told(5, 0), 0)


def test_facts_come_back_in_their_order_with_all_they_said(path: Path, opened: Opened) -> None:
    decision = Decision(at=NOW, inquiry=InquiryId("c1"), group=GroupId("sales"), attempt=AttemptNo(1), verdicts=())
    first = [told(FactType.RECEIVED, "c1", JAN), told(FactType.OFFERED, "c1"), told(FactType.RECOVERED, None)]
    second = [told(FactType.PRESENCE_CHANGED, None), told(FactType.CLOSED, "c1")]
    fill(path, opened, written(1, first[0], decision, *first[1:]), written(2), written(3, *second))
    with closing(connect(path)) as database:
        assert facts_between(database, 0, 9) == ([*first, *second], 3)
    with closing(connect(path)) as database:
        assert facts_between(database, 1, 9) == (second, 3)
    with closing(connect(path)) as database:
        assert facts_between(database, 3, 9) == ([], 3), "what is not written yet is not passed over"


def test_only_what_the_record_has_not_is_kept_apart() -> None:
    caller = told(FactType.RECEIVED, "c1", Customer(name="Jan", phone=MINE, id="customer-1"))
    assert list(apart(1, [caller, told(FactType.CLOSED, "c1")])) == []


def test_after_an_upkeep_that_left_no_journal_nothing_is_passed_over(path: Path, opened: Opened) -> None:
    fill(path, opened, written(1, told(FactType.CLOSED, "c1")))
    with closing(connect(path)) as database:
        upkeep.take_snapshot(database, 1, NOW + 100, 0)
        database.execute("DELETE FROM journal")
        assert facts_between(database, 0, 1) == ([told(FactType.CLOSED, "c1")], 1)


def test_what_nobody_fetched_goes_with_everything_of_its_age(path: Path, opened: Opened) -> None:
    fill(path, opened, written(1, told(FactType.RECOVERED, None)))
    with closing(connect(path)) as database:
        keep_untold(database, [Happening(kind=Happened.CREATED, at=at, customer=1) for at in (NOW, NOW + 100)])
        while upkeep.tidy(database, NOW + 50):
            pass
    assert ask(path, "SELECT count(*) FROM untold") == [(0,)]
    assert ask(path, "SELECT id FROM untold_happening") == [(2,)]


async def test_what_happened_is_the_same_when_it_is_read_again(path: Path, opened: Opened) -> None:
    happening = Happening(
        kind=Happened.LEAD_CREATED, at=NOW + 1 / 3, customer=7, inquiry="c1", data={"ids": ("a", "b"), "to": None}
    )
    with closing(connect(path)) as database:
        kept = keep_untold(database, [happening])
    again, _ = await Untold(path, lambda _: None).happenings(0, 1)
    assert again == kept
    assert [each.number for each in again] == [1]


def test_nothing_of_an_erased_customer_comes_back(tmp_path: Path) -> None:
    house = House(tmp_path / "huntgroup.db")
    house.follower = Follower(tell=lambda _: None, has_broker=True)
    fact = told(FactType.RECEIVED, "f1", JAN)
    house.comes("f1", "form", MINE, "jan@shop.example", name="Jan")
    house.fact("closed", "f1", "anna", outcome="answered")
    house.sequence += 1
    house.crc = write_batch(house.database, written(house.sequence, fact), house.crc, house.sequence - 1)
    who = house.who(phone=MINE)
    assert who is not None
    assert house.database.execute("SELECT count(*) FROM untold_happening").fetchone() > (0,)

    _, happened = erasing.erase(house.database, who, house.by_hand())
    house.follower.keep(house.database, happened)

    (left,), _ = facts_between(house.database, 0, house.sequence)
    house.database.execute("COMMIT")
    assert left == told(FactType.RECEIVED, "f1"), "that somebody came is still told"
    kinds = [each.kind for each in happenings_between(house.database, 0, 99)[0]]
    assert kinds == [Happened.ERASED]
    rows = json.dumps(house.database.execute("SELECT * FROM untold").fetchall())
    assert "Jan" not in rows
    house.database.close()


async def test_the_mark_is_written_also_when_nothing_else_is(
    path: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin_telling(path, 0)
    loop, was_written = asyncio.get_running_loop(), asyncio.Event()

    def watched(database: sqlite3.Connection, told: Told) -> None:
        write_told(database, told)
        loop.call_soon_threadsafe(was_written.set)

    monkeypatch.setattr(journals, "write_told", watched)
    journal = Journal(path, opened, keep_seconds=1e12, clock=Clock())
    running = asyncio.create_task(journal.run())
    journal.note(Told(7, 0))
    await was_written.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert ask(path, "SELECT event FROM mark WHERE name = 'broker'") == [(7,)]


def test_a_mark_makes_no_call_wait_for_the_disk() -> None:
    waiting = Batch(told=(7, 0))
    call = Batch(entries=[Entry(1, NOW, "TimePassed", "{}")], waits_for_disk=False)
    waiting.add(call)
    assert not waiting.waits_for_disk
    assert waiting.told == (7, 0)


# -- since when nobody has read at the broker -----------------------------------------------------------------------


def test_a_life_that_ends_while_linked_says_until_when(path: Path, opened: Opened) -> None:
    assert begin_link(path, 100.0) == 100.0
    end_telling(path, Told(0, 0), 250.5)
    assert begin_link(path, 900.0) == 250.5


def test_a_life_that_was_killed_while_linked_read_until_its_last_event(path: Path, opened: Opened) -> None:
    begin_link(path, 100.0)
    with closing(connect(path)) as database:
        write_link(database, None)
    assert begin_link(path, 900.0) == 900.0


def test_what_happens_before_the_first_link_is_no_sign_of_one(path: Path, opened: Opened) -> None:
    begin_link(path, 100.0)
    assert begin_link(path, 900.0) == 100.0


def test_without_a_broker_the_instant_is_forgotten(path: Path, opened: Opened) -> None:
    begin_link(path, 100.0)
    forget_telling(path)
    assert begin_link(path, 900.0) == 900.0


@pytest.mark.parametrize(("until", "kept"), [(None, []), (12.5, [(12_500,)]), (-float("inf"), [(0,)])])
async def test_a_link_that_is_lost_is_written_also_when_nothing_else_is(
    path: Path, opened: Opened, until: float | None, kept: list[tuple[int]]
) -> None:
    begin_link(path, 100.0)
    journal = Journal(path, opened, keep_seconds=1e12, clock=Clock())
    running = asyncio.create_task(journal.run())
    await asyncio.sleep(0)
    journal.note_link(until)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert ask(path, "SELECT event FROM mark WHERE name = 'linked'") == kept


@pytest.mark.parametrize(("later", "kept"), [(None, (12.5,)), ((None,), (None,)), ((13.0,), (13.0,))])
def test_the_last_word_about_the_link_counts(later: tuple[float | None] | None, kept: tuple[float | None]) -> None:
    waiting = Batch(linked=(12.5,))
    waiting.add(Batch(linked=later))
    assert waiting.linked == kept
