"""What a daemon that starts anew looks for at the PBX."""

from huntgroup.adapters.ami.calls import OpenCall
from huntgroup.engine.effects import FactType
from huntgroup.engine.events import Customer, CustomerReached, FallbackServed
from huntgroup.engine.ids import AttemptNo, InquiryId, OperatorId, SourceId
from huntgroup.engine.policy import CallBack, ResponsibleMissed
from huntgroup.open_calls import entries_read, open_calls
from tests.unit.engine.scenario import PBX, Story, entrance, group, operator, phone, policy


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


def test_a_customer_who_is_called_back_is_looked_for_by_the_attempt_that_calls_them() -> None:
    story = Story(policy(group("sales", "anna", max_waiting=0, on_full=CallBack())))
    story.calls("c1")
    (promised,) = open_calls(story.engine.world)
    story.hangs_up("c1")
    (ringing,) = open_calls(story.engine.world)
    story.answers("c1", "anna")
    (calling,) = open_calls(story.engine.world)
    attempt = AttemptNo(calling.attempts)
    story.happens(CustomerReached(inquiry=InquiryId("c1"), attempt=attempt))
    (talking,) = open_calls(story.engine.world)

    assert (promised.called_back_in, ringing.called_back_in, ringing.is_active) == (None, attempt, False)
    assert (calling.called_back_in, calling.is_active, calling.is_reached) == (attempt, True, False)
    assert (talking.called_back_in, talking.phone, talking.is_reached) == (attempt, phone("anna"), True)


def test_the_mobile_that_rings_is_known_by_name() -> None:
    hers = operator("anna", mobile="+48600100200")
    number = entrance(
        "sales", "sales", responsible_first=True, on_responsible_missed=ResponsibleMissed.MOBILE, responsible_rings=2
    )
    story = Story(policy(group("sales", "anna"), operators=[hers], entrances=[number]))
    story.calls("c1", responsible=OperatorId("anna"))
    story.misses("anna", "c1")

    (call,) = open_calls(story.engine.world)

    assert call.mobile == "mobile:anna"


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
