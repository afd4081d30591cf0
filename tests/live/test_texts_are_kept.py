"""Chats over a kill of the daemon and a disk that takes nothing: nothing is lost, told wrong, or promised in vain."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from typing import Any

import pytest
from tests.lab.broker import Broker
from tests.lab.daemon import Daemon
from tests.lab.mqtt import Party, kept_at
from tests.live.configuration import configuration, group, source
from tests.live.conftest import StartDaemon
from tests.live.exchanges import exchange

pytestmark = pytest.mark.live

TEXT = configuration(group("sales", "anna", "ben", offer_timeout='"60s"')) + source("site-chat")

pbx = exchange({"anna-desk": "101", "ben": "102"})


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    """A broker of each test's own: nothing is left of the one before."""
    async with Broker() as broker:
        yield broker


@pytest.fixture
async def running(broker: Broker, anyone: Party, daemon: StartDaemon) -> Daemon:
    """A daemon that listens at the broker."""
    running = await daemon(TEXT, broker_url=broker.url)
    await anyone.sees("status", state="online")
    return running


async def goes_down_and_comes_back(running: Daemon, anyone: Party) -> int:
    """Killed and started; how much had been seen before it was back."""
    running.kill()
    await anyone.sees("status", state="offline", after=len(anyone.seen) - 1)
    before = len(anyone.seen)
    await running.start()
    await anyone.sees("status", state="online", after=before)
    return before


def texts_on(desk: dict[str, Any]) -> list[str]:
    """The later messages of the one conversation that lies there."""
    return [each["text"] for each in desk["inquiries"][0].get("messages", [])] if desk["inquiries"] else []


async def test_a_text_conversation_goes_on_over_a_kill_with_all_that_was_said(
    broker: Broker, anyone: Party, running: Daemon
) -> None:
    await anyone.submits("chat-1", text="Where is it?", customer={"name": "Jan", "handles": {"telegram": "@jan"}})
    await anyone.commands("anna", "accept", inquiry="chat-1")
    await anyone.tells("chat-1", "message", text="Hello?", id="m1")
    was = (await kept_at(broker))["operators/anna/desk"]

    before = await goes_down_and_comes_back(running, anyone)

    assert (await anyone.sees_desk("anna", inquiries=["chat-1"], after=before)) == was
    assert texts_on(was) == ["Hello?"]
    state = await anyone.sees("operators/anna/state", after=before)
    assert (state["load"]["chat"], state["inquiries"]) == (1, ["chat-1"])
    assert (await anyone.tells("chat-1", "message", text="Hello?", id="m1"))["ok"]
    assert (await anyone.tells("chat-1", "message", text="Order 1187"))["ok"]
    await anyone.until(
        lambda each: each.topic.endswith("/anna/desk") and texts_on(each.data) == ["Hello?", "Order 1187"],
        "both messages, each once, on the desk",
        after=before,
    )
    assert (await anyone.commands("anna", "close", inquiry="chat-1"))["ok"]
    await anyone.sees_status("chat-1", state="closed", outcome="answered", operator="anna")
    recovered = await anyone.sees("events/daemon.recovered", after=before)
    assert recovered["data"]["detail"].startswith("1 open: 0 waiting, 1 active")


async def test_a_chat_that_is_offered_while_the_daemon_is_killed_stays_offered_as_long_as_before(
    broker: Broker, anyone: Party, running: Daemon
) -> None:
    await anyone.submits("chat-1")
    was = (await kept_at(broker))["operators/anna/desk"]

    before = await goes_down_and_comes_back(running, anyone)

    assert (await anyone.sees_desk("anna", offers=["chat-1"], after=before)) == was
    assert (await anyone.submits("chat-1"))["state"] == "offered"
    assert (await anyone.commands("anna", "accept", inquiry="chat-1"))["ok"]
    await anyone.sees_desk("anna", offers=[], inquiries=["chat-1"])
    assert anyone.facts("inquiry.received", "inquiry.offered", "inquiry.missed") == [
        ("inquiry.received", "chat-1"),
        ("inquiry.offered", "chat-1"),
    ]


async def test_a_pause_and_what_is_set_aside_outlive_a_kill(anyone: Party, running: Daemon) -> None:
    await anyone.submits("chat-1")
    await anyone.commands("anna", "accept", inquiry="chat-1")
    await anyone.commands("anna", "hold", inquiry="chat-1")
    await anyone.commands("anna", "pause", reason="lunch")

    before = await goes_down_and_comes_back(running, anyone)

    await anyone.sees("operators/anna/state", presence="paused", pause_reason="lunch", after=before)
    desk = await anyone.sees_desk("anna", inquiries=["chat-1"], after=before)
    assert desk["inquiries"][0]["state"] == "held"
    await anyone.submits("chat-2")
    await anyone.sees_desk("ben", offers=["chat-2"])


async def test_what_ended_stays_ended_over_a_kill(broker: Broker, anyone: Party, running: Daemon) -> None:
    await anyone.submits("chat-1")
    await anyone.tells("chat-1", "abandon")

    await goes_down_and_comes_back(running, anyone)

    again = await anyone.submits("chat-1")
    assert (again["ok"], again["state"], again["outcome"]) == (True, "closed", "abandoned")
    assert anyone.facts("inquiry.received") == [("inquiry.received", "chat-1")]
    assert "inquiries/chat-1/status" not in await kept_at(broker)


async def test_what_came_in_thousands_while_it_was_away_is_all_taken(daemon: StartDaemon) -> None:
    names = [f"c{number}" for number in range(4_000)]
    async with (
        Broker(persistent=False, config="max_queued_messages 0\nmax_inflight_messages 100") as broker,
        Party(broker, listens_to="huntgroup/status") as reader,
    ):
        running = await daemon(TEXT, broker_url=broker.url)
        await reader.sees("status", state="online")
        running.kill()
        async with Party(broker, listens_to="") as channel:
            for name in names:
                await channel.says("inquiries/submit", {"id": name, "source": "site-chat"})
        await reader.listens("huntgroup/inquiries/+/status")
        await running.start(found=False)

        last = await reader.sees_status(names[-1], within=30, ok=True)
        assert last["state"] == "waiting"
        answered = {each.topic.split("/")[2] for each in reader.seen if b'"ok":true' in each.payload}
        assert answered == set(names)


async def test_while_the_disk_takes_nothing_new_chats_are_refused_and_the_first_is_answered_when_it_does(
    anyone: Party, running: Daemon
) -> None:
    with closing(sqlite3.connect(running.store)) as other:
        other.execute("BEGIN IMMEDIATE")
        await anyone.says("inquiries/submit", {"id": "chat-1", "source": "site-chat"})
        await anyone.sees_desk("anna", offers=["chat-1"])  # what is under way goes on

        refused = await anyone.submits("chat-2")
        assert refused["error"]["code"] == "store_unavailable"
        assert not any(b'"ok"' in each.payload for each in anyone.seen if "chat-1" in each.topic)
        other.rollback()

    await anyone.sees_status("chat-1", ok=True, state="offered")
    await running.logs("store.written_again")
    assert (await anyone.submits("chat-2"))["state"] == "offered"
