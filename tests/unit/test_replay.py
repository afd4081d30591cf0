"""Replaying the journal: the same decisions come of the same events, and where they do not, it is shown where."""

from contextlib import closing
from pathlib import Path

import pytest

from huntgroup.adapters.store import upkeep
from huntgroup.adapters.store.opening import connect
from huntgroup.engine import strategies
from huntgroup.engine.policy import Distribution
from huntgroup.errors import StoreError
from huntgroup.replay import replay
from huntgroup.retelling import as_it_stood, outcome
from tests.simulation.kept import KeptChaos, same
from tests.unit.adapters.store.conftest import ask, spoil


@pytest.fixture
def day(tmp_path: Path) -> KeptChaos:
    """A day of everything, with restarts and snapshots in it."""
    with KeptChaos(6, tmp_path / "huntgroup.db") as day:
        for _ in range(4):
            day.goes_on(150)
            day.restarts()
            day.goes_on(50)
            day.takes_snapshot()
    return day


def test_every_decision_of_a_day_with_restarts_is_made_again(day: KeptChaos) -> None:
    done = replay(day.path)

    assert done.difference is None
    assert done.events == day.sequence
    assert same(done.engine, day.engine)
    assert list(outcome(done))[-1].endswith("every decision is as it was recorded.")


def test_another_rule_is_found_at_the_first_event_that_it_decides_otherwise(
    day: KeptChaos, monkeypatch: pytest.MonkeyPatch
) -> None:
    for distribution in Distribution:
        monkeypatch.setitem(strategies.STRATEGIES, distribution, lambda eligible, *_: [eligible[-1]])

    done = replay(day.path)

    assert done.difference is not None
    *_, at = done.difference.led_there
    assert at.sequence < day.sequence
    text = "\n".join(outcome(done))
    assert f"first difference is at event {at.sequence}" in text
    assert "Recorded then:" in text
    assert "Decided now:" in text


def test_a_record_that_is_missing_is_a_difference(day: KeptChaos) -> None:
    ((event,),) = ask(day.path, "SELECT event FROM record WHERE type = 'decision' LIMIT 1 OFFSET 9")
    spoil(day.path, "DELETE FROM record WHERE event = ? AND type = 'decision'", event)

    done = replay(day.path)

    assert done.difference is not None
    assert done.difference.led_there[-1].sequence == event


def test_a_moment_can_be_looked_at(day: KeptChaos) -> None:
    ((at,),) = ask(day.path, "SELECT at FROM journal WHERE sequence = ?", day.sequence // 2)
    instants = [row[0] for row in ask(day.path, "SELECT max(at) OVER (ORDER BY sequence) FROM journal")]

    done = replay(day.path, until=at)

    assert done.difference is None
    assert 0 < done.events < day.sequence
    assert instants[0] <= done.last_at <= at
    told = "\n".join(as_it_stood(done.engine.world))
    assert all(operator in told for operator in done.engine.world.operators)
    assert all(inquiry in told for inquiry in done.engine.world.inquiries)


def test_events_that_are_missing_are_passed_over_and_counted(day: KeptChaos) -> None:
    spoil(day.path, "DELETE FROM journal WHERE sequence BETWEEN 30 AND 40")
    spoil(day.path, "INSERT INTO gap VALUES (30, 40, 'not_written')")

    done = replay(day.path)

    assert done.difference is None
    assert done.skipped > 0
    assert same(done.engine, day.engine)
    assert "could not be compared" in list(outcome(done))[-1]


def test_a_store_in_which_nothing_was_recorded_says_so(tmp_path: Path) -> None:
    from huntgroup.adapters.store.opening import open_store  # noqa: PLC0415

    open_store(tmp_path / "huntgroup.db")

    with pytest.raises(StoreError, match="nothing was recorded"):
        replay(tmp_path / "huntgroup.db")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 1.1])
def test_whatever_has_become_too_old_what_is_left_can_be_replayed(day: KeptChaos, share: float) -> None:
    spoil(day.path, "DELETE FROM snapshot WHERE sequence NOT IN (SELECT min(sequence) FROM snapshot)")
    begin, end = ask(day.path, "SELECT min(at), max(at) FROM journal")[0]
    with closing(connect(day.path)) as database:
        while upkeep.tidy(database, begin + share * (end - begin)):
            continue

    done = replay(day.path)

    assert done.difference is None
    assert done.events == day.sequence


def test_what_was_erased_from_the_record_is_no_difference(day: KeptChaos) -> None:
    spoil(day.path, "UPDATE record SET more = '{\"erased\": true}' WHERE type = 'inquiry.received'")

    assert replay(day.path).difference is None
