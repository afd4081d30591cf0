"""Lists of customers, out and in again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huntgroup.customers.lists import BadList, Listed, from_csv, from_vcard, to_csv, to_vcard

JAN = Listed(
    2,
    "Kowalski; Jan, jr. \\ ż",
    ("+48600700800",),
    ("jan@x.org", "j@y.org"),
    (("telegram", "jan"),),
    "anna",
    "contact/7",
)


def test_a_csv_says_on_its_first_line_what_is_what() -> None:
    lines = ["\ufeffPhone,name,E-mail\r\n", '600 700 800;601 000 000,"Kowalski, Jan",jan@x.org\r\n', "\r\n"]
    assert list(from_csv(lines)) == [Listed(2, "Kowalski, Jan", ("600 700 800", "601 000 000"), ("jan@x.org",))]


def test_a_column_that_nobody_knows_is_told() -> None:
    with pytest.raises(BadList, match="'shoe_size' is no column; use some of name, phones") as caught:
        list(from_csv(["name,shoe_size\n"]))
    assert caught.value.line == 1


def test_what_a_spreadsheet_would_take_for_a_formula_is_guarded_and_comes_back_as_it_was() -> None:
    evil = Listed(2, '=HYPERLINK("http://evil")', (), ("+x@evil.org",))
    written = "".join(to_csv([evil]))
    assert "'=HYPERLINK" in written
    assert list(from_csv(written.splitlines(keepends=True))) == [evil]


def test_a_customer_comes_back_from_both() -> None:
    assert list(from_csv("".join(to_csv([JAN])).splitlines(keepends=True))) == [JAN]
    assert [each._replace(line=2) for each in from_vcard(to_vcard([JAN]))] == [
        JAN._replace(phones=("tel:+48600700800",))
    ]


def test_a_card_of_another_program_is_read() -> None:
    card = (
        'BEGIN:VCARD\r\nVERSION:3.0\r\nN:Kowalski;Jan;;;\r\nitem1.TEL;TYPE="a:b",cell:+48 600\r\n  700 800\r\n'
        "EMAIL;PREF=1:jan@x.org\r\nNOTE:x\r\nEND:VCARD\r\n"
    )
    (found,) = from_vcard(card.splitlines(keepends=True))
    assert (found.name, found.phones, found.emails) == ("Jan Kowalski", ("+48 600 700 800",), ("jan@x.org",))


@pytest.mark.parametrize(
    ("text", "line"),
    [("TEL:1\n", 1), ("BEGIN:VCARD\nTEL\n", 2), ("BEGIN:VCARD\nBEGIN:VCARD\n", 2), ("BEGIN:VCARD\nFN:x\n", 1)],
)
def test_where_a_card_is_broken_is_told(text: str, line: int) -> None:
    with pytest.raises(BadList) as caught:
        list(from_vcard(text.splitlines(keepends=True)))
    assert caught.value.line == line


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1))
def test_any_name_comes_back_from_a_card_whose_lines_are_short(name: str) -> None:
    lines = list(to_vcard([Listed(1, name)]))
    assert all(len(each.encode()) <= 76 for line in lines for each in line.split("\r\n"))
    whole = "".join(lines)
    assert [each.name for each in from_vcard(line + "\r\n" for line in whole.split("\r\n"))] == [name]


def comes_back(customer: Listed) -> Listed:
    """What a CSV of this customer is read as."""
    (found,) = from_csv("".join(to_csv([customer])).splitlines(keepends=True))
    return found


def test_handle_with_semicolon_comes_back_as_one_handle() -> None:
    customer = Listed(2, "Jan", handles=(("t", "a;b"), ("t", "a\\;b\\"), ("x", "y")))
    assert comes_back(customer) == customer


@pytest.mark.parametrize("name", ["'=1", "''=1", "'+48", "'", "''"])
def test_name_that_begins_with_an_apostrophe_keeps_it(name: str) -> None:
    assert comes_back(Listed(2, name)).name == name


def test_crm_reference_that_looks_like_a_formula_comes_back_as_it_was() -> None:
    assert comes_back(Listed(2, "Jan", crm="=1")).crm == "=1"


def test_second_address_that_looks_like_a_formula_is_guarded_too() -> None:
    customer = Listed(2, "Jan", emails=("jan@x.org", "'=1@x.org"))
    assert comes_back(customer) == customer


@pytest.mark.parametrize(
    "name", ["Jan\nKowalski", "Jan\r\n\tKowalski", "Jan\x1b[2J \u202eKowalski", "\x1cJan  Kowalski "]
)
def test_name_is_read_as_one_line_of_plain_text(name: str) -> None:
    (found,) = from_csv(["name,crm\r\n", f'"{name}","{name}"\r\n'])
    assert found.name.isprintable()
    assert found.crm.isprintable()
    assert found.name.split()[0] == "Jan"
    assert found.name.split()[-1] == "Kowalski"
    (card,) = from_vcard(to_vcard([found]))
    assert (card.name, card.crm) == (found.name, found.crm)


@pytest.mark.parametrize("header", ["x" * 140_000, '"' + "name" * 40_000])
def test_csv_header_longer_than_a_field_may_be_is_refused(header: str) -> None:
    with pytest.raises(BadList, match="field larger than field limit"):
        list(from_csv([f"{header}\n"]))


@pytest.mark.parametrize("name", ["\x1b[2J\x07", "\u200d", "\u202eTEL"])
def test_property_outside_of_a_card_is_named_without_control_characters(name: str) -> None:
    with pytest.raises(BadList) as caught:
        list(from_vcard([f"{name}:x\n"]))
    assert str(caught.value).isprintable()
