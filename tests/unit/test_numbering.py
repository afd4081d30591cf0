"""Numbers in every form in which they come, and what they mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huntgroup.indications import CADENCES
from huntgroup.numbering import caller_number, forms, may_be_called_back, public_number, table


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
        ("+48600700800;ext=1", "pl", "+48600700800"),
        ("tel:+48600700800", "pl", "+48600700800"),
        ("٠٠٤٨٦٠٠٧٠٠٨٠٠", "pl", "+48600700800"),
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


MINE = "+48600700800"


@pytest.mark.parametrize(
    "text",
    [
        "\u202d600 700 800\u202c",  # copied from an address book of a phone: left-to-right marks around it
        "600\u200b700\u200b800",
        "\ufeff600700800",
        "600\u00ad700\u00ad800",
        "\uff16\uff10\uff10\uff17\uff10\uff10\uff18\uff10\uff10",  # full-width
        "\uff0b48 600 700 800",
        "\u0666\u0660\u0660\u0667\u0660\u0660\u0668\u0660\u0660",  # Arabic
        "600\u2212700\u2212800",  # a minus of mathematics
        "TEL:600700800",
        "Tel. 600-700-800",
        "callto:+48600700800",
        "sip:+48600700800@trunk.example",
        "+48600700800;ext=5",
        "600700800 ext. 5",
        "600 700 800 wew. 12",
        "600700800x12",
        "600 700 800 (evenings)",
        "600700800 Jan",
        "600 700 800 / 22 123 45 67",
        "600700800, 600700801",
        "600\t700\n800",
    ],
)
def test_a_number_is_read_as_people_paste_it(text: str) -> None:
    assert public_number(text, "pl") == MINE


@pytest.mark.parametrize(
    "text",
    ["", "101", "+48", "jan600700800", "600700800jan", "600 700 800 12", "9" * 400, "1 " * 200, "+48999", "call me"],
)
def test_what_only_looks_like_a_number_is_none(text: str) -> None:
    assert public_number(text, "pl") is None


@pytest.mark.parametrize("prefix", ["", "+", "48", "+48", "0048", "+48 "])
@pytest.mark.parametrize("none", ["266696687", "123456789", "222222222", "987654321", "666666666"])
def test_a_number_that_stands_for_none_is_nobodys_in_any_form(none: str, prefix: str) -> None:
    assert public_number(prefix + none, "pl") is None


@pytest.mark.parametrize(
    ("none", "country"),
    [
        ("7378742833", "us"),  # RESTRICTED, which is Austin, Texas, in its form
        ("+17378742833", "pl"),
        ("86282452253", "pl"),
        ("+86282452253", "pl"),
        ("07123456789", "uk"),
        ("12345678", "dk"),
    ],
)
def test_nor_are_those_of_other_countries(none: str, country: str) -> None:
    assert public_number(none, country) is None


def test_nobody_is_called_back_by_a_number_that_stands_for_none() -> None:
    assert not may_be_called_back("123456789", "pl", ["pl"])
    assert not may_be_called_back("266696687", "pl", ["pl"])


def test_what_was_read_before_is_read_as_the_same() -> None:
    for text in (
        "+48 600 700 800",
        "600700800",
        "0048600700800",
        "48600700800",
        "tel:+48-600-700-800",
        "(600) 700.800",
    ):
        assert public_number(text, "pl") == MINE
    assert public_number("+44 (0)20 7946 0958", "pl") == "+442079460958"


@given(st.text(alphabet="0123456789+()-./ ,;x\u200b", max_size=60))
def test_whatever_is_read_is_read_again_as_itself(text: str) -> None:
    number = public_number(text, "pl")
    assert number is None or public_number(number, "us") == number
