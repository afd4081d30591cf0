"""Who becomes responsible, what an inquiry creates, what is registered of it."""

from tests.unit.adapters.store_customers.house import MINE, House

from huntgroup.adapters.store import crm_outbox
from huntgroup.customers.words import Happened

MAIL = "jan@shop.example"


def responsible(house: House, inquiry: str) -> tuple[str | None, bool]:
    """Who is responsible for the customer of an inquiry, and whether only for the time being."""
    who = house.of(inquiry)
    assert who is not None
    return who.responsible, who.provisional is not None


# -- responsible ----------------------------------------------------------------------------------------------------


def test_who_first_talks_to_an_unknown_caller_is_responsible(house: House) -> None:
    house.comes("c1", phone=MINE)
    house.fact("accepted", "c1", "anna")
    assert responsible(house, "c1") == ("anna", False)
    assert house.kinds() == ["customer.responsible_changed"]


def test_and_stays_it_whoever_talks_to_them_later(house: House) -> None:
    house.talks("c1", "anna")
    house.talks("c2", "ben")
    assert responsible(house, "c2") == ("anna", False)


def test_who_is_given_a_mail_is_responsible_for_the_time_being_and_for_good_once_it_is_answered(house: House) -> None:
    house.comes("m1", "mail", email=MAIL)
    house.fact("accepted", "m1", "anna")
    assert responsible(house, "m1") == ("anna", True)
    house.fact("closed", "m1", "anna", outcome="answered")
    assert responsible(house, "m1") == ("anna", False)


def test_who_never_answered_it_is_responsible_for_nothing(house: House) -> None:
    house.comes("m1", "mail", email=MAIL)
    house.fact("accepted", "m1", "anna")
    house.fact("put_back", "m1", "anna")
    assert responsible(house, "m1") == (None, False)
    house.fact("accepted", "m1", "ben")
    house.fact("closed", "m1", "ben", outcome="unanswered")
    assert responsible(house, "m1") == (None, False)


def test_who_answers_a_callback_is_responsible_once_the_customer_is_reached(house: House) -> None:
    house.comes("c1", phone=MINE)
    house.fact("promised", "c1")
    house.fact("accepted", "c1", "anna")
    assert responsible(house, "c1") == (None, False)
    house.fact("reached", "c1", "anna")
    assert responsible(house, "c1") == ("anna", False)


def test_a_transfer_by_hand_moves_it(house: House) -> None:
    house.talks("c1", "anna")
    house.comes("c2", phone=MINE)
    house.fact("accepted", "c2", "anna")
    house.fact("moved", "c2", "ben")
    assert responsible(house, "c1") == ("ben", False)
    house.undoes(house.change("responsible"))
    assert responsible(house, "c1") == ("anna", False)


def test_nobody_is_responsible_for_who_cannot_be_known(house: House) -> None:
    house.comes("c1", phone="anonymous")
    house.fact("accepted", "c1", "anna")
    house.fact("moved", "c1", "ben")
    assert house.of("c1") is None
    assert house.kinds() == []


# -- leads ----------------------------------------------------------------------------------------------------------


def test_an_unknown_customers_call_creates_one_lead_with_who_answered(house: House) -> None:
    house.talks("c1", "anna", create="lead")
    house.talks("c2", "ben", create="lead")
    assert house.leads() == [("lead", "c1", "anna")]


def test_one_that_nobody_answered_creates_it_when_it_ends(house: House) -> None:
    house.comes("c1", phone=MINE, create="deal")
    assert house.leads() == []
    house.fact("closed", "c1", None, outcome="abandoned")
    assert house.leads() == [("deal", "c1", None)]
    assert [each.kind for each in house.told] == [Happened.LEAD_CREATED, Happened.CALL_REGISTERED]


def test_who_gives_no_number_creates_one_each_time(house: House) -> None:
    house.talks("c1", "anna", "anonymous", create="contact")
    house.talks("c2", "anna", "anonymous", create="contact")
    assert house.leads() == [("contact", "c1", "anna"), ("contact", "c2", "anna")]


def test_whom_the_crm_knows_is_no_lead_and_has_its_responsible(house: House) -> None:
    house.comes("c1", phone=MINE, create="lead", crm="contact/7", responsible="cleo")
    house.fact("closed", "c1", None, outcome="abandoned")
    assert house.leads() == []
    assert responsible(house, "c1") == ("cleo", False)


# -- registered -----------------------------------------------------------------------------------------------------


def test_a_call_is_registered_with_who_when_how_long_and_how_it_ended(house: House) -> None:
    house.comes("c1", phone=MINE)
    house.now += 10
    house.fact("accepted", "c1", "anna")
    house.now += 60
    house.fact("talked", "c1", "anna")
    house.now += 5
    (told,) = house.fact("closed", "c1", "anna", outcome="answered")
    assert (told.kind, told.inquiry, told.customer) == (Happened.CALL_REGISTERED, "c1", 1)
    assert {name: told.data[name] for name in ("operator", "waited", "talked", "outcome")} == {
        "operator": "anna",
        "waited": 11.0,
        "talked": 61.0,
        "outcome": "answered",
    }


def test_and_with_the_message_that_was_left(house: House) -> None:
    house.comes("c1", phone=MINE)
    house.fact("message_left", "c1", recording="/var/spool/x/msg0001")
    (told,) = house.fact("closed", "c1", None, outcome="voicemail")
    assert (told.data["recording"], told.data["talked"]) == ("/var/spool/x/msg0001", 0.0)


def test_whatever_a_crm_is_to_be_told_waits_in_the_outbox_with_it(house: House) -> None:
    house.talks("c1", "anna", create="lead")
    deeds = [each.deed for each in crm_outbox.everything(house.database)]
    assert deeds == ["customer.create", "call.register"]


def test_an_inquiry_that_is_told_of_twice_is_one(house: House) -> None:
    house.comes("c1", phone=MINE, create="lead")
    house.comes("c1", phone=MINE, create="lead")
    for _ in range(2):
        house.fact("closed", "c1", None, outcome="abandoned")
    assert house.leads() == [("lead", "c1", None)]
    assert house.kinds() == []


def test_a_fact_that_cannot_be_applied_holds_up_nobody(house: House) -> None:
    house.is_following = False
    house.fact("nonsense", "c0")
    house.fact("received", "c0", identities="x")
    house.talks("c1", "anna")
    house.follow()
    assert responsible(house, "c1") == ("anna", False)
    assert house.database.execute("SELECT count(*) FROM follow").fetchone() == (0,)
