"""Callers who are sent on to a number outside, on a real Asterisk whose trunk leads to a real SIP phone."""

from collections.abc import AsyncIterator

import pytest
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller, Phone
from tests.live.configuration import NUMBER, OUTWARD, configuration, group
from tests.live.conftest import OpenPhone, StartDaemon
from tests.live.exchanges import on_both_versions

pytestmark = pytest.mark.live

CLOSED = '{ timezone = "UTC" }'
MOBILE = "+48600100200"
TO_MOBILE = f'{{ action = "number", number = "{MOBILE}" }}'

pbx = on_both_versions()


@pytest.fixture
async def mobile(pbx: Pbx) -> AsyncIterator[Phone]:
    """Whoever is called outside."""
    async with pbx.mobile() as mobile:
        yield mobile
        await pbx.hangs_up_all()


async def test_a_number_outside_takes_the_caller_whom_nobody_answered(
    phone: OpenPhone, caller: Caller, mobile: Phone, daemon: StartDaemon
) -> None:
    (await phone("anna-desk")).declines()
    mobile.answers(after=0.2)
    running = await daemon(configuration(group("sales", "anna", on_unanswered=TO_MOBILE), telephony=OUTWARD))

    call = await caller.dials(NUMBER)
    await call.answered()

    assert (await mobile.talking()).dialled == MOBILE
    await call.hears(mobile)
    assert (await running.logs("inquiry.closed"))["detail"] == "forwarded"


async def test_the_conversation_outside_needs_no_daemon_and_ends_with_either_side(
    pbx: Pbx, caller: Caller, mobile: Phone, daemon: StartDaemon
) -> None:
    mobile.answers()
    plan = configuration(group("sales", "anna", hours=CLOSED, on_closed=TO_MOBILE), telephony=OUTWARD)
    running = await daemon(plan)

    call = await caller.dials(NUMBER)
    await call.answered()
    talk = await mobile.talking()
    running.kill()
    again = await daemon(plan)
    await call.hears(mobile)
    await talk.hangs_up()

    await call.ended()
    await pbx.idle()
    assert [line for line in again.log() if line["event"] == "inquiry.received"] == []


@pytest.mark.parametrize(("refusal", "status"), [("busy", "BUSY"), ("declines", "CHANUNAVAIL")])
async def test_when_it_is_busy_outside_who_was_in_line_waits_on_and_is_offered_again(
    phone: OpenPhone, caller: Caller, mobile: Phone, daemon: StartDaemon, *, refusal: str, status: str
) -> None:
    anna = (await phone("anna-desk")).declines()
    getattr(mobile, refusal)()
    running = await daemon(configuration(group("sales", "anna", on_unanswered=TO_MOBILE), telephony=OUTWARD))

    call = await caller.dials(NUMBER)
    failed = await running.logs("inquiry.action_failed")
    anna.answers()
    await call.answered()

    await call.hears(anna)
    assert failed["detail"] == status


async def test_when_it_is_busy_outside_a_closed_group_is_busy(
    caller: Caller, mobile: Phone, daemon: StartDaemon
) -> None:
    mobile.busy()
    await daemon(configuration(group("sales", "anna", hours=CLOSED, on_closed=TO_MOBILE), telephony=OUTWARD))

    call = await caller.dials(NUMBER)

    assert (await call.ended()).status == 486


async def test_who_gives_up_while_it_rings_outside_is_told_as_such_and_it_stops_ringing(
    caller: Caller, mobile: Phone, daemon: StartDaemon
) -> None:
    plan = configuration(group("sales", "anna", hours=CLOSED, on_closed=TO_MOBILE), telephony=OUTWARD)
    running = await daemon(plan)

    call = await caller.dials(NUMBER)
    await mobile.ringing()
    await call.hangs_up()

    await mobile.cancelled()
    assert (await running.logs("inquiry.closed"))["detail"] == "abandoned"


# -- what a caller hears first --------------------------------------------------------------------------------------


async def test_an_announcement_is_heard_to_its_end_and_then_comes_what_comes_then(
    caller: Caller, mobile: Phone, daemon: StartDaemon
) -> None:
    mobile.answers()
    told = f'{{ action = "reply", sound = "im-sorry", then = {TO_MOBILE} }}'
    await daemon(configuration(group("sales", "anna", hours=CLOSED, on_closed=told), telephony=OUTWARD))

    call = await caller.dials(NUMBER)
    await call.answered()
    rung = await mobile.ringing()

    assert rung.invite_received - call.answered_at > 0.5
    await call.hears(mobile)


async def test_an_announcement_that_is_not_there_holds_up_nobody(
    caller: Caller, mobile: Phone, daemon: StartDaemon
) -> None:
    mobile.answers()
    told = f'{{ action = "reply", sound = "no/such/sound", then = {TO_MOBILE} }}'
    await daemon(configuration(group("sales", "anna", hours=CLOSED, on_closed=told), telephony=OUTWARD))

    call = await caller.dials(NUMBER)

    await call.hears(await mobile.talking())


async def test_who_only_waits_on_hears_it_while_they_wait_and_an_offer_breaks_it_off(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = await phone("anna-desk")
    told = '{ action = "reply", sound = "demo-congrats" }'
    sales = group("sales", "anna", rings="1", hold='"music"', on_unanswered=told)
    await daemon(configuration(sales))

    call = await caller.dials(NUMBER)
    first = await anna.ringing()
    await first.cancelled()
    anna.answers()
    second = await anna.talking()

    await call.hears(anna)
    assert second.invite_received - first.cancel_received < 2.0  # the sound takes half a minute


@pytest.mark.parametrize(
    ("cause", "status"), [("unallocated", 404), ("busy", 486), ("no_answer", 480), ("congestion", 503)]
)
async def test_who_was_never_answered_hears_the_cause_as_a_status(
    caller: Caller, daemon: StartDaemon, cause: str, status: int
) -> None:
    closed = f'{{ action = "hang_up", cause = "{cause}" }}'
    await daemon(configuration(group("sales", "anna", hours=CLOSED, on_closed=closed)))

    call = await caller.dials(NUMBER)

    assert (await call.ended()).status == status


# -- what a caller may send -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "dialled",
    [
        *(MOBILE, f"9{MOBILE}", "9600100200", "2", "s", "h", "i"),
        *("huntgroup-out", f"{MOBILE}@huntgroup-out", f"{MOBILE};phone-context=huntgroup-out", "+48*600#"),
    ],
)
async def test_nothing_that_a_caller_dials_leads_outside(
    caller: Caller, mobile: Phone, daemon: StartDaemon, dialled: str
) -> None:
    await daemon(configuration(group("sales", "anna", on_unanswered=TO_MOBILE), telephony=OUTWARD))

    call = await caller.dials(dialled)

    assert (await call.ended()).status == 404
    assert mobile.calls == []


async def test_no_key_and_no_header_of_theirs_does_either(
    pbx: Pbx, phone: OpenPhone, caller: Caller, mobile: Phone, daemon: StartDaemon
) -> None:
    anna = await phone("anna-desk")
    music = group("sales", "anna", hold='"music"', rings="100", on_unanswered=TO_MOBILE)
    await daemon(configuration(music, telephony=OUTWARD))
    headers = {"Diversion": f"<sip:{MOBILE}@x>", "X-HUNTGROUP_ORDER": f"1|huntgroup-out|PJSIP/{MOBILE}@trunk"}

    call = await caller.dials(NUMBER, name=f"1|huntgroup-out|PJSIP/{MOBILE}@trunk,60", headers=headers)
    rung = await anna.ringing()
    for key in "0123456789*#":
        call.presses(key)
    rung.answer()

    await call.hears(anna)
    assert mobile.calls == []
