"""What the record knows of inquiries that are over, from a real file."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.unit.adapters.store.conftest import NOW, fill

from huntgroup.adapters.clock import Clock
from huntgroup.adapters.store import history as module
from huntgroup.adapters.store.history import History
from huntgroup.adapters.store.opening import open_store
from huntgroup.adapters.store.records import record_of
from huntgroup.adapters.store.rows import Batch, Entry
from huntgroup.codec import event_text
from huntgroup.engine.effects import Fact, FactType
from huntgroup.engine.events import Customer, InquiryReceived
from huntgroup.engine.ids import GroupId, InquiryId, OperatorId, SourceId
from huntgroup.engine.policy import Channel
from huntgroup.errors import StoreError


def fact(kind: FactType, inquiry: str, at: float, detail: str = "") -> Fact:
    who = None if kind is FactType.RECEIVED else OperatorId("anna")
    return Fact(type=kind, at=at, inquiry=InquiryId(inquiry), group=GroupId("sales"), operator=who, detail=detail)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "huntgroup.db"


@pytest.fixture
async def history(path: Path) -> AsyncIterator[History]:
    async with History(path) as history:
        yield history


def record(path: Path, *facts: Fact) -> None:
    """Write these, as a daemon does."""
    records = [(number, each) for number, each in enumerate(map(record_of, facts), 1) if each is not None]
    entries = [Entry(number, NOW, "TimePassed", "{}") for number, _ in records]
    fill(path, open_store(path), Batch(entries=entries, records=records))


async def test_how_an_inquiry_ended_is_known_and_what_is_open_is_not_over(path: Path, history: History) -> None:
    now = Clock().now()
    record(
        path,
        fact(FactType.RECEIVED, "c1", now),
        fact(FactType.CLOSED, "c1", now + 5, "answered"),
        fact(FactType.RECEIVED, "c2", now),
        fact(FactType.CLOSED, "c3", now, "refused: 'x' is not configured"),
    )

    found = await history.outcomes_of([InquiryId(name) for name in ("c1", "c2", "c3", "c4")])

    assert {name: (each.outcome, each.group, each.operator) for name, each in found.items()} == {
        "c1": ("answered", "sales", "anna"),
        "c3": ("refused", "sales", "anna"),
    }


async def test_before_anything_was_recorded_nothing_is_over(history: History) -> None:
    assert await history.outcomes_of([InquiryId("c1")]) == {}
    assert await history.counted(0, 1) == []


async def test_what_is_recorded_after_the_first_look_is_seen(path: Path, history: History) -> None:
    now = Clock().now()
    assert await history.outcomes_of([InquiryId("c1")]) == {}
    record(path, fact(FactType.CLOSED, "c1", now, "answered"))
    assert set(await history.outcomes_of([InquiryId("c1")])) == {"c1"}


async def test_more_than_fit_into_one_question_are_found(
    path: Path, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 2)
    now = Clock().now()
    names = [f"c{number}" for number in range(5)]
    record(path, *(fact(FactType.CLOSED, name, now, "answered") for name in names))
    assert set(await history.outcomes_of([InquiryId(name) for name in names])) == set(names)


async def test_a_day_is_counted(path: Path, history: History) -> None:
    now = Clock().now()
    record(
        path,
        fact(FactType.RECEIVED, "old", now - 500),
        fact(FactType.RECEIVED, "c1", now),
        fact(FactType.ACCEPTED, "c1", now + 3),
        fact(FactType.ACCEPTED, "c1", now + 9),
        fact(FactType.CLOSED, "c1", now + 20, "answered"),
        fact(FactType.RECEIVED, "c2", now + 1),
    )
    first, second = await history.counted(now - 1, now + 100)
    assert (first.inquiry, first.received_at, first.answered_at, first.closed_at) == ("c1", now, now + 3, now + 20)
    assert (second.inquiry, second.answered_at, second.outcome) == ("c2", None, "")


@pytest.fixture
def spoilt(path: Path) -> Path:
    path.write_bytes(b"not a database, and long enough to be looked at" * 100)
    return path


async def test_a_file_that_is_no_database_is_told(spoilt: Path, history: History) -> None:
    with pytest.raises(StoreError):
        await history.outcomes_of([InquiryId("c1")])


async def test_the_source_of_an_inquiry_is_known_as_long_as_the_journal_has_it(path: Path, history: History) -> None:
    now = Clock().now()
    came = InquiryReceived(
        inquiry=InquiryId("c1"), channel=Channel.CHAT, source=SourceId("site-chat"), customer=Customer(name="Jan")
    )
    told = [fact(FactType.RECEIVED, "c1", now), fact(FactType.CLOSED, "c1", now, "answered")]
    told.append(fact(FactType.RECEIVED, "c2", now))
    records = [(number, each) for number, each in enumerate(map(record_of, told), 1) if each is not None]
    entries = [Entry(1, NOW, *event_text(came)), Entry(2, NOW, "TimePassed", "{}"), Entry(3, NOW, "TimePassed", "{}")]
    assert await history.sources_of([InquiryId("c1")]) == {}
    fill(path, open_store(path), Batch(entries=entries, records=records))

    found = await history.sources_of([InquiryId("c1"), InquiryId("c2"), InquiryId("c3")])

    assert found == {"c1": "site-chat"}
