"""The daemon's session at the broker is safe without its secret: attacks and upgrades on a real Mosquitto."""

import asyncio
import json
import sqlite3
import subprocess
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from tests.lab.daemon import Daemon, pbx_table
from tests.lab.doctor import examine
from tests.lab.mqtt import Client
from tests.lab.pbx import Pbx
from tests.lab.process import until
from tests.lab.secured import SecuredBroker, password_of
from tests.live.configuration import configuration, group, source
from tests.live.conftest import StartDaemon
from tests.live.exchanges import exchange

pytestmark = pytest.mark.live

PLAIN_ID = "huntgroup-huntgroup"
"""What earlier versions connected as, and anybody can guess."""
TEXT = configuration(group("sales", "anna", "ben", offer_timeout='"10m"')) + source("site-chat")
WEEK = 7 * 86_400

pbx = exchange({"anna-desk": "101"})


@pytest.fixture
async def broker() -> AsyncIterator[SecuredBroker]:
    """The broker as it is shipped, with the daemon, a channel and a stranger who may do nothing."""
    async with SecuredBroker("huntgroup", "site-chat", "stranger") as broker:
        yield broker


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """The file with the daemon's password."""
    path = tmp_path / "secret"
    path.write_text(password_of("huntgroup"))
    return path


@pytest.fixture
def peers(pbx: Pbx, broker: SecuredBroker, secret: Path) -> str:
    """Asterisk, and the broker with the daemon's name."""
    login = f'[mqtt]\nurl = "{broker.url}"\nusername = "huntgroup"\nsecret_file = "{secret}"\n'
    return pbx_table(pbx, "main") + login


@pytest.fixture
async def running(peers: str, broker: SecuredBroker, daemon: StartDaemon) -> Daemon:
    """A daemon that has listened at the broker."""
    started = await daemon(TEXT, peers=peers)
    await started.logs("broker.found")
    await _subscribed(broker, started)
    return started


async def _subscribed(broker: SecuredBroker, running: Daemon) -> None:
    """Who reads that the daemon is online may rely on being heard."""
    async with somebody(broker, "huntgroup") as reader:
        await reader.subscribe("huntgroup/status", qos=1)
        async for message in reader.messages:
            if isinstance(message.payload, bytes) and b"online" in message.payload:
                return


def somebody(broker: SecuredBroker, name: str, **more: Any) -> Client:
    """A client with the right password for this name."""
    login: dict[str, Any] = {"username": name, "password": password_of(name), "protocol": aiomqtt.ProtocolVersion.V5}
    return Client(broker.address, broker.port, **{**login, **more})


def lasting(seconds: int = WEEK) -> Properties:
    """A session that outlives the connection."""
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = seconds
    return properties


async def submit(broker: SecuredBroker, *names: str) -> None:
    """Until the broker has acknowledged all of them. At the topic that sessions of earlier versions have, too."""
    async with somebody(broker, "huntgroup") as channel:
        for name in names:
            data = {"id": name, "source": "site-chat"}
            await channel.publish("huntgroup/inquiries/submit", json.dumps(data), qos=1)


async def received(daemon: Daemon, *names: str) -> None:
    """The daemon has all of these inquiries, each once; by its store, as a kill may fall between that and the log."""

    def seen() -> list[str]:
        with closing(sqlite3.connect(f"{daemon.store.as_uri()}?mode=ro", uri=True)) as store:
            rows = store.execute("SELECT inquiry FROM record WHERE type = 'inquiry.received'")
            return [name for (name,) in rows]

    await until(lambda: set(names) <= set(seen()), f"all of {len(names)} inquiries are received", 30)
    assert sorted(seen()) == sorted(set(seen()))


async def has_session(broker: SecuredBroker, identifier: str) -> bool:
    """Whether the broker has a session of this id; asking does not end it, but for a moment takes it over."""
    reader, writer = await asyncio.open_connection(broker.address, broker.port)
    name, user, word = (len(each).to_bytes(2, "big") + each.encode() for each in (identifier, "huntgroup", "puorgtnuh"))
    expiry = b"\x05\x11" + WEEK.to_bytes(4, "big")
    body = b"\x00\x04MQTT\x05\xc0\x00\x3c" + expiry + name + user + word
    writer.write(b"\x10" + bytes((len(body),)) + body)
    head = await reader.readexactly(4)
    writer.close()
    await writer.wait_closed()
    assert head[3] == 0
    return bool(head[2])


async def test_a_stranger_with_the_guessed_client_id_makes_no_inquiry_be_lost(
    broker: SecuredBroker, running: Daemon
) -> None:
    await running.stop()
    await submit(broker, "chat-1")
    async with somebody(broker, "stranger", identifier=PLAIN_ID, clean_start=True):
        pass
    await running.start()
    await received(running, "chat-1")


async def test_a_stranger_with_the_guessed_client_id_does_not_cut_the_daemon_off(
    broker: SecuredBroker, running: Daemon
) -> None:
    async with somebody(broker, "stranger", identifier=PLAIN_ID, clean_start=True):
        await submit(broker, "chat-1")
        await received(running, "chat-1")
    assert not [line for line in running.log() if line["event"] == "broker.lost"]


async def collect_as_earlier_version(broker: SecuredBroker) -> None:
    """A session as an earlier version had it."""
    client = somebody(broker, "huntgroup", identifier=PLAIN_ID, clean_start=False, properties=lasting())
    async with client:
        for topic in ("inquiries/submit", "inquiries/+/commands", "operators/+/commands"):
            await client.subscribe(f"huntgroup/{topic}", qos=1)


async def test_what_waits_in_the_session_of_an_earlier_version_is_received(
    peers: str, broker: SecuredBroker, daemon: StartDaemon
) -> None:
    await collect_as_earlier_version(broker)
    names = [f"chat-{number}" for number in range(500)]
    await submit(broker, *names)

    new = await daemon(TEXT, peers=peers)

    read = await new.logs("broker.earlier_session_read")
    await received(new, *names)
    assert read["messages"] == 500
    assert not await has_session(broker, PLAIN_ID)


async def test_a_kill_while_an_earlier_session_is_read_loses_no_inquiry(
    peers: str, broker: SecuredBroker, daemon: StartDaemon
) -> None:
    await collect_as_earlier_version(broker)
    names = [f"chat-{number}" for number in range(2_000)]
    await submit(broker, *names)

    new = await daemon(TEXT, peers=peers)
    await new.logs("inquiry.received")
    new.kill()
    await new.start()

    await received(new, *names)


async def test_commands_collected_under_the_guessed_id_are_not_carried_out_again(
    broker: SecuredBroker, running: Daemon
) -> None:
    await collect_as_earlier_version(broker)
    await submit(broker, "chat-1")
    async with somebody(broker, "huntgroup") as anna:
        pause = json.dumps({"type": "pause", "reason": "lunch"})
        await anna.publish("huntgroup/operators/anna/commands", pause, qos=1)
        await running.logs("operator.presence_changed")
        await anna.publish("huntgroup/operators/anna/commands", json.dumps({"type": "resume_work"}), qos=1)
        await running.logs("operator.presence_changed", after=1)
    await running.stop()
    said = len(running.log())

    await running.start()

    read = await running.logs("broker.earlier_session_read")
    assert (read["messages"], read["ignored"]) == (3, 2)
    assert not [each for each in running.log()[said:] if each["event"] == "operator.presence_changed"]


async def test_whoever_takes_the_guessed_id_back_each_time_stops_nothing(
    broker: SecuredBroker, running: Daemon
) -> None:
    await running.stop()
    stranger = asyncio.create_task(_holds(broker, PLAIN_ID))
    try:
        await running.start()
        await submit(broker, "chat-1")
        await received(running, "chat-1")
    finally:
        stranger.cancel()
        await asyncio.gather(stranger, return_exceptions=True)
    assert broker.log_text().count(f"as {PLAIN_ID} (p5, c0") <= 4


async def _holds(broker: SecuredBroker, identifier: str) -> None:
    """Take a client id again as soon as it is lost, as fast as one can."""
    body = b"\x00\x04MQTT\x05\xc2\x00\x3c\x05\x11" + WEEK.to_bytes(4, "big")
    for each in (identifier, "stranger", password_of("stranger")):
        body += len(each).to_bytes(2, "big") + each.encode()
    while True:
        reader, writer = await asyncio.open_connection(broker.address, broker.port)
        try:
            writer.write(b"\x10" + bytes((len(body),)) + body)
            while await reader.read(100):
                continue
        finally:
            writer.close()


def change_password(broker: SecuredBroker, secret: Path) -> None:
    """At the broker and at the daemon."""
    subprocess.run(["mosquitto_passwd", "-b", broker.home / "passwords", "huntgroup", "another"], check=True)
    broker.reload()
    secret.write_text("another")


async def test_after_a_change_of_the_secret_nothing_that_waited_is_lost(
    broker: SecuredBroker, running: Daemon, secret: Path
) -> None:
    await running.stop()
    await submit(broker, "chat-1")
    change_password(broker, secret)

    await running.start()

    await received(running, "chat-1")


async def test_two_daemons_with_one_configuration_say_so_and_do_not_fight_at_full_speed(
    peers: str, running: Daemon, daemon: StartDaemon
) -> None:
    other = await daemon(TEXT, peers=peers)

    hint = (await running.logs("broker.session_taken", within=60))["hint"]
    found = sum(line["event"] == "broker.found" for each in (running, other) for line in each.log())
    await other.stop()
    before = sum(line["event"] == "broker.found" for line in running.log())
    await running.logs("broker.found", after=before, within=30)
    exam = await examine(running)

    assert "`prefix` and `username`" in hint
    assert found < 20
    assert "give each its own" in exam.failed("broker.session")["mend"]


async def test_a_session_that_the_broker_lost_is_reported(broker: SecuredBroker, running: Daemon) -> None:
    broker.kill()
    (broker.home / "mosquitto.db").unlink(missing_ok=True)
    await broker.start()
    await running.logs("broker.session_lost")
