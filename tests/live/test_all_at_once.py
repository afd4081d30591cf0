"""Everyone rings together: one has the call, nobody has missed it, and who frees up meanwhile rings as well."""

import asyncio

import pytest
from tests.lab.daemon import Daemon
from tests.lab.incoming import IncomingCall
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller, Phone
from tests.live.configuration import NUMBER, RING_SECONDS, configuration, group
from tests.live.conftest import Everybody, OpenPhone, StartDaemon
from tests.live.exchanges import on_both_versions

pytestmark = pytest.mark.live

PEOPLE = {"anna": ("anna-desk", "anna-soft"), "ben": ("ben",), "cleo": ("cleo",)}

pbx = on_both_versions()


def together(*operators: str, **options: str) -> str:
    """A group whose operators ring together, for as long as a story takes."""
    return group("sales", *operators, distribution='"all_at_once"', **{"rings": "100", **options})


def completed_elsewhere(call: IncomingCall) -> bool:
    """Whether the phone that stopped was told that nobody missed anything."""
    return 'cause=200;text="Call completed elsewhere"' in call.cancel_reason


def rings_still_for_the_first_time(phone: Phone) -> bool:
    """Whether nothing has happened at the phone since it began to ring."""
    (call,) = phone.calls
    return call.is_ringing and call.timeline.first("cancel_received") is None


async def both_are_free(running: Daemon) -> None:
    """The daemon knows that anna's and ben's phones are: else they would join the next round and not begin it."""
    for each in ("anna-desk", "ben"):
        await running.knows_of(f"PJSIP/{each}", "NOT_INUSE")


async def presses(phone: Phone, code: str) -> None:
    """A key that dials a code; nobody listens to the end."""
    call = await phone.dials(code)
    await call.answered()
    await call.hangs_up()


async def test_of_all_phones_of_all_operators_one_answers_and_no_other_shows_a_missed_call(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    desk, soft = await phone("anna-desk"), await phone("anna-soft")
    ben, cleo = await phone("ben"), await phone("cleo")
    running = await daemon(configuration(together("anna", "ben", "cleo"), people=PEOPLE))

    call = await caller.dials(NUMBER)
    answering, *_ = await asyncio.gather(*(each.ringing() for each in (desk, soft, ben, cleo)))
    answering.answer()
    await call.answered()
    await call.hears(desk)
    await call.hangs_up()

    for other in (soft, ben, cleo):
        assert completed_elsewhere(await other.cancelled())
    await running.logs("inquiry.closed", operator="anna", detail="answered")
    assert "inquiry.missed" not in [line["event"] for line in running.log()]


async def test_two_answers_in_the_same_instant_make_one_conversation_and_one_polite_end(
    phone: OpenPhone, pbx: Pbx, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = await phone("anna-desk"), await phone("ben")
    running = await daemon(configuration(together("anna", "ben")))

    for number in range(10):
        call = await caller.dials(NUMBER)
        rung = {"anna": await anna.ringing(), "ben": await ben.ringing()}
        for each in rung.values():
            each.answer()
        await call.answered()
        has_it = (await running.logs("inquiry.accepted", after=number))["operator"]
        await call.hears(rung[has_it])
        (loser,) = [each for name, each in rung.items() if name != has_it]
        ending = await loser.ended()
        # Its answer crossed the CANCEL, or came after the other's: Q.850 cause 26 is "answered elsewhere".
        assert ending.how == "bye"
        assert ending.cause == 26 or completed_elsewhere(loser), loser.in_words()
        await call.hangs_up()
        assert (await running.logs("inquiry.closed", after=number))["detail"] == "answered"
        await pbx.idle()
        await both_are_free(running)

    assert "inquiry.missed" not in [line["event"] for line in running.log()]


async def test_who_frees_up_rings_as_well_and_at_the_others_nothing_happens(
    phone: OpenPhone, pbx: Pbx, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = await phone("anna-desk"), await phone("ben")
    (await phone("cleo")).answers()
    running = await daemon(configuration(together("anna", "ben")))
    direct = await ben.dials("103")
    await direct.answered()
    await running.knows_of("PJSIP/ben", "INUSE")

    call = await caller.dials(NUMBER, name="Jan", number="+48600700800")
    await anna.ringing()
    await direct.hangs_up()
    joined = await ben.ringing()

    assert rings_still_for_the_first_time(anna)
    assert (joined.caller_name, joined.caller_number) == ("Jan", "+48600700800")
    joined.answer()
    await call.answered()
    await call.hears(ben)
    await ben.hears(call)
    assert completed_elsewhere(await anna.cancelled())
    await call.hangs_up()
    await running.logs("inquiry.closed", operator="ben", detail="answered")
    await pbx.idle()


async def test_who_joined_stops_without_a_missed_call_when_another_answers(
    everybody: Everybody, pbx: Pbx, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben, cleo = everybody
    running = await daemon(configuration(together("anna", "ben", "cleo")))
    for each in (ben, cleo):
        await presses(each, "*46")

    call = await caller.dials(NUMBER)
    rung = await anna.ringing()
    for each in (ben, cleo):
        await presses(each, "*46")
        await each.ringing()
        assert rings_still_for_the_first_time(anna)
    rung.answer()
    await call.answered()

    for each in (ben, cleo):
        assert completed_elsewhere(await each.cancelled())
    await call.hears(anna)
    await call.hangs_up()
    await running.logs("inquiry.closed", operator="anna", detail="answered")
    assert "inquiry.missed" not in [line["event"] for line in running.log()]
    await pbx.idle()


async def test_of_two_who_joined_one_answers_and_all_others_stop_without_a_missed_call(
    everybody: Everybody, pbx: Pbx, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben, cleo = everybody
    running = await daemon(configuration(together("anna", "ben", "cleo")))
    for each in (ben, cleo):
        await presses(each, "*46")

    call = await caller.dials(NUMBER)
    await anna.ringing()
    for each in (ben, cleo):
        await presses(each, "*46")
        rung = await each.ringing()
    rung.answer()
    await call.answered()
    await call.hears(cleo)
    await cleo.hears(call)

    for each in (anna, ben):
        assert completed_elsewhere(await each.cancelled())
    await call.hangs_up()
    await running.logs("inquiry.closed", operator="cleo", detail="answered")
    await pbx.idle()


async def test_an_answer_of_who_joined_and_another_in_the_same_instant_make_one_conversation(
    phone: OpenPhone, pbx: Pbx, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = await phone("anna-desk"), await phone("ben")
    (await phone("cleo")).answers()
    running = await daemon(configuration(together("anna", "ben")))

    for number in range(5):
        direct = await ben.dials("103")
        await direct.answered()
        await running.knows_of("PJSIP/ben", "INUSE")
        call = await caller.dials(NUMBER)
        rung = {"anna": await anna.ringing()}
        await direct.hangs_up()
        rung["ben"] = await ben.ringing()
        for each in rung.values():
            each.answer()
        await call.answered()
        has_it = (await running.logs("inquiry.accepted", after=number))["operator"]
        await call.hears(rung[has_it])
        await asyncio.gather(*(each.ended() for name, each in rung.items() if name != has_it))
        await call.hangs_up()
        assert (await running.logs("inquiry.closed", after=number))["detail"] == "answered"
        await pbx.idle()
        await both_are_free(running)


async def test_a_call_that_somebody_joined_can_be_picked_up_from_them(
    everybody: Everybody, pbx: Pbx, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben, cleo = everybody
    running = await daemon(configuration(together("anna", "ben", "cleo")))
    for each in (ben, cleo):
        await presses(each, "*46")

    call = await caller.dials(NUMBER)
    await anna.ringing()
    await presses(ben, "*46")
    await ben.ringing()
    picking = await cleo.dials("*11102")
    await call.answered()
    await call.hears(picking)
    await picking.hears(call)

    for each in (anna, ben):
        assert completed_elsewhere(await each.cancelled())
    await call.hangs_up()
    await running.logs("inquiry.closed", operator="cleo", detail="answered")
    assert (await running.logs("inquiry.picked_up"))["detail"] == "from anna, ben"
    await pbx.idle()


async def test_the_caller_gives_up_and_who_joined_stops_too(
    phone: OpenPhone, pbx: Pbx, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = await phone("anna-desk"), await phone("ben")
    await daemon(configuration(together("anna", "ben")))
    await presses(ben, "*46")

    call = await caller.dials(NUMBER)
    await anna.ringing()
    await presses(ben, "*46")
    await ben.ringing()
    await call.cancels()

    for each in (anna, ben):
        await each.cancelled()
    await pbx.idle()


async def test_the_round_ends_for_all_in_the_same_instant_and_who_joined_has_not_missed_it(
    phone: OpenPhone, pbx: Pbx, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = await phone("anna-desk"), await phone("ben")
    (await phone("cleo")).answers()
    over = '{ action = "hang_up", cause = "no_answer" }'
    running = await daemon(configuration(together("anna", "ben", rings="3", miss_limit="1", on_unanswered=over)))
    direct = await ben.dials("103")
    await direct.answered()
    await running.knows_of("PJSIP/ben", "INUSE")

    call = await caller.dials(NUMBER)
    rung = await anna.ringing()
    await direct.hangs_up()
    await ben.ringing()
    await call.ended()
    await asyncio.gather(anna.cancelled(), ben.cancelled())

    assert rung.cancel_received - rung.ringing_sent == pytest.approx(3 * RING_SECONDS, abs=0.3)
    await running.logs("inquiry.closed")
    paused = [line["operator"] for line in running.log() if line["event"] == "operator.presence_changed"]
    assert paused == ["anna"]
    await pbx.idle()
