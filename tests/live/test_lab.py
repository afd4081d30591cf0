"""The lab proves itself: a real Asterisk and scripted phones, with a dialplan that has nothing of ours."""

import asyncio
import gc
import os
import select
import signal
import statistics
import subprocess
import sys
import time

import aiomqtt
import pytest
from tests.lab.broker import Broker
from tests.lab.mqtt import Client
from tests.lab.pbx import Pbx
from tests.lab.pbx_files import REPOSITORY
from tests.lab.phones import Caller
from tests.lab.process import until
from tests.lab.station import RegistrationError
from tests.live.conftest import OpenPhone
from tests.live.exchanges import exchange

pytestmark = pytest.mark.live

DIALPLAN = """
[plain]
exten => 201,1,Dial(PJSIP/anna-desk&PJSIP/anna-soft,30)
exten => 202,1,Dial(PJSIP/ben,30)
exten => 203,1,Dial(PJSIP/ben,1)
exten => 204,1,Answer()
 same => n,MusicOnHold()
exten => 205,1,Set(CALLERID(name)=plain text)
 same => n,Dial(PJSIP/ben,30)
"""

LATE = 0.3
"""Seconds by which a timer may be late on a machine that does other things as well; some 1 ms otherwise."""

pbx = exchange(dialplan=DIALPLAN, trunk_context="plain", with_huntgroup=False)


async def test_a_phone_registers_and_unregisters(pbx: Pbx, phone: OpenPhone) -> None:
    ben = await phone("ben")
    assert f"ben@{ben.address}" in await pbx.cli("pjsip show contacts")

    await ben.is_offline()

    assert f"ben@{ben.address}" not in await pbx.cli("pjsip show contacts")


async def test_a_wrong_password_is_refused(pbx: Pbx) -> None:
    async with pbx.phone("ben", password="wrong") as ben:
        with pytest.raises(RegistrationError, match="401"):
            await ben.registers()


async def test_a_call_rings_is_answered_carries_audio_both_ways_and_ends(
    pbx: Pbx, phone: OpenPhone, caller: Caller
) -> None:
    ben = (await phone("ben")).answers(after=0.1)

    call = await caller.dials("202", name="Jan Kowalski", number="+48600700800")
    await call.ringing()
    await call.answered()
    rung = await ben.talking()
    await call.hears(ben)
    await ben.hears(call)
    assert len(await pbx.channels()) == 2
    await call.hangs_up()

    assert (await ben.ended()).cause == 16
    assert (rung.caller_name, rung.caller_number) == ("Jan Kowalski", "+48600700800")
    assert rung.invite_received < rung.ringing_sent < rung.ok_sent < rung.ack_received
    await pbx.idle()


async def test_a_phone_hangs_up_after_its_time(phone: OpenPhone, caller: Caller) -> None:
    ben = (await phone("ben")).answers().hangs_up(after=0.2)

    call = await caller.dials("202")
    ending = await call.ended()

    assert (ending.how, ending.cause) == ("bye", 16)
    rung = await ben.ringing()
    assert 0.2 <= rung.timeline.at("bye_sent") - rung.ack_received < 0.2 + LATE


async def test_a_phone_declines(phone: OpenPhone, caller: Caller) -> None:
    ben = (await phone("ben")).declines(after=0.05)

    ending = await (await caller.dials("202")).ended()

    assert ending.how == "rejected"
    assert (await ben.ended()).status == 603


async def test_a_phone_is_busy_without_ringing(phone: OpenPhone, caller: Caller) -> None:
    ben = (await phone("ben")).busy()

    call = await caller.dials("202")

    assert (await call.ended()).status == 486
    assert call.timeline.first("ringing") is None
    assert (await ben.invited()).timeline.first("ringing_sent") is None


async def test_a_dead_phone_gets_the_call_and_says_nothing(phone: OpenPhone, caller: Caller) -> None:
    ben = (await phone("ben")).is_silent()

    call = await caller.dials("203")
    invited = await ben.invited()
    await call.ended()

    assert call.timeline.first("ringing") is None
    assert {fact.what for fact in invited.timeline.facts} <= {"invite_received", "invite_ignored"}


async def test_a_caller_gives_up(pbx: Pbx, phone: OpenPhone, caller: Caller) -> None:
    ben = await phone("ben")

    call = await caller.dials("202")
    await call.ringing()
    await ben.ringing()

    assert (await call.cancels()).how == "cancelled"
    assert "elsewhere" not in (await ben.cancelled()).cancel_reason
    await pbx.idle()


async def test_phones_ring_together_and_the_loser_learns_that_it_was_answered_elsewhere(
    phone: OpenPhone, caller: Caller
) -> None:
    desk, soft = await phone("anna-desk"), await phone("anna-soft")

    await caller.dials("201")
    await soft.ringing()
    await desk.ringing()
    desk.answers()

    assert "Call completed elsewhere" in (await soft.cancelled()).cancel_reason
    await desk.talking()


async def test_the_times_of_a_phone_are_kept(phone: OpenPhone, caller: Caller) -> None:
    ben = (await phone("ben")).rings_after(0.3).answers(after=0.2)

    await (await caller.dials("202")).answered()
    rung = await ben.talking()

    assert 0.3 <= rung.ringing_sent - rung.invite_received < 0.3 + LATE
    assert 0.2 <= rung.ok_sent - rung.ringing_sent < 0.2 + LATE


async def test_a_phone_is_quick_enough_to_measure_milliseconds_with(phone: OpenPhone, caller: Caller) -> None:
    ben = (await phone("ben")).answers()
    turnarounds = []
    for _ in range(10):
        call = await caller.dials("202")
        rung = await ben.talking()
        turnarounds.append(rung.ringing_sent - rung.invite_received)
        await call.answered()
        await call.hangs_up()
        await ben.ended()

    assert statistics.median(turnarounds) < 0.003


async def test_an_answer_that_crosses_the_cancel_is_hung_up_on(pbx: Pbx, phone: OpenPhone, caller: Caller) -> None:
    ben = (await phone("ben")).answers_when_cancelled()

    call = await caller.dials("202")
    await ben.ringing()
    await call.cancels()

    assert (await ben.ended()).how == "bye"
    await pbx.idle()


@pytest.mark.parametrize("ring", [0.0, 0.001, 0.002, 0.004])
async def test_a_cancel_and_an_answer_in_the_same_instant_leave_nothing(
    pbx: Pbx, phone: OpenPhone, caller: Caller, ring: float
) -> None:
    ben = (await phone("ben")).answers(after=ring)

    call = await caller.dials("202")
    await ben.ringing()
    await call.cancels()

    assert (await ben.ended()).how in ("bye", "cancelled")
    await pbx.idle()


async def test_a_phone_with_one_line_is_busy_at_the_second_call(pbx: Pbx, phone: OpenPhone, caller: Caller) -> None:
    ben = (await phone("ben")).answers()
    await (await caller.dials("202")).answered()
    async with pbx.caller() as other:
        second = await other.dials("202")
        assert (await second.ended()).status == 486

        ben.lines = 2
        await (await other.dials("202")).answered()
    assert [call.ending is None for call in ben.calls][:2] == [True, False]


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("${SHELL(id)}", "${SYSTEM(id)}"),
        ('Jan "<sip:evil@x>;tag=1', "+48;tag=2"),
        ("Zażółć gęślą jaźń 🦊", "101"),
        ("line\r\nAction: Originate", "+48\r\nAction: Originate"),
        ("", ""),
    ],
)
async def test_any_name_and_number_can_be_tried(phone: OpenPhone, caller: Caller, name: str, number: str) -> None:
    ben = (await phone("ben")).answers()

    call = await caller.dials("205", name=name, number=number)
    await call.answered()
    rung = await ben.talking()
    await call.hears(ben)
    await call.hangs_up()
    await ben.ended()

    assert rung.caller_name == "plain text"


async def test_a_from_header_of_ones_own_is_sent_as_it_is(phone: OpenPhone, caller: Caller) -> None:
    ben = await phone("ben")

    await caller.dials("202", raw_from='"Raw" <sip:raw-user@example.org>')

    rung = await ben.ringing()
    assert (rung.caller_name, rung.caller_number) == ("Raw", "raw-user")


async def test_phones_call_each_other_and_the_outside(pbx: Pbx, phone: OpenPhone) -> None:
    ben, cleo = await phone("ben"), (await phone("cleo")).answers()

    inside = await ben.dials("103")
    await inside.answered()
    assert (await cleo.talking()).caller_number == "102"
    await inside.hangs_up()

    async with pbx.mobile() as mobile:
        mobile.answers()
        outside = await ben.dials("9+48600100200")
        await outside.answered()
        assert (await mobile.talking()).dialled == "+48600100200"
        await outside.hears(mobile)
        await outside.hangs_up()
        await mobile.ended()


async def test_a_phone_transfers_its_call(phone: OpenPhone, caller: Caller) -> None:
    ben, cleo = (await phone("ben")).answers(), (await phone("cleo")).answers()
    call = await caller.dials("202")
    talk = await ben.talking()
    await call.hears(ben)

    await talk.transfers("103")

    await cleo.talking()
    await call.hears(cleo)
    assert (await ben.ended()).how == "bye_sent"


async def test_a_waiting_caller_hears_music_without_a_gap(caller: Caller) -> None:
    call = await caller.dials("204")
    await call.answered()
    await asyncio.sleep(0.5)  # as long as one wants to hear it

    assert call.hears_audio()
    call.heard_no_break(5, since=call.answered_at)


async def test_a_failed_wait_tells_what_happened_instead(phone: OpenPhone, caller: Caller) -> None:
    ben = await phone("ben")
    call = await caller.dials("202")
    await ben.ringing()
    await call.ringing()

    with pytest.raises(AssertionError, match=r"no answered or ended in 0.05 s.*ringing at \+0"):
        await call.answered(within=0.05)
    with pytest.raises(AssertionError, match=r"ben: no .*talking in 0.05 s.*ringing_sent"):
        await ben.talking(within=0.05)


async def test_asterisk_is_killed_and_started_again_with_its_registrations(
    pbx: Pbx, phone: OpenPhone, caller: Caller
) -> None:
    ben = (await phone("ben")).answers()
    await (await caller.dials("202")).answered()
    await pbx.saved()

    pbx.kill()
    assert not pbx.is_running
    await pbx.start()

    ben.lines = 2  # no BYE came: for the phone the first call goes on
    call = await caller.dials("202")
    await call.answered()
    await call.hears(ben.calls[1])


async def test_the_ami_shows_what_happens_and_does_what_it_is_told(pbx: Pbx, phone: OpenPhone) -> None:
    ben = (await phone("ben")).answers()
    async with pbx.ami() as ami:
        await ami.action("Originate", Channel="PJSIP/ben", Application="Wait", Data="5", Async="true", Timeout="5000")
        await ben.talking()
        event = await ami.event("Newstate", ChannelStateDesc="Up")
    assert event["Channel"].startswith("PJSIP/ben")


async def test_what_one_connection_originates_is_no_answer_to_what_another_asks(pbx: Pbx, phone: OpenPhone) -> None:
    await phone("ben")
    async with pbx.ami("off") as calls, pbx.ami("call") as looks:
        await calls.action("Originate", Channel="PJSIP/ben", Application="Wait", Data="5", Async="true", Timeout="100")

        told = await looks.event("OriginateResponse")
        answer = await looks.action("Ping")

        assert told["ActionID"] != answer["ActionID"]


async def test_a_killed_broker_comes_back_with_what_it_had(broker: Broker) -> None:
    async with aiomqtt.Client(broker.address, broker.port) as client:
        await client.publish("kept", "here", qos=1, retain=True)
    await broker.saved()

    broker.kill()
    await broker.start()

    async with aiomqtt.Client(broker.address, broker.port) as client:
        await client.subscribe("kept")
        message = await anext(client.messages)
    assert message.payload == b"here"


async def test_a_broker_that_dies_under_somebody_leaves_no_error_that_nobody_asked_for(broker: Broker) -> None:
    complaints: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context["message"]))
    try:
        async with Client(broker.address, broker.port) as client:
            broker.kill()
            await until(client._disconnected.done, "the client knows")
        del client
        gc.collect()
    finally:
        await broker.start()

    assert complaints == []


_VICTIM = """
import asyncio
from tests.lab.broker import Broker
from tests.lab.pbx import Pbx

async def main():
    async with Broker() as broker, Pbx(with_huntgroup=False) as pbx:
        print(broker.pid, pbx.pid, broker.home, pbx.home, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


def test_nothing_outlives_a_killed_test_process() -> None:
    with subprocess.Popen([sys.executable, "-c", _VICTIM], stdout=subprocess.PIPE, cwd=REPOSITORY) as victim:
        assert victim.stdout is not None
        broker, pbx, *homes = victim.stdout.readline().split()
        watched = [os.pidfd_open(int(pid)) for pid in (broker, pbx)]
        victim.send_signal(signal.SIGKILL)
        deadline = time.monotonic() + 5
        gone = [bool(select.select([fd], [], [], deadline - time.monotonic())[0]) for fd in watched]
        for descriptor in watched:
            os.close(descriptor)
    for home in homes:
        subprocess.run(["rm", "-r", home], check=True)

    assert gone == [True, True]
