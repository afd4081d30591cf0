"""Operators transfer callers by their phones: who talks to whom is what the PBX's bridges say."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from tests.lab.broker import Broker
from tests.lab.mqtt import Party
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller
from tests.live.configuration import NUMBER, OUTWARD, configuration, group
from tests.live.conftest import PHONES, OpenPhone, StartDaemon
from tests.live.talks import (
    BY_LOCAL,
    MORE,
    SALES_AND_SUPPORT,
    SUPPORT,
    conversation,
    ends,
    explained,
    hangs_up,
    is_free_for_another,
)

pytestmark = pytest.mark.live


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["22", "16"])
async def pbx(request: pytest.FixtureRequest) -> AsyncIterator[Pbx]:
    """The newest Asterisk that is supported, and the oldest."""
    async with Pbx(PHONES, version=request.param, dialplan=MORE) as pbx:
        yield pbx


# -- to a colleague ----------------------------------------------------------------------------------------------------


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    """A broker of each test's own: nothing is left of the one before."""
    async with Broker() as broker:
        yield broker


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


async def test_a_transfer_before_the_colleague_has_answered_is_theirs_once_they_do(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = await phone("anna-desk"), await phone("ben")
    running, call, hers, inquiry = await conversation(anna, caller, daemon)

    asking = await (await anna.dials("102")).ringing()
    await ben.ringing()
    await hers.transfers(asking)
    await hers.ended()
    await running.logs("inquiry.held", inquiry=inquiry, operator="anna")
    await is_free_for_another(anna, pbx)
    ben.answers()
    await running.logs("inquiry.transferred", inquiry=inquiry, detail="to ben")
    await call.hears(ben)

    assert await hangs_up(call, running, inquiry) == ("ben", "answered")


async def test_a_caller_on_hold_is_still_their_operators_who_is_offered_no_other(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon, pbx: Pbx
) -> None:
    anna = await phone("anna-desk")
    running, call, hers, inquiry = await conversation(anna, caller, daemon)

    await hers.holds()
    async with pbx.caller() as another:
        waits = await another.dials(NUMBER)
        await running.logs("inquiry.received", after=1)
        await hers.takes_up_again()
        await call.hears(anna)
        assert len(anna.calls) == 1
        assert "inquiry.held" not in [line["event"] for line in running.log()]
        assert await hangs_up(call, running, inquiry) == ("anna", "answered")
        await waits.answered()
        await waits.hears(anna)
        await waits.hangs_up()


async def test_who_follows_the_broker_sees_whose_a_caller_is_at_every_step(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon, broker: Broker
) -> None:
    anna, ben = await phone("anna-desk"), (await phone("ben")).answers()
    async with Party(broker) as anyone:
        running, call, hers, inquiry = await conversation(anna, caller, daemon, broker_url=broker.url)
        await anyone.sees_desk("anna", inquiries=[inquiry])
        await hers.transfers("102")
        await ben.talking()
        told = await anyone.sees("events/inquiry.transferred")
        await anyone.sees_desk("ben", inquiries=[inquiry])
        await anyone.sees_status(inquiry, state="active", operator="ben")
        so_far = len(anyone.seen)
        await hangs_up(call, running, inquiry)
        await anyone.sees_status(inquiry, state="closed", outcome="answered", operator="ben")
        await anyone.sees("operators/ben/state", inquiries=[], after=so_far)
        await anyone.sees_desk("ben", inquiries=[], after=so_far)
        for name in ("anna", "ben"):
            assert anyone.latest(f"operators/{name}/state")["load"]["call"] == 0
            assert anyone.latest(f"operators/{name}/desk")["inquiries"] == []

    data = told["data"]
    assert (data["inquiry"], data["operator"], data["to"]) == (inquiry, "anna", {"operator": "ben"})
    assert "anna transfers it to ben" in await explained(running, inquiry)


@pytest.mark.parametrize("to", [{"operator": "ben"}, {"group": "support"}])
async def test_a_transfer_by_command_rings_there_and_is_theirs_who_answers(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon, broker: Broker, *, pbx: Pbx, to: dict[str, str]
) -> None:
    anna, ben = await phone("anna-desk"), await phone("ben")
    text = configuration(group("sales", "anna"), group("support", "ben"), numbers=SALES_AND_SUPPORT)
    async with Party(broker) as anyone:
        running, call, hers, inquiry = await conversation(anna, caller, daemon, text, broker.url)
        await anyone.sees_desk("anna", inquiries=[inquiry])
        assert (await anyone.commands("anna", "transfer", inquiry=inquiry, to=to))["ok"]
        await hers.ended()
        (await ben.ringing()).answer()
        await call.hears(ben)
        await anyone.sees_desk("ben", inquiries=[inquiry])
        assert anyone.latest("operators/anna/desk")["inquiries"] == []
        await is_free_for_another(anna, pbx)
        told = await anyone.sees("events/inquiry.transferred")

    assert (told["data"]["operator"], told["data"]["to"]) == ("anna", to)
    assert await hangs_up(call, running, inquiry) == ("ben", "answered")
    assert sum(line["event"] == "inquiry.transferred" for line in running.log()) == 1


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


async def test_who_asks_for_a_group_and_passes_on_who_was_waiting_leaves_them_in_that_conversation(
    pbx: Pbx, phone: OpenPhone, daemon: StartDaemon
) -> None:
    """The reception: cleo is on no call of a group, and ben asks at one for her."""
    anna, ben, cleo = (await phone("anna-desk")).answers(), (await phone("ben")).answers(), await phone("cleo")
    only_anna = configuration(group("sales", "anna"), people={"anna": ("anna-desk",)})
    running = await daemon(only_anna)
    theirs = await (await cleo.dials("102")).answered()
    bens = await ben.talking()
    await theirs.hears(ben)

    asking = await (await ben.dials(NUMBER)).answered()
    await asking.hears(anna)
    inquiry = (await running.logs("inquiry.accepted", operator="anna"))["inquiry"]
    await bens.transfers(asking)
    await asking.ended()
    await theirs.hears(anna)
    async with pbx.caller() as another:
        waiting = await another.dials(NUMBER)
        await running.logs("inquiry.received", after=1)
        assert len(anna.calls) == 1
        await waiting.hangs_up()
    assert ends(running, inquiry) == 0

    assert await hangs_up(theirs, running, inquiry) == ("anna", "answered")


async def test_who_comes_to_a_group_by_a_local_channel_is_followed_when_asterisk_drops_it(
    phone: OpenPhone, daemon: StartDaemon
) -> None:
    anna, cleo = (await phone("anna-desk")).answers(), await phone("cleo")
    running = await daemon(configuration(group("sales", "anna"), people={"anna": ("anna-desk",)}))

    theirs = await (await cleo.dials(BY_LOCAL)).answered()
    await theirs.hears(anna)
    await anna.hears(theirs)
    inquiry = (await running.logs("inquiry.accepted", operator="anna"))["inquiry"]
    assert ends(running, inquiry) == 0

    assert await hangs_up(theirs, running, inquiry) == ("anna", "answered")


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


async def test_an_attended_transfer_to_a_number_outside_is_over_for_us_when_it_is_carried_out(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = await phone("anna-desk")
    outside = (await pbx.mobile().open()).answers()
    text = configuration(group("sales", "anna"), telephony=OUTWARD)
    running, call, hers, inquiry = await conversation(anna, caller, daemon, text)

    asking = await (await anna.dials("9+48500")).answered()
    await asking.hears(outside)
    assert ends(running, inquiry) == 0
    await hers.transfers(asking)
    closed = await running.logs("inquiry.closed", inquiry=inquiry)

    await call.hears(outside)
    assert (closed["operator"], closed["detail"]) == ("anna", "forwarded")
    await is_free_for_another(anna, pbx)
    await outside.close()
