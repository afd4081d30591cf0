"""Who was promised to be called back keeps their place: at their turn an operator is called first, then they are."""

from zoneinfo import ZoneInfo

import pytest

from huntgroup.engine.effects import (
    Decision,
    Fact,
    FactType,
    InquiryChanged,
    PromiseCallback,
    ReplyToCustomer,
    RingPhones,
)
from huntgroup.engine.events import (
    ConversationFound,
    Customer,
    CustomerLeft,
    CustomerNotReached,
    CustomerReached,
    DaemonStarted,
    Departure,
    FallbackRings,
    FallbackServed,
    KeyPressed,
    PbxFound,
    PhoneState,
)
from huntgroup.engine.hours import Hours
from huntgroup.engine.ids import InquiryId, OperatorId, SourceId
from huntgroup.engine.policy import (
    Announce,
    CallBack,
    Channel,
    End,
    OverflowAction,
    Reply,
    ToNumber,
    ToOperator,
    ToVoicemail,
)
from huntgroup.engine.requested import PickupRequested
from tests.simulation.mirror import Mirror
from tests.unit.engine.scenario import PBX, RING, Story, group, phone, policy


def promised(**options: object) -> Story:
    """Nobody was free within the time that Anna's group allows: c1 was promised to be called back and hung up."""
    plan = policy(group("sales", "anna", "ben", **{"max_wait": 30.0, "on_unanswered": CallBack(), **options}))
    story = Story(plan)
    story.phone_is("anna", PhoneState.INUSE)
    story.phone_is("ben", PhoneState.INUSE)
    story.calls("c1")
    story.later(30)
    assert len(story.ordered(PromiseCallback)) == 1
    return story


def order(story: Story) -> RingPhones:
    (ring,) = story.ordered(RingPhones)
    return ring


def gone(**options: object) -> Story:
    """The same, and they have hung up."""
    story = promised(**options)
    story.hangs_up("c1")
    return story


def test_hanging_up_is_what_they_were_told_to_do() -> None:
    story = gone()
    assert not [each for each in story.effects if not isinstance(each, Decision | InquiryChanged)]
    assert story.happened(FactType.ABANDONED) == []


def test_their_place_is_before_who_came_after_them() -> None:
    story = gone()
    story.calls("c2")
    story.phone_is("anna", PhoneState.NOT_INUSE)
    assert (order(story).inquiry, order(story).is_callback) == ("c1", True)
    story.phone_is("ben", PhoneState.NOT_INUSE)
    assert (order(story).inquiry, order(story).is_callback) == ("c2", False)


def test_an_operator_who_misses_it_hands_it_on_like_any_call_and_nobody_is_promised_anything_twice() -> None:
    story = gone()
    story.phone_is("anna", PhoneState.NOT_INUSE)
    story.misses("anna", "c1")
    story.later(10 * RING)
    assert story.happened(FactType.CLOSED) == []
    assert [each for each in story.history if isinstance(each, PromiseCallback)][1:] == []
    assert story.held() == []


def test_who_answers_has_it_and_it_ends_like_any_call() -> None:
    story = gone(wrapup=10.0)
    story.phone_is("anna", PhoneState.NOT_INUSE)
    story.answers("c1", "anna")
    assert story.taken() == [("c1", "anna")]
    story.hangs_up("c1")
    assert story.facts(FactType.ENDED) == [("c1", "anna", "")]


def test_handed_to_a_colleague_it_is_a_call_with_a_caller_on_the_line() -> None:
    story = gone()
    story.phone_is("anna", PhoneState.NOT_INUSE)
    attempt = order(story).attempt
    story.answers("c1", "anna")
    story.happens(CustomerReached(inquiry=InquiryId("c1"), attempt=attempt))
    story.phone_is("ben", PhoneState.NOT_INUSE)
    story.hands("anna", "c1", "ben")
    assert not order(story).is_callback
    story.hangs_up("c1")
    assert story.facts(FactType.CLOSED) == [("c1", "anna", "answered")]


def test_it_can_be_given_up_by_a_word_of_the_channel() -> None:
    story = gone()
    story.happens(CustomerLeft(inquiry=InquiryId("c1"), departure=Departure.ABANDONED))
    assert story.facts(FactType.CLOSED) == [("c1", None, "abandoned")]


@pytest.mark.parametrize("then", [ToVoicemail(mailbox="sales"), ToNumber(number="+48600"), CallBack()])
def test_what_needs_a_caller_on_the_line_means_to_keep_waiting(then: OverflowAction) -> None:
    story = Story(policy(group("sales", "anna", max_waiting=0, on_full=CallBack(), on_unanswered=then)))
    story.calls("c1")
    story.hangs_up("c1")
    assert order(story).is_callback
    story.misses("anna", "c1")
    assert story.happened(FactType.CLOSED) == []
    story.later(RING)
    assert order(story).is_callback


def test_nothing_is_played_to_who_is_not_there() -> None:
    spoken = Reply(sound="sorry", then=End())
    story = Story(policy(group("sales", "anna", max_waiting=0, on_full=CallBack(), on_unanswered=spoken)))
    story.calls("c1")
    story.hangs_up("c1")
    story.misses("anna", "c1")
    assert story.ordered(ReplyToCustomer) == []
    assert story.facts(FactType.CLOSED) == [("c1", None, "unanswered")]


# -- to who gave up -------------------------------------------------------------------------------------------------


def test_who_gave_up_while_waiting_can_be_called_back() -> None:
    story = Story(policy(group("sales", "anna", on_abandoned=CallBack())))
    story.phone_is("anna", PhoneState.INUSE)
    story.calls("c1")
    story.hangs_up("c1")
    assert story.facts(FactType.ABANDONED) == [("c1", None, "hung_up")]
    assert story.facts(FactType.CLOSED) == []
    story.phone_is("anna", PhoneState.NOT_INUSE)
    assert order(story).is_callback


def test_who_gave_up_while_a_phone_rang_is_called_back_by_ringing_it_anew() -> None:
    story = Story(policy(group("sales", "anna", on_abandoned=CallBack())))
    story.calls("c1")
    story.rings("c1", "anna")
    story.hangs_up("c1")
    assert story.facts(FactType.WITHDRAWN) == [("c1", "anna", "the customer left")]
    assert (order(story).attempt, order(story).is_callback) == (2, True)


def test_of_the_other_actions_none_means_anything_to_who_is_gone() -> None:
    for action in (ToVoicemail(mailbox="sales"), ToNumber(number="+48600"), End(), None):
        story = Story(policy(group("sales", "anna", on_abandoned=action)))
        story.calls("c1")
        story.hangs_up("c1")
        assert story.facts(FactType.CLOSED) == [("c1", None, "abandoned")]


def test_but_a_text_can_follow_who_left_a_chat() -> None:
    story = Story(policy(group("sales", "anna", on_abandoned=Reply(text="Write again.", then=CallBack()))))
    story.chats("h1")
    story.hangs_up("h1")
    assert [each.text for each in story.ordered(ReplyToCustomer)] == ["Write again."]
    assert story.facts(FactType.CLOSED) == [("h1", None, "abandoned")]


def test_whoever_was_found_on_the_line_of_a_callback_is_free_when_its_customer_is_not_reached() -> None:
    """Behind a cut link a colleague had picked the callback up: nobody knows of which attempt that was."""
    story = gone()
    story.phone_is("anna", PhoneState.NOT_INUSE)
    attempt = order(story).attempt
    story.misses("anna", "c1")
    found = ConversationFound(
        inquiry=InquiryId("c1"), phone=phone("ben"), source=SourceId("sales"), customer=Customer(phone="")
    )
    story.happens(found)
    assert story.taken()[-1] == ("c1", "ben")

    story.happens(CustomerNotReached(inquiry=InquiryId("c1"), attempt=attempt, detail="they hung up"))

    assert story.told("ben").load[Channel.CALL] == 0


def test_who_leaves_the_line_for_a_colleague_is_called_back_by_whoever_can() -> None:
    story = Story(
        policy(
            group("sales", "anna", "ben", announce=Announce(leave_key="1"), on_leave=CallBack()),
            group("care", "cleo"),
        )
    )
    story.calls("c1")
    story.answers("c1", "anna")
    story.phone_is("cleo", PhoneState.INUSE)
    story.hands("anna", "c1", "cleo")
    story.happens(KeyPressed(inquiry=InquiryId("c1"), key="1"))
    assert len(story.ordered(PromiseCallback)) == 1

    story.hangs_up("c1")
    story.later(2 * RING)

    offered = [each for each in story.history if isinstance(each, Fact) and each.type is FactType.OFFERED]
    assert {each.operator for each in offered} == {"anna", "ben"}


# -- a promise is the group's -----------------------------------------------------------------------------------------


def sent_to_ben(rings: int | None = None, **options: object) -> Story:
    """Nobody of sales took c1 within 30 s, so it is for Ben alone, who is on a call; who gives up is called back."""
    action = ToOperator(operator=OperatorId("ben"), rings=rings)
    plan = policy(
        group("sales", "anna", "cleo", **{"on_unanswered": action, "on_abandoned": CallBack(), **options}),
        group("support", "ben"),
    )
    story = Story(plan)
    for name in ("anna", "cleo"):
        story.phone_is(name, PhoneState.INUSE)
    return story


def waits_for_ben(rings: int | None = None) -> Story:
    story = sent_to_ben(rings, max_wait=30.0)
    story.phone_is("ben", PhoneState.INUSE)
    story.calls("c1")
    story.later(30)
    assert story.facts(FactType.OVERFLOWED) == [("c1", "ben", "")]
    return story


@pytest.mark.parametrize("rings", [None, 3])
def test_who_gives_up_waiting_for_one_operator_is_called_back_by_whoever_can(rings: int | None) -> None:
    story = waits_for_ben(rings)
    story.hangs_up("c1")
    story.later(3600)
    assert story.happened(FactType.CLOSED) == []

    story.phone_is("anna", PhoneState.NOT_INUSE)

    assert order(story).is_callback
    assert story.rung() == [("c1", ("anna",))]


def test_and_so_is_who_gives_up_while_that_operators_phone_rings() -> None:
    story = sent_to_ben(max_wait=30.0)
    story.calls("c1")
    story.later(30)
    assert story.rung() == [("c1", ("ben",))]
    story.rings("c1", "ben")

    story.hangs_up("c1")
    assert story.rung() == []
    story.phone_is("cleo", PhoneState.NOT_INUSE)

    assert story.rung() == [("c1", ("cleo",))]


def test_and_so_is_who_gives_up_while_the_pbx_serves_them_by_itself() -> None:
    story = waits_for_ben()
    story.happens(FallbackRings(inquiry=InquiryId("c1")))
    served = FallbackServed(
        pbx=PBX,
        entry=1,
        inquiry=InquiryId("c1"),
        source=SourceId("sales"),
        customer=Customer(),
        came_at=story.now - 30,
        answered_at=None,
        phone=None,
        ended_at=story.now,
    )
    story.happens(served)

    story.phone_is("anna", PhoneState.NOT_INUSE)

    assert story.rung() == [("c1", ("anna",))]


def test_who_was_sent_to_one_operator_as_the_group_was_closed_is_called_back_once_it_is_open() -> None:
    """And not at night, by whoever happens to be there."""
    day = Hours(zone=ZoneInfo("UTC"), week=(((480, 1080),),) * 7)
    story = sent_to_ben(on_closed=ToOperator(operator=OperatorId("ben"), rings=None), hours=day)
    for name in ("anna", "cleo"):
        story.phone_is(name, PhoneState.NOT_INUSE)
    story.calls("c1")
    story.rings("c1", "ben")
    story.hangs_up("c1")
    assert story.rung() == []

    opening = story.engine.next_deadline()
    assert opening is not None
    story.later(opening - story.now)

    assert story.rung() == [("c1", ("anna",))]


def test_a_promise_that_nobody_takes_is_not_sent_to_one_operator() -> None:
    story = sent_to_ben(rings=3)
    story.calls("c1")
    story.hangs_up("c1")
    story.phone_is("ben", PhoneState.INUSE)
    story.phone_is("anna", PhoneState.NOT_INUSE)
    story.misses("anna", "c1")

    story.phone_is("ben", PhoneState.NOT_INUSE)
    story.later(RING)

    assert story.happened(FactType.OVERFLOWED) == []
    assert story.happened(FactType.CLOSED) == []
    assert story.rung() == [("c1", ("anna",))]


def test_who_leaves_the_line_of_one_operator_is_called_back_by_whoever_can() -> None:
    story = sent_to_ben(max_wait=30.0, announce=Announce(leave_key="1"), on_leave=CallBack())
    story.phone_is("ben", PhoneState.INUSE)
    story.calls("c1")
    story.later(30)
    story.happens(KeyPressed(inquiry=InquiryId("c1"), key="1"))
    story.hangs_up("c1")
    story.later(3600)

    story.phone_is("anna", PhoneState.NOT_INUSE)

    assert story.rung() == [("c1", ("anna",))]


def rung_at_who_wants_it() -> Story:
    """A callback rings at anna, and ben has it ring at his phone instead."""
    story = gone(pickup=True)
    story.phone_is("anna", PhoneState.NOT_INUSE)
    story.rings("c1", "anna")
    story.phone_is("ben", PhoneState.NOT_INUSE)
    story.asks(PickupRequested, "ben", "c1", is_by_command=True)
    assert (order(story).is_callback, story.rung()) == (True, [("c1", ("ben",))])
    return story


def test_a_callback_that_somebody_wanted_and_cannot_have_after_all_rings_at_the_others() -> None:
    story = rung_at_who_wants_it()
    direct = ConversationFound(
        inquiry=InquiryId("c2"), phone=phone("ben"), source=SourceId("sales"), customer=Customer()
    )

    story.happens(direct)

    assert ("c1", "ben", "no room any more") in story.facts(FactType.WITHDRAWN)
    assert story.rung() == [("c1", ("anna",))]


def test_and_who_wanted_it_and_missed_it_comes_last() -> None:
    story = rung_at_who_wants_it()

    story.misses("ben", "c1")

    assert ("c1", "ben", "back to the group") in story.facts(FactType.UNANSWERED)
    assert story.rung() == [("c1", ("anna",))]


def test_a_promise_that_an_earlier_version_kept_for_one_operator_is_the_groups_when_the_daemon_starts() -> None:
    story = waits_for_ben()
    story.engine.world.inquiries[InquiryId("c1")].is_callback = True
    story.mirror = Mirror(story.engine.world)

    story.happens(DaemonStarted(version="2"))
    story.happens(PbxFound(pbx=PBX))
    story.phone_is("anna", PhoneState.NOT_INUSE)

    assert order(story).is_callback
    assert story.rung() == [("c1", ("anna",))]
