"""Who is taken for whom, what is linked and merged by itself, and what is not."""

import pytest
from tests.unit.adapters.store_customers.house import HERS, MINE, House

JAN, MARIA = "jan@shop.example", "maria@shop.example"


def test_who_called_wrote_a_form_and_then_a_mail_is_one_customer(house: House) -> None:
    house.talks("c1", "anna")
    house.comes("f1", "form", "600 700 800", JAN, name="Jan")
    assert house.kinds() == ["customer.recognised", "customer.identity_linked"]

    at_the_edge = house.comes("m1", "mail", email="Jan@Shop.Example")

    assert at_the_edge is not None
    assert (at_the_edge.id, at_the_edge.name, at_the_edge.responsible) == (1, "Jan", "anna")
    assert [house.of(each) for each in ("f1", "m1")] == [house.of("c1")] * 2


def test_an_unknown_caller_is_somebody_new_and_known_the_next_time(house: House) -> None:
    assert house.comes("c1", phone=MINE, name="Jan") is None
    assert house.kinds() == ["customer.created"]
    known = house.comes("c2", phone="0048600700800")
    assert known is not None
    assert (known.name, known.by.value) == ("Jan", MINE)


@pytest.mark.parametrize("number", ["", "anonymous", "Restricted", "101", "+266696687", "000000000"])
def test_a_withheld_number_and_an_extension_are_nobodys(house: House, number: str) -> None:
    house.comes("c1", phone=number)
    house.comes("c2", phone=number)
    assert house.of("c1") is None
    assert house.database.execute("SELECT count(*) FROM customer").fetchone() == (0,)


def test_without_track_customer_nothing_is_linked(house: House) -> None:
    house.comes("c1", phone=MINE)
    house.comes("f1", "form", MINE, JAN, track=False)
    assert house.kinds() == ["customer.recognised"]
    assert house.who(email=JAN) is None


# -- merging --------------------------------------------------------------------------------------------------------


def two(house: House) -> None:
    """Somebody who calls, whose responsible is Anna, and somebody who writes, whose is Ben."""
    house.talks("c1", "anna", MINE)
    house.comes("m1", "mail", email=JAN, name="Jan")
    house.fact("accepted", "m1", "ben")
    house.fact("closed", "m1", "ben", outcome="answered")


def test_an_inquiry_of_both_makes_two_customers_one(house: House) -> None:
    two(house)
    at_the_edge = house.comes("f1", "form", MINE, JAN, name="Jan Kowalski")
    assert house.kinds() == ["customer.recognised", "customer.merged"]
    assert at_the_edge is not None
    one = house.who(phone=MINE)
    assert one == house.who(email=JAN) == house.of("m1") == house.of("f1")
    assert one is not None
    assert (one.id, one.name, one.responsible, at_the_edge.responsible) == (1, "Jan", "anna", "anna")


def test_a_merge_is_undone_to_what_was_and_does_not_happen_again(house: House) -> None:
    two(house)
    before = (house.who(phone=MINE), house.who(email=JAN))
    house.comes("f1", "form", MINE, JAN)

    house.undoes(house.change("merged"))

    assert (house.who(phone=MINE), house.who(email=JAN)) == before
    house.comes("f2", "form", MINE, JAN)
    assert house.kinds() == ["customer.recognised", "customer.merge_suggested"]


def test_what_was_changed_since_a_merge_stays_when_it_is_undone(house: House) -> None:
    two(house)
    house.comes("f1", "form", MINE, JAN)
    house.fact("moved", "f1", "cleo")
    house.undoes(house.change("merged"))
    one, other = house.who(phone=MINE), house.who(email=JAN)
    assert one is not None
    assert other is not None
    assert (one.responsible, other.responsible) == ("cleo", "ben")


def test_people_with_different_names_are_not_merged_by_what_anybody_may_type(house: House) -> None:
    house.comes("c1", phone=MINE, name="Jan Kowalski")
    house.comes("m1", "mail", email=MARIA, name="Maria Nowak")
    house.comes("f1", "form", MINE, MARIA, name="Jan Kowalski")
    assert "customer.merged" not in house.kinds()
    assert house.who(phone=MINE) != house.who(email=MARIA)


def test_who_gives_another_name_with_a_known_number_is_somebody_else(house: House) -> None:
    house.comes("c1", phone=MINE, name="Jan Kowalski")
    assert house.comes("f1", "form", MINE, MARIA, name="Maria Nowak") is None
    assert house.of("f1") == house.who(email=MARIA) != house.who(phone=MINE)


def test_three_customers_are_never_merged_by_themselves(house: House) -> None:
    house.comes("c1", phone=MINE)
    house.comes("m1", "mail", email=JAN)
    house.comes("t1", "chat", telegram="@jan")
    house.comes("f1", "form", MINE, JAN, telegram="jan")
    assert house.kinds() == ["customer.recognised", "customer.merge_suggested", "customer.merge_suggested"]


def test_a_switchboards_number_is_nobodys_once_many_names_came_with_it(house: House) -> None:
    house.comes("c1", phone=MINE, name="Jan Kowalski")
    house.comes("c2", phone=MINE, name="Maria Nowak")
    house.comes("c3", phone=MINE, name="Piotr Lis")
    assert "customer.identity_shared" in house.kinds()

    assert house.comes("c4", phone=MINE) is None
    assert house.of("c4") is None
    house.comes("f1", "form", MINE, "d@firm.example", name="Anna Lis")
    assert house.of("f1") == house.who(email="d@firm.example") != house.of("c1")

    house.undoes(house.change("shared"))
    assert house.comes("c5", phone=MINE) is not None


def test_initials_case_accents_and_order_make_no_other_name(house: House) -> None:
    house.comes("c1", phone=MINE, name="KOWALSKI Łukasz")
    house.comes("f1", "form", MINE, JAN, name="l. kowalski")
    assert house.who(email=JAN) == house.who(phone=MINE)


def test_a_link_that_was_undone_is_not_made_again(house: House) -> None:
    house.comes("c1", phone=MINE)
    house.comes("f1", "form", MINE, JAN)
    house.undoes(house.change("linked"))
    house.comes("f2", "form", MINE, JAN)
    assert house.who(email=JAN) is None


def test_nobody_can_hang_any_number_of_addresses_on_somebody_elses_number(house: House) -> None:
    house.comes("c1", phone=MINE)
    for number in range(30):
        house.comes(f"f{number}", "form", MINE, f"x{number}@evil.example")
    assert len(house.shown(phone=MINE)["identities"]) == 1 + 10


def test_what_a_channel_vouches_for_is_told_from_what_was_typed(house: House) -> None:
    house.comes("f1", "form", MINE, JAN)
    house.comes("c1", phone=MINE)
    proven = {each["kind"]: each["is_proven"] for each in house.shown(phone=MINE)["identities"]}
    assert proven == {"phone": True, "email": False}


def test_a_machine_that_writes_for_many_is_nobody(house: House) -> None:
    house.comes("m1", "mail", email="no-reply@shop.example")
    assert house.of("m1") is None


def test_two_handles_of_one_name_in_two_networks_are_two(house: House) -> None:
    house.comes("t1", "chat", telegram="@Jan")
    house.comes("t2", "chat", viber="jan")
    assert house.of("t1") != house.of("t2")
    house.comes("t3", "chat", telegram="jan")
    assert house.of("t3") == house.of("t1")


def test_two_people_who_call_at_once_are_two(house: House) -> None:
    house.is_following = False
    house.comes("c1", phone=MINE)
    house.comes("c2", phone=HERS)
    house.comes("c3", phone=MINE)
    house.follow()
    assert house.of("c1") == house.of("c3") != house.of("c2")


def test_a_number_in_the_place_of_a_name_is_no_name(house: House) -> None:
    house.comes("c1", phone=MINE, name="Jan")
    for number in range(4):
        house.comes(f"d{number}", phone=MINE, name=f"+4860070080{number}")
    known = house.comes("c2", phone=MINE)
    assert known is not None
    assert known.name == "Jan"
