"""A caller, a real Asterisk, real SIP phones and the daemon: how a call finds its operator."""

import asyncio
import time

import pytest
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller
from tests.live.configuration import NUMBER, RING_SECONDS, UNREACHABLE_AFTER, configuration, group
from tests.live.conftest import OpenPhone, StartDaemon
from tests.live.exchanges import on_both_versions

pytestmark = pytest.mark.live


TOLERANCE = 0.3
"""Seconds: what a loaded machine may add to a deadline, and less than a ring. The exact figures are the benchmark's."""

pbx = on_both_versions()


async def test_the_first_listed_operator_rings_answers_and_talks(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = (await phone("anna-desk")).answers(after=0.1), await phone("ben")
    running = await daemon(configuration(group("sales", "anna", "ben")))

    call = await caller.dials(NUMBER, name="Jan Kowalski", number="+48600700800")
    rung = await anna.talking()
    await call.hears(anna)
    await anna.hears(call)
    await call.hangs_up()
    await anna.ended()

    assert (rung.caller_name, rung.caller_number) == ("Jan Kowalski", "+48600700800")
    assert ben.calls == []
    closed = await running.logs("inquiry.closed")
    assert (closed["operator"], closed["detail"]) == ("anna", "answered")


async def test_unreachable_first_missed_second_the_third_answers(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = (await phone("anna-desk")).is_silent()
    ben = (await phone("ben")).rings_after(0.3)
    cleo = (await phone("cleo")).answers(after=0.1)
    running = await daemon(configuration(group("sales", "anna", "ben", "cleo", rings="2")))

    call = await caller.dials(NUMBER)
    missed = await ben.cancelled()
    await call.answered()
    taken = await cleo.talking()

    tried = anna.calls[0].invite_received
    assert missed.invite_received - tried == pytest.approx(UNREACHABLE_AFTER, abs=TOLERANCE)
    assert missed.cancel_received - missed.ringing_sent == pytest.approx(2 * RING_SECONDS, abs=TOLERANCE)
    assert taken.invite_received - missed.cancel_received < TOLERANCE
    decided = [line["verdicts"] for line in running.log() if line["event"] == "inquiry.decided"]
    assert decided[-1] == {"anna": "unreachable_this_round", "ben": "missed_this_round", "cleo": "chosen"}


@pytest.mark.parametrize("says_it_rings_after", [None, 0.3])
async def test_rings_count_from_early_media_unless_the_phone_says_later_that_it_rings(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon, says_it_rings_after: float | None
) -> None:
    anna = (await phone("anna-desk")).rings_after(60)
    ben = (await phone("ben")).answers()
    await daemon(configuration(group("sales", "anna", "ben", rings="2")))

    call = await caller.dials(NUMBER)
    rung = await anna.invited()
    rung.send_early_media()
    if says_it_rings_after is not None:
        anna.rings_after(rung.timeline.at("progress_sent") - rung.invite_received + says_it_rings_after)
    await rung.cancelled()
    await call.answered()
    await ben.talking()

    began = rung.timeline.at("progress_sent" if says_it_rings_after is None else "ringing_sent")
    assert rung.cancel_received - began == pytest.approx(2 * RING_SECONDS, abs=TOLERANCE)


async def test_an_unregistered_phone_is_not_even_tried(phone: OpenPhone, caller: Caller, daemon: StartDaemon) -> None:
    ben = (await phone("ben")).answers()
    running = await daemon(configuration(group("sales", "anna", "ben")))

    call = await caller.dials(NUMBER)
    await call.answered()
    await ben.talking()

    decided = await running.logs("inquiry.decided")
    assert decided["verdicts"] == {"anna": "phone_unreachable", "ben": "chosen"}


async def test_a_decline_goes_to_the_next_at_once(phone: OpenPhone, caller: Caller, daemon: StartDaemon) -> None:
    anna = (await phone("anna-desk")).declines(after=0.1)
    ben = (await phone("ben")).answers()
    running = await daemon(configuration(group("sales", "anna", "ben")))

    call = await caller.dials(NUMBER)
    await call.answered()
    rung = await ben.talking()

    assert rung.invite_received - anna.calls[0].invite_received < 0.1 + TOLERANCE
    assert (await running.logs("inquiry.declined"))["operator"] == "anna"


async def test_a_busy_phone_is_passed_over(phone: OpenPhone, caller: Caller, daemon: StartDaemon) -> None:
    (await phone("anna-desk")).busy()
    ben = (await phone("ben")).answers()
    running = await daemon(configuration(group("sales", "anna", "ben")))

    call = await caller.dials(NUMBER)
    await call.answered()
    await ben.talking()

    failed = await running.logs("inquiry.offer_failed")
    assert (failed["operator"], failed["detail"]) == ("anna", "busy")


async def test_a_direct_call_occupies_its_operator(phone: OpenPhone, caller: Caller, daemon: StartDaemon) -> None:
    anna = await phone("anna-desk")
    ben = (await phone("ben")).answers()
    cleo = (await phone("cleo")).answers()
    running = await daemon(configuration(group("sales", "anna", "ben")))

    await anna.dials("103")
    await cleo.talking()
    await running.knows_of("PJSIP/anna-desk", "INUSE")
    call = await caller.dials(NUMBER)
    await call.answered()
    await ben.talking()

    assert (await running.logs("inquiry.decided"))["verdicts"] == {"anna": "busy", "ben": "chosen"}


@pytest.mark.parametrize("options", ["", "/n"])
async def test_a_phone_may_be_an_extension_of_the_dialplan(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon, options: str
) -> None:
    ben = (await phone("ben")).answers(after=0.1)
    text = configuration(group("sales", "anna"), people={"anna": ("anna-desk",)})
    running = await daemon(text.replace("PJSIP/anna-desk", f"Local/102@lab-direct{options}"))

    call = await caller.dials(NUMBER)
    await call.answered()
    await call.hears(ben)
    ringing = await running.logs("inquiry.ringing")
    accepted = await running.logs("inquiry.accepted")
    await call.hangs_up()
    closed = await running.logs("inquiry.closed")

    assert (ringing["operator"], accepted["operator"], closed["operator"]) == ("anna", "anna", "anna")
    assert closed["detail"] == "answered"


async def test_who_hangs_up_is_rung_for_the_caller_who_waits(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = (await phone("anna-desk")).answers()
    running = await daemon(configuration(group("sales", "anna")))

    first = await caller.dials(NUMBER)
    await first.answered()
    second = await caller.dials(NUMBER)
    await second.ringing()
    await running.logs("inquiry.received", after=1)
    await first.hangs_up()
    hung_up = time.monotonic()
    await second.answered()

    assert anna.calls[1].invite_received - hung_up < TOLERANCE


async def test_everyone_rings_at_once_and_the_losers_see_no_missed_call(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, cleo = await phone("anna-desk"), await phone("cleo")
    ben = (await phone("ben")).answers(after=0.2)
    running = await daemon(configuration(group("sales", "anna", "ben", "cleo", distribution='"all_at_once"')))

    call = await caller.dials(NUMBER)
    await call.answered()
    await ben.talking()

    for loser in (anna, cleo):
        assert "answered elsewhere" in (await loser.cancelled()).cancel_reason.lower().replace("completed", "answered")
    assert (await running.logs("inquiry.accepted"))["operator"] == "ben"
    assert "inquiry.missed" not in [line["event"] for line in running.log()]


async def test_ringback_begins_at_once_and_the_caller_is_not_charged_before_somebody_answers(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    (await phone("anna-desk")).is_silent()
    (await phone("ben")).answers(after=0.1)
    await daemon(configuration(group("sales", "anna", "ben")))

    call = await caller.dials(NUMBER)
    await call.answered()

    assert call.ringing_at - call.invite_sent < TOLERANCE
    assert call.answered_at - call.invite_sent > UNREACHABLE_AFTER


async def test_music_plays_without_a_break_over_every_handoff(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    await phone("anna-desk")
    (await phone("ben")).declines(after=0.2)
    cleo = await phone("cleo")
    await daemon(configuration(group("sales", "anna", "ben", "cleo", hold='"music"', rings="2")))

    call = await caller.dials(NUMBER)
    await call.answered()
    last = await cleo.cancelled()

    call.heard_no_break(3, until=last.cancel_received)


async def test_nobody_takes_it_and_the_call_ends_with_the_groups_cause(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    await phone("anna-desk")
    await daemon(
        configuration(group("sales", "anna", on_unanswered='{ action = "hang_up", cause = "busy" }', rings="2"))
    )

    call = await caller.dials(NUMBER)

    assert (await call.ended()).status == 486


async def test_nobody_takes_it_and_another_group_does(phone: OpenPhone, caller: Caller, daemon: StartDaemon) -> None:
    (await phone("anna-desk")).declines()
    ben = (await phone("ben")).answers()
    overflow = group("sales", "anna", on_unanswered='{ action = "group", group = "support" }')
    await daemon(configuration(overflow, group("support", "ben")))

    call = await caller.dials(NUMBER)
    await call.answered()

    await ben.talking()


async def test_the_caller_gives_up_and_the_phone_stops(phone: OpenPhone, caller: Caller, daemon: StartDaemon) -> None:
    anna = await phone("anna-desk")
    running = await daemon(configuration(group("sales", "anna")))

    call = await caller.dials(NUMBER)
    await anna.ringing()
    await call.cancels()

    await anna.cancelled()
    assert (await running.logs("inquiry.closed"))["detail"] == "abandoned"


async def test_a_number_that_is_not_configured_is_refused(caller: Caller, daemon: StartDaemon) -> None:
    await daemon(configuration(group("sales", "anna")))

    call = await caller.dials("+48999999999")

    assert (await call.ended()).status == 404


async def test_a_storm_of_callers_never_rings_one_phone_twice_at_once(
    phone: OpenPhone, pbx: Pbx, caller: Caller, daemon: StartDaemon
) -> None:
    anna = (await phone("anna-desk")).answers(after=0.05).hangs_up(after=0.05)
    await daemon(
        configuration(
            group("sales", "anna"), group("support", "anna"), numbers={NUMBER: "sales", "+48221234568": "support"}
        )
    )

    calls = await asyncio.gather(*(caller.dials(number) for number in [NUMBER, "+48221234568"] * 5))
    await asyncio.gather(*(call.answered(within=30) for call in calls))
    await asyncio.gather(*(call.ended() for call in calls))

    assert len(anna.calls) == len(calls)
    await pbx.idle()
