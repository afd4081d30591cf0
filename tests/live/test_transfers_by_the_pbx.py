"""Callers are parked, redirected, put into conferences and transferred by the PBX's own codes."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from tests.lab.incoming import IncomingCall
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller
from tests.lab.process import until
from tests.live.configuration import NUMBER
from tests.live.conftest import PHONES, OpenPhone, StartDaemon
from tests.live.talks import MORE, conversation, hangs_up, is_free_for_another

pytestmark = pytest.mark.live


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["22", "16"])
async def pbx(request: pytest.FixtureRequest) -> AsyncIterator[Pbx]:
    """The newest Asterisk that is supported, and the oldest."""
    async with Pbx(PHONES, version=request.param, dialplan=MORE) as pbx:
        yield pbx


# -- elsewhere at the PBX ----------------------------------------------------------------------------------------------


async def legs(pbx: Pbx) -> tuple[str, str]:
    """The channels of the caller and of anna."""
    names = await pbx.channels()
    return tuple(next(name for name in names if name.startswith(f"PJSIP/{who}")) for who in ("trunk", "anna"))  # type: ignore[return-value]


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


async def test_a_conference_that_is_recorded_is_nobody_to_talk_to(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = await phone("anna-desk")
    running, call, hers, inquiry = await conversation(anna, caller, daemon)

    await hers.transfers("603")
    await running.logs("inquiry.held", inquiry=inquiry)
    await is_free_for_another(anna, pbx)
    await anna.dials("603")
    await running.logs("inquiry.resumed", inquiry=inquiry, operator="anna")

    assert await hangs_up(call, running, inquiry) == ("anna", "answered")


async def test_whom_somebody_else_redirects_together_with_their_operator_is_still_theirs(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = await phone("anna-desk"), await phone("ben")
    running, call, hers, inquiry = await conversation(anna, caller, daemon)

    async with pbx.ami("call") as ami:
        theirs, annas = await legs(pbx)
        await ami.action(
            "Redirect",
            Channel=theirs,
            Context="lab-phones",
            Exten="600",
            Priority="1",
            ExtraChannel=annas,
            ExtraContext="lab-phones",
            ExtraExten="600",
            ExtraPriority="1",
        )
        await ami.event("BridgeEnter", Channel=theirs, BridgeTechnology="softmix")
        await ami.event("BridgeEnter", Channel=annas, BridgeTechnology="softmix")
        await (await ben.dials("600")).answered()
        await ami.event("BridgeEnter", CallerIDNum="102", BridgeTechnology="softmix")
    assert not {"inquiry.transferred", "inquiry.closed"} & {line["event"] for line in running.log()}
    await hers.hangs_up()
    await running.logs("inquiry.transferred", inquiry=inquiry, detail="to ben")

    await is_free_for_another(anna, pbx)
    assert await hangs_up(call, running, inquiry) == ("ben", "answered")


async def test_whom_an_administrator_parks_is_nobodys_load_until_somebody_fetches_them(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = await phone("anna-desk"), await phone("ben")
    running, call, hers, inquiry = await conversation(anna, caller, daemon)

    async with pbx.ami("call") as ami:
        theirs, _ = await legs(pbx)
        await ami.action("Park", Channel=theirs, TimeoutChannel=theirs)
        place = (await ami.event("ParkedCall"))["ParkingSpace"]
    await hers.ended()
    await running.logs("inquiry.held", inquiry=inquiry)
    await is_free_for_another(anna, pbx)
    await ben.dials(place)
    await running.logs("inquiry.transferred", inquiry=inquiry, detail="to ben")
    await call.hears(ben)

    assert await hangs_up(call, running, inquiry) == ("ben", "answered")


# -- by the PBX's codes ------------------------------------------------------------------------------------------------


KEY_IS_OVER = re.compile("DTMF end (?:emulation of|accepted without begin|passthrough) '(.)'")
"""How Asterisk logs a key that it has heard out."""


def keys_heard(pbx: Pbx) -> str:
    """The keys that were pressed at this exchange so far."""
    return "".join(KEY_IS_OVER.findall(pbx.log_text()))


async def dials_code(pbx: Pbx, hers: IncomingCall, code: str) -> None:
    """The operator presses these keys during the call, one after the other as a finger does.

    Keys that come while another one sounds Asterisk puts back behind whatever else it is to read, in any order: of
    several in one instant it hears one too late, or none (seen on 22.10: of 102 it dialled 10).
    """
    before = keys_heard(pbx)
    for number, key in enumerate(code, 1):
        hers.presses(key)
        heard = before + code[:number]
        await until(lambda heard=heard: keys_heard(pbx) == heard, f"{code[:number]} is heard")  # type: ignore[misc]


async def test_a_blind_transfer_by_code_moves_the_load(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = await phone("anna-desk"), (await phone("ben")).answers()
    running, call, hers, inquiry = await conversation(anna, caller, daemon)

    await dials_code(pbx, hers, "##102")
    await ben.talking()
    await running.logs("inquiry.transferred", inquiry=inquiry, detail="to ben")
    await call.hears(ben)

    await is_free_for_another(anna, pbx)
    assert await hangs_up(call, running, inquiry) == ("ben", "answered")


async def test_an_attended_transfer_by_code_moves_the_load_when_the_operator_hangs_up(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = await phone("anna-desk"), (await phone("ben")).answers()
    running, call, hers, inquiry = await conversation(anna, caller, daemon)

    await dials_code(pbx, hers, "*2102")
    await ben.talking()
    await hers.hears(ben)
    assert "inquiry.transferred" not in [line["event"] for line in running.log()]
    await hers.hangs_up()
    await running.logs("inquiry.transferred", inquiry=inquiry, detail="to ben")
    await call.hears(ben)

    await is_free_for_another(anna, pbx)
    assert await hangs_up(call, running, inquiry) == ("ben", "answered")


async def test_a_transfer_by_code_that_a_colleague_declines_leaves_the_caller_with_their_operator(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = await phone("anna-desk"), (await phone("ben")).declines()
    running, call, hers, inquiry = await conversation(anna, caller, daemon)

    await dials_code(pbx, hers, "*2102")
    await ben.ended()
    await call.hears(anna)

    assert await hangs_up(call, running, inquiry) == ("anna", "answered")
    assert not {"inquiry.transferred", "inquiry.held"} & {line["event"] for line in running.log()}


async def test_who_leaves_a_transfer_by_code_while_it_rings_is_free_once_the_colleague_has_the_caller(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    """Until then Asterisk would bring the caller back to them, and says nothing of their own end (16.28 and 22.10)."""
    anna, ben = await phone("anna-desk"), await phone("ben")
    running, call, hers, inquiry = await conversation(anna, caller, daemon)

    async with pbx.ami("call") as ami:
        await dials_code(pbx, hers, "*2102")
        await ben.ringing()
        await hers.hangs_up()
        await ami.event("AttendedTransfer")  # seen once: a 16.28 that ended when the answer overtook this
    ben.answers()
    await running.logs("inquiry.transferred", inquiry=inquiry, detail="to ben")
    await call.hears(ben)

    await is_free_for_another(anna, pbx)
    assert await hangs_up(call, running, inquiry) == ("ben", "answered")
