"""Another configuration while inquiries wait, ring, are talked about and are wrapped up: nothing is lost."""

from huntgroup.engine.effects import FactType
from huntgroup.engine.events import FallbackRings, PhoneState, Refusal
from huntgroup.engine.ids import GroupId, InquiryId, OperatorId
from huntgroup.engine.policy import Channel, Distribution, End, EnterGroup, Mode, Policy, Presence, ToNumber, ToOperator
from tests.unit.engine.scenario import RING, Story, entrance, group, operator, policy


def two(**options: object) -> Policy:
    return policy(group("sales", "anna", "ben", **options))


def alone(**options: object) -> Policy:
    return policy(group("sales", "anna", **options))


def test_the_same_configuration_again_changes_nothing() -> None:
    story = Story(two())
    story.chats("h1")
    story.calls("c1")
    story.talks("ben", "c2")
    assert story.has_policy(two()) == []


def test_presence_and_the_states_of_phones_outlive_it() -> None:
    story = Story(two())
    story.is_now("anna", Presence.PAUSED, "lunch")
    story.has_policy(two(rings=9))
    story.calls("c1")
    assert story.rung() == [("c1", ("ben",))]
    assert story.told("anna").pause_reason == "lunch"


# -- operators ------------------------------------------------------------------------------------------------------


def test_a_new_operator_takes_what_waits_as_soon_as_their_phone_is_known() -> None:
    story = Story(alone())
    story.phone_is("anna", PhoneState.INUSE)
    story.calls("c1")
    story.chats("h1")
    story.has_policy(two())
    assert story.offered() == [("h1", "ben")]
    story.phone_is("ben", PhoneState.NOT_INUSE)
    assert story.rung() == [("c1", ("ben",))]


def test_who_is_removed_while_their_phone_rings_leaves_the_call_to_the_next() -> None:
    story = Story(policy(group("sales", "ben", "anna", miss_limit=1)))
    story.calls("c1")
    story.rings("c1", "ben")
    story.has_policy(alone())
    assert story.facts(FactType.WITHDRAWN) == [("c1", "ben", "no longer an operator")]
    assert story.rung() == [("c1", ("anna",))]


def test_of_those_who_ring_together_one_may_be_removed_and_the_others_ring_on() -> None:
    together = Distribution.ALL_AT_ONCE
    story = Story(policy(group("sales", "anna", "ben", "cleo", distribution=together)))
    story.calls("c1")
    story.has_policy(policy(group("sales", "anna", "cleo", distribution=together)))
    assert story.rung() == []
    story.has_policy(policy(group("sales", "anna", "cleo", distribution=together, rings=5)))
    story.answers("c1", "cleo")
    assert story.taken() == [("c1", "cleo")]


def test_who_was_removed_while_it_rang_and_answers_is_not_cut_off_from_the_customer() -> None:
    story = Story(policy(group("sales", "anna", "ben", distribution=Distribution.ALL_AT_ONCE)))
    story.calls("c1")
    story.has_policy(policy(group("sales", "anna")))
    story.answers("c1", "ben")
    assert story.released() == []
    assert story.facts(FactType.CLOSED) == [("c1", None, "forwarded")]


def test_who_is_removed_while_talking_goes_on_talking_and_is_gone_afterwards() -> None:
    story = Story(policy(group("sales", "ben", "anna", wrapup=10.0)))
    story.talks("ben", "c1")
    story.has_policy(alone(wrapup=10.0))
    assert story.facts(FactType.CLOSED) == []
    story.hangs_up("c1")
    assert story.facts(FactType.CLOSED) == [("c1", "ben", "answered")]
    assert "ben" not in story.engine.world.operators


def test_a_late_word_about_their_conversation_does_not_hang_up_on_them() -> None:
    story = Story(policy(group("sales", "ben", "anna")))
    story.talks("ben", "c1")
    story.has_policy(alone())
    assert story.answers("c1", "ben") == []


def test_who_is_removed_can_ask_for_nothing_any_more() -> None:
    story = Story(policy(group("sales", "ben", "anna")))
    story.talks("ben", "c1")
    story.has_policy(alone())
    story.is_now("ben", Presence.PAUSED)
    assert story.refused() == "unknown_operator"
    story.chats("h1")
    story.accepts("anna", "h1")
    story.hands("anna", "h1", "ben")
    assert story.refused() == "unknown_operator"


def test_their_chats_go_to_others_and_their_wrap_up_is_over() -> None:
    story = Story(policy(group("sales", "ben", "anna", wrapup=10.0)))
    story.chats("h1")
    story.accepts("ben", "h1")
    story.chats("h2")
    story.accepts("ben", "h2")
    story.sets_aside("ben", "h2")
    story.talks("ben", "c1")
    story.is_over("c1", "ben")
    story.has_policy(alone(wrapup=10.0))
    assert story.facts(FactType.CLOSED) == [("c1", "ben", "answered")]
    assert [who for _, who, _ in story.facts(FactType.PUT_BACK)] == ["ben", "ben"]
    assert story.offered() == [("h1", "anna"), ("h2", "anna")]


def test_mail_that_may_lie_in_the_tray_of_who_is_away_does_not_in_that_of_who_is_gone() -> None:
    mail = entrance("sales-mail", "sales", Channel.MAIL, mode=Mode.ASSIGN, skip_unavailable=False)
    story = Story(policy(group("sales", "ben", "anna"), entrances=[mail]))
    story.mails("m1")
    story.has_policy(policy(group("sales", "anna"), entrances=[mail]))
    assert story.taken() == [("m1", "anna")]


def test_who_comes_back_while_still_talking_is_who_they_were() -> None:
    story = Story(policy(group("sales", "ben", "anna")))
    story.talks("ben", "c1")
    story.has_policy(alone())
    story.has_policy(policy(group("sales", "ben", "anna")))
    assert story.told("ben").load[Channel.CALL] == 1
    story.is_over("c1", "ben")
    story.calls("c2")
    assert story.rung() == [("c2", ("ben",))]


def test_a_colleague_who_is_removed_while_a_call_is_handed_to_them_sends_it_back_to_the_group() -> None:
    story = Story(policy(group("sales", "anna", "ben"), group("desk", "zoe")))
    story.talks("anna", "c1")
    story.hands("anna", "c1", "zoe")
    story.has_policy(two())
    assert story.rung() == [("c1", ("ben",))]


def test_and_so_does_an_operator_for_whom_a_chat_waits() -> None:
    action = ToOperator(operator=OperatorId("zoe"))
    story = Story(policy(group("sales", "anna", max_waiting=0, on_full=action), group("desk", "zoe")))
    story.is_now("zoe", Presence.LOGGED_OUT)
    story.chats("h1")
    story.has_policy(alone())
    assert story.offered() == [("h1", "anna")]


def test_less_capacity_takes_back_what_is_offered_and_leaves_what_is_in_hand() -> None:
    story = Story(alone())
    for name in ("h1", "h2", "h3"):
        story.chats(name)
    story.accepts("anna", "h1")
    story.has_policy(policy(group("sales", "anna"), operators=[operator("anna", capacity={Channel.CHAT: 1})]))
    assert story.has("anna") == ("h1",)
    assert [inquiry for inquiry, _, _ in story.facts(FactType.WITHDRAWN)] == ["h3", "h2"]


def test_more_capacity_brings_what_waits_at_once() -> None:
    story = Story(policy(group("sales", "anna"), operators=[operator("anna", capacity={Channel.CHAT: 1})]))
    story.chats("h1")
    story.chats("h2")
    story.has_policy(alone())
    assert story.offered() == [("h2", "anna")]


# -- phones ---------------------------------------------------------------------------------------------------------


def with_phones(*names: str) -> Policy:
    return policy(group("sales", "anna", "ben"), operators=[operator("anna", *names)])


def test_a_phone_that_is_added_rings_from_the_next_call_on() -> None:
    story = Story(with_phones("desk"))
    story.has_policy(with_phones("desk", "soft"))
    story.phone_is("soft", PhoneState.NOT_INUSE)
    story.calls("c1")
    story.answers("c1", "soft")
    assert story.taken() == [("c1", "anna")]


def test_a_phone_that_is_removed_while_it_rings_may_still_answer() -> None:
    story = Story(with_phones("desk", "soft"))
    story.calls("c1")
    story.rings("c1", "soft")
    story.has_policy(with_phones("desk"))
    story.answers("c1", "soft")
    assert story.taken() == [("c1", "anna")]
    assert story.released() == []


def test_or_refuse() -> None:
    story = Story(with_phones("desk", "soft"))
    story.calls("c1")
    story.has_policy(with_phones("desk"))
    story.refuses("c1", "soft", Refusal.DECLINED)
    story.refuses("c1", "desk", Refusal.DECLINED)
    assert story.rung() == [("c1", ("ben",))]


def test_a_phone_that_changes_hands_keeps_its_state() -> None:
    story = Story(policy(group("sales", "anna", "ben"), operators=[operator("anna", "desk"), operator("ben", "soft")]))
    story.has_policy(
        policy(group("sales", "anna", "ben"), operators=[operator("anna", "soft"), operator("ben", "desk")])
    )
    story.calls("c1")
    story.answers("c1", "soft")
    assert story.taken() == [("c1", "anna")]


def test_the_only_busy_phone_removed_makes_its_operator_free() -> None:
    story = Story(with_phones("desk", "soft"))
    story.phone_is("soft", PhoneState.INUSE)
    story.calls("c1")
    assert story.rung() == [("c1", ("ben",))]
    story.calls("c2")
    story.has_policy(with_phones("desk"))
    assert story.rung() == [("c2", ("anna",))]


# -- groups ---------------------------------------------------------------------------------------------------------


def test_who_leaves_a_group_rings_for_it_no_more() -> None:
    story = Story(policy(group("sales", "ben", "anna"), group("support", "ben")))
    story.calls("c1")
    story.has_policy(policy(group("sales", "anna"), group("support", "ben")))
    assert story.facts(FactType.WITHDRAWN) == [("c1", "ben", "no longer in the group")]
    assert story.rung() == [("c1", ("anna",))]


def test_a_responsible_operator_among_many_who_ring_protects_nobody_else() -> None:
    together = Distribution.ALL_AT_ONCE
    groups = group("sales", "anna", "ben", distribution=together), group("support", "ben")
    story = Story(policy(*groups))
    story.calls("c1", responsible=OperatorId("anna"))
    story.has_policy(policy(group("sales", "anna", distribution=together), group("support", "ben")))
    assert story.has("ben") == ()
    assert story.has("anna") == ("c1",)


def removed(story: Story) -> None:
    """Sales is gone; what it was for leads to Support now."""
    calls, chats = entrance("sales", "support"), entrance("sales-chat", "support", Channel.CHAT)
    story.has_policy(policy(group("support", "ben", "cleo"), operators=[operator("anna")], entrances=[calls, chats]))


def house(**options: object) -> Story:
    return Story(policy(group("sales", "anna", **options), group("support", "ben", "cleo")))


def test_what_waited_in_a_removed_group_goes_where_its_number_leads_now() -> None:
    story = house()
    story.phone_is("anna", PhoneState.INUSE)
    story.calls("c1")
    removed(story)
    assert story.facts(FactType.OVERFLOWED) == [("c1", None, "its group was removed: to group support")]
    assert story.rung() == [("c1", ("ben",))]


def test_and_so_does_what_was_offered_in_it() -> None:
    story = house()
    story.calls("c1")
    story.chats("h1")
    removed(story)
    assert ("c1", "anna", "its group was removed") in story.facts(FactType.WITHDRAWN)
    assert ("c1", "ben") in story.offered()
    assert story.has("anna") == ()


def test_what_leads_nowhere_any_more_ends_and_is_on_record() -> None:
    story = house()
    story.phone_is("anna", PhoneState.INUSE)
    story.calls("c1")
    story.has_policy(policy(group("support", "ben", "cleo")))
    assert story.ended() == [("c1", 34)]
    assert story.facts(FactType.CLOSED) == [("c1", None, "unanswered")]


def test_a_conversation_of_a_removed_group_ends_with_the_wrap_up_it_began_with() -> None:
    story = house(wrapup=10.0)
    story.talks("anna", "c1")
    removed(story)
    story.is_over("c1", "anna")
    assert story.facts(FactType.ENDED) == [("c1", "anna", "")]
    story.later(10)
    assert story.facts(FactType.CLOSED) == [("c1", "anna", "answered")]


def test_a_chat_of_a_removed_group_whose_operator_logs_out_goes_where_its_source_leads_now() -> None:
    story = house()
    story.chats("h1")
    story.accepts("anna", "h1")
    removed(story)
    assert story.has("anna") == ("h1",)
    story.is_now("anna", Presence.LOGGED_OUT)
    assert story.offered() == [("h1", "ben")]


def test_a_call_of_a_removed_group_whose_transfer_fails_does_so_too() -> None:
    story = house()
    story.talks("anna", "c1")
    removed(story)
    story.hands("anna", "c1", "cleo")
    story.misses("cleo", "c1")
    assert story.rung() == [("c1", ("ben",))]


def test_whom_the_pbx_had_and_gives_back_after_their_group_was_removed_waits_in_no_line_of_it() -> None:
    story = house(on_unanswered=ToNumber(number="+48600100200"))
    story.calls("c1")
    story.misses("anna", "c1")
    story.has_policy(policy(group("support", "ben", "cleo")))
    story.happens(FallbackRings(inquiry=InquiryId("c1")))
    story.calls("c1")
    assert story.ended() == [("c1", 34)]
    assert story.facts(FactType.CLOSED) == [("c1", None, "unanswered")]


def test_a_group_that_comes_back_is_itself_again() -> None:
    story = house()
    story.chats("h1")
    story.accepts("anna", "h1")
    removed(story)
    story.has_policy(policy(group("sales", "anna"), group("support", "ben", "cleo")))
    story.hands_to_group("anna", "h1", "sales")
    story.later(60)
    assert story.offered() == [("h1", "anna")]


def test_a_new_priority_reorders_who_waits() -> None:
    def plan(support: int) -> Policy:
        return policy(group("sales", "anna"), group("support", "anna", priority=support))

    story = Story(plan(0))
    story.phone_is("anna", PhoneState.INUSE)
    story.calls("old", "sales")
    story.calls("young", "support")
    story.has_policy(plan(1))
    story.phone_is("anna", PhoneState.NOT_INUSE)
    assert story.rung() == [("young", ("anna",))]


def test_a_round_in_progress_ends_as_the_group_says_by_then() -> None:
    sales = group("sales", "anna", "ben", on_unanswered=EnterGroup(group=GroupId("support")))
    story = Story(two(on_unanswered=End(cause=19)))
    story.calls("c1")
    story.refuses("c1", "anna", Refusal.DECLINED)
    story.has_policy(policy(sales, group("support", "zoe")))
    story.phone_is("zoe", PhoneState.NOT_INUSE)
    story.refuses("c1", "ben", Refusal.DECLINED)
    assert story.rung() == [("c1", ("zoe",))]


# -- numbers and sources --------------------------------------------------------------------------------------------


def test_a_number_that_is_removed_keeps_who_came_by_it_and_takes_nobody_new() -> None:
    story = Story(policy(group("sales", "anna"), entrances=[entrance("+4822", "sales")]))
    story.phone_is("anna", PhoneState.INUSE)
    story.calls("c1", "+4822")
    story.has_policy(alone())
    story.calls("c2", "+4822")
    assert story.ended() == [("c2", 1)]
    story.phone_is("anna", PhoneState.NOT_INUSE)
    assert story.rung() == [("c1", ("anna",))]


def test_a_number_that_leads_elsewhere_now_moves_nobody_who_waits_already() -> None:
    story = Story(policy(group("sales", "anna"), group("support", "ben")))
    story.phone_is("anna", PhoneState.INUSE)
    story.calls("c1")
    numbers = [entrance("sales", "support")]
    story.has_policy(policy(group("sales", "anna"), group("support", "ben"), entrances=numbers))
    assert story.rung() == []
    story.calls("c2")
    assert story.rung() == [("c2", ("ben",))]


def test_a_source_that_assigns_from_now_on_assigns_what_waits_and_leaves_what_is_offered() -> None:
    def plan(mode: Mode) -> Policy:
        return policy(group("sales", "anna"), entrances=[entrance("sales-chat", "sales", Channel.CHAT, mode=mode)])

    story = Story(plan(Mode.OFFER))
    story.chats("h1")
    story.phone_is("anna", PhoneState.INUSE)
    story.chats("h2")
    story.has_policy(plan(Mode.ASSIGN))
    story.phone_is("anna", PhoneState.NOT_INUSE)
    assert story.taken() == [("h1", "anna"), ("h2", "anna")]


def test_a_stricter_limit_of_a_source_takes_back_what_is_offered_beyond_it() -> None:
    def plan(most: int) -> Policy:
        return policy(group("sales", "anna"), entrances=[entrance("sales-chat", "sales", Channel.CHAT, max_open=most)])

    story = Story(plan(2))
    story.chats("h1")
    story.chats("h2")
    story.has_policy(plan(1))
    assert story.facts(FactType.WITHDRAWN) == [("h2", "anna", "no room any more")]
    story.later(RING)
