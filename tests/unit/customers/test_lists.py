"""Lists of customers, out and in again."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huntgroup.customers.lists import BadList, Listed, Unusable, from_csv, from_vcard, to_csv, to_vcard

JAN = Listed(
    2,
    "Kowalski; Jan, jr. \\ ż",
    ("+48600700800",),
    ("jan@x.org", "j@y.org"),
    (("telegram", "jan"),),
    "anna",
    "contact/7",
)


def cards(text: str | bytes, code_page: str = "cp1252") -> list[Listed]:
    """The cards of a text in which all lines can be read."""
    lines = text.encode() if isinstance(text, str) else text
    found = list(from_vcard(lines.splitlines(keepends=True), code_page))
    assert all(isinstance(each, Listed) and not each.unusable for each in found)
    return [each for each in found if isinstance(each, Listed)]


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
    assert [each._replace(line=2) for each in cards("".join(to_vcard([JAN])))] == [
        JAN._replace(phones=("tel:+48600700800",))
    ]


def test_a_card_of_another_program_is_read() -> None:
    card = (
        'BEGIN:VCARD\r\nVERSION:3.0\r\nN:Kowalski;Jan;;;\r\nitem1.TEL;TYPE="a:b",cell:+48 600\r\n  700 800\r\n'
        "EMAIL;PREF=1:jan@x.org\r\nNOTE:x\r\nEND:VCARD\r\n"
    )
    (found,) = cards(card)
    assert (found.name, found.phones, found.emails) == ("Jan Kowalski", ("+48 600 700 800",), ("jan@x.org",))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("TEL:1\n", [Unusable(1, "TEL stands outside of a card; begin each with BEGIN:VCARD")]),
        ("BEGIN:VCARD\nFN:x\nTEL\nEND:VCARD\n", [(1, "x", [3])]),
        ("BEGIN:VCARD\nFN:x\nBEGIN:VCARD\nFN:y\nEND:VCARD\n", [(1, "x", [1]), (3, "y", [])]),
        ("BEGIN:VCARD\nFN:x\n", [(1, "x", [1])]),
    ],
)
def test_what_can_be_read_of_a_broken_card_is_read_and_the_rest_told(text: str, found: list[object]) -> None:
    read = list(from_vcard(line.encode() for line in text.splitlines(keepends=True)))
    assert [
        each if isinstance(each, Unusable) else (each.line, each.name, [one.line for one in each.unusable])
        for each in read
    ] == found


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1))
def test_any_name_comes_back_from_a_card_whose_lines_are_short(name: str) -> None:
    lines = list(to_vcard([Listed(1, name)]))
    assert all(len(each.encode()) <= 76 for line in lines for each in line.split("\r\n"))
    whole = "".join(lines)
    assert [each.name for each in cards(whole)] == [name]


# -- vCard as phones, Outlook and Apple's address book write it -----------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        (["FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C5=81ukasz =C5=BB=C3=B3=C5=82w"], "Łukasz Żółw"),
        (["FN;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:=C5=81ukasz =C5=", "=BB=C3=B3=", "=C5=82w"], "Łukasz Żółw"),
        (["N;QUOTED-PRINTABLE;CHARSET=UTF-8:=C5=BB=C3=B3=C5=82w;=C5=81ukasz;;;"], "Łukasz Żółw"),
        (["N;CHARSET=WINDOWS-1250;ENCODING=QUOTED-PRINTABLE:=AF=F3=B3w;=A3ukasz"], "Łukasz Żółw"),
        (["FN;ENCODING=QUOTED-PRINTABLE:M=FCller"], "Müller"),
        (["N;ENCODING=QUOTED-PRINTABLE:Kowalski=3B jr;Jan"], "Jan Kowalski; jr"),
        (["fn;charset=iso-8859-2;encoding=quoted-printable:=A3ukasz"], "Łukasz"),
        (["FN;CHARSET=Shift_JIS;ENCODING=QUOTED-PRINTABLE:=8E=52=93=63"], "山田"),
        (["FN:", "N:Kowalski;Jan;;;"], "Jan Kowalski"),
        (["N:;;;;", "ORG:Firm;Sales"], "Firm"),
        (["PHOTO;JPEG;ENCODING=BASE64:", "/9j/4AAQSkZ", "/9j/4A==", "", "FN:Jan"], "Jan"),
        (["AGENT:", "BEGIN:VCARD", "FN:Anna", "TEL:1", "END:VCARD", "FN:Jan"], "Jan"),
        (['X-A;X-B=x\\"y\\" z:geo:1', "FN:Jan"], "Jan"),
        (["item1.FN:Jan", "item1.X-ABLabel:_$!<Home>!$_"], "Jan"),
    ],
)
def test_a_card_is_read_as_phones_and_outlook_write_it(lines: list[str], name: str) -> None:
    text = "\r\n".join(["BEGIN:VCARD", "VERSION:2.1", *lines, "TEL;CELL:", "TEL;CELL:600 700 800", "END:VCARD", ""])
    (found,) = cards(text)
    assert (found.name, found.phones) == (name, ("600 700 800",))


@pytest.mark.parametrize("said", [";CHARSET=Windows-1250", ""])
def test_a_card_in_a_code_page_is_read_by_what_it_says_or_the_countrys(said: str) -> None:
    text = f"BEGIN:VCARD\r\nN;LANGUAGE=pl{said}:Żółw;Łukasz\r\nEND:VCARD\r\n"
    assert cards(text.encode("cp1250"), "cp1250")[0].name == "Łukasz Żółw"
    assert cards(text, "cp1250")[0].name == "Łukasz Żółw"  # saved anew since, as UTF-8


def test_a_fold_inside_of_a_letter_is_none() -> None:
    name = "Łukasz".encode()
    assert cards(b"BEGIN:VCARD\r\nFN:" + name[:1] + b"\r\n " + name[1:] + b"\r\nEND:VCARD\r\n")[0].name == "Łukasz"


@given(st.binary(max_size=400))
def test_any_bytes_inside_of_a_card_leave_the_next_one_as_it_is(inside: bytes) -> None:
    text = (
        b"BEGIN:VCARD\n" + inside.replace(b"=", b"") + b"\nEND:VCARD\nBEGIN:VCARD\nFN:Jan\nTEL:600700800\nEND:VCARD\n"
    )
    found = list(from_vcard(text.split(b"\n")))
    assert ("Jan", ("600700800",)) in [(each.name, each.phones) for each in found if isinstance(each, Listed)]


# -- CSV as spreadsheets write it -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "name;phones\nKowalski, Jan;600\n",
        "sep=;\nname;phones\nKowalski, Jan;600\n",
        '"sep=|"\nname|phones\nKowalski, Jan|600\n',
        "name\tphones\nKowalski, Jan\t600\n",
        'name,phones,,,\n"Kowalski, Jan",600,,,\n',
        "\n;;\nName;Phone;;\nKowalski, Jan;600;;;;\n",
        'Last Name,First Name,Mobile Phone,Home Phone\n"Jan","Kowalski,",600,\n',
        'Name,Phone 1 - Value,E-mail 1 - Value\n"Kowalski, Jan",600,\n',
    ],
)
def test_a_csv_is_read_as_spreadsheets_write_it(text: str) -> None:
    (found,) = from_csv(text.splitlines(keepends=True))
    assert isinstance(found, Listed)
    assert (found.name, found.phones) == ("Kowalski, Jan", ("600",))


def test_columns_that_say_nothing_here_are_left_out_where_that_is_said() -> None:
    lines = ["name;shoe_size;phones\n", "Jan;42;600\n"]
    with pytest.raises(BadList, match="--ignore-columns"):
        list(from_csv(lines))
    assert list(from_csv(lines, other_columns=True)) == [Listed(2, "Jan", ("600",))]


def test_a_line_that_is_broken_takes_no_other_with_it() -> None:
    lines = ["name,phones\n", '"Jan,1\n', "Maria,2\n", "Kowalska, Anna,3\n", 'Piotr,"4"\n', f"{'x' * 200_000},5\n"]
    found = list(from_csv(lines))
    assert [each.line for each in found if isinstance(each, Unusable)] == [2, 4, 6]
    assert [each.name for each in found if isinstance(each, Listed)] == ["Maria", "Piotr"]


@pytest.mark.parametrize(
    "name",
    [
        *("=1+1", "+1", "-1", "@x", " =1", "Jan;=1", "Jan,=1", 'Jan"=1', "Jan\t=1", "＝1", "＋1", "Jan;@SUM(1)", "|=1"),
        *("'=1", "''=1", "Jan;'=1", "O'Brien", "a-b", "Jan; -x"),
    ],
)
def test_no_cell_begins_with_a_formula_however_a_spreadsheet_parts_it(name: str) -> None:
    evil = Listed(2, name, ("+48600700800",), ("=x@evil.org", "-y@evil.org"), (("telegram", "=jan"), ("-x", "y")))
    written = "".join(to_csv([evil]))
    for delimiter in ",;\t|":
        for row in csv.reader(io.StringIO(written), delimiter=delimiter):
            for cell in row:
                assert not re.match(r"[\s\"]*[=@＝＋－＠\-+](?!48600700800)", cell), cell
    assert list(from_csv(written.splitlines(keepends=True))) == [evil._replace(name=name.strip())]


def comes_back(customer: Listed) -> object:
    """What a CSV of this customer is read as."""
    (found,) = from_csv("".join(to_csv([customer])).splitlines(keepends=True))
    return found


@pytest.mark.parametrize(
    "handles",
    [
        (("t", "a;b"), ("t", "a\\;b\\"), ("x", "y")),
        (("t", "a:::b"), ("x", "::"), ("y", ":::::")),
        (("t;g", "x"), ("t\\g", "x\\"), ("t,g", "x")),
        (("t", "a;=b"), ("=", "'=x;'@y")),
    ],
)
def test_handle_with_separators_comes_back_as_one_handle(handles: tuple[tuple[str, str], ...]) -> None:
    customer = Listed(2, "Jan", ("+48600700800",), (), handles, "a;b\\")
    assert comes_back(customer) == customer
    (card,) = cards("".join(to_vcard([customer])))
    assert (card.handles, card.responsible) == (handles, "a;b\\")


def test_address_with_separators_comes_back_as_one_address() -> None:
    customer = Listed(2, "Jan", emails=("jan@x.org", "a:::b@x.org", "a\\b@x.org", "'=1@x.org"))
    assert comes_back(customer) == customer


@pytest.mark.parametrize("name", ["'", "''", "'+48", "''=1", "Jan ::: Maria", "Jan\\", "Jan\\;=1"])
def test_name_with_an_apostrophe_or_a_backslash_keeps_it(name: str) -> None:
    customer = Listed(2, name, crm=name)
    assert comes_back(customer) == customer


@pytest.mark.parametrize("header", ["x" * 140_000, '"' + "name" * 40_000])
def test_csv_header_longer_than_a_field_may_be_is_refused(header: str) -> None:
    with pytest.raises(BadList, match="field larger than field limit"):
        list(from_csv([f"{header}\n"]))


def test_message_about_a_foreign_header_stays_short() -> None:
    with pytest.raises(BadList) as caught:
        list(from_csv([",".join("x" * 1_000 for _ in range(1_000)) + "\n"]))
    assert len(str(caught.value)) < 1_000


@pytest.mark.parametrize(
    "text", ["\x1b[2J\x07:x\n", "BEGIN:VCARD\nFN;CHARSET=\x1b[2J:\xf3\n", f"BEGIN:VCARD\nFN;CHARSET={'x' * 9_000}:a\n"]
)
def test_message_about_a_card_is_one_short_printable_line(text: str) -> None:
    (found,) = from_vcard(line.encode("latin-1") for line in text.splitlines(keepends=True))
    problem = found if isinstance(found, Unusable) else found.unusable[0]
    assert problem.what.isprintable()
    assert len(problem.what) < 200
