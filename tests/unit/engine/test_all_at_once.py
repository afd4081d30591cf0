"""Everyone eligible rings together, and one of them gets it."""

from huntgroup.engine.effects import FactType
from huntgroup.engine.events import PhoneState, Refusal
from huntgroup.engine.policy import Distribution, End
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


def test_two_calls_do_not_share_an_operator() -> None:
    story = together()
    story.calls("c1")
    story.calls("c2")
    assert story.held() == ["c2"]
    story.answers("c1", "anna")
    assert story.rung() == [("c2", ("ben", "cleo"))]
