"""Every option of chats, mails and forms that no other test here shows; docs/options.md says which test shows which.

Who is offered what is read off the operators' desks, at a real broker.
"""

import signal
from typing import Any

import pytest
from tests.lab.mqtt import Party
from tests.live.brokers import one_for_each_test
from tests.live.configuration import configuration, group, source
from tests.live.conftest import Serve
from tests.live.exchanges import exchange
from tests.live.known import JAN, MAIL, asks, happened, is_known, responsible

pytestmark = pytest.mark.live

pbx = exchange()
broker = one_for_each_test()

CLOSED = '{ timezone = "UTC" }'
EVERYBODY = ("anna", "ben", "cleo")
TWO_OF_EACH = "capacity = { chat = 2, mail = 2, form = 2 }"
CHANNELS = ("mail", "form")


def house(
    name: str = "site-chat", about_group: dict[str, str] | None = None, anna: str = "", **about_source: str
) -> str:
    """Anna, Ben and Cleo, and one source; *anna* is more of her, the rest TOML values as text."""
    sales = group("sales", *EVERYBODY, **(about_group or {}))
    return configuration(sales, telephony='country = "pl"', anna=anna) + source(name, **about_source)


def distributed(distribution: str) -> dict[str, str]:
    """Of a group."""
    return {"distribution": f'"{distribution}"'}


async def chats(anyone: Party, name: str, operator: str) -> None:
    """A chat comes in, and this operator is offered it."""
    after = len(anyone.seen)
    assert (await anyone.submits(name))["state"] == "offered"
    await anyone.sees_desk(operator, offers=[name], after=after)


async def talks(anyone: Party, name: str, operator: str) -> None:
    """The same, and they accept it."""
    await chats(anyone, name, operator)
    assert (await anyone.commands(operator, "accept", inquiry=name))["ok"]


async def given(anyone: Party, channel: str, count: int) -> list[str | None]:
    """Whose so many mails or forms are at once."""
    return [(await anyone.submits(f"{channel}-{number}", channel)).get("operator") for number in range(count)]


async def goes(anyone: Party, operator: str, how: str) -> None:
    """An operator goes away: by ``logout`` or ``pause``."""
    assert (await anyone.commands(operator, how))["ok"]


# -- how a chat is distributed ----------------------------------------------------------------------------------------


async def test_in_order_every_chat_begins_at_the_top_of_the_list(anyone: Party, serving: Serve) -> None:
    await serving(house(about_group=distributed("in_order"), anna=TWO_OF_EACH))
    await talks(anyone, "chat-1", "anna")
    await talks(anyone, "chat-2", "anna")
    await talks(anyone, "chat-3", "ben")


async def test_evenly_a_chat_is_offered_to_who_has_least_to_do(anyone: Party, serving: Serve) -> None:
    await serving(house(about_group=distributed("evenly")))
    await talks(anyone, "chat-1", "anna")
    await talks(anyone, "chat-2", "ben")
    await talks(anyone, "chat-3", "cleo")
    assert (await anyone.commands("cleo", "close", inquiry="chat-3"))["ok"]
    await talks(anyone, "chat-4", "cleo")


async def test_in_turn_a_chat_is_offered_to_the_next_in_the_list(anyone: Party, serving: Serve) -> None:
    await serving(house(about_group=distributed("in_turn")))
    for number, operator in enumerate((*EVERYBODY, "anna")):
        await talks(anyone, f"chat-{number}", operator)
        assert (await anyone.commands(operator, "close", inquiry=f"chat-{number}"))["ok"]


async def test_all_at_once_a_chat_is_offered_to_everybody_and_theirs_who_accepts_first(
    anyone: Party, serving: Serve
) -> None:
    await serving(house(about_group=distributed("all_at_once")))
    await anyone.submits("chat-1")
    for each in EVERYBODY:
        await anyone.sees_desk(each, offers=["chat-1"])
    so_far = len(anyone.seen)

    assert (await anyone.commands("ben", "accept", inquiry="chat-1"))["ok"]

    await anyone.sees_desk("ben", offers=[], inquiries=["chat-1"], after=so_far)
    for each in ("anna", "cleo"):
        await anyone.sees_desk(each, offers=[], inquiries=[], after=so_far)
    late = await anyone.commands("cleo", "accept", inquiry="chat-1")
    assert late["error"]["code"] == "taken_by_another"
    assert anyone.facts("inquiry.missed") == []


@pytest.mark.parametrize("name", ["site-chat", "mail", "form"])
async def test_offered_it_is_theirs_who_accepts_and_assigned_it_is_theirs_at_once(
    anyone: Party, serving: Serve, name: str
) -> None:
    running = await serving(house(name, mode='"offer"'))
    offered = await anyone.submits("i-1", name)
    running.configures(house(name, mode='"assign"'))
    running.send(signal.SIGHUP)
    await running.logs("configuration.changed")
    assigned = await anyone.submits("i-2", name)

    assert (offered["state"], assigned["state"], assigned["operator"]) == ("offered", "active", "anna")


# -- who is there -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("checks", "who"), [("true", "ben"), ("false", "anna")])
async def test_with_the_check_of_availability_a_chat_leaves_out_who_pauses_and_without_it_does_not(
    anyone: Party, serving: Serve, checks: str, who: str
) -> None:
    await serving(house(about_group={"check_availability": checks}))
    await goes(anyone, "anna", "pause")
    await chats(anyone, "chat-1", who)


async def test_a_closed_group_tells_a_chat_so_and_keeps_it(anyone: Party, serving: Serve) -> None:
    closed = {"hours": CLOSED, "on_closed": '{ action = "reply", text = "We open at eight" }'}
    await serving(house(about_group=closed))
    status = await anyone.submits("chat-1")
    assert (status["state"], status["replies"]) == ("waiting", ["We open at eight"])


async def test_of_one_source_nobody_has_more_than_max_open_at_a_time(anyone: Party, serving: Serve) -> None:
    await serving(house(max_open="1"))
    for each in EVERYBODY:
        await talks(anyone, f"chat-{each}", each)
    assert (await anyone.submits("one-too-many"))["state"] == "waiting"

    assert (await anyone.commands("ben", "close", inquiry="chat-ben"))["ok"]
    await anyone.sees_desk("ben", offers=["one-too-many"])


async def test_a_source_with_max_inquiries_open_refuses_a_new_one(anyone: Party, serving: Serve) -> None:
    running = await serving(house(max_inquiries="2"))
    for name in ("chat-1", "chat-2"):
        assert (await anyone.submits(name))["ok"]
    refused = (await anyone.submits("chat-3"))["error"]
    assert (refused["code"], refused["at"]) == ("source_full", "source")
    assert (await anyone.submits("chat-1"))["state"] == "offered"

    assert (await anyone.tells("chat-1", "abandon"))["ok"]
    await anyone.sees_status("chat-1", state="closed")
    assert (await anyone.submits("chat-3"))["ok"]

    assert (await anyone.submits("chat-4"))["error"]["code"] == "source_full"
    running.configures(house(max_inquiries="3"))
    running.send(signal.SIGHUP)
    await running.logs("configuration.changed")
    assert (await anyone.submits("chat-4"))["ok"]


# -- mails and forms --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channel", CHANNELS)
async def test_in_order_they_go_to_the_first_of_the_list_who_has_room(
    anyone: Party, serving: Serve, channel: str
) -> None:
    await serving(house(channel, distributed("in_order"), anna=TWO_OF_EACH))
    assert await given(anyone, channel, 4) == ["anna", "anna", "ben", "ben"]


@pytest.mark.parametrize("channel", CHANNELS)
async def test_in_turn_they_go_to_one_after_the_other(anyone: Party, serving: Serve, channel: str) -> None:
    await serving(house(channel, distribution='"in_turn"'))
    assert await given(anyone, channel, 4) == ["anna", "ben", "cleo", "anna"]


@pytest.mark.parametrize("how", ["logout", "pause"])
@pytest.mark.parametrize("channel", CHANNELS)
async def test_who_is_away_or_on_a_break_gets_none(anyone: Party, serving: Serve, channel: str, how: str) -> None:
    await serving(house(channel, distribution='"in_turn"'))
    await goes(anyone, "ben", how)
    assert await given(anyone, channel, 4) == ["anna", "cleo", "anna", "cleo"]


@pytest.mark.parametrize("channel", CHANNELS)
async def test_unless_the_source_leaves_nobody_out(anyone: Party, serving: Serve, channel: str) -> None:
    await serving(house(channel, distribution='"in_turn"', skip_unavailable="false"))
    await goes(anyone, "ben", "pause")
    assert await given(anyone, channel, 3) == ["anna", "ben", "cleo"]


@pytest.mark.parametrize("channel", CHANNELS)
async def test_or_everybody_is_away_and_they_go_to_all_in_turn(anyone: Party, serving: Serve, channel: str) -> None:
    await serving(house(channel, when_all_unavailable='"in_turn"'))
    for each, how in zip(EVERYBODY, ("logout", "pause", "logout"), strict=True):
        await goes(anyone, each, how)
    assert await given(anyone, channel, 4) == ["anna", "ben", "cleo", "anna"]


@pytest.mark.parametrize("channel", CHANNELS)
async def test_or_wait_for_the_first_who_comes_back(anyone: Party, serving: Serve, channel: str) -> None:
    await serving(house(channel, when_all_unavailable='"wait"'))
    for each in EVERYBODY:
        await goes(anyone, each, "logout")
    assert await given(anyone, channel, 1) == [None]

    assert (await anyone.commands("cleo", "login"))["ok"]
    await anyone.sees_desk("cleo", inquiries=[f"{channel}-0"])


# -- who is asking ----------------------------------------------------------------------------------------------------


async def shown(anyone: Party, operator: str) -> dict[str, Any]:
    """The customer of a chat that an operator is offered, as the desk shows them."""
    after = len(anyone.seen)
    await anyone.submits("chat-1", customer={"handles": {"telegram": "@Jan"}})
    desk = await anyone.sees_desk(operator, offers=["chat-1"], after=after)
    customer: dict[str, Any] = desk["offers"][0]["customer"]
    return customer


async def test_who_is_looked_up_is_shown_to_the_operator(anyone: Party, serving: Serve) -> None:
    await serving(house(identify_customer="true"))
    jan = await is_known(anyone)
    customer = await shown(anyone, "anna")
    assert (customer["id"], customer["name"]) == (jan["id"], "Jan Kowalski")


async def test_who_is_not_looked_up_is_whoever_they_say_they_are(anyone: Party, serving: Serve) -> None:
    await serving(house(identify_customer="false"))
    await is_known(anyone)
    assert await shown(anyone, "anna") == {"handles": {"telegram": "@Jan"}}


@pytest.mark.parametrize("tracks", [True, False])
async def test_who_is_tracked_is_one_customer_on_every_channel_and_else_is_not(
    anyone: Party, serving: Serve, *, tracks: bool
) -> None:
    also = str(tracks).lower()
    mail = source("mail", identify_customer="true", track_customer=also)
    await serving(house("form", identify_customer="true", track_customer=also) + mail)
    jan = (await asks(anyone, "create", customer={"phone": JAN}))["customer"]

    form = await anyone.submits("form-1", "form", customer={"phone": JAN, "email": MAIL})
    await happened(anyone, "customer.identity_linked" if tracks else "customer.recognised", inquiry="form-1")
    second = await anyone.submits("mail-1", "mail", customer={"email": MAIL})

    assert form["customer"]["id"] == jan["id"]
    assert (second["customer"].get("id") == jan["id"]) is tracks


@pytest.mark.parametrize(("first", "who"), [("true", "cleo"), ("false", "anna")])
async def test_a_known_customer_comes_to_their_responsible_or_else_to_the_first_of_the_queue(
    anyone: Party, serving: Serve, first: str, who: str
) -> None:
    await serving(house("mail", identify_customer="true", responsible_first=first))
    await is_known(anyone, responsible="cleo")
    assert (await anyone.submits("mail-1", "mail", customer={"email": MAIL}))["operator"] == who


@pytest.mark.parametrize(("moves", "who"), [("true", "ben"), ("false", "anna")])
async def test_a_chat_handed_to_a_colleague_takes_its_customer_along_only_where_the_source_says_so(
    anyone: Party, serving: Serve, moves: str, who: str
) -> None:
    await serving(house(responsible_first="true", transfer_changes_responsible=moves))
    await is_known(anyone, responsible="anna")
    await anyone.submits("chat-1", customer={"email": MAIL})
    assert (await anyone.commands("anna", "accept", inquiry="chat-1"))["ok"]
    assert (await anyone.commands("anna", "transfer", inquiry="chat-1", to={"operator": "ben"}))["ok"]
    assert (await anyone.commands("ben", "close", inquiry="chat-1"))["ok"]
    await anyone.submits("chat-2", customer={"email": MAIL})
    await happened(anyone, "customer.recognised", inquiry="chat-2")

    assert await responsible(anyone) == who
