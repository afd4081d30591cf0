"""What one channel's work keeps away of the others."""

from collections.abc import Mapping

from huntgroup.engine.effects import FactType
from huntgroup.engine.events import PhoneState
from huntgroup.engine.policy import DEFAULT_BLENDING, Channel, Mode
from huntgroup.engine.requested import PickupRequested
from tests.unit.engine.scenario import RING, Story, entrance, group, policy

CALL, CHAT, MAIL, FORM = Channel


def alone(blending: Mapping[Channel, tuple[Channel, ...]] = DEFAULT_BLENDING) -> Story:
    return Story(policy(group("sales", "anna"), blending=blending))


def test_during_a_call_no_chat_is_offered_and_when_it_ends_the_waiting_one_is_at_once() -> None:
    story = alone()
    story.talks("anna", "c1")
    story.chats("h1")
    assert story.offered() == []
    assert story.verdicts() == {"anna": "blocked_by_call"}
    assert story.told("anna").reasons == {CALL: "busy", CHAT: "blocked_by_call"}
    story.is_over("c1", "anna")
    assert story.offered() == [("h1", "anna")]


def test_a_call_that_came_through_no_group_keeps_chats_away_as_much() -> None:
    story = alone()
    for state in (PhoneState.INUSE, PhoneState.ONHOLD, PhoneState.RINGINUSE):
        story.phone_is("anna", state)
        story.chats(f"h-{state}")
        assert story.verdicts() == {"anna": "blocked_by_call"}
        story.hangs_up(f"h-{state}")
    story.chats("h1")
    story.phone_is("anna", PhoneState.NOT_INUSE)
    assert story.offered() == [("h1", "anna")]


def test_a_direct_call_that_only_rings_keeps_no_chat_away() -> None:
    story = alone()
    story.phone_is("anna", PhoneState.RINGING)
    story.chats("h1")
    assert story.offered() == [("h1", "anna")]


def test_while_one_of_our_calls_rings_no_new_chat_is_offered() -> None:
    story = alone()
    story.calls("c1")
    story.chats("h1")
    assert story.offered() == []
    story.hangs_up("c1")
    assert story.offered() == [("h1", "anna")]


def test_a_chat_offered_already_stays_while_a_call_rings_and_can_be_accepted() -> None:
    story = alone()
    story.chats("h1")
    story.calls("c1")
    assert story.rung() == [("c1", ("anna",))]
    assert story.has("anna") == ("h1", "c1")
    story.accepts("anna", "h1")
    assert story.refused() is None


def test_answering_the_call_takes_the_offered_chats_back_and_keeps_the_accepted() -> None:
    story = alone()
    story.chats("mine")
    story.accepts("anna", "mine")
    story.chats("h1")
    story.calls("c1")
    story.answers("c1", "anna")
    assert story.facts(FactType.WITHDRAWN) == [("h1", "anna", "no room any more")]
    assert story.has("anna") == ("mine", "c1")
    assert story.happened(FactType.MISSED) == []


def test_a_direct_call_takes_offered_chats_back_too() -> None:
    story = Story(policy(group("sales", "anna", "ben")))
    story.chats("h1")
    story.phone_is("anna", PhoneState.INUSE)
    assert story.offered() == [("h1", "ben")]


def test_chats_in_hand_keep_no_call_away() -> None:
    story = alone()
    story.chats("h1")
    story.accepts("anna", "h1")
    story.calls("c1")
    assert story.rung() == [("c1", ("anna",))]


def test_missing_a_call_brings_the_chats_that_waited_behind_it() -> None:
    story = alone()
    story.calls("c1")
    story.chats("h1")
    story.misses("anna", "c1")
    assert story.offered() == [("h1", "anna")]


def test_one_chat_at_a_time_can_be_a_rule_of_its_own() -> None:
    story = alone({CHAT: (CHAT,)})
    story.chats("h1")
    story.accepts("anna", "h1")
    story.chats("h2")
    assert story.verdicts() == {"anna": "blocked_by_chat"}
    story.closes("anna", "h1")
    assert story.offered() == [("h2", "anna")]


def test_of_two_chats_offered_together_accepting_one_takes_the_other_back_under_that_rule() -> None:
    story = alone({CHAT: (CHAT,)})
    story.chats("h1")
    story.chats("h2")
    story.accepts("anna", "h1")
    assert story.facts(FactType.WITHDRAWN) == [("h2", "anna", "no room any more")]


def test_chats_can_keep_calls_away() -> None:
    story = alone({CHAT: (CALL,)})
    story.chats("h1")
    story.accepts("anna", "h1")
    story.calls("c1")
    assert story.rung() == []
    assert story.verdicts() == {"anna": "blocked_by_chat"}
    story.closes("anna", "h1")
    assert story.rung() == [("c1", ("anna",))]


def test_calls_can_keep_mail_away() -> None:
    story = alone({CALL: (CALL, CHAT, MAIL, FORM)})
    story.talks("anna", "c1")
    story.mails("m1")
    story.forms("f1")
    assert story.verdicts() == {"anna": "blocked_by_call"}
    story.is_over("c1", "anna")
    assert story.taken() == [("m1", "anna"), ("f1", "anna")]


def test_with_no_blending_at_all_a_chat_may_come_during_a_call_but_no_second_call() -> None:
    story = alone({})
    story.talks("anna", "c1")
    story.chats("h1")
    assert story.offered() == [("h1", "anna")]
    story.calls("c2")
    assert story.rung() == []
    assert story.verdicts() == {"anna": "busy"}


def test_one_operators_call_keeps_nothing_from_another() -> None:
    story = Story(policy(group("sales", "anna", "ben")))
    story.talks("anna", "c1")
    story.chats("h1")
    assert story.offered() == [("h1", "ben")]


def test_a_call_picked_up_takes_the_offered_chats_back_as_an_answered_one_does() -> None:
    story = Story(policy(group("sales", "anna", "ben", pickup=True)))
    story.phone_is("anna", PhoneState.INUSE)
    story.chats("h1")
    story.phone_is("anna", PhoneState.NOT_INUSE)
    story.calls("c1")
    story.asks(PickupRequested, "ben", "c1")
    story.call_is_picked_up("c1", "ben")
    assert story.taken() == [("c1", "ben")]
    assert ("h1", "ben", "no room any more") in story.facts(FactType.WITHDRAWN)
    assert story.offered() == [("h1", "anna")]


def test_offered_mail_that_a_call_keeps_away_is_taken_back_when_the_call_is_answered() -> None:
    mail = entrance("sales-mail", "sales", MAIL, mode=Mode.OFFER)
    story = Story(policy(group("sales", "anna"), entrances=[mail], blending={CALL: (MAIL,)}))
    story.mails("m1")
    story.calls("c1")
    story.later(RING / 2)
    story.answers("c1", "anna")
    assert story.facts(FactType.WITHDRAWN) == [("m1", "anna", "no room any more")]


def test_blending_that_changes_counts_at_once() -> None:
    story = alone()
    story.talks("anna", "c1")
    story.chats("h1")
    story.has_policy(policy(group("sales", "anna"), blending={}))
    assert story.offered() == [("h1", "anna")]
