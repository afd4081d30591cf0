"""The daemon, the PBX or the link goes away: callers are served all the same, and nothing is left over."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from tests.lab.daemon import Daemon
from tests.lab.link import Link
from tests.lab.outgoing import OutgoingCall
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller, Phone
from tests.live.configuration import NUMBER, RING_SECONDS, configuration, group
from tests.live.conftest import OpenPhone, StartDaemon
from tests.live.exchanges import on_both_versions

pytestmark = pytest.mark.live


ALIVE_SECONDS = 6.0
TOLERANCE = 0.3

pbx = on_both_versions()


async def is_annas(call: OutgoingCall, anna: Phone, running: Daemon) -> None:
    """She has the caller, and so it is on record once they hang up."""
    accepted = await running.logs("inquiry.accepted")
    await call.hears(anna)
    await call.hangs_up()
    closed = await running.logs("inquiry.closed")
    assert (accepted["operator"], closed["detail"]) == ("anna", "answered")


async def test_a_call_that_rings_when_the_daemon_is_killed_can_still_be_answered(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = await phone("anna-desk")
    running = await daemon(configuration(group("sales", "anna")))

    call = await caller.dials(NUMBER)
    rung = await anna.ringing()
    running.kill()
    rung.answer()
    await call.answered()

    await call.hears(anna)


async def test_a_conversation_goes_on_when_the_daemon_is_killed(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = (await phone("anna-desk")).answers()
    running = await daemon(configuration(group("sales", "anna")))

    call = await caller.dials(NUMBER)
    await call.answered()
    running.kill()
    await running.start()

    await call.hears(anna)
    await anna.hears(call)


async def test_the_next_caller_is_served_by_the_list_within_7_seconds_of_the_last_beat(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = await phone("anna-desk"), (await phone("ben")).answers()
    running = await daemon(configuration(group("sales", "anna", "ben", rings="2")))

    running.kill()
    killed = time.monotonic()
    call = await caller.dials(NUMBER)
    rung = await anna.ringing()
    await call.answered()
    taken = await ben.talking()

    assert ALIVE_SECONDS - 1 - TOLERANCE < rung.invite_received - killed < ALIVE_SECONDS + 1
    ringing = max(1.0, 2 * RING_SECONDS)  # Dial counts whole seconds, from the INVITE
    assert ringing - TOLERANCE < taken.invite_received - rung.invite_received < ringing + 1


async def test_a_daemon_that_stops_in_order_hands_over_at_once(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = (await phone("anna-desk")).answers()
    running = await daemon(configuration(group("sales", "anna")))

    await running.stop()
    call = await caller.dials(NUMBER)
    await call.answered()

    rung = await anna.talking()
    # One second: the caller waits that long for an answer to its first word. For a beat it would wait six.
    assert rung.invite_received - call.invite_sent < ALIVE_SECONDS / 2


async def test_who_waits_when_the_daemon_returns_is_taken_over(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = await phone("anna-desk")
    running = await daemon(configuration(group("sales", "anna")))
    talking = await caller.dials(NUMBER)
    (await anna.ringing()).answer()
    await talking.answered()
    await running.logs("inquiry.accepted")
    waiting = await caller.dials(NUMBER)
    await waiting.ringing()
    await running.logs("inquiry.received", after=1)

    running.kill()
    await running.start()
    await running.logs("daemon.recovered", detail="2 open: 1 waiting, 1 active, 0 in wrap-up, 0 closed")
    anna.answers()
    await talking.hangs_up()

    await waiting.answered()
    assert len(anna.calls) == 2


async def test_who_hung_up_while_the_link_was_cut_is_known_to_be_gone(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = await phone("anna-desk")
    async with Link(pbx) as link:
        running = await daemon(configuration(group("sales", "anna", rings="20")), link=link)
        call = await caller.dials(NUMBER)
        await anna.ringing()

        link.cut()
        await running.logs("pbx.lost")
        await call.cancels()
        await anna.cancelled()
        link.mend()
        closed = await running.logs("inquiry.abandoned")

        assert closed["detail"] == "vanished"


async def test_who_answered_while_the_link_was_cut_is_known_to_talk(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = await phone("anna-desk")
    async with Link(pbx) as link:
        running = await daemon(configuration(group("sales", "anna", rings="20")), link=link)
        call = await caller.dials(NUMBER)
        rung = await anna.ringing()

        link.cut()
        await running.logs("pbx.lost")
        rung.answer()
        await call.answered()
        link.mend()
        await is_annas(call, anna, running)


@pytest.fixture
async def digits_first(pbx: Pbx) -> AsyncIterator[None]:
    """Who answers is sent digits, for some eight seconds, before they are joined to the caller: Dial's own option."""
    await pbx.cli("dialplan set global HUNTGROUP_FEATURES D(123456789012345678901234)")
    yield
    await pbx.cli("dialplan set global HUNTGROUP_FEATURES ")


@pytest.mark.usefixtures("digits_first")
async def test_who_answered_unheard_and_is_joined_once_the_daemon_is_back_has_the_caller(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = await phone("anna-desk")
    running = await daemon(configuration(group("sales", "anna", rings="30")))
    call = await caller.dials(NUMBER)
    rung = await anna.ringing()

    running.kill()
    rung.answer()
    await running.start()
    assert call.timeline.first("answered") is None
    await call.answered()
    await is_annas(call, anna, running)


async def test_a_link_that_falls_silent_is_given_up_and_made_anew(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = (await phone("anna-desk")).answers()
    async with Link(pbx) as link:
        running = await daemon(configuration(group("sales", "anna")), link=link)

        link.fall_silent()
        await running.logs("pbx.lost")
        link.mend()
        await running.logs("pbx.found", after=1)
        call = await caller.dials(NUMBER)
        await call.answered()

        await anna.talking()


async def test_asterisk_restarts_under_the_daemon(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = await phone("anna-desk")
    running = await daemon(configuration(group("sales", "anna", "ben")))
    await caller.dials(NUMBER)
    await anna.ringing()

    pbx.kill()
    await running.logs("pbx.lost")
    await pbx.start()
    await running.logs("pbx.found", after=1)
    abandoned = await running.logs("inquiry.abandoned")
    ben = (await phone("ben")).answers()
    again = await caller.dials(NUMBER)
    await again.answered()

    await ben.talking()
    assert abandoned["detail"] == "vanished"


async def test_the_lists_outlive_a_restart_of_the_pbx_without_the_daemon(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = (await phone("anna-desk")).answers()
    running = await daemon(configuration(group("sales", "anna")))
    served = await caller.dials(NUMBER)
    await served.answered()
    await served.hangs_up()
    await anna.ended()
    await pbx.idle()

    running.kill()
    await pbx.restart()
    call = await caller.dials(NUMBER)

    await call.answered()


async def test_reconnects_do_not_come_all_at_the_same_instant(pbx: Pbx, daemon: StartDaemon) -> None:
    running = await asyncio.gather(*(daemon(configuration(group("sales", "anna"))) for _ in range(4)))

    pbx.kill()
    lost = await asyncio.gather(*(each.logs("pbx.lost") for each in running))
    await pbx.start()
    await asyncio.gather(*(each.logs("pbx.found", after=1) for each in running))

    assert len({line["retry_in"] for line in lost}) > 1  # in thousandths of 0.2 s: all four the same once in 8 million
