"""A chat is offered, and becomes the operator's who accepts it in time."""

from huntgroup.engine.effects import FactType
from huntgroup.engine.policy import Channel, Distribution, Mode
from huntgroup.engine.requested import CloseRequested
from tests.unit.engine.scenario import Story, entrance, group, operator, policy

IDLE = 60.0


def three(**options: object) -> Story:
    return Story(policy(group("sales", "anna", "ben", "cleo", offer_timeout=IDLE, **options)))


def alone(**options: object) -> Story:
    return Story(policy(group("sales", "anna", offer_timeout=IDLE, **options)))


def test_a_chat_is_offered_to_the_first_listed_and_becomes_theirs_when_they_accept() -> None:
    story = three()
    story.chats("h1")
    assert story.offered() == [("h1", "anna")]
    assert story.told("anna").load[Channel.CHAT] == 0
    story.accepts("anna", "h1")
    assert story.refused() is None
    assert story.taken() == [("h1", "anna")]
    assert story.told("anna").load[Channel.CHAT] == 1


def test_an_offer_nobody_touches_goes_to_the_next_when_its_time_is_over() -> None:
    story = three()
    story.chats("h1")
    story.later(IDLE - 0.001)
    assert story.offered() == []
    story.later(0.001)
    assert story.offered() == [("h1", "ben")]
    assert story.facts(FactType.MISSED) == [("h1", "anna", "")]
    assert story.facts(FactType.HANDED_OFF) == [("h1", "ben", "")]


def test_a_decline_goes_to_the_next_at_once() -> None:
    story = three()
    story.chats("h1")
    story.declines("anna", "h1")
    assert story.refused() is None
    assert story.offered() == [("h1", "ben")]
    assert story.facts(FactType.DECLINED) == [("h1", "anna", "")]
    assert story.verdicts()["anna"] == "declined_this_round"


def test_an_acceptance_at_the_last_instant_beats_the_timeout() -> None:
    story = three()
    story.chats("h1")
    story.now += IDLE
    story.accepts("anna", "h1")
    assert story.taken() == [("h1", "anna")]
    assert story.offered() == []


def test_an_acceptance_after_its_time_is_refused_and_changes_nothing() -> None:
    story = three()
    story.chats("h1")
    story.later(IDLE)
    story.accepts("anna", "h1")
    assert story.refused() == "not_offered_to_you"
    assert story.has("ben") == ("h1",)


def test_accepting_twice_is_accepting_once() -> None:
    story = three()
    story.chats("h1")
    story.accepts("anna", "h1")
    story.accepts("anna", "h1")
    assert story.refused() is None
    assert story.taken() == []
    assert story.told("anna").load[Channel.CHAT] == 1


def test_declining_twice_is_refused_the_second_time() -> None:
    story = three()
    story.chats("h1")
    story.declines("anna", "h1")
    story.declines("anna", "h1")
    assert story.refused() == "not_offered_to_you"
    assert story.has("ben") == ("h1",)


def test_nothing_can_be_accepted_that_is_over_or_never_was() -> None:
    story = three()
    story.chats("h1")
    story.hangs_up("h1")
    for inquiry in ("h1", "h2"):
        story.accepts("anna", inquiry)
        assert story.refused() == "unknown_inquiry"


def test_who_is_no_operator_can_accept_nothing() -> None:
    story = three()
    story.chats("h1")
    story.accepts("nobody", "h1")
    assert story.refused() == "unknown_operator"


def test_a_call_is_accepted_at_the_phone_and_not_by_command() -> None:
    story = three()
    story.calls("c1")
    story.accepts("anna", "c1")
    assert story.refused() == "not_with_a_call"


def test_offered_to_all_the_first_to_accept_has_it_and_the_others_are_told_so() -> None:
    story = three(distribution=Distribution.ALL_AT_ONCE)
    story.chats("h1")
    assert story.offered() == [("h1", "anna"), ("h1", "ben"), ("h1", "cleo")]
    story.accepts("ben", "h1")
    assert story.taken() == [("h1", "ben")]
    assert (story.has("anna"), story.has("cleo")) == ((), ())
    story.accepts("anna", "h1")
    assert story.refused() == "taken_by_another"
    assert story.happened(FactType.MISSED) == []


def test_offered_to_all_and_declined_by_one_it_stays_with_the_others() -> None:
    story = three(distribution=Distribution.ALL_AT_ONCE)
    story.chats("h1")
    story.declines("anna", "h1")
    assert story.offered() == []
    story.accepts("cleo", "h1")
    assert story.taken() == [("h1", "cleo")]


def test_once_everyone_was_tried_it_rests_for_one_offer_and_goes_round_again() -> None:
    story = alone()
    story.chats("h1")
    story.later(IDLE)
    assert story.happened(FactType.UNANSWERED) == [("h1", None)]
    story.later(IDLE - 1)
    assert story.offered() == []
    story.later(1)
    assert story.offered() == [("h1", "anna")]


def test_the_customer_leaves_while_it_is_offered() -> None:
    story = alone()
    story.chats("h1")
    story.hangs_up("h1")
    assert story.facts(FactType.CLOSED) == [("h1", None, "abandoned")]
    assert story.has("anna") == ()
    assert story.engine.next_deadline() is None


def test_done_with_a_chat_the_next_one_comes() -> None:
    story = Story(policy(group("sales", "anna"), operators=[operator("anna", capacity={Channel.CHAT: 1})]))
    story.chats("h1")
    story.accepts("anna", "h1")
    story.chats("h2")
    assert story.offered() == []
    story.closes("anna", "h1")
    assert story.facts(FactType.CLOSED) == [("h1", "anna", "answered")]
    assert story.offered() == [("h2", "anna")]


def test_only_who_has_it_can_close_it_and_only_once() -> None:
    story = three()
    story.chats("h1")
    story.accepts("anna", "h1")
    story.closes("ben", "h1")
    assert story.refused() == "not_yours"
    story.closes("anna", "h1")
    story.asks(CloseRequested, "anna", "h1")
    assert story.refused() == "unknown_inquiry"


# -- capacity -------------------------------------------------------------------------------------------------------


def test_of_four_chats_at_capacity_three_the_fourth_waits_even_before_any_is_accepted() -> None:
    story = alone()
    for name in ("h1", "h2", "h3", "h4"):
        story.chats(name)
    assert story.has("anna") == ("h1", "h2", "h3")
    assert story.verdicts() == {"anna": "offered_others"}
    for name in ("h1", "h2", "h3"):
        story.accepts("anna", name)
    assert story.told("anna").reasons[Channel.CHAT] == "at_capacity"
    story.hangs_up("h2")
    assert story.offered() == [("h4", "anna")]


def test_a_source_can_allow_fewer_than_the_operator_could_have() -> None:
    story = Story(
        policy(group("sales", "anna"), entrances=[entrance("sales-chat", "sales", Channel.CHAT, max_open=1)]),
    )
    story.chats("h1")
    story.chats("h2")
    assert story.offered() == []
    assert story.verdicts() == {"anna": "at_source_limit"}
    story.closes("anna", "h1")
    assert story.refused() == "not_yours"
    story.accepts("anna", "h1")
    story.closes("anna", "h1")
    assert story.offered() == [("h2", "anna")]


def test_the_limit_of_one_source_leaves_another_alone() -> None:
    story = Story(
        policy(
            group("sales", "anna"),
            group("support", "anna"),
            entrances=[entrance("sales-chat", "sales", Channel.CHAT, max_open=1)],
        ),
    )
    story.chats("h1")
    story.chats("h2")
    story.chats("h3", "support")
    assert story.offered() == [("h3", "anna")]


# -- setting aside --------------------------------------------------------------------------------------------------


def with_three_chats() -> Story:
    story = alone()
    for name in ("h1", "h2", "h3"):
        story.chats(name)
        story.accepts("anna", name)
    return story


def test_a_chat_set_aside_does_not_count_and_the_next_one_comes() -> None:
    story = with_three_chats()
    story.chats("h4")
    story.sets_aside("anna", "h1")
    assert story.facts(FactType.HELD) == [("h1", "anna", "")]
    assert story.offered() == [("h4", "anna")]
    assert "h1" in story.has("anna")


def test_gone_on_with_it_counts_again_and_what_no_longer_fits_is_taken_back() -> None:
    story = with_three_chats()
    story.chats("h4")
    story.sets_aside("anna", "h1")
    story.goes_on_with("anna", "h1")
    assert story.facts(FactType.WITHDRAWN) == [("h4", "anna", "no room any more")]
    assert story.happened(FactType.MISSED) == []
    story.accepts("anna", "h4")
    assert story.refused() == "not_offered_to_you"


def test_what_exceeds_the_limit_of_its_source_is_taken_back_as_well() -> None:
    story = Story(
        policy(group("sales", "anna"), entrances=[entrance("sales-chat", "sales", Channel.CHAT, max_open=1)]),
    )
    story.chats("h1")
    story.accepts("anna", "h1")
    story.sets_aside("anna", "h1")
    story.chats("h2")
    assert story.offered() == [("h2", "anna")]
    story.goes_on_with("anna", "h1")
    assert story.facts(FactType.WITHDRAWN) == [("h2", "anna", "no room any more")]


def test_what_was_accepted_meanwhile_stays_and_is_one_more_than_capacity() -> None:
    story = with_three_chats()
    story.chats("h4")
    story.sets_aside("anna", "h1")
    story.accepts("anna", "h4")
    story.goes_on_with("anna", "h1")
    assert story.told("anna").load[Channel.CHAT] == 4
    story.chats("h5")
    story.closes("anna", "h1")
    assert story.offered() == []
    story.closes("anna", "h2")
    assert story.offered() == [("h5", "anna")]


def test_holding_twice_holds_once_and_only_what_is_held_can_be_resumed() -> None:
    story = with_three_chats()
    story.sets_aside("anna", "h1")
    story.sets_aside("anna", "h1")
    assert story.told("anna").load[Channel.CHAT] == 2
    story.goes_on_with("anna", "h1")
    story.goes_on_with("anna", "h1")
    assert story.refused() == "not_on_hold"
    assert story.told("anna").load[Channel.CHAT] == 3


def test_a_chat_set_aside_can_end_and_leaves_nothing_behind() -> None:
    story = with_three_chats()
    story.sets_aside("anna", "h1")
    story.hangs_up("h1")
    assert story.told("anna").load[Channel.CHAT] == 2


def test_a_call_is_held_at_the_phone() -> None:
    story = alone()
    story.talks("anna", "c1")
    story.sets_aside("anna", "c1")
    assert story.refused() == "not_with_a_call"


def test_mail_may_be_offered_too_when_its_source_says_so() -> None:
    mail = entrance("sales-mail", "sales", Channel.MAIL, mode=Mode.OFFER)
    story = Story(policy(group("sales", "anna", "ben", offer_timeout=IDLE), entrances=[mail]))
    story.mails("m1")
    assert story.offered() == [("m1", "anna")]
    story.later(IDLE)
    assert story.offered() == [("m1", "ben")]


def test_an_inquiry_of_another_channel_than_its_source_is_refused() -> None:
    chat = entrance("sales-mail", "sales", Channel.CHAT)
    story = Story(policy(group("sales", "anna"), entrances=[chat]))
    story.mails("m1")
    assert story.facts(FactType.CLOSED) == [("m1", None, "refused: 'sales-mail' is not configured")]
