"""The clock that never steps back."""

import time

import pytest

from huntgroup.adapters.clock import Clock


def test_it_shows_the_time_of_day() -> None:
    assert Clock().now() == pytest.approx(time.time(), abs=0.5)


def test_a_step_of_the_wall_clock_does_not_reach_it(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    before = clock.now()

    monkeypatch.setattr(time, "time", lambda: before - 3600)

    assert clock.now() >= before


def test_an_instant_translates_to_the_loops_clock() -> None:
    clock = Clock()

    assert clock.monotonic(clock.now() + 2) == pytest.approx(time.monotonic() + 2, abs=0.1)
