"""What long runs of faults brought to light, or were feared to: see tests/endurance."""

import pytest
from tests.lab.link import Link
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller
from tests.live.configuration import NUMBER, configuration, group
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


async def test_an_order_that_got_stuck_on_a_dead_link_is_not_carried_out_once_it_is_mended(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = await phone("anna-desk"), await phone("ben")
    async with Link(pbx) as link:
        running = await daemon(configuration(group("sales", "anna", "ben")), link=link)
        call = await caller.dials(NUMBER)
        rung = await anna.ringing()
        await running.logs("inquiry.ringing")

        link.fall_silent()
        await running.logs("inquiry.offered", operator="ben")  # which the PBX does not hear
        rung.answer()
        await call.answered()
        await running.logs("pbx.lost")
        link.mend()
        await running.logs("pbx.found", after=1)

        await call.hears(anna)
        await anna.hears(call)
        assert ben.calls == []
