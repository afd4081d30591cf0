"""An operator takes the call that rings at a colleague, by our codes and by every way that the PBX has of its own."""

import asyncio
import signal

import pytest
from tests.lab.daemon import Daemon
from tests.lab.incoming import IncomingCall
from tests.lab.outgoing import OutgoingCall
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller
from tests.live.configuration import NUMBER, configuration, group
from tests.live.conftest import Everybody, OpenPhone, StartDaemon
from tests.live.exchanges import on_both_versions

pytestmark = pytest.mark.live

LONG = "100"
"""Rings: nobody's time runs out in these stories."""
OWN_CODES = """
[lab-numbers]
exten => **101,1,PickupChan(PJSIP/anna-desk,p)
exten => *97,1,Hangup(17)
exten => *119,1,Hangup(17)
"""
"""What an administrator may have of their own, in a context that is included behind ours."""
OPTIONS = "call_group=1\npickup_group=1\ntrust_id_inbound=yes"
"""Everyone may pick up by the PBX's own *8, and a phone may say that it is anyone."""

pbx = on_both_versions(dialplan=OWN_CODES, endpoint_options=OPTIONS)


def completed_elsewhere(call: IncomingCall) -> bool:
    """Whether the phone that stopped was told that nobody missed anything."""
    return 'cause=200;text="Call completed elsewhere"' in call.cancel_reason


async def is_refused_with_a_tone(call: OutgoingCall) -> None:
    """Who dialled hears a tone, and then that it was rejected; nobody answers."""
    ending = await call.ended()
    assert (ending.how, ending.cause) == ("rejected", 21)
    assert call.hears_audio()
    assert call.timeline.first("answered") is None


async def is_credited(running: Daemon, taker: str, robbed: str) -> None:
    """The taker has it to its end, and the colleague has not missed it."""
    picked_up = await running.logs("inquiry.picked_up")
    assert (picked_up["operator"], picked_up["detail"]) == (taker, f"from {robbed}")
    await running.logs("inquiry.closed", operator=taker, detail="answered")
    told = [line["event"] for line in running.log()]
    assert not {"inquiry.missed", "inquiry.offer_failed", "inquiry.late_answer"} & set(told)
    assert told.count("inquiry.offered") == 1


async def they_talk(call: OutgoingCall, picking: OutgoingCall) -> None:
    """The caller and who picked up hear one another; then the caller hangs up."""
    await call.answered()
    await call.hears(picking)
    await picking.hears(call)
    await call.hangs_up()
    await picking.ended()


# -- our code ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["*11", "*11101"])
async def test_a_code_takes_a_colleagues_call_and_no_phone_shows_a_missed_one(
    phone: OpenPhone, pbx: Pbx, caller: Caller, daemon: StartDaemon, code: str
) -> None:
    people = {"anna": ("anna-desk", "anna-soft"), "ben": ("ben",)}
    desk, soft, ben = await phone("anna-desk"), await phone("anna-soft"), await phone("ben")
    running = await daemon(configuration(group("sales", "anna", "ben", rings=LONG), people=people))

    call = await caller.dials(NUMBER)
    await asyncio.gather(desk.ringing(), soft.ringing())
    await they_talk(call, await ben.dials(code))

    for each in (desk, soft):
        assert completed_elsewhere(await each.cancelled())
    await is_credited(running, taker="ben", robbed="anna")
    await pbx.idle()


async def test_of_all_who_ring_together_nobody_has_missed_what_another_took(
    everybody: Everybody, pbx: Pbx, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben, cleo = everybody
    together = group("sales", "anna", "ben", "cleo", rings=LONG, distribution='"all_at_once"')
    running = await daemon(configuration(together))
    pausing = await cleo.dials("*46")
    await pausing.answered()
    await pausing.hangs_up()

    call = await caller.dials(NUMBER)
    await asyncio.gather(anna.ringing(), ben.ringing())
    await they_talk(call, await cleo.dials("*11102"))

    for each in (anna, ben):
        assert completed_elsewhere(await each.cancelled())
    picked_up = await running.logs("inquiry.picked_up")
    assert (picked_up["operator"], picked_up["detail"]) == ("cleo", "from anna, ben")
    await pbx.idle()


async def test_without_a_name_it_is_the_call_that_has_been_ringing_longest(
    everybody: Everybody, caller: Caller, pbx: Pbx, daemon: StartDaemon
) -> None:
    anna, ben, cleo = everybody
    await daemon(configuration(group("sales", "anna", "ben", "cleo", rings=LONG)))

    first = await caller.dials(NUMBER, number="+48111111111")
    await anna.ringing()
    async with pbx.caller() as other:
        second = await other.dials(NUMBER, number="+48222222222")
        await ben.ringing()
        picking = await cleo.dials("*11")
        await first.answered()
        assert second.timeline.first("answered") is None
        await picking.hangs_up()
        await first.ended()


async def test_both_in_the_same_instant_make_one_conversation(
    phone: OpenPhone, pbx: Pbx, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = await phone("anna-desk"), await phone("ben")
    running = await daemon(configuration(group("sales", "anna", "ben", rings=LONG)))

    for number in range(5):
        call = await caller.dials(NUMBER)
        rung = await anna.ringing()
        picking = await ben.dials("*11")
        rung.answer()
        await call.answered()
        taken = await running.logs("inquiry.accepted", after=number)
        await call.hears(rung if taken["operator"] == "anna" else picking)
        await call.hangs_up()
        await asyncio.gather(rung.ended(), picking.ended())
        assert (await running.logs("inquiry.closed", after=number))["detail"] == "answered"
        await pbx.idle()


REFUSED = {
    "nothing is being offered in a group that allows pickup": ("false", "*11"),
    "sales allows no pickup": ("false", "*11101"),
    "nothing is being offered to cleo": ("true", "*11103"),
}


@pytest.mark.parametrize("why", REFUSED)
async def test_what_may_not_be_taken_is_refused_with_a_tone_and_rings_on(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon, why: str
) -> None:
    pickup, code = REFUSED[why]
    anna, ben = await phone("anna-desk"), await phone("ben")
    running = await daemon(configuration(group("sales", "anna", "ben", rings=LONG, pickup=pickup)))

    await caller.dials(NUMBER)
    await anna.ringing()
    await is_refused_with_a_tone(await ben.dials(code))

    assert (await running.logs("code.refused"))["reason"] == why
    assert anna.is_ringing


@pytest.mark.parametrize("code", ["*11", "*11101"])
async def test_who_is_not_of_the_group_takes_nothing_from_it(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon, code: str
) -> None:
    anna, cleo = await phone("anna-desk"), await phone("cleo")
    running = await daemon(configuration(group("sales", "anna", rings=LONG), group("support", "cleo")))

    await caller.dials(NUMBER)
    await anna.ringing()
    await is_refused_with_a_tone(await cleo.dials(code))

    await running.logs("code.refused")
    assert anna.is_ringing


# -- who asks ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["*11", "*45102", "*46102"])
async def test_a_phone_that_says_it_is_another_is_still_itself(
    phone: OpenPhone, pbx: Pbx, caller: Caller, daemon: StartDaemon, code: str
) -> None:
    anna, cleo = await phone("anna-desk"), await phone("cleo")
    running = await daemon(configuration(group("sales", "anna", "ben", rings=LONG), group("support", "cleo")))
    await caller.dials(NUMBER)
    await anna.ringing()

    claims = {"P-Asserted-Identity": f'"Ben" <sip:102@{pbx.address}>', "Remote-Party-ID": f"<sip:102@{pbx.address}>"}
    await is_refused_with_a_tone(await cleo.dials(code, headers=claims))

    await running.logs("code.refused")
    assert "operator.presence_changed" not in [line["event"] for line in running.log()]
    assert anna.is_ringing


async def test_a_phone_that_is_no_operators_can_do_nothing_by_our_codes(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, cleo = await phone("anna-desk"), await phone("cleo")
    people = {"anna": ("anna-desk",), "ben": ("ben",)}
    running = await daemon(configuration(group("sales", "anna", "ben", rings=LONG), people=people))
    await caller.dials(NUMBER)
    await anna.ringing()

    for code in ("*11", "*45", "*46102"):
        await is_refused_with_a_tone(await cleo.dials(code))

    assert (await running.logs("code.refused", after=2))["reason"] == "the phone is no operator's"
    assert anna.is_ringing


@pytest.mark.parametrize("code", ["*11", "*11101", "*45", "*46101", "code*11"])
async def test_a_caller_from_outside_reaches_no_code(caller: Caller, daemon: StartDaemon, code: str) -> None:
    running = await daemon(configuration(group("sales", "anna")))

    assert (await (await caller.dials(code)).ended()).how == "rejected"

    await running.logs("pbx.found")
    assert not [line for line in running.log() if line["event"].startswith(("code.", "inquiry."))]


# -- which codes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "status"), [("*97", 486), ("*119", 486), ("*1", 484), ("*12", 404), ("777", 404)])
async def test_every_other_code_of_the_house_means_what_it_meant(
    phone: OpenPhone, daemon: StartDaemon, code: str, status: int
) -> None:
    ben = await phone("ben")
    await daemon(configuration(group("sales", "anna", "ben")))

    assert (await (await ben.dials(code)).ended()).status == status


async def test_other_codes_in_the_configuration_need_nothing_in_the_dialplan(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = await phone("anna-desk"), await phone("ben")
    sales = group("sales", "anna", "ben", rings=LONG)
    running = await daemon(configuration(sales))
    running.configures(configuration(sales, telephony='pickup_code = "#7"\npause_code = "#8"'))
    running.send(signal.SIGHUP)
    await running.says_to_the_pbx("HUNTGROUP_CODE_#7", "code")
    await running.says_to_the_pbx("HUNTGROUP_CODE_*46", "")

    call = await caller.dials(NUMBER)
    await anna.ringing()

    assert (await (await ben.dials("*46")).ended()).status == 404
    await they_talk(call, await ben.dials("#7101"))


async def test_while_the_daemon_is_away_a_code_is_refused_with_a_tone_at_once(
    phone: OpenPhone, daemon: StartDaemon
) -> None:
    ben = await phone("ben")
    running = await daemon(configuration(group("sales", "anna", "ben")))
    await running.stop()

    for code in ("*11", "*45"):
        call = await ben.dials(code)
        await call.timeline.wait("progress")
        assert call.timeline.at("progress") - call.invite_sent < 1.0  # and not when the daemon would have been given up
        await is_refused_with_a_tone(call)


# -- the PBX's own ways -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["*8", "**101"])
async def test_the_pbxs_own_codes_are_credited_just_the_same(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon, code: str
) -> None:
    anna, ben = await phone("anna-desk"), await phone("ben")
    running = await daemon(configuration(group("sales", "anna", "ben", rings=LONG)))

    call = await caller.dials(NUMBER)
    await anna.ringing()
    await they_talk(call, await ben.dials(code))

    await anna.cancelled()
    await is_credited(running, taker="ben", robbed="anna")


async def test_a_phones_pickup_key_is_credited_just_the_same(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = await phone("anna-desk"), await phone("ben")
    running = await daemon(configuration(group("sales", "anna", "ben", rings=LONG)))

    call = await caller.dials(NUMBER)
    rung = await anna.ringing()
    await they_talk(call, await ben.dials("101", headers={"Replaces": rung.replaces()}))

    await anna.cancelled()
    await is_credited(running, taker="ben", robbed="anna")


@pytest.mark.parametrize("way", ["*8", "key"])
async def test_somebody_who_is_no_operator_picks_up_and_is_left_in_peace(
    phone: OpenPhone, pbx: Pbx, caller: Caller, daemon: StartDaemon, way: str
) -> None:
    anna, cleo = await phone("anna-desk"), await phone("cleo")
    running = await daemon(configuration(group("sales", "anna"), people={"anna": ("anna-desk",)}))

    call = await caller.dials(NUMBER)
    rung = await anna.ringing()
    picking = await (cleo.dials("101", headers={"Replaces": rung.replaces()}) if way == "key" else cleo.dials(way))
    await call.answered()
    await running.logs("inquiry.closed", detail="forwarded")
    async with pbx.caller() as next_one:
        await next_one.dials(NUMBER)  # who is free for the next
        await anna.ringing()

    await call.hears(picking)
    assert "inquiry.missed" not in [line["event"] for line in running.log()]
