"""Chats, mails and forms, from real clients of a real broker to operators' desks."""

import asyncio
import time

import aiomqtt
import pytest
from tests.lab.broker import Broker
from tests.lab.mqtt import Party, kept_at
from tests.lab.phones import Caller
from tests.live.brokers import one_for_each_test
from tests.live.configuration import NUMBER, configuration, group, source
from tests.live.conftest import OpenPhone, Serve
from tests.live.exchanges import exchange

pytestmark = pytest.mark.live

IDLE = "0.5s"
SALES = group("sales", "anna", "ben", offer_timeout=f'"{IDLE}"')
PLAIN = configuration(SALES) + source("site-chat") + source("mail") + source("form")
ALONE = configuration(group("sales", "anna", offer_timeout='"60s"')) + source("site-chat")

pbx = exchange({"anna-desk": "101", "ben": "102"})


broker = one_for_each_test()


# -- offered --------------------------------------------------------------------------------------------------------


async def test_a_chat_is_offered_accepted_and_closed(broker: Broker, anyone: Party, serving: Serve) -> None:
    await serving(PLAIN)
    answer = await anyone.submits(
        "chat-1", subject="Order 1187", text="Where is it?", customer={"name": "Jan", "handles": {"telegram": "@jan"}}
    )
    assert (answer["ok"], answer["state"]) == (True, "offered")
    desk = await anyone.sees_desk("anna", offers=["chat-1"])
    (offer,) = desk["offers"]
    assert (offer["subject"], offer["text"], offer["customer"]["handles"]) == (
        "Order 1187",
        "Where is it?",
        {"telegram": "@jan"},
    )
    assert offer["expires_at"] > offer["since"]

    assert await anyone.commands("anna", "accept", inquiry="chat-1") == {
        "ok": True,
        "type": "accept",
        "inquiry": "chat-1",
    }
    await anyone.sees_desk("anna", offers=[], inquiries=["chat-1"])
    assert (await anyone.commands("anna", "close", inquiry="chat-1"))["ok"]
    await anyone.sees_status("chat-1", state="closed", outcome="answered", operator="anna")
    await anyone.sees_cleared("inquiries/chat-1/status")
    assert "inquiries/chat-1/status" not in await kept_at(broker)


async def test_who_does_not_accept_in_time_loses_it_to_the_next(broker: Broker, anyone: Party, serving: Serve) -> None:
    await serving(configuration(group("sales", "anna", "ben", offer_timeout='"2s"')) + source("site-chat"))
    await anyone.submits("chat-1")

    await anyone.sees_desk("anna", offers=["chat-1"])
    await anyone.sees_desk("ben", offers=["chat-1"])
    await anyone.sees_desk("anna", offers=[], after=len(anyone.seen) - 5)

    assert ("inquiry.handed_off", "chat-1") in anyone.facts()
    late = await anyone.commands("anna", "accept", inquiry="chat-1")
    assert (late["ok"], late["error"]["code"], late["error"]["at"]) == (False, "not_offered_to_you", "inquiry")


async def test_who_declines_is_passed_over_at_once(broker: Broker, anyone: Party, serving: Serve) -> None:
    await serving(PLAIN)
    await anyone.submits("chat-1")
    assert (await anyone.commands("anna", "decline", inquiry="chat-1"))["ok"]

    await anyone.sees_desk("ben", offers=["chat-1"])


async def test_a_mail_and_a_form_are_assigned_at_once(broker: Broker, anyone: Party, serving: Serve) -> None:
    await serving(PLAIN)

    mail = await anyone.submits("<1>@mail.example".strip("<>").replace(">", ""), "mail", subject="Complaint")
    form = await anyone.submits("form-1", "form")

    assert (mail["state"], mail["operator"]) == ("active", "anna")
    assert form["state"] == "active"


async def test_of_four_chats_at_capacity_three_the_fourth_waits(broker: Broker, anyone: Party, serving: Serve) -> None:
    await serving(ALONE)
    for number in (1, 2, 3):
        await anyone.submits(f"chat-{number}")
        await anyone.commands("anna", "accept", inquiry=f"chat-{number}")

    fourth = await anyone.submits("chat-4")
    assert (fourth["state"], fourth["position"]) == ("waiting", 1)
    await anyone.commands("anna", "close", inquiry="chat-2")

    await anyone.sees_desk("anna", offers=["chat-4"], inquiries=["chat-1", "chat-3"])


# -- beside calls ---------------------------------------------------------------------------------------------------


async def test_during_a_call_no_chat_is_offered_and_at_its_end_it_is_at_once(
    broker: Broker, anyone: Party, phone: OpenPhone, caller: Caller, serving: Serve
) -> None:
    anna = await phone("anna-desk")
    await serving(ALONE)
    call = await caller.dials(NUMBER)
    (await anna.ringing()).answer()
    await call.answered()
    await anyone.sees("operators/anna/state", reasons=[BUSY, NO_CHAT])

    waiting = await anyone.submits("chat-1")
    assert waiting["state"] == "waiting"
    hung_up = time.monotonic()
    await call.hangs_up()
    await anyone.sees_desk("anna", offers=["chat-1"])

    offered = next(each for each in anyone.seen if each.topic.endswith("/desk") and b'"chat-1"' in each.payload)
    assert 0 < offered.at - hung_up < 2.0
    print(f"offered {1000 * (offered.at - hung_up):.1f} ms after the hangup")


BUSY = {"channel": "call", "reason": "busy"}
NO_CHAT = {"channel": "chat", "reason": "blocked_by_call"}


async def test_a_daemon_that_is_told_to_stop_answers_and_tells_of_all_that_it_took(
    broker: Broker, anyone: Party, serving: Serve
) -> None:
    running = await serving(ALONE)
    many = {f"chat-{number}" for number in range(200)}
    submitting = [
        asyncio.create_task(anyone.says("inquiries/submit", {"id": each, "source": "site-chat"})) for each in many
    ]
    await anyone.sees("events/inquiry.received")
    await running.stop()
    await asyncio.gather(*submitting)
    await running.start()

    for each in many:
        await anyone.sees(f"inquiries/{each}/status", ok=True)
        await anyone.sees("events/inquiry.received", subject=each)
    told = {(each.data["id"], each.data["subject"]) for each in anyone.seen if each.topic.endswith("inquiry.received")}
    assert len(told) == len(many)


# -- the customer's side --------------------------------------------------------------------------------------------


async def test_later_messages_reach_whoever_has_it_also_after_a_transfer(
    broker: Broker, anyone: Party, serving: Serve
) -> None:
    await serving(PLAIN)
    await anyone.submits("chat-1", text="Where is it?")
    assert (await anyone.tells("chat-1", "message", text="Hello?"))["ok"]
    await anyone.commands("anna", "accept", inquiry="chat-1")
    assert (await anyone.tells("chat-1", "message", text="Order 1187", id="m2"))["ok"]
    assert (await anyone.tells("chat-1", "message", text="Order 1187", id="m2"))["ok"]
    assert (await anyone.commands("anna", "transfer", inquiry="chat-1", to={"operator": "ben"}))["ok"]
    await anyone.tells("chat-1", "message", text="Still there?")

    def is_whole(texts: list[str]) -> bool:
        return texts == ["Hello?", "Order 1187", "Still there?"]

    desk = await anyone.until(
        lambda each: (
            each.topic == "huntgroup/operators/ben/desk"
            and bool(each.data["inquiries"])
            and is_whole([message["text"] for message in each.data["inquiries"][0].get("messages", [])])
        ),
        "the whole conversation at ben's",
    )
    assert desk.data["inquiries"][0]["text"] == "Where is it?"


async def test_a_customer_who_leaves_is_abandoned_and_nobody_is_offered_them(
    broker: Broker, anyone: Party, serving: Serve
) -> None:
    await serving(PLAIN)
    await anyone.submits("chat-1")
    assert (await anyone.tells("chat-1", "abandon"))["ok"]

    await anyone.sees_status("chat-1", state="closed", outcome="abandoned")
    await anyone.sees_desk("anna", offers=[], after=2)
    again = await anyone.tells("chat-1", "abandon")
    assert again["error"]["code"] == "unknown_inquiry"


async def test_a_channel_that_closes_an_active_chat_ends_it_as_answered(
    broker: Broker, anyone: Party, serving: Serve
) -> None:
    await serving(PLAIN)
    await anyone.submits("chat-1")
    await anyone.commands("anna", "accept", inquiry="chat-1")
    assert (await anyone.tells("chat-1", "close"))["ok"]

    await anyone.sees_status("chat-1", state="closed", outcome="answered")


async def test_submitting_again_changes_nothing_and_answers_with_its_state(
    broker: Broker, anyone: Party, serving: Serve
) -> None:
    running = await serving(ALONE)
    await anyone.submits("chat-1")
    await anyone.commands("anna", "accept", inquiry="chat-1")

    again = await anyone.submits("chat-1", text="other words")
    assert (again["state"], again["operator"]) == ("active", "anna")
    await anyone.commands("anna", "close", inquiry="chat-1")
    over = await anyone.submits("chat-1")
    assert (over["state"], over["outcome"]) == ("closed", "answered")

    await running.stop()
    await running.start()
    known = await anyone.submits("chat-1")
    assert (known["state"], known["outcome"], known["operator"]) == ("closed", "answered", "anna")
    assert anyone.facts("inquiry.received") == [("inquiry.received", "chat-1")]


async def test_an_older_client_submits_and_is_answered_at_the_inquirys_status(broker: Broker, serving: Serve) -> None:
    await serving(ALONE)
    async with Party(broker, version=aiomqtt.ProtocolVersion.V311) as old:
        await old.says("inquiries/submit", {"id": "chat-1", "source": "site-chat"})
        await old.sees_status("chat-1", ok=True, state="offered")
        await old.says("operators/anna/commands", {"type": "accept", "inquiry": "chat-1"})
        await old.sees("operators/anna/replies", ok=True, type="accept", inquiry="chat-1")
        await old.says("inquiries/chat-1/commands", {"type": "close"})
        await old.sees("inquiries/chat-1/replies", ok=True, type="close")
        await old.says("inquiries/submit", {"id": "chat-2", "source": "nowhere"})
        refused = await old.sees_status("chat-2", ok=False)

    assert refused["error"]["code"] == "unknown_source"


# -- operators ------------------------------------------------------------------------------------------------------


async def test_operators_log_in_and_out_pause_and_go_on_by_command(
    broker: Broker, anyone: Party, serving: Serve
) -> None:
    await serving(ALONE)
    assert (await anyone.commands("anna", "pause", reason="lunch"))["ok"]
    await anyone.sees("operators/anna/state", presence="paused", pause_reason="lunch")
    assert (await anyone.commands("anna", "resume_work"))["ok"]
    assert (await anyone.commands("anna", "logout"))["ok"]
    refused = await anyone.commands("anna", "pause")
    assert refused["error"]["code"] == "not_logged_in"
    await anyone.submits("chat-1")
    assert (await anyone.commands("anna", "login"))["ok"]
    await anyone.sees_desk("anna", offers=["chat-1"])


async def test_a_chat_set_aside_makes_room_and_is_resumed(broker: Broker, anyone: Party, serving: Serve) -> None:
    await serving(ALONE)
    await anyone.submits("chat-1")
    await anyone.commands("anna", "accept", inquiry="chat-1")
    assert (await anyone.commands("anna", "hold", inquiry="chat-1"))["ok"]
    await anyone.sees_status("chat-1", is_on_hold=True)
    desk = await anyone.sees_desk("anna", inquiries=["chat-1"], after=len(anyone.seen) - 6)
    assert desk["inquiries"][0]["state"] in {"held", "active"}
    assert (await anyone.commands("anna", "resume", inquiry="chat-1"))["ok"]


async def test_a_chat_handed_to_another_group_waits_there(broker: Broker, anyone: Party, serving: Serve) -> None:
    two = configuration(group("sales", "anna"), group("support", "ben")) + source("site-chat")
    await serving(two)
    await anyone.submits("chat-1")
    await anyone.commands("anna", "accept", inquiry="chat-1")
    assert (await anyone.commands("anna", "transfer", inquiry="chat-1", to={"group": "support"}))["ok"]

    await anyone.sees_desk("ben", offers=["chat-1"])
    wrong = await anyone.commands("anna", "transfer", inquiry="chat-1", to={})
    assert wrong["error"]["code"] == "not_yours"


async def test_only_a_supervisor_acts_for_a_colleague(broker: Broker, anyone: Party, serving: Serve) -> None:
    text = PLAIN.replace('id = "ben"\n', 'id = "ben"\nrole = "supervisor"\n', 1)
    await serving(text)

    refused = await anyone.commands("anna", "logout", operator="ben")
    assert (refused["error"]["code"], refused["error"]["at"]) == ("not_permitted", "operator")
    assert (await anyone.commands("ben", "logout", operator="anna"))["ok"]
    await anyone.sees("operators/anna/state", presence="logged_out")
    for user, code in (("anna", "not_permitted"), ("ben", "unknown_type")):
        answer = await anyone.asks(f"admin/{user}/commands", {"type": "change_group"})
        assert answer["error"]["code"] == code


async def test_nobody_is_answered_where_it_would_be_taken_for_a_command_or_a_state(
    broker: Broker, anyone: Party, serving: Serve
) -> None:
    await serving(ALONE)
    forged = "huntgroup/operators/ben/commands"
    own = "huntgroup/operators/anna/replies/tab-2"

    refused = await anyone.asks("operators/anna/commands", {"type": "login"}, answer_at=forged)
    assert refused["error"]["code"] == "bad_response_topic"
    assert (await anyone.asks("operators/anna/commands", {"type": "login"}, answer_at=own))["ok"]
    assert [each.topic for each in anyone.seen if each.topic == forged] == []


# -- what cannot be understood --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("topic", "payload", "code", "at"),
    [
        ("inquiries/submit", b"{", "not_json", ""),
        ("inquiries/submit", b"\xff\xfe", "not_json", ""),
        ("inquiries/submit", b'{"id":"chat-1"}', "missing", "source"),
        ("inquiries/submit", b'{"id":"a/b","source":"site-chat"}', "invalid", "id"),
        ("inquiries/submit", b'{"id":"call-main-1.2","source":"site-chat"}', "invalid", "id"),
        ("inquiries/submit", b'{"id":"message-call-main-1.2","source":"site-chat"}', "invalid", "id"),
        ("inquiries/submit", b'{"id":"c","source":"s","priority":"high"}', "invalid", "priority"),
        ("inquiries/submit", b'{"id":"c","source":"s","customer":{"mail":"x"}}', "unknown_key", "customer.mail"),
        ("inquiries/submit", b'{"id":"c","source":"s","text":"' + b"x" * 8001 + b'"}', "too_long", "text"),
        ("inquiries/submit", b'{"id":"c","source":"s","text":"' + b"x" * 70_000 + b'"}', "too_long", ""),
        ("inquiries/chat-1/commands", b'{"type":"explode"}', "unknown_type", "type"),
        ("inquiries/chat-1/commands", b'{"type":"message"}', "missing", "text"),
        ("operators/anna/commands", b'{"inquiry":"chat-1"}', "missing", "type"),
        ("operators/anna/commands", b'{"type":"accept"}', "missing", "inquiry"),
        ("operators/anna/commands", b"[]", "invalid", ""),
        ("operators/anna/commands", b"", "not_json", ""),
    ],
)
async def test_what_cannot_be_understood_is_answered_and_told(
    rude: Party, topic: str, payload: bytes, code: str, at: str
) -> None:
    before = len(rude.seen)
    answer = await rude.asks(topic, payload)

    assert (answer["error"]["code"], answer["error"]["at"]) == (code, at)
    told = await rude.sees("rejected", topic=f"huntgroup/{topic}", payload_bytes=len(payload), after=before)
    assert told["error"] == answer["error"]
    assert told["payload"] == payload.decode("utf-8", "replace")[:4096]


@pytest.fixture
async def rude(anyone: Party, serving: Serve) -> Party:
    """Somebody, when the daemon is there."""
    await serving(ALONE)
    return anyone


# -- restarts -------------------------------------------------------------------------------------------------------


async def test_what_an_earlier_life_left_at_the_broker_is_cleared(
    broker: Broker, anyone: Party, serving: Serve
) -> None:
    for topic in ("inquiries/gone/status", "operators/gone/state", "operators/gone/desk", "groups/gone/state"):
        await anyone.says(topic, {"id": "gone"}, retain=True)
    running = await serving(PLAIN)
    await anyone.submits("chat-1")
    running.kill()
    await anyone.sees("status", state="offline")
    await running.start()

    for topic in ("inquiries/gone/status", "operators/gone/state", "operators/gone/desk", "groups/gone/state"):
        await anyone.sees_cleared(topic)


async def test_a_source_that_gets_an_account_keeps_its_inquiries(broker: Broker, anyone: Party, serving: Serve) -> None:
    running = await serving(ALONE)
    for name in ("open-1", "over-1"):
        await anyone.submits(name)
    await anyone.tells("over-1", "abandon")
    await running.stop()
    running.config.write_text(running.config.read_text().replace("[[sources]]", '[[sources]]\naccount = "site"'))
    before = len(anyone.seen)
    await running.start()
    await anyone.sees("status", state="online", after=before)

    async with Party(broker, account="site") as site:
        assert (await site.sees_status("open-1"))["state"] == "offered"
        again = await site.submits("over-1")
        assert (again["id"], again["state"], again["outcome"]) == ("over-1", "closed", "abandoned")
        assert (await site.submits("open-1"))["state"] == "offered"
        refused = await anyone.submits("new-1")
        assert (refused["error"]["code"], refused["error"]["at"]) == ("not_permitted", "source")
        assert (await anyone.tells("open-1", "abandon"))["error"]["code"] == "unknown_inquiry"
        assert (await site.tells("open-1", "abandon"))["ok"]
    assert len(anyone.facts("inquiry.received")) == 2


async def test_what_happened_while_the_broker_was_away_is_right_when_it_is_back(broker: Broker, serving: Serve) -> None:
    running = await serving(ALONE)
    async with Party(broker) as before:
        await before.submits("chat-1")
        await before.commands("anna", "accept", inquiry="chat-1")
        await before.submits("chat-2")
    await broker.stop()
    await running.logs("broker.lost")
    await broker.start()
    await running.logs("broker.found", after=1)

    async with Party(broker) as after:
        await after.sees("status", state="online")
        await after.sees_desk("anna", inquiries=["chat-1"], offers=["chat-2"])
        assert (await after.commands("anna", "close", inquiry="chat-1"))["ok"]


async def test_what_is_sent_while_the_daemon_is_away_is_taken_when_it_is_back(
    broker: Broker, anyone: Party, serving: Serve
) -> None:
    running = await serving(ALONE)
    running.kill()
    await anyone.sees("status", state="offline")
    await anyone.says("inquiries/submit", {"id": "chat-1", "source": "site-chat"})
    await running.start()

    await anyone.sees_desk("anna", offers=["chat-1"])
