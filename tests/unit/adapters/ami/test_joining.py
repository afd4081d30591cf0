"""Phones that join a Dial which rings already: what is sent, and whose answer counts."""

from collections.abc import Sequence

import pytest
from tests.unit.adapters.ami.conftest import PHONES
from tests.unit.adapters.ami.messages import INQUIRY, UNIQUEID, dial, hangup, joinable, read, status, waiting

from huntgroup.adapters.ami.calls import OpenCall
from huntgroup.adapters.ami.joining import Joiner, Joining
from huntgroup.adapters.ami.resync import reconcile
from huntgroup.adapters.ami.translate import Translator
from huntgroup.adapters.ami.wire import SafeAction
from huntgroup.engine.events import (
    ConversationFound,
    CustomerLeft,
    Event,
    PhoneAnswered,
    PhoneRang,
    PhoneRefused,
    Refusal,
)
from huntgroup.engine.ids import AttemptNo, InquiryId, PbxId, PhoneId

CALL, FIRST, SECOND = InquiryId(INQUIRY), AttemptNo(1), AttemptNo(2)
ANNA, BEN = PHONES
BENS_LEG = "PJSIP/ben-00000004"
NEAR = "Local/1@huntgroup-join-00000000;1"
FAR, FARS = "Local/1@huntgroup-join-00000000;2", "1795294133.16"
NEXT_NEAR = "Local/1@huntgroup-join-00000001;1"
NEXT_FAR, NEXT_FARS = "Local/1@huntgroup-join-00000001;2", "1795294136.29"


class House:
    """A translator with a call that rings at Anna, and what was sent to join it."""

    def __init__(self) -> None:
        self.sent: list[SafeAction] = []
        self.joining = Joining(self.sent.extend)
        self.translator = Translator(PbxId("main"), PHONES, joining=self.joining)
        self.says(waiting())
        self.translator.ordered(CALL, FIRST, may_be_joined=True)
        self.says(dial("DialBegin", "1"), dial("DialBegin", "1", leg=NEAR))

    def says(self, *texts: str) -> list[Event]:
        """Asterisk says these; what they mean."""
        return [event for text in texts for event in self.translator.translate(read(text))]

    def orders(self) -> Sequence[tuple[str, str, str]]:
        """What was sent: the action, its channel, and the value or the place."""
        return [
            (action["action"], action["channel"], action.get("value") or f"{action['context']},{action['exten']}")
            for action in self.sent
        ]


@pytest.fixture
async def house() -> House:
    """In a loop, which actions need."""
    return House()


def behind(text: str, attempt: str = "1", status: str = "", leg: str = BENS_LEG, far: str = FAR) -> str:
    """Dial's word about a leg at the far end of a Local channel."""
    uniqueid = FARS if far == FAR else NEXT_FARS
    return dial(text, attempt, status, leg=leg, Channel=far, Uniqueid=uniqueid, Context="huntgroup-joined")


BEN_JOINS = [
    ("Setvar", FAR, f"{BEN}&Local/1@huntgroup-join"),
    ("Redirect", FAR, "huntgroup-joined,1"),
]


async def test_who_joins_is_dialled_where_the_far_end_waits(house: House) -> None:
    house.says(joinable("1", FAR, FARS))

    house.joining.join(CALL, FIRST, Joiner([BEN], [BEN]))

    assert house.orders() == BEN_JOINS


async def test_who_joins_before_the_far_end_is_there_is_dialled_once_it_is(house: House) -> None:
    house.joining.join(CALL, FIRST, Joiner([BEN], [BEN]))
    assert house.sent == []

    house.says(joinable("1", FAR, FARS))

    assert house.orders() == BEN_JOINS


async def test_a_far_end_is_used_once_and_the_next_one_for_the_next(house: House) -> None:
    house.says(joinable("1", FAR, FARS))
    house.joining.join(CALL, FIRST, Joiner([BEN], [BEN]))
    house.joining.join(CALL, FIRST, Joiner([ANNA], [ANNA]))
    assert house.orders() == BEN_JOINS

    house.says(joinable("1", NEXT_FAR, NEXT_FARS))

    assert [channel for _, channel, _ in house.orders()] == [FAR, FAR, NEXT_FAR, NEXT_FAR]


async def test_nobody_joins_an_attempt_that_is_over(house: House) -> None:
    house.says(joinable("1", FAR, FARS))
    house.translator.ordered(CALL, SECOND, may_be_joined=True)

    house.joining.join(CALL, FIRST, Joiner([BEN], [BEN]))
    house.joining.join(CALL, SECOND, Joiner([BEN], [BEN]))
    house.says(joinable("1", NEXT_FAR, NEXT_FARS))

    assert house.sent == []


@pytest.mark.parametrize("caller", ["1.99", "", f"{UNIQUEID};1"])
async def test_a_far_end_of_no_call_of_ours_is_left_alone(house: House, caller: str) -> None:
    known = house.translator.size()

    house.says(joinable("1", FAR, FARS, caller=caller))

    assert house.translator.size() == known


async def test_a_joiner_whose_phone_dial_cannot_ask_for_is_unreachable_at_once(house: House) -> None:
    house.says(joinable("1", FAR, FARS))
    house.joining.join(CALL, FIRST, Joiner([BEN, ANNA], [BEN, ANNA]))

    assert house.says(behind("DialBegin"), behind("DialBegin", leg=NEXT_NEAR)) == [
        PhoneRefused(inquiry=CALL, attempt=FIRST, phone=ANNA, refusal=Refusal.UNREACHABLE)
    ]
    assert house.says(behind("DialState", status="RINGING")) == [PhoneRang(inquiry=CALL, attempt=FIRST, phone=BEN)]


async def test_whether_a_joiner_was_dialled_is_unknown_behind_a_link_that_was_lost(house: House) -> None:
    house.says(joinable("1", FAR, FARS))
    house.joining.join(CALL, FIRST, Joiner([BEN], [BEN]))
    house.joining.link_lost()

    assert house.says(behind("DialBegin", leg=NEXT_NEAR)) == []


async def test_what_a_joined_phone_does_is_about_the_callers_attempt(house: House) -> None:
    house.says(joinable("1", FAR, FARS))

    assert house.says(behind("DialBegin"), behind("DialState", status="RINGING")) == [
        PhoneRang(inquiry=CALL, attempt=FIRST, phone=BEN)
    ]
    assert house.says(behind("DialEnd", status="BUSY")) == [
        PhoneRefused(inquiry=CALL, attempt=FIRST, phone=BEN, refusal=Refusal.BUSY)
    ]


async def test_its_answer_counts_once_the_callers_own_dial_says_so(house: House) -> None:
    house.says(joinable("1", FAR, FARS), behind("DialBegin"))

    assert house.says(behind("DialEnd", status="ANSWER")) == []
    assert house.says(dial("DialEnd", "1", "ANSWER", leg=NEAR)) == [
        PhoneAnswered(inquiry=CALL, attempt=FIRST, phone=BEN)
    ]


async def test_an_answer_that_another_phone_forestalled_does_not_count(house: House) -> None:
    house.says(joinable("1", FAR, FARS), behind("DialBegin"), behind("DialEnd", status="ANSWER"))

    answered = house.says(dial("DialEnd", "1", "ANSWER"), dial("DialEnd", "1", "CANCEL", leg=NEAR))

    assert answered == [PhoneAnswered(inquiry=CALL, attempt=FIRST, phone=ANNA)]


async def test_an_answer_two_joints_away_comes_all_the_way_up(house: House) -> None:
    house.says(joinable("1", FAR, FARS), behind("DialBegin", leg=NEXT_NEAR), joinable("1", NEXT_FAR, NEXT_FARS))

    on_its_way = house.says(
        behind("DialEnd", status="ANSWER", far=NEXT_FAR), behind("DialEnd", status="ANSWER", leg=NEXT_NEAR)
    )

    assert on_its_way == []
    assert house.says(dial("DialEnd", "1", "ANSWER", leg=NEAR)) == [
        PhoneAnswered(inquiry=CALL, attempt=FIRST, phone=BEN)
    ]


async def test_who_answered_is_known_although_the_local_channel_is_gone_already(house: House) -> None:
    house.says(joinable("1", FAR, FARS), behind("DialEnd", status="ANSWER"), hangup(FAR, FARS))

    assert house.says(dial("DialEnd", "1", "ANSWER", leg=NEAR)) == [
        PhoneAnswered(inquiry=CALL, attempt=FIRST, phone=BEN)
    ]


async def test_a_leg_picked_up_from_who_joined_is_whose_phone_took_it(house: House) -> None:
    house.says(joinable("1", FAR, FARS), behind("DialBegin"))

    house.says(hangup(BENS_LEG, "1.77", cause="26"), behind("DialEnd", status="ANSWER", leg="PJSIP/cleo-00000009"))

    assert house.says(dial("DialEnd", "1", "ANSWER", leg=NEAR)) == [
        PhoneAnswered(inquiry=CALL, attempt=FIRST, phone=PhoneId("PJSIP/cleo"))
    ]


async def test_a_far_end_that_hung_up_is_not_used(house: House) -> None:
    house.says(joinable("1", FAR, FARS), hangup(FAR, FARS))

    house.joining.join(CALL, FIRST, Joiner([BEN], [BEN]))

    assert house.sent == []


# -- the daemon, or its link, was away meanwhile ----------------------------------------------------------------------


def there(channel: str, uniqueid: str, context: str = "huntgroup-joined", attempt: str = "1") -> str:
    """A far end that Status lists."""
    return status(context, attempt, Channel=channel, Uniqueid=uniqueid, caller=UNIQUEID)


def comes_back(house: House, *far_ends: str) -> None:
    """To a caller for whom the attempt still rings, and to these far ends."""
    rings = status("huntgroup-offer", "1", number="+48221234567", order="1|huntgroup-offer|…")
    reconcile([read(text) for text in (rings, *far_ends)], house.translator)


@pytest.fixture
async def returned() -> House:
    """One that has been told by its journal that the attempt rings, and of no far end."""
    house = House()
    house.joining = Joining(house.sent.extend)
    house.translator = Translator(PbxId("main"), PHONES, joining=house.joining)
    house.translator.remember([OpenCall(inquiry=CALL, attempts=FIRST)])
    return house


async def test_the_answer_of_who_joined_before_it_came_back_counts_when_the_callers_dial_says_so(
    returned: House,
) -> None:
    comes_back(returned, there(FAR, FARS))

    assert returned.says(behind("DialEnd", status="ANSWER")) == []
    assert returned.says(dial("DialEnd", "1", "ANSWER", leg=NEAR)) == [
        PhoneAnswered(inquiry=CALL, attempt=FIRST, phone=BEN)
    ]
    assert returned.says(hangup()) == [CustomerLeft(inquiry=CALL)]
    assert returned.translator.size() == 0


async def test_so_does_the_answer_two_joints_away(returned: House) -> None:
    comes_back(returned, there(FAR, FARS), there(NEXT_FAR, NEXT_FARS))

    returned.says(behind("DialEnd", status="ANSWER", far=NEXT_FAR), behind("DialEnd", status="ANSWER", leg=NEXT_NEAR))

    assert returned.says(dial("DialEnd", "1", "ANSWER", leg=NEAR)) == [
        PhoneAnswered(inquiry=CALL, attempt=FIRST, phone=BEN)
    ]


async def test_and_one_that_another_forestalled_does_not(returned: House) -> None:
    comes_back(returned, there(FAR, FARS))

    answered = returned.says(
        behind("DialEnd", status="ANSWER"),
        dial("DialEnd", "1", "ANSWER"),
        dial("DialEnd", "1", "CANCEL", leg=NEAR),
    )

    assert answered == [PhoneAnswered(inquiry=CALL, attempt=FIRST, phone=ANNA)]


async def test_of_a_daemon_that_knows_nothing_the_conversation_is_found(house: House) -> None:
    house.translator = Translator(PbxId("main"), PHONES)
    comes_back(house, there(FAR, FARS))

    (found,) = house.says(behind("DialEnd", status="ANSWER"), dial("DialEnd", "1", "ANSWER", leg=NEAR))

    assert isinstance(found, ConversationFound)
    assert (found.inquiry, found.phone, found.attempt) == (CALL, BEN, FIRST)


async def test_nobody_joins_by_a_far_end_that_came_unseen(returned: House) -> None:
    comes_back(returned, there(FAR, FARS, "huntgroup-join"))

    returned.joining.join(CALL, FIRST, Joiner([BEN], [BEN]))

    assert returned.sent == []


async def test_a_far_end_that_is_known_is_not_known_twice(house: House) -> None:
    house.says(joinable("1", FAR, FARS))
    known = house.joining.size()

    comes_back(house, there(FAR, FARS, "huntgroup-join"))
    house.says(joinable("1", FAR, FARS))

    assert house.joining.size() == known
    house.joining.join(CALL, FIRST, Joiner([BEN], [BEN]))
    assert house.orders() == BEN_JOINS


@pytest.mark.parametrize(
    "other",
    [
        status("huntgroup-joined", "1", Channel=FAR, Uniqueid=FARS, caller="1.99"),
        there(FAR, FARS, attempt="2"),
        there(NEAR, FARS),
        there(BENS_LEG, FARS),
    ],
)
async def test_what_is_no_far_end_of_this_attempt_is_left_alone(returned: House, other: str) -> None:
    comes_back(returned)
    known = returned.joining.size()

    comes_back(returned, other)

    assert returned.joining.size() == known


async def test_nothing_is_remembered_once_the_caller_is_gone(house: House) -> None:
    house.says(joinable("1", FAR, FARS), behind("DialBegin"), behind("DialEnd", status="ANSWER"))
    house.says(joinable("1", NEXT_FAR, NEXT_FARS), hangup(NEXT_FAR, NEXT_FARS))

    house.says(hangup())

    assert house.translator.size() == 0
