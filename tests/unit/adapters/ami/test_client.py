"""The life of the link while all is well: what the client asks, in which order, and what it tells."""

from collections.abc import Sequence
from typing import Any

import pytest
from tests.unit.adapters.ami.conftest import Daemon
from tests.unit.adapters.ami.fake_asterisk import CLOCK, FakeAsterisk, success
from tests.unit.adapters.ami.messages import CHANNEL, INQUIRY, device_state, dial, hangup, status, waiting

from huntgroup.adapters.ami.fallback import ALIVE_SECONDS, ALIVE_UNTIL, SESSION
from huntgroup.adapters.clock import Clock
from huntgroup.engine.effects import EndInquiry, HoldCustomer, Ring, RingPhones
from huntgroup.engine.events import (
    AttemptFailed,
    ConversationFound,
    CustomerLeft,
    Event,
    InquiryReceived,
    PbxFound,
    PbxLost,
    PhoneState,
    PhoneStateChanged,
)
from huntgroup.engine.ids import AttemptNo, InquiryId, OperatorId, PbxId, PhoneId
from huntgroup.engine.policy import Hold

pytestmark = pytest.mark.usefixtures("_nothing_is_left")

MAIN = PbxId("main")
CALL = InquiryId(INQUIRY)
ANNA, BEN = PhoneId("PJSIP/anna-desk"), PhoneId("PJSIP/ben")
RING = RingPhones(
    inquiry=CALL,
    attempt=AttemptNo(1),
    rings=(Ring(operator=OperatorId("anna"), phones=(ANNA,)),),
    hold=Hold.RINGING,
    limit=30.0,
)


def names(asterisk: FakeAsterisk, upto: str) -> list[str]:
    """What was asked, up to the first of that name, with the variable where there is one."""
    asked = [each["Action"] + (f" {each['Variable']}" if "Variable" in each else "") for each in asterisk.actions]
    return asked[: asked.index(upto) + 1]


async def has_found(daemon: Daemon) -> Sequence[Event]:
    """The client runs and has told what it found."""
    daemon.runs()
    await daemon.is_told(PbxFound)
    return daemon.told


async def test_it_logs_in_looks_around_publishes_and_beats(asterisk: FakeAsterisk, daemon: Daemon) -> None:
    daemon.runs()
    await asterisk.receives("Setvar", Variable=ALIVE_UNTIL)

    assert names(asterisk, upto=f"Setvar {ALIVE_UNTIL}") == [
        "Challenge",
        "Login",
        f"Getvar DEVICE_STATE({ANNA})",
        f"Getvar DEVICE_STATE({BEN})",
        "Status",
        "Ping",
        "Getvar DB_KEYS(huntgroup/served/count)",
        "Setvar GLOBAL(HUNTGROUP_LIST_+48221234567)",
        f"Setvar {SESSION}",
        "Ping",
        f"Setvar {ALIVE_UNTIL}",
    ]


async def test_the_secret_itself_is_never_sent(asterisk: FakeAsterisk, daemon: Daemon) -> None:
    await has_found(daemon)

    login = await asterisk.receives("Login")
    assert set(login) == {"Action", "ActionID", "AuthType", "Key", "Username"}
    assert not any("s3cret" in text for action in asterisk.actions for text in action.values())


async def test_it_tells_the_states_of_its_phones_and_then_that_the_pbx_is_found(
    asterisk: FakeAsterisk, daemon: Daemon
) -> None:
    asterisk.device_states = {ANNA: "INUSE", BEN: "UNAVAILABLE"}

    assert await has_found(daemon) == [
        PhoneStateChanged(phone=ANNA, state=PhoneState.INUSE),
        PhoneStateChanged(phone=BEN, state=PhoneState.UNAVAILABLE),
        PbxFound(pbx=MAIN),
    ]


async def test_a_device_state_that_nobody_knows_is_logged_and_left_out(
    asterisk: FakeAsterisk, daemon: Daemon, logged: list[Any]
) -> None:
    asterisk.device_states = {ANNA: "SLEEPING"}

    told = await has_found(daemon)

    assert [event.phone for event in told if isinstance(event, PhoneStateChanged)] == [BEN]
    assert [line["phone"] for line in logged if line["event"] == "pbx.phone_state_not_understood"] == [ANNA]


async def test_a_phone_that_asterisk_does_not_know_has_an_unknown_state(asterisk: FakeAsterisk, daemon: Daemon) -> None:
    asterisk.answers["Getvar"] = lambda _: success("Value: ")

    told = await has_found(daemon)

    assert {event.state for event in told if isinstance(event, PhoneStateChanged)} == {PhoneState.UNKNOWN}


async def test_who_waits_already_is_told_of_once_they_can_be_rung_for(asterisk: FakeAsterisk, daemon: Daemon) -> None:
    asterisk.channels = [status("huntgroup-hold", number="+48221234567")]

    told = await has_found(daemon)

    assert [type(event).__name__ for event in told[2:]] == ["PbxFound", "InquiryReceived"]


async def test_it_waits_until_asterisk_has_booted(asterisk: FakeAsterisk, daemon: Daemon) -> None:
    asterisk.is_booted = False
    daemon.runs()
    await asterisk.receives("Login")
    assert asterisk.count("Getvar") == 0

    asterisk.says("Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted")

    await daemon.is_told(PbxFound)


async def test_it_goes_on_when_nobody_says_that_asterisk_has_booted(
    asterisk: FakeAsterisk, daemon: Daemon, logged: list[Any]
) -> None:
    asterisk.is_booted = False

    await has_found(daemon)

    assert [line["event"] for line in logged] == ["pbx.boot_not_seen", "pbx.found"]


async def test_it_beats_by_the_clock_of_the_pbx(asterisk: FakeAsterisk, daemon: Daemon) -> None:
    daemon.runs()

    beat = await asterisk.receives("Setvar", Variable=ALIVE_UNTIL, times=3)

    assert beat["Value"] == f"{CLOCK + ALIVE_SECONDS:.3f}"
    assert asterisk.count("Ping") >= 3


async def test_every_login_is_a_new_session(asterisk: FakeAsterisk, daemon: Daemon) -> None:
    daemon.runs()
    await asterisk.receives("Setvar", Variable=SESSION)
    asterisk.cuts()
    await asterisk.receives("Setvar", Variable=SESSION, times=2)

    first, second = (action["Value"] for action in asterisk.received("Setvar", Variable=SESSION))
    assert first != second


async def test_what_happens_during_the_resync_is_told_in_order_and_who_comes_once_they_can_be_rung_for(
    asterisk: FakeAsterisk, daemon: Daemon
) -> None:
    def meanwhile(_: dict[str, str]) -> str:
        asterisk.says(device_state(ANNA, "RINGING"))
        asterisk.says(waiting())
        asterisk.says(hangup())
        asterisk.says(device_state(ANNA, "NOT_INUSE"))
        return success("Value: INUSE")

    asterisk.answers["Getvar"] = meanwhile
    daemon.runs()
    await daemon.is_told(CustomerLeft, times=2)

    events = [type(event).__name__ for event in daemon.told]
    found = events.index("PbxFound")
    assert events[:found] == ["PhoneStateChanged"] * (2 + 2 * asterisk.count("Getvar"))
    assert events[found + 1 : found + 3] == ["InquiryReceived", "CustomerLeft"]


async def test_an_answer_during_the_resync_is_told_before_what_is_overdue_can_happen(
    asterisk: FakeAsterisk, daemon: Daemon
) -> None:
    await with_a_call(asterisk, daemon)
    daemon.client.carry_out(RING)
    asterisk.channels = [status("huntgroup-offer", "1")]
    await asterisk.goes_away()
    await daemon.is_told(PbxLost)
    await asterisk.comes_back()

    def meanwhile(_: dict[str, str]) -> str:
        asterisk.says(dial("DialEnd", "1", "ANSWER"))
        return success()

    asterisk.answers["Setvar"] = meanwhile
    await daemon.is_told(PbxFound, times=2)

    events = [type(event).__name__ for event in daemon.told]
    assert events[-2:] == ["PhoneAnswered", "PbxFound"]


# -- orders -----------------------------------------------------------------------------------------------------------


async def with_a_call(asterisk: FakeAsterisk, daemon: Daemon) -> None:
    """The client runs and a call waits."""
    await has_found(daemon)
    asterisk.says(waiting())
    await daemon.is_told(InquiryReceived)


async def test_an_order_is_sent_at_once(asterisk: FakeAsterisk, daemon: Daemon) -> None:
    await with_a_call(asterisk, daemon)

    daemon.client.carry_out(RING)

    sent = await asterisk.receives("Redirect")
    assert (sent["Channel"], sent["Context"], sent["Exten"]) == (CHANNEL, "huntgroup-offer", "1")
    assert asterisk.count("Setvar", Variable="HUNTGROUP_ORDER") == 1


async def test_an_order_that_asterisk_refuses_is_a_failed_attempt(asterisk: FakeAsterisk, daemon: Daemon) -> None:
    asterisk.answers["Redirect"] = lambda _: "Response: Error\r\nMessage: Channel does not exist"
    await with_a_call(asterisk, daemon)

    daemon.client.carry_out(RING)

    assert await daemon.is_told(AttemptFailed) == AttemptFailed(
        inquiry=CALL, attempt=AttemptNo(1), detail="main: Channel does not exist"
    )


async def test_an_order_that_cannot_be_written_is_a_failed_attempt_and_nothing_is_sent(
    asterisk: FakeAsterisk, daemon: Daemon
) -> None:
    await with_a_call(asterisk, daemon)
    ring = Ring(operator=OperatorId("anna"), phones=(PhoneId("PJSIP/anna\r\nAction: Originate"),))

    daemon.client.carry_out(
        RingPhones(inquiry=CALL, attempt=AttemptNo(1), rings=(ring,), hold=Hold.RINGING, limit=30.0)
    )

    assert isinstance(await daemon.is_told(AttemptFailed), AttemptFailed)
    await asterisk.receives("Ping", times=asterisk.count("Ping") + 1)
    assert asterisk.count("Originate") == asterisk.count("Redirect") == 0


async def test_other_orders_that_fail_are_logged_and_no_attempts_failure(
    asterisk: FakeAsterisk, daemon: Daemon, logged: list[Any]
) -> None:
    asterisk.answers["Hangup"] = lambda _: "Response: Error\r\nMessage: No such channel"
    await with_a_call(asterisk, daemon)

    daemon.client.carry_out(EndInquiry(inquiry=CALL, cause=16))
    await asterisk.receives("Hangup")
    await asterisk.receives("Ping", times=asterisk.count("Ping") + 1)

    assert daemon.count(AttemptFailed) == 0
    assert [line["order"] for line in logged if line["event"] == "pbx.order_failed"] == ["EndInquiry"]


async def test_an_order_for_a_call_that_is_gone_sends_nothing(asterisk: FakeAsterisk, daemon: Daemon) -> None:
    await has_found(daemon)

    daemon.client.carry_out(RING)
    await asterisk.receives("Ping", times=asterisk.count("Ping") + 1)

    assert asterisk.count("Redirect") == 0


async def test_a_client_that_stood_still_gives_no_order_before_it_has_seen_what_is_there(
    asterisk: FakeAsterisk, daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    await with_a_call(asterisk, daemon)
    await asterisk.receives("Setvar", Variable=ALIVE_UNTIL)
    asterisk.channels = [
        status("huntgroup-fallback", "s", bridge="b1", number="+48221234567"),
        status("", "", bridge="b1", Channel=f"{ANNA}-00000002", Uniqueid="1795282404.76"),
    ]
    now = Clock.now
    monkeypatch.setattr(Clock, "now", lambda clock: now(clock) + ALIVE_SECONDS + 0.1)

    daemon.client.carry_out(RING)

    await daemon.is_told(PbxLost)
    await daemon.is_told(ConversationFound)
    assert asterisk.count("Redirect") == 0


async def test_an_order_given_while_the_link_is_down_is_never_sent(asterisk: FakeAsterisk, daemon: Daemon) -> None:
    await with_a_call(asterisk, daemon)
    asterisk.channels = [status("huntgroup-hold", number="+48221234567")]
    await asterisk.goes_away()
    await daemon.is_told(PbxLost)

    daemon.client.carry_out(RING)
    daemon.client.carry_out(HoldCustomer(inquiry=CALL, attempt=AttemptNo(1), hold=Hold.RINGING))
    await asterisk.comes_back()

    failed = await daemon.is_told(AttemptFailed)
    await daemon.is_told(PbxFound, times=2)
    assert failed == AttemptFailed(inquiry=CALL, attempt=AttemptNo(1), detail="the link to the PBX was lost")
    assert asterisk.count("Redirect") == 0
    assert asterisk.count("Setvar", Variable="HUNTGROUP_ORDER") == 0
