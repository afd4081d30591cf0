"""Two groups share one operator: however many calls come at once, the phone is called for one at a time."""

import asyncio

import pytest
from tests.lab.outgoing import OutgoingCall
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller
from tests.live.configuration import NUMBER, configuration, group
from tests.live.conftest import StartDaemon

pytestmark = pytest.mark.live


SUPPORT = "+48221234568"
CALLS = 20
TALK = 0.1
"""Seconds of every conversation."""


async def served(call: OutgoingCall) -> None:
    """Wait for one's turn, talk a little, hang up."""
    await call.answered(within=30.0)
    await asyncio.sleep(TALK)
    await call.hangs_up()


async def test_the_phone_of_an_operator_in_two_groups_never_rings_for_two_calls_at_once(
    pbx: Pbx, caller: Caller, daemon: StartDaemon
) -> None:
    numbers = {NUMBER: "sales", SUPPORT: "support"}
    running = await daemon(configuration(group("sales", "anna"), group("support", "anna"), numbers=numbers))

    # A line for each call: a second one would not be refused, it would ring.
    async with pbx.phone("anna-desk", audio=False, lines=CALLS) as phone:
        anna = (await phone.registers()).answers(after=0.1)
        calls = [await caller.dials((NUMBER, SUPPORT)[index % 2]) for index in range(CALLS)]
        async with asyncio.TaskGroup() as conversations:
            for call in calls:
                conversations.create_task(served(call))
        await running.logs("inquiry.closed", after=CALLS - 1)
        await anna.is_offline()

    assert len(anna.calls) == CALLS
    over = [call.timeline.at("ended") for call in anna.calls]
    began = [call.invite_received for call in anna.calls]
    assert all(end <= begin for end, begin in zip(over, began[1:], strict=False))
