"""Another configuration while somebody waits for the opening, is to be called back, or is served by the PBX alone."""

from datetime import datetime
from zoneinfo import ZoneInfo

from huntgroup.engine.effects import FactType
from huntgroup.engine.events import CustomerNotReached, FallbackRings, KeyPressed, PhoneState
from huntgroup.engine.hours import Hours
from huntgroup.engine.ids import GroupId, InquiryId
from huntgroup.engine.policy import Announce, CallBack, EnterGroup, KeepWaiting, Policy
from tests.unit.engine.scenario import Story, entrance, group, policy

UTC = ZoneInfo("UTC")
DAY = Hours(zone=UTC, week=(((480, 1080),),) * 7)
C1 = InquiryId("c1")


def at(text: str) -> float:
    return datetime.fromisoformat(f"2026-11-09 {text}").replace(tzinfo=UTC).timestamp()


def house(name: str = "sales", **options: object) -> Policy:
    """One group behind the number of sales, whatever it is called."""
    plan = group(name, "anna", **{"hours": DAY, "on_closed": KeepWaiting(), **options})
    return policy(plan, entrances=[entrance("sales", name)])


def test_who_waits_for_the_opening_of_a_group_that_is_renamed_waits_for_it_all_the_same() -> None:
    story = Story(house(), at=at("22:00"))
    story.calls("c1")

    story.has_policy(house("desk"))

    assert story.rung() == []
    story.later(at("08:00") + 24 * 3600 - story.now)
    assert story.rung() == [("c1", ("anna",))]


def test_and_of_one_that_is_open_by_then_no_longer() -> None:
    story = Story(house(), at=at("22:00"))
    story.calls("c1")

    story.has_policy(house("desk", hours=None))

    assert story.rung() == [("c1", ("anna",))]


def test_who_is_called_again_after_a_pause_has_that_pause_also_in_a_group_that_is_renamed() -> None:
    story = Story(house(max_waiting=0, on_full=CallBack(), hours=None))
    story.calls("c1")
    story.hangs_up("c1")
    story.answers("c1", "anna")
    reaching = story.engine.world.inquiries[C1].called_back_in
    story.happens(CustomerNotReached(inquiry=C1, attempt=reaching, detail="busy"))

    story.has_policy(house("desk", max_waiting=0, on_full=CallBack(), hours=None))

    assert story.rung() == []
    story.later(story.engine.world.policy.callback_pause)
    assert story.rung() == [("c1", ("anna",))]


def test_whom_the_pbx_serves_is_taken_back_into_the_line_also_when_that_has_closed_meanwhile() -> None:
    story = Story(house(), at=at("17:59"))
    story.phone_is("anna", PhoneState.INUSE)
    story.calls("c1")
    story.happens(FallbackRings(inquiry=C1))
    story.later(120)
    story.has_policy(house(rings=5))
    story.phone_is("anna", PhoneState.NOT_INUSE)

    story.calls("c1")

    assert story.rung() == [("c1", ("anna",))]


def test_the_key_of_a_group_that_is_gone_leads_nowhere() -> None:
    """Where it led to may be gone as well."""
    leave = {"announce": Announce(leave_key="1"), "on_leave": EnterGroup(group=GroupId("care"))}
    story = Story(policy(group("sales", "anna", "ben", **leave), group("care", "cleo")))
    story.talks("anna", "c1")
    story.phone_is("ben", PhoneState.INUSE)
    story.has_policy(policy(group("desk", "anna", "ben"), entrances=[entrance("sales", "desk")]))
    story.hands("anna", "c1", "ben")
    assert story.refused() is None

    story.happens(KeyPressed(inquiry=C1, key="1"))

    assert story.happened(FactType.LEFT_LINE) == []
    assert C1 in story.engine.world.inquiries
