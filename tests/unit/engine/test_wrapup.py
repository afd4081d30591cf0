"""After a call an operator has a while for what it left them to do."""

from huntgroup.engine.effects import FactType
from huntgroup.engine.policy import Channel, Presence
from huntgroup.engine.requested import WrapupDoneRequested
from tests.unit.engine.scenario import Story, group, policy

WRAPUP = 10.0


def after_a_call(**options: object) -> Story:
    story = Story(policy(group("sales", "anna", wrapup=WRAPUP, **options), group("support", "anna")))
    story.talks("anna", "c1")
    story.is_over("c1", "anna")
    return story


def test_the_conversation_is_over_and_the_inquiry_closes_when_its_wrap_up_does() -> None:
    story = after_a_call()
    assert story.facts(FactType.ENDED) == [("c1", "anna", "")]
    assert story.facts(FactType.CLOSED) == []
    story.later(WRAPUP)
    assert story.facts(FactType.CLOSED) == [("c1", "anna", "answered")]


def test_nothing_is_offered_meanwhile_on_any_channel_nor_by_any_other_group() -> None:
    story = after_a_call()
    story.calls("c2", "support")
    story.chats("h1", "support")
    story.mails("m1", "support")
    assert (story.rung(), story.offered(), story.taken()) == ([], [], [])
    assert set(story.told("anna").reasons.values()) == {"wrapup"}
    story.later(WRAPUP)
    assert story.rung() == [("c2", ("anna",))]
    assert story.taken() == [("m1", "anna")]


def test_who_is_ready_sooner_says_so_and_has_the_next_call_at_once() -> None:
    story = after_a_call()
    story.calls("c2")
    story.asks(WrapupDoneRequested, "anna")
    assert story.refused() is None
    assert story.rung() == [("c2", ("anna",))]


def test_closing_the_inquiry_ends_its_wrap_up_as_well() -> None:
    story = after_a_call()
    story.closes("anna", "c1")
    assert story.facts(FactType.CLOSED) == [("c1", "anna", "answered")]
    assert story.told("anna").reasons == {}


def test_only_who_is_in_wrap_up_can_end_it() -> None:
    story = after_a_call()
    story.asks(WrapupDoneRequested, "anna")
    story.asks(WrapupDoneRequested, "anna")
    assert story.refused() == "no_wrapup"


def test_of_several_they_may_end_the_one_that_they_name() -> None:
    story = after_a_call()
    story.asks(WrapupDoneRequested, "anna", "c2")
    assert story.refused() == "no_wrapup"
    story.asks(WrapupDoneRequested, "anna", "c1")
    assert story.refused() is None
    assert story.facts(FactType.CLOSED) == [("c1", "anna", "answered")]


def test_the_wrap_up_belongs_to_the_group_of_the_call() -> None:
    story = Story(policy(group("sales", "anna", wrapup=WRAPUP), group("support", "anna")))
    story.talks("anna", "c1", "support")
    story.is_over("c1", "anna")
    assert story.facts(FactType.CLOSED) == [("c1", "anna", "answered")]


def test_a_chat_has_none() -> None:
    story = Story(policy(group("sales", "anna", wrapup=WRAPUP)))
    story.chats("h1")
    story.accepts("anna", "h1")
    story.closes("anna", "h1")
    assert story.facts(FactType.CLOSED) == [("h1", "anna", "answered")]


def test_a_call_that_was_never_answered_has_none() -> None:
    story = Story(policy(group("sales", "anna", wrapup=WRAPUP)))
    story.calls("c1")
    story.hangs_up("c1")
    assert story.told("anna").reasons == {}


def test_the_end_of_the_call_told_twice_is_one_wrap_up() -> None:
    story = after_a_call()
    story.now += 5
    assert story.hangs_up("c1") == []
    story.later(5)
    assert story.facts(FactType.CLOSED) == [("c1", "anna", "answered")]


def test_a_late_word_of_the_phone_does_not_disturb_it() -> None:
    story = after_a_call()
    assert story.answers("c1", "anna") == []


def test_it_goes_on_through_a_pause_and_a_logout() -> None:
    story = after_a_call()
    story.is_now("anna", Presence.LOGGED_OUT)
    assert story.has("anna") == ("c1",)
    story.is_now("anna", Presence.AVAILABLE)
    assert set(story.told("anna").reasons.values()) == {"wrapup"}
    story.later(WRAPUP)
    assert story.told("anna").reasons == {}


def test_chats_in_hand_go_on_during_it() -> None:
    story = Story(policy(group("sales", "anna", wrapup=WRAPUP)))
    story.chats("h1")
    story.accepts("anna", "h1")
    story.talks("anna", "c1")
    story.is_over("c1", "anna")
    assert story.told("anna").load[Channel.CHAT] == 1
    story.closes("anna", "h1")
    assert story.refused() is None


def test_who_gives_a_call_away_has_no_wrap_up_and_who_ends_it_has() -> None:
    story = Story(policy(group("sales", "anna", "ben", wrapup=WRAPUP)))
    story.talks("anna", "c1")
    story.hands("anna", "c1", "ben")
    assert "wrapup" not in story.told("anna").reasons.values()
    story.answers("c1", "ben")
    story.hangs_up("c1")
    assert set(story.told("ben").reasons.values()) == {"wrapup"}
