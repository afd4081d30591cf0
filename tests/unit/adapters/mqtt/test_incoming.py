"""What is done with what others write: in order, once, durable before it is acknowledged, and never passed over."""

from pathlib import Path

import pytest
from tests.unit.adapters.mqtt.conftest import House, at
from tests.unit.engine.scenario import entrance, group, operator, policy

from huntgroup.adapters.mqtt.history import Closed
from huntgroup.engine.ids import GroupId, InquiryId, OperatorId
from huntgroup.engine.policy import Channel, Role
from huntgroup.errors import StoreError

CHAT = {"id": "chat-1", "source": "sales-chat"}
SUBMIT, STATUS = "inquiries/submit", "inquiries/chat-1/status"


def house(**options: object) -> House:
    return House(policy(group("sales", "anna", "ben", pickup=True, **options)))


async def test_nothing_is_acknowledged_or_answered_before_it_is_durable() -> None:
    here = house()
    here.is_held = True
    assert await here.gets(SUBMIT, CHAT) == []
    assert here.acknowledged == []

    here.becomes_durable()

    assert here.acknowledged == [SUBMIT]
    assert at(STATUS, here.published())[-1]["ok"] is True


async def test_the_same_inquiry_twice_in_one_go_is_one_inquiry() -> None:
    here = house()
    twice = [here.delivery(SUBMIT, CHAT), here.delivery(SUBMIT, {**CHAT, "text": "other words"})]
    await here.reception.take(twice)

    answers = [each for each in at(STATUS, here.published()) if each.get("ok")]
    assert [each["state"] for each in answers] == ["offered", "offered"]
    assert here.engine.world.received == 1


async def test_an_inquiry_that_ends_before_it_is_written_down_is_not_begun_again() -> None:
    here = house()
    here.is_held = True
    await here.gets(SUBMIT, CHAT)
    await here.gets("inquiries/chat-1/commands", {"type": "abandon"})
    await here.gets(SUBMIT, CHAT)
    here.becomes_durable()

    answers = [each for each in at(STATUS, here.published()) if each and each.get("ok")]
    assert [each["state"] for each in answers] == ["closed", "closed"]
    assert here.acknowledged.count(SUBMIT) == 2
    assert here.engine.world.received == 1


async def test_an_inquiry_of_last_month_is_not_opened_again() -> None:
    here = house()
    here.records.past[InquiryId("chat-1")] = Closed("answered", GroupId("sales"), OperatorId("anna"))

    (answer,) = at(STATUS, await here.gets(SUBMIT, CHAT))

    assert (answer["state"], answer["outcome"], answer["operator"]) == ("closed", "answered", "anna")
    assert here.engine.world.received == 0


async def test_what_closed_a_moment_ago_is_known_without_the_record() -> None:
    here = house()
    await here.gets(SUBMIT, CHAT)
    await here.gets("inquiries/chat-1/commands", {"type": "abandon"})
    looked = len(here.records.asked)

    (answer,) = at(STATUS, await here.gets(SUBMIT, CHAT))

    assert (answer["state"], answer["outcome"]) == ("closed", "abandoned")
    assert len(here.records.asked) == looked


async def test_many_new_inquiries_are_looked_up_in_one_go() -> None:
    here = house()
    await here.reception.take([here.delivery(SUBMIT, {**CHAT, "id": f"chat-{number}"}) for number in range(50)])

    assert len(here.records.asked) == 1
    assert here.engine.world.received == 50


def limited(most: int) -> House:
    """A house whose chats are limited."""
    chats = entrance("sales-chat", "sales", Channel.CHAT, max_inquiries=most)
    return House(policy(group("sales", "anna", "ben"), entrances=[chats]))


async def test_a_source_that_is_full_refuses_new_inquiries_and_knows_its_own() -> None:
    here = limited(2)
    for name in ("chat-1", "chat-2"):
        await here.gets(SUBMIT, {**CHAT, "id": name})
    refused = at("inquiries/chat-3/status", await here.gets(SUBMIT, {**CHAT, "id": "chat-3"}))
    assert [(each["error"]["code"], each["error"]["at"]) for each in refused] == [("source_full", "source")]
    assert [each["state"] for each in at(STATUS, await here.gets(SUBMIT, CHAT))] == ["offered"]

    await here.gets("inquiries/chat-1/commands", {"type": "abandon"})
    taken = at("inquiries/chat-3/status", await here.gets(SUBMIT, {**CHAT, "id": "chat-3"}))
    assert [each["ok"] for each in taken if "ok" in each] == [True]


async def test_what_is_not_durable_yet_counts_against_a_sources_limit() -> None:
    here = limited(10)
    here.is_held = True
    await here.reception.take([here.delivery(SUBMIT, {**CHAT, "id": f"chat-{number}"}) for number in range(30)])
    here.becomes_durable()
    assert here.engine.world.received == 10
    assert len(here.acknowledged) == 30


async def test_a_flood_at_a_full_source_asks_the_record_nothing() -> None:
    here = limited(1)
    await here.gets(SUBMIT, CHAT)
    looked = len(here.records.asked)
    for number in range(100):
        await here.gets(SUBMIT, {**CHAT, "id": f"flood-{number}"})
    assert len(here.records.asked) == looked


async def test_an_old_inquiry_is_not_opened_again_when_its_full_source_gets_room_meanwhile() -> None:
    here = limited(1)
    here.records.past[InquiryId("old")] = Closed("answered", GroupId("sales"), OperatorId("anna"))
    await here.gets(SUBMIT, CHAT)
    both = [
        here.delivery("inquiries/chat-1/commands", {"type": "abandon"}),
        here.delivery(SUBMIT, {**CHAT, "id": "old"}),
    ]
    await here.reception.take(both)
    assert here.engine.world.received == 1
    assert [each["error"]["code"] for each in at("inquiries/old/status", here.published())] == ["source_full"]


@pytest.mark.parametrize(
    ("trouble", "code"),
    [("is_full", "overloaded"), ("is_degraded", "store_unavailable"), ("error", "store_unavailable")],
)
async def test_what_cannot_be_taken_now_is_refused_for_now(trouble: str, code: str) -> None:
    here = house()
    if trouble == "error":
        here.records.error = StoreError(Path("huntgroup.db"), "disk I/O error")
    else:
        setattr(here, trouble, True)

    (answer,) = at(STATUS, await here.gets(SUBMIT, CHAT))

    assert answer["error"]["code"] == code
    assert here.acknowledged == [SUBMIT]
    assert here.engine.world.received == 0


async def test_an_open_inquiry_is_answered_whatever_the_trouble() -> None:
    here = house()
    await here.gets(SUBMIT, CHAT)
    here.is_full = here.is_degraded = True

    assert at(STATUS, await here.gets(SUBMIT, CHAT))[0]["state"] == "offered"


async def test_a_command_that_the_broker_kept_is_not_carried_out_at_each_start() -> None:
    here = house()
    published = await here.gets("operators/anna/commands", {"type": "logout"}, is_retained=True)

    assert at("rejected", published)[0]["error"]["code"] == "retained"
    assert here.acknowledged == ["operators/anna/commands"]
    assert here.engine.world.operators[OperatorId("anna")].presence == "available"


async def test_whoever_names_a_response_topic_is_answered_there_with_their_mark() -> None:
    here = house()
    mine = "huntgroup/operators/anna/replies/1"
    await here.reception.take(
        [here.delivery("operators/anna/commands", {"type": "login"}, response_topic=mine, correlation=b"7")]
    )

    letters = []
    while (letter := here.outbox.take()) is not None:
        letters.append((letter.topic, letter.correlation))
    assert letters == [(mine, b"7")]


@pytest.mark.parametrize(
    ("topic", "is_fine"),
    [
        ("anywhere/at/all", False),
        ("huntgroup/replies/screen-7", False),
        ("huntgroup/replies/anna", True),
        ("huntgroup/replies/anna/tab", True),
        ("huntgroup/replies/annabel", False),
        ("huntgroup/operators/anna/replies", True),
        ("huntgroup/operators/anna/replies/tab", True),
        ("huntgroup/operators/anna/repliesx", False),
        ("huntgroup/operators/ben/replies", False),
        ("huntgroup/replies/ben/tab", False),
        ("huntgroup/admin/anna/replies", False),
        ("huntgroup/operators/anna/desk", False),
        ("huntgroup/operators/ben/commands", False),
        ("huntgroup/status", False),
        ("huntgroup/events/inquiry.closed", False),
        ("a/+/b", False),
        ("#", False),
        ("$SYS/x", False),
        ("", False),
        ("x" * 2000, False),
    ],
)
async def test_an_answer_goes_only_where_it_can_be_taken_for_nothing_else(topic: str, is_fine: bool) -> None:
    here = house()
    published = await here.gets("operators/anna/commands", {"type": "login"}, response_topic=topic)

    if is_fine:
        assert [payload["ok"] for _, payload in published] == [True]
    else:
        assert at("operators/anna/replies", published)[0]["error"]["code"] == "bad_response_topic"
        assert at("rejected", published) != []


async def test_a_supervisor_acts_for_a_colleague_and_an_operator_does_not() -> None:
    people = [operator("anna"), operator("ben", role=Role.SUPERVISOR)]
    here = House(policy(group("sales", "anna", "ben", supervisors=(OperatorId("ben"),)), operators=people))

    refused = await here.gets("operators/anna/commands", {"type": "logout", "operator": "ben"})
    assert at("operators/anna/replies", refused)[0]["error"]["code"] == "not_permitted"
    done = await here.gets("operators/ben/commands", {"type": "logout", "operator": "anna"})
    assert at("operators/ben/replies", done)[0]["ok"]
    assert at("operators/anna/state", done)[0]["presence"] == "logged_out"


async def test_a_colleagues_offer_is_picked_up() -> None:
    here = house()
    await here.gets(SUBMIT, CHAT)
    published = await here.gets("operators/ben/commands", {"type": "pickup"})

    assert at("operators/ben/replies", published)[0]["ok"]
    assert [each["inquiry"] for each in at("operators/ben/desk", published)[-1]["inquiries"]] == ["chat-1"]
    assert at("events/inquiry.missed", published) == []


async def test_no_channel_touches_a_call() -> None:
    here = house()
    published = await here.gets(SUBMIT, {**CHAT, "id": "call-main-1.2"})
    assert at("rejected", published)[0]["error"]["at"] == "id"


async def test_who_speaks_of_nobody_is_told_so() -> None:
    here = house()
    answers = await here.gets("operators/zoe/commands", {"type": "login"})
    assert at("operators/zoe/replies", answers)[0]["error"]["code"] == "unknown_operator"
    answers = await here.gets("inquiries/chat-9/commands", {"type": "abandon"})
    assert at("inquiries/chat-9/replies", answers)[0]["error"]["code"] == "unknown_inquiry"


async def test_a_transfer_to_nobody_says_that_the_target_is_wrong_and_not_who_asks() -> None:
    here = house()
    await here.gets(SUBMIT, CHAT)
    await here.gets("operators/anna/commands", {"type": "accept", "inquiry": "chat-1"})

    for who, at_place in (("anna", "to.operator"), ("nobody", "operator")):
        command = {"type": "transfer", "inquiry": "chat-1", "to": {"operator": "zed"}}
        answers = await here.gets(f"operators/{who}/commands", command)
        error = at(f"operators/{who}/replies", answers)[-1]["error"]
        assert (error["code"], error["at"]) == ("unknown_operator", at_place)


async def test_what_a_channel_tells_of_a_customer_is_one_line_of_plain_text() -> None:
    here = house()
    customer = {"name": "Jan\r\n\x1b]0;x\x07\u202eKowalski\x9b", "handles": {"tele\ngram": "ja\u2066n"}}
    await here.gets(SUBMIT, {**CHAT, "customer": customer})
    told = here.engine.world.inquiries[InquiryId("chat-1")].customer
    assert told.name == "Jan ]0;xKowalski"
    assert told.handles == (("tele gram", "jan"),)
