"""An operator takes what is being offered to a colleague of their group."""

import pytest

from huntgroup.engine.effects import FactType, PickUpCall
from huntgroup.engine.events import CallMoved, PhoneState, Refusal
from huntgroup.engine.ids import InquiryId, OperatorId
from huntgroup.engine.policy import Channel, Distribution, Presence
from huntgroup.engine.requested import PickupRequested
from tests.unit.engine.scenario import RING, Story, group, operator, policy


def house(**options: object) -> Story:
    return Story(
        policy(
            group("sales", "anna", "ben", **{"pickup": True, **options}),
            group("support", "cleo", "ben", pickup=True),
            group("desk", "zoe"),
        )
    )


def test_a_chat_picked_up_is_theirs_at_once_and_the_colleague_did_not_miss_it() -> None:
    story = house(miss_limit=1)
    story.chats("h1")
    story.picks_up("ben", "h1")
    assert story.refused() is None
    assert story.facts(FactType.PICKED_UP) == [("h1", "ben", "from anna")]
    assert story.taken() == [("h1", "ben")]
    assert story.happened(FactType.MISSED) == []
    assert (story.has("anna"), story.told("anna").presence) == ((), "available")


def test_a_call_is_picked_up_by_the_pbx_and_credited_when_that_says_so() -> None:
    story = house()
    story.calls("c1")
    story.rings("c1", "anna")
    story.picks_up("ben", "c1")
    assert [(each.inquiry, each.operator) for each in story.ordered(PickUpCall)] == [("c1", "ben")]
    assert story.taken() == []
    story.call_is_picked_up("c1", "ben")
    assert story.taken() == [("c1", "ben")]
    story.hangs_up("c1")
    assert story.facts(FactType.CLOSED) == [("c1", "ben", "answered")]


def by_command(story: Story, who: str, inquiry: str | None = "c1") -> None:
    story.asks(PickupRequested, who, inquiry, is_by_command=True)


def test_by_command_a_call_rings_at_the_pickers_phone_in_place_of_the_colleagues() -> None:
    story = house(miss_limit=1)
    story.calls("c1")
    story.rings("c1", "anna")
    by_command(story, "ben")
    assert story.refused() is None
    assert story.ordered(PickUpCall) == []
    assert story.rung()[-1] == ("c1", ("ben",))
    assert story.facts(FactType.PICKED_UP) == [("c1", "ben", "from anna")]
    story.answers("c1", "ben")
    assert story.taken() == [("c1", "ben")]
    assert (story.happened(FactType.MISSED), story.told("anna").presence) == ([], "available")


def test_who_picks_up_by_command_and_does_not_answer_has_missed_it_and_the_group_goes_on() -> None:
    story = house(rings=2)
    story.calls("c1")
    story.rings("c1", "anna")
    by_command(story, "ben", None)
    story.rings("c1", "ben")
    story.later(2 * RING)
    assert story.facts(FactType.MISSED) == [("c1", "ben", "")]
    assert story.rung()[-1] == ("c1", ("anna",))


def test_a_pause_does_not_forbid_a_pickup_by_command_and_a_phone_that_is_not_free_does() -> None:
    story = house()
    story.calls("c1")
    story.is_now("ben", Presence.PAUSED)
    story.phone_is("ben", PhoneState.INUSE)
    by_command(story, "ben")
    assert story.refused() == "phone_not_free"
    story.phone_is("ben", PhoneState.NOT_INUSE)
    by_command(story, "ben")
    assert story.rung()[-1] == ("c1", ("ben",))
    by_command(story, "ben")
    assert (story.refused(), story.rung()) == (None, [])


def test_a_call_picked_up_at_the_phone_without_asking_is_credited_as_well() -> None:
    story = house(pickup=False)
    story.calls("c1")
    story.call_is_picked_up("c1", "zoe")
    assert story.facts(FactType.PICKED_UP) == [("c1", "zoe", "from anna")]
    assert story.has("zoe") == ("c1",)


def test_what_is_heard_of_only_once_it_counts_as_the_colleagues_is_credited_to_who_picked_it_up() -> None:
    """Of a call between two PBXs each tells a part, in any order: that it was answered, and by whom."""
    story = house()
    story.calls("c1")
    story.answers("c1", "anna")
    moved = CallMoved(inquiry=InquiryId("c1"), operator=OperatorId("ben"), is_pickup=True)
    story.happens(moved)

    assert story.facts(FactType.PICKED_UP) == [("c1", "ben", "from anna")]
    assert (story.has("anna"), story.has("ben")) == ((), ("c1",))
    assert story.happens(moved) == []


def test_told_twice_it_changes_nothing_and_who_comes_too_late_is_let_go() -> None:
    story = house()
    story.calls("c1")
    story.call_is_picked_up("c1", "ben")
    assert story.call_is_picked_up("c1", "ben") == []
    story.call_is_picked_up("c1", "anna")
    assert (story.released(), story.has("anna")) == (["PJSIP/anna"], ())
    assert story.call_is_picked_up("gone", "anna") == []
    story.hangs_up("c1")
    assert story.call_is_picked_up("c1", "ben") == []


def test_what_was_picked_up_of_an_attempt_that_is_over_is_not_theirs() -> None:
    story = house(rings=1)
    story.calls("c1")
    story.rings("c1", "anna")
    story.later(RING)
    assert story.rung() == [("c1", ("ben",))]
    story.answers("c1", "cleo", attempt=1)
    assert (story.released(), story.taken()) == (["PJSIP/cleo"], [])


def test_picked_up_by_somebody_who_is_no_operator_it_is_off_the_list_and_nobody_missed_it() -> None:
    story = house(miss_limit=1)
    story.calls("c1")
    story.rings("c1", "anna")
    story.answers("c1", "reception")
    assert story.facts(FactType.PICKED_UP) == [("c1", None, "from anna")]
    assert story.facts(FactType.CLOSED) == [("c1", None, "forwarded")]
    assert story.happened(FactType.MISSED) == []
    assert (story.has("anna"), story.told("anna").presence) == ((), "available")
    assert story.hangs_up("c1") == []


def test_nor_is_it_theirs_when_it_is_heard_of_only_once_it_counts_so() -> None:
    story = Story(policy(group("sales", "anna", "ben")))
    story.talks("anna", "c1")

    story.happens(CallMoved(inquiry=InquiryId("c1"), operator=None, is_pickup=True))

    assert story.facts(FactType.PICKED_UP) == [("c1", None, "from anna")]
    assert story.facts(FactType.TRANSFERRED) == []
    assert story.facts(FactType.CLOSED) == [("c1", "anna", "forwarded")]
    assert story.told("anna").load[Channel.CALL] == 0


def test_who_takes_no_calls_at_all_has_none_ring_at_them_by_command() -> None:
    story = Story(
        policy(group("sales", "anna", "ben", pickup=True), operators=[operator("ben", capacity={Channel.CALL: 0})])
    )
    story.calls("c1")

    story.asks(PickupRequested, "ben", "c1", is_by_command=True)

    assert story.refused() == "phone_not_free"
    assert story.has("anna") == ("c1",)


def test_who_paused_and_then_answers_the_phone_that_still_rings_has_picked_up_nothing() -> None:
    story = house(distribution=Distribution.ALL_AT_ONCE)
    story.calls("c1")
    story.is_now("ben", Presence.PAUSED)
    story.answers("c1", "ben")
    assert story.facts(FactType.PICKED_UP) == []
    assert story.taken() == [("c1", "ben")]


def test_who_declined_and_then_takes_it_by_the_code_has_picked_it_up() -> None:
    story = house(distribution=Distribution.ALL_AT_ONCE)
    story.calls("c1")
    story.refuses("c1", "ben", Refusal.DECLINED)
    story.answers("c1", "ben")
    assert story.facts(FactType.PICKED_UP) == [("c1", "ben", "from anna")]


def test_a_colleagues_is_the_one_that_has_been_pending_longest_at_them() -> None:
    story = house()
    story.is_now("ben", Presence.PAUSED)
    story.chats("old")
    story.now += 1
    story.chats("young")
    story.asks(PickupRequested, "ben", colleague=OperatorId("anna"))
    assert story.taken() == [("old", "ben")]
    story.asks(PickupRequested, "ben", colleague=OperatorId("cleo"))
    assert story.refused() == "nothing_to_pick_up"
    story.asks(PickupRequested, "ben", colleague=OperatorId("dora"))
    assert story.refused() == "unknown_operator"


def test_of_a_colleagues_two_it_is_the_one_that_may_be_picked_up() -> None:
    story = Story(
        policy(group("desk", "anna", "cleo"), group("sales", "anna", "ben", pickup=True)),
    )
    story.is_now("ben", Presence.PAUSED)
    story.chats("closed", "desk")
    story.now += 1
    story.asks(PickupRequested, "ben", colleague=OperatorId("anna"))
    assert story.refused() == "not_in_group"
    story.chats("open", "sales")
    story.asks(PickupRequested, "ben", colleague=OperatorId("anna"))
    assert story.taken() == [("open", "ben")]


def test_who_asks_at_their_phone_gets_a_call_and_never_a_chat() -> None:
    story = house()
    story.is_now("ben", Presence.PAUSED)
    story.chats("h1")
    story.asks(PickupRequested, "ben", channel=Channel.CALL)
    assert story.refused() == "nothing_to_pick_up"
    story.now += 1
    story.calls("c1", "desk")
    story.calls("c2", "support")
    story.asks(PickupRequested, "ben", channel=Channel.CALL)
    assert [each.inquiry for each in story.ordered(PickUpCall)] == ["c2"]
    story.asks(PickupRequested, "ben", colleague=OperatorId("anna"), channel=Channel.CALL)
    assert story.refused() == "nothing_to_pick_up"


def test_asked_for_without_a_name_it_is_what_has_been_pending_longest_in_their_groups() -> None:
    story = house()
    story.is_now("ben", Presence.PAUSED)
    story.calls("elsewhere", "desk")
    story.now += 1
    story.chats("old", "support")
    story.now += 1
    story.chats("young", "sales")
    story.picks_up("ben")
    assert story.taken() == [("old", "ben")]
    story.picks_up("ben")
    assert story.taken() == [("young", "ben")]
    story.picks_up("ben")
    assert story.refused() == "nothing_to_pick_up"


def test_how_long_it_is_pending_counts_and_not_how_long_ago_it_came() -> None:
    story = house(offer_timeout=10.0)
    story.is_now("ben", Presence.PAUSED)
    story.chats("old")
    story.later(10)
    story.now += 5
    story.chats("young", "support")
    story.later(5)
    assert story.offered() == [("old", "anna")]
    story.picks_up("ben")
    assert story.taken() == [("young", "ben")]


def test_a_group_may_allow_none() -> None:
    story = house(pickup=False)
    story.chats("h1")
    story.picks_up("ben", "h1")
    assert story.refused() == "pickup_not_allowed"
    story.picks_up("ben")
    assert story.refused() == "nothing_to_pick_up"


def test_who_is_not_of_the_group_takes_nothing_from_it() -> None:
    story = house()
    story.chats("h1")
    story.picks_up("zoe", "h1")
    assert story.refused() == "not_in_group"


def test_what_waits_or_is_in_hand_cannot_be_picked_up() -> None:
    story = house()
    for name in ("anna", "ben"):
        story.is_now(name, Presence.PAUSED)
    story.chats("waits")
    story.picks_up("anna", "waits")
    assert story.refused() == "not_pending"
    story.is_now("anna", Presence.AVAILABLE)
    story.accepts("anna", "waits")
    story.picks_up("ben", "waits")
    assert story.refused() == "not_pending"
    story.picks_up("ben", "gone")
    assert story.refused() == "unknown_inquiry"


def test_a_pause_forbids_it_no_more_than_a_full_hand() -> None:
    story = Story(
        policy(group("sales", "anna", "ben", pickup=True), operators=[operator("ben", capacity={Channel.CHAT: 0})])
    )
    story.is_now("ben", Presence.PAUSED)
    story.chats("h1")
    story.picks_up("ben", "h1")
    assert story.has("ben") == ("h1",)


def test_who_is_logged_out_picks_up_no_chat_but_may_answer_a_phone_that_rings() -> None:
    story = house()
    story.is_now("ben", Presence.LOGGED_OUT)
    story.chats("h1")
    story.picks_up("ben", "h1")
    assert story.refused() == "not_logged_in"
    story.calls("c1")
    story.picks_up("ben", "c1")
    assert story.refused() is None


def test_taking_ones_own_offer_is_accepting_it() -> None:
    story = house(distribution=Distribution.ALL_AT_ONCE)
    story.chats("h1")
    story.picks_up("ben", "h1")
    assert story.facts(FactType.PICKED_UP) == []
    assert story.taken() == [("h1", "ben")]
    story.calls("c1")
    story.call_is_picked_up("c1", "anna")
    assert story.facts(FactType.PICKED_UP) == []
    assert story.taken() == [("c1", "anna")]


def test_of_those_who_ring_together_only_those_who_still_do_are_named_as_robbed() -> None:
    story = Story(policy(group("sales", "anna", "ben", "cleo", pickup=True, distribution=Distribution.ALL_AT_ONCE)))
    story.is_now("cleo", Presence.PAUSED)
    story.chats("h1")
    story.declines("anna", "h1")
    story.picks_up("cleo", "h1")
    assert story.facts(FactType.PICKED_UP) == [("h1", "cleo", "from ben")]


def test_what_was_handed_to_a_colleague_can_be_picked_up_by_the_group_and_moves_no_responsibility() -> None:
    story = house()
    story.talks("anna", "c1")
    story.hands("anna", "c1", "zoe")
    story.picks_up("ben", "c1")
    story.call_is_picked_up("c1", "ben")
    assert story.taken() == [("c1", "ben")]
    assert story.happened(FactType.RESPONSIBLE_CHANGED) == []


@pytest.mark.parametrize("picker", ["anna", "ben"])
def test_the_robbed_colleague_is_free_for_the_next_one_at_once(picker: str) -> None:
    story = house()
    story.phone_is("ben", PhoneState.INUSE)
    story.calls("c1")
    story.now += 1
    story.calls("c2")
    story.call_is_picked_up("c1", picker)
    assert story.rung() == ([("c2", ("anna",))] if picker == "ben" else [])


def test_it_begins_the_count_of_missed_ones_anew() -> None:
    story = house(miss_limit=2)
    story.is_now("anna", Presence.PAUSED)
    story.calls("c1")
    story.misses("ben", "c1")
    story.hangs_up("c1")
    story.is_now("anna", Presence.AVAILABLE)
    story.chats("h1")
    story.picks_up("ben", "h1")
    story.is_now("anna", Presence.PAUSED)
    story.calls("c2")
    story.misses("ben", "c2")
    assert story.told("ben").presence == "available"
    story.later(10 * RING)
