"""A phone that forwards all its calls (302) has none: whoever is at the other end would have the group's callers."""

import time

import pytest
from tests.lab.phones import Caller, Phone
from tests.live.configuration import NUMBER, UNREACHABLE_AFTER, configuration, group
from tests.live.conftest import OpenPhone, StartDaemon
from tests.live.exchanges import on_both_versions

pytestmark = pytest.mark.live

CLEO = "103"
"""Her extension. She is in no group here."""

pbx = on_both_versions()


@pytest.fixture
async def cleo(phone: OpenPhone) -> Phone:
    """To whom anna's phone forwards, and who would answer."""
    return (await phone("cleo")).answers()


async def test_it_passes_the_caller_on_at_once(
    cleo: Phone, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = (await phone("anna-desk")).forwards(CLEO)
    ben = (await phone("ben")).answers()
    running = await daemon(configuration(group("sales", "anna", "ben")))

    call = await caller.dials(NUMBER)
    taken = await ben.talking()
    await call.hears(ben)

    assert taken.invite_received - anna.calls[0].invite_received < UNREACHABLE_AFTER
    assert cleo.calls == []
    decided = [line["verdicts"] for line in running.log() if line["event"] == "inquiry.decided"]
    assert decided[-1] == {"anna": "busy_this_round", "ben": "chosen"}


async def test_among_those_who_ring_together_it_leaves_the_call_to_the_others(
    cleo: Phone, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = (await phone("anna-desk")).forwards(CLEO), await phone("ben")
    await daemon(configuration(group("sales", "anna", "ben", distribution='"all_at_once"')))

    call = await caller.dials(NUMBER)
    rung = await ben.ringing()
    await anna.invited()  # her phone may be asked after his
    rung.answer()
    await call.hears(ben)

    assert cleo.calls == []


async def test_it_does_not_forward_what_it_joins_either(
    cleo: Phone, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = (await phone("anna-desk")).forwards(CLEO), await phone("ben")
    running = await daemon(configuration(group("sales", "anna", "ben", distribution='"all_at_once"')))
    direct = await (await anna.dials(CLEO)).answered()
    await running.knows_of("PJSIP/anna-desk", "INUSE")

    call = await caller.dials(NUMBER)
    rung = await ben.ringing()
    await direct.hangs_up()
    await running.logs("inquiry.offer_failed", operator="anna", detail="busy")
    assert ben.is_ringing
    rung.answer()
    await call.hears(ben)

    assert len(cleo.calls) == 1


async def test_nor_while_the_daemon_is_away(cleo: Phone, phone: OpenPhone, caller: Caller, daemon: StartDaemon) -> None:
    (await phone("anna-desk")).forwards(CLEO)
    ben = (await phone("ben")).answers()
    running = await daemon(configuration(group("sales", "anna", "ben")))
    await running.stop()

    called = time.monotonic()
    call = await caller.dials(NUMBER)
    taken = await ben.talking()
    await call.hears(ben)

    assert taken.invite_received - called < 1 + UNREACHABLE_AFTER
    assert cleo.calls == []
