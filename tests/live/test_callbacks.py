"""Customers who are called back: an operator's phone first, then theirs, through a real trunk."""

import contextlib
import signal
from collections.abc import AsyncIterator

import pytest
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller, Phone
from tests.live.configuration import NUMBER, OUTWARD, RING_SECONDS, configuration, group
from tests.live.conftest import OpenPhone, StartDaemon
from tests.live.exchanges import on_both_versions

pytestmark = pytest.mark.live

CUSTOMER = "+48600700800"
PROMPT = f'{OUTWARD}\ncallback_pause = "400ms"'
CALL_BACK = '{ action = "callback", sound = "beep" }'
SOON = group("sales", "anna", "ben", max_wait='"300ms"', on_unanswered=CALL_BACK)
SOON_MISSED = group("sales", "anna", "ben", max_wait='"300ms"', on_unanswered=CALL_BACK, rings="2")

pbx = on_both_versions()


@pytest.fixture
async def customer(pbx: Pbx) -> AsyncIterator[Phone]:
    """Whoever is called outside."""
    async with pbx.mobile() as mobile:
        yield mobile
        await pbx.hangs_up_all()


async def test_an_operator_is_called_first_and_then_the_customer_from_the_number_that_they_know(
    pbx: Pbx, phone: OpenPhone, caller: Caller, customer: Phone, daemon: StartDaemon
) -> None:
    running = await daemon(configuration(SOON, telephony=PROMPT))
    customer.answers(after=0.2)

    call = await caller.dials(NUMBER)
    await call.answered()
    await call.ended()
    anna = (await phone("anna-desk")).answers(after=0.1)
    rung = await anna.talking()
    theirs = await customer.talking()

    assert rung.caller_number == CUSTOMER
    assert (theirs.dialled, theirs.caller_number) == (CUSTOMER, NUMBER)
    assert theirs.invite_received > rung.ok_sent
    await theirs.hears(anna)
    await anna.hears(theirs)
    await running.logs("inquiry.customer_reached")
    assert [line for line in running.log() if line["event"] == "pbx.cannot_call_back"] == []
    await theirs.hangs_up()
    await anna.ended()
    assert (await running.logs("inquiry.closed"))["detail"] == "answered"
    await pbx.idle()


async def test_an_operator_who_does_not_answer_hands_it_on_to_the_next(
    pbx: Pbx, phone: OpenPhone, caller: Caller, customer: Phone, daemon: StartDaemon
) -> None:
    running = await daemon(configuration(SOON_MISSED, telephony=PROMPT))
    customer.answers()

    call = await caller.dials(NUMBER)
    await call.ended()
    await running.logs("inquiry.callback_promised")
    anna = (await phone("anna-desk")).just_rings()
    ben = (await phone("ben")).answers()
    missed = await anna.cancelled()
    await ben.talking()

    assert missed.cancel_received - missed.ringing_sent == pytest.approx(2 * RING_SECONDS, abs=0.3)
    await ben.hears(await customer.talking())
    await ben.call.hangs_up()
    await running.logs("inquiry.closed", detail="answered")
    await pbx.idle()


async def test_a_customer_who_is_busy_is_called_again_and_then_no_more(
    pbx: Pbx, phone: OpenPhone, caller: Caller, customer: Phone, daemon: StartDaemon
) -> None:
    customer.busy()
    plan = configuration(SOON, telephony=f"{PROMPT}\ncallback_tries = 2")
    running = await daemon(plan)

    call = await caller.dials(NUMBER)
    await call.ended()
    anna = (await phone("anna-desk")).answers()
    for tries in range(2):
        hers = await anna.talking()
        await running.logs("inquiry.customer_not_reached", after=tries)
        await hers.hangs_up()

    assert (await running.logs("inquiry.closed"))["detail"] == "unanswered"
    assert [line["detail"] for line in running.log() if line["event"] == "inquiry.customer_not_reached"] == [
        "BUSY",
        "BUSY",
    ]
    assert (len(anna.calls), len(customer.calls)) == (2, 2)
    await pbx.idle()


async def test_an_operator_who_hangs_up_before_the_customer_answers_has_not_reached_them(
    pbx: Pbx, phone: OpenPhone, caller: Caller, customer: Phone, daemon: StartDaemon
) -> None:
    running = await daemon(configuration(SOON, telephony=PROMPT))

    call = await caller.dials(NUMBER)
    await call.ended()
    anna = (await phone("anna-desk")).answers()
    await customer.ringing()
    await anna.call.hangs_up()

    await customer.cancelled()
    await running.logs("inquiry.customer_not_reached")
    customer.answers()
    await anna.hears(await customer.talking())
    await pbx.hangs_up_all()


async def test_who_gave_up_is_called_back_where_the_group_does_that(
    pbx: Pbx, phone: OpenPhone, caller: Caller, customer: Phone, daemon: StartDaemon
) -> None:
    customer.answers()
    plan = group("sales", "anna", on_abandoned='{ action = "callback" }')
    running = await daemon(configuration(plan, telephony=PROMPT))

    call = await caller.dials(NUMBER)
    await call.ringing()
    await running.logs("inquiry.received")
    await call.hangs_up()
    await running.logs("inquiry.callback_promised")
    anna = (await phone("anna-desk")).answers()

    await anna.hears(await customer.talking())


@pytest.mark.parametrize("number", [None, "+442079460018", "+48701234567", "1234"])
async def test_a_number_that_nobody_here_would_dial_is_promised_nothing(
    phone: OpenPhone, caller: Caller, customer: Phone, daemon: StartDaemon, number: str | None
) -> None:
    anna = await phone("anna-desk")
    closed = group("sales", "anna", hours='{ timezone = "UTC" }', on_closed=CALL_BACK)
    await daemon(configuration(closed, telephony=PROMPT))

    call = await caller.dials(NUMBER, number=number)

    assert (await call.ended()).status == 503
    assert (anna.calls, customer.calls) == ([], [])


async def test_a_closed_group_says_so_and_calls_back_when_it_has_opened(
    pbx: Pbx, phone: OpenPhone, caller: Caller, customer: Phone, daemon: StartDaemon
) -> None:
    anna = (await phone("anna-desk")).answers()
    customer.answers()
    told = f'{{ action = "reply", sound = "beep", then = {CALL_BACK} }}'
    closed = group("sales", "anna", hours='{ timezone = "UTC" }', on_closed=told)
    running = await daemon(configuration(closed, telephony=PROMPT))

    call = await caller.dials(NUMBER)
    await call.answered()
    await call.ended()
    await running.logs("inquiry.callback_promised")
    assert anna.calls == []
    opened = group("sales", "anna", on_closed=told)
    running.configures(configuration(opened, telephony=PROMPT))
    running.send(signal.SIGHUP)

    await anna.hears(await customer.talking())


@contextlib.asynccontextmanager
async def without_originate(pbx: Pbx) -> AsyncIterator[None]:
    """The daemon's user may do what it could do before callbacks."""
    path = pbx.home / "etc" / "manager.conf"
    before = path.read_text()
    path.write_text(f"{before}[huntgroup](+)\nwrite=call\n")
    await pbx.cli("manager reload")
    yield
    path.write_text(before)
    await pbx.cli("manager reload")


async def test_a_daemon_that_may_not_originate_says_so_when_it_starts(pbx: Pbx, daemon: StartDaemon) -> None:
    async with without_originate(pbx):
        running = await daemon(configuration(SOON, telephony=PROMPT))
        said = await running.logs("pbx.cannot_call_back")

    assert said["level"] == "error"
    assert "originate" in said["hint"]
