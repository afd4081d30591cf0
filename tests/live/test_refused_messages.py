"""What a caller gets into Asterisk's messages hides nothing: neither their own call nor anybody else's.

The trunk goes past the step of our dialplan that cleans what a caller wrote, as it did before there was one, and as it
does for calls that never come to us. So none of the messages about such a caller can be read.
"""

import pytest
from tests.lab.daemon import Daemon
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller
from tests.live.configuration import NUMBER, configuration, group
from tests.live.conftest import OpenPhone, StartDaemon
from tests.live.exchanges import PHONES, on_both_versions

from huntgroup.adapters.ami.unheard import WITH_FILTERS_APART

pytestmark = pytest.mark.live

UNCLEANED = """
[uncleaned]
exten => _[+0-9]!,1,GotoIf($["${EXTEN:0:3}" = "101"]?direct)
 same => n,Goto(huntgroup-inbound,${EXTEN},read)
 same => n(direct),Dial(PJSIP/anna-desk&PJSIP/anna-soft,60)
 same => n,Hangup()
"""
NUMBERS = {
    "a header twice": "1\r\nCause: 16",
    "a header twice behind a quote": '1"\r\nUniqueid: 1.1',
    "an end": "1\r\n\r\n",
    "two ends": "1\r\n\r\nx: y\r\n\r\nz",
    "an event": "1\r\n\r\nEvent: Hangup\r\nPrivilege: call,all\r\nChannel: x",
    "an answer": "1\r\n\r\nResponse: x",
    "the end of a list": "1\r\n\r\nEvent: StatusComplete\r\nEventList: Complete\r\nListItems: 0\r\n\r\n",
}
SALES = configuration(group("sales", "anna", "ben", wrapup='"0s"', rings="100"))

pbx = on_both_versions(trunk_context="uncleaned", dialplan=UNCLEANED)


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS)
async def test_a_call_of_which_nothing_can_be_read_is_served_and_ends(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon, number: str
) -> None:
    anna = await phone("anna-desk")
    running = await daemon(configuration(group("sales", "anna", wrapup='"0s"', rings="100")))

    call = await caller.dials(NUMBER, number=number)
    (await anna.ringing()).answer()
    await call.answered()
    await running.logs("inquiry.accepted", operator="anna")
    await call.hangs_up()
    assert (await running.logs("inquiry.closed"))["detail"] == "answered"

    async with pbx.caller() as honest:
        await honest.dials(NUMBER)
        await anna.ringing()
    refused = [line for line in running.log() if line["event"] == "ami.message_refused"]
    assert len(refused) == 1  # however many there were
    assert refused[0]["refused"] >= 1


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS)
async def test_the_daemon_starts_while_five_hostile_callers_are_up(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon, number: str
) -> None:
    anna, ben = await phone("anna-desk"), await phone("ben")
    first = await daemon(SALES)
    talks = await caller.dials(NUMBER, number=number)
    rung = await anna.ringing()
    rung.answer()
    await talks.answered()
    accepted = await first.logs("inquiry.accepted", operator="anna")
    async with pbx.caller() as second, pbx.caller() as third, pbx.caller() as fourth, pbx.caller() as fifth:
        await second.dials(NUMBER, number=number)
        await ben.ringing()
        await first.logs("inquiry.ringing", operator="ben")
        for each in (third, fourth):
            await (await each.dials(NUMBER, number=number)).ringing()
        await fifth.dials("101", number=number)
        await first.logs("inquiry.received", after=3)
        first.kill()

        again = await daemon(SALES)
        received = {line["inquiry"] for line in first.log() if line["event"] == "inquiry.received"}
        assert len(received) == 4
        ended = [line for line in again.log() if line["event"] in ("inquiry.closed", "inquiry.abandoned")]
        assert [line for line in ended if line["inquiry"] in received] == []
        ben.calls[-1].answer()  # of which something was not heard at first, that rang more than once
        ringing = next(
            line["inquiry"] for line in first.log() if line["event"] == "inquiry.ringing" and line["operator"] == "ben"
        )
        await again.logs("inquiry.accepted", inquiry=ringing, operator="ben")

    await talks.hangs_up()
    await again.logs("inquiry.closed", inquiry=accepted["inquiry"], detail="answered")
    async with pbx.caller() as honest:
        await honest.dials(NUMBER)
        await anna.ringing()


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS)
async def test_a_hostile_call_to_a_phone_of_ours_blocks_nobody(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon, number: str
) -> None:
    anna = await phone("anna-desk")
    await daemon(configuration(group("sales", "anna", wrapup='"0s"', rings="100")))
    async with pbx.caller() as hostile:
        direct = await hostile.dials("101" + number, number=number)
        (await anna.ringing()).answer()
        await direct.answered()
        waits = await caller.dials(NUMBER)
        await waits.ringing()
        await direct.hangs_up()
    (await anna.ringing()).answer()
    await waits.answered()
    await waits.hears(anna)


async def test_a_call_that_an_older_event_filter_hides_is_found_and_its_end_as_well() -> None:
    """config/manager.conf once kept back each event with an empty line in it."""
    async with (
        Pbx(
            PHONES,
            trunk_context="uncleaned",
            dialplan=UNCLEANED,
            ami_options="eventfilter=![[:cntrl:]]{4}.",
        ) as pbx,
        pbx.caller() as caller,
    ):
        anna = await pbx.phone("anna-desk").registers()
        running = Daemon(pbx, SALES)
        try:
            await running.start()
            await running.logs("pbx.events_kept_back")
            call = await caller.dials(NUMBER, number=NUMBERS["an end"])
            (await anna.ringing(within=WITH_FILTERS_APART + 10)).answer()
            await call.answered()
            await call.hangs_up()
            await running.logs("inquiry.closed", within=WITH_FILTERS_APART + 10)
        finally:
            await running.close()
            await anna.close()
