"""Two Asterisk servers: joining, calling back, an office trunk that was there before us, and the doctor of both."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from tests.lab.addresses import inside_address, outside_address
from tests.lab.doctor import examine
from tests.lab.pbx import Pbx
from tests.live.configuration import NUMBER, OUTWARD, group
from tests.live.two_pbxs import BRANCH_PHONES, MAIN_PHONES, House

pytestmark = pytest.mark.live

AS_DOCUMENTED = "GotoIf(${EXISTS(${PJSIP_HEADER(read,X-Huntgroup)})}?huntgroup-across,${EXTEN},1)"
AS_IT_WAS = 'GotoIf($["${PJSIP_HEADER(read,X-Huntgroup)}" != ""]?huntgroup-across,${EXTEN},1)'
"""What the docs once said, by which whoever calls runs commands."""
OFFICE_TRUNK = f"""
[lab-office]
exten => _2XX,1,{AS_DOCUMENTED}
 same => n,Goto(lab-direct,${{EXTEN}},1)
include => lab-direct
"""
"""As the docs have it for a trunk that serves other calls as well."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def offices() -> AsyncIterator[House]:
    """The branch has an office trunk with a dialplan of its own."""
    here, there = inside_address(), inside_address()
    async with (
        Pbx(MAIN_PHONES, address=here, offices={"to-branch": (there, 5060)}) as main,
        Pbx(
            BRANCH_PHONES,
            address=there,
            offices={"to-main": (here, 5060)},
            office_context="lab-office",
            dialplan=OFFICE_TRUNK,
        ) as branch,
    ):
        yield House(main, branch)


@pytest.fixture
async def both(offices: House) -> AsyncIterator[House]:
    """With nobody there."""
    yield await offices.is_joined()
    await offices.clear()


async def test_who_frees_up_in_the_branch_is_rung_too_and_nobody_else_notices(both: House) -> None:
    anna, bea = await both.phone("anna-desk"), await both.phone("bea-desk")
    bob = (await both.phone("bob")).answers(after=0.1)
    running = await both.daemon(group("sales", "anna", "bea", distribution='"all_at_once"', rings="20"))
    direct = await bea.dials("202")
    await bob.talking()
    await running.knows_of("PJSIP/bea-desk", "INUSE")

    call = await both.caller(both.main).dials(NUMBER)
    await anna.ringing()
    await running.logs("inquiry.ringing", operator="anna")
    await direct.hangs_up()
    await bea.ringing()
    bea.answers(after=0.1)
    await call.answered()

    await call.hears(bea.call)
    assert (await running.logs("inquiry.accepted"))["operator"] == "bea"
    assert len(anna.calls) == 1
    assert "elsewhere" in (await anna.cancelled()).cancel_reason.lower()


async def test_who_freed_up_in_the_branch_and_answered_while_the_daemon_was_away_is_on_record(both: House) -> None:
    anna, bea = await both.phone("anna-desk"), await both.phone("bea-desk")
    bob = (await both.phone("bob")).answers(after=0.1)
    running = await both.daemon(group("sales", "anna", "bea", distribution='"all_at_once"', rings="20"))
    direct = await bea.dials("202")
    await bob.talking()
    await running.knows_of("PJSIP/bea-desk", "INUSE")
    call = await both.caller(both.main).dials(NUMBER)
    await running.logs("inquiry.ringing", operator="anna")
    await direct.hangs_up()
    await running.logs("inquiry.ringing", operator="bea")

    await running.stop()
    bea.answers(after=0.1)
    await call.answered()
    await call.hears(await bea.talking())
    await call.hangs_up()
    await both.main.idle()
    await running.start()

    accepted = await running.logs("inquiry.accepted")
    assert (accepted["operator"], accepted["detail"]) == ("bea", "served by the PBX itself")
    assert (await running.logs("inquiry.closed"))["operator"] == "bea"
    assert len(anna.calls) == 1


async def test_a_customer_of_the_head_office_is_called_back_by_somebody_in_the_branch(both: House) -> None:
    customer = both.main.mobile()
    both.opened.append(customer)
    (await customer.open()).answers(after=0.1)
    soon = group("sales", "bea", max_wait='"300ms"', on_unanswered='{ action = "callback", sound = "beep" }')
    running = await both.daemon(soon, telephony=f'{OUTWARD}\ncallback_pause = "400ms"')

    call = await both.caller(both.main).dials(NUMBER)
    await call.answered()
    await call.ended()
    bea = (await both.phone("bea-desk")).answers(after=0.1)
    await bea.talking()
    theirs = await customer.talking()

    await theirs.hears(bea)
    await theirs.hangs_up()
    closed = await running.logs("inquiry.closed")
    assert (closed["operator"], closed["detail"]) == ("bea", "answered")


async def test_over_an_office_trunk_that_was_there_before_direct_calls_go_on_as_ever(both: House) -> None:
    bea = (await both.phone("bea-desk")).answers(after=0.1)
    await both.daemon(group("sales", "bea"))
    async with both.main.ami("off") as ami:
        await ami.action("Originate", Channel="PJSIP/201@to-branch", Async="true", Application="Wait", Data="60")
        direct = await bea.talking()
        await direct.hangs_up()
    await both.main.idle()

    call = await both.caller(both.main).dials(NUMBER)
    await call.answered()
    await call.hears(bea)


async def test_the_doctor_tries_both_and_names_the_one_that_fails(both: House) -> None:
    await both.phone("anna-desk")
    running = await both.daemon(group("sales", "anna", "bea"))

    exam = await examine(running)

    assert [each for each in exam.findings if each["outcome"] == "failed"] == []
    said = [each["said"] for each in exam.findings]
    assert "main: PJSIP/to-branch leads to branch" in said
    assert "branch: the PBX knows 4 of 4 phones" in said


async def test_the_doctor_finds_a_trunk_whose_callers_run_commands(both: House) -> None:
    running = await both.daemon(group("sales", "anna", "bea"))
    async with both.branch.set_otherwise("extensions.conf", AS_DOCUMENTED, AS_IT_WAS, reload="pbx_config.so"):
        found = (await examine(running)).failed("trunks.header")

    assert found["said"].startswith("branch: whoever calls over to-main can run commands")
    assert found["where"] == "extensions.conf: [lab-office]"
    assert f"`{AS_DOCUMENTED}`" in found["mend"]


async def test_a_test_call_to_the_branch_hears_what_the_branch_tells_of_it(both: House) -> None:
    await both.phone("anna-desk")
    (await both.phone("bea-desk")).answers()
    running = await both.daemon(group("sales", "bea"))

    exam = await examine(running, "--test-call", NUMBER, "--to", both.branch.address, "--source", outside_address())

    said = [each["said"].partition("  ")[2] for each in exam.findings]
    assert f"the PBX tells the daemon of a caller for {NUMBER}" in said
    assert exam.status == 0
