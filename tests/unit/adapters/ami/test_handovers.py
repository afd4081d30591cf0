"""Orders about callers whom the PBX gets for a while, and what it says of them, as Asterisk 22.10 writes it."""

from typing import Any

import pytest
from tests.unit.adapters.ami.messages import CHANNEL, INQUIRY, dialed, hangup, outward, read, said, waiting

from huntgroup.adapters.ami.directory import Directory
from huntgroup.adapters.ami.handovers import NotPossibleError, spoken_minutes
from huntgroup.adapters.ami.orders import actions_for
from huntgroup.adapters.ami.translate import Translator
from huntgroup.engine.effects import (
    AnnounceToCustomer,
    DialOut,
    HoldCustomer,
    Order,
    PromiseCallback,
    ReplyToCustomer,
    Ring,
    RingPhones,
    SendToVoicemail,
)
from huntgroup.engine.events import (
    AttemptFailed,
    Customer,
    CustomerLeft,
    Event,
    KeyPressed,
    MessageLeft,
    NumberAnswered,
    PhoneAnswered,
    PhoneRang,
    Recording,
    ReplyPlayed,
)
from huntgroup.engine.ids import AttemptNo, InquiryId, OperatorId, PhoneId, SourceId
from huntgroup.engine.policy import Hold

CALL = InquiryId(INQUIRY)
TWO = AttemptNo(2)
OUT = Directory(country="pl", outbound="PJSIP/{number}@trunk", mobiles={OperatorId("anna"): "+48600100200"})
FILE = "/var/spool/asterisk/voicemail/default/sales/INBOX/msg0000"


@pytest.fixture(autouse=True)
async def _a_call_waits(translator: Translator) -> None:
    translator.directory = OUT
    translator.translate(read(waiting()))


def told(translator: Translator, order: Order) -> list[dict[str, Any]]:
    """The actions, without their ids."""
    return [dict(action.items()) for action in actions_for(order, translator)]


def setvar(value: str, variable: str = "HUNTGROUP_ORDER") -> dict[str, Any]:
    return {"Action": "Setvar", "Channel": CHANNEL, "Variable": variable, "Value": value}


def redirect(context: str, exten: str = "2") -> dict[str, Any]:
    return {"Action": "Redirect", "Channel": CHANNEL, "Context": context, "Exten": exten, "Priority": 1}


ORDERS: dict[str, tuple[Order, str, str]] = {
    "to a mailbox": (
        SendToVoicemail(inquiry=CALL, attempt=TWO, mailbox="sales@default"),
        "2|huntgroup-voicemail|sales@default",
        "huntgroup-voicemail",
    ),
    "to a number": (
        DialOut(inquiry=CALL, attempt=TWO, number="+48600100200", limit=60.0),
        "2|huntgroup-out|PJSIP/+48600100200@trunk,60,r",
        "huntgroup-out",
    ),
    "a reply": (
        ReplyToCustomer(inquiry=CALL, attempt=TWO, sound="custom/sorry", text=None, hold=Hold.MUSIC),
        "2|huntgroup-reply|custom/sorry|music",
        "huntgroup-reply",
    ),
    "a promise": (
        PromiseCallback(inquiry=CALL, attempt=TWO, sound="custom/later"),
        "2|huntgroup-promise|custom/later",
        "huntgroup-promise",
    ),
    "a promise in the PBX's own words": (
        PromiseCallback(inquiry=CALL, attempt=TWO, sound=None),
        "2|huntgroup-promise|",
        "huntgroup-promise",
    ),
}


@pytest.mark.parametrize("order", ORDERS)
async def test_a_caller_is_handed_over(translator: Translator, order: str) -> None:
    what, text, context = ORDERS[order]

    assert told(translator, what) == [setvar(text), redirect(context)]


async def test_after_a_reply_they_are_listened_to_for_the_key_of_their_line(translator: Translator) -> None:
    reply = ReplyToCustomer(inquiry=CALL, attempt=TWO, sound="sorry", text=None, leave_key="1")

    first, *rest = told(translator, reply)

    assert first == setvar("1", "HUNTGROUP_KEY")
    assert rest == [setvar("2|huntgroup-reply|sorry|ringing"), redirect("huntgroup-reply")]


async def test_nobody_is_sent_outside_where_there_is_no_way_out(translator: Translator) -> None:
    translator.directory = Directory()

    with pytest.raises(NotPossibleError, match="outbound"):
        actions_for(DialOut(inquiry=CALL, attempt=TWO, number="+48600", limit=60.0), translator)


@pytest.mark.parametrize(
    ("position", "wait", "sound", "text"),
    [
        (1, None, None, "1||"),
        (3, 200.0, "custom/press-1", "3|4|custom/press-1"),
        (None, 12.0, None, "|0|"),
    ],
)
async def test_how_it_stands_is_told(
    translator: Translator, *, position: int | None, wait: float | None, sound: str | None, text: str
) -> None:
    order = AnnounceToCustomer(inquiry=CALL, position=position, wait=wait, sound=sound)

    assert told(translator, order) == [setvar(text, "HUNTGROUP_SAY"), redirect("huntgroup-announce", "say")]


@pytest.mark.parametrize(("seconds", "minutes"), [(0.0, 0), (59.9, 0), (60.0, 1), (61.0, 2), (3600.0, 60)])
def test_a_wait_is_said_rather_too_long_than_too_short(seconds: float, minutes: int) -> None:
    assert spoken_minutes(seconds) == minutes


async def test_the_key_that_is_offered_is_told_once_and_taken_back_where_none_is(translator: Translator) -> None:
    def hold(key: str) -> list[str]:
        order = HoldCustomer(inquiry=CALL, attempt=AttemptNo(1), hold=Hold.MUSIC, leave_key=key)
        return [each["Value"] for each in told(translator, order) if each.get("Variable") == "HUNTGROUP_KEY"]

    assert [hold("1"), hold("1"), hold("")] == [["1"], [], [""]]


async def test_with_a_key_dial_listens_to_the_caller(translator: Translator) -> None:
    rings = (Ring(operator=OperatorId("ben"), phones=(PhoneId("PJSIP/ben"),)),)
    order = RingPhones(inquiry=CALL, attempt=TWO, rings=rings, hold=Hold.MUSIC, limit=30.0, leave_key="1")

    assert setvar("2|huntgroup-offer-music|PJSIP/ben,30,mid") in told(translator, order)


# -- the mobile of an operator --------------------------------------------------------------------------------------

MOBILE = PhoneId("mobile:anna")


def ring_mobile(who: str = "anna") -> RingPhones:
    rings = (Ring(operator=OperatorId(who), phones=(PhoneId(f"mobile:{who}"),)),)
    return RingPhones(inquiry=CALL, attempt=TWO, rings=rings, hold=Hold.RINGING, limit=30.0)


async def test_a_mobile_rings_through_the_way_out(translator: Translator) -> None:
    assert told(translator, ring_mobile()) == [
        setvar("2|huntgroup-offer|PJSIP/+48600100200@trunk,30,ri"),
        redirect("huntgroup-offer"),
    ]


async def test_a_mobile_that_is_nobodys_cannot_be_rung(translator: Translator) -> None:
    with pytest.raises(NotPossibleError):
        actions_for(ring_mobile("ben"), translator)


async def test_what_the_trunk_says_of_the_leg_is_said_of_the_mobile(translator: Translator) -> None:
    translator.translate(read(outward("DialBegin", "huntgroup-offer", "2", "DialString: +48600100200@trunk")))

    rang = translator.translate(read(outward("DialState", "huntgroup-offer", "2", "DialStatus: PROGRESS")))
    answered = translator.translate(read(outward("DialEnd", "huntgroup-offer", "2", "DialStatus: ANSWER")))

    assert rang == [PhoneRang(inquiry=CALL, attempt=TWO, phone=MOBILE, is_early_media=True)]
    assert answered == [PhoneAnswered(inquiry=CALL, attempt=TWO, phone=MOBILE)]


async def test_who_answers_any_other_call_through_the_trunk_is_nobody_of_ours(translator: Translator) -> None:
    translator.translate(read(outward("DialBegin", "huntgroup-offer", "2", "DialString: +48600999999@trunk")))

    answered = translator.translate(read(outward("DialEnd", "huntgroup-offer", "2", "DialStatus: ANSWER")))

    assert answered == [PhoneAnswered(inquiry=CALL, attempt=TWO, phone=PhoneId("PJSIP/trunk"))]


# -- what is reported -----------------------------------------------------------------------------------------------

LEFT = said(
    "HuntgroupMessage",
    "Number: 0048221234567",
    "Mailbox: sales",
    "Seconds: 12",
    f"File: {FILE}",
    CallerIDName="Jan",
    Context="huntgroup-voicemail",
    Exten="h",
)


def heard(translator: Translator, text: str) -> list[Event]:
    return translator.translate(read(text))


def message(seconds: float) -> MessageLeft:
    return MessageLeft(
        inquiry=CALL,
        message=InquiryId(f"message-{CALL}"),
        source=SourceId("+48221234567"),
        customer=Customer(name="Jan", phone="+48600700800"),
        recording=Recording(file=FILE, seconds=seconds, mailbox="sales"),
    )


async def test_a_message_comes_with_its_recording_also_from_a_call_that_nobody_remembers(
    translator: Translator,
) -> None:
    translator.directory = Directory(country="pl", numbers={"0048221234567": "+48221234567"})
    assert heard(translator, LEFT) == [message(12.0)]

    assert heard(translator, hangup()) == [CustomerLeft(inquiry=CALL)]
    assert heard(translator, LEFT) == [message(12.0)]


@pytest.mark.parametrize("seconds", ["", "-1", "1e9", "١٢", "12; 13", "99999999"])
async def test_a_length_that_is_no_number_is_none(translator: Translator, seconds: str) -> None:
    translator.directory = Directory(country="pl", numbers={"0048221234567": "+48221234567"})

    assert heard(translator, LEFT.replace("Seconds: 12", f"Seconds: {seconds}")) == [message(0.0)]


REPORTS: dict[str, tuple[str, Event]] = {
    "a reply was heard": (
        said("HuntgroupPlayed", "Attempt: 2", Context="huntgroup-reply", Exten="2"),
        ReplyPlayed(inquiry=CALL, attempt=TWO),
    ),
    "the key was pressed": (
        said("HuntgroupKey", "Key: 1", Context="huntgroup-leave", Exten="1"),
        KeyPressed(inquiry=CALL, key="1"),
    ),
    "a number outside answered": (
        outward("DialEnd", "huntgroup-out", "2", "DialStatus: ANSWER"),
        NumberAnswered(inquiry=CALL, attempt=TWO),
    ),
    "a number outside is busy": (
        dialed("2", "BUSY", "17", Context="huntgroup-offer-over"),
        AttemptFailed(inquiry=CALL, attempt=TWO, detail="BUSY", cause=17),
    ),
    "there is no such mailbox": (
        dialed("2", "NOMAILBOX", "0", Context="huntgroup-voicemail"),
        AttemptFailed(inquiry=CALL, attempt=TWO, detail="the PBX has no such mailbox"),
    ),
}


@pytest.mark.parametrize("report", REPORTS)
async def test_of_a_caller_whom_the_pbx_has(translator: Translator, report: str) -> None:
    text, event = REPORTS[report]

    assert heard(translator, text) == [event]


@pytest.mark.parametrize("report", [each for each in REPORTS if each != "there is no such mailbox"])
async def test_of_a_caller_who_is_not_ours_nothing_is(translator: Translator, report: str) -> None:
    text, _ = REPORTS[report]

    assert heard(translator, text.replace(INQUIRY.removeprefix("call-main-"), "1.2")) == []


@pytest.mark.parametrize("key", ["", "12", "*", "a"])
async def test_what_is_no_key_that_is_offered_is_left_out(translator: Translator, logged: list[Any], key: str) -> None:
    assert heard(translator, said("HuntgroupKey", f"Key: {key}")) == []
    assert logged[0]["event"] == "ami.message_not_understood"


async def test_a_leg_outside_that_does_not_answer_is_told_by_our_dialplan_alone(translator: Translator) -> None:
    assert heard(translator, outward("DialEnd", "huntgroup-out", "2", "DialStatus: BUSY")) == []
