"""What may have waited at the broker while nobody read there, and what is still done of it."""

import asyncio
import math
import socket
from typing import Any

import pytest
from tests.unit.adapters.mqtt.conftest import House, at
from tests.unit.adapters.mqtt.test_administration import Office
from tests.unit.adapters.mqtt.test_customer_commands import Desk
from tests.unit.engine.scenario import entrance, group, operator, policy

from huntgroup.adapters.mqtt import packets
from huntgroup.adapters.mqtt.backlog import Backlog, away_since
from huntgroup.adapters.mqtt.incoming import COMMAND_MAX_AGE, Reception
from huntgroup.adapters.mqtt.link import Link
from huntgroup.adapters.mqtt.replies import Replies
from huntgroup.engine.policy import Channel, Role
from huntgroup.settings import Mqtt


class Time:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 5_000.0
        self.notes: list[float | None] = []

    def backlog(self, away: float = 0.0) -> Backlog:
        return Backlog(away, lambda: self.now, self.notes.append)


# -- how long it waited ---------------------------------------------------------------------------------------------


def test_what_arrives_before_the_mark_waited_since_the_last_link() -> None:
    time = Time()
    backlog = time.backlog(away=100.0)
    time.now += 20
    mark = backlog.begins(is_resumed=True)
    assert mark is not None
    assert backlog.waited() == 120.0
    time.now += 1
    assert backlog.waited() == 121.0
    backlog.arrived(mark)
    assert (backlog.waited(), time.notes) == (0.0, [None])


def test_a_new_session_has_no_backlog() -> None:
    backlog = Time().backlog(away=math.inf)
    assert backlog.begins(is_resumed=False) is None
    assert backlog.waited() == 0.0


@pytest.mark.parametrize("forged", [b"", b"0" * 32, b"x" * 70_000, "żółw".encode(), b"\xff\xfe"])
def test_nobody_ends_the_backlog_with_a_guess(forged: bytes) -> None:
    backlog = Time().backlog(away=100.0)
    backlog.arrived(forged)
    backlog.begins(is_resumed=True)
    backlog.arrived(forged)
    assert backlog.waited() == 100.0


def test_the_mark_of_an_earlier_link_ends_nothing() -> None:
    backlog = Time().backlog(away=100.0)
    first = backlog.begins(is_resumed=True)
    backlog.ends()
    second = backlog.begins(is_resumed=True)
    assert first is not None
    assert first != second
    backlog.arrived(first)
    assert backlog.waited() == 100.0


def test_a_link_lost_before_the_mark_makes_nothing_younger() -> None:
    time = Time()
    backlog = time.backlog(away=100.0)
    backlog.begins(is_resumed=True)
    time.now += 5
    backlog.ends()
    assert time.notes == [105.0]
    time.now += 5
    backlog.begins(is_resumed=True)
    assert backlog.waited() == 110.0


def test_a_link_that_fell_silent_was_there_until_the_broker_was_last_heard() -> None:
    time = Time()
    backlog = time.backlog()
    backlog.begins(is_resumed=False)
    time.now += 500
    backlog.heard()
    time.now += 90
    backlog.ends()
    assert time.notes == [None, 90.0]
    backlog.begins(is_resumed=True)
    assert backlog.waited() == 90.0


@pytest.mark.parametrize(
    ("instant", "away"), [(1_000.0, 0.0), (400.0, 600.0), (1_001.0, 0.0), (1_061.0, math.inf), (0.0, 1_000.0)]
)
def test_a_clock_that_is_behind_counts_as_a_long_absence(instant: float, away: float) -> None:
    assert away_since(instant, 1_000.0) == away


# -- what is still done of it ---------------------------------------------------------------------------------------

ACCEPT = {"type": "accept", "inquiry": "chat-1"}
SUBMIT = {"id": "chat-2", "source": "sales-chat"}
COMMANDS: tuple[tuple[str, dict[str, Any], bool], ...] = (
    ("operators/anna/commands", {"type": "logout"}, True),
    ("operators/anna/commands", {"type": "login"}, True),
    ("operators/anna/commands", ACCEPT, True),
    ("operators/anna/commands", {"type": "pickup"}, True),
    ("operators/dora/commands", {"type": "logout", "operator": "anna"}, True),
    ("admin/dora/commands", {"type": "set_group", "group": "sales", "changes": {"rings": 3}}, True),
    ("admin/dora/commands", {"type": "check"}, True),
    ("inquiries/submit", SUBMIT, False),
    ("inquiries/chat-1/commands", {"type": "message", "text": "Hello"}, False),
    ("inquiries/chat-1/commands", {"type": "abandon"}, False),
    ("inquiries/chat-1/commands", {"type": "close"}, False),
    ("sources/site/submit", {"id": "1", "source": "site-chat"}, False),
    ("sources/site/inquiries/0/commands", {"type": "message", "text": "Hello"}, False),
    ("customers/commands", {"type": "erase", "customer": {"id": "customer-1"}}, False),
    ("customers/commands", {"type": "look_up", "customer": {"id": "customer-1"}}, False),
)


async def house() -> tuple[House, Office, Desk]:
    """With a chat that is open, and one of an account."""
    people = policy(
        group("sales", "anna", pickup=True),
        operators=[operator("anna"), operator("dora", role=Role.ADMINISTRATOR)],
        entrances=[entrance("site-chat", "sales", Channel.CHAT, account="site")],
    )
    here, office, desk = House(people), Office(), Desk()
    replies = Replies(here.topics, here.outbox)
    here.reception = Reception(here.board, replies, people, intake=here, history=here.records, administration=office)
    here.reception.customers = desk
    await here.gets("inquiries/submit", {"id": "chat-1", "source": "sales-chat"})
    await here.gets("sources/site/submit", {"id": "0", "source": "site-chat"})
    return here, office, desk


@pytest.mark.parametrize(("topic", "command", "expires"), COMMANDS, ids=lambda value: str(value)[:50])
@pytest.mark.parametrize("waited", [0.0, COMMAND_MAX_AGE, COMMAND_MAX_AGE + 1, math.inf])
async def test_a_command_that_waited_for_days_is_refused_and_a_fact_is_not(
    topic: str, command: dict[str, Any], expires: bool, waited: float
) -> None:
    here, office, desk = await house()
    events: list[Any] = []
    here_put, here.put = here.put, lambda *event: (events.append(event), here_put(*event))[1]  # type: ignore

    published = await here.gets(topic, command, waited=waited)

    refused = [each for _, each in published if each and each.get("error", {}).get("code") == "expired"]
    if expires and waited > COMMAND_MAX_AGE:
        ((where, answer),) = published
        assert (where, [answer]) == (topic.replace("commands", "replies"), refused)
        assert here.acknowledged[-1] == topic
        assert events + office.asked + desk.asked == []
    else:
        assert refused == []
        assert len(events + office.asked + desk.asked) == 1


async def test_the_limit_is_that_of_the_configuration() -> None:
    here, _, _ = await house()
    here.reception._command_max_age = Mqtt(url="mqtt://127.0.0.1", command_max_age="2s").command_max_age  # type: ignore
    published = await here.gets("operators/anna/commands", {"type": "logout"}, waited=2.5)
    (answer,) = at("operators/anna/replies", published)
    assert "it may have waited 2 s" in answer["error"]["message"]


# -- on the wire ----------------------------------------------------------------------------------------------------


def link_over(ours: socket.socket, backlog: Backlog) -> tuple[Link, House]:
    here = House(policy(group("sales", "anna")))
    link = Link(Mqtt(url="mqtt://127.0.0.1"), here.topics, b"{}", lambda: 0.0, backlog, identifier="lab")
    ours.setblocking(False)
    link._paho._sock = ours
    link.has_session = True

    async def all_granted(wanted: list[Any]) -> list[int]:
        return [1] * len(wanted)

    link._client.subscribe = all_granted  # type: ignore[method-assign, assignment]
    return link, here


async def test_the_mark_stands_behind_all_that_waited() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        backlog = Time().backlog(away=100.0)
        link, here = link_over(ours, backlog)
        await link.listen()
        await asyncio.sleep(0)
        sent = theirs.recv(1_000)
        mark = sent[sent.index(b'{"mark"') :]
        assert here.topics.backlog_end.encode() in sent
        old = packets.publish("huntgroup/operators/anna/commands", b"{}", 1, is_retained=False, correlation=None)
        back = packets.publish(here.topics.backlog_end, mark, 2, is_retained=False, correlation=None)
        theirs.send(old + back + old)
        link._paho.loop_read()
        async with asyncio.timeout(5):
            batch = await anext(link.deliveries())
        assert [each.waited for each in batch] == [100.0, 0.0, 0.0]
        link._paho._sock = None


async def test_a_mark_that_may_not_be_written_refuses_nothing_for_ever() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        backlog = Time().backlog(away=100.0)
        link, _ = link_over(ours, backlog)
        await link.listen()
        await asyncio.sleep(0)
        assert link.not_delivered() == []  # it is of this link alone
        not_authorized = b"\x40\x03" + next(iter(link._under_way)).to_bytes(2, "big") + b"\x87"
        theirs.send(not_authorized)
        link._paho.loop_read()
        assert backlog.waited() == 0.0
        link._paho._sock = None
