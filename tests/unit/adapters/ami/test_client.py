"""The life of the link while all is well: what the client asks, in which order, and what it tells."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from tests.unit.adapters.ami.conftest import Daemon, operator, policy_of
from tests.unit.adapters.ami.fake_asterisk import CLOCK, FakeAsterisk, success
from tests.unit.adapters.ami.messages import CHANNEL, INQUIRY, LEG, device_state, dial, hangup, said, status, waiting

from huntgroup.adapters.ami.calls import OpenCall
from huntgroup.adapters.ami.directory import Directory
from huntgroup.adapters.ami.fallback import ALIVE_SECONDS, ALIVE_UNTIL, SESSION
from huntgroup.adapters.ami.sending import REDIRECTS_APART, REDIRECTS_MOST
from huntgroup.adapters.clock import Clock
from huntgroup.engine.effects import AnnounceToCustomer, EndInquiry, HoldCustomer, Ring, RingPhones
from huntgroup.engine.events import (
    AttemptFailed,
    ConversationFound,
    Customer,
    CustomerLeft,
    Event,
    InquiryReceived,
    MessageLeft,
    PbxFound,
    PbxLost,
    PhoneState,
    PhoneStateChanged,
)
from huntgroup.engine.ids import AttemptNo, InquiryId, OperatorId, PbxId, PhoneId
from huntgroup.engine.policy import CallBack, Hold
from huntgroup.settings import Telephony

pytestmark = pytest.mark.usefixtures("_nothing_is_left")

MAIN = PbxId("main")
CALL = InquiryId(INQUIRY)
CALL_BACK = RingPhones(
    inquiry=CALL,
    attempt=AttemptNo(1),
    rings=(Ring(operator=OperatorId("anna"), phones=(PhoneId("PJSIP/anna-desk"),)),),
    hold=Hold.MUSIC,
    limit=30.0,
    is_callback=True,
    customer=Customer(phone="+48600700800", can_be_called_back=True),
)
OUT = Directory(country="pl", outbound="PJSIP/{number}@trunk")
FORMS = ("+48221234567", "48221234567", "0048221234567", "01148221234567")
"""In which a trunk in the US may write the number."""
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
        "Getvar GLOBAL(HUNTGROUP_PUBLISHED_1)",
        "Setvar GLOBAL(HUNTGROUP_PUBLISHED_1)",
        "Setvar GLOBAL(HUNTGROUP_PUBLISHED_2)",
        *(f"Setvar GLOBAL(HUNTGROUP_LIST_{form})" for form in FORMS),
        *(f"Setvar GLOBAL(HUNTGROUP_CODE_{code})" for code in ("*11", "*45", "*46")),
        "Getvar GLOBAL(HUNTGROUP_MESSAGES)",
        f"Setvar {SESSION}",
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


async def test_who_said_that_they_wait_before_they_were_found_in_conversation_is_left_in_it(
    asterisk: FakeAsterisk, daemon: Daemon
) -> None:
    """The dialplan rang for them meanwhile. To be told that they wait would part them."""
    asterisk.is_booted = False
    asterisk.channels = [
        status("huntgroup-fallback", "s", bridge="b1", number="+48221234567"),
        status("lab-phones", "", bridge="b1", peer=CHANNEL, Channel=LEG, Uniqueid="1795282404.76"),
    ]
    daemon.runs()
    await asterisk.receives("Login")
    asterisk.says(waiting())
    asterisk.says("Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted")
    await daemon.is_told(PbxFound)

    calls = [type(event).__name__ for event in daemon.told if not isinstance(event, PhoneStateChanged | PbxFound)]
    assert calls == ["ConversationFound"]


async def test_phones_that_come_during_a_resync_are_asked_for_behind_it(asterisk: FakeAsterisk, daemon: Daemon) -> None:
    def meanwhile(_: dict[str, str]) -> str:
        if asterisk.count("Ping") == 1:
            daemon.client.reconfigure(policy_of(operator("cleo", "PJSIP/cleo")), Directory(), Telephony())
        return success("Ping: Pong", f"Timestamp: {CLOCK:.6f}")

    asterisk.answers["Ping"] = meanwhile
    daemon.runs()

    await asterisk.receives("Getvar", Variable="DEVICE_STATE(PJSIP/cleo)")


async def test_another_configuration_asks_for_the_phones_that_are_new_and_for_no_other(
    asterisk: FakeAsterisk, daemon: Daemon
) -> None:
    """Of the others it has heard since; an answer from a moment before would count for more than that."""
    await has_found(daemon)
    asked = asterisk.count("Getvar", Variable=f"DEVICE_STATE({ANNA})")

    people = operator("anna", "PJSIP/anna-desk"), operator("cleo", "PJSIP/cleo")
    daemon.client.reconfigure(policy_of(*people), Directory(), Telephony())
    await asterisk.receives("Getvar", Variable="DEVICE_STATE(PJSIP/cleo)")
    await asterisk.receives("Ping", times=asterisk.count("Ping") + 1)

    assert asterisk.count("Getvar", Variable=f"DEVICE_STATE({ANNA})") == asked


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


@pytest.mark.parametrize(("why", "logs"), [("Permission denied", ["EndInquiry"]), ("No such channel", [])])
async def test_other_orders_that_fail_are_no_attempts_failure_and_logged_but_for_who_had_hung_up_already(
    asterisk: FakeAsterisk, daemon: Daemon, logged: list[Any], *, why: str, logs: list[str]
) -> None:
    asterisk.answers["Hangup"] = lambda _: f"Response: Error\r\nMessage: {why}"
    await with_a_call(asterisk, daemon)

    daemon.client.carry_out(EndInquiry(inquiry=CALL, cause=16))
    await asterisk.receives("Hangup")
    await asterisk.receives("Ping", times=asterisk.count("Ping") + 1)

    assert daemon.count(AttemptFailed) == 0
    assert [line["order"] for line in logged if line["event"] == "pbx.order_failed"] == logs


async def test_a_callback_that_asterisk_refuses_fails_once_and_leaves_nothing(
    asterisk: FakeAsterisk, daemon: Daemon, logged: list[Any]
) -> None:
    asterisk.answers["Originate"] = lambda _: "Response: Error\r\nMessage: Permission denied"
    await has_found(daemon)
    daemon.client.reconfigure(CALLS_BACK, OUT, Telephony())

    daemon.client.carry_out(CALL_BACK)

    assert await daemon.is_told(AttemptFailed) == AttemptFailed(
        inquiry=CALL, attempt=AttemptNo(1), detail="main: Permission denied"
    )
    await asterisk.goes_away()
    await daemon.is_told(PbxLost)
    await asterisk.comes_back()
    await daemon.is_told(PbxFound, times=2)
    assert daemon.count(AttemptFailed) == 1
    assert "pbx.repaired" not in [line["event"] for line in logged]


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
    going = Clock.going
    monkeypatch.setattr(Clock, "going", lambda clock: going(clock) + ALIVE_SECONDS + 0.1)

    daemon.client.carry_out(RING)

    await daemon.is_told(PbxLost)
    await daemon.is_told(ConversationFound)
    assert asterisk.count("Redirect") == 0


async def test_it_has_caught_up_once_the_pbx_answered_behind_what_it_had_to_tell(
    asterisk: FakeAsterisk, daemon: Daemon
) -> None:
    await with_a_call(asterisk, daemon)
    told = asyncio.Event()

    daemon.client.catch_up(told.set)

    assert not told.is_set()
    await told.wait()
    assert daemon.count(PbxLost) == 0


async def test_a_pbx_that_does_not_answer_is_lost_before_it_counts_as_caught_up_with(
    asterisk: FakeAsterisk, daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    await with_a_call(asterisk, daemon)
    await asterisk.receives("Setvar", Variable=ALIVE_UNTIL)
    monkeypatch.setattr("huntgroup.adapters.ami.client.PING_TIMEOUT", 0.05)
    asterisk.ignores("Ping")
    lost: list[int] = []
    told = asyncio.Event()

    def has_caught_up() -> None:
        lost.append(daemon.count(PbxLost))
        told.set()

    daemon.client.catch_up(has_caught_up)
    await told.wait()

    assert lost == [1]


async def test_with_a_link_that_is_down_there_is_nothing_to_catch_up_with(
    asterisk: FakeAsterisk, daemon: Daemon
) -> None:
    told: list[bool] = []

    daemon.client.catch_up(lambda: told.append(True))

    assert told == [True]


async def test_a_clock_that_was_set_is_no_reason_to_give_the_link_up(
    asterisk: FakeAsterisk, daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    await with_a_call(asterisk, daemon)
    await asterisk.receives("Setvar", Variable=ALIVE_UNTIL)
    now = Clock.now
    monkeypatch.setattr(Clock, "now", lambda clock: now(clock) + 3600)

    daemon.client.carry_out(RING)
    await asterisk.receives("Redirect")

    assert daemon.count(PbxLost) == 0


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
    assert failed == AttemptFailed(
        inquiry=CALL, attempt=AttemptNo(1), detail="the link to the PBX was lost", is_unheard=True
    )
    assert asterisk.count("Redirect") == 0
    assert asterisk.count("Setvar", Variable="HUNTGROUP_ORDER") == 0


# -- a Redirect that meets the one before it ------------------------------------------------------------------------

NOT_UP = "Response: Error\r\nMessage: Redirect failed, channel not up."
SAY = AnnounceToCustomer(inquiry=CALL, position=1, wait=None, sound=None)


def refuses_redirects(asterisk: FakeAsterisk, times: int) -> None:
    """The first so many are refused, as Asterisk does while a channel has not yet carried out the one before."""
    answers = iter([NOT_UP] * times)
    asterisk.answers["Redirect"] = lambda _: next(answers, success())


async def test_a_redirect_that_met_another_is_sent_again(asterisk: FakeAsterisk, daemon: Daemon) -> None:
    refuses_redirects(asterisk, 2)
    await with_a_call(asterisk, daemon)

    daemon.client.carry_out(RING)
    await asterisk.receives("Redirect", times=3, Context="huntgroup-offer", Exten="1")
    await asterisk.receives("Ping", times=asterisk.count("Ping") + 2)

    assert asterisk.count("Redirect") == 3
    assert asterisk.count("Setvar", Variable="HUNTGROUP_ORDER") == 1
    assert daemon.count(AttemptFailed) == 0


async def test_but_not_for_ever(asterisk: FakeAsterisk, daemon: Daemon) -> None:
    refuses_redirects(asterisk, 99)
    await with_a_call(asterisk, daemon)

    daemon.client.carry_out(RING)

    failed = await daemon.is_told(AttemptFailed)
    assert failed == AttemptFailed(inquiry=CALL, attempt=AttemptNo(1), detail="main: Redirect failed, channel not up.")
    assert asterisk.count("Redirect") == REDIRECTS_MOST


async def test_a_channel_carries_out_one_redirect_before_it_gets_the_next(
    asterisk: FakeAsterisk, daemon: Daemon
) -> None:
    """Two at the same instant hang a caller up: see `REDIRECTS_APART`."""
    at: list[float] = []

    def answer(_: object) -> str:
        at.append(asyncio.get_running_loop().time())
        return success()

    asterisk.answers["Redirect"] = answer
    await with_a_call(asterisk, daemon)

    daemon.client.carry_out(HoldCustomer(inquiry=CALL, attempt=AttemptNo(0), hold=Hold.MUSIC))
    daemon.client.carry_out(SAY)
    await asterisk.receives("Redirect", times=2)

    assert [each["Context"] for each in asterisk.received("Redirect")] == ["huntgroup-hold", "huntgroup-announce"]
    assert at[1] - at[0] > REDIRECTS_APART / 2


async def test_of_all_that_is_ordered_meanwhile_only_the_last_one_says_where_the_caller_goes(
    asterisk: FakeAsterisk, daemon: Daemon
) -> None:
    await with_a_call(asterisk, daemon)

    daemon.client.carry_out(SAY)
    daemon.client.carry_out(HoldCustomer(inquiry=CALL, attempt=AttemptNo(0), hold=Hold.MUSIC))
    daemon.client.carry_out(SAY)
    daemon.client.carry_out(RING)
    await asterisk.receives("Redirect", times=2)
    await asterisk.receives("Ping", times=asterisk.count("Ping") + 2)

    assert [each["Context"] for each in asterisk.received("Redirect")] == ["huntgroup-announce", "huntgroup-offer"]
    orders = [each["Value"] for each in asterisk.received("Setvar", Variable="HUNTGROUP_ORDER")]
    assert (orders[0], orders[1][:2], len(orders)) == ("0", "1|", 2)


async def test_nor_when_something_newer_was_ordered_meanwhile(asterisk: FakeAsterisk, daemon: Daemon) -> None:
    refuses_redirects(asterisk, 1)
    await with_a_call(asterisk, daemon)

    daemon.client.carry_out(SAY)
    daemon.client.carry_out(RING)
    await asterisk.receives("Redirect", Context="huntgroup-offer")
    await asterisk.receives("Ping", times=asterisk.count("Ping") + 3)

    assert [each["Context"] for each in asterisk.received("Redirect")] == ["huntgroup-announce", "huntgroup-offer"]


# -- callbacks and messages -----------------------------------------------------------------------------------------

CALLS_BACK = policy_of(operator("anna", "PJSIP/anna-desk"), on_unanswered=CallBack())


@pytest.mark.parametrize(("commands", "is_told"), [("Originate: Originate a call.", False), ("Redirect: …", True)])
async def test_a_user_that_may_not_originate_is_told_of_where_a_group_calls_back(
    asterisk: FakeAsterisk, daemon: Daemon, logged: list[Any], *, commands: str, is_told: bool
) -> None:
    asterisk.answers["ListCommands"] = lambda _: success(commands)
    await has_found(daemon)
    assert asterisk.count("ListCommands") == 0

    daemon.client.reconfigure(CALLS_BACK, Directory(), Telephony())
    await asterisk.receives("ListCommands")
    await asterisk.receives("Ping", times=asterisk.count("Ping") + 1)

    assert ("pbx.cannot_call_back" in [line["event"] for line in logged]) == is_told


MESSAGE = "+48221234567|sales|12|/spool/msg0000|+48600700800"


def taken_back(asterisk: FakeAsterisk) -> list[str]:
    """Which of the variables that keep messages were emptied, in order."""
    emptied = [each["Variable"] for each in asterisk.received("Setvar", Value="")]
    return [each for each in emptied if each.startswith("GLOBAL(HUNTGROUP_MESSAGE")]


async def test_a_message_that_was_left_meanwhile_is_told_once(asterisk: FakeAsterisk, daemon: Daemon) -> None:
    asterisk.globals |= {"HUNTGROUP_MESSAGES": "1.7|1.8|", "HUNTGROUP_MESSAGE_1.7": MESSAGE}

    await has_found(daemon)

    message = await daemon.is_told(MessageLeft)
    assert isinstance(message, MessageLeft)
    assert (message.inquiry, message.source) == ("call-main-1.7", "+48221234567")
    assert (message.recording.file, message.recording.seconds) == ("/spool/msg0000", 12.0)
    assert daemon.count(MessageLeft) == 1
    await asterisk.receives("Setvar", Variable="GLOBAL(HUNTGROUP_MESSAGES)")
    assert taken_back(asterisk) == ["GLOBAL(HUNTGROUP_MESSAGE_1.7)", "GLOBAL(HUNTGROUP_MESSAGES)"]


async def test_the_pbx_keeps_a_message_until_it_is_written_down_here_and_the_list_until_all_are(
    asterisk: FakeAsterisk, daemon: Daemon
) -> None:
    daemon.is_writing = False
    asterisk.globals |= {"HUNTGROUP_MESSAGES": "1.7|1.8|"}
    asterisk.globals |= {"HUNTGROUP_MESSAGE_1.7": MESSAGE, "HUNTGROUP_MESSAGE_1.8": MESSAGE}
    await has_found(daemon)
    await daemon.is_told(MessageLeft, times=2)
    await asterisk.receives("Ping", times=asterisk.count("Ping") + 1)
    assert taken_back(asterisk) == []

    daemon.write()

    await asterisk.receives("Setvar", Variable="GLOBAL(HUNTGROUP_MESSAGES)")
    messages = ["GLOBAL(HUNTGROUP_MESSAGE_1.7)", "GLOBAL(HUNTGROUP_MESSAGE_1.8)"]
    assert taken_back(asterisk) == [*messages, "GLOBAL(HUNTGROUP_MESSAGES)"]


async def test_a_message_is_told_before_its_caller_is_told_gone(asterisk: FakeAsterisk, daemon: Daemon) -> None:
    daemon.client.remember([OpenCall(inquiry=InquiryId("call-main-1.7"), attempts=AttemptNo(1))])
    asterisk.globals |= {"HUNTGROUP_MESSAGES": "1.7|", "HUNTGROUP_MESSAGE_1.7": MESSAGE}

    await has_found(daemon)

    about = [type(each) for each in daemon.told if isinstance(each, MessageLeft | CustomerLeft)]
    assert about == [MessageLeft, CustomerLeft]


async def test_one_that_is_heard_of_is_not_kept_any_longer(asterisk: FakeAsterisk, daemon: Daemon) -> None:
    await with_a_call(asterisk, daemon)

    asterisk.says(said("HuntgroupMessage", "Number: +48221234567", "Mailbox: sales", "Seconds: 3", "File: /spool/m"))

    await asterisk.receives("Setvar", Variable=f"GLOBAL(HUNTGROUP_MESSAGE_{INQUIRY.removeprefix('call-main-')})")
