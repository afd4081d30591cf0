"""Operators at their phones: who is there, who pauses, who is on a call of their own, and what lamps show."""

import pytest
from tests.lab.daemon import Daemon
from tests.lab.lamps import FLASHING, OFF, ON
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller, Phone
from tests.live.configuration import NUMBER, configuration, group
from tests.live.conftest import OpenPhone, StartDaemon
from tests.live.exchanges import on_both_versions

pytestmark = pytest.mark.live

UNKNOWN_SOUND = """
[lab-numbers]
exten => 700,1,Gosub(huntgroup-speak,s,1(huntgroup-no-such-sound,!440/150\\,!660/150))
"""
OVER = '{ action = "hang_up", cause = "no_answer" }'

pbx = on_both_versions(dialplan=UNKNOWN_SOUND)


async def dials_and_is_answered(phone: Phone, code: str) -> None:
    """A code is dialled, and heard out to its end."""
    call = await phone.dials(code)
    await call.answered()
    assert (await call.ended()).how == "bye"
    assert call.hears_audio()


async def presses(phone: Phone, code: str) -> None:
    """A key that dials a code; nobody listens to the end."""
    call = await phone.dials(code)
    await call.answered()
    await call.hangs_up()


async def verdicts(running: Daemon, number: int = 0) -> dict[str, str]:
    """Who was chosen for a call and why nobody else."""
    decided: dict[str, str] = (await running.logs("inquiry.decided", after=number))["verdicts"]
    return decided


# -- login and pause --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "gone", "back", "sounds"),
    [
        ("*45", "logged_out", "available", ["agent-loggedoff", "agent-loginok"]),
        ("*45101", "logged_out", "available", ["agent-loggedoff", "agent-loginok"]),
        ("*46", "paused", "available", ["dictate/pause", "activated", "dictate/pause", "de-activated"]),
    ],
)
async def test_one_code_goes_and_comes_back_and_says_so(
    pbx: Pbx, phone: OpenPhone, daemon: StartDaemon, *, code: str, gone: str, back: str, sounds: list[str]
) -> None:
    anna = await phone("anna-desk")
    running = await daemon(configuration(group("sales", "anna")))
    said_before = pbx.log_text().count("Playing '")

    for number, presence in enumerate((gone, back)):
        await dials_and_is_answered(anna, code)
        changed = await running.logs("operator.presence_changed", after=number)
        assert (changed["operator"], changed["detail"]) == ("anna", presence)

    said = [part.partition("'")[0].removesuffix(".gsm") for part in pbx.log_text().split("Playing '")[1:]]
    assert said[said_before:] == sounds


async def test_where_a_sound_is_not_installed_there_is_a_tone(phone: OpenPhone) -> None:
    anna = await phone("anna-desk")

    call = await anna.dials("700")

    assert (await call.ended()).how == "bye"
    assert call.hears_audio()


@pytest.mark.parametrize(("code", "reason"), [("*45", "logged_out"), ("*46", "paused")])
async def test_who_is_away_gets_no_call_and_who_comes_back_gets_the_one_that_waits(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon, code: str, reason: str
) -> None:
    anna = await phone("anna-desk")
    running = await daemon(configuration(group("sales", "anna")))
    await presses(anna, code)

    call = await caller.dials(NUMBER)
    assert await verdicts(running) == {"anna": reason}
    anna.answers()
    await presses(anna, code)
    await call.answered()

    await call.hears(anna)
    assert len(anna.calls) == 1


async def test_a_ringing_call_goes_on_when_its_operator_pauses(
    phone: OpenPhone, pbx: Pbx, caller: Caller, daemon: StartDaemon
) -> None:
    desk = await phone("anna-desk")
    soft = await phone("anna-soft")
    ben = (await phone("ben")).answers()
    people = {"anna": ("anna-desk", "anna-soft"), "ben": ("ben",)}
    await soft.is_offline()
    running = await daemon(configuration(group("sales", "anna", "ben", rings="100"), people=people))

    call = await caller.dials(NUMBER)
    await desk.ringing()
    pausing = await soft.dials("*46")
    await call.answered()

    await call.hears(ben)
    withdrawn = await running.logs("inquiry.offer_withdrawn")
    assert (withdrawn["operator"], withdrawn["detail"]) == ("anna", "paused")
    await pausing.ended()


async def test_who_is_logged_out_has_no_pause_to_begin(phone: OpenPhone, daemon: StartDaemon) -> None:
    anna = await phone("anna-desk")
    running = await daemon(configuration(group("sales", "anna"), anna='start = "logged_out"'))

    call = await anna.dials("*46")

    assert (await call.ended()).how == "rejected"
    assert call.hears_audio()
    assert (await running.logs("code.refused"))["reason"] == "anna is logged out"


async def test_a_code_that_is_configured_no_longer_is_the_pbxs_own_again_after_a_restart_of_the_daemon(
    phone: OpenPhone, daemon: StartDaemon
) -> None:
    anna = await phone("anna-desk")
    running = await daemon(configuration(group("sales", "anna")))
    await presses(anna, "*45")

    await running.stop()
    running.config.write_text(running.config.read_text().replace("[telephony]", '[telephony]\nlogin_code = "*55"'))
    await running.start()
    await running.logs("pbx.found", after=1)

    nobodys = await (await anna.dials("*45")).ended()
    assert (nobodys.how, nobodys.status) == ("rejected", 404)
    await presses(anna, "*55")


async def test_an_operator_may_begin_logged_out(phone: OpenPhone, caller: Caller, daemon: StartDaemon) -> None:
    (await phone("anna-desk")).answers()
    (await phone("ben")).answers()
    running = await daemon(configuration(group("sales", "anna", "ben"), anna='start = "logged_out"'))

    call = await caller.dials(NUMBER)
    await call.answered()

    assert await verdicts(running) == {"anna": "logged_out", "ben": "chosen"}


# -- calls missed, declined, not wanted -------------------------------------------------------------------------------


async def test_the_third_missed_call_in_a_row_pauses_and_the_code_ends_it(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = await phone("anna-desk")
    running = await daemon(configuration(group("sales", "anna", "ben", rings="1", miss_limit="3", on_unanswered=OVER)))

    for number in range(3):
        assert "operator.presence_changed" not in [line["event"] for line in running.log()]
        await (await caller.dials(NUMBER)).ended()
        await running.logs("inquiry.missed", after=number)

    paused = await running.logs("operator.presence_changed")
    assert (paused["operator"], paused["detail"]) == ("anna", "paused: missed_offers")
    await presses(anna, "*46")
    assert (await running.logs("operator.presence_changed", after=1))["detail"] == "available"


async def test_one_caller_in_three_rounds_pauses_nobody_and_the_last_one_is_kept(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    for name in ("anna-desk", "ben"):
        await phone(name)
    running = await daemon(configuration(group("sales", "anna", "ben", rings="1", miss_limit="2")))

    call = await caller.dials(NUMBER)
    for number in range(5):
        await running.logs("inquiry.missed", after=number)
    assert "operator.presence_changed" not in [line["event"] for line in running.log()]
    await call.hangs_up()

    call = await caller.dials(NUMBER)
    withheld = await running.logs("operator.pause_withheld")
    assert (withheld["group"], withheld["level"]) == ("sales", "warning")
    paused = [each["operator"] for each in running.log() if each["event"] == "operator.presence_changed"]
    assert sorted([*paused, withheld["operator"]]) == ["anna", "ben"]
    await call.hangs_up()


async def test_an_answered_call_begins_the_count_anew(phone: OpenPhone, caller: Caller, daemon: StartDaemon) -> None:
    anna = await phone("anna-desk")
    running = await daemon(configuration(group("sales", "anna", "ben", rings="1", miss_limit="2", on_unanswered=OVER)))

    for number in range(3):
        await (await caller.dials(NUMBER)).ended()
        await anna.cancelled()
        await running.logs("inquiry.missed", after=number)
        if number < 2:
            anna.answers()
            call = await caller.dials(NUMBER)
            await call.answered()
            await call.hangs_up()
            await running.logs("inquiry.closed", detail="answered", after=number)
            anna.just_rings()

    assert "operator.presence_changed" not in [line["event"] for line in running.log()]


@pytest.mark.parametrize(("status", "event"), [(486, "inquiry.offer_failed"), (603, "inquiry.declined")])
async def test_a_phone_that_is_not_to_be_disturbed_misses_nothing(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon, status: int, event: str
) -> None:
    (await phone("anna-desk")).declines(status)
    running = await daemon(configuration(group("sales", "anna", "ben", miss_limit="1", on_unanswered=OVER)))

    for number in range(2):
        await (await caller.dials(NUMBER)).ended()
        assert (await running.logs(event, after=number))["operator"] == "anna"

    assert not {"inquiry.missed", "operator.presence_changed"} & {line["event"] for line in running.log()}


# -- calls that never went through a group ----------------------------------------------------------------------------


async def test_a_direct_call_that_only_rings_occupies_already(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, cleo = await phone("anna-desk"), await phone("cleo")
    (await phone("ben")).answers()
    running = await daemon(configuration(group("sales", "anna", "ben")))

    await cleo.dials("101")
    await anna.ringing()
    await running.knows_of("PJSIP/anna-desk", "RINGING")
    call = await caller.dials(NUMBER)
    await call.answered()

    assert await verdicts(running) == {"anna": "busy", "ben": "chosen"}


async def test_a_call_to_somebody_outside_occupies_until_it_is_over(
    phone: OpenPhone, pbx: Pbx, caller: Caller, daemon: StartDaemon
) -> None:
    anna = await phone("anna-desk")
    running = await daemon(configuration(group("sales", "anna")))

    async with pbx.mobile() as outside:
        outside.answers()
        talk = await anna.dials("9+48600700800")
        await talk.answered()
        await running.knows_of("PJSIP/anna-desk", "INUSE")
        call = await caller.dials(NUMBER)
        assert await verdicts(running) == {"anna": "busy"}
        anna.answers()
        await talk.hangs_up()
        await call.answered()

    await call.hears(anna)


# -- lamps ------------------------------------------------------------------------------------------------------------


async def test_lamps_show_who_is_logged_in_and_who_pauses(phone: OpenPhone, daemon: StartDaemon) -> None:
    anna, ben = await phone("anna-desk"), await phone("ben")
    await daemon(configuration(group("sales", "anna", "ben"), ben='start = "logged_out"'))
    annas, bens = await ben.watches("*45101"), await ben.watches("*45102")
    pause = await ben.watches("*46101")

    await annas.shows(ON)
    await bens.shows(OFF)
    await pause.shows(OFF)
    await presses(anna, "*46101")
    await pause.shows(ON)
    await presses(ben, "*45102")
    await bens.shows(ON)
    await presses(anna, "*45")
    await annas.shows(OFF)
    await pause.shows(OFF)


async def test_a_colleagues_lamp_flashes_while_a_call_rings_there_and_its_key_takes_it(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = await phone("anna-desk"), await phone("ben")
    await daemon(configuration(group("sales", "anna", "ben", rings="100")))
    lamp = await ben.watches("101")
    await lamp.shows(OFF)

    call = await caller.dials(NUMBER)
    await anna.ringing()
    await lamp.shows(FLASHING)
    picking = await ben.dials("*11101")  # what such a key dials: the code, and the extension it watches
    await call.answered()

    await call.hears(picking)
    await lamp.shows(OFF)


async def test_lamps_are_right_again_when_the_daemon_comes_back(phone: OpenPhone, daemon: StartDaemon) -> None:
    ben = await phone("ben")
    first = await daemon(configuration(group("sales", "anna", "ben")))
    lamp = await ben.watches("*45101")
    await lamp.shows(ON)
    first.kill()

    await daemon(configuration(group("sales", "anna", "ben"), anna='start = "logged_out"'))

    await lamp.shows(OFF)
