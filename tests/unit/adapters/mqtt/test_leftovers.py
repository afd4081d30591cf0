"""What an earlier life left at the broker: taken away, and no end passed over in silence."""

from tests.unit.adapters.mqtt.conftest import House, at
from tests.unit.engine.scenario import group, policy

from huntgroup.adapters.mqtt.history import Closed
from huntgroup.engine.ids import GroupId, InquiryId, OperatorId

STATUS = "inquiries/chat-1/status"
TOPIC = f"huntgroup/{STATUS}"
ENDED = Closed("answered", GroupId("sales"), OperatorId("anna"))


def house() -> House:
    return House(policy(group("sales", "anna")))


def test_the_end_of_an_inquiry_that_is_still_shown_as_open_is_told_before_that_is_taken_away() -> None:
    here = house()

    here.board.clear_leftover(TOPIC, {InquiryId("chat-1"): ENDED})

    closed, cleared = at(STATUS, here.published())
    assert (closed["state"], closed["outcome"], closed["operator"]) == ("closed", "answered", "anna")
    assert cleared is None


def test_what_nobody_knows_of_is_taken_away() -> None:
    here = house()
    for topic in (TOPIC, "huntgroup/operators/gone/desk"):
        here.board.clear_leftover(topic, {})
    assert here.published() == [(STATUS, None), ("operators/gone/desk", None)]


async def test_what_is_open_stays() -> None:
    here = house()
    await here.gets("inquiries/submit", {"id": "chat-1", "source": "sales-chat"})
    here.published()

    here.board.clear_leftover(TOPIC, {})

    assert here.published() == []
