"""A daemon that is killed in the middle of a transfer credits who has the caller in the end."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller
from tests.live.configuration import NUMBER, configuration, group
from tests.live.conftest import PHONES, OpenPhone, StartDaemon
from tests.live.talks import MORE, SALES_AND_SUPPORT, SUPPORT, conversation, ends, hangs_up, is_free_for_another

pytestmark = pytest.mark.live


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["22", "16"])
async def pbx(request: pytest.FixtureRequest) -> AsyncIterator[Pbx]:
    """The newest Asterisk that is supported, and the oldest."""
    async with Pbx(PHONES, version=request.param, dialplan=MORE) as pbx:
        yield pbx


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
    await cleo.talking()  # rung for by the daemon or, when that took too long to come back, by the PBX itself
    await call.hears(cleo)

    assert len(anna.calls) == 1
    assert await hangs_up(call, running, inquiry) == ("cleo", "answered")


async def test_several_who_are_parked_when_the_daemon_is_back_talk_to_nobody_and_are_theirs_who_fetch_them(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = await phone("anna-desk"), await phone("ben")
    running, first, hers, inquiry = await conversation(anna, caller, daemon)

    async with pbx.ami("call") as ami, pbx.caller() as another:
        await hers.transfers("700")
        place = (await ami.event("ParkedCall"))["ParkingSpace"]
        await hers.ended()
        await running.logs("inquiry.held", inquiry=inquiry)
        second = await another.dials(NUMBER)
        await second.answered()
        other = (await running.logs("inquiry.accepted", after=1))["inquiry"]
        await second.hears(anna)
        running.kill()
        later = anna.call
        await later.transfers("700")
        next_place = (await ami.event("ParkedCall", ParkingSpace=str(int(place) + 1)))["ParkingSpace"]
        await later.ended()
        await running.start()
        await running.logs("inquiry.held", inquiry=other)
        assert (ends(running, inquiry), ends(running, other)) == (0, 0)

        await ben.dials(next_place)
        await running.logs("inquiry.transferred", inquiry=other, detail="to ben")
        await anna.dials(place)
        await running.logs("inquiry.resumed", inquiry=inquiry, operator="anna")
        await first.hears(anna)
        await second.hears(ben)

        assert await hangs_up(first, running, inquiry) == ("anna", "answered")
        assert await hangs_up(second, running, other) == ("ben", "answered")


async def test_who_was_transferred_before_the_daemon_was_killed_is_their_colleagues_afterwards(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = await phone("anna-desk"), (await phone("ben")).answers()
    running, call, hers, inquiry = await conversation(anna, caller, daemon)

    asking = await (await anna.dials("102")).answered()
    await asking.hears(ben)
    await hers.transfers(asking)
    await running.logs("inquiry.transferred", inquiry=inquiry)
    await call.hears(ben)
    running.kill()
    await running.start()

    await is_free_for_another(anna, pbx)
    assert await hangs_up(call, running, inquiry) == ("ben", "answered")
    assert sum(line["event"] == "inquiry.transferred" for line in running.log()) == 1
