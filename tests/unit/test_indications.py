"""The length of one ring, by country."""

import phonenumbers
import pytest

from huntgroup.indications import CADENCES, DEFAULT, cadence_of


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


@pytest.mark.parametrize(
    ("country", "like"),
    [
        ("ca", "us"),
        ("jm", "us"),
        ("gb", "uk"),
        ("je", "uk"),
        ("uk", "uk"),
        ("kz", "ru"),
        ("va", "it"),
        ("us-old", "us"),
    ],
)
def test_country_rings_like_the_one_whose_calling_code_it_shares(country: str, like: str) -> None:
    assert cadence_of(country).milliseconds == CADENCES[like].milliseconds


@pytest.mark.parametrize("country", ["ie", "ua", "kr", "ae", "xk"])
def test_country_that_indications_do_not_know_rings_like_most_do(country: str) -> None:
    assert cadence_of(country) == DEFAULT
    assert DEFAULT.seconds == 5.0


@pytest.mark.parametrize("country", CADENCES)
def test_country_with_a_cadence_of_its_own_keeps_it(country: str) -> None:
    assert cadence_of(country).milliseconds == CADENCES[country].milliseconds


def test_every_region_with_numbers_has_a_ring() -> None:
    assert all(2 <= cadence_of(each.lower()).seconds <= 7 for each in phonenumbers.SUPPORTED_REGIONS)
