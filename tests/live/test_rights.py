"""Who may do what at the broker: the files of config/mosquitto, and real clients that try what they may not."""

import ssl
from collections.abc import AsyncIterator
from typing import Any

import aiomqtt
import pytest
import pytest_asyncio
from tests.lab.daemon import Daemon
from tests.lab.mqtt import Party
from tests.lab.pbx import Pbx
from tests.lab.secured import TLS_PORT, WEBSOCKET_PORT, SecuredBroker, password_of
from tests.live.configuration import configuration, group, source
from tests.live.exchanges import exchange

pytestmark = pytest.mark.live

PEOPLE = configuration(group("sales", "anna", "ben"), ben='role = "supervisor"')
PEOPLE += source("site-chat", account='"site-chat"')
PEOPLE += '[[operators]]\nid = "sofia"\nrole = "administrator"\ncapacity = { call = 0 }\n'

pbx = exchange({"anna-desk": "101", "ben": "102"})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def secured() -> AsyncIterator[SecuredBroker]:
    """A broker with the names that the ACL knows, and two operators."""
    async with SecuredBroker("huntgroup", "site-chat", "sofia", "crm", "anna", "ben", browsers=True) as broker:
        yield broker


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def running(pbx: Pbx, secured: SecuredBroker) -> AsyncIterator[Daemon]:
    """The daemon, over TLS."""
    daemon = Daemon(pbx, PEOPLE)
    (daemon.home / "mqtt.secret").write_text(password_of("huntgroup"))
    login = f'username = "huntgroup"\nsecret_file = "mqtt.secret"\nca_file = "{secured.certificate}"\n'
    daemon.configures(PEOPLE + f'[mqtt]\nurl = "{secured.tls_url}"\n{login}')
    async with daemon:
        await daemon.logs("broker.found")
        yield daemon


def somebody(secured: SecuredBroker, name: str, **options: Any) -> Party:
    """One of them, with the right password, over TLS."""
    trust = ssl.create_default_context(cafile=secured.certificate)
    return Party(secured, user=name, password=password_of(name), **{"port": TLS_PORT, "tls": trust, **options})


async def test_the_daemon_is_online_over_tls(secured: SecuredBroker) -> None:
    async with somebody(secured, "sofia") as sofia:
        await sofia.sees("status", state="online")
        await sofia.sees("groups/sales/state")


async def test_a_chat_goes_its_way_with_everyone_in_their_rights(secured: SecuredBroker) -> None:
    async with (
        somebody(secured, "site-chat", listens_to="huntgroup/sources/site-chat/#", account="site-chat") as chat,
        somebody(secured, "anna", listens_to="huntgroup/operators/anna/#") as anna,
        somebody(secured, "crm", listens_to="huntgroup/events/#") as crm,
    ):
        await anna.listens("huntgroup/operators/anna/desk")
        await chat.says("sources/site-chat/submit", {"id": "chat-1", "source": "site-chat"})
        await chat.sees_status("chat-1", ok=True, state="offered")
        await anna.sees_desk("anna", offers=["chat-1@site-chat"])
        accept = {"type": "accept", "inquiry": "chat-1@site-chat"}
        answered_at = "huntgroup/operators/anna/replies/tab-1"
        assert (await anna.asks("operators/anna/commands", accept, answer_at=answered_at))["ok"]
        await chat.sees_status("chat-1", state="active", operator="anna")
        close = {"type": "close", "inquiry": "chat-1@site-chat"}
        assert (await anna.asks("operators/anna/commands", close, answer_at=answered_at))["ok"]
        await chat.sees_status("chat-1", state="closed", outcome="answered")
        await crm.until(lambda each: each.topic == "huntgroup/events/inquiry.closed", "the event")


@pytest.mark.parametrize(
    ("name", "topic"),
    [
        ("anna", "operators/ben/commands"),
        ("anna", "operators/anna/state"),
        ("anna", "operators/anna/desk"),
        ("anna", "inquiries/submit"),
        ("anna", "inquiries/chat-1/commands"),
        ("anna", "admin/sofia/commands"),
        ("anna", "admin/anna/replies"),
        ("ben", "admin/sofia/commands"),
        ("sofia", "admin/ben/commands"),
        ("site-chat", "admin/sofia/commands"),
        ("crm", "admin/sofia/commands"),
        ("anna", "customers/commands"),
        ("anna", "status"),
        ("anna", "events/inquiry.closed"),
        ("site-chat", "operators/anna/commands"),
        ("site-chat", "inquiries/chat-1/status"),
        ("site-chat", "inquiries/submit"),
        ("site-chat", "inquiries/chat-1/commands"),
        ("anna", "sources/site-chat/submit"),
        ("sofia", "sources/site-chat/inquiries/chat-1/commands"),
        ("anna", "backlog_end"),
        ("sofia", "backlog_end"),
        ("site-chat", "backlog_end"),
        ("crm", "backlog_end"),
        ("site-chat", "status"),
        ("sofia", "operators/anna/commands"),
        ("sofia", "groups/sales/state"),
        ("crm", "inquiries/submit"),
        ("crm", "events/inquiry.closed"),
    ],
)
async def test_nobody_writes_where_they_may_not(secured: SecuredBroker, name: str, topic: str) -> None:
    forged = b'{"type":"logout","forged":true}'
    async with (
        somebody(secured, "huntgroup", over="tcp") as everything,
        somebody(secured, name, listens_to="") as intruder,
    ):
        await intruder.says(topic, forged)
        await intruder.says(f"admin/{name}/commands", b"{}")  # what may be said comes after it

        await everything.until(lambda each: each.topic == f"huntgroup/admin/{name}/commands", "what was allowed")
        assert [each.topic for each in everything.seen if each.payload == forged] == []


@pytest.mark.parametrize(
    ("name", "topic"),
    [
        ("anna", "huntgroup/operators/ben/desk"),
        ("anna", "huntgroup/operators/ben/replies"),
        ("anna", "huntgroup/inquiries/+/status"),
        ("anna", "huntgroup/events/#"),
        ("ben", "huntgroup/admin/sofia/replies"),
        ("ben", "huntgroup/admin/sofia/commands"),
        ("crm", "huntgroup/admin/sofia/replies"),
        ("crm", "huntgroup/rejected"),
        ("ben", "huntgroup/sources/site-chat/replies"),
        ("sofia", "huntgroup/admin/anna/replies"),
        ("sofia", "huntgroup/customers/replies"),
        ("site-chat", "huntgroup/inquiries/+/status"),
        ("site-chat", "huntgroup/operators/anna/desk"),
        ("site-chat", "huntgroup/events/#"),
        ("crm", "huntgroup/operators/anna/desk"),
    ],
)
async def test_nobody_reads_what_is_not_theirs(secured: SecuredBroker, name: str, topic: str) -> None:
    async with (
        somebody(secured, "huntgroup", listens_to="") as daemon,
        somebody(secured, name, listens_to=topic) as curious,
    ):
        await curious.listens("huntgroup/status")
        await daemon.says(topic.removeprefix("huntgroup/").replace("+", "x").replace("#", "x"), {"secret": 1})

        await curious.sees("status", state="online")
        assert {each.topic for each in curious.seen} == {"huntgroup/status"}


async def test_nobody_comes_in_with_a_wrong_password_or_none(secured: SecuredBroker) -> None:
    trust = ssl.create_default_context(cafile=secured.certificate)
    logins: tuple[dict[str, Any], ...] = ({"user": "anna", "password": "guess"}, {})
    for login in logins:
        with pytest.raises(aiomqtt.MqttError):
            async with Party(secured, port=TLS_PORT, tls=trust, **login):
                pass


async def test_browsers_come_in_over_encrypted_websockets(secured: SecuredBroker) -> None:
    options = {"port": WEBSOCKET_PORT, "over": "websockets", "listens_to": "huntgroup/operators/anna/desk"}
    async with somebody(secured, "anna", **options) as anna:
        await anna.sees_desk("anna", offers=[])


async def test_the_daemon_distrusts_a_broker_whose_certificate_it_does_not_know(
    pbx: Pbx, secured: SecuredBroker
) -> None:
    daemon = Daemon(pbx, PEOPLE)
    (daemon.home / "mqtt.secret").write_text(password_of("huntgroup"))
    login = 'username = "huntgroup"\nsecret_file = "mqtt.secret"\n'
    daemon.configures(PEOPLE + f'[mqtt]\nurl = "{secured.tls_url}"\n{login}')
    async with daemon:
        lost = await daemon.logs("broker.lost")

    assert "certificate verify failed" in lost["error"]


@pytest.mark.parametrize(
    ("name", "command", "code"),
    [
        ("sofia", {"type": "set_operator", "operator": "anna", "changes": {"name": "Anna"}}, None),
        ("ben", {"type": "set_group", "group": "sales", "changes": {"rings": 3}}, None),
        ("ben", {"type": "set_operator", "operator": "anna", "changes": {"name": "A"}}, "not_permitted"),
        ("anna", {"type": "set_group", "group": "sales", "changes": {"rings": 1}}, "not_permitted"),
        ("site-chat", {"type": "show"}, "not_permitted"),
        ("crm", {"type": "show"}, "not_permitted"),
    ],
)
async def test_who_writes_at_their_own_topic_has_the_rights_of_their_role(
    secured: SecuredBroker, name: str, command: dict[str, Any], code: str | None
) -> None:
    async with somebody(secured, name, listens_to="") as who:
        await who.listens(f"huntgroup/admin/{name}/replies/#")
        answer = await who.asks(f"admin/{name}/commands", command, answer_at=f"huntgroup/admin/{name}/replies/tab-1")

    assert answer.get("error", {}).get("code") == code
