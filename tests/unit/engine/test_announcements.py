"""What a caller hears while they wait: their place at once and every so often, the wait only where it is known."""

import pytest

from huntgroup.engine.effects import AnnounceToCustomer, HoldCustomer, ReplyToCustomer, RingPhones
from huntgroup.engine.events import PhoneState, ReplyPlayed
from huntgroup.engine.ids import GroupId
from huntgroup.engine.pace import RECENT_SECONDS
from huntgroup.engine.policy import Announce, EnterGroup, Hold, KeepWaiting, Reply
from tests.unit.engine.scenario import RING, Story, group, policy


def busy(announce: Announce, **options: object) -> Story:
    """Anna is on the phone."""
    story = Story(policy(group("sales", "anna", announce=announce, hold=Hold.MUSIC, **options)))
    story.phone_is("anna", PhoneState.INUSE)
    return story


def told(story: Story) -> list[tuple[str, int | None, float | None]]:
    """Who was told which place and wait by the last effects."""
    return [(each.inquiry, each.position, each.wait) for each in story.ordered(AnnounceToCustomer)]


EVERY = Announce(position=True, every=30.0)


def test_who_waits_hears_their_place_at_once_after_the_music_began() -> None:
    story = busy(EVERY)
    story.calls("c1")
    assert told(story) == [("c1", 1, None)]
    orders = [type(each) for each in story.effects if isinstance(each, HoldCustomer | AnnounceToCustomer)]
    assert orders == [HoldCustomer, AnnounceToCustomer]
    story.calls("c2")
    assert told(story) == [("c2", 2, None)]


def test_and_every_so_often_the_place_they_have_then() -> None:
    story = busy(EVERY)
    story.calls("c1")
    story.calls("c2")
    story.later(29.9)
    assert told(story) == []
    story.hangs_up("c1")
    story.later(0.1)
    assert told(story) == [("c2", 1, None)]
    story.later(30)
    assert told(story) == [("c2", 1, None)]


def test_once_at_the_start_when_nothing_says_how_often() -> None:
    story = busy(Announce(position=True))
    story.calls("c1")
    assert len(told(story)) == 1
    story.later(3600)
    assert told(story) == []


def test_nobody_for_whom_a_phone_rings_is_told_anything_and_afterwards_no_sooner_than_it_is_time() -> None:
    story = Story(policy(group("sales", "anna", announce=EVERY, hold=Hold.MUSIC)))
    story.calls("c1")
    story.rings("c1", "anna")
    assert [each for each in story.history if isinstance(each, AnnounceToCustomer)] == []
    story.later(2 * RING)
    assert told(story) == [("c1", 1, None)]
    story.later(RING)
    assert story.rung() == [("c1", ("anna",))]
    story.misses("anna", "c1")
    assert told(story) == []
    story.later(RING)
    assert told(story) == []


def test_an_offer_comes_the_instant_somebody_is_free_whatever_is_being_said() -> None:
    story = busy(EVERY)
    story.calls("c1")
    story.phone_is("anna", PhoneState.NOT_INUSE)
    assert len(story.ordered(RingPhones)) == 1


def test_the_groups_own_sound_is_played_too() -> None:
    story = busy(Announce(sound="press-one", every=10.0))
    story.calls("c1")
    assert [(each.position, each.sound) for each in story.ordered(AnnounceToCustomer)] == [(None, "press-one")]


def test_where_nothing_is_to_be_said_nothing_is() -> None:
    story = busy(Announce(every=10.0))
    story.calls("c1")
    story.later(60)
    assert [each for each in story.history if isinstance(each, AnnounceToCustomer)] == []


def test_a_reply_is_not_broken_off_by_an_announcement() -> None:
    story = busy(EVERY, max_wait=10.0, on_unanswered=Reply(sound="sorry"))
    story.calls("c1")
    story.later(10)
    assert told(story) == []
    (reply,) = story.ordered(ReplyToCustomer)
    story.later(60)
    assert told(story) == []  # it is a long one
    story.happens(ReplyPlayed(inquiry=reply.inquiry, attempt=reply.attempt))
    story.later(29)
    assert told(story) == []
    story.later(1)
    assert told(story) == [("c1", 1, None)]


def test_who_hears_a_reply_and_waits_on_may_leave_the_line_by_its_key_afterwards() -> None:
    announce = Announce(position=True, leave_key="1")
    story = busy(announce, max_wait=10.0, on_unanswered=Reply(sound="sorry"), on_leave=KeepWaiting())
    story.calls("c1")
    story.later(10)
    assert [each.leave_key for each in story.ordered(ReplyToCustomer)] == ["1"]


def test_who_comes_on_to_another_group_waits_as_that_one_says() -> None:
    sales = group("sales", "anna", max_wait=10.0, on_unanswered=EnterGroup(group=GroupId("care")))
    care = group("care", "cleo", announce=Announce(position=True, leave_key="2"), hold=Hold.MUSIC)
    story = Story(policy(sales, care))
    for each in ("anna", "cleo"):
        story.phone_is(each, PhoneState.INUSE)
    story.calls("c1")
    assert [(each.hold, each.leave_key) for each in story.ordered(HoldCustomer)] == [(Hold.RINGING, "")]

    story.later(10)

    assert [(each.hold, each.leave_key) for each in story.ordered(HoldCustomer)] == [(Hold.MUSIC, "2")]
    assert told(story) == [("c1", 1, None)]


# -- how long it will take ------------------------------------------------------------------------------------------

WAIT = Announce(position=True, wait=True)


def after(*waits: float) -> Story:
    """So many callers waited so long for Anna, each first in line, and were answered."""
    story = busy(WAIT)
    for number, seconds in enumerate(waits):
        name = f"old{number}"
        story.calls(name)
        story.later(seconds)
        story.phone_is("anna", PhoneState.NOT_INUSE)
        story.answers(name, "anna")
        story.phone_is("anna", PhoneState.INUSE)
        story.hangs_up(name)
    return story


def test_it_is_the_mean_of_what_others_waited_for_each_place_times_ones_own_place() -> None:
    story = after(60, 120, 180)
    story.calls("c1")
    assert told(story) == [("c1", 1, 120.0)]
    story.calls("c2")
    assert told(story) == [("c2", 2, 240.0)]


@pytest.mark.parametrize("waits", [(), (60,), (60, 60)])
def test_it_is_not_said_while_too_few_have_waited(waits: tuple[float, ...]) -> None:
    story = after(*waits)
    story.calls("c1")
    assert told(story) == [("c1", 1, None)]


def test_nor_when_that_was_long_ago() -> None:
    story = after(60, 60, 60)
    story.later(RECENT_SECONDS + 1)
    story.calls("c1")
    assert told(story) == [("c1", 1, None)]


def test_who_was_answered_at_once_says_nothing_of_waiting() -> None:
    story = busy(WAIT)
    for name in ("a", "b", "c"):
        story.phone_is("anna", PhoneState.NOT_INUSE)
        story.talks("anna", name)
        story.is_over(name, "anna")
    story.phone_is("anna", PhoneState.INUSE)
    story.calls("c1")
    assert told(story) == [("c1", 1, None)]


def test_only_the_last_ten_count() -> None:
    story = after(*[600.0] * 3, *[30.0] * 10)
    story.calls("c1")
    assert told(story) == [("c1", 1, 30.0)]
