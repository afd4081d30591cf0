"""The length of one ring, by country."""

import pytest

from huntgroup.indications import CADENCES


@pytest.mark.parametrize(
    ("country", "seconds"),
    [("us", 6.0), ("pl", 5.0), ("uk", 3.0), ("hu", 5.0), ("es", 4.5), ("jp", 3.0), ("pt", 6.0), ("th", 6.0)],
)
def test_one_ring_lasts_as_long_as_the_whole_pattern(country: str, seconds: float) -> None:
    assert CADENCES[country].seconds == seconds


def test_every_pattern_is_tone_and_silence_in_turn_and_lasts_between_two_and_seven_seconds() -> None:
    for cadence in CADENCES.values():
        assert len(cadence.milliseconds) % 2 == 0
        assert 2 <= cadence.seconds <= 7


def test_countries_are_listed_by_code() -> None:
    assert list(CADENCES) == sorted(CADENCES)
