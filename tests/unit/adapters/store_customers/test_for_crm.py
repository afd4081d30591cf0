"""What a CRM is to be told of customers: what creates them first, once each, and with what it calls them."""

import json
import math
from typing import Any

from tests.unit.adapters.store_customers.house import HERS, MINE, House, known_by

from huntgroup.adapters.store import crm_outbox
from huntgroup.adapters.store.customers import desk
from huntgroup.adapters.store.customers.book import Change, existing
from huntgroup.adapters.store.customers.erasing import erase
from huntgroup.adapters.store.customers.for_crm import ForCrm
from huntgroup.customers.words import Happened, Happening


def owed(house: House) -> list[dict[str, Any]]:
    """What waits, as it is kept."""
    return [json.loads(each.body) for each in crm_outbox.everything(house.database)]


def kinds(house: House) -> list[str]:
    return [each["type"] for each in owed(house)]


def told(house: House, reference: str = "") -> list[str]:
    """The CRM is told what is due, and says what it calls whoever is created; which deeds those were."""
    rows = crm_outbox.take(house.database, "http", house.now + 10, 10, 60)
    for row in rows:
        crm_outbox.finish(house.database, row, reference if row.deed == "customer.create" else "", house.now)
    return [f"{row.deed} {json.loads(row.body)['inquiry']}" for row in rows]


def test_who_is_created_there_is_created_with_their_responsible_and_that_is_told_once(house: House) -> None:
    house.talks("c1", "anna", create="lead", name="Jan")

    create, call = owed(house)
    assert (create["type"], create["operator"], create["name"]) == ("customer.create", "anna", "Jan")
    assert create["identities"] == [{"kind": "phone", "value": MINE}]
    assert (call["type"], call["number"], call["direction"]) == ("call.register", MINE, "in")


def test_where_nothing_is_created_the_responsible_is_told(house: House) -> None:
    house.talks("c1", "anna")

    assert kinds(house) == ["customer.responsible", "call.register"]


def test_a_call_is_registered_with_its_own_number_though_the_customer_has_several(house: House) -> None:
    house.talks("c1", "anna", phone=HERS)
    who = house.who(phone=HERS)
    assert who is not None
    desk.link(house.database, who, known_by(phone=MINE), house.by_hand())
    house.talks("c2", "anna", phone=HERS)

    assert [each["number"] for each in owed(house) if each["type"] == "call.register"] == [HERS, HERS]


def test_a_call_back_says_that_it_was_one(house: House) -> None:
    house.comes("c1", phone=MINE)
    house.fact("promised", "c1")
    house.fact("accepted", "c1", "anna")
    house.fact("reached", "c1", "anna")
    house.fact("closed", "c1", "anna", outcome="answered")

    assert [each["direction"] for each in owed(house) if each["type"] == "call.register"] == ["callback"]


def test_a_call_of_nobody_who_can_be_known_is_registered(house: House) -> None:
    house.comes("c1", phone="")
    house.fact("closed", "c1", None, outcome="abandoned")

    (call,) = owed(house)
    assert (call["customer"], call["number"], call["outcome"]) == ("", "", "abandoned")


def test_whom_the_crm_knew_is_not_created_there_and_referred_to_by_its_name(house: House) -> None:
    house.talks("c1", "anna", create="lead", crm="c-900", responsible="cleo")

    assert kinds(house) == ["call.register"]
    who = house.who(phone=MINE)
    assert who is not None
    assert (who.responsible, who.crm) == ("cleo", "c-900")
    assert crm_outbox.reference_of(house.database, "http", f"customer-{who.id}") == "c-900"


def test_what_the_crm_calls_a_lead_is_shown_of_the_customer(house: House) -> None:
    house.talks("c1", "anna", create="lead")
    assert told(house, "c-1") == ["customer.create c1"]

    assert house.shown(phone=MINE)["crm"] == "c-1"
    assert told(house) == ["call.register c1"]


def test_two_who_were_created_there_because_nobody_knew_better_can_still_be_one(house: House) -> None:
    house.talks("c1", "anna", create="lead")
    told(house, "c-1")
    house.comes("m1", "mail", email="jan@shop.example", create="lead")
    house.fact("closed", "m1", "anna", outcome="answered")
    told(house, "c-2")

    house.comes("f1", "form", phone=MINE, email="jan@shop.example")

    assert "customer.merged" in house.kinds()
    assert house.shown(phone=MINE)["crm"] == "c-1"


def test_but_whom_the_crm_knows_as_two_are_two(house: House) -> None:
    house.talks("c1", "anna", crm="c-1")
    house.comes("m1", "mail", email="jan@shop.example", crm="c-2")

    house.comes("f1", "form", phone=MINE, email="jan@shop.example")

    assert "customer.merge_suggested" in house.kinds()


def test_what_waits_for_two_who_are_one_is_told_in_order_under_one_name_and_apart_once_that_is_undone(
    house: House,
) -> None:
    house.talks("c1", "anna", create="lead")
    house.talks("c2", "anna", phone=HERS, create="lead")
    mine, hers = house.who(phone=MINE), house.who(phone=HERS)
    assert mine is not None
    assert hers is not None
    desk.join(house.database, mine, hers, house.by_hand())

    assert told(house, "c-1") == ["customer.create c1"]
    assert told(house) == ["call.register c1"]
    assert told(house, "c-2") == ["customer.create c2"]
    assert house.shown(phone=HERS)["crm"] == "c-1"

    house.undoes(house.change("merged"))
    assert (house.shown(phone=MINE)["crm"], house.shown(phone=HERS)["crm"]) == ("c-1", "c-2")
    assert [each.customer for each in crm_outbox.everything(house.database)] == [f"customer-{hers.id}"]


def test_the_other_takes_its_name_there_along_when_a_merge_is_undone(house: House) -> None:
    house.talks("c1", "anna")
    house.talks("c2", "anna", phone=HERS, create="lead")
    mine, hers = house.who(phone=MINE), house.who(phone=HERS)
    assert mine is not None
    assert hers is not None
    desk.join(house.database, mine, hers, house.by_hand())
    while told(house, "c-2"):
        assert True
    assert house.shown(phone=MINE)["crm"] == "c-2"

    house.undoes(house.change("merged"))

    assert (house.shown(phone=MINE)["crm"], house.shown(phone=HERS)["crm"]) == (None, "c-2")


def test_nothing_waits_of_who_was_erased(house: House) -> None:
    house.talks("c1", "anna", create="lead")
    who = house.who(phone=MINE)
    assert who is not None

    erase(house.database, existing(house.database, who.id), Change(house.now, "me"))

    assert owed(house) == []


def test_one_that_cannot_be_told_holds_up_nobody(house: House) -> None:
    lies = Happening(
        kind=Happened.CALL_REGISTERED, at=house.now, customer=0, inquiry="c1", data={"waited": math.nan, "source": "s"}
    )

    ForCrm("http")(house.database, [lies])

    assert owed(house) == []
