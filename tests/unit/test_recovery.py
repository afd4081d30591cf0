"""The engine made of what the store has: the same as it was, whatever happened to the process or to the disk."""

from pathlib import Path

import pytest

from huntgroup.adapters.store.reading import history
from huntgroup.engine.engine import Engine
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


def test_each_run_begins_with_a_snapshot(day: KeptChaos) -> None:
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
