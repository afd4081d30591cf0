"""Channels that are kept apart: each account submits, commands and sees its own inquiries, and learns of no other's."""

from typing import Any

import pytest
from tests.unit.adapters.mqtt.conftest import House, at
from tests.unit.engine.scenario import entrance, group, operator, policy

from huntgroup.adapters.mqtt.history import Closed
from huntgroup.engine.events import PolicyChanged
from huntgroup.engine.ids import GroupId, InquiryId, OperatorId, SourceId
from huntgroup.engine.policy import Channel, Mode, Policy, Role

CHAT = {"id": "1", "source": "site-chat", "customer": {"name": "Jan", "phone": "+48 600 700 800"}}
MAIL = {"id": "1", "source": "mail", "customer": {"email": "jan@shop.example"}}
ACCOUNTS = {"site-chat": "chat", "site-form": "chat", "mail": "post"}


def configured(accounts: dict[str, str] = ACCOUNTS) -> Policy:
    channels = {"site-chat": Channel.CHAT, "site-form": Channel.FORM, "mail": Channel.MAIL, "old": Channel.CHAT}
    entrances = [
        entrance(name, "sales", channel, account=accounts.get(name, ""), mode=Mode.OFFER)
        for name, channel in channels.items()
    ]
    people = [operator("anna", role=Role.ADMINISTRATOR)]
    return policy(group("sales", "anna", "ben"), operators=people, entrances=entrances)


def house() -> House:
    return House(configured())


def changes(here: House, accounts: dict[str, str]) -> None:
    """The accounts are these from now on."""
    new = configured(accounts)
    here.put(PolicyChanged(policy=new), here.now)
    here.board.follow(new)
    here.reception.follow(new)


def code_of(answers: list[Any]) -> str:
    (answer,) = answers
    code: str = answer.get("error", {}).get("code", "ok")
    return code


# -- submitting -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("topic", "source", "code", "words"),
    [
        ("inquiries/submit", "old", "ok", ""),
        ("inquiries/submit", "mail", "not_permitted", "huntgroup/sources/post/submit"),
        ("inquiries/submit", "nowhere", "unknown_source", "there is no source"),
        ("sources/chat/submit", "site-chat", "ok", ""),
        ("sources/chat/submit", "site-form", "ok", ""),
        ("sources/chat/submit", "mail", "unknown_source", "there is no source 'mail'"),
        ("sources/chat/submit", "nowhere", "unknown_source", "there is no source 'nowhere'"),
        ("sources/chat/submit", "old", "not_permitted", 'set `account = "chat"` in its [[sources]] table'),
        ("sources/post/submit", "mail", "ok", ""),
        ("sources/post/submit", "site-chat", "unknown_source", "there is no source"),
        ("sources/anna/submit", "mail", "unknown_source", "there is no source"),
    ],
)
async def test_an_account_submits_as_its_own_sources_only(topic: str, source: str, code: str, words: str) -> None:
    here = house()
    where = topic.replace("submit", "replies").replace("inquiries", "replies")
    published = await here.gets(topic, {"id": "1", "source": source}, response_topic=f"huntgroup/{where}")
    answers = at(where, published)

    assert code_of(answers) == code
    assert words in answers[0].get("error", {}).get("message", "")
    assert here.engine.world.received == (1 if code == "ok" else 0)


async def test_two_accounts_may_call_an_inquiry_the_same() -> None:
    here = house()
    first = await here.gets("sources/chat/submit", CHAT)
    second = await here.gets("sources/post/submit", MAIL)

    assert at("sources/chat/inquiries/1/status", first)[-1]["id"] == "1"
    assert at("sources/post/inquiries/1/status", second)[-1]["ok"]
    assert set(here.engine.world.inquiries) == {"1@chat", "1@post"}


async def test_an_account_cannot_take_ids_of_another_away() -> None:
    here = house()
    for name in ("1", "1@post", "1@chat"):
        await here.gets("sources/chat/submit", {**CHAT, "id": name})
    published = await here.gets("inquiries/submit", {"id": "1@post", "source": "old"})
    assert at("rejected", published)[0]["error"]["at"] == "id"

    published = await here.gets("sources/post/submit", MAIL)

    assert at("sources/post/inquiries/1/status", published)[-1]["channel"] == "mail"


async def test_a_submission_again_answers_with_the_accounts_own_state() -> None:
    here = house()
    await here.gets("sources/chat/submit", CHAT)
    (again,) = at("sources/chat/inquiries/1/status", await here.gets("sources/chat/submit", CHAT))
    assert (again["ok"], again["state"], "customer" in again) == (True, "offered", False)
    await here.gets("sources/chat/inquiries/1/commands", {"type": "abandon"})
    (over,) = at("sources/chat/inquiries/1/status", await here.gets("sources/chat/submit", CHAT))
    assert (over["id"], over["state"], over["outcome"]) == ("1", "closed", "abandoned")
    assert here.engine.world.received == 1


async def test_an_inquiry_of_last_month_is_known_by_its_account() -> None:
    here = house()
    ended = Closed("answered", GroupId("sales"), OperatorId("anna"))
    here.records.past[InquiryId("1@chat")] = ended
    (again,) = at("sources/chat/inquiries/1/status", await here.gets("sources/chat/submit", CHAT))
    assert (again["id"], again["state"], again["operator"]) == ("1", "closed", "anna")
    published = await here.gets("sources/post/submit", MAIL)
    assert at("sources/post/inquiries/1/status", published)[-1]["state"] == "offered"


@pytest.mark.parametrize(("came_by", "received"), [("site-chat", 0), ("old", 1), ("mail", 1), (None, 1)])
async def test_an_inquiry_from_before_the_account_is_not_begun_again(came_by: str | None, received: int) -> None:
    here = house()
    here.records.past[InquiryId("1")] = Closed("answered", GroupId("sales"), OperatorId("anna"))
    if came_by is not None:
        here.records.sources[InquiryId("1")] = SourceId(came_by)

    await here.gets("sources/chat/submit", CHAT)

    assert here.engine.world.received == received


async def test_an_id_of_a_call_is_refused_to_an_account() -> None:
    here = house()
    published = await here.gets("sources/chat/submit", {**CHAT, "id": "call-main-1.2"})
    assert code_of(at("sources/chat/replies", published)) == "invalid"


# -- commanding -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "topic",
    [
        "sources/chat/inquiries/1/commands",
        "sources/chat/inquiries/1@post/commands",
        "sources/chat/inquiries/9/commands",
        "sources/chat/inquiries/call-1/commands",
        "sources/anna/inquiries/1/commands",
        "inquiries/1/commands",
        "inquiries/1@post/commands",
        "inquiries/9/commands",
    ],
)
@pytest.mark.parametrize("kind", ["close", "abandon", "message"])
async def test_nobody_commands_the_mail_of_another_account(topic: str, kind: str) -> None:
    here = house()
    await here.gets("sources/post/submit", MAIL)
    name = topic.split("/")[-2]
    command = {"type": kind} | ({"text": "Hello"} if kind == "message" else {})

    published = await here.gets(topic, command)

    ((where, answer),) = published
    assert where == topic.replace("commands", "replies")
    message = f"there is no open inquiry {name}"
    assert answer["error"] == {"code": "unknown_inquiry", "message": message, "at": "inquiry"}
    assert here.acknowledged[-1] == topic
    assert "1@post" in here.engine.world.inquiries


async def test_an_account_commands_what_is_not_durable_yet() -> None:
    here = house()
    here.is_held = True
    await here.reception.take(
        [
            here.delivery("sources/chat/submit", CHAT),
            here.delivery("inquiries/1@chat/commands", {"type": "abandon"}),
            here.delivery("sources/chat/inquiries/1/commands", {"type": "message", "text": "Hello?"}),
        ]
    )
    here.becomes_durable()

    published = here.published()
    assert code_of(at("inquiries/1@chat/replies", published)) == "unknown_inquiry"
    assert at("sources/chat/inquiries/1/replies", published) == [{"ok": True, "type": "message", "inquiry": "1"}]


async def test_an_inquiry_from_before_the_account_goes_on_by_its_id() -> None:
    here = House(configured({}))
    await here.gets("inquiries/submit", CHAT)
    changes(here, ACCOUNTS)

    published = here.published()
    assert at("sources/chat/inquiries/1/status", published)[-1]["state"] == "offered"
    published = await here.gets("inquiries/1/commands", {"type": "close"})
    assert code_of(at("inquiries/1/replies", published)) == "unknown_inquiry"
    ((_, taken),) = await here.gets("inquiries/submit", {"id": "1", "source": "old"})
    assert (taken["error"]["code"], "customer" in taken) == ("id_taken", False)
    published = await here.gets("sources/chat/submit", CHAT)
    assert at("sources/chat/inquiries/1/status", published)[-1]["ok"]
    published = await here.gets("sources/chat/inquiries/1/commands", {"type": "abandon"})
    assert at("sources/chat/inquiries/1/replies", published)[0]["ok"]
    assert here.engine.world.received == 1


# -- seeing ---------------------------------------------------------------------------------------------------------


async def test_an_account_is_shown_nothing_of_a_customer_who_was_recognised() -> None:
    here = house()
    published = await here.gets("sources/chat/submit", CHAT)
    for seen in at("sources/chat/inquiries/1/status", published):
        assert set(seen) <= {"id", "state", "channel", "group", "position", "received_at", "ok"}
    assert at("inquiries/1@chat/status", published)[-1]["customer"]["phone"] == "+48 600 700 800"


async def test_the_end_is_told_to_the_account_and_to_supervisors() -> None:
    here = house()
    await here.gets("sources/chat/submit", CHAT)
    published = await here.gets("sources/chat/inquiries/1/commands", {"type": "abandon"})
    for topic in ("sources/chat/inquiries/1/status", "inquiries/1@chat/status"):
        closed, cleared = at(topic, published)
        assert (closed["state"], cleared) == ("closed", None)
    assert here.outbox.kept.keys() & {"huntgroup/sources/chat/inquiries/1/status"} == set()


async def test_a_chat_of_a_source_without_account_is_shown_to_no_account() -> None:
    here = house()
    await here.gets("inquiries/submit", {"id": "1", "source": "old"})
    assert [topic for topic in here.outbox.kept if topic.startswith("huntgroup/sources/")] == []


@pytest.mark.parametrize("after", ["post", ""])
async def test_a_source_with_a_new_account_is_hidden_from_the_old_one(after: str) -> None:
    here = house()
    await here.gets("sources/chat/submit", CHAT)
    changes(here, {**ACCOUNTS, "site-chat": after})

    published = here.published()
    assert at("sources/chat/inquiries/1/status", published)[-1] is None
    assert len(at("sources/post/inquiries/1@chat/status", published)) == (1 if after else 0)
    published = await here.gets("sources/chat/inquiries/1/commands", {"type": "close"})
    assert code_of(at("sources/chat/inquiries/1/replies", published)) == "unknown_inquiry"


async def test_a_source_that_is_taken_out_is_still_shown_after_a_restart() -> None:
    here = house()
    await here.gets("sources/chat/submit", CHAT)
    gone = policy(group("sales", "anna", "ben"))
    here.put(PolicyChanged(policy=gone), here.now)
    again = House(gone, at=here.now, engine=here.engine)
    assert "huntgroup/sources/chat/inquiries/1/status" in again.outbox.kept


def test_what_an_earlier_life_left_for_an_account_ends_in_its_own_words() -> None:
    here = house()
    topic = "sources/chat/inquiries/1/status"
    ended = {InquiryId("1@chat"): Closed("answered", GroupId("sales"), OperatorId("anna"))}
    assert here.topics.is_retained(f"huntgroup/{topic}")

    here.board.clear_leftover(f"huntgroup/{topic}", ended)

    closed, cleared = at(topic, here.published())
    assert (closed["id"], closed["outcome"], cleared) == ("1", "answered", None)


# -- answers --------------------------------------------------------------------------------------------------------

CLOSE = {"type": "close"}
LOGIN = {"type": "login"}
SHOW = {"type": "show"}
LOOK_UP = {"type": "look_up", "customer": {"id": "customer-1"}}
WRITERS: tuple[tuple[str, dict[str, Any], tuple[str, ...]], ...] = (
    ("sources/chat/submit", CHAT, ("sources/chat/replies", "sources/chat/replies/7")),
    ("sources/chat/inquiries/1/commands", CLOSE, ("sources/chat/replies", "sources/chat/replies/7")),
    ("operators/anna/commands", LOGIN, ("operators/anna/replies/7", "replies/anna", "replies/anna/7")),
    ("admin/anna/commands", SHOW, ("admin/anna/replies/7", "replies/anna", "replies/anna/7")),
    ("customers/commands", LOOK_UP, ("customers/replies/7", "replies/crm")),
    ("inquiries/submit", {"id": "1", "source": "old"}, ("replies/anybody", "else/where", "inquiries/1/status/7")),
    ("inquiries/1/commands", CLOSE, ("replies/anybody", "else/where", "inquiries/1/replies/7")),
)
PLACES = sorted(
    {each for *_, own in WRITERS for each in own}
    | {"sources/post/replies", "sources/post/submit", "sources/chat/repliesx", "sources/chat/inquiries/1/status"}
    | {"operators/ben/replies", "operators/ben/commands", "backlog_end", "status", "rejected", "events/inquiry.closed"}
)
"""Below the prefix, but those that begin with else/."""


@pytest.mark.parametrize(("topic", "payload", "own"), WRITERS, ids=[topic for topic, *_ in WRITERS])
@pytest.mark.parametrize("place", PLACES)
async def test_a_writer_is_answered_at_their_own_topics_only(
    topic: str, payload: dict[str, Any], own: tuple[str, ...], place: str
) -> None:
    here = house()
    wanted = place if place.startswith("else/") else f"huntgroup/{place}"
    is_own = place in own or (place.startswith("replies/") and topic.startswith(("customers", "inquiries")))

    published = await here.gets(topic, payload, response_topic=wanted)

    refused = [each for each in at("rejected", published) if each["error"]["code"] == "bad_response_topic"]
    assert (refused == []) is is_own
    answers = [each for where, each in published if where == place and each and "ok" in each]
    assert is_own or [each for each in answers if each["ok"]] == []
