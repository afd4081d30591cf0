"""What long runs of faults brought to light, or were feared to: see tests/endurance."""

import asyncio

import pytest
from tests.lab.link import Link
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller
from tests.live.configuration import NUMBER, RING_SECONDS, configuration, group
from tests.live.conftest import OpenPhone, StartDaemon

pytestmark = pytest.mark.live


async def test_who_is_no_longer_an_operator_ends_their_conversation_as_one(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = (await phone("anna-desk")).answers()
    running = await daemon(configuration(group("sales", "anna", "ben")))
    call = await caller.dials(NUMBER)
    await call.answered()
    await running.logs("inquiry.accepted", operator="anna")

    running.kill()
    without = configuration(group("sales", "ben"))
    begin = without.index('[[operators]]\nid = "anna"')
    running.configures(without[:begin] + without[without.index("[[operators]]", begin + 1) :])
    await running.start()
    await call.hears(anna)
    await call.hangs_up()
    closed = await running.logs("inquiry.closed")

    assert (closed["operator"], closed["detail"]) == ("anna", "answered")


async def test_who_answered_on_a_link_that_then_was_given_up_talks_on(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = await phone("anna-desk"), await phone("ben")
    async with Link(pbx) as link:
        running = await daemon(configuration(group("sales", "anna", "ben")), link=link)
        call = await caller.dials(NUMBER)
        rung = await anna.ringing()
        await running.logs("inquiry.ringing")

        link.fall_silent()
        rung.answer()
        await call.answered()
        await running.logs("pbx.lost")
        link.mend()
        await running.logs("pbx.found", after=1)

        await call.hears(anna)
        await anna.hears(call)
        assert ben.calls == []


async def test_an_answer_that_a_slow_link_brings_after_its_deadline_is_an_answer_all_the_same(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = await phone("anna-desk"), await phone("ben")
    async with Link(pbx) as link:
        running = await daemon(configuration(group("sales", "anna", "ben", rings="2")), link=link)
        call = await caller.dials(NUMBER)
        rung = await anna.ringing()
        await running.logs("inquiry.ringing")

        link.fall_silent()
        rung.answer()
        await call.answered()
        await asyncio.sleep(
            2 * RING_SECONDS + 0.5
        )  # beyond the deadline, and not yet so long that the link is given up
        link.mend()
        accepted = await running.logs("inquiry.accepted")
        await call.hears(anna)
        await call.hangs_up()
        closed = await running.logs("inquiry.closed")

        assert (accepted["operator"], closed["operator"], closed["detail"]) == ("anna", "anna", "answered")
        assert ben.calls == []
