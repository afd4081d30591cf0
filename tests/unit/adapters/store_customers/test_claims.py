"""What is typed proves nothing and takes nothing; who is who where several names come with one identity."""

import pytest
from tests.unit.adapters.store_customers.house import HERS, MINE, House

JAN, EVIL = "jan@shop.example", "evil@x.example"
MONTH = 30 * 86_400.0


def names_come_with(house: House, *names: str) -> None:
    """Calls from one number, each with another name."""
    for number, name in enumerate(names):
        house.comes(f"n{house.now}-{number}", phone=MINE, name=name)


# -- forms ----------------------------------------------------------------------------------------------------------


def test_two_web_forms_take_no_number_from_its_owner(house: House) -> None:
    house.talks("c1", "anna", name="Jan Kowalski")
    for number, name in enumerate(("Evil One", "Vile Two", "Bad Three", "Worse Four")):
        house.comes(f"f{number}", "form", MINE, f"{number}{EVIL}", name=name)
    known = house.comes("c2", phone=MINE)
    assert known is not None
    assert (known.name, known.responsible) == ("Jan Kowalski", "anna")


def test_nor_does_a_chat_that_types_it_or_a_mail(house: House) -> None:
    house.comes("c1", phone=MINE, name="Jan Kowalski")
    house.comes("t1", "chat", MINE, name="Evil One", telegram="evil")
    house.comes("m1", "mail", MINE, EVIL, name="Vile Two")
    assert house.comes("c2", phone=MINE) is not None


def test_nor_do_forms_take_an_address_from_who_writes_from_it(house: House) -> None:
    house.comes("m1", "mail", email=JAN, name="Jan Kowalski")
    house.comes("f1", "form", HERS, JAN, name="Evil One")
    house.comes("f2", "form", "600700802", JAN, name="Vile Two")
    assert house.comes("m2", "mail", email=JAN) is not None


def test_a_number_that_a_form_typed_first_is_theirs_who_calls_from_it(house: House) -> None:
    house.comes("f1", "form", MINE, EVIL, name="Evil One")
    assert house.comes("c1", phone=MINE, name="Jan Kowalski") is None
    known = house.comes("c2", phone=MINE)
    assert known is not None
    assert known.name == "Jan Kowalski"
    assert house.of("c1") == house.of("c2") != house.of("f1")
    assert [each["value"] for each in house.shown(email=EVIL)["identities"]] == [EVIL]


def test_nothing_of_a_number_that_was_taken_back_stays_with_who_typed_it(house: House) -> None:
    house.comes("m1", "mail", email=EVIL, name="Evil One")
    house.comes("f1", "form", MINE, EVIL, name="Evil One")
    house.comes("c1", phone=MINE, name="Jan Kowalski")
    assert MINE not in str(house.shown(email=EVIL))
    assert house.who(phone=MINE) == house.of("c1")


def test_a_caller_without_a_name_is_who_typed_the_number(house: House) -> None:
    house.comes("f1", "form", MINE, JAN, name="Jan Kowalski")
    known = house.comes("c1", phone=MINE)
    assert known is not None
    assert known.name == "Jan Kowalski"


def test_a_name_that_a_form_typed_gives_way_to_the_callers_own(house: House) -> None:
    house.talks("c1", "anna")
    house.comes("f1", "form", MINE, name="Evil One")
    for number in range(4):
        house.comes(f"d{number}", phone=MINE, name="Jan Kowalski")
    known = house.comes("c2", phone=MINE)
    assert known is not None
    assert (known.name, known.responsible) == ("Jan Kowalski", "anna")
    house.undoes(house.change("named"))
    assert house.shown(phone=MINE)["name"] == "Evil One"


def test_typed_addresses_leave_room_for_proven_ones(house: House) -> None:
    house.comes("m1", "mail", email=JAN, name="Jan Kowalski")
    for number in range(30):
        house.comes(f"f{number}", "form", email=JAN, name="Jan Kowalski", telegram=f"evil{number}")
    house.comes("t1", "chat", email=JAN, name="Jan Kowalski", telegram="jan")
    assert house.of("t1") == house.of("m1") == house.who(telegram="jan")


# -- names that are none --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "names",
    [
        ("Unknown", "Anonymous", "Private Number"),
        ("Wireless Caller", "WARSZAWA", "Cell Phone"),
        ("Guest", "Visitor 1", "Visitor 2"),
        ("N/A", "null", "V012345678901234"),
        ("Nieznany", "Неизвестный", "非通知"),
        ("+48600700800", "600 700 800", "jan@shop.example"),
    ],
)
def test_words_that_name_nobody_take_no_number_from_its_owner(house: House, names: tuple[str, ...]) -> None:
    house.comes("c1", phone=MINE, name="Jan Kowalski")
    names_come_with(house, *names)
    known = house.comes("c2", phone=MINE)
    assert known is not None
    assert known.name == "Jan Kowalski"


def test_and_nobody_is_called_by_them(house: House) -> None:
    house.comes("c1", phone=MINE, name="Wireless Caller")
    house.comes("c2", phone=MINE, name="Jan Kowalski")
    assert house.shown(phone=MINE)["name"] == "Jan Kowalski"


# -- shared, and whose it is all the same ------------------------------------------------------------------------------


def test_who_gives_the_owners_name_with_a_shared_number_is_the_owner(house: House) -> None:
    house.talks("c1", "anna", name="Jan Kowalski")
    names_come_with(house, "Maria Nowak", "Piotr Lis")
    assert house.comes("c2", phone=MINE) is None
    known = house.comes("c3", phone=MINE, name="KOWALSKI, J.")
    assert known is not None
    assert known.responsible == "anna"
    assert house.comes("c4", phone=MINE, name="Maria Nowak") is None
    assert house.comes("c5", phone=MINE, name="Unknown") is None


def test_by_a_shared_number_nothing_is_linked(house: House) -> None:
    house.comes("c1", phone=MINE, name="Jan Kowalski")
    names_come_with(house, "Maria Nowak", "Piotr Lis")
    house.comes("f1", "form", MINE, EVIL, name="Jan Kowalski")
    assert house.of("f1") == house.of("c1")
    assert house.who(email=EVIL) is None


def test_another_name_is_forgotten_after_half_a_year(house: House) -> None:
    house.comes("c1", phone=MINE, name="Jan Kowalski")
    names_come_with(house, "Maria Nowak")
    house.now += 7 * MONTH
    names_come_with(house, "Piotr Lis")
    assert house.comes("c2", phone=MINE) is not None


def test_a_number_is_no_longer_shared_once_no_other_name_came_for_long(house: House) -> None:
    house.comes("c1", phone=MINE, name="Jan Kowalski")
    names_come_with(house, "Maria Nowak", "Piotr Lis")
    house.now += 5 * MONTH
    assert house.comes("c2", phone=MINE) is None
    house.now += 2 * MONTH
    house.comes("c3", phone=MINE)
    known = house.comes("c4", phone=MINE)
    assert known is not None
    assert known.name == "Jan Kowalski"


def test_a_switchboard_in_use_stays_one(house: House) -> None:
    house.comes("c1", phone=MINE, name="Jan Kowalski")
    for _ in range(4):
        names_come_with(house, "Maria Nowak", "Piotr Lis")
        house.now += 4 * MONTH
    assert house.comes("c2", phone=MINE) is None


def test_a_name_that_became_the_owners_counts_against_nobody(house: House) -> None:
    house.comes("c1", phone=MINE, name="Jan Kowalski")
    names_come_with(house, "Janina Nowak")
    house.database.execute("UPDATE customer SET name = 'Janina Nowak'")  # as a person corrects it
    names_come_with(house, "Piotr Lis")
    assert house.comes("c2", phone=MINE) is not None


# -- what an earlier version wrote ------------------------------------------------------------------------------------


def test_an_address_that_was_stored_in_letters_is_found_by_any_form(house: House) -> None:
    house.comes("m1", "mail", email="jan@xn--w-uga1v8h.pl", name="Jan")
    house.database.execute("UPDATE identity SET value = 'jan@\u017c\u00f3\u0142w.pl'")
    for number, written in enumerate(
        ("jan@\u017c\u00f3\u0142w.pl", "jan@xn--w-uga1v8h.pl", "Jan <jan@\u017b\u00f3\u0142w.PL>")
    ):
        known = house.comes(f"m{2 + number}", "mail", email=written)
        assert known is not None
        assert known.name == "Jan"
    assert house.database.execute("SELECT count(*) FROM identity").fetchone() == (1,)


def test_a_number_that_stands_for_none_is_nobodys(house: House) -> None:
    for number in ("266696687", "7378742833", "123456789", "+48123456789", "0048266696687"):
        house.comes(f"c{number}", phone=number)
    assert house.database.execute("SELECT count(*) FROM customer").fetchone() == (0,)
