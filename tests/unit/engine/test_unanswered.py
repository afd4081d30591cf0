"""What happens to a call that nobody took."""

from huntgroup.engine.effects import FactType, Order
from huntgroup.engine.events import AttemptFailed, PbxFound, PbxLost, PhoneState, Refusal
from huntgroup.engine.ids import AttemptNo, GroupId, InquiryId
from huntgroup.engine.policy import Channel, End, EnterGroup, KeepWaiting
from tests.unit.engine.scenario import PBX, RING, Story, group, policy


def miss(story: Story, inquiry: str, name: str) -> None:
    story.rings(inquiry, name)
    story.later(2 * RING)


def test_hang_up_ends_the_call_with_its_cause_once_everyone_was_tried() -> None:
    story = Story(policy(group("sales", "anna", "ben", on_unanswered=End(cause=19))))
    story.calls("c1")
    miss(story, "c1", "anna")
    assert story.ended() == []
    miss(story, "c1", "ben")
    assert story.ended() == [("c1", 19)]
    assert story.facts(FactType.CLOSED) == [("c1", None, "unanswered")]


def test_who_is_not_eligible_does_not_hold_the_action_up() -> None:
    story = Story(policy(group("sales", "anna", "ben", on_unanswered=End(cause=19))))
    story.phone_is("ben", PhoneState.INUSE)
    story.calls("c1")
    miss(story, "c1", "anna")
    assert story.ended() == [("c1", 19)]


def test_while_everyone_is_busy_the_caller_waits_and_no_action_applies() -> None:
    story = Story(policy(group("sales", "anna", on_unanswered=End(cause=19))))
    story.phone_is("anna", PhoneState.INUSE)
    story.calls("c1")
    assert story.held() == ["c1"]
    story.later(3600)
    assert story.ended() == []
    story.phone_is("anna", PhoneState.NOT_INUSE)
    assert story.rung() == [("c1", ("anna",))]


def test_another_group_takes_over_with_everyone_of_its_own() -> None:
    story = Story(
        policy(group("sales", "anna", on_unanswered=EnterGroup(group=GroupId("support"))), group("support", "ben"))
    )
    story.calls("c1")
    miss(story, "c1", "anna")
    assert story.rung() == [("c1", ("ben",))]
    assert story.facts(FactType.UNANSWERED) == [("c1", None, "everyone eligible was offered it")]


def test_an_overflowed_call_keeps_its_time_of_arrival() -> None:
    story = Story(
        policy(group("sales", "anna", on_unanswered=EnterGroup(group=GroupId("support"))), group("support", "ben"))
    )
    story.phone_is("ben", PhoneState.INUSE)
    story.calls("old", "sales")
    story.now += 1
    story.calls("young", "support")
    miss(story, "old", "anna")
    story.phone_is("ben", PhoneState.NOT_INUSE)
    assert story.rung() == [("old", ("ben",))]


def test_an_operator_of_both_groups_is_tried_again_in_the_second() -> None:
    story = Story(
        policy(group("sales", "anna", on_unanswered=EnterGroup(group=GroupId("support"))), group("support", "anna"))
    )
    story.calls("c1")
    miss(story, "c1", "anna")
    assert story.rung() == [("c1", ("anna",))]


def test_keep_waiting_offers_it_again_after_one_ring_of_rest() -> None:
    story = Story(policy(group("sales", "anna", on_unanswered=KeepWaiting())))
    story.calls("c1")
    miss(story, "c1", "anna")
    assert story.rung() == []
    assert story.held() == ["c1"]
    story.later(RING)
    assert story.rung() == [("c1", ("anna",))]


def test_who_becomes_eligible_during_the_rest_gets_it_at_once() -> None:
    story = Story(policy(group("sales", "anna", "ben", on_unanswered=KeepWaiting())))
    story.phone_is("ben", PhoneState.INUSE)
    story.calls("c1")
    miss(story, "c1", "anna")
    story.phone_is("ben", PhoneState.NOT_INUSE)
    assert story.rung() == [("c1", ("ben",))]


def test_who_had_not_been_tried_comes_before_the_next_round_also_when_that_is_due_while_a_phone_rings() -> None:
    story = Story(policy(group("sales", "anna", "ben", "cleo")))
    for name in ("ben", "cleo"):
        story.phone_is(name, PhoneState.INUSE)
    story.calls("c1")
    story.misses("anna", "c1")
    story.phone_is("ben", PhoneState.NOT_INUSE)
    assert story.rung() == [("c1", ("ben",))]
    story.phone_is("cleo", PhoneState.NOT_INUSE)

    story.misses("ben", "c1")
    assert story.rung() == [("c1", ("cleo",))]
    assert story.verdicts()["anna"] == "had_their_turn"

    story.misses("cleo", "c1")
    assert story.rung() == [("c1", ("anna",))]


def test_a_phone_that_refuses_at_once_is_not_rung_in_a_tight_loop() -> None:
    story = Story(policy(group("sales", "anna", on_unanswered=KeepWaiting())))
    story.calls("c1")
    for _ in range(5):
        story.refuses("c1", "anna", Refusal.DECLINED)
        assert story.rung() == []
        story.later(RING)
        assert story.rung() == [("c1", ("anna",))]


def test_max_wait_applies_the_action_even_while_a_phone_rings() -> None:
    story = Story(policy(group("sales", "anna", max_wait=8.0, on_unanswered=End(cause=19))))
    story.calls("c1")
    story.rings("c1", "anna")
    story.later(8)
    assert story.ended() == [("c1", 19)]
    assert story.facts(FactType.MISSED) == []
    assert story.told("anna").inquiries == ()


def test_max_wait_counts_while_everyone_is_busy() -> None:
    story = Story(policy(group("sales", "anna", max_wait=8.0, on_unanswered=End(cause=19))))
    story.phone_is("anna", PhoneState.INUSE)
    story.calls("c1")
    story.later(8)
    assert story.ended() == [("c1", 19)]


def test_max_wait_is_over_once_somebody_answered() -> None:
    story = Story(policy(group("sales", "anna", max_wait=8.0, on_unanswered=End(cause=19))))
    story.calls("c1")
    story.answers("c1", "anna")
    story.later(60)
    assert story.ended() == []


def test_max_wait_with_keep_waiting_leaves_the_ringing_phone_alone() -> None:
    story = Story(policy(group("sales", "anna", max_wait=8.0, on_unanswered=KeepWaiting())))
    story.calls("c1")
    story.rings("c1", "anna")
    assert [each for each in story.later(8) if isinstance(each, Order)] == []
    assert story.facts(FactType.UNANSWERED) == [("c1", None, "max_wait is over")]


def test_each_group_counts_its_own_max_wait() -> None:
    story = Story(
        policy(
            group("sales", "anna", max_wait=8.0, on_unanswered=EnterGroup(group=GroupId("support"))),
            group("support", "ben", max_wait=8.0, on_unanswered=End(cause=19)),
        )
    )
    story.phone_is("anna", PhoneState.INUSE)
    story.phone_is("ben", PhoneState.INUSE)
    story.calls("c1")
    story.later(15.9)
    assert story.ended() == []
    story.later(0.1)
    assert story.ended() == [("c1", 19)]


def test_an_attempt_that_the_peer_did_not_carry_out_goes_to_the_next() -> None:
    story = Story(policy(group("sales", "anna", "ben")))
    story.calls("c1")
    story.happens(AttemptFailed(inquiry=InquiryId("c1"), attempt=AttemptNo(1), detail="CHANUNAVAIL"))
    assert story.rung() == [("c1", ("ben",))]
    assert story.facts(FactType.FAILED) == [("c1", "anna", "CHANUNAVAIL")]


def test_while_the_pbx_is_away_nobody_is_eligible_and_when_it_is_back_everyone_is() -> None:
    story = Story(policy(group("sales", "anna")))
    story.happens(PbxLost(pbx=PBX))
    assert story.told("anna").reasons[Channel.CALL] == "pbx_unreachable"
    story.calls("c1")
    assert story.rung() == []
    story.happens(PbxFound(pbx=PBX))
    assert story.rung() == [("c1", ("anna",))]


def test_a_clock_that_was_stopped_for_an_hour_does_not_fail_whole_rounds_unrung() -> None:
    story = Story(policy(group("sales", "anna", "ben", "cleo", on_unanswered=End(cause=19))))
    story.calls("c1")
    story.rings("c1", "anna")
    story.now += 3600
    story.phone_is("cleo", PhoneState.NOT_INUSE)
    assert story.rung() == [("c1", ("ben",))]
    assert story.ended() == []
