"""A daemon that is killed while a caller is sent outside, or called back: nobody is lost, stuck or called in vain."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.lab.daemon import Daemon
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller, Phone
from tests.live.configuration import NUMBER, OUTWARD, configuration, group
from tests.live.conftest import OpenPhone, StartDaemon
from tests.live.exchanges import on_both_versions

pytestmark = pytest.mark.live

CUSTOMER = "+48600700800"
PROMPT = f'{OUTWARD}\ncallback_pause = "400ms"'
CLOSED = '{ timezone = "UTC" }'
OUTSIDE = '{ action = "number", number = "+48600100200" }'
SOON = group(
    "sales", "anna", "ben", max_wait='"300ms"', on_unanswered='{ action = "callback", sound = "beep" }', rings="100"
)
PATIENT = SOON.replace("rings = 8", "rings = 100")
"""However long a daemon takes to start."""

pbx = on_both_versions()


@pytest.fixture
async def outside(pbx: Pbx) -> AsyncIterator[Phone]:
    """Whoever is called outside."""
    async with pbx.mobile() as mobile:
        yield mobile
        await pbx.hangs_up_all()


def told(running: Daemon, event: str) -> list[dict[str, Any]]:
    """Everything that was logged of this event so far, by either process."""
    return [line for line in running.log() if line["event"] == event]


async def promises(caller: Caller, running: Daemon) -> str:
    """Nobody is there, and the caller is promised to be called back; the inquiry."""
    call = await caller.dials(NUMBER, number=CUSTOMER)
    await call.ended()
    return str((await running.logs("inquiry.callback_promised"))["inquiry"])


# -- a customer is called back ----------------------------------------------------------------------------------------


async def test_a_promise_outlives_the_daemon_that_made_it(
    phone: OpenPhone, caller: Caller, outside: Phone, daemon: StartDaemon
) -> None:
    outside.answers()
    running = await daemon(configuration(SOON, telephony=PROMPT))
    promised = await promises(caller, running)

    running.kill()
    anna = (await phone("anna-desk")).answers()
    await running.start()

    await anna.hears(await outside.talking())
    assert (await running.logs("inquiry.customer_reached"))["inquiry"] == promised


async def test_the_phone_that_rings_for_a_callback_goes_on_ringing_and_reaches_the_customer(
    pbx: Pbx, phone: OpenPhone, caller: Caller, outside: Phone, daemon: StartDaemon
) -> None:
    outside.answers()
    running = await daemon(configuration(PATIENT, telephony=PROMPT))
    await promises(caller, running)
    anna = await phone("anna-desk")
    await anna.ringing()
    await running.logs("inquiry.ringing")

    running.kill()
    await running.start()
    anna.answers()
    theirs = await outside.talking()

    await anna.hears(theirs)
    await running.logs("inquiry.customer_reached")
    await theirs.hangs_up()
    assert (await running.logs("inquiry.closed"))["detail"] == "answered"
    assert (len(anna.calls), len(outside.calls)) == (1, 1)
    await pbx.idle()


@pytest.mark.parametrize("is_away", [True, False])
async def test_a_customer_whom_it_rings_answers_the_operator_who_waits_for_them(
    pbx: Pbx, phone: OpenPhone, caller: Caller, outside: Phone, daemon: StartDaemon, *, is_away: bool
) -> None:
    running = await daemon(configuration(SOON, telephony=PROMPT))
    await promises(caller, running)
    anna = (await phone("anna-desk")).answers()
    await outside.ringing()
    await running.logs("inquiry.accepted")

    running.kill()
    if not is_away:
        await running.start()
    outside.answers()
    theirs = await outside.talking()
    if is_away:
        await running.start()

    await running.logs("inquiry.customer_reached")
    await anna.hears(theirs)
    await theirs.hears(anna)
    await theirs.hangs_up()
    await anna.ended()
    assert (await running.logs("inquiry.closed"))["detail"] == "answered"
    assert (len(anna.calls), len(outside.calls)) == (1, 1)
    await pbx.idle()


async def test_the_conversation_that_came_of_it_goes_on_and_frees_its_operator_when_it_ends(
    pbx: Pbx, phone: OpenPhone, caller: Caller, outside: Phone, daemon: StartDaemon
) -> None:
    outside.answers()
    running = await daemon(configuration(SOON, telephony=PROMPT))
    await promises(caller, running)
    anna = (await phone("anna-desk")).answers()
    theirs = await outside.talking()
    await running.logs("inquiry.customer_reached")

    running.kill()
    await running.start()
    await anna.hears(theirs)
    await theirs.hangs_up()

    closed = await running.logs("inquiry.closed")
    assert (closed["operator"], closed["detail"]) == ("anna", "answered")
    assert len(told(running, "inquiry.customer_reached")) == 1
    await pbx.idle()
    again = await caller.dials(NUMBER)
    await again.answered()
    await again.hears(anna)


async def test_a_conversation_with_a_customer_who_was_called_back_that_ended_meanwhile_is_over(
    pbx: Pbx, phone: OpenPhone, caller: Caller, outside: Phone, daemon: StartDaemon
) -> None:
    outside.answers()
    running = await daemon(configuration(SOON, telephony=PROMPT))
    await promises(caller, running)
    await (await phone("anna-desk")).answers().talking()
    theirs = await outside.talking()
    await running.logs("inquiry.customer_reached")

    running.kill()
    await theirs.hangs_up()
    await pbx.idle()
    await running.start()

    assert (await running.logs("inquiry.closed"))["detail"] == "answered"
    assert len(outside.calls) == 1


async def test_a_customer_who_was_busy_meanwhile_is_called_again(
    pbx: Pbx, phone: OpenPhone, caller: Caller, outside: Phone, daemon: StartDaemon
) -> None:
    running = await daemon(configuration(SOON, telephony=PROMPT))
    await promises(caller, running)
    anna = (await phone("anna-desk")).answers()
    await outside.ringing()
    await running.logs("inquiry.accepted")

    running.kill()
    await anna.call.hangs_up()
    await pbx.idle()
    outside.answers()
    await running.start()

    await running.logs("inquiry.customer_not_reached")
    await running.logs("inquiry.customer_reached")
    await anna.hears(outside)


# -- a caller is with the PBX -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_away", [True, False])
async def test_a_number_outside_that_rings_takes_the_caller(
    pbx: Pbx, caller: Caller, outside: Phone, daemon: StartDaemon, *, is_away: bool
) -> None:
    plan = group("sales", "anna", hours=CLOSED, on_closed=OUTSIDE)
    running = await daemon(configuration(plan, telephony=OUTWARD))
    call = await caller.dials(NUMBER)
    await outside.ringing()
    await running.logs("inquiry.received")

    running.kill()
    if not is_away:
        await running.start()
    outside.answers()
    theirs = await outside.talking()
    if is_away:
        await running.start()

    assert (await running.logs("inquiry.closed"))["detail"] == "forwarded"
    await call.hears(theirs)
    await theirs.hangs_up()
    await call.ended()
    await pbx.idle()


async def test_who_was_answered_outside_and_hung_up_while_nobody_looked_was_forwarded_and_is_not_called_back(
    pbx: Pbx, caller: Caller, outside: Phone, daemon: StartDaemon
) -> None:
    plan = group("sales", "anna", hours=CLOSED, on_closed=OUTSIDE, on_abandoned='{ action = "callback" }')
    running = await daemon(configuration(plan, telephony=OUTWARD))
    call = await caller.dials(NUMBER)
    ringing = await outside.ringing()
    await running.logs("inquiry.received")

    await running.stop()
    ringing.answer()
    await call.hears(outside)
    await call.hangs_up()
    await outside.ended()
    await pbx.idle()
    await running.start()

    assert (await running.logs("inquiry.closed"))["detail"] == "forwarded"


async def test_who_comes_back_from_a_busy_number_outside_while_nobody_looks_is_served_all_the_same(
    phone: OpenPhone, caller: Caller, outside: Phone, daemon: StartDaemon
) -> None:
    anna = (await phone("anna-desk")).declines()
    running = await daemon(configuration(group("sales", "anna", on_unanswered=OUTSIDE), telephony=OUTWARD))
    call = await caller.dials(NUMBER)
    await outside.ringing()

    running.kill()
    anna.answers()
    outside.declines()
    await call.answered(within=20.0)  # the dialplan's own doing, or the new daemon's
    await running.start()

    await call.hears(anna)
    await call.hangs_up()
    closed = await running.logs("inquiry.closed")
    assert (closed["operator"], closed["detail"]) == ("anna", "answered")
