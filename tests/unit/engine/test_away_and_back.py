"""The daemon or the link is away while the PBX has a caller, calls one back, or rings at many: what holds then."""

import pytest

from huntgroup.engine.effects import (
    AnnounceToCustomer,
    FactType,
    HoldCustomer,
    JoinRinging,
    Outcome,
    RingPhones,
    SendToVoicemail,
)
from huntgroup.engine.events import (
    ClockStepped,
    ConversationFound,
    Customer,
    CustomerLeft,
    CustomerNotReached,
    DaemonStarted,
    Departure,
    FallbackRings,
    FallbackServed,
    InquiryReceived,
    MessageLeft,
    PbxFound,
    PbxLost,
    PhoneAnswered,
    PhoneState,
    Recording,
)
from huntgroup.engine.ids import AttemptNo, InquiryId, PhoneId, SourceId
from huntgroup.engine.lifecycle import InquiryState
from huntgroup.engine.policy import (
    Announce,
    CallBack,
    Channel,
    Distribution,
    End,
    EnterGroup,
    Hold,
    OverflowAction,
    Reply,
    ToNumber,
    ToVoicemail,
)
from huntgroup.engine.state import Inquiry
from tests.unit.engine.scenario import PBX, Story, entrance, group, phone, policy

C1 = InquiryId("c1")
JAN = Customer(name="Jan", phone="+48600700800", can_be_called_back=True)
PAUSE = 300.0
BOX, OUTSIDE, BACK = ToVoicemail(mailbox="sales"), ToNumber(number="+48600"), CallBack()
TOLD = Reply(sound="sorry", then=BOX)


def with_the_pbx(action: OverflowAction) -> Story:
    """Anna missed c1, and the PBX has them now."""
    story = Story(policy(group("sales", "anna", "ben", on_unanswered=action), group("support", "cleo")))
    story.phone_is("ben", PhoneState.UNAVAILABLE)
    story.calls("c1")
    story.misses("anna", "c1")
    assert known(story).handover is not None
    return story


def known(story: Story) -> Inquiry:
    return story.engine.world.inquiries[C1]


def restarts(story: Story) -> None:
    """The daemon comes back, with all that it knew."""
    story.happens(DaemonStarted(version="1"))


def is_found(story: Story) -> None:
    story.happens(PbxFound(pbx=PBX))


def was_served(story: Story, *, by: str | None) -> None:
    """The PBX tells that it served c1 by itself."""
    story.happens(
        FallbackServed(
            pbx=PBX,
            entry=1,
            inquiry=C1,
            source=SourceId("sales"),
            customer=JAN,
            came_at=story.now - 60,
            answered_at=story.now - 40 if by else None,
            phone=phone(by) if by else None,
            ended_at=story.now - 20,
        )
    )


# -- a caller whom the PBX has ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", [BOX, OUTSIDE, BACK, TOLD])
def test_whom_the_pbx_has_it_still_has_when_the_daemon_is_back(action: OverflowAction) -> None:
    story = with_the_pbx(action)
    before = known(story).handover

    restarts(story)
    story.now += 100
    is_found(story)

    assert known(story).handover == before
    assert [each for each in story.effects if isinstance(each, RingPhones | SendToVoicemail | HoldCustomer)] == []


def test_a_message_of_theirs_that_was_left_meanwhile_ends_the_call_as_it_would_have() -> None:
    story = with_the_pbx(BOX)
    restarts(story)

    recording = Recording(file="/spool/msg0000", seconds=3.0, mailbox="sales")
    story.happens(
        MessageLeft(inquiry=C1, message=InquiryId("m1"), source=SourceId("sales"), customer=JAN, recording=recording)
    )
    story.happens(CustomerLeft(inquiry=C1, departure=Departure.VANISHED))

    assert story.engine.world.closed[Outcome.VOICEMAIL] == 1
    assert story.happened(FactType.ABANDONED) == []


@pytest.mark.parametrize("action", [BOX, OUTSIDE, BACK, TOLD])
def test_whom_the_pbx_serves_by_itself_instead_waits_again_once_it_gives_them_back(action: OverflowAction) -> None:
    story = with_the_pbx(action)
    restarts(story)

    story.happens(FallbackRings(inquiry=C1))
    is_found(story)
    assert known(story).handover is None
    story.happens(InquiryReceived(inquiry=C1, channel=Channel.CALL, source=SourceId("sales"), customer=JAN))

    assert story.rung() == [("c1", ("anna",))]
    assert not known(story).is_callback


@pytest.mark.parametrize("action", [BOX, OUTSIDE, BACK, TOLD])
def test_who_is_found_talking_is_in_conversation_whatever_was_to_become_of_them(action: OverflowAction) -> None:
    story = with_the_pbx(action)
    restarts(story)

    story.happens(
        ConversationFound(inquiry=C1, phone=phone("anna"), source=SourceId("sales"), customer=JAN, attempt=AttemptNo(1))
    )
    is_found(story)

    assert known(story).state is InquiryState.ACTIVE
    assert story.has("anna") == ("c1",)
    story.hangs_up("c1")
    assert story.engine.world.closed[Outcome.ANSWERED] == 1


def test_who_was_answered_by_the_pbx_itself_is_not_called_back_although_that_was_to_be_promised() -> None:
    story = with_the_pbx(BACK)
    restarts(story)

    was_served(story, by="anna")
    is_found(story)

    assert story.engine.world.closed[Outcome.ANSWERED] == 1
    assert C1 not in story.engine.world.inquiries


@pytest.mark.parametrize(("on_abandoned", "is_kept"), [(None, False), (BACK, True)])
def test_who_gave_up_at_the_pbx_itself_is_kept_where_their_group_calls_back(
    on_abandoned: CallBack | None, *, is_kept: bool
) -> None:
    sales = group("sales", "anna", on_unanswered=BOX, on_abandoned=on_abandoned)
    story = Story(policy(sales))
    story.calls("c1")
    story.misses("anna", "c1")
    restarts(story)

    was_served(story, by=None)
    is_found(story)

    assert (C1 in story.engine.world.inquiries) == is_kept
    assert story.rung() == ([("c1", ("anna",))] if is_kept else [])


@pytest.mark.parametrize("on_abandoned", [None, BACK])
def test_who_was_answered_outside_and_hung_up_meanwhile_was_forwarded_and_is_not_called_back(
    on_abandoned: CallBack | None,
) -> None:
    story = Story(policy(group("sales", "anna", on_unanswered=ToNumber(number="+48600"), on_abandoned=on_abandoned)))
    story.calls("c1")
    story.misses("anna", "c1")
    restarts(story)

    was_served(story, by="a mobile")
    is_found(story)

    assert story.engine.world.closed[Outcome.FORWARDED] == 1
    assert story.rung() == []


def test_who_comes_back_to_a_group_that_was_removed_meanwhile_goes_where_their_number_leads_now() -> None:
    story = with_the_pbx(BOX)
    restarts(story)
    story.happens(FallbackRings(inquiry=C1))
    story.has_policy(policy(group("support", "cleo"), entrances=[entrance("sales", "support")]))
    is_found(story)

    story.happens(InquiryReceived(inquiry=C1, channel=Channel.CALL, source=SourceId("sales"), customer=JAN))

    assert story.rung() == [("c1", ("cleo",))]


@pytest.mark.parametrize("then", [EnterGroup(group=group("support").id), End(cause=17), BACK, TOLD])
def test_what_follows_a_reply_is_the_same_after_a_restart(then: OverflowAction) -> None:
    story = with_the_pbx(Reply(sound="sorry", then=then))

    kept = story.mirror.memory()

    (inquiry,) = kept.inquiries
    assert inquiry.handover is not None
    assert inquiry.handover.then == then


# -- callbacks --------------------------------------------------------------------------------------------------------


def not_reached() -> Story:
    """c1 was called back in vain: they are called again after a pause."""
    story = Story(policy(group("sales", "anna", max_waiting=0, on_full=BACK), callback_pause=PAUSE))
    story.calls("c1")
    story.hangs_up("c1")
    story.answers("c1", "anna")
    (ring,) = [each for each in story.history if isinstance(each, RingPhones)]
    story.happens(CustomerNotReached(inquiry=C1, attempt=ring.attempt, detail="BUSY"))
    return story


def test_a_pause_is_as_long_as_it_is_whatever_becomes_of_the_clock() -> None:
    story = not_reached()
    story.later(PAUSE / 2)

    story.now += 3600
    story.happens(ClockStepped(by=3600.0))

    assert story.rung() == []
    story.later(PAUSE / 2 - 1)
    assert story.rung() == []
    story.later(1)
    assert story.rung() == [("c1", ("anna",))]


def test_nor_is_it_shorter_for_another_configuration() -> None:
    story = not_reached()
    story.later(PAUSE / 2)

    story.has_policy(policy(group("sales", "anna", "ben", max_waiting=0, on_full=BACK), callback_pause=PAUSE))

    assert story.rung() == []
    story.later(PAUSE / 2)
    assert story.rung() == [("c1", ("anna",))]


def test_who_is_to_be_called_while_the_link_is_down_is_called_once_it_is_back() -> None:
    story = not_reached()
    story.happens(PbxLost(pbx=PBX))

    story.later(2 * PAUSE)
    assert story.rung() == []
    is_found(story)

    assert story.rung() == [("c1", ("anna",))]


# -- announcements ----------------------------------------------------------------------------------------------------


def test_what_a_waiting_caller_is_told_every_so_often_is_told_as_often_when_the_clock_is_set() -> None:
    plan = group("sales", "anna", hold=Hold.MUSIC, announce=Announce(position=True, every=30.0))
    story = Story(policy(plan))
    story.talks("anna", "c0")
    story.calls("c1")
    story.later(10)

    story.now += 500
    story.happens(ClockStepped(by=500.0))

    story.later(19)
    assert story.ordered(AnnounceToCustomer) == []
    story.later(1)
    assert [each.position for each in story.ordered(AnnounceToCustomer)] == [1]


def test_how_fast_a_line_moves_is_known_after_a_restart_and_when_the_clock_was_set() -> None:
    story = Story(policy(group("sales", "anna", hold=Hold.MUSIC)))
    story.talks("anna", "c0")
    for number in range(1, 5):
        story.calls(f"c{number}")
        story.later(20)
        story.is_over(f"c{number - 1}", "anna")
        story.answers(f"c{number}", "anna")
        story.phone_is("anna", PhoneState.INUSE)
    story.happens(ClockStepped(by=7200.0))
    story.now += 7200

    kept = story.mirror.memory().paces
    wait = story.engine.world.paces.estimate(group("sales").id, story.now, 1)

    assert {name: len(samples) for name, samples in kept.items()} == {"sales": 4}
    assert wait == pytest.approx(20.0)


# -- rings together ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["the link", "the daemon"])
def test_nobody_joins_what_rang_before_the_link_was_lost_but_what_rings_after_it(how: str) -> None:
    sales = group("sales", "anna", "ben", distribution=Distribution.ALL_AT_ONCE)
    story = Story(policy(sales))
    story.phone_is("ben", PhoneState.INUSE)
    story.calls("c1")
    story.rings("c1", "anna")

    if how == "the link":
        story.happens(PbxLost(pbx=PBX))
    else:
        restarts(story)
    is_found(story)
    story.phone_is("ben", PhoneState.NOT_INUSE)

    assert story.ordered(JoinRinging) == []
    story.calls("c2")
    assert story.rung() == [("c2", ("ben",))]


def test_an_attempt_that_may_be_joined_may_be_joined_by_an_engine_made_of_the_memory() -> None:
    sales = group("sales", "anna", "ben", distribution=Distribution.ALL_AT_ONCE)
    story = Story(policy(sales))
    story.phone_is("ben", PhoneState.INUSE)

    story.chats("t1")
    story.calls("c1")

    assert story.mirror.differences(story.engine.world) == []
    assert "c1" in story.engine.world.joinable[sales.id]


# -- who was found talking --------------------------------------------------------------------------------------------


def test_a_caller_who_held_when_they_were_found_talking_holds_anew_when_they_are_handed_on() -> None:
    story = Story(policy(group("sales", "anna", "ben")))
    for who in ("anna", "ben"):
        story.phone_is(who, PhoneState.INUSE)
    story.calls("c1")
    assert story.held() == ["c1"]
    restarts(story)
    story.happens(ConversationFound(inquiry=C1, phone=phone("anna"), source=SourceId("sales"), customer=JAN))
    is_found(story)

    story.hands("anna", "c1", to="ben")

    assert story.held() == ["c1"]


def test_a_caller_at_the_pbx_itself_whom_a_stranger_answers_is_served_and_not_cut_off() -> None:
    story = Story(policy(group("sales", "anna")))
    story.calls("c1")
    restarts(story)
    story.happens(FallbackRings(inquiry=C1))

    story.happens(PhoneAnswered(inquiry=C1, attempt=AttemptNo(1), phone=PhoneId("PJSIP/reception")))

    assert story.released() == []
    assert story.engine.world.closed[Outcome.FORWARDED] == 1
