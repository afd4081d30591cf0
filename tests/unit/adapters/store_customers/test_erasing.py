"""Who is erased: what goes, what stays."""

import json

import pytest
from tests.unit.adapters.store_customers.house import MINE, House

from huntgroup.adapters.store.customers import erasing
from huntgroup.customers.words import CustomersError

MAIL = "jan@shop.example"


def erases(house: House, phone: str = MINE) -> dict[str, object]:
    who = house.who(phone=phone)
    assert who is not None
    return erasing.erase(house.database, who, house.by_hand())[0]


def test_names_numbers_and_addresses_go_and_what_counts_and_lasts_stays(house: House) -> None:
    house.talks("c1", "anna", create="lead")
    house.comes("f1", "form", MINE, MAIL, name="Jan Kowalski")
    house.fact("accepted", "f1", "anna")
    house.fact("closed", "f1", "anna", outcome="answered")
    counted = "SELECT inquiry, channel, received_at, accepted_at, operator, ended_at, outcome FROM activity"
    before = house.database.execute(counted).fetchall()

    erases(house)

    assert house.database.execute(counted).fetchall() == before
    for table in ("customer", "identity", "stranger", "apart", "trail", "activity", "lead", "crm_outbox", "follow"):
        left = json.dumps(house.database.execute(f"SELECT * FROM {table}").fetchall())
        assert not [each for each in (MINE, MAIL, "Kowalski") if each in left], table


def test_who_comes_again_is_somebody_new(house: House) -> None:
    house.talks("c1", "anna")
    erases(house)
    assert house.comes("c2", phone=MINE) is None
    who = house.of("c2")
    assert who is not None
    assert (who.id, who.responsible) == (2, None)


def test_everybody_who_was_merged_into_them_goes_too(house: House) -> None:
    house.talks("c1", "anna")
    house.comes("m1", "mail", email=MAIL)
    house.fact("closed", "m1", None, outcome="unanswered")
    house.comes("f1", "form", MINE, MAIL)
    house.fact("closed", "f1", None, outcome="unanswered")
    erases(house)
    assert [house.of(each) for each in ("c1", "m1", "f1")] == [None] * 3
    with pytest.raises(CustomersError, match="cannot be undone"):
        house.undoes(house.change("responsible"))


def test_not_while_an_inquiry_of_theirs_is_open(house: House) -> None:
    house.comes("c1", phone=MINE)
    with pytest.raises(CustomersError, match="c1") as caught:
        erases(house)
    assert caught.value.why == "inquiry_open"


def test_the_messages_that_they_left_at_the_pbx_are_named(house: House) -> None:
    house.comes("c1", phone=MINE)
    house.fact("message_left", "c1", recording="/spool/msg0001")
    house.fact("closed", "c1", None, outcome="voicemail")
    assert erases(house) == {"id": "customer-1", "recordings": ["/spool/msg0001"]}
