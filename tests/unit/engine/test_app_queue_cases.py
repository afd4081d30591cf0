"""What queues and chat desks have been known to get wrong, each as one small story."""

from itertools import pairwise

from huntgroup.engine.effects import FactType, RingPhones
from huntgroup.engine.events import AttemptFailed, PbxFound, PbxLost, PhoneState, Refusal
from huntgroup.engine.ids import AttemptNo, GroupId, InquiryId, OperatorId
from huntgroup.engine.policy import Channel, Distribution, End, EnterGroup, Presence
from tests.unit.engine.scenario import PBX, RING, UNREACHABLE_AFTER, Story, entrance, group, operator, policy

CHATS = {Channel.CHAT: 3}


# -- the line -------------------------------------------------------------------------------------------------------


def test_by_priority_a_caller_stands_before_those_who_came_earlier_and_a_full_line_stays_full_for_the_urgent() -> None:
    story = Story(policy(group("sales", "anna", max_waiting=3, on_full=End(cause=17))))
    story.phone_is("anna", PhoneState.INUSE)
    for name, priority in (("low", 0), ("high", 5), ("middle", 3), ("most-urgent", 9)):
        story.calls(name, priority=priority)
    assert story.ended() == [("most-urgent", 17)]
    order = []
    for _ in range(3):
        story.phone_is("anna", PhoneState.NOT_INUSE)
        ((name, _),) = story.rung()
        order.append(name)
        story.phone_is("anna", PhoneState.INUSE)
        story.hangs_up(name)
    assert order == ["high", "middle", "low"]


def test_two_free_operators_serve_two_callers_and_do_not_wait_for_the_head_of_the_line() -> None:
    story = Story(policy(group("sales", "anna", "ben")))
    story.calls("c1")
    story.calls("c2")
    assert story.rung() == [("c2", ("ben",))]


def test_a_place_left_by_who_gave_up_is_a_place_for_the_next() -> None:
    story = Story(policy(group("sales", "anna", max_waiting=1, on_full=End(cause=17))))
    story.calls("c1")
    story.hangs_up("c1")
    story.calls("c2")
    assert story.ended() == []


def test_with_everyone_paused_the_line_neither_moves_nor_is_lost_and_max_wait_still_counts() -> None:
    story = Story(policy(group("sales", "anna", "ben", max_wait=60.0, on_unanswered=End(cause=19))))
    for name in ("anna", "ben"):
        story.is_now(name, Presence.PAUSED)
    story.calls("c1")
    assert story.held() == ["c1"]
    story.later(59)
    assert (story.rung(), story.ended()) == ([], [])
    story.later(1)
    assert story.ended() == [("c1", 19)]


# -- who is rung ----------------------------------------------------------------------------------------------------


def test_a_busy_phone_is_never_rung_a_second_time_whichever_group_the_first_call_came_by() -> None:
    story = Story(policy(group("sales", "anna"), group("support", "anna"), group("desk", "anna")))
    story.talks("anna", "c1", "sales")
    story.calls("c2", "support")
    story.phone_is("anna", PhoneState.ONHOLD)
    story.calls("c3", "desk")
    assert [each.inquiry for each in story.history if isinstance(each, RingPhones)] == ["c1"]


def test_between_hanging_up_and_the_phones_own_word_of_it_nothing_is_rung_whichever_comes_first() -> None:
    for hangs_up_first in (True, False):
        story = Story(policy(group("sales", "anna")))
        story.talks("anna", "c1")
        story.calls("c2")
        if hangs_up_first:
            story.hangs_up("c1")
            assert story.rung() == []
            story.phone_is("anna", PhoneState.NOT_INUSE)
        else:
            story.phone_is("anna", PhoneState.NOT_INUSE)
            assert story.rung() == []
            story.hangs_up("c1")
        assert story.rung() == [("c2", ("anna",))]


def test_a_wrap_up_counts_for_every_group_and_outlives_a_reload() -> None:
    story = Story(policy(group("sales", "anna", wrapup=30.0), group("support", "anna")))
    story.talks("anna", "c1")
    story.is_over("c1", "anna")
    story.calls("c2", "support")
    story.has_policy(policy(group("sales", "anna", wrapup=30.0), group("support", "anna")))
    story.later(29)
    assert story.rung() == []
    story.later(1)
    assert story.rung() == [("c2", ("anna",))]


def test_a_wrap_up_follows_a_call_that_was_answered_after_a_transfer_too() -> None:
    story = Story(policy(group("sales", "anna", wrapup=10.0), group("support", "ben", wrapup=50.0)))
    story.talks("anna", "c1")
    story.hands_to_group("anna", "c1", "support")
    story.answers("c1", "ben")
    story.hangs_up("c1")
    story.later(49)
    assert story.facts(FactType.CLOSED) == []
    story.later(1)
    assert story.facts(FactType.CLOSED) == [("c1", "ben", "answered")]


def test_nobody_is_paused_for_calls_that_never_reached_their_phone() -> None:
    story = Story(policy(group("sales", "anna", "ben", miss_limit=1)))
    for name in ("c1", "c2", "c3"):
        story.calls(name)
        story.later(UNREACHABLE_AFTER)
        story.hangs_up(name)
    assert story.told("anna").presence == "available"


def test_the_order_of_the_list_is_the_order_of_every_call_after_a_reload_as_well() -> None:
    story = Story(policy(group("sales", "anna", "ben", "cleo")))
    for _ in range(2):
        asked = []
        name = f"c{len(story.history)}"
        story.calls(name)
        for _ in range(3):
            ((_, (who,)),) = story.rung()
            asked.append(who)
            story.refuses(name, who, Refusal.DECLINED)
        story.hangs_up(name)
        assert asked == ["anna", "ben", "cleo"]
        story.has_policy(policy(group("sales", "anna", "ben", "cleo")))


def test_operators_come_and_go_by_reload_while_calls_wait_and_the_calls_stay() -> None:
    story = Story(policy(group("sales", "anna")))
    story.phone_is("anna", PhoneState.INUSE)
    for name in ("c1", "c2", "c3"):
        story.calls(name)
    story.has_policy(policy(group("sales", "ben", "cleo")))
    story.phone_is("cleo", PhoneState.NOT_INUSE)
    assert story.rung() == [("c1", ("cleo",))]
    story.has_policy(policy(group("sales", "ben")))
    story.phone_is("ben", PhoneState.NOT_INUSE)
    assert story.rung() == [("c1", ("ben",))]
    story.hangs_up("c1")
    assert story.rung() == [("c2", ("ben",))]


def test_no_caller_hears_a_gap_between_two_phones() -> None:
    story = Story(policy(group("sales", "anna", "ben", "cleo")))
    story.calls("c1")
    at = [story.now]
    for who in ("anna", "ben"):
        story.rings("c1", who)
        story.later(2 * RING)
        assert story.rung() != []
        at.append(story.now)
    assert [after - before for before, after in pairwise(at)] == [2 * RING, 2 * RING]


# -- the way to the PBX ---------------------------------------------------------------------------------------------


def test_while_the_pbx_is_away_no_round_ends_and_when_it_is_back_the_round_goes_on() -> None:
    story = Story(policy(group("sales", "anna", "ben", on_unanswered=End(cause=19))))
    story.calls("c1")
    story.happens(PbxLost(pbx=PBX))
    story.happens(AttemptFailed(inquiry=InquiryId("c1"), attempt=AttemptNo(1), detail="the link is down"))
    story.later(3600)
    assert (story.rung(), story.ended()) == ([], [])
    story.happens(PbxFound(pbx=PBX))
    assert story.rung() == [("c1", ("ben",))]


def test_a_round_that_nobody_is_left_for_ends_when_the_pbx_is_back() -> None:
    story = Story(policy(group("sales", "anna", on_unanswered=End(cause=19))))
    story.calls("c1")
    story.happens(PbxLost(pbx=PBX))
    story.later(UNREACHABLE_AFTER)
    assert story.ended() == []
    story.happens(PbxFound(pbx=PBX))
    assert story.ended() == [("c1", 19)]


def test_chats_do_not_mind_that_it_is_away() -> None:
    story = Story(policy(group("sales", "anna")))
    story.happens(PbxLost(pbx=PBX))
    story.chats("h1")
    assert story.offered() == [("h1", "anna")]


# -- chats ----------------------------------------------------------------------------------------------------------


def test_of_three_at_once_and_a_fourth_that_waits_the_fourth_comes_before_a_fifth() -> None:
    story = Story(policy(group("sales", "anna")))
    for name in ("h1", "h2", "h3"):
        story.chats(name)
        story.accepts("anna", name)
    story.chats("h4")
    story.closes("anna", "h2")
    assert story.offered() == [("h4", "anna")]
    story.chats("h5")
    assert story.offered() == []


def test_limits_of_operator_and_source_hold_both_and_the_stricter_decides() -> None:
    limits = [entrance("sales-chat", "sales", Channel.CHAT, max_open=5), entrance("web", "sales", Channel.CHAT)]
    story = Story(policy(group("sales", "anna"), operators=[operator("anna", capacity=CHATS)], entrances=limits))
    for name in ("h1", "h2", "h3", "h4"):
        story.chats(name)
    assert len(story.has("anna")) == 3


def test_chats_of_who_leaves_for_the_day_are_with_somebody_else_and_not_on_their_empty_chair() -> None:
    story = Story(policy(group("sales", "anna", "ben"), operators=[operator("ben", capacity={Channel.CHAT: 1})]))
    for name in ("h1", "h2"):
        story.chats(name)
        story.accepts("anna", name)
    story.is_now("anna", Presence.LOGGED_OUT)
    assert story.offered() == [("h1", "ben")]
    story.is_now("anna", Presence.AVAILABLE)
    assert story.offered() == [("h2", "anna")]


def test_a_customer_who_returns_is_not_given_to_their_operator_who_is_away() -> None:
    chat = entrance("sales-chat", "sales", Channel.CHAT, responsible_first=True)
    story = Story(policy(group("sales", "anna", "ben"), entrances=[chat]))
    story.is_now("ben", Presence.LOGGED_OUT)
    story.chats("h1", responsible=OperatorId("ben"))
    assert story.offered() == [("h1", "anna")]


def test_two_who_accept_at_the_same_instant_have_it_once() -> None:
    story = Story(policy(group("sales", "anna", "ben", distribution=Distribution.ALL_AT_ONCE)))
    story.chats("h1")
    story.accepts("ben", "h1")
    story.accepts("anna", "h1")
    assert story.refused() == "taken_by_another"
    assert (story.has("anna"), story.has("ben")) == ((), ("h1",))


def test_a_chat_declined_by_everyone_is_offered_again_and_again_but_never_in_a_tight_loop() -> None:
    story = Story(policy(group("sales", "anna", offer_timeout=30.0)))
    story.chats("h1")
    for _ in range(4):
        story.declines("anna", "h1")
        assert story.offered() == []
        story.later(30)
        assert story.offered() == [("h1", "anna")]


def test_two_groups_that_overflow_into_each_others_colleagues_lose_nothing() -> None:
    story = Story(
        policy(
            group("sales", "anna", on_unanswered=EnterGroup(group=GroupId("support"))),
            group("support", "anna", "ben", on_unanswered=End(cause=19)),
        )
    )
    story.calls("c1")
    asked = []
    while story.rung():
        ((_, (who,)),) = story.rung()
        asked.append(who)
        story.refuses("c1", who, Refusal.BUSY)
    assert asked == ["anna", "anna", "ben"]
    assert story.ended() == [("c1", 19)]
