"""What is found at the PBX, and what must have happened meanwhile."""

from typing import Any

import pytest
from tests.unit.adapters.ami.messages import (
    CHANNEL,
    INQUIRY,
    LEG,
    NOT_SET,
    UNIQUEID,
    dial,
    enters,
    read,
    status,
    waiting,
)

from huntgroup.adapters.ami.calls import OpenCall
from huntgroup.adapters.ami.resync import Found, Repair, reconcile
from huntgroup.adapters.ami.translate import Translator
from huntgroup.adapters.ami.wire import parse
from huntgroup.engine.events import (
    AttemptFailed,
    CallMoved,
    ConversationFound,
    Customer,
    CustomerAlone,
    CustomerLeft,
    Departure,
    Event,
    FallbackRings,
    InquiryReceived,
    NumberAnswered,
    PhoneRang,
    PhoneRefused,
    Refusal,
)
from huntgroup.engine.ids import AttemptNo, InquiryId, PhoneId, SourceId
from huntgroup.engine.policy import Channel

CALL = InquiryId(INQUIRY)
ANNA = PhoneId("PJSIP/anna-desk")
VANISHED = CustomerLeft(inquiry=CALL, departure=Departure.VANISHED)


KNOWN = Customer(phone="+48600700800")


def talks(
    phone: PhoneId = ANNA,
    attempt: int = 2,
    *,
    customer: Customer = KNOWN,
    source: str = "+48221234567",
    came_at: float | None = None,
) -> ConversationFound:
    """The caller is joined to a phone."""
    return ConversationFound(
        inquiry=CALL,
        phone=phone,
        attempt=AttemptNo(attempt),
        source=SourceId(source),
        customer=customer,
        came_at=came_at,
    )


def failed(attempt: int) -> AttemptFailed:
    """The attempt came to nothing."""
    return AttemptFailed(
        inquiry=CALL, attempt=AttemptNo(attempt), detail="the link to the PBX was lost", is_unheard=True
    )


def found(translator: Translator, *channels: str) -> list[Event]:
    """What follows from an answer to Status with these channels."""
    there = look(translator, *channels)
    assert not [event for event in there.missed if isinstance(event, InquiryReceived)]
    return [*there.missed, *there.waiting]


def look(translator: Translator, *channels: str) -> Found:
    """The same, with what was repaired."""
    return reconcile([message for text in channels if (message := parse(text.encode()))], translator)


def leg(bridge: str = "", channel: str = LEG, state: str = "6") -> str:
    """A phone's channel."""
    return status("lab-phones", "", Channel=channel, Uniqueid="1795282404.76", bridge=bridge, ChannelState=state)


@pytest.fixture
def known(translator: Translator) -> Translator:
    """It knows of one call, whose second attempt was ordered last."""
    translator.translate(read(waiting()))
    translator.ordered(CALL, AttemptNo(2))
    return translator


def test_who_is_not_there_has_vanished(known: Translator) -> None:
    assert found(known) == [VANISHED]
    assert known.size() == 0


def test_who_talks_to_a_phone_of_ours_was_answered_meanwhile(known: Translator) -> None:
    assert found(known, status("huntgroup-offer", "2", bridge="b1"), leg("b1")) == [talks()]


def test_who_was_answered_and_is_not_joined_yet_rings_until_the_bridge_tells(known: Translator) -> None:
    assert found(known, status("huntgroup-offer", "2"), leg()) == [
        PhoneRang(inquiry=CALL, attempt=AttemptNo(2), phone=ANNA)
    ]

    told = [
        event for text in (enters("b1", LEG, "1795282404.76"), enters("b1")) for event in known.translate(read(text))
    ]
    assert told == [talks()]


def test_who_was_answered_before_is_found_where_they_were(known: Translator) -> None:
    known.translate(read(dial("DialBegin", "2")))
    known.translate(read(dial("DialEnd", "2", "ANSWER")))

    there = look(known, status("huntgroup-offer", "2", bridge="b1"), leg("b1"))

    assert (there.missed, there.repairs) == ([talks()], [])
    assert known.leg_channel(CALL, AttemptNo(2), ANNA) == LEG


def test_what_was_found_once_is_no_repair_the_second_time(known: Translator) -> None:
    there = (status("huntgroup-offer", "2", bridge="b1"), leg("b1"))

    assert [look(known, *there).repairs, look(known, *there).repairs] == [
        [Repair(CALL, "attempt 2", "talking to PJSIP/anna-desk")],
        [],
    ]


def test_who_is_rung_for_anew_after_an_answer_can_be_answered_anew(known: Translator) -> None:
    found(known, status("huntgroup-offer", "2", bridge="b1"), leg("b1"))

    known.ordered(CALL, AttemptNo(3))

    assert found(known, status("huntgroup-offer", "3", bridge="b1"), leg("b1")) == [talks(attempt=3)]


def test_who_talks_to_another_phone_than_before_has_moved(known: Translator) -> None:
    found(known, status("huntgroup-offer", "2", bridge="b1"), leg("b1"))

    there = look(known, status("from-internal", "102", bridge="b2"), leg("b2", channel="PJSIP/ben-00000004"))

    assert there.missed == [talks(PhoneId("PJSIP/ben"), 0)]
    assert there.repairs == [Repair(CALL, "talking to PJSIP/anna-desk", "talking to PJSIP/ben")]


@pytest.mark.parametrize("others", [(leg("b2"),), ()], ids=["elsewhere", "nobody"])
def test_who_is_alone_in_a_bridge_is_just_being_answered(known: Translator, others: tuple[str, ...]) -> None:
    assert found(known, status("huntgroup-offer", "2", bridge="b1"), *others) == []
    assert found(known, status("huntgroup-fallback", "s", bridge="b1"), *others) == [FallbackRings(inquiry=CALL)]


@pytest.mark.parametrize(("context", "exten"), [("huntgroup-offer", "2"), ("huntgroup-fallback", "s")])
def test_who_talks_to_a_phone_that_is_ours_no_more_is_not_rung_for(known: Translator, context: str, exten: str) -> None:
    there = status(context, exten, bridge="b1"), leg("b1", channel="PJSIP/gone-00000009")

    assert found(known, *there) == [talks(PhoneId("PJSIP/gone"), int(exten) if exten.isdigit() else 0)]
    assert found(known, *there) == []


def test_an_operator_who_calls_in_is_not_their_own_answer(translator: Translator) -> None:
    translator.translate(read(waiting(Channel="PJSIP/ben-00000001")))
    translator.ordered(CALL, AttemptNo(2))

    assert found(translator, status("huntgroup-offer", "2", bridge="b1", Channel="PJSIP/ben-00000001"), leg("b1")) == [
        talks()
    ]


@pytest.mark.parametrize("context", ["huntgroup-hold", "huntgroup-inbound", "huntgroup-offer-over"])
def test_who_waits_again_was_not_answered(known: Translator, context: str) -> None:
    assert found(known, status(context)) == [failed(2)]


def test_who_waits_and_for_whom_nothing_was_ordered_just_waits(translator: Translator) -> None:
    translator.translate(read(waiting()))

    assert found(translator, status("huntgroup-hold")) == []


def test_who_rings_a_phone_goes_on_ringing_it(known: Translator) -> None:
    assert found(known, status("huntgroup-offer", "2"), leg(state="0")) == []


def test_a_phone_that_rings_is_told_of_as_it_may_have_begun_unseen(known: Translator) -> None:
    there = look(known, status("huntgroup-offer", "2"), leg(state="5"))

    assert there.missed == [PhoneRang(inquiry=CALL, attempt=AttemptNo(2), phone=ANNA)]
    assert there.repairs == []


def test_who_rings_an_earlier_attempt_never_got_the_later_one(known: Translator) -> None:
    assert found(known, status("huntgroup-offer", "1"), leg()) == [failed(2)]


def test_who_is_rung_for_by_the_fallback_is_left_to_it(known: Translator) -> None:
    assert found(known, status("huntgroup-fallback", "s")) == [FallbackRings(inquiry=CALL)]


def test_whom_the_fallback_got_answered_is_in_conversation(known: Translator) -> None:
    assert found(known, status("huntgroup-fallback", "s", bridge="b1"), leg("b1")) == [talks(attempt=0)]


def test_who_was_transferred_to_a_phone_of_ours_is_in_conversation_there(known: Translator) -> None:
    assert found(known, status("from-internal", "105", bridge="b1"), leg("b1")) == [talks(attempt=0)]


@pytest.mark.parametrize(
    "there",
    [
        status("huntgroup-offer", "2", bridge="b1"),
        status("from-internal", "105", bridge="b1"),
        status("from-internal", "105"),
        status("parkedcalls", "701", bridge="b7"),
    ],
    ids=["whose other end is just leaving", "transferred", "in a voice menu", "parked"],
)
def test_whose_operator_is_out_of_the_call_is_with_nobody_of_ours(known: Translator, there: str) -> None:
    found(known, status("huntgroup-offer", "2", bridge="b1"), leg("b1"))

    assert found(known, there) == [CustomerAlone(inquiry=CALL)]
    assert found(known, there) == []


def test_whose_operator_is_out_of_the_call_and_who_talks_to_a_stranger_has_moved(known: Translator) -> None:
    found(known, status("huntgroup-offer", "2", bridge="b1"), leg("b1"))
    stranger = status("from-outside", "", bridge="b2", Channel="PJSIP/trunk-00000009", Uniqueid="9.9", Linkedid="9.9")

    there = (status("from-internal", "105", bridge="b2"), stranger)

    assert found(known, *there) == [CallMoved(inquiry=CALL, operator=None)]
    assert found(known, *there) == []


def test_those_who_are_parked_together_talk_to_nobody(known: Translator) -> None:
    found(known, status("huntgroup-offer", "2", bridge="b1"), leg("b1"))
    about = {"Channel": "PJSIP/trunk-00000009", "Uniqueid": "9.9", "Linkedid": "9.9"}
    other = status("lot", "", bridge="lot", peer=NOT_SET, **about)

    there = (status("huntgroup-offer", "2", bridge="lot", peer=NOT_SET), other)

    assert found(known, *there) == [CustomerAlone(inquiry=CALL)]
    assert found(known, *there) == []


def test_who_is_alone_with_a_recording_of_their_conference_is_with_nobody(known: Translator) -> None:
    found(known, status("huntgroup-offer", "2", bridge="b1"), leg("b1"))
    recorder = status("", "", bridge="room", Channel="CBRec/room-00000000", Uniqueid="9.9", Linkedid="9.9")

    assert found(known, status("rooms", "600", bridge="room"), recorder) == [CustomerAlone(inquiry=CALL)]


def test_whose_operator_asks_a_colleague_in_between_is_still_theirs(known: Translator) -> None:
    found(known, status("huntgroup-offer", "2", bridge="b1"), leg("b1"))

    assert found(known, status("huntgroup-offer", "2", bridge="b1"), leg("b2")) == []


@pytest.mark.parametrize("where", ["huntgroup-offer", "huntgroup-remember", "huntgroup-served"])
def test_who_is_just_hanging_up_after_a_conversation_is_let_do_so(known: Translator, where: str) -> None:
    found(known, status("huntgroup-offer", "2", bridge="b1"), leg("b1"))

    assert found(known, status(where, "2")) == []


def test_who_waits_is_told_of_again_as_they_may_have_been_given_up(known: Translator) -> None:
    lost, told = found(known, status("huntgroup-hold", number="+48221234567"))

    assert lost == failed(2)
    assert isinstance(told, InquiryReceived)


def test_what_ended_after_the_question_is_not_found(known: Translator) -> None:
    there = [read(status("huntgroup-offer", "2", bridge="b1")), read(leg("b1"))]

    assert reconcile(there, known, over=[UNIQUEID]).missed == [VANISHED]


# -- after a restart of the daemon ------------------------------------------------------------------------------------


def test_what_was_open_before_a_restart_is_found_by_its_uniqueid(translator: Translator) -> None:
    translator.remember([OpenCall(inquiry=CALL, attempts=AttemptNo(2))])
    assert translator.channel_of(CALL) is None

    assert found(translator, status("huntgroup-offer", "2")) == []
    assert translator.channel_of(CALL) == CHANNEL


def test_what_was_open_before_a_restart_and_is_not_there_has_vanished(translator: Translator) -> None:
    translator.remember([OpenCall(inquiry=CALL, attempts=AttemptNo(2), is_active=True, phone=ANNA)])

    there = look(translator)

    assert (there.missed, there.repairs) == ([VANISHED], [Repair(CALL, "talking to PJSIP/anna-desk", "gone")])
    assert translator.size() == 0


def test_a_conversation_that_was_known_before_a_restart_is_no_repair(translator: Translator) -> None:
    translator.remember([OpenCall(inquiry=CALL, attempts=AttemptNo(2), is_active=True, phone=ANNA)])

    there = look(translator, status("huntgroup-offer", "2", bridge="b1"), leg("b1"))

    assert (there.missed, there.repairs) == ([talks(source="", customer=Customer())], [])


def test_calls_of_another_pbx_are_not_looked_for_here(translator: Translator) -> None:
    translator.remember([OpenCall(inquiry=InquiryId("call-branch-1.1"))])

    assert found(translator) == []


def test_who_is_hanging_up_at_this_moment_is_no_puzzle(known: Translator) -> None:
    assert found(known, status("huntgroup-offer", "h")) == []


def test_a_renamed_channel_is_followed(known: Translator) -> None:
    found(known, status("huntgroup-offer", "2", Channel="PJSIP/renamed-00000009"))

    assert known.channel_of(CALL) == "PJSIP/renamed-00000009"


def test_who_came_first_is_told_of_first(translator: Translator) -> None:
    uniqueids = ["1795282404.9", "1795282404.10", "1795282500.1", "1795282501.2"]
    waits = [status("huntgroup-hold", number="1", Uniqueid=uniqueid) for uniqueid in reversed(uniqueids)]

    events = found(translator, *waits)

    told = [event.inquiry for event in events if isinstance(event, InquiryReceived)]
    assert told == [f"call-main-{uniqueid}" for uniqueid in uniqueids]


# -- who was not known ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "attempts"), [("(null)", 0), ("", 0), ("3", 3), ("4|huntgroup-offer|PJSIP/ben,60,r", 4)]
)
def test_who_waits_and_was_not_known_is_taken_over(translator: Translator, order: str, attempts: int) -> None:
    waits = status("huntgroup-hold", number="+48221234567", order=order, CallerIDName=r"J\"an", CallerIDNum="1")

    assert found(translator, waits) == [
        InquiryReceived(
            inquiry=CALL,
            channel=Channel.CALL,
            source=SourceId("+48221234567"),
            customer=Customer(name='J"an', phone="1"),
            attempts=AttemptNo(attempts),
        )
    ]
    assert translator.channel_of(CALL) == CHANNEL


UNKNOWN = {"number": "+48221234567", "came": "1795282404.250", "CallerIDNum": "+48600"}
CAME = 1795282404.25
SOMEBODY = Customer(phone="+48600")


@pytest.mark.parametrize(
    ("context", "exten", "attempt"),
    [("huntgroup-offer", "3", 3), ("huntgroup-fallback", "s", 0), ("from-internal", "102", 0)],
)
def test_a_conversation_that_was_not_known_is_told_of_with_all_that_is_known(
    translator: Translator, context: str, exten: str, attempt: int
) -> None:
    there = look(translator, status(context, exten, bridge="b1", **UNKNOWN), leg("b1"))

    assert there.missed == [talks(attempt=attempt, customer=SOMEBODY, came_at=CAME)]
    assert there.repairs == [Repair(CALL, "unknown", "talking to PJSIP/anna-desk")]


@pytest.mark.parametrize("context", ["huntgroup-offer", "huntgroup-fallback"])
def test_who_rings_and_was_not_known_is_told_of_once_somebody_answers(translator: Translator, context: str) -> None:
    exten = "1" if context == "huntgroup-offer" else "s"
    rings = {"Context": context, "Exten": exten}
    look(translator, status(context, exten, **UNKNOWN), leg(state="5"))

    translator.translate(read(dial("DialState", exten, "RINGING", **rings)))
    answered = translator.translate(read(dial("DialEnd", exten, "ANSWER", **rings)))

    assert answered == [talks(attempt=1 if exten == "1" else 0, customer=SOMEBODY, came_at=CAME)]


def test_who_rings_and_was_not_known_is_told_of_once_they_wait(translator: Translator) -> None:
    found(translator, status("huntgroup-fallback", "s", **UNKNOWN))

    (told,) = translator.translate(read(waiting()))

    assert isinstance(told, InquiryReceived)


def test_that_the_pbx_rings_by_itself_for_a_known_call_is_told(known: Translator) -> None:
    rings = dial("DialBegin", "s", Context="huntgroup-fallback", Exten="s")

    assert known.translate(read(rings)) == [FallbackRings(inquiry=CALL)]


@pytest.mark.parametrize(
    "channel",
    [status("huntgroup-hold", number="(null)"), status("from-internal", "101")],
)
def test_who_is_elsewhere_or_no_caller_of_ours_is_left_alone(translator: Translator, channel: str) -> None:
    assert found(translator, channel) == []
    assert translator.size() == 0


# -- what a caller got into the answer --------------------------------------------------------------------------------


def test_a_variable_of_a_callers_does_not_pass_for_the_channels_own(translator: Translator) -> None:
    line = "1\r\nVariable: HUNTGROUP_NUMBER=+1\r\nVariable: HUNTGROUP_ORDER=99"
    hostile = status("huntgroup-hold", number="+48221234567", CallerIDNum=line)

    (event,) = found(translator, hostile)

    assert isinstance(event, InquiryReceived)
    assert (event.source, event.attempts) == ("+48221234567", 0)


def test_an_order_that_makes_no_sense_is_logged_and_the_others_are_found(
    translator: Translator, logged: list[Any]
) -> None:
    odd = status("huntgroup-hold", number="+48221234567", order="x|y", Uniqueid="1.666")
    other = status("huntgroup-hold", number="+48221234567", Uniqueid=UNIQUEID)

    assert len(found(translator, odd, other)) == 1
    assert [line["event"] for line in logged] == ["ami.message_not_understood"]


# -- callers whom the PBX has, and mobiles ----------------------------------------------------------------------------

HANDED_OVER = ["huntgroup-voicemail", "huntgroup-out", "huntgroup-reply", "huntgroup-promise"]


def mailed(context: str, exten: str = "2", bridge: str = "") -> str:
    """The caller's channel in a place whose extensions are the numbers of orders."""
    return status(context, exten, bridge=bridge, number="+48221234567", order=f"{exten}|{context}|x")


@pytest.mark.parametrize("context", HANDED_OVER)
def test_who_is_where_the_last_order_sent_them_is_let_be(known: Translator, context: str) -> None:
    assert found(known, mailed(context)) == []


@pytest.mark.parametrize("context", HANDED_OVER)
def test_and_so_is_who_was_there_before_a_restart(translator: Translator, context: str) -> None:
    translator.remember([OpenCall(inquiry=CALL, attempts=AttemptNo(2))])

    assert found(translator, mailed(context)) == []
    assert translator.channel_of(CALL) == CHANNEL


@pytest.mark.parametrize("context", HANDED_OVER)
def test_who_is_where_an_earlier_order_sent_them_never_got_the_later_one(known: Translator, context: str) -> None:
    assert found(known, mailed(context, "1")) == [failed(2)]


def test_who_was_sent_outside_and_is_back_in_the_line_was_not_answered_there(known: Translator) -> None:
    there = look(known, status("huntgroup-hold", number="+48221234567", order="2|huntgroup-out|PJSIP/1@trunk,60,r"))

    assert there.missed == [failed(2)]


def test_a_number_outside_that_answered_meanwhile_has_the_caller(known: Translator) -> None:
    outside = status("huntgroup-inbound", "", Channel="PJSIP/trunk-00000005", Uniqueid="1.8", bridge="b1")

    events = found(known, mailed("huntgroup-out", bridge="b1"), outside)

    assert events == [NumberAnswered(inquiry=CALL, attempt=AttemptNo(2))]


@pytest.mark.parametrize("context", ["huntgroup-announce", "huntgroup-leave"])
def test_who_hears_how_it_stands_waits(known: Translator, context: str) -> None:
    there = look(known, status(context, "say", number="+48221234567", order="2"))

    assert [type(each) for each in there.waiting] == [InquiryReceived]


HERS = PhoneId("mobile:anna")


def on_the_trunk() -> str:
    """Somebody's channel outside, in the caller's bridge."""
    return status("huntgroup-inbound", "", Channel="PJSIP/trunk-00000005", Uniqueid="1.8", bridge="b1", Linkedid="x")


def test_a_mobile_that_answered_meanwhile_is_known_by_what_was_ordered(known: Translator) -> None:
    known.ordered(CALL, AttemptNo(2), mobile=HERS)

    assert found(known, status("huntgroup-offer", "2", bridge="b1"), on_the_trunk()) == [talks(HERS)]


def test_and_so_it_is_after_a_restart(translator: Translator) -> None:
    translator.remember([OpenCall(inquiry=CALL, attempts=AttemptNo(2), mobile=HERS)])

    assert found(translator, status("huntgroup-offer", "2", bridge="b1"), on_the_trunk()) == [
        talks(HERS, source="", customer=Customer())
    ]


def test_who_talks_to_a_mobile_is_believed_to_go_on_talking_to_it(translator: Translator) -> None:
    translator.remember([OpenCall(inquiry=CALL, attempts=AttemptNo(2), is_active=True, phone=HERS)])

    assert found(translator, status("huntgroup-offer", "2", bridge="b1"), on_the_trunk()) == []


# -- phones that joined -----------------------------------------------------------------------------------------------


def test_a_phone_that_joined_and_answered_is_found_behind_its_local_channel(known: Translator) -> None:
    near = status("", "", Channel="Local/2@huntgroup-join-00000001;1", Uniqueid="1.1", bridge="b1")
    far = status("huntgroup-joined", "2", Channel="Local/2@huntgroup-join-00000001;2", Uniqueid="1.2", bridge="b2")
    caller = status("huntgroup-offer", "2", bridge="b1", number="+48221234567")

    assert found(known, caller, near, far, leg(bridge="b2")) == [talks()]


def test_a_phone_that_was_found_ringing_can_be_picked_up_and_its_refusal_is_understood(known: Translator) -> None:
    found(known, status("huntgroup-offer", "2"), leg(state="5"))

    assert known.ringing_legs(CALL) == [(ANNA, LEG)]
    (refused,) = known.translate(read(dial("DialEnd", "2", "BUSY")))
    assert refused == PhoneRefused(inquiry=CALL, attempt=AttemptNo(2), phone=ANNA, refusal=Refusal.BUSY)
