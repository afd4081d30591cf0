"""What an operator says of themselves, and what follows for what they are offered and have in hand."""

from huntgroup.engine.effects import Answered, Fact, FactType, OperatorChanged, Reason
from huntgroup.engine.events import Refusal
from huntgroup.engine.policy import Channel, Distribution, Presence
from huntgroup.engine.requested import PresenceToggled
from tests.unit.engine.scenario import RING, Story, entrance, group, operator, policy

LOGGED_OUT, PAUSED, AVAILABLE = Presence.LOGGED_OUT, Presence.PAUSED, Presence.AVAILABLE


def two(**options: object) -> Story:
    return Story(policy(group("sales", "anna", "ben", **options)))


def alone(**options: object) -> Story:
    return Story(policy(group("sales", "anna", **options)))


def test_who_is_logged_out_or_paused_gets_nothing_and_the_reason_is_told() -> None:
    for presence, reason in ((LOGGED_OUT, Reason.LOGGED_OUT), (PAUSED, Reason.PAUSED)):
        story = two()
        story.is_now("anna", presence)
        story.calls("c1")
        assert story.rung() == [("c1", ("ben",))]
        story.chats("h1")
        assert story.verdicts()["anna"] == reason
        assert set(story.told("anna").reasons.values()) == {reason}


def test_who_logs_in_takes_what_waits_at_once() -> None:
    story = alone()
    story.is_now("anna", LOGGED_OUT)
    story.calls("c1")
    story.chats("h1")
    assert story.held() == []
    story.is_now("anna", AVAILABLE)
    assert story.rung() == [("c1", ("anna",))]


def test_an_operator_may_start_logged_out() -> None:
    story = Story(policy(group("sales", "anna"), operators=[operator("anna", start=LOGGED_OUT)]))
    story.calls("c1")
    assert story.verdicts() == {"anna": "logged_out"}


def test_a_group_that_does_not_check_offers_to_who_is_away() -> None:
    story = alone(check_availability=False)
    story.is_now("anna", LOGGED_OUT)
    story.calls("c1")
    assert story.rung() == [("c1", ("anna",))]
    story.is_now("anna", PAUSED)
    assert story.has("anna") == ("c1",)


def test_the_reason_of_a_pause_is_told_and_goes_with_the_pause() -> None:
    story = alone()
    story.is_now("anna", PAUSED, "lunch")
    assert story.facts(FactType.PRESENCE_CHANGED) == [("", "anna", "paused: lunch")]
    assert story.told("anna").pause_reason == "lunch"
    story.is_now("anna", PAUSED, "training")
    assert story.told("anna").pause_reason == "training"
    story.is_now("anna", AVAILABLE, "back")
    assert story.told("anna").pause_reason == ""


def test_saying_the_same_twice_says_it_once() -> None:
    story = alone()
    story.is_now("anna", PAUSED, "lunch")
    story.is_now("anna", PAUSED, "lunch")
    assert story.refused() is None
    assert story.facts(FactType.PRESENCE_CHANGED) == []
    assert [each for each in story.effects if isinstance(each, OperatorChanged)] == []


# -- what they are being offered ------------------------------------------------------------------------------------


def test_a_ringing_call_goes_to_the_next_when_its_operator_pauses_and_is_not_missed() -> None:
    story = two()
    story.calls("c1")
    story.rings("c1", "anna")
    story.is_now("anna", PAUSED)
    assert story.facts(FactType.WITHDRAWN) == [("c1", "anna", "paused")]
    assert story.rung() == [("c1", ("ben",))]
    assert story.happened(FactType.MISSED) == []


def test_offered_chats_are_taken_back_as_well() -> None:
    story = two()
    story.chats("h1")
    story.chats("h2")
    story.is_now("anna", LOGGED_OUT)
    assert story.offered() == [("h1", "ben"), ("h2", "ben")]
    assert story.has("anna") == ()


def test_who_goes_on_before_anybody_took_it_is_offered_it_again_in_the_same_round() -> None:
    story = alone()
    story.chats("h1")
    story.is_now("anna", PAUSED)
    assert story.offered() == []
    story.is_now("anna", AVAILABLE)
    assert story.offered() == [("h1", "anna")]


def test_of_many_who_ring_together_one_who_pauses_may_still_answer_the_phone_that_rings() -> None:
    story = two(distribution=Distribution.ALL_AT_ONCE)
    story.calls("c1")
    story.is_now("anna", PAUSED)
    assert story.rung() == []
    story.answers("c1", "anna")
    assert story.taken() == [("c1", "anna")]
    assert story.released() == []


# -- what they have in hand -----------------------------------------------------------------------------------------


def test_a_pause_leaves_everything_in_hand_alone() -> None:
    story = two()
    story.chats("h1")
    story.accepts("anna", "h1")
    story.talks("anna", "c1")
    story.is_now("anna", PAUSED)
    assert story.has("anna") == ("h1", "c1")


def test_at_logout_chats_go_to_others_while_a_conversation_goes_on() -> None:
    story = two()
    story.chats("h1")
    story.accepts("anna", "h1")
    story.talks("anna", "c1")
    story.is_now("anna", LOGGED_OUT)
    assert story.facts(FactType.PUT_BACK) == [("h1", "anna", "their operator logged out")]
    assert story.offered() == [("h1", "ben")]
    assert story.has("anna") == ("c1",)
    story.is_over("c1", "anna")
    assert story.facts(FactType.CLOSED) == [("c1", "anna", "answered")]


def test_a_chat_put_back_stands_where_it_stood_by_its_arrival() -> None:
    story = Story(policy(group("sales", "anna", "ben"), operators=[operator("ben", capacity={Channel.CHAT: 1})]))
    story.is_now("ben", PAUSED)
    story.chats("old")
    story.accepts("anna", "old")
    story.now += 1
    story.is_now("anna", PAUSED)
    story.chats("young")
    story.is_now("anna", LOGGED_OUT)
    story.is_now("ben", AVAILABLE)
    assert story.offered() == [("old", "ben")]


def test_a_chat_set_aside_is_put_back_too_and_counts_nowhere() -> None:
    story = alone()
    story.chats("h1")
    story.accepts("anna", "h1")
    story.sets_aside("anna", "h1")
    story.is_now("anna", LOGGED_OUT)
    assert story.facts(FactType.PUT_BACK) == [("h1", "anna", "their operator logged out")]
    assert story.told("anna").load[Channel.CHAT] == 0
    story.is_now("anna", AVAILABLE)
    assert story.offered() == [("h1", "anna")]


# -- too many missed ------------------------------------------------------------------------------------------------


def miss_calls(story: Story, count: int, who: str = "anna") -> None:
    for _ in range(count):
        name = f"miss{len(story.happened(FactType.RECEIVED))}"
        story.calls(name)
        story.misses(who, name)
        story.hangs_up(name)


def of_groups(story: Story, kind: FactType) -> list[tuple[str | None, str | None]]:
    """The facts of a kind so far: (group, operator)."""
    return [(each.group, each.operator) for each in story.history if isinstance(each, Fact) and each.type is kind]


def test_so_many_misses_in_a_row_pause_the_operator_and_say_why() -> None:
    story = two(miss_limit=3)
    miss_calls(story, 2)
    assert story.told("anna").presence == "available"
    miss_calls(story, 1)
    assert story.told("anna").presence == "paused"
    assert story.told("anna").pause_reason == "missed_offers"


def test_an_answer_begins_the_count_anew() -> None:
    story = two(miss_limit=2)
    miss_calls(story, 1)
    story.talks("anna", "c1")
    story.is_over("c1", "anna")
    miss_calls(story, 1)
    assert story.told("anna").presence == "available"


def test_going_on_after_such_a_pause_begins_the_count_anew_too() -> None:
    story = two(miss_limit=2)
    miss_calls(story, 2)
    story.is_now("anna", AVAILABLE)
    miss_calls(story, 1)
    assert story.told("anna").presence == "available"


def test_declined_busy_or_unreachable_is_not_missed() -> None:
    story = two(miss_limit=1)
    for refusal in (Refusal.DECLINED, Refusal.BUSY, Refusal.UNREACHABLE):
        story.calls(f"c-{refusal}")
        story.refuses(f"c-{refusal}", "anna", refusal)
        story.hangs_up(f"c-{refusal}")
    assert story.told("anna").presence == "available"


def test_with_no_limit_nobody_is_ever_paused() -> None:
    story = two(miss_limit=0)
    miss_calls(story, 20)
    assert story.told("anna").presence == "available"


def test_missed_chats_and_calls_count_together_and_the_pause_takes_back_what_else_is_offered() -> None:
    story = Story(policy(group("sales", "anna", "ben", miss_limit=2, offer_timeout=30.0)))
    story.chats("h1")
    story.now += 1
    story.chats("h2")
    story.now += 1
    story.chats("h3")
    story.later(29)
    assert story.told("anna").presence == "paused"
    assert story.happened(FactType.MISSED) == [("h1", "anna"), ("h2", "anna")]
    assert story.has("anna") == ()
    assert story.has("ben") == ("h1", "h2", "h3")


def test_the_pause_that_a_miss_began_ends_the_offers_of_other_groups_within_the_same_instant() -> None:
    story = Story(
        policy(
            group("sales", "anna", "cleo", miss_limit=1, offer_timeout=RING),
            group("support", "anna", "ben"),
            entrances=[entrance("sales-chat", "sales", Channel.CHAT)],
        )
    )
    story.chats("h1", "sales")
    story.calls("c1", "support")
    story.rings("c1", "anna")
    story.later(RING)
    assert story.rung() == [("c1", ("ben",))]


def test_one_caller_who_comes_round_again_is_missed_once() -> None:
    story = two(miss_limit=2)
    story.calls("c1")
    for _ in range(3):
        story.misses("anna", "c1")
        story.misses("ben", "c1")
        story.later(RING)
    assert len(story.happened(FactType.MISSED)) == 6
    assert story.happened(FactType.PRESENCE_CHANGED) == []
    story.hangs_up("c1")
    miss_calls(story, 1)
    assert story.told("anna").presence == "paused"


def test_last_operator_present_is_not_paused_and_it_is_told() -> None:
    story = two(miss_limit=1)
    story.is_now("ben", LOGGED_OUT)
    miss_calls(story, 2)
    assert of_groups(story, FactType.PAUSE_WITHHELD) == [("sales", "anna")]
    assert story.told("anna").presence == "available"
    story.is_now("ben", AVAILABLE)
    miss_calls(story, 1)
    assert story.told("anna").presence == "paused"


def test_last_one_of_another_group_is_not_paused_either() -> None:
    story = Story(policy(group("sales", "anna", "ben", miss_limit=1), group("support", "anna")))
    miss_calls(story, 1)
    assert story.told("anna").presence == "available"


def test_two_who_miss_one_call_together_leave_one_present() -> None:
    story = two(miss_limit=1, distribution=Distribution.ALL_AT_ONCE)
    story.calls("c1")
    for who in ("anna", "ben"):
        story.rings("c1", who)
    story.later(2 * RING)
    assert sorted(story.told(who).presence for who in ("anna", "ben")) == ["available", "paused"]


def test_group_that_nobody_is_left_in_is_told_once() -> None:
    story = two()
    story.is_now("anna", PAUSED)
    story.is_now("ben", LOGGED_OUT)
    story.is_now("anna", LOGGED_OUT)
    assert of_groups(story, FactType.NOBODY_LEFT) == [("sales", "ben")]


def test_group_whose_last_present_member_is_taken_out_is_told() -> None:
    story = two()
    story.is_now("ben", LOGGED_OUT)
    story.has_policy(policy(group("sales", "ben"), group("support", "anna")))
    assert of_groups(story, FactType.NOBODY_LEFT) == [("sales", None)]


def test_who_is_paused_by_it_keeps_what_does_not_ask_for_presence() -> None:
    story = Story(policy(group("sales", "anna", miss_limit=1, check_availability=False)))
    story.calls("c1")
    story.misses("anna", "c1")
    assert story.told("anna").presence == "paused"
    story.later(RING)
    assert story.rung() == [("c1", ("anna",))]


def toggles(story: Story, away: Presence) -> Presence | None:
    """Anna presses the key; what she is told that she is now."""
    story.asks(PresenceToggled, "anna", away=away)
    (answer,) = story.ordered(Answered)
    return answer.presence


def test_one_key_logs_in_and_out_and_says_which() -> None:
    story = alone()
    assert [toggles(story, LOGGED_OUT) for _ in range(3)] == [LOGGED_OUT, AVAILABLE, LOGGED_OUT]
    assert story.told("anna").presence == "logged_out"


def test_one_key_begins_and_ends_a_pause_whoever_began_it() -> None:
    story = alone()
    assert [toggles(story, PAUSED) for _ in range(2)] == [PAUSED, AVAILABLE]
    story.is_now("anna", PAUSED, "lunch")
    assert toggles(story, PAUSED) is AVAILABLE


def test_who_logs_out_during_a_pause_is_logged_out_and_comes_back_available() -> None:
    story = alone()
    toggles(story, PAUSED)
    assert [toggles(story, LOGGED_OUT) for _ in range(2)] == [LOGGED_OUT, AVAILABLE]


def test_who_is_logged_out_has_no_pause_to_begin() -> None:
    story = alone()
    story.is_now("anna", LOGGED_OUT)
    story.asks(PresenceToggled, "anna", away=PAUSED)
    assert story.refused() == "not_logged_in"


def test_nobody_unknown_can_log_in() -> None:
    story = alone()
    story.is_now("nobody", AVAILABLE)
    assert story.refused() == "unknown_operator"
