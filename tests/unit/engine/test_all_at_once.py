"""Everyone eligible rings together, and one of them gets it."""

from huntgroup.engine.effects import FactType, JoinRinging, RingPhones
from huntgroup.engine.events import PhoneState, Refusal
from huntgroup.engine.policy import Distribution, End, Presence
from tests.unit.engine.scenario import RING, UNREACHABLE_AFTER, Story, group, policy


def together(**options: object) -> Story:
    return Story(policy(group("sales", "anna", "ben", "cleo", distribution=Distribution.ALL_AT_ONCE, **options)))


def test_everyone_eligible_rings() -> None:
    story = together()
    story.phone_is("ben", PhoneState.INUSE)
    story.calls("c1")
    assert story.rung() == [("c1", ("anna", "cleo"))]
    assert story.verdicts() == {"anna": "chosen", "ben": "busy", "cleo": "chosen"}


def test_the_first_to_answer_has_it_and_nobody_missed_it() -> None:
    story = together()
    story.calls("c1")
    for name in ("anna", "ben", "cleo"):
        story.rings("c1", name)
    story.answers("c1", "ben")
    assert story.facts(FactType.ACCEPTED) == [("c1", "ben", "")]
    assert story.facts(FactType.MISSED) == []
    assert story.told("anna").inquiries == ()
    assert story.told("ben").inquiries == ("c1",)


def test_of_two_who_answer_the_second_is_released() -> None:
    story = together()
    story.calls("c1")
    story.rings("c1", "anna")
    story.rings("c1", "ben")
    story.answers("c1", "ben")
    story.answers("c1", "anna", attempt=1)
    assert story.released() == ["PJSIP/anna"]


def test_one_decline_leaves_the_others_ringing() -> None:
    story = together()
    story.calls("c1")
    story.refuses("c1", "anna", Refusal.DECLINED)
    assert story.rung() == []
    assert story.held() == []


def test_the_round_is_one_ringing_period_from_the_first_phone_that_rings() -> None:
    story = together(on_unanswered=End(cause=19))
    story.calls("c1")
    story.later(1)
    story.rings("c1", "ben")
    story.later(1)
    story.rings("c1", "anna")
    story.later(2 * RING - 1)
    assert story.ended() == [("c1", 19)]
    missed = [who for _, who, _ in story.facts(FactType.MISSED)]
    assert missed == ["anna", "ben"]
    assert story.facts(FactType.FAILED) == [("c1", "cleo", "unreachable")]


def test_when_no_phone_rings_at_all_the_round_ends_early() -> None:
    story = together(on_unanswered=End(cause=19))
    story.calls("c1")
    story.later(UNREACHABLE_AFTER)
    assert story.ended() == [("c1", 19)]


def test_when_all_refuse_the_round_is_over_at_once() -> None:
    story = together(on_unanswered=End(cause=17))
    story.calls("c1")
    for name in ("anna", "ben", "cleo"):
        story.refuses("c1", name, Refusal.BUSY)
    assert story.ended() == [("c1", 17)]


def busy_at_first(who: str = "ben", **options: object) -> Story:
    """Everyone but one rings for a call."""
    story = together(**options)
    story.phone_is(who, PhoneState.INUSE)
    story.calls("c1")
    return story


def joined(story: Story) -> list[tuple[str, str]]:
    """Who is to ring as well by the last effects: (inquiry, operator)."""
    return [(each.inquiry, each.ring.operator) for each in story.ordered(JoinRinging)]


def test_who_frees_up_rings_as_well_and_at_the_others_nothing_changes() -> None:
    story = busy_at_first()
    story.rings("c1", "anna")
    story.phone_is("ben", PhoneState.NOT_INUSE)
    assert (joined(story), story.rung(), story.held()) == ([("c1", "ben")], [], [])
    assert story.facts(FactType.OFFERED) == [("c1", "ben", "with those who are offered it already")]
    story.rings("c1", "ben")
    story.answers("c1", "ben")
    assert story.taken() == [("c1", "ben")]
    assert story.happened(FactType.MISSED) == []


def test_only_an_order_that_somebody_could_join_says_so() -> None:
    story = busy_at_first()
    assert [each.may_be_joined for each in story.ordered(RingPhones)] == [True]
    story = together()
    story.calls("c1")
    assert [each.may_be_joined for each in story.ordered(RingPhones)] == [False]


def test_who_joins_does_not_make_the_round_longer_and_has_missed_nothing() -> None:
    story = busy_at_first(miss_limit=1, on_unanswered=End(cause=19))
    story.rings("c1", "anna")
    story.later(RING)
    story.phone_is("ben", PhoneState.NOT_INUSE)
    story.rings("c1", "ben")
    story.later(RING)
    assert story.ended() == [("c1", 19)]
    assert story.facts(FactType.MISSED) == [("c1", "anna", "")]
    assert ("c1", "ben", "the round is over") in story.facts(FactType.WITHDRAWN)
    assert (story.told("anna").presence, story.told("ben").presence) == ("paused", "available")


def test_what_waits_comes_before_what_rings_already() -> None:
    story = busy_at_first()
    story.calls("c2")
    assert story.held() == ["c2"]
    story.phone_is("ben", PhoneState.NOT_INUSE)
    assert (story.rung(), joined(story)) == ([("c2", ("ben",))], [])


def test_who_had_it_in_this_round_does_not_join_it_again() -> None:
    story = busy_at_first()
    story.refuses("c1", "anna", Refusal.DECLINED)
    story.phone_is("anna", PhoneState.INUSE)
    story.phone_is("anna", PhoneState.NOT_INUSE)
    assert joined(story) == []


def test_when_the_next_round_begins_while_it_rings_at_who_came_late_the_others_join_them() -> None:
    story = busy_at_first()
    for name in ("anna", "cleo"):
        story.refuses("c1", name, Refusal.DECLINED)
    story.phone_is("ben", PhoneState.NOT_INUSE)
    assert story.rung() == [("c1", ("ben",))]
    story.rings("c1", "ben")
    story.later(RING)
    assert joined(story) == [("c1", "anna"), ("c1", "cleo")]


def test_when_all_others_have_refused_the_round_goes_on_for_who_joined() -> None:
    story = busy_at_first()
    story.rings("c1", "anna")
    story.phone_is("ben", PhoneState.NOT_INUSE)
    for name in ("anna", "cleo"):
        story.refuses("c1", name, Refusal.BUSY)
    assert story.held() == []
    story.answers("c1", "ben")
    assert story.taken() == [("c1", "ben")]


def test_a_chat_that_all_are_offered_is_offered_to_who_comes_as_well() -> None:
    story = together()
    story.is_now("ben", Presence.PAUSED)
    story.chats("h1")
    assert story.offered() == [("h1", "anna"), ("h1", "cleo")]
    story.is_now("ben", Presence.AVAILABLE)
    assert story.offered() == [("h1", "ben")]
    story.accepts("ben", "h1")
    assert story.taken() == [("h1", "ben")]


def test_a_call_for_one_operator_or_in_order_is_joined_by_nobody() -> None:
    story = Story(policy(group("sales", "anna", "ben")))
    story.phone_is("ben", PhoneState.INUSE)
    story.calls("c1")
    story.phone_is("ben", PhoneState.NOT_INUSE)
    assert joined(story) == []


def test_two_calls_do_not_share_an_operator() -> None:
    story = together()
    story.calls("c1")
    story.calls("c2")
    assert story.held() == ["c2"]
    story.answers("c1", "anna")
    assert story.rung() == [("c2", ("ben", "cleo"))]


def test_who_joins_a_moment_before_nobody_has_rung_at_all_is_offered_it_in_full() -> None:
    """Whose phone begins to ring late, as one that is woken does, has its own time for it."""
    story = together(on_unanswered=End(cause=19))
    story.phone_is("cleo", PhoneState.INUSE)
    story.calls("c1")
    story.later(UNREACHABLE_AFTER - 0.1)
    story.phone_is("cleo", PhoneState.NOT_INUSE)
    assert len(story.ordered(JoinRinging)) == 1

    story.later(0.1)

    assert (story.rung(), story.ended()) == ([("c1", ("cleo",))], [])
    story.later(UNREACHABLE_AFTER)
    assert story.ended() == [("c1", 19)]
