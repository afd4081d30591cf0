"""Whoever frees up takes the oldest inquiry of the highest priority that they may have, at once."""

from huntgroup.engine.events import PhoneState, Refusal
from huntgroup.engine.policy import Channel, Presence
from tests.unit.engine.scenario import RING, Story, group, operator, policy

ONE_CHAT = {Channel.CHAT: 1}


def busy(*groups: str, **priorities: int) -> Story:
    """Anna is of all these groups, with room for one chat, and on the phone."""
    plan = policy(
        *[group(name, "anna", priority=priorities.get(name, 0)) for name in groups],
        operators=[operator("anna", capacity=ONE_CHAT)],
    )
    story = Story(plan)
    story.phone_is("anna", PhoneState.INUSE)
    return story


def served(story: Story) -> list[str]:
    """The order in which Anna is rung for what waits, each call given up as soon as it rings."""
    order = []
    story.phone_is("anna", PhoneState.NOT_INUSE)
    while story.rung():
        ((name, _),) = story.rung()
        order.append(name)
        story.hangs_up(name)
    return order


def test_the_oldest_is_first_over_all_groups() -> None:
    story = busy("sales", "support", "billing")
    for name, number in (("c1", "support"), ("c2", "billing"), ("c3", "sales"), ("c4", "support")):
        story.now += 1
        story.calls(name, number)
    assert served(story) == ["c1", "c2", "c3", "c4"]


def test_of_the_same_instant_it_is_the_one_told_first() -> None:
    story = busy("sales", "support")
    story.calls("c9", "support")
    story.calls("c1", "sales")
    assert served(story) == ["c9", "c1"]


def test_a_higher_priority_of_the_group_goes_before_age() -> None:
    story = busy("sales", "support", support=1)
    story.calls("old", "sales")
    story.now += 60
    story.calls("urgent", "support")
    assert served(story) == ["urgent", "old"]


def test_the_priorities_of_group_and_inquiry_add_up() -> None:
    story = busy("sales", "support", sales=2, support=1)
    story.calls("three", "support", priority=2)
    story.now += 1
    story.calls("two", "sales")
    story.now += 1
    story.calls("four", "sales", priority=2)
    story.now += 1
    story.calls("less", "sales", priority=-2)
    assert served(story) == ["four", "three", "two", "less"]


def test_the_oldest_is_first_over_channels_too() -> None:
    story = busy("sales")
    story.chats("h1")
    story.now += 1
    story.calls("c1")
    story.phone_is("anna", PhoneState.NOT_INUSE)
    assert story.offered() == [("h1", "anna"), ("c1", "anna")]


def test_a_ringing_call_leaves_the_chat_behind_it_waiting_even_if_that_came_later() -> None:
    story = busy("sales")
    story.calls("c1")
    story.now += 1
    story.chats("h1")
    story.phone_is("anna", PhoneState.NOT_INUSE)
    assert story.offered() == [("c1", "anna")]


def test_one_who_may_not_have_the_first_in_line_has_the_first_of_another() -> None:
    story = busy("sales")
    story.calls("c1")
    story.mails("m1")
    assert story.taken() == [("m1", "anna")]


def test_an_inquiry_they_missed_is_passed_over_and_blocks_nothing_behind_it() -> None:
    story = Story(policy(group("sales", "anna")))
    story.calls("c1")
    story.now += 1
    story.calls("c2")
    story.refuses("c1", "anna", Refusal.DECLINED)
    assert story.rung() == [("c2", ("anna",))]
    story.hangs_up("c2")
    assert story.rung() == []
    story.later(RING)
    assert story.rung() == [("c1", ("anna",))]


def test_one_they_declined_does_not_come_back_before_its_rest_is_over_though_they_are_free() -> None:
    story = Story(policy(group("sales", "anna", offer_timeout=30.0)))
    story.chats("h1")
    story.declines("anna", "h1")
    story.later(29)
    story.mails("m1")
    story.closes("anna", "m1")
    assert story.offered() == []
    story.later(1)
    assert story.offered() == [("h1", "anna")]


def test_everyone_who_frees_up_takes_one_each() -> None:
    story = Story(policy(group("sales", "anna", "ben", "cleo")))
    for name in ("anna", "ben", "cleo"):
        story.is_now(name, Presence.PAUSED)
    for name in ("c1", "c2", "c3", "c4"):
        story.calls(name)
    rung = []
    for name in ("cleo", "anna", "ben"):
        story.is_now(name, Presence.AVAILABLE)
        rung += story.rung()
    assert rung == [("c1", ("cleo",)), ("c2", ("anna",)), ("c3", ("ben",))]


def test_an_operator_who_frees_up_for_three_chats_takes_three_at_once() -> None:
    story = Story(policy(group("sales", "anna")))
    story.phone_is("anna", PhoneState.INUSE)
    for name in ("h1", "h2", "h3", "h4"):
        story.chats(name)
    story.phone_is("anna", PhoneState.NOT_INUSE)
    assert story.offered() == [("h1", "anna"), ("h2", "anna"), ("h3", "anna")]


def test_nobody_sits_idle_behind_a_call_that_only_others_may_have() -> None:
    story = Story(policy(group("sales", "anna"), group("support", "anna", "ben")))
    story.phone_is("anna", PhoneState.INUSE)
    story.calls("c1", "sales")
    story.now += 1
    story.calls("c2", "support")
    assert story.rung() == [("c2", ("ben",))]


def test_making_room_by_setting_a_chat_aside_brings_the_most_urgent() -> None:
    story = Story(
        policy(group("sales", "anna"), group("support", "anna"), operators=[operator("anna", capacity=ONE_CHAT)])
    )
    story.chats("h1")
    story.accepts("anna", "h1")
    story.chats("plain", "sales")
    story.chats("urgent", "support", priority=5)
    story.sets_aside("anna", "h1")
    assert story.offered() == [("urgent", "anna")]
