"""What callers hear while they wait: their place in the line, and music without a gap; and how they leave the line."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from tests.lab.ami import Ami
from tests.lab.outgoing import OutgoingCall
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller, Phone
from tests.lab.process import until
from tests.live.configuration import NUMBER, OUTWARD, configuration, group
from tests.live.conftest import OpenPhone, StartDaemon
from tests.live.exchanges import on_both_versions

pytestmark = pytest.mark.live

TOLERANCE = 1.0
"""Seconds: far more than a loaded machine takes from one thing to the next, and far less than what is announced."""
HANDOFFS = 6
ANOTHER_LANGUAGE = "en_US_f_Allison"
"""As far as Asterisk knows: its sounds are in a folder of that name."""

pbx = on_both_versions()


def announcing(announce: str, *operators: str, **options: str) -> str:
    """A group with music that says so much."""
    return group("sales", *(operators or ("anna",)), hold='"music"', announce=announce, **options)


def sounds(pbx: Pbx) -> list[str]:
    """The names of what was played so far, with their languages, as Asterisk's log tells."""
    return [line.split("Playing '")[1] for line in pbx.log_text().splitlines() if "Playing '" in line]


async def hears(pbx: Pbx, *names: str, since: int = 0) -> None:
    """Wait until just these were played, in this order."""
    await until(lambda: len(sounds(pbx)) >= since + len(names), f"{names} are played", within=15)
    assert [each.split(".")[0] for each in sounds(pbx)[since : since + len(names)]] == list(names)


async def test_a_caller_hears_their_place_and_then_the_music_again(
    pbx: Pbx, caller: Caller, daemon: StartDaemon
) -> None:
    await daemon(configuration(announcing("{ position = true }")))
    before = len(sounds(pbx))

    call = await caller.dials(NUMBER)
    await call.answered()
    await hears(pbx, "queue-youarenext", since=before)
    second = await caller.dials(NUMBER)
    await second.answered()
    await hears(pbx, "queue-youarenext", "queue-thereare", "digits/2", "queue-callswaiting", since=before)

    async with pbx.ami("off") as ami:
        await holds_again(ami, 2)
    began = time.monotonic()
    await until(lambda: second.hears_audio(began), "the music goes on")


async def holds_again(ami: Ami, many: int) -> None:
    """So many callers are back where they wait."""
    async with asyncio.timeout(20):
        while True:
            waiting = [each for each in await ami.entries("Status") if each["Context"] == "huntgroup-hold"]
            if len(waiting) >= many:
                return


async def test_they_hear_it_in_the_language_of_their_channel(pbx: Pbx, caller: Caller, daemon: StartDaemon) -> None:
    running = await daemon(configuration(announcing('{ position = true, every = "300ms" }')))
    before = len(sounds(pbx))

    call = await caller.dials(NUMBER)
    await call.answered()
    await running.logs("inquiry.received")
    async with pbx.ami("off") as ami:
        (channel,) = [each["Channel"] for each in await ami.entries("Status")]
        await ami.action("Setvar", Channel=channel, Variable="CHANNEL(language)", Value=ANOTHER_LANGUAGE)
    await until(lambda: any(ANOTHER_LANGUAGE in each for each in sounds(pbx)[before:]), "it is said in that language")


async def test_they_hear_it_again_every_so_often(pbx: Pbx, caller: Caller, daemon: StartDaemon) -> None:
    await daemon(configuration(announcing('{ sound = "beep", every = "600ms" }')))
    before = len(sounds(pbx))

    call = await caller.dials(NUMBER)
    await call.answered()
    await hears(pbx, "beep", "beep", "beep", since=before)


async def test_the_estimated_wait_is_said_once_it_is_known(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    running = await daemon(configuration(announcing("{ wait = true }")))
    for number in range(3):
        call = await caller.dials(NUMBER)
        await running.logs("inquiry.received", after=number)
        anna = (await phone("anna-desk")).answers()
        await anna.talking()
        await anna.is_offline()
        await call.hangs_up()
        await running.logs("inquiry.closed", after=number)
        await anna.close()
        await running.knows_of("PJSIP/anna-desk", "UNAVAILABLE")  # or the next one might be rung there at once, in vain
    before = len(sounds(pbx))

    await (await caller.dials(NUMBER)).answered()

    await hears(pbx, "queue-holdtime", "queue-less-than", "digits/1", "queue-minute", since=before)


async def test_an_offer_waits_for_no_announcement(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    running = await daemon(configuration(announcing('{ sound = "demo-congrats" }')))
    before = len(sounds(pbx))

    call = await caller.dials(NUMBER)
    await call.answered()
    await hears(pbx, "demo-congrats", since=before)
    anna = pbx.phone("anna-desk")
    async with anna.answers():
        await anna.registers()
        registered = time.monotonic()
        rung = await anna.talking()

        assert rung.invite_received - registered < TOLERANCE, running.log()[-20:]
        await call.hears(anna)
        await running.logs("inquiry.accepted")
        await call.hangs_up()
        await anna.ended()
        await anna.is_offline()


async def test_nobody_hears_a_gap_however_often_they_are_handed_on_and_told_how_it_stands(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = await phone("anna-desk"), await phone("ben")
    await daemon(configuration(announcing('{ position = true, every = "1s" }', "anna", "ben", rings="1")))

    call = await caller.dials(NUMBER)
    await call.answered()
    for _ in range(HANDOFFS // 2):
        await (await anna.ringing()).cancelled()
        await (await ben.ringing()).cancelled()
    anna.answers()
    await anna.talking()
    talks = anna.call.timeline.at("talking")

    # The first packet comes when the music begins.
    call.heard_no_break(HANDOFFS, until=talks)


# -- leaving the line -----------------------------------------------------------------------------------------------

LEAVING = '{ sound = "beep", leave_key = "1" }'
CALL_ME = '{ action = "callback", sound = "beep" }'


@pytest.fixture
async def outside(pbx: Pbx) -> AsyncIterator[Phone]:
    """Whoever is called outside."""
    async with pbx.mobile() as mobile:
        yield mobile
        await pbx.hangs_up_all()


async def holding(pbx: Pbx, call: OutgoingCall) -> None:
    """The caller hears music."""
    await call.answered()
    async with pbx.ami("off") as ami:
        await holds_again(ami, 1)


async def test_a_caller_leaves_the_line_by_the_key_and_is_called_back(
    pbx: Pbx, phone: OpenPhone, caller: Caller, outside: Phone, daemon: StartDaemon
) -> None:
    outside.answers()
    running = await daemon(configuration(announcing(LEAVING, on_leave=CALL_ME), telephony=OUTWARD))

    call = await caller.dials(NUMBER)
    await holding(pbx, call)
    call.presses("1")
    await running.logs("inquiry.left_line")
    await call.ended()
    anna = (await phone("anna-desk")).answers()

    await anna.hears(await outside.talking())


async def test_they_may_do_so_while_they_are_told_of_it_or_while_a_phone_rings(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    plan = announcing('{ sound = "demo-congrats", leave_key = "1" }', on_leave='{ action = "hang_up" }')
    running = await daemon(configuration(plan))
    before = len(sounds(pbx))

    told = await caller.dials(NUMBER)
    await told.answered()
    await hears(pbx, "demo-congrats", since=before)
    told.presses("1")
    await told.ended()

    anna = await phone("anna-desk")
    rung_for = await caller.dials(NUMBER)
    await anna.ringing()
    rung_for.presses("1")
    await rung_for.ended()
    await anna.cancelled()
    assert [line for line in running.log() if line["event"] == "inquiry.missed"] == []


async def test_they_may_do_so_after_a_reply(pbx: Pbx, caller: Caller, daemon: StartDaemon) -> None:
    """To whom nothing but the reply was said before they held."""
    plan = announcing(
        '{ leave_key = "1", sound = "demo-congrats", every = "60s" }',
        on_leave='{ action = "hang_up" }',
        hours='{ timezone = "UTC" }',
        on_closed='{ action = "reply", sound = "beep" }',
    )
    running = await daemon(configuration(plan))

    call = await caller.dials(NUMBER)
    await holding(pbx, call)
    call.presses("1")
    await call.ended()

    assert (await running.logs("inquiry.left_line"))["detail"] == "by key 1"


LISTENED = 5.0
"""Seconds that a step of the dialplan waits at most."""


async def test_they_may_do_so_at_any_time(pbx: Pbx, caller: Caller, daemon: StartDaemon) -> None:
    """Long after the last word was said to them, and nobody is being rung."""
    running = await daemon(configuration(announcing(LEAVING, on_leave='{ action = "hang_up" }')))

    call = await caller.dials(NUMBER)
    await holding(pbx, call)
    await asyncio.sleep(LISTENED + TOLERANCE)
    call.presses("1")
    await call.ended()

    await running.logs("inquiry.left_line")


@pytest.mark.parametrize("key", ["2", "*", "#"])
async def test_no_other_key_does_anything(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon, key: str
) -> None:
    running = await daemon(configuration(announcing(LEAVING, on_leave='{ action = "hang_up" }')))

    call = await caller.dials(NUMBER)
    await holding(pbx, call)
    call.presses(key)
    anna = await phone("anna-desk")
    rung = await anna.ringing()
    call.presses(key)
    rung.answer()

    await call.hears(anna)
    assert [line for line in running.log() if line["event"] == "inquiry.left_line"] == []
