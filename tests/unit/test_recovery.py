"""The engine made of what the store has: the same as it was, whatever happened to the process or to the disk."""

from pathlib import Path

import pytest

from huntgroup.adapters.store.reading import history
from huntgroup.engine.engine import Engine
from huntgroup.engine.events import TimePassed
from huntgroup.errors import StoreError
from huntgroup.recovery import recovered
from tests.simulation.kept import KeptChaos, same
from tests.unit.adapters.store.conftest import ask, spoil


@pytest.fixture
def day(tmp_path: Path) -> KeptChaos:
    """Half a day of everything, written down."""
    with KeptChaos(7, tmp_path / "huntgroup.db") as day:
        day.goes_on(400)
        assert len(day.engine.world.inquiries) > 3
    return day


def again(day: KeptChaos) -> Engine:
    return recovered(day.path, day.policy, day.now)[0]


def test_what_was_open_is_open_again(day: KeptChaos) -> None:
    assert same(again(day), day.engine)


def test_the_last_instant_is_known_also_when_a_snapshot_came_last(day: KeptChaos) -> None:
    day.takes_snapshot()

    assert recovered(day.path, day.policy, day.now)[1].at == day.engine.world.now > 0


def test_a_damaged_state_is_not_guessed_from_events_of_which_some_are_missing(day: KeptChaos) -> None:
    missing = day.sequence + 1
    day.sequence += 10
    for _ in range(5):
        day.happens(TimePassed())
    spoil(day.path, "UPDATE state SET body = '{}' WHERE kind = 'operator'")

    with pytest.raises(StoreError, match=f"event {missing} is missing"):
        again(day)


def test_a_daemon_that_starts_again_and_again_does_not_fill_the_disk_with_snapshots(day: KeptChaos) -> None:
    again(day)
    before = ask(day.path, "SELECT count(*) FROM snapshot")[0][0]
    for _ in range(20):
        day.restarts()
        day.happens(TimePassed())

    assert ask(day.path, "SELECT count(*) FROM snapshot")[0][0] <= before + 2
    day.finish()


def test_a_new_store_begins_with_the_configuration(tmp_path: Path, day: KeptChaos) -> None:
    engine, opened = recovered(tmp_path / "new.db", day.policy, day.now)

    assert engine.world.policy is day.policy
    assert opened.sequence == 0


@pytest.mark.parametrize("seed", range(31, 35))
def test_a_day_with_many_restarts_goes_on_as_if_there_had_been_none(tmp_path: Path, seed: int) -> None:
    with KeptChaos(seed, tmp_path / "huntgroup.db", group_most=1 + seed % 4) as day:
        for _ in range(12):
            day.goes_on(60)
            day.restarts()
        day.finish()


def test_a_damaged_state_is_made_anew_from_the_last_snapshot_and_the_journal(day: KeptChaos) -> None:
    spoil(day.path, "UPDATE state SET body = '{}' WHERE kind = 'operator'")
    spoil(day.path, "DELETE FROM state WHERE kind = 'counters'")

    assert same(again(day), day.engine)
    assert same(again(day), day.engine)


def test_a_run_behind_a_long_one_begins_with_a_snapshot(day: KeptChaos) -> None:
    before = ask(day.path, "SELECT count(*) FROM snapshot")[0][0]
    again(day)

    with history(day.path) as past:
        assert past.snapshots()[-1] == day.sequence
        assert len(past.snapshots()) == before + 1


def test_what_cannot_be_understood_stops_with_a_clear_word(day: KeptChaos) -> None:
    name = ask(day.path, "SELECT id FROM state WHERE kind = 'inquiry'")[0][0]
    body = '{"id":"x"}'
    from huntgroup.adapters.store.rows import state_crc  # noqa: PLC0415

    spoil(day.path, "UPDATE state SET body = ?, crc = ? WHERE id = ?", body, state_crc("inquiry", name, body), name)

    with pytest.raises(StoreError, match="cannot be understood"):
        again(day)
