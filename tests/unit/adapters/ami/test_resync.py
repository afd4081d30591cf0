"""What is found at the PBX, and what must have happened meanwhile."""

from typing import Any

import pytest
from tests.unit.adapters.ami.messages import CHANNEL, INQUIRY, LEG, UNIQUEID, dial, read, status, waiting

from huntgroup.adapters.ami.resync import reconcile, status_action
from huntgroup.adapters.ami.translate import Translator
from huntgroup.adapters.ami.wire import parse
from huntgroup.engine.events import (
    AttemptFailed,
    Customer,
    CustomerLeft,
    Departure,
    Event,
    InquiryReceived,
    PhoneAnswered,
)
from huntgroup.engine.ids import AttemptNo, InquiryId, PhoneId, SourceId
from huntgroup.engine.policy import Channel

CALL = InquiryId(INQUIRY)
ANNA = PhoneId("PJSIP/anna-desk")
VANISHED = CustomerLeft(inquiry=CALL, departure=Departure.VANISHED)
ANSWERED = PhoneAnswered(inquiry=CALL, attempt=AttemptNo(2), phone=ANNA)


def failed(attempt: int) -> AttemptFailed:
    """The attempt came to nothing."""
    return AttemptFailed(inquiry=CALL, attempt=AttemptNo(attempt), detail="the link to the PBX was lost")


def found(translator: Translator, *channels: str) -> list[Event]:
    """What follows from an answer to Status with these channels."""
    missed, waiting = reconcile([message for text in channels if (message := parse(text.encode()))], translator)
    assert not [event for event in missed if isinstance(event, InquiryReceived)]
    return [*missed, *waiting]


def leg(bridge: str = "", channel: str = LEG) -> str:
    """A phone's channel."""
    return status("lab-phones", "", Channel=channel, Uniqueid="1795282404.76", bridge=bridge)


@pytest.fixture
def known(translator: Translator) -> Translator:
    """It knows of one call, whose second attempt was ordered last."""
    translator.translate(read(waiting()))
    translator.ordered(CALL, AttemptNo(2))
    return translator


async def test_the_pbx_is_asked_with_what_the_manager_user_may() -> None:
    assert dict(status_action())["Action"] == "Status"


def test_who_is_not_there_has_vanished(known: Translator) -> None:
    assert found(known) == [VANISHED]
    assert known.size() == 0


def test_who_talks_to_a_phone_of_ours_was_answered_meanwhile(known: Translator) -> None:
    assert found(known, status("huntgroup-offer", "2", bridge="b1"), leg("b1")) == [ANSWERED]


def test_who_was_answered_before_is_not_answered_again(known: Translator) -> None:
    known.translate(read(dial("DialBegin", "2")))
    known.translate(read(dial("DialEnd", "2", "ANSWER")))

    assert found(known, status("huntgroup-offer", "2", bridge="b1"), leg("b1")) == []
    assert known.leg_channel(CALL, AttemptNo(2), ANNA) == LEG


def test_who_was_found_answered_once_is_not_found_so_again(known: Translator) -> None:
    there = (status("huntgroup-offer", "2", bridge="b1"), leg("b1"))

    assert [found(known, *there), found(known, *there)] == [[ANSWERED], []]


def test_who_is_rung_for_anew_after_an_answer_can_be_answered_anew(known: Translator) -> None:
    found(known, status("huntgroup-offer", "2", bridge="b1"), leg("b1"))

    known.ordered(CALL, AttemptNo(3))

    assert found(known, status("huntgroup-offer", "3", bridge="b1"), leg("b1")) == [
        PhoneAnswered(inquiry=CALL, attempt=AttemptNo(3), phone=ANNA)
    ]


@pytest.mark.parametrize(
    "others", [(leg("b2"),), (leg("b1", channel="PJSIP/trunk-00000009"),), ()], ids=["elsewhere", "foreign", "nobody"]
)
def test_who_is_in_a_bridge_without_a_phone_of_ours_was_not_answered(
    known: Translator, others: tuple[str, ...]
) -> None:
    assert found(known, status("huntgroup-offer", "2", bridge="b1"), *others) == []


def test_an_operator_who_calls_in_is_not_their_own_answer(translator: Translator) -> None:
    translator.translate(read(waiting(Channel="PJSIP/ben-00000001")))
    translator.ordered(CALL, AttemptNo(2))

    assert found(translator, status("huntgroup-offer", "2", bridge="b1", Channel="PJSIP/ben-00000001"), leg("b1")) == [
        ANSWERED
    ]


@pytest.mark.parametrize("context", ["huntgroup-hold", "huntgroup-inbound", "huntgroup-offer-over"])
def test_who_waits_again_was_not_answered(known: Translator, context: str) -> None:
    assert found(known, status(context)) == [failed(2)]


def test_who_waits_and_for_whom_nothing_was_ordered_just_waits(translator: Translator) -> None:
    translator.translate(read(waiting()))

    assert found(translator, status("huntgroup-hold")) == []


def test_who_rings_a_phone_goes_on_ringing_it(known: Translator) -> None:
    assert found(known, status("huntgroup-offer", "2"), leg()) == []


def test_who_rings_an_earlier_attempt_never_got_the_later_one(known: Translator) -> None:
    assert found(known, status("huntgroup-offer", "1"), leg()) == [failed(2)]


def test_who_is_rung_for_by_the_fallback_is_taken_from_it(known: Translator) -> None:
    assert found(known, status("huntgroup-fallback", "s")) == [failed(2)]


def test_whom_the_fallback_got_answered_is_let_be(known: Translator) -> None:
    assert found(known, status("huntgroup-fallback", "s", bridge="b1"), leg("b1")) == [VANISHED]
    assert known.size() == 0


def test_who_was_transferred_somewhere_else_is_let_be(known: Translator) -> None:
    assert found(known, status("from-internal", "105", bridge="b1"), leg("b1")) == []


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


@pytest.mark.parametrize(
    "channel",
    [
        status("huntgroup-offer", "1", number="+48221234567", order="1|huntgroup-offer|PJSIP/ben,60,r"),
        status("huntgroup-fallback", "s", number="+48221234567"),
        status("huntgroup-hold", number="(null)"),
        status("from-internal", "101"),
    ],
)
def test_who_is_elsewhere_or_no_caller_of_ours_is_left_alone(translator: Translator, channel: str) -> None:
    assert found(translator, channel) == []
    assert translator.size() == 0


# -- what a caller got into the answer --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "number",
    [
        "1\r\n\r\nEvent: Status\r\nChannel: PJSIP/victim-00000001",
        "1\r\n\r\nEvent: Status\r\nPrivilege: Call\r\nChannel: PJSIP/victim-00000001",
        "1\r\n\r\nEvent: StatusComplete\r\nEventList: Complete\r\n\r\n",
        "1\r\nUniqueid: 1.1",
    ],
)
def test_lines_of_a_callers_in_the_answer_are_refused_and_the_others_are_found(
    translator: Translator, logged: list[Any], number: str
) -> None:
    hostile = status("huntgroup-hold", number="+48221234567", CallerIDNum=number, Uniqueid="1.666")
    other = status("huntgroup-hold", number="+48221234567")

    events = found(translator, *hostile.split("\r\n\r\n"), other)

    assert [event.inquiry for event in events if isinstance(event, InquiryReceived)] == [CALL]
    assert {line["event"] for line in logged} == {"ami.message_refused"}


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
