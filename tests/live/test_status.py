"""``huntgroup status``: the house as a person and a program read it."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.lab.broker import Broker
from tests.lab.daemon import SECRET_VARIABLE, Daemon
from tests.lab.link import Link
from tests.lab.mqtt import Party
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller
from tests.live.configuration import NUMBER, configuration, group, source
from tests.live.conftest import OpenPhone, StartDaemon
from tests.live.exchanges import exchange

pytestmark = pytest.mark.live

TEXT = configuration(group("sales", "anna"), group("support", "ben")) + source("site-chat")

pbx = exchange({"anna-desk": "101"})


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    """A broker of each test's own."""
    async with Broker() as broker:
        yield broker


async def started(config: Path, *options: str) -> asyncio.subprocess.Process:
    """The command, running."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "huntgroup", "status", "--config", str(config), *options),
        env={SECRET_VARIABLE: "any", "COLUMNS": "160"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def status(config: Path, *options: str) -> tuple[int, str, str]:
    """Exit status, output and errors of the command."""
    process = await started(config, *options)
    out, error = await process.communicate()
    return process.returncode or 0, out.decode(), error.decode()


async def with_a_waiting_chat(running: Daemon, broker: Broker) -> None:
    """One chat in hand, one offered, one waiting."""
    async with Party(broker) as party:
        await party.sees("status", state="online")
        await party.commands("anna", "login")
        for number in (1, 2, 3, 4):
            await party.submits(f"chat-{number}", customer={"name": "Jan\x1b[31m"})
        await party.commands("anna", "accept", inquiry="chat-1")
        await party.sees("groups/sales/state", waiting={"call": 0, "chat": 3, "mail": 0, "form": 0}, answered_today=1)


async def test_a_program_reads_operators_groups_and_who_waits(broker: Broker, daemon: StartDaemon) -> None:
    running = await daemon(TEXT, broker_url=broker.url)
    await with_a_waiting_chat(running, broker)

    code, out, _ = await status(running.config, "--json")
    data = json.loads(out)

    assert code == 0
    assert data["operators"]["anna"]["load"]["chat"] == 1
    assert data["groups"]["sales"]["answered_today"] == 1
    assert [(each["id"], each["state"]) for each in data["waiting"]] == [
        ("chat-2", "offered"),
        ("chat-3", "offered"),
        ("chat-4", "waiting"),
    ]


async def test_a_person_reads_tables_and_no_customer_can_paint_on_them(broker: Broker, daemon: StartDaemon) -> None:
    running = await daemon(TEXT, broker_url=broker.url)
    await with_a_waiting_chat(running, broker)

    code, out, _ = await status(running.config)

    assert code == 0
    for words in ("sales", "support", "anna", "chat-4", "Waiting: 3"):
        assert words in out
    assert "\x1b[31m" not in out


async def test_whoever_watches_sees_what_changes(broker: Broker, daemon: StartDaemon) -> None:
    running = await daemon(TEXT, broker_url=broker.url)
    async with Party(broker) as party:
        await party.sees("status", state="online")
        process = await started(running.config, "--json", "--watch")
        assert process.stdout is not None
        await process.stdout.readline()
        await party.submits("chat-1")
        async with asyncio.timeout(10):
            while not json.loads(await process.stdout.readline())["waiting"]:
                continue
        process.terminate()
        await process.communicate()


async def test_it_shows_which_pbx_is_there_and_which_is_lost_and_a_late_screen_does_too(
    pbx: Pbx, broker: Broker, daemon: StartDaemon
) -> None:
    async with Link(pbx) as link, Party(broker) as party:
        running = await daemon(TEXT, broker_url=broker.url, link=link)
        await party.sees("pbxs/main/state", state="connected")
        before = len(party.seen)
        link.cut()
        lost = await party.sees("pbxs/main/state", after=before, state="lost")

        _, picture, _ = await status(running.config)
        _, data, _ = await status(running.config, "--json")

        assert "main │ lost" in picture
        assert json.loads(data)["pbxs"] == {"main": lost}
        before = len(party.seen)
        link.mend()
        await party.sees("pbxs/main/state", after=before, state="connected")


async def test_without_a_daemon_it_says_so(broker: Broker, daemon: StartDaemon) -> None:
    running = await daemon(TEXT, broker_url=broker.url)
    await running.logs("broker.found")
    await running.stop()

    code, _, error = await status(running.config)

    assert code == 1
    assert "no daemon is online at huntgroup/status" in error


async def test_phone_only_house_has_a_status(caller: Caller, phone: OpenPhone, daemon: StartDaemon) -> None:
    """There is no [mqtt]: what the store has of the house is shown."""
    anna = await phone("anna-desk")
    running = await daemon(TEXT)
    await caller.dials(NUMBER)
    await anna.ringing()
    ringing = await running.logs("inquiry.ringing")

    code, out, _ = await status(running.config, "--json")
    _, picture, _ = await status(running.config)

    data = json.loads(out)
    assert (code, data["daemon"]["state"], data["pbxs"]) == (0, "online", {"main": {"state": "connected"}})
    assert [(each["id"], each["state"], each["group"]) for each in data["waiting"]] == [
        (ringing["inquiry"], "offered", "sales")
    ]
    assert "As of " in picture
    assert ringing["inquiry"] in picture


async def test_without_a_broker_it_says_so(broker: Broker, daemon: StartDaemon) -> None:
    running = await daemon(TEXT, broker_url=broker.url)
    broker.kill()

    code, _, error = await status(running.config)

    assert code == 1
    assert "the broker cannot be reached" in error
