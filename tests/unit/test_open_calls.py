"""What a daemon that starts anew looks for at the PBX."""

from huntgroup.adapters.ami.calls import OpenCall
from huntgroup.engine.effects import FactType
from huntgroup.engine.events import Customer, FallbackServed
from huntgroup.engine.ids import AttemptNo, InquiryId, SourceId
from huntgroup.engine.policy import CallBack
from huntgroup.open_calls import entries_read, open_calls
from tests.unit.engine.scenario import PBX, Story, group, phone, policy


def test_calls_that_wait_ring_and_talk_are_looked_for_and_nothing_else() -> None:
    story = Story(policy(group("sales", "anna", "ben", "cleo", wrapup=10.0, on_abandoned=CallBack())))
    story.talks("anna", "over")
    story.is_over("over", "anna")
    story.talks("ben", "talks")
    story.calls("rings")
    story.calls("waits")
    story.calls("called back")
    story.hangs_up("called back")
    story.chats("chat")

    assert open_calls(story.engine.world) == [
        OpenCall(inquiry=InquiryId("talks"), attempts=AttemptNo(1), is_active=True, phone=phone("ben")),
        OpenCall(inquiry=InquiryId("rings"), attempts=AttemptNo(1)),
        OpenCall(inquiry=InquiryId("waits")),
    ]


def test_a_transferred_call_that_rings_again_is_with_no_phone() -> None:
    story = Story(policy(group("sales", "anna", "ben")))
    story.talks("anna", "c1")
    story.hands("anna", "c1", to="ben")

    (call,) = open_calls(story.engine.world)

    assert (call.attempts, call.is_active, call.phone) == (2, False, None)


def test_what_the_pbx_kept_is_read_on_from_where_the_engine_was() -> None:
    story = Story(policy(group("sales", "anna")))
    assert entries_read(story.engine.world, PBX) == 0

    story.happens(
        FallbackServed(
            pbx=PBX,
            entry=17,
            inquiry=InquiryId("c1"),
            source=SourceId("sales"),
            customer=Customer(),
            came_at=story.now - 9,
            answered_at=None,
            phone=None,
            ended_at=story.now - 5,
        )
    )

    assert entries_read(story.engine.world, PBX) == 17
    assert story.happened(FactType.ABANDONED) == [("c1", None)]
