"""What a group can be told to do with its calls, on a real Asterisk with real phones."""

import asyncio
import subprocess
import sys

import pytest
from tests.lab.outgoing import OutgoingCall
from tests.lab.phones import Caller
from tests.live.configuration import NUMBER, configuration, group
from tests.live.conftest import OpenPhone, StartDaemon

pytestmark = pytest.mark.live


SUPPORT = "+48221234568"
CLOSED = '{ timezone = "UTC" }'
OPEN = '{ timezone = "Europe/Warsaw", mon-sun = "00:00-24:00" }'


async def served(caller: Caller) -> OutgoingCall:
    """One call from its beginning to its end."""
    call = await caller.dials(NUMBER)
    await call.answered()
    return await call.hangs_up()


@pytest.mark.parametrize("distribution", ["evenly", "in_turn"])
async def test_calls_go_round(phone: OpenPhone, caller: Caller, daemon: StartDaemon, distribution: str) -> None:
    anna, ben = (await phone("anna-desk")).answers(), (await phone("ben")).answers()
    running = await daemon(configuration(group("sales", "anna", "ben", distribution=f'"{distribution}"')))

    for number in range(4):
        await served(caller)
        await running.logs("inquiry.closed", after=number)

    assert (len(anna.calls), len(ben.calls)) == (2, 2)


async def test_an_operator_in_wrapup_is_left_alone_until_it_is_over(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = (await phone("anna-desk")).answers()
    running = await daemon(configuration(group("sales", "anna", wrapup='"1s"')))

    first = await served(caller)
    await running.logs("inquiry.conversation_ended")
    call = await caller.dials(NUMBER)
    await call.answered()

    assert anna.calls[1].invite_received - first.timeline.at("bye_sent") > 1.0
    decided = [line["verdicts"] for line in running.log() if line["event"] == "inquiry.decided"]
    assert {"anna": "wrapup"} in decided


async def test_a_closed_group_hangs_up_with_its_cause(phone: OpenPhone, caller: Caller, daemon: StartDaemon) -> None:
    anna = await phone("anna-desk")
    closed = group("sales", "anna", hours=CLOSED, on_closed='{ action = "hang_up", cause = "congestion" }')
    await daemon(configuration(closed))

    call = await caller.dials(NUMBER)

    assert (await call.ended()).status == 503
    assert anna.calls == []


async def test_a_closed_group_sends_its_callers_to_one_that_is_open(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    ben = (await phone("ben")).answers()
    closed = group("sales", "anna", hours=CLOSED, on_closed='{ action = "group", group = "support" }')
    await daemon(configuration(closed, group("support", "ben", hours=OPEN)))

    call = await caller.dials(NUMBER)
    await call.answered()

    await ben.talking()


async def test_a_full_line_takes_nobody_more(phone: OpenPhone, caller: Caller, daemon: StartDaemon) -> None:
    anna = (await phone("anna-desk")).answers()
    running = await daemon(configuration(group("sales", "anna", max_waiting="1")))

    first = await caller.dials(NUMBER)
    await first.answered()
    second = await caller.dials(NUMBER)
    await running.logs("inquiry.received", after=1)
    third = await caller.dials(NUMBER)

    assert (await third.ended()).status == 486
    await first.hangs_up()
    await second.answered()
    assert len(anna.calls) == 2


async def test_the_group_of_higher_priority_is_served_first(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    (await phone("anna-desk")).answers()
    urgent = group("support", "anna", priority="5")
    numbers = {NUMBER: "sales", SUPPORT: "support"}
    running = await daemon(configuration(group("sales", "anna"), urgent, numbers=numbers))

    first = await caller.dials(NUMBER)
    await first.answered()
    early = await caller.dials(NUMBER)
    await running.logs("inquiry.received", after=1)
    late = await caller.dials(SUPPORT)
    await running.logs("inquiry.received", after=2)
    await first.hangs_up()
    await late.answered()

    assert early.timeline.first("answered") is None


async def test_nobody_takes_it_and_one_operator_is_rung_until_they_do(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    (await phone("anna-desk")).declines()
    cleo = await phone("cleo")
    last = '{ action = "operator", operator = "cleo" }'
    await daemon(configuration(group("sales", "anna", rings="1", on_unanswered=last)))

    call = await caller.dials(NUMBER)
    rung = await cleo.ringing()
    await asyncio.sleep(1.0)  # longer than the group's rings would have lasted
    rung.answer()

    await call.answered()


async def test_the_story_of_a_call_is_told_afterwards(phone: OpenPhone, caller: Caller, daemon: StartDaemon) -> None:
    (await phone("anna-desk")).declines()
    (await phone("ben")).answers()
    running = await daemon(configuration(group("sales", "anna", "ben")))
    await served(caller)
    inquiry = (await running.logs("inquiry.closed"))["inquiry"]
    await running.stop()

    command = (sys.executable, "-m", "huntgroup", "explain", inquiry, "--config", str(running.config))
    explaining = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    told = (await explaining.communicate())[0].decode()

    assert "anna declines it" in told
    assert "not anna, who had declined it in this round [declined_this_round]" in told
    assert told.splitlines()[-1].endswith("it ends, answered by ben")
