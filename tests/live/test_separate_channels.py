"""Channels that are kept apart: the shipped ACL on a real Mosquitto, and accounts that try what they may not do."""

import itertools
import json
from collections.abc import AsyncIterator
from typing import Any

import aiomqtt
import pytest
import pytest_asyncio
from tests.lab.daemon import Daemon
from tests.lab.mqtt import Party
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller
from tests.lab.secured import SecuredBroker, password_of
from tests.live.configuration import NUMBER, configuration, group, source
from tests.live.conftest import OpenPhone
from tests.live.exchanges import exchange

pytestmark = pytest.mark.live

ACCOUNTS = ("huntgroup", "anna", "sofia", "site-chat", "mail-gate", "crm")
TEXT = configuration(group("sales", "anna", "ben", offer_timeout='"60s"'))
TEXT += '[[operators]]\nid = "sofia"\nrole = "administrator"\ncapacity = { call = 0 }\n'
TEXT += source("site-chat", account='"site-chat"') + source("form", account='"site-chat"')
TEXT += source("mail", account='"mail-gate"', track_customer="true") + source("old-chat")
_numbers = itertools.count(1)

pbx = exchange({"anna-desk": "101", "ben": "102"})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def secured() -> AsyncIterator[SecuredBroker]:
    """The broker as it is shipped."""
    async with SecuredBroker(*ACCOUNTS, browsers=False) as broker:
        yield broker


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def running(pbx: Pbx, secured: SecuredBroker) -> AsyncIterator[Daemon]:
    """The daemon with its own login."""
    daemon = Daemon(pbx, TEXT)
    (daemon.home / "mqtt.secret").write_text(password_of("huntgroup"))
    login = 'username = "huntgroup"\nsecret_file = "mqtt.secret"\n'
    daemon.configures(TEXT + f'[mqtt]\nurl = "{secured.url}"\n{login}')
    async with daemon:
        await daemon.logs("broker.found")
        yield daemon


def somebody(secured: SecuredBroker, name: str, **options: Any) -> Party:
    """One of them, who subscribes to everything and gets what they may read."""
    account = name if name in {"site-chat", "mail-gate"} else ""
    return Party(secured, user=name, password=password_of(name), **{"listens_to": "#", "account": account, **options})


def new(kind: str) -> str:
    """An id that no test has used."""
    return f"{kind}-{next(_numbers)}"


# -- the broker's part ----------------------------------------------------------------------------------------------

RIGHTS = """
topic                                anna  sofia site-chat mail-gate crm
status                               r     r     r         r         r
rejected                             -     r     -         -         -
backlog_end                          -     -     -         -         -
doctor/x                             -     -     -         -         -
pbxs/main/state                      -     r     -         -         -
groups/sales/state                   -     r     -         -         -
events/inquiry.received              -     r     -         -         r
inquiries/submit                     -     -     -         -         -
inquiries/call-1/status              -     r     -         -         -
inquiries/call-1/commands            -     -     -         -         -
inquiries/call-1/replies             -     -     -         -         -
inquiries/m@mail-gate/status         -     r     -         -         -
inquiries/m@mail-gate/commands       -     -     -         -         -
sources/site-chat/submit             -     -     rw        -         -
sources/site-chat/replies/x          -     -     r         -         -
sources/site-chat/inquiries/c/status -     -     r         -         -
sources/site-chat/inquiries/c/commands - - rw - -
sources/site-chat/inquiries/c/replies - - r - -
sources/mail-gate/submit             -     -     -         rw        -
sources/mail-gate/replies            -     -     -         r         -
sources/mail-gate/inquiries/m/status -     -     -         r         -
sources/mail-gate/inquiries/m/commands - - - rw -
sources/mail-gate/inquiries/m/replies - - - r -
sources/anna/submit                  rw    -     -         -         -
operators/anna/state                 r     r     -         -         -
operators/anna/desk                  r     r     -         -         -
operators/anna/commands              w     -     -         -         -
operators/anna/replies/x             r     -     -         -         -
operators/site-chat/commands         -     -     w         -         -
operators/ben/desk                   -     r     -         -         -
operators/ben/commands               -     -     -         -         -
operators/ben/replies                -     -     -         -         -
admin/sofia/commands                 -     w     -         -         -
admin/sofia/replies                  -     r     -         -         -
admin/anna/commands                  w     -     -         -         -
replies/anna/x                       r     -     -         -         -
replies/site-chat                    -     -     r         -         -
replies/mail-gate                    -     -     -         r         -
customers/commands                   -     -     -         -         w
customers/replies                    -     -     -         -         r
"""
HEAD, *ROWS = [line.split() for line in RIGHTS.strip().splitlines()]


def test_the_table_has_no_empty_cell() -> None:
    assert [row for row in ROWS if len(row) != len(HEAD) or not set("".join(row[1:])) <= set("rw-")] == []


@pytest.mark.parametrize("name", HEAD[1:])
async def test_an_account_has_the_rights_of_the_table(secured: SecuredBroker, name: str) -> None:
    mark = json.dumps({"probe": new("probe")}).encode()
    topics = [row[0] for row in ROWS]
    async with somebody(secured, "huntgroup") as daemon, somebody(secured, name) as probed:
        for topic in topics:
            await probed.says(topic, mark)
        await probed.says(f"sources/{name}/submit", b"last")
        await daemon.until(lambda each: each.payload == b"last", "what was written last")
        written = {each.topic.removeprefix("huntgroup/") for each in daemon.seen if each.payload == mark}
        own = json.dumps({"probe": new("probe")}).encode()
        for topic in topics:
            await daemon.says(topic, own)
        await daemon.says(f"sources/{name}/replies", b"last")
        await probed.until(lambda each: each.payload == b"last" and each.topic.endswith("/replies"), "the last")
        read = {each.topic.removeprefix("huntgroup/") for each in probed.seen if each.payload == own}

    column = HEAD.index(name)
    rights = {topic: "r" * (topic in read) + "w" * (topic in written) or "-" for topic in topics}
    assert rights == {row[0]: row[column] for row in ROWS}


@pytest.mark.parametrize("name", ["+", "a+b", "site-chat/inquiries"])
async def test_a_user_with_a_hostile_name_reaches_no_account(name: str) -> None:
    # A name that begins with # is a comment in Mosquitto's file of passwords.
    async with (
        SecuredBroker("huntgroup", "site-chat", name, browsers=False) as broker,
        somebody(broker, "huntgroup") as daemon,
        somebody(broker, name) as hostile,
    ):
        await hostile.says("sources/site-chat/submit", b"forged")
        await hostile.says("sources/site-chat/inquiries/1/commands", b"forged")
        await daemon.says("sources/site-chat/submit", b"secret")
        await daemon.says("sources/site-chat/replies", b"secret")
        await daemon.until(lambda each: each.topic.endswith("/replies"), "the last")
        for _ in range(2):
            await hostile.listens("any")  # what was for them is sent before the answer to this

        assert hostile.seen == []
        assert [each.topic for each in daemon.seen if each.payload == b"forged"] == []


# -- the daemon's part ----------------------------------------------------------------------------------------------


async def test_a_chat_goes_its_way_below_its_account(secured: SecuredBroker, running: Daemon) -> None:
    name = new("chat")
    async with somebody(secured, "site-chat") as chat, somebody(secured, "anna") as anna:
        submitted = await chat.submits(name, customer={"name": "Jan", "phone": "+48600700800"})
        assert (submitted["id"], submitted["state"], "customer" in submitted) == (name, "offered", False)
        assert (await chat.tells(name, "message", text="Hello?"))["inquiry"] == name
        await anna.sees_desk("anna", offers=[f"{name}@site-chat"])
        assert (await anna.commands("anna", "accept", inquiry=f"{name}@site-chat"))["ok"]
        await chat.sees_status(name, state="active", operator="anna")
        assert (await anna.commands("anna", "close", inquiry=f"{name}@site-chat"))["ok"]
        closed = await chat.sees_status(name, state="closed", outcome="answered")
        assert "customer" not in closed
        await chat.sees_cleared(f"sources/site-chat/inquiries/{name}/status")
        assert not [each for each in chat.seen if each.topic.startswith("huntgroup/inquiries/")]


async def test_an_older_client_is_answered_below_its_account(secured: SecuredBroker) -> None:
    name = new("chat")
    async with somebody(secured, "site-chat", version=aiomqtt.ProtocolVersion.V311) as old:
        await old.says("sources/site-chat/submit", {"id": name, "source": "site-chat"})
        await old.sees_status(name, ok=True)
        await old.says(f"sources/site-chat/inquiries/{name}/commands", {"type": "abandon"})
        await old.sees(f"sources/site-chat/inquiries/{name}/replies", ok=True, type="abandon", inquiry=name)
        await old.says("sources/site-chat/submit", {"id": "a/b", "source": "site-chat"})
        assert (await old.sees("sources/site-chat/replies", ok=False))["error"]["at"] == "id"


async def test_a_chat_account_sees_no_callers_number(
    secured: SecuredBroker, phone: OpenPhone, caller: Caller, running: Daemon
) -> None:
    anna = await phone("anna-desk")
    async with somebody(secured, "site-chat") as chat, somebody(secured, "sofia") as sofia:
        call = await caller.dials(NUMBER, number="+48600111222")
        await anna.ringing()
        await sofia.until(lambda each: b"48600111222" in each.payload and "/call-" in each.topic, "the call's state")
        await call.hangs_up()
        await sofia.until(lambda each: each.topic.endswith("inquiry.closed"), "the end of the call")
        name = new("chat")
        await chat.submits(name)
        await chat.tells(name, "abandon")

        assert [each.topic for each in chat.seen if b"48600111222" in each.payload] == []


async def test_a_chat_account_cannot_close_a_mail(secured: SecuredBroker) -> None:
    name = new("mail")
    async with (
        somebody(secured, "mail-gate") as mail,
        somebody(secured, "site-chat") as chat,
        somebody(secured, "sofia") as sofia,
    ):
        assert (await mail.submits(name, "mail"))["state"] == "active"
        for topic in (f"inquiries/{name}@mail-gate", f"sources/mail-gate/inquiries/{name}"):
            await chat.says(f"{topic}/commands", {"type": "close"})
        for guess in (name, f"{name}@mail-gate", new("never")):
            refused = await chat.tells(guess, "close")
            assert refused["error"] == {
                "code": "unknown_inquiry",
                "message": f"there is no open inquiry {guess}",
                "at": "inquiry",
            }
        assert (await mail.submits(name, "mail"))["state"] == "active"
        assert (await mail.tells(name, "close"))["ok"]
        await sofia.sees_status(f"{name}@mail-gate", state="closed")


@pytest.mark.parametrize(
    ("account", "source", "code"),
    [
        ("site-chat", "site-chat", "ok"),
        ("site-chat", "form", "ok"),
        ("site-chat", "mail", "unknown_source"),
        ("site-chat", "old-chat", "not_permitted"),
        ("site-chat", "nowhere", "unknown_source"),
        ("mail-gate", "mail", "ok"),
        ("mail-gate", "site-chat", "unknown_source"),
    ],
)
async def test_an_account_submits_as_its_own_sources(
    secured: SecuredBroker, account: str, source: str, code: str
) -> None:
    async with somebody(secured, account) as gateway:
        name = new("try")
        answer = await gateway.submits(name, source, customer={"email": "boss@shop.example"})
        if code == "ok":
            await gateway.tells(name, "close")

    assert answer.get("error", {}).get("code", "ok") == code


async def test_an_account_cannot_take_ids_of_another(secured: SecuredBroker) -> None:
    name = new("same")
    async with somebody(secured, "site-chat") as chat, somebody(secured, "mail-gate") as mail:
        assert (await chat.submits(name))["channel"] == "chat"
        assert (await chat.submits(f"{name}@mail-gate"))["channel"] == "chat"
        assert (await mail.submits(name, "mail"))["channel"] == "mail"
        for gateway, each in ((chat, name), (chat, f"{name}@mail-gate"), (mail, name)):
            assert (await gateway.tells(each, "close"))["ok"]


@pytest.mark.parametrize(
    "place",
    [
        "huntgroup/sources/mail-gate/replies",
        "huntgroup/sources/mail-gate/submit",
        "huntgroup/operators/anna/replies",
        "huntgroup/operators/anna/commands",
        "huntgroup/replies/site-chat",
        "huntgroup/backlog_end",
        "anywhere/else",
    ],
)
async def test_a_chat_account_is_answered_nowhere_else(secured: SecuredBroker, place: str) -> None:
    async with somebody(secured, "site-chat") as chat, somebody(secured, "huntgroup") as everything:
        name = new("chat")
        message = {"id": name, "source": "site-chat"}
        refused = await chat.asks("sources/site-chat/submit", message, answer_at=place)

        assert refused["error"]["code"] == "bad_response_topic"
        assert [each for each in everything.seen if each.topic == place and name.encode() in each.payload] == []


async def test_what_is_rejected_of_one_account_is_shown_to_no_other(secured: SecuredBroker) -> None:
    junk = json.dumps({"id": "1", "source": "site-chat", "password": new("secret")}).encode()
    async with (
        somebody(secured, "site-chat") as chat,
        somebody(secured, "mail-gate") as mail,
        somebody(secured, "crm") as crm,
        somebody(secured, "anna") as anna,
        somebody(secured, "sofia") as sofia,
        somebody(secured, "huntgroup", listens_to="") as daemon,
    ):
        assert (await chat.asks("sources/site-chat/submit", junk))["error"]["code"] == "unknown_key"
        await sofia.sees("rejected", payload=junk.decode())
        await daemon.says("status", b'{"last":1}')
        for other in (mail, crm, anna):
            await other.sees("status", last=1)
            assert [each.topic for each in other.seen if b"secret-" in each.payload] == []


async def kept_for_chat(secured: SecuredBroker) -> dict[str, Any]:
    """What the broker keeps for the chat's account, by topic: what is published behind it is the mark."""
    async with somebody(secured, "site-chat") as chat, somebody(secured, "huntgroup", listens_to="") as daemon:
        await daemon.says("sources/site-chat/replies", b"mark")
        await chat.until(lambda each: each.payload == b"mark", "all that is kept")
        return {each.topic.removeprefix("huntgroup/"): each.data for each in chat.seen if each.is_retained}


async def test_a_state_that_a_killed_daemon_left_for_an_account_is_cleared(
    secured: SecuredBroker, running: Daemon
) -> None:
    name = new("chat")
    gone = "sources/site-chat/inquiries/gone/status"
    async with somebody(secured, "site-chat") as chat, somebody(secured, "huntgroup", listens_to="") as daemon:
        await chat.submits(name)
        assert (await kept_for_chat(secured))[f"sources/site-chat/inquiries/{name}/status"]["id"] == name
        await daemon.says(gone, {"id": "gone", "state": "waiting"}, retain=True)
        before = len(running.log())
        running.kill()
        await running.start()
        await running.logs(
            "broker.found", after=sum(each["event"] == "broker.found" for each in running.log()[:before])
        )
        await chat.sees_cleared(gone)
        assert (await chat.submits(name))["state"] == "offered"
        kept = await kept_for_chat(secured)
        assert gone not in kept
        assert kept[f"sources/site-chat/inquiries/{name}/status"]["state"] == "offered"
        assert (await chat.tells(name, "abandon"))["ok"]
