"""Callers whom the PBX has: in a mailbox, on their way outside, hearing a reply. Nobody is offered them meanwhile."""

from zoneinfo import ZoneInfo

import pytest

from huntgroup.engine.effects import (
    DeskChanged,
    DialOut,
    Fact,
    FactType,
    HoldCustomer,
    Order,
    PromiseCallback,
    ReplyToCustomer,
    SendToVoicemail,
)
from huntgroup.engine.events import (
    AttemptFailed,
    Customer,
    FallbackRings,
    KeyPressed,
    MessageLeft,
    NumberAnswered,
    PhoneState,
    Recording,
    ReplyPlayed,
)
from huntgroup.engine.hours import Hours
from huntgroup.engine.ids import AttemptNo, GroupId, InquiryId, SourceId
from huntgroup.engine.policy import Announce, CallBack, Channel, End, EnterGroup, KeepWaiting, OverflowAction, Reply
from huntgroup.engine.policy import ToNumber as Number
from huntgroup.engine.policy import ToVoicemail as Mailbox
from tests.unit.engine.scenario import RING, Story, entrance, group, operator, policy

BOX, OUTSIDE = Mailbox(mailbox="sales"), Number(number="+48600")
NEVER = Hours(zone=ZoneInfo("UTC"), week=((),) * 7)
MESSAGE = Recording(file="/spool/msg0000", seconds=12.0, mailbox="sales")
JAN = Customer(name="Jan", phone="+48600700800")
WHEN: dict[str, dict[str, object]] = {
    "on_unanswered": {},
    "on_closed": {"hours": NEVER},
    "on_full": {"max_waiting": 0},
}


def comes(hook: str, action: OverflowAction, **options: object) -> Story:
    """c1 comes, and this hook's action applies."""
    plan = policy(group("sales", "anna", **{hook: action, **WHEN[hook], **options}), group("support", "ben"))
    story = Story(plan)
    story.calls("c1")
    if hook == "on_unanswered":
        story.misses("anna", "c1")
    return story


def number_of(story: Story) -> AttemptNo:
    """The number of the last order about a caller whom the PBX has."""
    kinds = SendToVoicemail | DialOut | ReplyToCustomer | PromiseCallback
    return [each.attempt for each in story.history if isinstance(each, kinds)][-1]


def fails(story: Story, cause: int = 0) -> None:
    """The PBX could not do it."""
    attempt = number_of(story)
    story.happens(AttemptFailed(inquiry=InquiryId("c1"), attempt=attempt, detail="BUSY", cause=cause))


def leaves_message(story: Story, inquiry: str = "c1", source: str = "sales") -> None:
    """The caller has spoken."""
    story.happens(
        MessageLeft(
            inquiry=InquiryId(inquiry),
            message=InquiryId(f"message-{inquiry}"),
            source=SourceId(source),
            customer=JAN,
            recording=MESSAGE,
        )
    )


# -- voicemail ------------------------------------------------------------------------------------------------------


def test_a_message_is_a_mail_to_the_group_with_its_recording_and_the_call_ends_in_voicemail() -> None:
    story = comes("on_unanswered", BOX)
    leaves_message(story)
    assert story.facts(FactType.MESSAGE_LEFT) == [("c1", None, "message-c1")]
    assert story.facts(FactType.CLOSED) == [("c1", None, "voicemail")]
    (received,) = [each for each in story.ordered(Fact) if each.type is FactType.RECEIVED]
    assert (received.inquiry, received.group, received.detail) == ("message-c1", "sales", "voicemail")
    assert (received.customer, received.recording) == (JAN, MESSAGE)
    assert story.taken() == [("message-c1", "anna")]
    desk = [each for each in story.ordered(DeskChanged) if each.operator == "anna"][-1]
    assert [(each.inquiry, each.channel, each.recording) for each in desk.inquiries] == [
        ("message-c1", "mail", MESSAGE)
    ]


def test_who_hangs_up_without_a_word_has_given_up() -> None:
    story = comes("on_unanswered", BOX)
    story.hangs_up("c1")
    assert story.facts(FactType.CLOSED) == [("c1", None, "abandoned")]
    assert story.happened(FactType.RECEIVED) == [("c1", None)]


def test_the_message_goes_to_the_group_in_which_the_caller_was_last() -> None:
    plan = policy(
        group("sales", "anna", on_unanswered=EnterGroup(group=GroupId("support"))),
        group("support", "ben", on_unanswered=BOX),
    )
    story = Story(plan)
    story.calls("c1")
    story.misses("anna", "c1")
    story.misses("ben", "c1")
    leaves_message(story)
    assert story.taken() == [("message-c1", "ben")]


def test_a_message_of_a_call_that_nobody_remembers_goes_to_the_group_of_its_number() -> None:
    story = Story(policy(group("sales", "anna")))
    leaves_message(story, "long-ago")
    assert story.taken() == [("message-long-ago", "anna")]
    leaves_message(story, "nowhere", "+48999")
    assert story.happened(FactType.RECEIVED) == [("message-long-ago", None)]


def test_neither_a_closed_nor_a_full_group_turns_a_message_away() -> None:
    for hook in ("on_closed", "on_full"):
        story = comes(hook, BOX, on_unanswered=End())
        leaves_message(story)
        assert story.happened(FactType.CLOSED) == [("c1", None)]


def test_a_message_waits_for_somebody_however_long() -> None:
    absent = operator("anna", capacity={Channel.MAIL: 0})
    plan = policy(group("sales", "anna", max_wait=20.0, on_unanswered=Reply(then=BOX)), operators=[absent])
    story = Story(plan)
    story.phone_is("anna", PhoneState.INUSE)
    story.calls("c1")
    story.later(20)
    leaves_message(story)
    story.later(24 * 3600)
    assert story.happened(FactType.CLOSED) == [("c1", None)]


def test_a_source_called_voicemail_says_how_messages_are_given_out() -> None:
    own = entrance("voicemail", "support", Channel.MAIL)
    plan = policy(group("sales", "anna", on_unanswered=BOX), group("support", "ben"), entrances=[own])
    story = Story(plan)
    story.calls("c1")
    story.misses("anna", "c1")
    leaves_message(story)
    assert story.offered() == [("message-c1", "ben")]


# -- a number outside -----------------------------------------------------------------------------------------------


def test_who_is_answered_outside_was_forwarded() -> None:
    story = comes("on_unanswered", OUTSIDE)
    assert story.happened(FactType.CLOSED) == []
    story.happens(NumberAnswered(inquiry=InquiryId("c1"), attempt=number_of(story)))
    assert story.facts(FactType.CLOSED) == [("c1", None, "forwarded")]


@pytest.mark.parametrize("action", [OUTSIDE, BOX])
def test_when_it_fails_who_was_in_line_waits_on_and_is_offered_again(action: OverflowAction) -> None:
    story = comes("on_unanswered", action)
    fails(story, 17)
    assert story.facts(FactType.ACTION_FAILED) == [("c1", None, "BUSY")]
    assert story.held() == ["c1"]
    story.later(RING)
    assert story.rung() == [("c1", ("anna",))]
    story.misses("anna", "c1")
    assert len(story.ordered(DialOut) + story.ordered(SendToVoicemail)) == 1


@pytest.mark.parametrize("hook", ["on_closed", "on_full"])
@pytest.mark.parametrize(("cause", "told"), [(17, 17), (0, 34)])
def test_when_it_fails_who_was_not_let_in_hears_why(hook: str, cause: int, told: int) -> None:
    story = comes(hook, OUTSIDE)
    fails(story, cause)
    assert story.ended() == [("c1", told)]
    assert story.facts(FactType.CLOSED) == [("c1", None, "unanswered")]


@pytest.mark.parametrize("hook", ["on_closed", "on_full"])
@pytest.mark.parametrize(
    ("action", "order"), [(OUTSIDE, DialOut), (BOX, SendToVoicemail), (CallBack(), PromiseCallback)]
)
def test_nobody_is_turned_away_for_an_order_that_the_pbx_may_never_have_heard_of(
    hook: str, action: OverflowAction, order: type[DialOut | SendToVoicemail | PromiseCallback]
) -> None:
    story = comes(hook, action)
    first = number_of(story)
    lost = AttemptFailed(inquiry=InquiryId("c1"), attempt=first, detail="the link was lost", is_unheard=True)

    story.happens(lost)

    (again,) = story.ordered(order)
    assert again.attempt > first
    assert story.ended() == []
    assert story.happened(FactType.CLOSED) == []


def test_whoever_frees_up_meanwhile_is_not_offered_who_is_being_sent_on() -> None:
    story = comes("on_unanswered", OUTSIDE)
    story.phone_is("anna", PhoneState.INUSE)
    story.phone_is("anna", PhoneState.NOT_INUSE)
    story.later(3600)
    assert story.rung() == []


def test_an_old_orders_fate_is_no_news_of_the_new_one() -> None:
    story = comes("on_unanswered", OUTSIDE)
    old = number_of(story)
    fails(story)
    story.later(RING)
    story.misses("anna", "c1")
    story.happens(NumberAnswered(inquiry=InquiryId("c1"), attempt=old))
    assert story.happened(FactType.CLOSED) == []


def test_who_is_with_the_pbx_takes_no_place_in_the_line() -> None:
    story = comes("on_unanswered", OUTSIDE, max_waiting=1, on_full=End(cause=42))
    story.calls("c2")
    assert story.ended() == []


def test_a_group_that_is_removed_meanwhile_sends_them_to_where_their_number_leads_now() -> None:
    story = comes("on_unanswered", OUTSIDE)
    story.has_policy(policy(group("support", "ben"), entrances=[entrance("sales", "support")]))
    fails(story)
    assert story.rung() == [("c1", ("ben",))]


# -- replies --------------------------------------------------------------------------------------------------------


def hears(story: Story) -> None:
    """The caller has heard the whole of it."""
    story.happens(ReplyPlayed(inquiry=InquiryId("c1"), attempt=number_of(story)))


@pytest.mark.parametrize("hook", WHEN)
@pytest.mark.parametrize("then", [OUTSIDE, BOX, CallBack(), End(), EnterGroup(group=GroupId("support"))])
def test_what_comes_then_comes_when_they_have_heard_it(hook: str, then: OverflowAction) -> None:
    story = comes(hook, Reply(sound="sorry", then=then))
    before = len(story.history)
    assert story.rung() == []
    hears(story)
    hears(story)
    orders = [each for each in story.history[before:] if isinstance(each, Order)]
    assert len(orders) == 1


def test_it_comes_as_well_when_it_could_not_be_played() -> None:
    story = comes("on_closed", Reply(sound="sorry", then=EnterGroup(group=GroupId("support"))))
    fails(story)
    assert story.rung() == [("c1", ("ben",))]


def test_who_only_waits_on_waits_in_the_line_meanwhile_and_an_offer_breaks_it_off() -> None:
    story = comes("on_unanswered", Reply(sound="sorry"))
    assert len(story.ordered(ReplyToCustomer)) == 1
    assert story.ordered(HoldCustomer) == []
    story.later(RING)
    assert story.rung() == [("c1", ("anna",))]


def test_a_reply_without_a_sound_is_none_to_a_caller() -> None:
    story = comes("on_unanswered", Reply(text="Sorry", then=BOX))
    assert story.ordered(ReplyToCustomer) == []
    assert len(story.ordered(SendToVoicemail)) == 1


def test_who_hangs_up_while_hearing_it_has_given_up() -> None:
    story = comes("on_closed", Reply(sound="sorry", then=BOX))
    story.hangs_up("c1")
    assert story.facts(FactType.CLOSED) == [("c1", None, "abandoned")]


def test_or_is_called_back_where_the_group_does_that() -> None:
    story = comes("on_unanswered", Reply(sound="sorry", then=BOX), on_abandoned=CallBack())
    story.hangs_up("c1")
    story.later(RING)
    assert story.rung() == [("c1", ("anna",))]


def test_what_was_to_follow_may_be_configured_no_longer() -> None:
    story = comes("on_unanswered", Reply(sound="sorry", then=EnterGroup(group=GroupId("support"))))
    story.has_policy(policy(group("sales", "anna")))
    hears(story)
    story.later(RING)
    assert story.rung() == [("c1", ("anna",))]


# -- leaving the line by a key --------------------------------------------------------------------------------------


def offers_a_key(on_leave: OverflowAction = BOX) -> Story:
    """Whoever waits for Anna may press 1."""
    announce = Announce(position=True, leave_key="1")
    return Story(policy(group("sales", "anna", announce=announce, on_leave=on_leave)))


def presses(story: Story, key: str) -> None:
    """The caller presses it."""
    story.happens(KeyPressed(inquiry=InquiryId("c1"), key=key))


def test_a_caller_who_waits_leaves_the_line_by_the_key() -> None:
    story = offers_a_key()
    story.phone_is("anna", PhoneState.INUSE)
    story.calls("c1")
    assert [each.leave_key for each in story.ordered(HoldCustomer)] == ["1"]
    presses(story, "2")
    assert story.effects == []
    presses(story, "1")
    assert story.facts(FactType.LEFT_LINE) == [("c1", None, "by key 1")]
    assert len(story.ordered(SendToVoicemail)) == 1


def test_but_not_one_whom_the_pbx_serves_by_itself_meanwhile() -> None:
    story = offers_a_key()
    story.phone_is("anna", PhoneState.INUSE)
    story.calls("c1")
    story.happens(FallbackRings(inquiry=InquiryId("c1")))

    presses(story, "1")
    story.calls("c1")

    assert story.happened(FactType.LEFT_LINE) == []
    assert story.held() == ["c1"]


def test_and_so_does_one_for_whom_somebody_is_rung_who_has_not_missed_them() -> None:
    story = offers_a_key()
    story.calls("c1")
    story.rings("c1", "anna")
    presses(story, "1")
    assert story.facts(FactType.WITHDRAWN) == [("c1", "anna", "the customer left the line")]
    assert story.happened(FactType.MISSED) == []


def test_who_cannot_leave_in_that_way_waits_on() -> None:
    story = offers_a_key(CallBack())
    story.phone_is("anna", PhoneState.INUSE)
    story.calls("c1")
    presses(story, "1")
    fails(story)
    story.phone_is("anna", PhoneState.NOT_INUSE)
    assert story.rung() == [("c1", ("anna",))]


@pytest.mark.parametrize("on_leave", [None, KeepWaiting()])
def test_where_the_group_offers_no_key_none_means_anything(on_leave: OverflowAction | None) -> None:
    story = Story(policy(group("sales", "anna", on_leave=on_leave)))
    story.calls("c1")
    presses(story, "1")
    assert story.effects == []
