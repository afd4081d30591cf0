"""A mail or a form becomes an operator's at once, without a question."""

from huntgroup.engine.effects import FactType
from huntgroup.engine.policy import Channel, Distribution, Mode, Presence, WhenAllUnavailable
from tests.unit.engine.scenario import Story, entrance, group, operator, policy


def three(of_group: Distribution = Distribution.IN_ORDER, **source: object) -> Story:
    mail = entrance("sales-mail", "sales", Channel.MAIL, mode=Mode.ASSIGN, **source)
    return Story(policy(group("sales", "anna", "ben", "cleo", distribution=of_group), entrances=[mail]))


def given(story: Story, count: int) -> list[str | None]:
    """Whose each of so many further mails becomes."""
    owners: list[str | None] = []
    for _ in range(count):
        story.mails(f"m{len(story.happened(FactType.RECEIVED)) + 1}")
        owners += [who for _, who in story.taken()] or [None]
    return owners


def test_in_order_the_first_listed_has_all_they_can_take() -> None:
    story = three()
    assert given(story, 21) == ["anna"] * 20 + ["ben"]
    assert story.offered() == []
    assert story.told("anna").reasons[Channel.MAIL] == "at_capacity"


def test_in_turn_it_goes_round() -> None:
    assert given(three(Distribution.IN_TURN), 4) == ["anna", "ben", "cleo", "anna"]


def test_evenly_who_has_the_least_gets_it() -> None:
    story = three(Distribution.EVENLY)
    assert given(story, 3) == ["anna", "ben", "cleo"]
    story.closes("ben", "m2")
    assert given(story, 1) == ["ben"]


def test_a_group_that_rings_all_at_once_assigns_evenly_as_only_one_can_have_it() -> None:
    assert given(three(Distribution.ALL_AT_ONCE), 4) == ["anna", "ben", "cleo", "anna"]


def test_a_source_may_be_distributed_otherwise_than_its_group() -> None:
    assert given(three(Distribution.IN_ORDER, distribution=Distribution.IN_TURN), 3) == ["anna", "ben", "cleo"]


def test_what_nobody_has_room_for_waits_and_is_assigned_as_soon_as_somebody_has() -> None:
    story = Story(policy(group("sales", "anna"), operators=[operator("anna", capacity={Channel.FORM: 1})]))
    story.forms("f1")
    story.forms("f2")
    assert story.taken() == []
    story.closes("anna", "f1")
    assert story.taken() == [("f2", "anna")]


def test_a_source_may_allow_only_so_many_at_one_operator() -> None:
    assert given(three(max_open=1), 4) == ["anna", "ben", "cleo", None]


def test_what_was_assigned_needs_no_accepting_and_cannot_be_declined() -> None:
    story = three()
    story.mails("m1")
    story.accepts("anna", "m1")
    assert story.refused() is None
    story.declines("anna", "m1")
    assert story.refused() == "not_offered_to_you"


def test_during_a_call_mail_still_comes_as_it_can_wait() -> None:
    story = three()
    story.talks("anna", "c1")
    assert given(story, 1) == ["anna"]


# -- who is away ----------------------------------------------------------------------------------------------------


def test_who_is_away_is_left_out() -> None:
    story = three()
    story.is_now("anna", Presence.LOGGED_OUT)
    story.is_now("ben", Presence.PAUSED)
    assert given(story, 2) == ["cleo", "cleo"]
    assert story.verdicts() == {"anna": "logged_out", "ben": "paused", "cleo": "chosen"}


def test_unless_the_source_says_that_it_may_lie_in_their_tray() -> None:
    story = three(skip_unavailable=False)
    story.is_now("anna", Presence.LOGGED_OUT)
    assert given(story, 1) == ["anna"]


def test_what_may_lie_in_the_tray_of_who_is_away_stays_theirs_when_they_log_out() -> None:
    story = three(skip_unavailable=False)
    story.mails("m1")
    story.is_now("anna", Presence.LOGGED_OUT)
    assert story.happened(FactType.PUT_BACK) == []
    assert story.has("anna") == ("m1",)


def test_with_nobody_there_it_waits_for_the_first_who_comes() -> None:
    story = three(when_all_unavailable=WhenAllUnavailable.WAIT)
    for name in ("anna", "ben", "cleo"):
        story.is_now(name, Presence.LOGGED_OUT)
    assert given(story, 1) == [None]
    story.is_now("cleo", Presence.AVAILABLE)
    assert story.taken() == [("m1", "cleo")]


def test_or_goes_in_turn_to_those_who_are_away() -> None:
    story = three(when_all_unavailable=WhenAllUnavailable.IN_TURN)
    for name in ("anna", "ben", "cleo"):
        story.is_now(name, Presence.PAUSED)
    assert given(story, 4) == ["anna", "ben", "cleo", "anna"]


def test_nobody_who_is_away_gets_one_while_anybody_is_there_be_they_full() -> None:
    story = three(when_all_unavailable=WhenAllUnavailable.IN_TURN, max_open=1)
    story.is_now("anna", Presence.LOGGED_OUT)
    story.is_now("ben", Presence.LOGGED_OUT)
    assert given(story, 2) == ["cleo", None]
    assert story.verdicts() == {"anna": "logged_out", "ben": "logged_out", "cleo": "at_source_limit"}


def test_what_waited_goes_to_who_is_away_the_moment_the_last_one_leaves() -> None:
    story = three(when_all_unavailable=WhenAllUnavailable.IN_TURN, max_open=1)
    story.is_now("anna", Presence.LOGGED_OUT)
    story.is_now("ben", Presence.LOGGED_OUT)
    given(story, 2)
    story.is_now("cleo", Presence.PAUSED)
    assert story.taken() == [("m2", "anna")]


def test_with_everyone_away_the_reasons_that_remain_are_those_of_their_work() -> None:
    story = three(when_all_unavailable=WhenAllUnavailable.IN_TURN, max_open=1)
    for name in ("anna", "ben", "cleo"):
        story.is_now(name, Presence.LOGGED_OUT)
    assert given(story, 4) == ["anna", "ben", "cleo", None]
    assert set(story.verdicts().values()) == {"at_source_limit"}


def test_a_call_never_goes_to_who_is_away_whatever_the_sources_say() -> None:
    story = three(skip_unavailable=False, when_all_unavailable=WhenAllUnavailable.IN_TURN)
    for name in ("anna", "ben", "cleo"):
        story.is_now(name, Presence.PAUSED)
    story.calls("c1")
    assert story.rung() == []
