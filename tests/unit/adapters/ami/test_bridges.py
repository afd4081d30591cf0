"""Who enters which bridge, and who hangs up: what follows for a conversation, in the order that Asterisk has."""

import pytest
from tests.unit.adapters.ami.messages import (
    CHANNEL,
    INQUIRY,
    LEG,
    OUTSIDE_LEG,
    UNIQUEID,
    dial,
    enters,
    hangup,
    read,
    waiting,
)

from huntgroup.adapters.ami.translate import Translator
from huntgroup.engine.events import ConversationFound, CustomerAlone, CustomerLeft, Event
from huntgroup.engine.ids import AttemptNo, InquiryId

CALL = InquiryId(INQUIRY)
ANNA, ANNAS_SECOND, BEN, STRANGER = "1.76", "1.80", "1.81", "1.90"
SECOND_LEG, BENS_LEG = "PJSIP/anna-desk-00000009", "PJSIP/ben-00000003"
ALONE = CustomerAlone(inquiry=CALL)
AMONG_STRANGERS = CustomerAlone(inquiry=CALL, is_among_strangers=True)


@pytest.fixture
def talking(translator: Translator) -> Translator:
    """One that knows of a caller who talks to anna."""
    tell(translator, waiting())
    translator.ordered(CALL, AttemptNo(1))
    tell(translator, dial("DialBegin", "1"), dial("DialEnd", "1", "ANSWER"))
    assert tell(translator, enters("b1", LEG, ANNA), enters("b1")) == []
    return translator


def tell(translator: Translator, *texts: str) -> list[Event]:
    """What follows from these messages."""
    return [event for text in texts for event in translator.translate(read(text))]


def with_phones(events: list[Event]) -> list[str]:
    """The phones of which it is told that a conversation is with them."""
    return [event.phone for event in events if isinstance(event, ConversationFound)]


def gone(channel: str, uniqueid: str) -> str:
    return hangup(channel, uniqueid)


def test_an_end_that_the_operator_brings_about_is_told_of_as_such(talking: Translator) -> None:
    assert tell(talking, gone(LEG, ANNA), hangup()) == [ALONE, CustomerLeft(inquiry=CALL)]
    assert talking.size() == 0


def test_an_end_that_the_caller_brings_about_is_theirs_alone(talking: Translator) -> None:
    assert tell(talking, hangup(), gone(LEG, ANNA)) == [CustomerLeft(inquiry=CALL)]
    assert talking.size() == 0


def test_the_caller_may_enter_the_bridge_first(translator: Translator) -> None:
    tell(translator, waiting(), dial("DialBegin", "1"), dial("DialEnd", "1", "ANSWER"))

    assert tell(translator, enters("b1"), enters("b1", LEG, ANNA)) == []
    assert tell(translator, gone(LEG, ANNA)) == [ALONE]


def test_a_blind_transfer(talking: Translator) -> None:
    assert tell(talking, gone(LEG, ANNA)) == [ALONE]
    assert with_phones(tell(talking, enters("b2", BENS_LEG, BEN), enters("b2"))) == ["PJSIP/ben"]
    assert tell(talking, gone(BENS_LEG, BEN)) == [ALONE]


def test_an_attended_transfer_in_which_the_caller_takes_the_place_of_who_asked(talking: Translator) -> None:
    assert tell(talking, enters("b2", BENS_LEG, BEN), enters("b2", SECOND_LEG, ANNAS_SECOND)) == []

    assert with_phones(tell(talking, enters("b2", swaps=ANNAS_SECOND))) == ["PJSIP/ben"]
    assert tell(talking, gone(LEG, ANNA), gone(SECOND_LEG, ANNAS_SECOND)) == []


def test_who_takes_the_place_of_a_caller_in_conversation_is_the_caller(talking: Translator) -> None:
    """Somebody asked for a group, and passed on who had waited for it."""
    assert tell(talking, enters("b1", OUTSIDE_LEG, STRANGER, swaps=UNIQUEID), hangup()) == []
    assert talking.channel_of(CALL) == OUTSIDE_LEG

    assert tell(talking, gone(LEG, ANNA)) == [ALONE]
    assert with_phones(tell(talking, enters("b2", BENS_LEG, BEN), enters("b2", OUTSIDE_LEG, STRANGER))) == ["PJSIP/ben"]
    assert tell(talking, gone(BENS_LEG, BEN), gone(OUTSIDE_LEG, STRANGER)) == [ALONE, CustomerLeft(inquiry=CALL)]
    assert talking.size() == 0


def test_so_is_one_whose_phone_is_ours(talking: Translator) -> None:
    assert tell(talking, enters("b1", BENS_LEG, BEN, swaps=UNIQUEID), hangup()) == []
    assert tell(talking, gone(BENS_LEG, BEN)) == [CustomerLeft(inquiry=CALL)]


LOCAL_ONE, LOCAL_TWO = "Local/600@house-00000001;1", "Local/600@house-00000001;2"


@pytest.fixture
def by_a_local_channel(translator: Translator) -> Translator:
    """One that knows of somebody who came by a Local channel and talks to anna behind it."""
    tell(translator, enters("b0", OUTSIDE_LEG, STRANGER), enters("b0", LOCAL_ONE, "1.101"))
    tell(translator, waiting(Channel=LOCAL_TWO))
    tell(translator, dial("DialBegin", "1", Channel=LOCAL_TWO), dial("DialEnd", "1", "ANSWER", Channel=LOCAL_TWO))
    assert tell(translator, enters("b1", LEG, ANNA), enters("b1", LOCAL_TWO, UNIQUEID)) == []
    return translator


def test_a_caller_whose_local_channel_is_dropped_is_followed_to_who_was_behind_it(
    by_a_local_channel: Translator,
) -> None:
    told = tell(
        by_a_local_channel,
        enters("b1", OUTSIDE_LEG, STRANGER, swaps=UNIQUEID),
        gone(LOCAL_TWO, UNIQUEID),
        gone(LOCAL_ONE, "1.101"),
    )

    assert told == []
    assert tell(by_a_local_channel, gone(OUTSIDE_LEG, STRANGER)) == [CustomerLeft(inquiry=CALL)]


def test_also_where_it_is_the_operator_who_comes_to_them(by_a_local_channel: Translator) -> None:
    told = tell(
        by_a_local_channel,
        enters("b0", LEG, ANNA, swaps="1.101"),
        gone(LOCAL_TWO, UNIQUEID),
        gone(LOCAL_ONE, "1.101"),
    )

    assert not [each for each in told if isinstance(each, CustomerLeft)]
    assert by_a_local_channel.channel_of(CALL) == OUTSIDE_LEG
    assert tell(by_a_local_channel, gone(LEG, ANNA)) == [ALONE]


def test_an_attended_transfer_in_which_the_colleague_comes_to_the_caller(talking: Translator) -> None:
    tell(talking, enters("b2", BENS_LEG, BEN), enters("b2", SECOND_LEG, ANNAS_SECOND))

    assert with_phones(tell(talking, enters("b1", BENS_LEG, BEN, swaps=ANNA))) == ["PJSIP/ben"]


def test_while_their_operator_asks_somebody_in_another_bridge_the_caller_is_theirs(talking: Translator) -> None:
    assert tell(talking, enters("b2", BENS_LEG, BEN), enters("b2", LEG, ANNA)) == []
    assert tell(talking, enters("b1", LEG, ANNA)) == []


def test_a_third_in_the_bridge_has_the_caller_once_their_operator_is_gone(talking: Translator) -> None:
    assert tell(talking, enters("b1", BENS_LEG, BEN)) == []
    assert with_phones(tell(talking, gone(LEG, ANNA))) == ["PJSIP/ben"]


def test_a_caller_with_a_stranger_is_told_of_once_and_again_when_they_are_alone(talking: Translator) -> None:
    tell(talking, gone(LEG, ANNA))

    assert tell(talking, enters("b2", OUTSIDE_LEG, STRANGER), enters("b2")) == [AMONG_STRANGERS]
    assert tell(talking, gone(OUTSIDE_LEG, STRANGER)) == [ALONE]


def test_in_a_parking_lot_nobody_talks_to_anybody(talking: Translator) -> None:
    tell(talking, enters("lot", OUTSIDE_LEG, STRANGER, kind="holding_bridge"))

    assert tell(talking, enters("lot", kind="holding_bridge"), gone(LEG, ANNA)) == [ALONE]
    assert with_phones(tell(talking, enters("b3", LEG, "1.99"), enters("b3"))) == ["PJSIP/anna-desk"]


@pytest.mark.parametrize("name", ["CBAnn/room-00000000;2", "CBRec/room-00000000", "Recorder/ARI-00000001;2"])
def test_what_announces_and_records_in_a_conference_is_nobody(talking: Translator, name: str) -> None:
    tell(talking, gone(LEG, ANNA), enters("room", name, "1.98", kind="softmix"))

    assert tell(talking, enters("room", kind="softmix")) == []
    assert tell(talking, enters("room", OUTSIDE_LEG, STRANGER, kind="softmix")) == [AMONG_STRANGERS]


def test_a_caller_cannot_say_that_somebody_gave_up_their_place_to_them(talking: Translator) -> None:
    forged = enters("b9", OUTSIDE_LEG, STRANGER).replace("Language: en", f"SwapUniqueid: {ANNA}\r\nLanguage: en")
    assert ANNA in forged

    assert tell(talking, forged) == []
    assert talking.bridges.lives(ANNA)


def test_local_channels_join_who_is_at_their_other_end(talking: Translator) -> None:
    tell(talking, gone(LEG, ANNA))
    one, two = "Local/102@house-00000001;1", "Local/102@house-00000001;2"

    assert tell(talking, enters("b2", one, "1.101"), enters("b2")) == []
    assert with_phones(tell(talking, enters("b3", two, "1.102"), enters("b3", BENS_LEG, BEN))) == ["PJSIP/ben"]
    assert tell(talking, enters("b2", BENS_LEG, BEN, swaps="1.101"), gone(one, "1.101"), gone(two, "1.102")) == []
    assert tell(talking, gone(BENS_LEG, BEN)) == [ALONE]


def test_who_is_put_where_a_phone_rings_for_somebody_else_is_theirs_by_the_bridge_and_not_by_the_answer(
    talking: Translator,
) -> None:
    tell(talking, gone(LEG, ANNA))

    assert tell(talking, dial("DialEnd", "1", "ANSWER", leg=BENS_LEG)) == []
    assert with_phones(tell(talking, enters("b2", BENS_LEG, BEN), enters("b2"))) == ["PJSIP/ben"]


def test_bridges_of_others_mean_nothing_and_leave_nothing(translator: Translator) -> None:
    there = (enters("b9", OUTSIDE_LEG, STRANGER), enters("b9", LEG, ANNA), gone(OUTSIDE_LEG, STRANGER), gone(LEG, ANNA))

    assert tell(translator, *there) == []
    assert translator.size() == 0


def test_who_comes_to_a_line_of_ours_from_a_conversation_waits_there(talking: Translator) -> None:
    arrived = tell(talking, waiting("+48221234568"), gone(LEG, ANNA))

    assert [type(event).__name__ for event in arrived] == ["InquiryReceived"]
    assert talking.channel_of(CALL) == CHANNEL
    assert UNIQUEID in CALL


# -- nobody heard the answer ------------------------------------------------------------------------------------------


def test_who_is_joined_to_a_caller_has_answered_even_if_nobody_heard_the_answer(translator: Translator) -> None:
    tell(translator, waiting())
    translator.ordered(CALL, AttemptNo(1))
    tell(translator, dial("DialBegin", "1"))

    assert tell(translator, enters("b1", LEG, ANNA)) == []
    (found,) = tell(translator, enters("b1"))

    assert isinstance(found, ConversationFound)
    assert (found.phone, found.attempt, found.is_told_again) == ("PJSIP/anna-desk", 1, False)
    assert tell(translator, gone(LEG, ANNA)) == [ALONE]


def test_even_if_it_is_who_had_the_caller_before(talking: Translator) -> None:
    tell(talking, gone(LEG, ANNA), waiting())
    talking.ordered(CALL, AttemptNo(2))
    tell(talking, dial("DialBegin", "2", leg=SECOND_LEG))

    assert with_phones(tell(talking, enters("b2", SECOND_LEG, ANNAS_SECOND), enters("b2"))) == ["PJSIP/anna-desk"]


def test_a_caller_who_is_sent_elsewhere_is_with_nobody_of_the_conversation_that_they_come_from(
    talking: Translator,
) -> None:
    tell(talking, enters("b1", BENS_LEG, BEN))
    talking.ordered(CALL, AttemptNo(2))
    talking.redirected(CALL)

    assert tell(talking, gone(LEG, ANNA)) == []


def test_a_caller_who_waits_again_is_with_nobody_of_the_conversation_that_they_come_from(talking: Translator) -> None:
    tell(talking, enters("b1", BENS_LEG, BEN), waiting())

    assert tell(talking, gone(LEG, ANNA), enters("b1", SECOND_LEG, ANNAS_SECOND)) == []
