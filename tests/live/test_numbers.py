"""Dialled numbers and callers' numbers in every form that trunks send, and names in every script."""

import asyncio
import subprocess
import sys

import pytest
from tests.lab.daemon import Daemon
from tests.lab.phones import Caller
from tests.lab.station import NO_UTF8
from tests.live.configuration import NUMBER, configuration, group
from tests.live.conftest import OpenPhone, StartDaemon
from tests.live.exchanges import on_both_versions

pytestmark = pytest.mark.live

POLAND = 'country = "pl"'
PLAN = configuration(
    group("sales", "anna"),
    group("support", "ben"),
    numbers={"22 123-45-67": "sales", "101": "support"},
    telephony=POLAND,
)

pbx = on_both_versions()


@pytest.mark.parametrize("dialled", [NUMBER, "48221234567", "0048221234567", "221234567", "+48221234567;npdi;rn=1"])
async def test_a_number_is_known_in_whatever_form_the_trunk_sends_it(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon, dialled: str
) -> None:
    anna = (await phone("anna-desk")).answers()
    running = await daemon(PLAN)

    call = await caller.dials(dialled)

    await call.hears(await anna.talking())
    assert (await running.logs("inquiry.received"))["detail"] == NUMBER


async def test_an_extension_is_known_by_its_digits(phone: OpenPhone, caller: Caller, daemon: StartDaemon) -> None:
    ben = (await phone("ben")).answers()
    running = await daemon(PLAN)

    call = await caller.dials("101")

    await call.hears(await ben.talking())
    assert (await running.logs("inquiry.received"))["detail"] == "101"


async def test_while_the_daemon_is_away_a_number_is_known_in_every_form_as_well(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = (await phone("anna-desk")).answers()
    running = await daemon(PLAN)
    await running.stop()

    for dialled in ("48221234567", "221234567"):
        call = await caller.dials(dialled)
        await call.hears(await anna.talking())
        await call.hangs_up()
        await anna.ended()


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("600700800", "+48600700800"),
        ("48600700800", "+48600700800"),
        ("0048600700800", "+48600700800"),
        ("+442079460018", "+442079460018"),
        ("1234", "1234"),
        ("nobody", "nobody"),
    ],
)
async def test_a_callers_number_is_shown_in_its_international_form(
    caller: Caller, daemon: StartDaemon, number: str, shown: str
) -> None:
    running = await daemon(PLAN)

    call = await caller.dials(NUMBER, number=number)

    assert (await running.logs("inquiry.received"))["customer_phone"] == shown
    await call.hangs_up()


async def explained(running: Daemon, inquiry: str) -> str:
    """What `huntgroup explain` tells of it."""
    command = (sys.executable, "-m", "huntgroup", "explain", inquiry, "--config", str(running.config))
    explaining = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return (await explaining.communicate())[0].decode()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Zażółć gęślą jaźń", "Zażółć gęślą jaźń"),
        ("田中 太郎", "田中 太郎"),
        ("\u202egnp.exe", "gnp.exe"),
        ("Jan\tKowalski\x1b[31m", "JanKowalski[31m"),
        (f"Ren{NO_UTF8}e", "Ren\ufffde"),
    ],
)
async def test_a_name_is_a_line_of_text_from_the_caller_to_the_story_of_their_call(
    caller: Caller, daemon: StartDaemon, name: str, shown: str
) -> None:
    running = await daemon(PLAN)

    call = await caller.dials(NUMBER, raw_from=f'"{name}" <sip:600700800@{caller.address}>')
    received = await running.logs("inquiry.received")
    await call.hangs_up()
    await running.logs("inquiry.closed")
    await running.stop()

    assert received["customer_name"] == shown
    assert f"{shown} (+48600700800) comes in by {NUMBER}, for sales" in await explained(running, received["inquiry"])
