"""Who is sent to a group's number when their inquiry is over: another one, each of them begun once and ended once."""

import asyncio
import sqlite3
from contextlib import closing

import pytest
from tests.lab.daemon import Daemon
from tests.lab.outgoing import OutgoingCall
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller, Phone
from tests.live.configuration import NUMBER, OUTWARD, configuration, group
from tests.live.conftest import OpenPhone, StartDaemon
from tests.live.exchanges import on_both_versions
from tests.live.talks import SALES_AND_SUPPORT, SUPPORT, is_as_recorded

from huntgroup.engine.again import A_MOMENT

pytestmark = pytest.mark.live

LONG = "100"
"""Rings: nobody's time runs out in these stories."""
PEOPLE = {"anna": ("anna-desk",), "ben": ("ben",)}
HOUSE = configuration(
    group("sales", "anna", rings=LONG),
    group("support", "ben", rings=LONG),
    numbers=SALES_AND_SUPPORT,
    people=PEOPLE,
)
"""Cleo is at a phone, and nobody's operator."""

pbx = on_both_versions(endpoint_options="call_group=1\npickup_group=1")


async def picks_up(running: Daemon, call: OutgoingCall, picking: OutgoingCall, *, after: int = 0) -> str:
    """Somebody who is no operator has the caller: the inquiry that is over by that."""
    await call.answered()
    await call.hears(picking)
    closed = await running.logs("inquiry.closed", detail="forwarded", after=after)
    return str(closed["inquiry"])


async def taken_by_a_stranger(
    caller: Caller, rings: Phone, stranger: Phone, running: Daemon
) -> tuple[OutgoingCall, OutgoingCall, str]:
    """Somebody calls and rings here, and the stranger picks them up: their call, the stranger's, and the inquiry."""
    call = await caller.dials(NUMBER)
    await rings.ringing()
    picking = await stranger.dials("*8")
    return call, picking, await picks_up(running, call, picking)


async def is_served_as(inquiry: str, operator: str, phone: Phone, call: OutgoingCall, running: Daemon) -> None:
    """This operator takes the caller as this inquiry, they talk, and it is over when the caller hangs up."""
    accepted = await running.logs("inquiry.accepted", operator=operator)
    await call.hears(phone)
    await call.hangs_up()
    await running.logs("inquiry.closed", inquiry=inquiry)
    assert accepted["inquiry"] == inquiry


def record(running: Daemon) -> dict[str, list[str]]:
    """By inquiry how often it came in, and every end of it."""
    with closing(sqlite3.connect(f"file:{running.store}?mode=ro", uri=True)) as database:
        rows = database.execute(
            "SELECT inquiry, type, detail FROM record WHERE type IN ('inquiry.received', 'inquiry.closed') ORDER BY at"
        ).fetchall()
    told: dict[str, list[str]] = {}
    for name, kind, detail in rows:
        told.setdefault(name, []).append("came" if kind == "inquiry.received" else detail)
    return told


# -- somebody picks the call up by the PBX's own means -----------------------------------------------------------------


async def test_whom_a_stranger_picked_up_and_sends_to_a_groups_number_is_an_inquiry_of_its_own(
    phone: OpenPhone, pbx: Pbx, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben, cleo = await phone("anna-desk"), (await phone("ben")).answers(), await phone("cleo")
    running = await daemon(HOUSE)
    call, picking, first = await taken_by_a_stranger(caller, anna, cleo, running)

    await picking.transfers(SUPPORT)
    await is_served_as(f"{first}-2", "ben", ben, call, running)

    await pbx.idle()
    await is_as_recorded(running)
    assert record(running) == {first: ["came", "forwarded"], f"{first}-2": ["came", "answered"]}


async def test_and_the_third_time_as_well(phone: OpenPhone, caller: Caller, daemon: StartDaemon) -> None:
    anna, ben, cleo = await phone("anna-desk"), await phone("ben"), await phone("cleo")
    running = await daemon(HOUSE)
    call, picking, first = await taken_by_a_stranger(caller, anna, cleo, running)
    await picking.transfers(SUPPORT)
    await ben.ringing()
    await running.logs("inquiry.ringing", operator="ben")
    await picking.ended()
    again = await cleo.dials("*8")
    await picks_up(running, call, again, after=1)

    await again.transfers(NUMBER)
    anna.answers()
    await is_served_as(f"{first}-3", "anna", anna, call, running)

    await is_as_recorded(running)
    assert record(running) == {
        first: ["came", "forwarded"],
        f"{first}-2": ["came", "forwarded"],
        f"{first}-3": ["came", "answered"],
    }


async def test_a_daemon_that_is_killed_while_the_second_one_waits_makes_no_third(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, cleo = await phone("anna-desk"), await phone("cleo")
    running = await daemon(HOUSE)
    call, picking, first = await taken_by_a_stranger(caller, anna, cleo, running)
    await picking.transfers(SUPPORT)
    await running.logs("inquiry.received", inquiry=f"{first}-2")
    await picking.ended()

    running.kill()
    await running.start()
    ben = (await phone("ben")).answers()
    await is_served_as(f"{first}-2", "ben", ben, call, running)

    await is_as_recorded(running)
    assert record(running) == {first: ["came", "forwarded"], f"{first}-2": ["came", "answered"]}


async def test_a_daemon_that_is_killed_while_the_stranger_talks_still_knows_that_the_first_one_is_over(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben, cleo = await phone("anna-desk"), (await phone("ben")).answers(), await phone("cleo")
    running = await daemon(HOUSE)
    call, picking, first = await taken_by_a_stranger(caller, anna, cleo, running)

    running.kill()
    await running.start()
    await picking.transfers(SUPPORT)
    await is_served_as(f"{first}-2", "ben", ben, call, running)

    await is_as_recorded(running)
    assert record(running) == {first: ["came", "forwarded"], f"{first}-2": ["came", "answered"]}


async def test_a_callback_that_a_stranger_picked_up_and_sends_to_a_groups_number_ends_with_its_call(
    phone: OpenPhone, pbx: Pbx, caller: Caller, daemon: StartDaemon
) -> None:
    cleo = await phone("cleo")
    promise = '{ action = "callback", sound = "beep" }'
    sales = group("sales", "anna", rings=LONG, max_wait='"300ms"', on_unanswered=promise)
    plan = (sales, group("support", "ben", rings=LONG))
    running = await daemon(configuration(*plan, numbers=SALES_AND_SUPPORT, people=PEOPLE, telephony=OUTWARD))
    async with pbx.mobile() as customer:
        await (await caller.dials(NUMBER)).ended()
        anna = await phone("anna-desk")
        await anna.ringing()
        await running.logs("inquiry.ringing", operator="anna")
        picking = await (await cleo.dials("*8")).answered()
        first = (await running.logs("inquiry.closed", detail="forwarded"))["inquiry"]
        rung = await customer.ringing()

        await picking.transfers(SUPPORT)
        received = await running.logs("inquiry.received", inquiry=f"{first}-2")
        await picking.ended()
        rung.reject(486)
        closed = await running.logs("inquiry.closed", inquiry=f"{first}-2")

    assert (received["customer_phone"], closed["detail"]) == ("+48600700800", "abandoned")
    await pbx.idle()
    await is_as_recorded(running)


async def test_the_line_of_a_callback_that_was_given_up_is_an_inquiry_of_its_own_when_its_operator_sends_it_on(
    phone: OpenPhone, pbx: Pbx, caller: Caller, daemon: StartDaemon
) -> None:
    promise = '{ action = "callback", sound = "beep" }'
    sales = group("sales", "anna", rings=LONG, max_wait='"300ms"', on_unanswered=promise)
    plan = (sales, group("support", "ben", rings=LONG))
    once = f"{OUTWARD}\ncallback_tries = 1"
    running = await daemon(configuration(*plan, numbers=SALES_AND_SUPPORT, people=PEOPLE, telephony=once))
    async with pbx.mobile() as customer:
        customer.busy()
        await (await caller.dials(NUMBER)).ended()
        anna = (await phone("anna-desk")).answers()
        hers = await anna.talking()
        first = (await running.logs("inquiry.closed", detail="unanswered"))["inquiry"]

        await hers.transfers(SUPPORT)
        await running.logs("inquiry.received", inquiry=f"{first}-2")
        await running.logs("inquiry.closed", inquiry=f"{first}-2")

    await pbx.idle()
    await is_as_recorded(running)


# -- the PBX serves by itself ------------------------------------------------------------------------------------------


async def test_who_was_served_while_the_daemon_was_away_and_is_sent_to_a_groups_number_goes_on_as_the_same_inquiry(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = (await phone("anna-desk")).answers(), (await phone("ben")).answers()
    running = await daemon(HOUSE)
    await running.stop()
    call = await caller.dials(NUMBER)
    hers = await anna.talking()
    await call.hears(anna)

    await running.start()
    inquiry = (await running.logs("inquiry.accepted", operator="anna"))["inquiry"]
    await hers.transfers(SUPPORT)
    await running.logs("inquiry.accepted", operator="ben")
    await call.hears(ben)
    await call.hangs_up()
    await running.logs("inquiry.closed", inquiry=inquiry)

    await is_as_recorded(running)
    assert record(running) == {inquiry: ["came", "answered"]}


async def test_whom_a_stranger_has_when_the_daemon_comes_back_and_sends_to_a_groups_number_is_an_inquiry_of_its_own(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben, cleo = await phone("anna-desk"), (await phone("ben")).answers(), await phone("cleo")
    running = await daemon(HOUSE)
    call = await caller.dials(NUMBER)
    rung = await anna.ringing()
    first = (await running.logs("inquiry.received"))["inquiry"]
    await running.stop()
    anna.declines()
    rung.reject(603)
    anna.just_rings()
    await anna.ringing()
    picking = await cleo.dials("*8")
    await call.answered()
    await call.hears(picking)

    await running.start()
    await running.logs("inquiry.closed", inquiry=first)
    await picking.transfers(SUPPORT)
    await is_served_as(f"{first}-2", "ben", ben, call, running)

    await is_as_recorded(running)
    assert list(record(running)) == [first, f"{first}-2"]


async def test_who_comes_in_again_while_the_daemon_is_away_and_is_served_there_is_on_record_once_more(
    phone: OpenPhone, pbx: Pbx, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben, cleo = await phone("anna-desk"), (await phone("ben")).answers(), await phone("cleo")
    running = await daemon(HOUSE)
    call, picking, first = await taken_by_a_stranger(caller, anna, cleo, running)
    await running.stop()
    await asyncio.sleep(A_MOMENT)  # who comes in at the same moment is taken for the same caller
    await picking.transfers(SUPPORT)
    await ben.talking()
    await call.hears(ben)
    await call.hangs_up()
    await ben.ended()
    await pbx.idle()

    await running.start()
    await running.logs("inquiry.closed", inquiry=f"{first}-2", detail="answered", operator="ben")

    await is_as_recorded(running)
    assert record(running) == {first: ["came", "forwarded"], f"{first}-2": ["came", "answered"]}
