"""What is in a name, when it is none, and who may be the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huntgroup.customers.names import agree, is_name, named, words_of


@pytest.mark.parametrize(
    ("one", "other", "is_one"),
    [
        ("Jan Kowalski", "KOWALSKI, Jan", True),
        ("Jan", "Jan Kowalski", True),
        ("J. Kowalski", "Jan Kowalski", True),
        ("", "Jan Kowalski", True),
        ("Łukasz Żak", "lukasz zak", True),
        ("Jan Kowalski", "Maria Kowalska", False),
        ("Jan Kowalski", "Jan Nowak", False),
    ],
)
def test_names_agree_or_do_not(one: str, other: str, is_one: bool) -> None:
    assert agree(one, other) is agree(other, one) is is_one


@pytest.mark.parametrize(
    ("keyboard", "plain"),
    [
        ("Đorđe Petrović", "Dorde Petrovic"),
        ("Ayşe Işık", "Ayse Isik"),
        ("İlker", "Ilker"),
        ("Søren Ærø", "Soren Aero"),
        ("Søren Ærø", "Soeren Aeroe"),
        ("Åse", "Aase"),
        ("Groß", "Gross"),
        ("Müller", "Mueller"),
        ("Müller", "Muller"),
        ("Œuvrard", "Oeuvrard"),
        ("Þór Sigurðsson", "Thor Sigurdsson"),
        ("Ħal Għaxaq", "Hal Ghaxaq"),
        ("Ĳsbrand", "IJsbrand"),
        ("Әли Ёлкин", "Әли Елкин"),
        ("Əliyev", "Eliyev"),
        ("ﬁona", "Fiona"),
        ("Jan\u00a0Kowalski", "Jan Kowalski"),
        ("Jan\tKowalski", "Jan Kowalski"),
        ("Ko\u200bwalski", "Kowalski"),
        ("O’Brien", "OBrien"),
        ("Jean-Luc", "Jeanluc"),
        ("山田 太郎", "山田太郎"),
    ],
)
def test_a_name_agrees_with_itself_on_another_keyboard(keyboard: str, plain: str) -> None:
    assert agree(keyboard, plain)
    assert agree(plain, keyboard)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Xu Li", "Xue Li"), ("Kowalski Jan", "Nowak J."), ("Đorđe", "Petar"), ("Müller", "Möller"), ("山田", "佐藤")],
)
def test_other_people_stay_other_people(one: str, other: str) -> None:
    assert not agree(one, other)
    assert not agree(other, one)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "Unknown",
            "UNKNOWN CALLER",
            "Anonymous",
            "Guest",
            "Visitor 17",
            "visitor42",
            "Wireless Caller",
            "N/A",
            "n.a.",
        ),
        *("Private Number", "No Caller ID", "Out of Area", "null", "undefined", "Test", "asterisk", "Spam Likely"),
        *("Nieznany", "Numer prywatny", "Gość 3", "Użytkownik", "Klient", "unbekannt", "Anonym", "Besucher 2"),
        *("Inconnu", "Numéro privé", "Invité", "Desconocido", "Número oculto", "Sconosciuto", "Okänd", "Neznámý"),
        *("Неизвестный", "Аноним", "Гость", "匿名", "不明", "非通知", "ゲスト", "익명", "مجهول", "غير معروف"),
        *("V012345678901234", "+48600700800", "600 700 800", "jan@example.org", "<jan@example.org>", "---", "?", ""),
        "A" * 0,
    ],
)
def test_what_names_nobody_is_no_name(text: str) -> None:
    assert not is_name(text)
    assert words_of(text) == frozenset()
    assert agree(text, "Jan Kowalski")


@pytest.mark.parametrize("text", ["John Guest", "Jan", "Anna No", "李娜", "J", "Jan2", "Private Ryan", "Нина"])
def test_and_a_name_with_such_a_word_in_it_is_one(text: str) -> None:
    assert is_name(text)


@pytest.mark.parametrize(
    ("text", "number", "prefixes", "name"),
    [
        ("+48600333444", "+48600333444", (), ""),
        ("600 333 444", "+48600333444", (), ""),
        ("48600333444", "600333444", (), ""),
        ("(600) 333-444", "0048600333444", (), ""),
        ("Sales:+48600333444", "+48600333444", (), ""),
        ("[VIP] 600333444", "600333444", (), ""),
        ("Sales:+48600333444", "+48600333444", ("Sales:",), ""),
        ("Sales:", "+48600333444", ("Sales:",), ""),
        ("Sales:Jan", "+48600333444", ("Sales:",), "Jan"),
        ("Sales: VIP: Jan", "+48600333444", ("Sales:", "Sales: VIP:"), "Jan"),
        ("Sales:Jan", "+48600333444", (), "Sales:Jan"),
        ("VIPond Jan", "+48600333444", ("VIP ",), "VIPond Jan"),
        ("VIP Jan", "+48600333444", ("VIP ",), "Jan"),
        ("101", "101", (), ""),
        ("Sales:101", "101", (), ""),
        ("Jan 101", "101", (), "Jan 101"),
        ("600 333 445", "+48600333444", (), "600 333 445"),
        ("Jan", "", ("",), "Jan"),
        ("Jan\r\n\x1b[2J", "", (), "Jan [2J"),
    ],
)
def test_a_callers_number_and_a_label_are_no_name(text: str, number: str, prefixes: tuple[str, ...], name: str) -> None:
    assert named(text, number, "pl", prefixes) == name


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_two_texts_are_compared_and_both_ways_alike(one: str, other: str) -> None:
    assert agree(one, other) == agree(other, one)
    assert agree(one, one)
