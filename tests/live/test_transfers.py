"""Operators transfer, park and lose callers by their phones: who talks to whom is what the PBX's bridges say."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from tests.lab.daemon import Daemon
from tests.lab.incoming import IncomingCall
from tests.lab.outgoing import OutgoingCall
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller, Phone
from tests.live.configuration import NUMBER, OUTWARD, configuration, group
from tests.live.conftest import PHONES, OpenPhone, StartDaemon

pytestmark = pytest.mark.live

SUPPORT = "+48221234568"
SALES_AND_SUPPORT = {NUMBER: "sales", SUPPORT: "support"}
MORE = """
[lab-phones](+)
include => parkedcalls
exten => 600,1,ConfBridge(room)
exten => 601,1,Answer()
 same => n,Wait(60)
exten => 602,1,Dial(PJSIP/ben,1)
 same => n,Dial(PJSIP/anna-desk,30)
"""
"""A conference, a voice menu, and a colleague whom a caller comes back from after a second."""


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["22", "16"])
async def pbx(request: pytest.FixtureRequest) -> AsyncIterator[Pbx]:
    """The newest Asterisk that is supported, and the oldest."""
    async with Pbx(PHONES, version=request.param, dialplan=MORE) as pbx:
        yield pbx


async def conversation(
    anna: Phone, caller: Caller, daemon: StartDaemon, text: str | None = None
) -> tuple[Daemon, OutgoingCall, IncomingCall, str]:
    """A caller who talks to anna: the daemon, both sides of the call, and its inquiry."""
    running = await daemon(text or configuration(group("sales", "anna")))
    anna.answers()
    call = await caller.dials(NUMBER)
    await call.answered()
    hers = await anna.talking()
    accepted = await running.logs("inquiry.accepted", operator="anna")
    await call.hears(anna)
    return running, call, hers, accepted["inquiry"]


async def is_free_for_another(anna: Phone, pbx: Pbx) -> None:
    """The next caller rings her."""
    async with pbx.caller() as another:
        ringing = await another.dials(NUMBER)
        await ringing.answered()
        await ringing.hears(anna)
        await ringing.hangs_up()


async def hangs_up(call: OutgoingCall, running: Daemon, inquiry: str) -> tuple[str | None, str]:
    """The caller hangs up: to whose account the inquiry was closed, and as what."""
    await call.hangs_up()
    closed = await running.logs("inquiry.closed", inquiry=inquiry)
    return closed["operator"], closed["detail"]


# -- to a colleague ----------------------------------------------------------------------------------------------------


async def test_a_blind_transfer_moves_the_load_to_the_colleague_who_answers(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = await phone("anna-desk"), (await phone("ben")).answers(after=0.2)
    running, call, hers, inquiry = await conversation(anna, caller, daemon)

    await hers.transfers("102")
    await ben.talking()
    moved = await running.logs("inquiry.transferred", inquiry=inquiry)
    await call.hears(ben)

    assert (moved["operator"], moved["detail"]) == ("anna", "to ben")
    await is_free_for_another(anna, pbx)
    assert await hangs_up(call, running, inquiry) == ("ben", "answered")


async def test_an_attended_transfer_moves_the_load_when_it_is_carried_out_and_not_before(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = await phone("anna-desk"), (await phone("ben")).answers()
    running, call, hers, inquiry = await conversation(anna, caller, daemon)

    asking = await (await anna.dials("102")).answered()
    await asking.hears(ben)
    assert "inquiry.transferred" not in [line["event"] for line in running.log()]
    await hers.transfers(asking)
    moved = await running.logs("inquiry.transferred", inquiry=inquiry)
    await call.hears(ben)

    assert (moved["operator"], moved["detail"]) == ("anna", "to ben")
    await is_free_for_another(anna, pbx)
    assert await hangs_up(call, running, inquiry) == ("ben", "answered")


async def test_whoever_is_asked_and_let_go_again_has_had_nothing(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = await phone("anna-desk"), (await phone("ben")).answers()
    running, call, _hers, inquiry = await conversation(anna, caller, daemon)

    asking = await (await anna.dials("102")).answered()
    await asking.hears(ben)
    await asking.hangs_up()
    await ben.ended()
    await call.hears(anna)

    assert await hangs_up(call, running, inquiry) == ("anna", "answered")
    assert not {"inquiry.transferred", "inquiry.held"} & {line["event"] for line in running.log()}


async def test_whom_a_colleague_does_not_answer_is_nobodys_load_and_on_record_as_answered(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = await phone("anna-desk"), await phone("ben")
    running, call, hers, inquiry = await conversation(anna, caller, daemon)

    await hers.transfers("102")
    await ben.ringing()
    held = await running.logs("inquiry.held", inquiry=inquiry)
    await is_free_for_another(anna, pbx)

    assert held["operator"] == "anna"
    assert await hangs_up(call, running, inquiry) == ("anna", "answered")


async def test_whom_a_colleague_declines_is_hung_up_on_by_the_houses_dialplan_and_closed(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = await phone("anna-desk")
    (await phone("ben")).declines()
    running, call, hers, inquiry = await conversation(anna, caller, daemon)

    await hers.transfers("102")
    await call.ended()
    closed = await running.logs("inquiry.closed", inquiry=inquiry)
    await hers.hangs_up()  # her phone was told that it did not work, and the PBX has let her go without a BYE

    assert (closed["operator"], closed["detail"]) == ("anna", "answered")
    await is_free_for_another(anna, pbx)


async def test_who_comes_back_to_the_operator_that_transferred_them_is_theirs_again(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = await phone("anna-desk"), await phone("ben")
    running, call, hers, inquiry = await conversation(anna, caller, daemon)

    anna.just_rings()
    await hers.transfers("602")
    await ben.ringing()
    await running.logs("inquiry.held", inquiry=inquiry)
    await ben.cancelled()
    anna.answers()
    resumed = await running.logs("inquiry.resumed", inquiry=inquiry)
    await call.hears(anna)

    assert resumed["operator"] == "anna"
    assert await hangs_up(call, running, inquiry) == ("anna", "answered")


async def test_a_caller_who_is_passed_on_and_back_is_each_time_theirs_who_has_them(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = await phone("anna-desk"), (await phone("ben")).answers()
    cleo = (await phone("cleo")).answers()
    running, call, hers, inquiry = await conversation(anna, caller, daemon)

    await hers.transfers("102")
    bens = await ben.talking()
    await call.hears(ben)
    await bens.transfers("103")
    cleos = await cleo.talking()
    await call.hears(cleo)
    await cleos.transfers("101")
    await anna.talking()
    await call.hears(anna)
    await running.logs("inquiry.transferred", inquiry=inquiry, detail="to anna")

    passed = [line["detail"] for line in running.log() if line["event"] == "inquiry.transferred"]
    assert passed == ["to ben", "to cleo", "to anna"]
    assert await hangs_up(call, running, inquiry) == ("anna", "answered")


# -- to a group, and outside -------------------------------------------------------------------------------------------


async def test_a_blind_transfer_to_a_groups_number_is_the_same_inquiry_in_that_groups_line(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, cleo = await phone("anna-desk"), await phone("cleo")
    text = configuration(group("sales", "anna"), group("support", "cleo"), numbers=SALES_AND_SUPPORT)
    running, call, hers, inquiry = await conversation(anna, caller, daemon, text)

    await hers.transfers(SUPPORT)
    await cleo.ringing()
    cleo.answers()
    await running.logs("inquiry.accepted", inquiry=inquiry, operator="cleo")
    await call.hears(cleo)

    moved = await running.logs("inquiry.transferred", inquiry=inquiry)
    assert (moved["operator"], moved["detail"]) == ("anna", "to group support")
    assert len(anna.calls) == 1
    await is_free_for_another(anna, pbx)
    assert await hangs_up(call, running, inquiry) == ("cleo", "answered")


async def test_an_attended_transfer_to_who_answered_for_a_group_is_theirs(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, cleo = await phone("anna-desk"), (await phone("cleo")).answers()
    text = configuration(group("sales", "anna"), group("support", "cleo"), numbers=SALES_AND_SUPPORT)
    running, call, hers, inquiry = await conversation(anna, caller, daemon, text)

    asking = await (await anna.dials(SUPPORT)).answered()
    await asking.hears(cleo)
    asked = await running.logs("inquiry.accepted", operator="cleo")
    await hers.transfers(asking)
    await running.logs("inquiry.transferred", inquiry=inquiry, detail="to cleo")
    await running.logs("inquiry.closed", inquiry=asked["inquiry"])
    await call.hears(cleo)

    await is_free_for_another(anna, pbx)
    assert await hangs_up(call, running, inquiry) == ("cleo", "answered")


async def test_a_caller_put_in_the_place_of_who_waits_in_a_groups_line_is_theirs_who_takes_it(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, cleo = await phone("anna-desk"), await phone("cleo")
    support = group("support", "cleo", hold='"music"', rings="20")
    running, call, hers, inquiry = await conversation(
        anna, caller, daemon, configuration(group("sales", "anna"), support, numbers=SALES_AND_SUPPORT)
    )

    asking = await (await anna.dials(SUPPORT)).answered()
    await cleo.ringing()
    await hers.transfers(asking)
    await hers.ended()
    await running.logs("inquiry.held", inquiry=inquiry)
    cleo.answers()
    await running.logs("inquiry.transferred", inquiry=inquiry, detail="to cleo")
    await call.hears(cleo)

    assert await hangs_up(call, running, inquiry) == ("cleo", "answered")


async def test_a_caller_put_in_the_place_of_who_waits_in_a_groups_line_in_vain_waits_there_themselves(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, cleo = await phone("anna-desk"), await phone("cleo")
    support = group("support", "cleo", hold='"music"', on_unanswered='{ action = "keep_waiting" }')
    running, call, hers, inquiry = await conversation(
        anna, caller, daemon, configuration(group("sales", "anna"), support, numbers=SALES_AND_SUPPORT)
    )

    asking = await (await anna.dials(SUPPORT)).answered()
    await cleo.ringing()
    cleo.declines()
    await cleo.is_offline()
    await hers.transfers(asking)
    await hers.ended()
    moved = await running.logs("inquiry.transferred", inquiry=inquiry)
    await cleo.registers()
    cleo.answers()
    await running.logs("inquiry.accepted", inquiry=inquiry, operator="cleo")
    await call.hears(cleo)

    assert (moved["operator"], moved["detail"]) == ("anna", "to group support")
    assert await hangs_up(call, running, inquiry) == ("cleo", "answered")


async def test_a_transfer_to_a_number_outside_is_over_for_us_once_they_answer(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = await phone("anna-desk")
    outside = await pbx.mobile().open()
    text = configuration(group("sales", "anna"), telephony=OUTWARD)
    running, call, hers, inquiry = await conversation(anna, caller, daemon, text)

    await hers.transfers("9+48500")
    await outside.ringing()
    await running.logs("inquiry.held", inquiry=inquiry)
    outside.answers()
    closed = await running.logs("inquiry.closed", inquiry=inquiry)

    await call.hears(outside)
    assert (closed["operator"], closed["detail"]) == ("anna", "forwarded")
    await is_free_for_another(anna, pbx)
    await outside.close()


# -- elsewhere at the PBX ----------------------------------------------------------------------------------------------


async def test_who_is_parked_is_nobodys_load_and_theirs_who_fetches_them(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = await phone("anna-desk"), await phone("ben")
    running, call, hers, inquiry = await conversation(anna, caller, daemon)

    async with pbx.ami("call") as ami:
        await hers.transfers("700")
        place = (await ami.event("ParkedCall"))["ParkingSpace"]
    held = await running.logs("inquiry.held", inquiry=inquiry)
    await is_free_for_another(anna, pbx)
    await ben.dials(place)
    moved = await running.logs("inquiry.transferred", inquiry=inquiry)
    await call.hears(ben)

    assert (held["operator"], moved["detail"]) == ("anna", "to ben")
    assert await hangs_up(call, running, inquiry) == ("ben", "answered")


async def test_two_who_are_parked_talk_to_nobody_and_each_is_theirs_again_who_parked_them(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = await phone("anna-desk")
    running, first, hers, inquiry = await conversation(anna, caller, daemon)

    async with pbx.ami("call") as ami, pbx.caller() as another:
        await hers.transfers("700")
        place = (await ami.event("ParkedCall"))["ParkingSpace"]
        await running.logs("inquiry.held", inquiry=inquiry)
        second = await another.dials(NUMBER)
        await second.answered()
        next_one = await running.logs("inquiry.accepted", after=1)
        await second.hears(anna)
        await anna.call.transfers("700")
        await running.logs("inquiry.held", inquiry=next_one["inquiry"])
        await anna.dials(place)
        resumed = await running.logs("inquiry.resumed")
        await first.hears(anna)

        assert resumed["inquiry"] == inquiry
        assert await hangs_up(first, running, inquiry) == ("anna", "answered")
        assert await hangs_up(second, running, next_one["inquiry"]) == ("anna", "answered")


async def test_whom_somebody_else_redirects_to_a_voice_menu_is_nobodys_load(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = await phone("anna-desk")
    running, call, hers, inquiry = await conversation(anna, caller, daemon)

    channel = next(name for name in await pbx.channels() if name.startswith("PJSIP/trunk"))
    await pbx.cli(f"channel redirect {channel} lab-phones,601,1")
    await hers.ended()
    await running.logs("inquiry.held", inquiry=inquiry)

    await is_free_for_another(anna, pbx)
    assert await hangs_up(call, running, inquiry) == ("anna", "answered")


async def test_a_conference_is_theirs_who_is_in_it_with_the_caller(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = await phone("anna-desk"), await phone("ben")
    running, call, hers, inquiry = await conversation(anna, caller, daemon)

    await hers.transfers("600")
    await running.logs("inquiry.held", inquiry=inquiry)
    bens = await (await ben.dials("600")).answered()
    await running.logs("inquiry.transferred", inquiry=inquiry, detail="to ben")
    await bens.hangs_up()
    await running.logs("inquiry.held", inquiry=inquiry, operator="ben")
    await anna.dials("600")
    await running.logs("inquiry.transferred", inquiry=inquiry, detail="to anna")

    assert await hangs_up(call, running, inquiry) == ("anna", "answered")


# -- while the daemon is away ------------------------------------------------------------------------------------------


async def test_a_daemon_killed_in_the_middle_of_a_consultation_credits_who_has_the_caller_in_the_end(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = await phone("anna-desk"), (await phone("ben")).answers()
    running, call, hers, inquiry = await conversation(anna, caller, daemon)

    asking = await (await anna.dials("102")).answered()
    await asking.hears(ben)
    running.kill()
    await running.start()
    assert "inquiry.held" not in [line["event"] for line in running.log()]
    await hers.transfers(asking)
    moved = await running.logs("inquiry.transferred", inquiry=inquiry)
    await call.hears(ben)

    assert moved["detail"] == "to ben"
    assert await hangs_up(call, running, inquiry) == ("ben", "answered")


async def test_a_transfer_that_was_carried_out_while_the_daemon_was_away_is_found(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = await phone("anna-desk"), (await phone("ben")).answers()
    running, call, hers, inquiry = await conversation(anna, caller, daemon)

    running.kill()
    await hers.transfers("102")
    await ben.talking()
    await call.hears(ben)
    await running.start()
    moved = await running.logs("inquiry.transferred", inquiry=inquiry)

    assert moved["detail"] == "to ben"
    assert await hangs_up(call, running, inquiry) == ("ben", "answered")


async def test_who_rings_at_a_colleague_when_the_daemon_is_back_is_theirs_once_they_answer(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = await phone("anna-desk"), await phone("ben")
    running, call, hers, inquiry = await conversation(anna, caller, daemon)

    running.kill()
    await hers.transfers("102")
    await ben.ringing()
    await hers.ended()
    await running.start()
    await running.logs("inquiry.held", inquiry=inquiry)
    ben.answers()
    await running.logs("inquiry.transferred", inquiry=inquiry, detail="to ben")
    await call.hears(ben)

    assert await hangs_up(call, running, inquiry) == ("ben", "answered")


async def test_who_was_sent_to_a_groups_line_while_the_daemon_was_away_is_served_there(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, cleo = await phone("anna-desk"), await phone("cleo")
    text = configuration(group("sales", "anna"), group("support", "cleo"), numbers=SALES_AND_SUPPORT)
    running, call, hers, inquiry = await conversation(anna, caller, daemon, text)

    running.kill()
    await hers.transfers(SUPPORT)
    await hers.ended()
    await running.start()
    cleo.answers()
    accepted = await running.logs("inquiry.accepted", operator="cleo")
    await call.hears(cleo)

    assert accepted["inquiry"] == inquiry
    assert len(anna.calls) == 1
    assert await hangs_up(call, running, inquiry) == ("cleo", "answered")
