"""Numbers in every form in which they come, and what they mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huntgroup.indications import CADENCES
from huntgroup.numbering import caller_number, forms, may_be_called_back, table


@pytest.mark.parametrize(
    ("number", "country", "others"),
    [
        ("+48221234567", "pl", {"48221234567", "0048221234567", "221234567"}),
        ("221234567", "pl", {"+48221234567", "48221234567", "0048221234567"}),
        ("+442079460018", "uk", {"442079460018", "00442079460018", "2079460018", "02079460018"}),
        ("+12025550101", "us", {"12025550101", "0012025550101", "01112025550101", "2025550101"}),
        ("+48221234567", "us", {"48221234567", "0048221234567", "01148221234567"}),
        ("101", "pl", set()),
        ("1001", "de", set()),
        ("10001", "at", set()),
        ("+48999", "pl", set()),
    ],
)
def test_a_number_may_be_written_in_all_these_forms(number: str, country: str, others: set[str]) -> None:
    assert set(forms(number, country)) == {number, *others}


def test_the_form_that_they_all_mean_is_the_international_one() -> None:
    meant = table(["22 123 45 67".replace(" ", ""), "101"], "pl")
    assert {meant[form] for form in ("+48221234567", "48221234567", "0048221234567", "221234567")} == {"+48221234567"}
    assert meant["101"] == "101"


@pytest.mark.parametrize("country", CADENCES)
def test_every_country_that_can_be_configured_has_numbers(country: str) -> None:
    assert forms("101", country)[0] == "101"
    assert caller_number("+48221234567", country) == "+48221234567"


@pytest.mark.parametrize(
    ("came", "country", "known_as"),
    [
        ("600700800", "pl", "+48600700800"),
        ("48600700800", "pl", "+48600700800"),
        ("0048600700800", "us", "+48600700800"),
        ("+48600700800", "us", "+48600700800"),
        ("02079460018", "uk", "+442079460018"),
        ("anonymous", "pl", "anonymous"),
        ("101", "pl", "101"),
        ("+48999", "pl", "+48999"),
        ("", "pl", ""),
        ("+48600700800;ext=1", "pl", "+48600700800;ext=1"),
        ("tel:+48600700800", "pl", "tel:+48600700800"),
        ("٠٠٤٨٦٠٠٧٠٠٨٠٠", "pl", "٠٠٤٨٦٠٠٧٠٠٨٠٠"),
    ],
)
def test_a_callers_number_is_known_by_its_international_form_if_it_is_one(
    came: str, country: str, known_as: str
) -> None:
    assert caller_number(came, country) == known_as


@given(st.text())
def test_whatever_a_caller_sends_for_a_number_is_a_number_or_stays_what_it_is(text: str) -> None:
    known_as = caller_number(text, "pl")
    assert known_as == text or (known_as.startswith("+") and known_as[1:].isdigit())


@pytest.mark.parametrize(
    ("number", "countries", "may_be"),
    [
        ("+48600700800", ["pl"], True),
        ("+48221234567", ["pl"], True),
        ("+442079460018", ["pl", "gb"], True),
        ("+442079460018", ["pl"], False),
        ("+48701234567", ["pl"], False),  # a premium number
        ("+18765551234", ["us"], False),  # Jamaica's, behind the same +1
        ("+881612345678", ["pl"], False),  # a satellite telephone
        ("anonymous", ["pl"], False),
        ("101", ["pl"], False),
        ("", ["pl"], False),
    ],
)
def test_only_an_ordinary_number_of_these_countries_is_called_back(
    number: str, countries: list[str], may_be: bool
) -> None:
    assert may_be_called_back(number, "pl", countries) is may_be
