"""Who of several eligible operators is first."""

from huntgroup.engine.events import PhoneState, Refusal
from huntgroup.engine.policy import Channel, Distribution, End, Presence
from tests.unit.engine.scenario import Story, entrance, group, operator, policy

IN_TURN, EVENLY = Distribution.IN_TURN, Distribution.EVENLY


def three(distribution: Distribution, **options: object) -> Story:
    return Story(policy(group("sales", "anna", "ben", "cleo", distribution=distribution, **options)))


def rings_at(story: Story, inquiry: str) -> str:
    """Who is rung first for a call that is given up at once."""
    story.calls(inquiry)
    ((_, (who,)),) = story.rung()
    story.hangs_up(inquiry)
    return who


# -- in turn --------------------------------------------------------------------------------------------------------


def test_in_turn_each_call_starts_after_who_was_offered_the_last_one_answered_or_not() -> None:
    story = three(IN_TURN)
    assert [rings_at(story, name) for name in ("c1", "c2", "c3", "c4")] == ["anna", "ben", "cleo", "anna"]


def test_in_turn_a_handoff_goes_on_down_the_list_and_round() -> None:
    story = three(IN_TURN)
    rings_at(story, "c1")
    story.calls("c2")
    asked = []
    for _ in range(3):
        ((_, (who,)),) = story.rung()
        asked.append(who)
        story.refuses("c2", who, Refusal.DECLINED)
    assert asked == ["ben", "cleo", "anna"]


def test_in_turn_who_is_busy_is_passed_over_and_their_turn_is_not_made_up_for() -> None:
    story = three(IN_TURN)
    rings_at(story, "c1")
    story.phone_is("ben", PhoneState.INUSE)
    assert rings_at(story, "c2") == "cleo"
    story.phone_is("ben", PhoneState.NOT_INUSE)
    assert [rings_at(story, name) for name in ("c3", "c4")] == ["anna", "ben"]


def test_in_turn_it_goes_on_from_somebody_who_is_away_by_now() -> None:
    story = three(IN_TURN)
    assert [rings_at(story, name) for name in ("c1", "c2")] == ["anna", "ben"]
    story.is_now("ben", Presence.LOGGED_OUT)
    assert rings_at(story, "c3") == "cleo"


def test_the_turn_of_chats_is_not_moved_by_calls_that_ring_everyone() -> None:
    in_turn = entrance("sales-chat", "sales", Channel.CHAT, distribution=IN_TURN)
    story = Story(
        policy(group("sales", "anna", "ben", distribution=Distribution.ALL_AT_ONCE), entrances=[in_turn]),
    )
    story.chats("h1")
    assert story.offered() == [("h1", "anna")]
    story.calls("c1")
    story.hangs_up("c1")
    story.chats("h2")
    assert story.offered() == [("h2", "ben")]


# -- evenly ---------------------------------------------------------------------------------------------------------


def test_evenly_with_nothing_in_hand_it_is_whose_last_offer_is_longest_ago_answered_or_not() -> None:
    story = three(EVENLY)
    story.talks("anna", "c1")
    story.is_over("c1", "anna")
    assert [rings_at(story, name) for name in ("c2", "c3", "c4")] == ["ben", "cleo", "anna"]


def test_evenly_among_those_never_offered_anything_it_is_the_listed_order() -> None:
    story = three(EVENLY)
    story.phone_is("anna", PhoneState.INUSE)
    rings_at(story, "c1")
    story.phone_is("anna", PhoneState.NOT_INUSE)
    assert [rings_at(story, name) for name in ("c2", "c3")] == ["anna", "cleo"]


def test_evenly_the_smallest_share_of_capacity_comes_first_and_not_the_smallest_number() -> None:
    roomy = operator("anna", capacity={Channel.CHAT: 10})
    story = Story(policy(group("sales", "anna", "ben", distribution=EVENLY), operators=[roomy]))
    owners = []
    for name in ("h1", "h2", "h3", "h4", "h5"):
        story.chats(name)
        ((_, who),) = story.offered()
        assert who is not None
        story.accepts(who, name)
        owners.append(who)
    assert owners == ["anna", "ben", "anna", "anna", "anna"]


def test_evenly_the_work_of_all_channels_adds_up() -> None:
    story = three(EVENLY)
    story.mails("m1")
    story.mails("m2")
    story.mails("m3")
    story.mails("m4")
    assert story.taken() == [("m4", "anna")]
    story.chats("h1")
    assert story.offered() == [("h1", "ben")]
    story.calls("c1")
    assert story.rung() == [("c1", ("cleo",))]


def test_evenly_a_burst_is_spread_before_anybody_has_accepted_anything() -> None:
    story = three(EVENLY)
    story.chats("h0")
    story.accepts("anna", "h0")
    for name in ("h1", "h2", "h3", "h4"):
        story.chats(name)
    assert [len(story.has(name)) for name in ("anna", "ben", "cleo")] == [2, 2, 1]


def test_evenly_what_was_set_down_counts_no_more() -> None:
    story = three(EVENLY)
    for name, who in (("h1", "anna"), ("h2", "ben"), ("h3", "cleo")):
        story.chats(name)
        story.accepts(who, name)
    story.closes("cleo", "h3")
    story.chats("h4")
    assert story.offered() == [("h4", "cleo")]


def test_evenly_who_missed_it_is_not_asked_again_in_this_round() -> None:
    story = three(EVENLY, on_unanswered=End(cause=19))
    story.calls("c1")
    for _ in range(3):
        ((_, (who,)),) = story.rung()
        story.refuses("c1", who, Refusal.BUSY)
    assert story.ended() == [("c1", 19)]
