"""Callers who leave a message, on a real Asterisk with its own voicemail."""

from pathlib import Path

import pytest
from tests.lab.broker import Broker
from tests.lab.mqtt import Party
from tests.lab.outgoing import OutgoingCall
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller
from tests.lab.process import until
from tests.lab.schemas import faults
from tests.live.configuration import NUMBER, configuration, group
from tests.live.conftest import OpenPhone, StartDaemon

pytestmark = pytest.mark.live

LONG_ENOUGH = 24_000
"""Bytes of a recording of a second and a half: the mailbox throws away what is shorter than one."""
CLOSED = '{ timezone = "UTC" }'
TO_SALES = '{ action = "voicemail", mailbox = "sales" }'


def recordings(pbx: Pbx) -> set[Path]:
    """Every recording in the exchange's mailboxes, those under way included."""
    return set((pbx.home / "spool").rglob("*.wav"))


def is_long_enough(recording: Path) -> bool:
    """Whether the mailbox keeps it."""
    return recording.stat().st_size > LONG_ENOUGH


async def speaks(pbx: Pbx, call: OutgoingCall) -> None:
    """Skip what the mailbox says, and talk until it has recorded enough to keep it."""
    before = recordings(pbx)
    await until(call.hears_audio, "the mailbox speaks")
    call.presses("#")
    await until(lambda: bool(recordings(pbx) - before), "the mailbox records")
    await until(lambda: any(map(is_long_enough, recordings(pbx) - before)), "the message is long enough")


async def test_a_message_is_an_inquiry_of_its_own_with_its_recording(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    (await phone("anna-desk")).declines()
    running = await daemon(configuration(group("sales", "anna", on_unanswered=TO_SALES)))

    call = await caller.dials(NUMBER, name="Zażółć", number="+48600700800")
    await call.answered()
    await speaks(pbx, call)
    await call.hangs_up()

    left = await running.logs("inquiry.message_left")
    assert (await running.logs("inquiry.closed", inquiry=left["inquiry"]))["detail"] == "voicemail"
    received = await running.logs("inquiry.received", inquiry=left["detail"])
    assert (received["group"], received["customer_name"], received["customer_phone"]) == (
        "sales",
        "Zażółć",
        "+48600700800",
    )
    assert Path(received["recording"]).with_suffix(".wav") in recordings(pbx)
    assert received["recording_seconds"] in (1, 2)
    assert (await running.logs("inquiry.accepted", inquiry=left["detail"]))["operator"] == "anna"


async def test_no_caller_writes_how_long_their_message_is(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    (await phone("anna-desk")).declines()
    running = await daemon(configuration(group("sales", "anna", on_unanswered=TO_SALES)))

    call = await caller.dials(NUMBER, number="1\nduration=86399\n")
    await call.answered()
    await speaks(pbx, call)
    await call.hangs_up()

    left = await running.logs("inquiry.message_left")
    received = await running.logs("inquiry.received", inquiry=left["detail"])
    assert received["recording_seconds"] in (1, 2)


async def test_a_message_lies_on_the_desk_with_its_recording(
    pbx: Pbx, broker: Broker, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    (await phone("anna-desk")).declines()
    await daemon(configuration(group("sales", "anna", on_unanswered=TO_SALES)), broker_url=broker.url)
    async with Party(broker) as screen:
        await screen.sees("status", state="online")
        call = await caller.dials(NUMBER, name="Jan", number="+48600700800")
        await call.answered()
        await speaks(pbx, call)
        await call.hangs_up()

        on_desk = await screen.until(
            lambda each: each.topic.endswith("/anna/desk") and bool(each.data["inquiries"]), "the message on the desk"
        )
        (message,) = on_desk.data["inquiries"]
        event = await screen.sees("events/inquiry.received", subject=message["inquiry"])
        assert (message["channel"], message["customer"]["phone"]) == ("mail", "+48600700800")
        assert Path(message["recording"]["file"]).with_suffix(".wav") in recordings(pbx)
        assert event["data"]["recording"] == message["recording"]
        assert faults(on_desk.topic, on_desk.data) == []
        assert (await screen.commands("anna", "close", inquiry=message["inquiry"]))["ok"]


async def test_the_message_is_kept_when_the_caller_ends_it_by_a_key(
    pbx: Pbx, caller: Caller, daemon: StartDaemon
) -> None:
    running = await daemon(configuration(group("sales", "anna", hours=CLOSED, on_closed=TO_SALES)))

    call = await caller.dials(NUMBER)
    await call.answered()
    await speaks(pbx, call)
    call.presses("#")

    assert (await call.ended()).how == "bye"
    await running.logs("inquiry.message_left")


async def test_who_hangs_up_before_they_have_spoken_has_given_up(pbx: Pbx, caller: Caller, daemon: StartDaemon) -> None:
    running = await daemon(configuration(group("sales", "anna", hours=CLOSED, on_closed=TO_SALES)))

    call = await caller.dials(NUMBER)
    await call.answered()
    await until(call.hears_audio, "the mailbox speaks")
    await call.hangs_up()

    assert (await running.logs("inquiry.closed"))["detail"] == "abandoned"
    assert [line for line in running.log() if line["event"] == "inquiry.message_left"] == []


async def test_a_mailbox_that_is_full_leaves_the_caller_in_the_line(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    async with pbx.set_otherwise("voicemail.conf", "[general]", "[general]\nmaxmsg=1", reload="app_voicemail.so"):
        anna = (await phone("anna-desk")).declines()
        running = await daemon(configuration(group("sales", "anna", on_unanswered=TO_SALES)))
        inbox = pbx.home / "spool" / "voicemail" / "default" / "sales" / "INBOX"
        inbox.mkdir(parents=True, exist_ok=True)
        message = inbox / "msg0099.txt"
        message.touch()

        call = await caller.dials(NUMBER)
        await until(call.hears_audio, "the mailbox speaks")
        call.presses("#")
        failed = await running.logs("inquiry.action_failed")
        anna.answers()
        await anna.talking()
        await call.hears(anna)
        message.unlink()

    assert failed["detail"] == "the mailbox took no message"
    assert (await running.logs("pbx.mailbox_failed"))["level"] == "warning"


async def test_a_message_that_is_left_while_the_daemon_restarts_is_not_lost(
    pbx: Pbx, caller: Caller, daemon: StartDaemon
) -> None:
    plan = configuration(group("sales", "anna", hours=CLOSED, on_closed=TO_SALES))
    first = await daemon(plan)

    call = await caller.dials(NUMBER)
    await call.answered()
    first.kill()
    await speaks(pbx, call)
    second = await daemon(plan)
    await call.hangs_up()

    received = await second.logs("inquiry.received")
    assert Path(received["recording"]).with_suffix(".wav") in recordings(pbx)


async def test_nor_one_that_is_left_while_there_is_no_daemon(pbx: Pbx, caller: Caller, daemon: StartDaemon) -> None:
    plan = configuration(group("sales", "anna", hours=CLOSED, on_closed=TO_SALES))
    first = await daemon(plan)

    call = await caller.dials(NUMBER, number="+48600700800")
    await call.answered()
    first.kill()
    await speaks(pbx, call)
    await call.hangs_up()
    await pbx.idle()
    second = await daemon(plan)
    received = await second.logs("inquiry.received")
    await second.says_to_the_pbx("HUNTGROUP_MESSAGES", "")  # it has it
    await second.stop()
    third = await daemon(plan)

    assert received["customer_phone"] == "+48600700800"
    assert Path(received["recording"]).with_suffix(".wav") in recordings(pbx)
    assert [line for line in third.log() if line["event"] == "inquiry.received"] == []


async def test_the_message_of_who_was_in_the_mailbox_is_that_inquirys(
    pbx: Pbx, caller: Caller, daemon: StartDaemon
) -> None:
    running = await daemon(configuration(group("sales", "anna", hours=CLOSED, on_closed=TO_SALES)))
    call = await caller.dials(NUMBER)
    await call.answered()
    inquiry = (await running.logs("inquiry.received"))["inquiry"]

    running.kill()
    before = recordings(pbx)
    await until(call.hears_audio, "the mailbox speaks")
    call.presses("#")
    await until(lambda: bool(recordings(pbx) - before), "the mailbox records")
    await running.start()
    await until(lambda: any(map(is_long_enough, recordings(pbx) - before)), "the message is long enough")
    await call.hangs_up()

    left = await running.logs("inquiry.message_left")
    closed = await running.logs("inquiry.closed", inquiry=inquiry)
    assert (left["inquiry"], closed["detail"]) == (inquiry, "voicemail")
    assert (await running.logs("inquiry.received", after=1))["inquiry"] == left["detail"]


async def test_who_left_the_mailbox_meanwhile_without_a_word_has_given_up(
    pbx: Pbx, caller: Caller, daemon: StartDaemon
) -> None:
    running = await daemon(configuration(group("sales", "anna", hours=CLOSED, on_closed=TO_SALES)))
    call = await caller.dials(NUMBER)
    await call.answered()
    await running.logs("inquiry.received")

    running.kill()
    await call.hangs_up()
    await pbx.idle()
    await running.start()

    assert (await running.logs("inquiry.closed"))["detail"] == "abandoned"
