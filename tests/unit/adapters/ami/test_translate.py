"""What Asterisk says, and what that means for an inquiry."""

from collections.abc import Sequence
from typing import Any

import pytest
from tests.unit.adapters.ami.messages import (
    CHANNEL,
    INQUIRY,
    LEG,
    UNIQUEID,
    device_state,
    dial,
    dialed,
    hangup,
    read,
    waiting,
)

from huntgroup.adapters.ami.texts import dialled_number, unescape
from huntgroup.adapters.ami.translate import NO_PRIOR_WORD, Translator
from huntgroup.engine.events import (
    AttemptFailed,
    Customer,
    CustomerLeft,
    Departure,
    Event,
    InquiryReceived,
    PhoneAnswered,
    PhoneRang,
    PhoneRefused,
    PhoneState,
    PhoneStateChanged,
    Refusal,
)
from huntgroup.engine.ids import AttemptNo, InquiryId, PbxId, PhoneId, SourceId
from huntgroup.engine.policy import Channel

CALL = InquiryId(INQUIRY)
ANNA, BEN = PhoneId("PJSIP/anna-desk"), PhoneId("PJSIP/ben")
BENS_LEG = "PJSIP/ben-0000000a"


def said(translator: Translator, *texts: str) -> list[Event]:
    """The events of these messages, in order."""
    return [event for text in texts for event in translator.translate(read(text))]


def meant(translator: Translator, *texts: str) -> list[Event]:
    """The events of these messages about a call that waits already."""
    said(translator, waiting())
    return said(translator, *texts)


def refused(attempt: int, refusal: Refusal, phone: PhoneId = ANNA) -> PhoneRefused:
    """A phone's leg ended without an answer."""
    return PhoneRefused(inquiry=CALL, attempt=AttemptNo(attempt), phone=phone, refusal=refusal)


# -- who calls --------------------------------------------------------------------------------------------------------


def test_one_whom_the_pbx_had_before_says_since_when(translator: Translator) -> None:
    translator.clock_ahead = 2.0
    since = waiting(attempts="3") + "\r\nCame: 1795282404.250"
    (event,) = translator.translate(read(since))
    assert isinstance(event, InquiryReceived)
    assert (event.attempts, event.came_at) == (3, 1795282406.25)


@pytest.mark.parametrize("came", ["", "nan", "1e9", "x"])
def test_what_is_no_instant_is_none(translator: Translator, came: str) -> None:
    (event,) = translator.translate(read(waiting() + f"\r\nCame: {came}"))
    assert isinstance(event, InquiryReceived)
    assert event.came_at is None


def test_a_caller_who_waits_is_an_inquiry(translator: Translator) -> None:
    assert said(translator, waiting("+48221234567", CallerIDName="Jan", CallerIDNum="600700800")) == [
        InquiryReceived(
            inquiry=CALL,
            channel=Channel.CALL,
            source=SourceId("+48221234567"),
            customer=Customer(name="Jan", phone="600700800"),
        )
    ]
    assert translator.channel_of(CALL) == CHANNEL


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Jan Kowalski", "Jan Kowalski"),
        ("Zażółć 🦊", "Zażółć 🦊"),
        ("<unknown>", ""),
        ("", ""),
        (r"\"${SHELL(id)}\r\nAction: Originate", '"${SHELL(id)}\r\nAction: Originate'),
        (r"O\'Hara \\ Söhne\t\?", "O'Hara \\ Söhne\t?"),
        (r"\a\b\f\v", "\a\b\f\v"),
        (r"\\n", r"\n"),
        (r"no escape: \x41 \u0041 \N{DIGIT ONE} \1", r"no escape: \x41 \u0041 \N{DIGIT ONE} \1"),
        ("ends with \\", "ends with \\"),
    ],
)
def test_a_name_is_again_what_the_caller_sent(written: str, name: str) -> None:
    assert unescape(written) == name


@pytest.mark.parametrize(
    ("written", "phone"),
    [
        ("+48600700800", "+48600700800"),
        ("<unknown>", ""),
        ("", ""),
        ("anonymous", "anonymous"),
        ("1\nEvent: Hangup", "1 Event: Hangup"),
        ("1\r2\0", "1 2"),
    ],
)
def test_a_callers_number_is_one_line_of_text(translator: Translator, written: str, phone: str) -> None:
    (event,) = said(translator, waiting(CallerIDNum=written))

    assert isinstance(event, InquiryReceived)
    assert event.customer.phone == phone


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+48221234567", "+48221234567"),
        ("221234567;npdi=yes", "221234567"),
        ("+48221234567;phone-context=x", "+48221234567"),
        ("", ""),
        ("sales", ""),
        ("++1", ""),
    ],
)
def test_what_was_dialled_is_a_number_or_nothing(text: str, number: str) -> None:
    assert dialled_number(text) == number


def test_a_caller_who_announces_themselves_again_is_the_same_inquiry(translator: Translator) -> None:
    first, second = said(translator, waiting(), waiting(attempts="2", Channel="PJSIP/renamed-00000009"))

    assert isinstance(first, InquiryReceived)
    assert isinstance(second, InquiryReceived)
    assert (first.inquiry, first.attempts) == (second.inquiry, 0)
    assert second.attempts == 2
    assert translator.channel_of(CALL) == "PJSIP/renamed-00000009"


@pytest.mark.parametrize(
    "text",
    [
        waiting(attempts="many"),
        waiting(attempts="1_0"),
        waiting(attempts="١"),
        waiting(Channel="PJSIP/a\nb"),
        waiting(Uniqueid=""),
        waiting().replace("\r\nNumber: +48221234567", ""),
        dialed("one"),
        dial("DialBegin", "x"),
        device_state("PJSIP/ben", "SLEEPING"),
    ],
)
def test_what_makes_no_sense_is_logged_and_left_out(translator: Translator, logged: list[Any], text: str) -> None:
    before = said(translator, waiting(Uniqueid=UNIQUEID)) and translator.size()

    assert said(translator, text) == []
    assert translator.size() == before
    assert [line["event"] for line in logged] == ["ami.message_not_understood"]


# -- phones that ring -------------------------------------------------------------------------------------------------

STORIES: dict[str, tuple[Sequence[str], Sequence[Event]]] = {
    "a phone rings": (
        [dial("DialBegin", "1"), dial("DialState", "1", "RINGING")],
        [PhoneRang(inquiry=CALL, attempt=AttemptNo(1), phone=ANNA)],
    ),
    "a phone that sends 183 rings too": (
        [dial("DialBegin", "1"), dial("DialState", "1", "PROGRESS")],
        [PhoneRang(inquiry=CALL, attempt=AttemptNo(1), phone=ANNA, is_early_media=True)],
    ),
    "a phone that only proceeds does not ring yet": (
        [dial("DialBegin", "1"), dial("DialState", "1", "PROCEEDING")],
        [],
    ),
    "a phone answers": (
        [dial("DialBegin", "1"), dial("DialEnd", "1", "ANSWER")],
        [PhoneAnswered(inquiry=CALL, attempt=AttemptNo(1), phone=ANNA)],
    ),
    "a leg keeps its attempt when the caller is elsewhere by now": (
        [dial("DialBegin", "1"), dial("DialState", "2", "RINGING"), dial("DialEnd", "2", "ANSWER")],
        [
            PhoneRang(inquiry=CALL, attempt=AttemptNo(1), phone=ANNA),
            PhoneAnswered(inquiry=CALL, attempt=AttemptNo(1), phone=ANNA),
        ],
    ),
    "phones of two attempts are told apart": (
        [
            dial("DialBegin", "1"),
            dial("DialBegin", "2", leg=BENS_LEG),
            dial("DialEnd", "2", "CANCEL"),
            dial("DialEnd", "2", "ANSWER", leg=BENS_LEG),
        ],
        [PhoneAnswered(inquiry=CALL, attempt=AttemptNo(2), phone=BEN)],
    ),
    "unanswered with cause 21 is declined": (
        [dial("DialBegin", "1"), dial("DialEnd", "1", "NOANSWER"), hangup(LEG, "1.76", cause="21")],
        [refused(1, Refusal.DECLINED)],
    ),
    "unanswered with cause 19 is no answer": (
        [dial("DialBegin", "1"), dial("DialEnd", "1", "NOANSWER"), hangup(LEG, "1.76", cause="19")],
        [refused(1, Refusal.NO_ANSWER)],
    ),
    "unanswered with cause 0 is no answer": (
        [dial("DialBegin", "1"), dial("DialEnd", "1", "NOANSWER"), hangup(LEG, "1.76", cause="0")],
        [refused(1, Refusal.NO_ANSWER)],
    ),
    "a busy phone is busy": (
        [dial("DialBegin", "1"), dial("DialEnd", "1", "BUSY")],
        [refused(1, Refusal.BUSY)],
    ),
    "a phone that cannot be had is unreachable": (
        [dial("DialBegin", "1"), dial("DialEnd", "1", "CHANUNAVAIL")],
        [refused(1, Refusal.UNREACHABLE)],
    ),
    "a leg that we took back says nothing": (
        [dial("DialBegin", "1"), dial("DialEnd", "1", "CANCEL"), hangup(LEG, "1.76")],
        [],
    ),
    "Dial came back and no phone had rung": (
        [dialed("1", "CHANUNAVAIL")],
        [AttemptFailed(inquiry=CALL, attempt=AttemptNo(1), detail="CHANUNAVAIL")],
    ),
    "Dial came back without a word": (
        [dialed("1")],
        [AttemptFailed(inquiry=CALL, attempt=AttemptNo(1), detail=NO_PRIOR_WORD)],
    ),
    "Dial came back before the leg that declined had hung up": (
        [
            dial("DialBegin", "1"),
            dial("DialEnd", "1", "NOANSWER"),
            dialed("1", "NOANSWER", "21"),
            hangup(LEG, "1.76", cause="21"),
        ],
        [
            refused(1, Refusal.DECLINED),
            AttemptFailed(inquiry=CALL, attempt=AttemptNo(1), detail="NOANSWER", cause=21),
        ],
    ),
    "Dial of a later attempt explains no earlier leg": (
        [
            dial("DialBegin", "1"),
            dial("DialEnd", "1", "NOANSWER"),
            dialed("2", "BUSY", "17"),
            hangup(LEG, "1.76", cause="21"),
        ],
        [AttemptFailed(inquiry=CALL, attempt=AttemptNo(2), detail="BUSY", cause=17), refused(1, Refusal.DECLINED)],
    ),
    "a leg that began while the link was down rings and is answered": (
        [dial("DialState", "3", "RINGING"), dial("DialEnd", "3", "ANSWER")],
        [
            PhoneRang(inquiry=CALL, attempt=AttemptNo(3), phone=ANNA),
            PhoneAnswered(inquiry=CALL, attempt=AttemptNo(3), phone=ANNA),
        ],
    ),
    "an answer is the first that is heard of a leg": (
        [dial("DialEnd", "3", "ANSWER")],
        [PhoneAnswered(inquiry=CALL, attempt=AttemptNo(3), phone=ANNA)],
    ),
    "an end that explains nothing is the first that is heard of a leg": ([dial("DialEnd", "3", "NOANSWER")], []),
    "somebody picks it up by a code, ours or the PBX's own": (
        [
            dial("DialBegin", "1"),
            dial("DialState", "1", "RINGING"),
            hangup(LEG, "1.76", cause="26", Exten="code*11"),
            dial("DialEnd", "1", "ANSWER", leg=BENS_LEG),
        ],
        [
            PhoneRang(inquiry=CALL, attempt=AttemptNo(1), phone=ANNA),
            PhoneAnswered(inquiry=CALL, attempt=AttemptNo(1), phone=BEN),
        ],
    ),
    "a phone's pickup key has the leg that rang hang up first, without a word of Dial's": (
        [
            dial("DialBegin", "1"),
            hangup(LEG, "1.76", cause="0", Exten="101"),
            dial("DialEnd", "1", "ANSWER", leg=BENS_LEG),
        ],
        [PhoneAnswered(inquiry=CALL, attempt=AttemptNo(1), phone=BEN)],
    ),
    "somebody picks it up whose phone is nobody's": (
        [dial("DialBegin", "1"), dial("DialEnd", "1", "ANSWER", leg="PJSIP/reception-0000000c")],
        [PhoneAnswered(inquiry=CALL, attempt=AttemptNo(1), phone=PhoneId("PJSIP/reception"))],
    ),
    "the caller hangs up": ([hangup()], [CustomerLeft(inquiry=CALL, departure=Departure.HUNG_UP)]),
    "the caller hangs up once": ([hangup(), hangup()], [CustomerLeft(inquiry=CALL)]),
}


@pytest.mark.parametrize("story", STORIES)
def test_of_a_call(translator: Translator, story: str) -> None:
    texts, events = STORIES[story]

    assert meant(translator, *texts) == list(events)


@pytest.mark.parametrize(
    "text",
    [
        dial("DialBegin", "1", Context="from-internal"),
        dial("DialBegin", "1", Uniqueid="1.99"),
        dial("DialBegin", "1", leg="PJSIP/trunk-00000003"),
        dial("DialBegin", "1", leg="PJSIP/anna-00000003"),
        dial("DialEnd", "1", "ANSWER", Context="from-internal"),
        dialed("1", Uniqueid="1.99"),
        hangup("PJSIP/trunk-00000003", "1.99"),
        device_state("PJSIP/trunk", "INUSE"),
        "Event: UserEvent\r\nPrivilege: user,all\r\nUserEvent: SomebodyElses",
        "Event: PeerStatus\r\nPrivilege: system,all\r\nPeer: PJSIP/ben",
    ],
)
def test_what_is_not_about_our_calls_and_phones_means_nothing(translator: Translator, text: str) -> None:
    known = said(translator, waiting()) and translator.size()

    assert said(translator, text) == []
    assert translator.size() == known


def test_a_call_that_nobody_s_channel_placed_is_not_ours_and_no_reason_for_a_warning(
    translator: Translator, logged: list[Any]
) -> None:
    text = dial("DialBegin", "1")
    originated = "\r\n".join(line for line in text.split("\r\n") if line.startswith(("Event", "Priv", "Dest", "Dial")))

    assert said(translator, originated) == []
    assert logged == []


@pytest.mark.parametrize(
    ("channel", "phone"),
    [
        ("PJSIP/anna-desk-0000001f", "PJSIP/anna-desk"),
        ("PJSIP/anna-desk-1234567890", "PJSIP/anna-desk"),
        ("Local/101@phones-00000001;1", "Local/101@phones"),
        ("Local/101@phones-00000001;2", "Local/101@phones"),
        ("Local/102@phones-00000001;1", "Local/102@phones/n"),
        ("PJSIP/anna-desk", "PJSIP/anna-desk"),
        ("PJSIP/anna-0000001f", None),
        ("PJSIP/trunk-0000001f", None),
    ],
)
def test_a_channel_is_of_the_phone_that_its_name_begins_with(channel: str, phone: str | None) -> None:
    phones = map(PhoneId, ("PJSIP/anna-desk", "Local/101@phones", "Local/102@phones/n"))
    translator = Translator(PbxId("main"), phones)

    assert translator.phone_of(channel) == phone


@pytest.mark.parametrize("state", PhoneState)
def test_every_device_state_of_a_configured_phone_is_told(translator: Translator, state: PhoneState) -> None:
    assert said(translator, device_state("PJSIP/ben", state)) == [PhoneStateChanged(phone=BEN, state=state)]


# -- looking up -------------------------------------------------------------------------------------------------------


def test_a_leg_is_found_by_its_attempt_until_it_hangs_up(translator: Translator) -> None:
    meant(translator, dial("DialBegin", "1"), dial("DialBegin", "2", leg="PJSIP/anna-desk-00000003"))

    assert translator.leg_channel(CALL, AttemptNo(1), ANNA) == LEG
    assert translator.leg_channel(CALL, AttemptNo(2), ANNA) == "PJSIP/anna-desk-00000003"
    said(translator, hangup(LEG, "1.76"))
    assert translator.leg_channel(CALL, AttemptNo(1), ANNA) is None
    assert translator.leg_channel(InquiryId("call-main-9"), AttemptNo(1), ANNA) is None


# -- phones that Dial cannot ask for ----------------------------------------------------------------------------------

SILENT = PhoneId("across:bea")


@pytest.fixture
def ringing(translator: Translator) -> Translator:
    """An attempt is on its way that is to ring Anna, Ben and somebody behind a trunk; and Anna's leg is there."""
    said(translator, waiting())
    translator.ordered(CALL, AttemptNo(1), phones=[ANNA, SILENT, BEN])
    said(translator, dial("DialBegin", "1"))
    return translator


def test_of_whom_dial_said_nothing_by_the_time_somebody_rings_is_unreachable(ringing: Translator) -> None:
    begun = said(ringing, dial("DialBegin", "1", leg=BENS_LEG))
    rang = said(ringing, dial("DialState", "1", "RINGING"), dial("DialState", "1", "RINGING", leg=BENS_LEG))

    assert begun == []
    assert [each for each in rang if not isinstance(each, PhoneRang)] == [refused(1, Refusal.UNREACHABLE, SILENT)]


def test_or_by_the_time_the_leg_begins_by_which_others_may_join_for_that_is_the_last(ringing: Translator) -> None:
    said(ringing, dial("DialBegin", "1", leg=BENS_LEG))

    assert said(ringing, dial("DialBegin", "1", leg="Local/1@huntgroup-join-00000000;1")) == [
        refused(1, Refusal.UNREACHABLE, SILENT)
    ]


def test_the_attempt_before_says_nothing_of_whom_the_next_one_is_to_ring(ringing: Translator) -> None:
    ringing.ordered(CALL, AttemptNo(2), phones=[BEN, SILENT])

    assert said(ringing, dial("DialState", "1", "RINGING")) == [
        PhoneRang(inquiry=CALL, attempt=AttemptNo(1), phone=ANNA)
    ]


def test_behind_a_link_that_was_lost_it_is_unknown_who_was_dialled(ringing: Translator) -> None:
    ringing.keep_legs({LEG})

    assert said(ringing, dial("DialState", "1", "RINGING")) == [
        PhoneRang(inquiry=CALL, attempt=AttemptNo(1), phone=ANNA)
    ]


@pytest.mark.parametrize("phone", ["Local/102@phones/n", "DAHDI/1", "IAX2/ben", "PJSIP/102/sip:102@192.0.2.1"])
def test_a_phone_whose_leg_may_be_called_otherwise_is_given_its_time(translator: Translator, phone: str) -> None:
    said(translator, waiting())
    translator.ordered(CALL, AttemptNo(1), phones=[ANNA, PhoneId(phone)])

    assert said(translator, dial("DialBegin", "1"), dial("DialState", "1", "RINGING")) == [
        PhoneRang(inquiry=CALL, attempt=AttemptNo(1), phone=ANNA)
    ]


def test_a_mobile_is_given_its_time_as_it_looks_like_any_channel_of_its_trunk(translator: Translator) -> None:
    said(translator, waiting())
    translator.ordered(CALL, AttemptNo(1), phones=[ANNA, PhoneId("mobile:ben")], mobile=PhoneId("mobile:ben"))

    assert said(translator, dial("DialBegin", "1"), dial("DialState", "1", "RINGING")) == [
        PhoneRang(inquiry=CALL, attempt=AttemptNo(1), phone=ANNA)
    ]


@pytest.mark.parametrize(
    ("written", "prefix", "name"),
    [
        ("Sales:Jan", ".Sales%3A", "Jan"),
        ("Sales:+48600700800", ".Sales%3A", ""),
        ("\u017b\u00f3\u0142w, Jan", ".%C5%BB%C3%B3%C5%82w%2C%20", "Jan"),
        ("Jan", ".", "Jan"),
        ("Sales:Jan", ".%0D%0AEvent", "Sales:Jan"),
    ],
)
def test_what_the_pbx_put_in_front_of_a_name_is_taken_off(
    translator: Translator, written: str, prefix: str, name: str
) -> None:
    message = waiting(CallerIDName=written).replace("Number: +48", f"Prefix: {prefix}\r\nNumber: +48")
    (event,) = said(translator, message)

    assert isinstance(event, InquiryReceived)
    assert event.customer.name == name
