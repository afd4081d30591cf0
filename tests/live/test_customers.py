"""Who is asking, on whatever channel: real calls, chats, mails and forms of customers who are known, or become it."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from typing import Any

import pytest
import pytest_asyncio
from tests.lab.mqtt import Party
from tests.lab.outgoing import OutgoingCall
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller
from tests.live.brokers import one_for_each_test
from tests.live.configuration import NUMBER, OUTWARD, configuration, group, source
from tests.live.conftest import PHONES, OpenPhone, Serve
from tests.live.known import JAN, MAIL, asks, happened, is_known

pytestmark = pytest.mark.live

MOBILE = "+48600100200"
SALES = group("sales", "anna", "ben", "cleo", rings="100")
FIRST = {"track_customer": "true", "responsible_first": "true", "create": '"lead"'}
NUMBERS = 'responsible_first = true\nresponsible_rings = 2\ncreate = "lead"\n'


def house(numbers: str = NUMBERS, telephony: str = 'country = "pl"', cleo: str = "") -> str:
    """Anna, Ben and Cleo, a number and a source for each channel, all with their customer's responsible first."""
    text = configuration(SALES, telephony=telephony, cleo=cleo) + numbers
    return text + "".join(source(each, **FIRST) for each in ("site-chat", "mail", "form"))


broker = one_for_each_test()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pbx() -> AsyncIterator[Pbx]:
    """An exchange of this module's own."""
    async with Pbx(PHONES) as pbx:
        yield pbx


async def calls(caller: Caller) -> OutgoingCall:
    """Jan calls, and his phone says no name."""
    return await caller.dials(NUMBER, number=JAN)


# -- the responsible first ------------------------------------------------------------------------------------------


async def test_a_known_customer_reaches_their_responsible_operator_by_phone(
    anyone: Party, phone: OpenPhone, caller: Caller, serving: Serve
) -> None:
    await phone("anna-desk")
    cleo = await phone("cleo")
    running = await serving(house())
    jan = await is_known(anyone)

    call = await calls(caller)
    (await cleo.ringing()).answer()
    await call.answered()

    told = await happened(anyone, "customer.recognised", customer=jan["id"])
    desk = await anyone.sees_desk("cleo", inquiries=[told["inquiry"]])
    who = desk["inquiries"][0]["customer"]
    assert (who["id"], who["name"], who["phone"]) == (jan["id"], "Jan Kowalski", JAN)
    assert (await running.logs("inquiry.decided", inquiry=told["inquiry"]))["verdicts"] == {"cleo": "chosen"}


@pytest.mark.parametrize(
    ("channel", "customer"),
    [("site-chat", {"handles": {"telegram": "jan"}}), ("mail", {"email": MAIL}), ("form", {"phone": "0048600700800"})],
)
async def test_and_by_chat_mail_and_form(anyone: Party, serving: Serve, channel: str, customer: dict[str, Any]) -> None:
    await serving(house())
    jan = await is_known(anyone)

    status = await anyone.submits("i-1", channel, customer=customer)

    assert (status["customer"]["id"], status["customer"]["name"]) == (jan["id"], "Jan Kowalski")
    is_offered = channel == "site-chat"
    await anyone.sees_desk("cleo", offers=["i-1"] if is_offered else [], inquiries=[] if is_offered else ["i-1"])


@pytest.mark.parametrize("name", [None, JAN, "600 700 800", "Sales:+48600700800", "Sales:Jan", "WIRELESS CALLER"])
async def test_forms_with_other_names_and_labels_of_the_pbx_leave_a_caller_who_they_are(
    anyone: Party, phone: OpenPhone, caller: Caller, serving: Serve, name: str | None
) -> None:
    cleo = await phone("cleo")
    await serving(house(telephony='country = "pl"\nname_prefixes = ["Sales:"]'))
    jan = await is_known(anyone)
    for number, other in enumerate(("Evil One", "Vile Two", "Bad Three")):
        typed = {"name": other, "phone": JAN, "email": f"{number}@evil.example"}
        assert "error" not in await anyone.submits(f"form-{number}", "form", customer=typed)

    call = await caller.dials(NUMBER, number=JAN, name=name)
    (await cleo.ringing()).answer()
    await call.answered()

    told = await happened(anyone, "customer.recognised", customer=jan["id"])
    desk = await anyone.sees_desk("cleo", inquiries=[told["inquiry"]])
    who = desk["inquiries"][0]["customer"]
    shown = {"name": "Jan", "known_as": "Jan Kowalski"} if name == "Sales:Jan" else {"name": "Jan Kowalski"}
    assert {key: who[key] for key in ("id", "name", "known_as") if key in who} == {"id": jan["id"], **shown}


async def test_a_responsible_operator_who_is_away_is_not_waited_for(
    anyone: Party, phone: OpenPhone, caller: Caller, serving: Serve
) -> None:
    anna = await phone("anna-desk")
    await phone("cleo")
    running = await serving(house())
    await is_known(anyone)
    assert (await anyone.commands("cleo", "pause", reason="lunch"))["ok"]

    await calls(caller)
    await anna.ringing()

    assert (await running.logs("inquiry.decided"))["verdicts"] == {"cleo": "paused"}
    assert (await running.logs("inquiry.decided", after=1))["verdicts"]["anna"] == "chosen"


# -- missed ---------------------------------------------------------------------------------------------------------


async def test_who_is_missed_by_their_responsible_comes_to_the_queue(
    anyone: Party, phone: OpenPhone, caller: Caller, serving: Serve
) -> None:
    anna, cleo = await phone("anna-desk"), await phone("cleo")
    await serving(house())
    await is_known(anyone)

    await calls(caller)
    await (await cleo.ringing()).cancelled()
    await anna.ringing()


async def test_or_to_their_mobile(pbx: Pbx, anyone: Party, phone: OpenPhone, caller: Caller, serving: Serve) -> None:
    cleo = await phone("cleo")
    numbers = NUMBERS + 'on_responsible_missed = { action = "mobile" }\n'
    await serving(house(numbers, telephony=OUTWARD, cleo=f'mobile = "{MOBILE}"'))
    await is_known(anyone)
    async with pbx.mobile() as mobile:
        mobile.answers()
        call = await calls(caller)
        await (await cleo.ringing()).cancelled()
        assert (await mobile.invited()).dialled == MOBILE
        await call.answered()
        await call.hangs_up()


async def test_or_to_their_mailbox(anyone: Party, phone: OpenPhone, caller: Caller, serving: Serve) -> None:
    cleo = await phone("cleo")
    running = await serving(house(NUMBERS + 'on_responsible_missed = { action = "voicemail" }\n'))
    await is_known(anyone)
    await calls(caller)
    await (await cleo.ringing()).cancelled()
    assert (await running.logs("inquiry.overflowed"))["detail"] == "to mailbox 103"


# -- who becomes responsible ----------------------------------------------------------------------------------------


async def test_who_first_talks_to_an_unknown_caller_becomes_responsible_and_their_lead_is_created_once(
    anyone: Party, phone: OpenPhone, caller: Caller, serving: Serve
) -> None:
    anna = await phone("anna-desk")
    ben = await phone("ben")
    running = await serving(house())
    anna.declines()
    ben.answers()
    call = await calls(caller)
    await call.answered()
    lead = await happened(anyone, "lead.created", kind="lead", responsible="ben")
    await call.hangs_up()
    registered = await happened(anyone, "call.registered", customer=lead["customer"], operator="ben")
    assert (registered["outcome"], registered["talked"] > 0) == ("answered", True)

    anna.answers()
    await running.knows_of("PJSIP/ben", "NOT_INUSE")
    again = await calls(caller)
    await again.answered()
    await again.hangs_up()
    told = await anyone.until(
        lambda each: each.topic.endswith("call.registered") and each.data["data"] != registered, "the second call"
    )
    assert (told.data["data"]["customer"], told.data["data"]["operator"]) == (lead["customer"], "ben")
    assert [kind for kind, _ in anyone.facts("lead.created", "customer.created")] == [
        "customer.created",
        "lead.created",
    ]


async def test_who_called_wrote_a_form_with_that_phone_and_then_a_mail_is_one_customer_of_one_operator(
    anyone: Party, phone: OpenPhone, caller: Caller, serving: Serve
) -> None:
    (await phone("anna-desk")).declines()
    (await phone("ben")).answers()
    await serving(house())
    call = await caller.dials(NUMBER, number="+48 600 700 800".replace(" ", ""))
    await call.answered()
    await happened(anyone, "customer.responsible_changed", operator="ben")
    await call.hangs_up()

    form = await anyone.submits("form-1", "form", customer={"phone": "+48 600 700 800", "email": "Jan@Shop.Example"})
    mail = await anyone.submits("mail-1", "mail", customer={"email": MAIL})

    assert (form["operator"], mail["operator"]) == ("ben", "ben")
    assert form["customer"]["id"] == mail["customer"]["id"]
    jan = (await asks(anyone, "look_up", customer={"email": MAIL}))["customer"]
    assert [each["kind"] for each in jan["identities"]] == ["email", "phone"]
    assert sorted(each["channel"] for each in jan["inquiries"]) == ["call", "form", "mail"]
    assert {each["operator"] for each in jan["inquiries"]} == {"ben"}


async def test_a_chat_that_is_handed_over_takes_its_customer_along(anyone: Party, serving: Serve) -> None:
    moves = {**FIRST, "transfer_changes_responsible": "true"}
    await serving(configuration(SALES, telephony='country = "pl"') + source("site-chat", **moves))
    jan = await is_known(anyone)
    await anyone.submits("chat-1", customer={"email": MAIL})
    assert (await anyone.commands("cleo", "accept", inquiry="chat-1"))["ok"]
    assert (await anyone.commands("cleo", "transfer", inquiry="chat-1", to={"operator": "ben"}))["ok"]

    await happened(anyone, "customer.responsible_changed", customer=jan["id"], operator="ben", was="cleo")
    await anyone.submits("chat-2", customer={"email": MAIL})
    await anyone.sees_desk("ben", offers=["chat-2"])


async def test_and_so_does_a_call(anyone: Party, phone: OpenPhone, caller: Caller, serving: Serve) -> None:
    ben, cleo = await phone("ben"), await phone("cleo")
    await serving(house(f"{NUMBERS}transfer_changes_responsible = true\n"))
    jan = await is_known(anyone)
    call = await calls(caller)
    (await cleo.ringing()).answer()
    await call.answered()
    inquiry = (await happened(anyone, "customer.recognised"))["inquiry"]
    await anyone.sees_desk("cleo", inquiries=[inquiry])

    assert (await anyone.commands("cleo", "transfer", inquiry=inquiry, to={"operator": "ben"}))["ok"]
    (await ben.ringing()).answer()

    await happened(anyone, "customer.responsible_changed", customer=jan["id"], operator="ben", was="cleo")


# -- asked and changed by hand --------------------------------------------------------------------------------------


async def test_two_customers_are_merged_and_the_merge_is_undone(anyone: Party, serving: Serve) -> None:
    await serving(house())
    jan = await is_known(anyone)
    other = (await asks(anyone, "create", customer={"phone": "600700801"}, responsible="ben"))["customer"]

    merged = await asks(anyone, "merge", customer={"id": jan["id"]}, other={"phone": "600700801"}, by="sofia")
    assert len(merged["customer"]["identities"]) == 4
    assert (await anyone.submits("form-1", "form", customer={"phone": "600700801"}))["operator"] == "cleo"

    assert (await asks(anyone, "undo", change=merged["change"]))["ok"]
    assert (await anyone.submits("form-2", "form", customer={"phone": "600700801"}))["operator"] == "ben"
    again = await asks(anyone, "undo", change=merged["change"])
    assert (again["ok"], again["error"]["code"], again["error"]["at"]) == (False, "already_undone", "change")
    assert (await asks(anyone, "look_up", customer={"phone": "600700801"}))["customer"]["id"] == other["id"]


async def test_who_is_erased_is_known_no_more_and_the_record_says_nothing_of_them(
    anyone: Party, phone: OpenPhone, caller: Caller, serving: Serve
) -> None:
    (await phone("cleo")).answers()
    running = await serving(house())
    jan = await is_known(anyone)
    call = await calls(caller)
    await call.answered()
    while_open = await asks(anyone, "erase", customer={"id": jan["id"]})
    assert while_open["error"]["code"] == "inquiry_open"
    await call.hangs_up()
    await happened(anyone, "call.registered", customer=jan["id"])

    erased = await asks(anyone, "erase", customer={"id": jan["id"]})

    assert (erased["ok"], erased["id"], erased["recordings"]) == (True, jan["id"], [])
    assert (await asks(anyone, "look_up", customer={"email": MAIL}))["error"]["code"] == "unknown_customer"
    assert (await asks(anyone, "look_up", customer={"id": jan["id"]}))["error"]["at"] == "customer.id"
    await calls(caller)
    new = await anyone.until(
        lambda each: each.topic.endswith("customer.created") and each.data["subject"] != jan["id"], "somebody new"
    )
    assert "responsible" not in new.data["data"]
    with closing(sqlite3.connect(running.store)) as store:
        rows = store.execute("SELECT more FROM record WHERE type = 'inquiry.received' ORDER BY sequence").fetchall()
    assert rows[0] == ('{"erased": true}',)


async def test_what_is_known_and_owed_outlives_a_kill(
    anyone: Party, phone: OpenPhone, caller: Caller, serving: Serve
) -> None:
    ben = await phone("ben")
    ben.answers()
    running = await serving(house())
    call = await calls(caller)
    await call.answered()
    lead = await happened(anyone, "lead.created", responsible="ben")

    running.kill()
    await call.hangs_up()
    await running.start()

    await happened(anyone, "call.registered", customer=lead["customer"])
    status = await anyone.submits("form-1", "form", customer={"phone": JAN})
    assert (status["customer"]["id"], status["operator"]) == (lead["customer"], "ben")
    assert [kind for kind, _ in anyone.facts("lead.created")] == ["lead.created"]
