"""What a group does with an inquiry that nobody took, or that came when it was closed or full: every action at each."""

from zoneinfo import ZoneInfo

import pytest

from huntgroup.engine.effects import DialOut, FactType, PromiseCallback, ReplyToCustomer, SendToVoicemail
from huntgroup.engine.events import PhoneState, ReplyPlayed
from huntgroup.engine.hours import Hours
from huntgroup.engine.ids import GroupId, InquiryId, OperatorId
from huntgroup.engine.policy import (
    CallBack,
    Channel,
    End,
    EnterGroup,
    KeepWaiting,
    OverflowAction,
    Presence,
    Reply,
    ToNumber,
    ToOperator,
    ToVoicemail,
)
from tests.unit.engine.scenario import RING, UNREACHABLE_AFTER, Story, group, policy

CALL, CHAT = Channel.CALL, Channel.CHAT
IDLE = 30.0
NEVER = Hours(zone=ZoneInfo("UTC"), week=((),) * 7)
HOOKS = {
    "on_unanswered": FactType.UNANSWERED,
    "on_closed": FactType.OUT_OF_HOURS,
    "on_full": FactType.LINE_FULL,
}
WHEN: dict[str, dict[str, object]] = {
    "on_unanswered": {},
    "on_closed": {"hours": NEVER},
    "on_full": {"max_waiting": 0},
}
at_every_hook = pytest.mark.parametrize("hook", HOOKS)
on_every_channel = pytest.mark.parametrize("channel", [CALL, CHAT])


def comes(hook: str, channel: Channel, action: OverflowAction) -> Story:
    """An inquiry comes to Anna's group, and this hook's action has just applied to it."""
    options = {hook: action, "offer_timeout": IDLE, **WHEN[hook]}
    story = Story(policy(group("sales", "anna", **options), group("support", "ben"), group("desk", "zoe")))
    if channel is CALL:
        story.calls("i1")
    else:
        story.chats("i1")
    if hook == "on_unanswered":
        _ = story.misses("anna", "i1") if channel is CALL else story.later(IDLE)
    assert story.facts(HOOKS[hook])[0][0] == "i1"
    return story


@at_every_hook
def test_voicemail_takes_the_caller(hook: str) -> None:
    story = comes(hook, CALL, ToVoicemail(mailbox="sales"))
    assert [each.mailbox for each in story.ordered(SendToVoicemail)] == ["sales"]
    assert story.facts(FactType.OVERFLOWED) == [("i1", None, "to mailbox sales")]


@at_every_hook
def test_a_number_takes_the_caller_outside(hook: str) -> None:
    story = comes(hook, CALL, ToNumber(number="+48600"))
    assert [each.number for each in story.ordered(DialOut)] == ["+48600"]
    assert story.facts(FactType.OVERFLOWED) == [("i1", None, "to number +48600")]


@at_every_hook
@on_every_channel
def test_hang_up_ends_it_as_unanswered(hook: str, channel: Channel) -> None:
    story = comes(hook, channel, End(cause=21))
    assert story.ended() == [("i1", 21)]
    assert story.facts(FactType.CLOSED) == [("i1", None, "unanswered")]
    assert story.engine.next_deadline() is None


@at_every_hook
@on_every_channel
def test_another_group_takes_over(hook: str, channel: Channel) -> None:
    story = comes(hook, channel, EnterGroup(group=GroupId("support")))
    assert story.offered() == [("i1", "ben")]
    assert story.facts(FactType.OVERFLOWED) == [("i1", None, "to group support")]


@at_every_hook
@on_every_channel
def test_an_operator_of_any_group_is_offered_it(hook: str, channel: Channel) -> None:
    story = comes(hook, channel, ToOperator(operator=OperatorId("zoe")))
    assert story.offered() == [("i1", "zoe")]
    assert story.facts(FactType.OVERFLOWED) == [("i1", "zoe", "")]


@at_every_hook
@on_every_channel
@pytest.mark.parametrize("action", [ToVoicemail(mailbox="sales"), ToNumber(number="+48600"), CallBack()])
def test_what_only_a_call_can_do_means_to_keep_waiting_elsewhere(
    hook: str, channel: Channel, action: OverflowAction
) -> None:
    story = comes(hook, channel, action)
    assert story.facts(FactType.CLOSED) == []
    orders = [each for each in story.effects if isinstance(each, SendToVoicemail | DialOut | PromiseCallback)]
    assert len(orders) == (channel is CALL)


@at_every_hook
def test_a_text_is_sent_and_then_comes_what_comes_then(hook: str) -> None:
    story = comes(hook, CHAT, Reply(text="We are sorry.", then=End()))
    (sent,) = story.ordered(ReplyToCustomer)
    assert sent.text == "We are sorry."
    assert story.facts(FactType.CLOSED) == [("i1", None, "unanswered")]


@at_every_hook
def test_a_sound_is_played_and_then_comes_what_comes_then(hook: str) -> None:
    story = comes(hook, CALL, Reply(sound="sorry", then=ToVoicemail(mailbox="sales")))
    (sound,) = story.ordered(ReplyToCustomer)
    assert story.ordered(SendToVoicemail) == []
    story.happens(ReplyPlayed(inquiry=InquiryId("i1"), attempt=sound.attempt))
    assert [each.mailbox for each in story.ordered(SendToVoicemail)] == ["sales"]


@at_every_hook
def test_what_comes_then_is_to_keep_waiting_where_the_channel_cannot_do_it(hook: str) -> None:
    story = comes(hook, CHAT, Reply(text="We are sorry.", then=ToNumber(number="+48600")))
    assert story.ordered(DialOut) == []
    assert story.facts(FactType.CLOSED) == []


@on_every_channel
def test_keep_waiting_after_a_round_offers_it_again_after_a_rest(channel: Channel) -> None:
    story = comes("on_unanswered", channel, KeepWaiting())
    story.later(RING if channel is CALL else IDLE)
    assert story.offered() == [("i1", "anna")]


@on_every_channel
def test_keep_waiting_in_a_full_group_is_waiting_in_it_all_the_same(channel: Channel) -> None:
    assert comes("on_full", channel, KeepWaiting()).offered() == [("i1", "anna")]


def test_the_same_reply_is_given_once_however_many_rounds_nobody_takes_it() -> None:
    story = comes("on_unanswered", CHAT, Reply(text="A moment, please."))
    assert len(story.ordered(ReplyToCustomer)) == 1
    story.later(20 * IDLE)
    assert len(story.happened(FactType.UNANSWERED)) > 5
    assert story.ordered(ReplyToCustomer) == []


# -- one operator ---------------------------------------------------------------------------------------------------


def for_zoe(rings: int | None) -> Story:
    action = ToOperator(operator=OperatorId("zoe"), rings=rings)
    return comes("on_unanswered", CALL, action)


def test_one_operator_rings_until_the_caller_gives_up() -> None:
    story = for_zoe(None)
    story.rings("i1", "zoe")
    story.later(3600)
    assert story.happened(FactType.MISSED) == [("i1", "anna")]
    story.answers("i1", "zoe")
    assert story.taken() == [("i1", "zoe")]


def test_or_until_their_rings_run_out() -> None:
    story = for_zoe(3)
    story.rings("i1", "zoe")
    story.later(3 * RING)
    assert story.ended() == [("i1", 19)]
    assert story.happened(FactType.MISSED) == [("i1", "anna"), ("i1", "zoe")]


def engaged(rings: int | None) -> Story:
    action = ToOperator(operator=OperatorId("zoe"), rings=rings)
    story = Story(policy(group("sales", "anna", max_waiting=0, on_full=action), group("desk", "zoe")))
    story.phone_is("zoe", PhoneState.INUSE)
    story.calls("i1")
    assert story.held() == ["i1"]
    return story


def test_a_busy_one_is_waited_for_and_rung_as_soon_as_they_are_free() -> None:
    story = engaged(None)
    story.later(3600)
    story.phone_is("zoe", PhoneState.NOT_INUSE)
    assert story.rung() == [("i1", ("zoe",))]


def test_but_with_rings_no_longer_than_those_would_have_taken() -> None:
    story = engaged(3)
    story.later(UNREACHABLE_AFTER + 3 * RING)
    assert story.ended() == [("i1", 19)]


def test_one_who_declines_is_rung_again_after_a_while_as_the_caller_is_still_there() -> None:
    story = for_zoe(None)
    story.declines("zoe", "i1")
    assert story.held() == ["i1"]
    story.later(RING)
    assert story.rung() == [("i1", ("zoe",))]


def test_the_time_that_the_group_allowed_is_no_matter_any_more() -> None:
    action = ToOperator(operator=OperatorId("zoe"))
    story = Story(policy(group("sales", "anna", max_wait=60.0, on_unanswered=action), group("desk", "zoe")))
    story.calls("i1")
    story.misses("anna", "i1")
    story.rings("i1", "zoe")
    story.later(3600)
    assert story.ended() == []
    assert story.has("zoe") == ("i1",)


def test_a_chat_waits_for_one_operator_while_they_are_away() -> None:
    action = ToOperator(operator=OperatorId("zoe"))
    story = Story(policy(group("sales", "anna", max_waiting=0, on_full=action), group("desk", "zoe")))
    story.is_now("zoe", Presence.LOGGED_OUT)
    story.chats("h1")
    assert story.verdicts() == {"zoe": "logged_out"}
    story.is_now("zoe", Presence.AVAILABLE)
    assert story.offered() == [("h1", "zoe")]


# -- what max_waiting counts ----------------------------------------------------------------------------------------


def test_max_waiting_counts_who_waits_and_who_rings_on_every_channel_and_nobody_else() -> None:
    story = Story(policy(group("sales", "anna", max_waiting=2, on_full=End(cause=42))))
    story.talks("anna", "talking")
    story.chats("waits")
    story.calls("waits-too")
    story.calls("c4")
    assert story.ended() == [("c4", 42)]
    assert story.facts(FactType.LINE_FULL) == [("c4", None, "2 wait already")]
    story.is_over("talking", "anna")
    story.calls("c5")
    assert story.ended() == [("c5", 42)]
    story.accepts("anna", "waits")
    story.calls("c6")
    assert story.ended() == []


def test_a_full_group_can_send_to_another_that_is_full_itself_and_has_its_own_word_on_it() -> None:
    story = Story(
        policy(
            group("sales", "anna", max_waiting=0, on_full=EnterGroup(group=GroupId("support"))),
            group("support", "ben", max_waiting=1, on_full=End(cause=42)),
        )
    )
    story.calls("c1")
    assert story.rung() == [("c1", ("ben",))]
    story.calls("c2")
    assert story.ended() == [("c2", 42)]


def test_an_overflow_into_a_full_group_is_refused_as_well() -> None:
    story = Story(
        policy(
            group("sales", "anna", on_unanswered=EnterGroup(group=GroupId("support"))),
            group("support", "ben", max_waiting=1, on_full=ToVoicemail(mailbox="support")),
        )
    )
    story.calls("c1", "support")
    story.calls("c2", "sales")
    story.misses("anna", "c2")
    assert [each.inquiry for each in story.ordered(SendToVoicemail)] == ["c2"]


# -- max_wait -------------------------------------------------------------------------------------------------------


def test_an_offer_cut_off_by_max_wait_is_told_as_withdrawn() -> None:
    story = Story(policy(group("sales", "anna", max_wait=5.0, on_unanswered=End())))
    story.chats("h1")
    story.later(5)
    assert story.facts(FactType.WITHDRAWN) == [("h1", "anna", "it waited too long")]
    assert story.has("anna") == ()


@pytest.mark.parametrize("action", [Reply(text="A moment."), ToVoicemail(mailbox="sales"), CallBack()])
def test_what_only_lets_a_chat_wait_leaves_its_offer_alone_at_max_wait(action: OverflowAction) -> None:
    story = Story(policy(group("sales", "anna", max_wait=5.0, on_unanswered=action)))
    story.chats("h1")
    story.later(5)
    assert story.facts(FactType.WITHDRAWN) == []
    assert story.facts(FactType.UNANSWERED) == [("h1", None, "max_wait is over")]
    assert len(story.ordered(ReplyToCustomer)) == isinstance(action, Reply)
    story.accepts("anna", "h1")
    assert story.refused() is None
