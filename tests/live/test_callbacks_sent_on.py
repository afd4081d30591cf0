"""An operator who calls a customer back sends the line on before the customer has answered: the promise is kept."""

import pytest
from tests.lab.daemon import Daemon
from tests.lab.incoming import IncomingCall
from tests.lab.pbx import Pbx
from tests.lab.phones import BUSY, Caller, Phone
from tests.live.configuration import NUMBER, OUTWARD, configuration, group
from tests.live.conftest import OpenPhone, StartDaemon
from tests.live.exchanges import on_both_versions
from tests.live.talks import SALES_AND_SUPPORT, SUPPORT, is_as_recorded

pytestmark = pytest.mark.live
pbx = on_both_versions()

LONG = "100"
CALL_BACK = '{ action = "callback", sound = "beep" }'
SALES = group("sales", "anna", rings=LONG, max_wait='"300ms"', on_unanswered=CALL_BACK)
HOUSE = configuration(
    SALES,
    group("support", "ben", rings=LONG),
    numbers=SALES_AND_SUPPORT,
    people={"anna": ("anna-desk",), "ben": ("ben",)},
    telephony=f'{OUTWARD}\ncallback_pause = "4s"',
)
BENS_EXTENSION = "102"


async def called_back(phone: OpenPhone, caller: Caller, daemon: StartDaemon) -> tuple[Daemon, Phone, IncomingCall]:
    """Somebody calls and is promised a callback; anna has answered hers, and the customer rings."""
    running = await daemon(HOUSE)
    await (await caller.dials(NUMBER)).ended()
    anna = (await phone("anna-desk")).answers()
    hers = await anna.talking()
    await running.logs("inquiry.accepted")
    return running, anna, hers


async def talks_to(operator: str, theirs: Phone, customer: Phone, running: Daemon) -> None:
    """The customer is reached after all, by this operator, and it is over when they hang up."""
    await running.logs("inquiry.customer_reached")
    await customer.hears(theirs)
    await customer.call.hangs_up()
    closed = await running.logs("inquiry.closed")
    assert (closed["operator"], closed["detail"]) == (operator, "answered")


@pytest.mark.parametrize("where", [SUPPORT, BENS_EXTENSION], ids=["to_a_group", "to_a_colleague"])
async def test_who_is_not_reached_although_the_line_was_sent_on_meanwhile_is_called_again_by_the_group_that_has_them(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon, where: str
) -> None:
    async with pbx.mobile() as customer:
        running, anna, hers = await called_back(phone, caller, daemon)
        ben = (await phone("ben")).answers()

        await customer.ringing()
        await hers.transfers(where)
        await ben.talking()
        customer.declines(BUSY)
        await running.logs("inquiry.customer_not_reached")
        customer.answers()
        await talks_to(*(("ben", ben) if where == SUPPORT else ("anna", anna)), customer, running)

    await pbx.idle()
    await is_as_recorded(running)


@pytest.mark.parametrize("where", [SUPPORT, BENS_EXTENSION], ids=["to_a_group", "to_a_colleague"])
async def test_who_was_not_reached_is_called_again_although_the_busy_tone_was_sent_on(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon, where: str
) -> None:
    async with pbx.mobile() as customer:
        customer.busy()
        running, anna, hers = await called_back(phone, caller, daemon)
        (await phone("ben")).answers()
        await running.logs("inquiry.customer_not_reached")

        await hers.transfers(where)
        await hers.ended()
        customer.answers()
        await talks_to("anna", anna, customer, running)

    await pbx.idle()
    await is_as_recorded(running)


async def test_a_customer_who_answers_after_the_line_was_sent_on_waits_where_it_was_sent(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    async with pbx.mobile() as customer:
        running, _, hers = await called_back(phone, caller, daemon)

        await customer.ringing()
        await hers.transfers(SUPPORT)
        await hers.ended()
        customer.answers()
        await running.logs("inquiry.customer_reached")
        ben = (await phone("ben")).answers()
        await ben.talking()
        await talks_to("ben", ben, customer, running)

    await pbx.idle()
    await is_as_recorded(running)


async def test_who_is_not_reached_while_a_colleague_is_rung_for_them_is_called_again_although_the_daemon_was_killed(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    async with pbx.mobile() as customer:
        running, _, hers = await called_back(phone, caller, daemon)
        ben = await phone("ben")
        await hers.transfers(SUPPORT)
        await ben.ringing()

        running.kill()
        await running.start()
        customer.declines(BUSY)
        await running.logs("inquiry.customer_not_reached")
        await ben.cancelled()
        customer.answers()
        ben.answers()
        await talks_to("ben", ben, customer, running)

    await pbx.idle()
    await is_as_recorded(running)


async def test_nor_is_the_customer_a_caller_of_the_group_when_that_came_to_pass_while_the_daemon_was_away(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    async with pbx.mobile() as customer, pbx.ami("user") as ami:
        running, _, hers = await called_back(phone, caller, daemon)
        ben = await phone("ben")
        await hers.transfers(SUPPORT)
        await ben.ringing()

        running.kill()
        customer.declines(BUSY)
        await ami.event("UserEvent", UserEvent="HuntgroupServed")  # the PBX took it for a caller's
        await running.start()
        await running.logs("inquiry.customer_not_reached")
        customer.answers()
        ben.answers()
        await talks_to("ben", ben, customer, running)
        received = [line["inquiry"] for line in running.log() if line["event"] == "inquiry.received"]
        assert len(received) == 1

    await pbx.idle()
    await is_as_recorded(running)
