"""When a group is open, and what becomes of who comes when it is not. Times are Warsaw's, whatever the clocks do."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from huntgroup.engine.effects import FactType, PromiseCallback, ReplyToCustomer, RingPhones
from huntgroup.engine.events import PhoneState
from huntgroup.engine.hours import Hours, is_open, next_opening
from huntgroup.engine.ids import GroupId, OperatorId
from huntgroup.engine.policy import CallBack, Channel, End, EnterGroup, KeepWaiting, Presence, Reply
from tests.unit.engine.scenario import Story, entrance, group, policy

WARSAW = ZoneInfo("Europe/Warsaw")
DAY = ((8 * 60, 18 * 60),)
NOON_BREAK = ((8 * 60, 12 * 60), (13 * 60, 17 * 60))
OFFICE = Hours(zone=WARSAW, week=(*[DAY] * 5, (), ()), holidays=frozenset({date(2026, 11, 11)}))
NIGHT = Hours(zone=WARSAW, week=(((0, 6 * 60), (22 * 60, 24 * 60)),) * 7)


def at(text: str, fold: int = 0) -> float:
    """The instant of a local time; ``fold`` 1 is the second time round when clocks go back."""
    return datetime.fromisoformat(text).replace(tzinfo=WARSAW, fold=fold).timestamp()


# -- open or closed -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "is_it"),
    [
        ("2026-11-09 07:59:59", False),
        ("2026-11-09 08:00:00", True),
        ("2026-11-09 17:59:59", True),
        ("2026-11-09 18:00:00", False),
        ("2026-11-11 12:00:00", False),
        ("2026-11-14 12:00:00", False),
    ],
)
def test_it_is_open_from_the_first_minute_until_just_before_the_last_except_on_holidays(when: str, is_it: bool) -> None:
    assert is_open(OFFICE, at(when)) is is_it


def test_a_group_without_hours_is_always_open() -> None:
    assert is_open(None, 0.0)
    assert next_opening(None, 17.0) == 17.0


def test_over_a_noon_break_it_opens_twice_a_day() -> None:
    hours = Hours(zone=WARSAW, week=(NOON_BREAK,) * 7)
    assert not is_open(hours, at("2026-11-09 12:30"))
    assert next_opening(hours, at("2026-11-09 12:30")) == at("2026-11-09 13:00")
    assert next_opening(hours, at("2026-11-09 17:00")) == at("2026-11-10 08:00")


def test_over_midnight_it_never_closes() -> None:
    for when in ("2026-11-09 22:00", "2026-11-09 23:59", "2026-11-10 00:00", "2026-11-10 05:59"):
        assert is_open(NIGHT, at(when))
    assert next_opening(NIGHT, at("2026-11-10 06:00")) == at("2026-11-10 22:00")


def test_the_next_opening_goes_over_the_weekend_and_over_holidays() -> None:
    assert next_opening(OFFICE, at("2026-11-10 18:00")) == at("2026-11-12 08:00")
    assert next_opening(OFFICE, at("2026-11-13 18:00")) == at("2026-11-16 08:00")


def test_while_it_is_open_the_next_opening_is_now() -> None:
    assert next_opening(OFFICE, at("2026-11-09 12:00")) == at("2026-11-09 12:00")


def test_a_group_of_no_hours_at_all_never_opens() -> None:
    assert next_opening(Hours(zone=WARSAW, week=((),) * 7), at("2026-11-09 12:00")) is None


# -- when clocks change ---------------------------------------------------------------------------------------------


def test_it_opens_at_eight_by_the_clock_before_and_after_clocks_go_forward() -> None:
    every_day = Hours(zone=WARSAW, week=(DAY,) * 7)
    closing = at("2026-03-28 18:00")
    assert next_opening(every_day, closing) == at("2026-03-29 08:00") == closing + 13 * 3600


def test_it_opens_at_eight_by_the_clock_before_and_after_clocks_go_back() -> None:
    every_day = Hours(zone=WARSAW, week=(DAY,) * 7)
    closing = at("2026-10-24 18:00")
    assert next_opening(every_day, closing) == at("2026-10-25 08:00") == closing + 15 * 3600


def test_an_opening_at_a_time_that_clocks_skip_is_when_they_skip_it() -> None:
    hours = Hours(zone=WARSAW, week=(((2 * 60 + 30, 9 * 60),),) * 7)
    opens = next_opening(hours, at("2026-03-29 01:00"))
    assert opens == at("2026-03-29 03:00")
    assert is_open(hours, opens)


def test_an_opening_that_clocks_skip_as_a_whole_comes_a_day_later() -> None:
    hours = Hours(zone=WARSAW, week=(((2 * 60 + 15, 2 * 60 + 45),),) * 7)
    assert next_opening(hours, at("2026-03-29 01:00")) == at("2026-03-30 02:15")


def test_in_an_hour_that_clocks_repeat_it_opens_twice() -> None:
    hours = Hours(zone=WARSAW, week=(((2 * 60 + 15, 2 * 60 + 45),),) * 7)
    assert next_opening(hours, at("2026-10-25 02:45")) == at("2026-10-25 02:15", fold=1)
    assert next_opening(hours, at("2026-10-25 02:45", fold=1)) == at("2026-10-26 02:15")


# -- who comes when it is closed ------------------------------------------------------------------------------------

EVENING = at("2026-11-09 20:00")
MORNING = at("2026-11-10 08:00")


def office(*, now: float = EVENING, **options: object) -> Story:
    return Story(policy(group("sales", "anna", "ben", hours=OFFICE, **options), group("night", "zoe")), at=now)


def test_who_comes_outside_hours_meets_the_action_and_no_phone_rings() -> None:
    story = office(on_closed=End(cause=21))
    story.calls("c1")
    assert story.ended() == [("c1", 21)]
    assert story.facts(FactType.OUT_OF_HOURS) == [("c1", None, "outside opening hours")]
    assert story.rung() == []


def test_another_group_may_be_open() -> None:
    story = office(on_closed=EnterGroup(group=GroupId("night")))
    story.calls("c1")
    assert story.rung() == [("c1", ("zoe",))]


def test_who_keeps_waiting_is_offered_at_the_opening_in_the_order_of_arrival() -> None:
    story = office(on_closed=KeepWaiting())
    story.calls("c1")
    assert story.held() == ["c1"]
    story.now += 60
    story.calls("c2")
    story.later(MORNING - story.now - 1)
    assert story.rung() == []
    story.later(1)
    assert story.rung() == [("c1", ("anna",)), ("c2", ("ben",))]


def test_of_those_whom_the_same_opening_lets_in_the_most_urgent_is_first() -> None:
    groups = [group("sales", "anna", hours=OFFICE, on_closed=KeepWaiting())]
    groups.append(group("vip", "anna", hours=OFFICE, on_closed=KeepWaiting(), priority=10))
    story = Story(policy(*groups), at=at("2026-11-09 07:50"))
    story.calls("c1", "sales")
    story.later(60)
    story.calls("c2", "vip")

    story.later(at("2026-11-09 08:00") - story.now)

    assert story.rung() == [("c2", ("anna",))]


def test_who_keeps_waiting_may_give_up_before() -> None:
    story = office(on_closed=KeepWaiting())
    story.calls("c1")
    story.hangs_up("c1")
    assert story.facts(FactType.CLOSED) == [("c1", None, "abandoned")]
    assert story.engine.next_deadline() is None


def test_the_time_that_a_group_allows_begins_at_its_opening() -> None:
    story = office(on_closed=KeepWaiting(), max_wait=60.0, on_unanswered=End(cause=19))
    story.chats("h1")
    story.later(MORNING - story.now + 59)
    assert story.ended() == []
    story.later(1)
    assert story.ended() == [("h1", 19)]


def test_a_chat_is_told_so_and_waits_for_the_opening() -> None:
    story = office(on_closed=Reply(text="We open at eight."))
    story.chats("h1")
    assert [each.text for each in story.ordered(ReplyToCustomer)] == ["We open at eight."]
    story.later(MORNING - story.now)
    assert story.offered() == [("h1", "anna")]


def test_a_callback_asked_for_at_night_is_made_in_the_morning() -> None:
    story = office(on_closed=CallBack())
    story.calls("c1")
    assert len(story.ordered(PromiseCallback)) == 1
    story.hangs_up("c1")
    story.later(MORNING - story.now)
    (ring,) = story.ordered(RingPhones)
    assert ring.is_callback


def test_at_the_opening_it_is_the_responsible_operator_who_is_asked_first() -> None:
    number = entrance("sales", "sales", responsible_first=True)
    plan = policy(group("sales", "anna", "ben", hours=OFFICE, on_closed=KeepWaiting()), entrances=[number])
    story = Story(plan, at=EVENING)
    story.calls("c1", responsible=OperatorId("ben"))
    story.later(MORNING - story.now)
    assert story.rung() == [("c1", ("ben",))]


def test_who_is_in_line_at_closing_time_is_still_served() -> None:
    story = office(now=at("2026-11-09 17:59"), on_closed=End(cause=21))
    story.phone_is("anna", PhoneState.INUSE)
    story.phone_is("ben", PhoneState.INUSE)
    story.calls("c1")
    story.later(120)
    assert story.ended() == []
    story.phone_is("ben", PhoneState.NOT_INUSE)
    assert story.rung() == [("c1", ("ben",))]


def test_a_chat_put_back_after_closing_time_is_not_turned_away_either() -> None:
    story = office(now=at("2026-11-09 17:59"), on_closed=End(cause=21))
    story.chats("h1")
    story.accepts("anna", "h1")
    story.later(120)
    story.is_now("anna", Presence.LOGGED_OUT)
    assert story.offered() == [("h1", "ben")]


def test_nor_is_a_call_whose_transfer_failed_after_closing_time() -> None:
    story = office(now=at("2026-11-09 17:59"), on_closed=End(cause=21))
    story.talks("anna", "c1")
    story.later(120)
    story.hands("anna", "c1", "zoe")
    story.misses("zoe", "c1")
    assert story.ended() == []
    assert story.rung() == [("c1", ("ben",))]


def test_waiting_for_a_group_that_never_opens_is_waiting_until_the_customer_leaves_or_it_has_hours_again() -> None:
    never = Hours(zone=WARSAW, week=((),) * 7)
    story = Story(policy(group("sales", "anna", hours=never, on_closed=KeepWaiting())), at=EVENING)
    story.chats("h1")
    story.chats("h2")
    assert story.engine.next_deadline() is None
    story.hangs_up("h2")
    story.has_policy(policy(group("sales", "anna", hours=OFFICE, on_closed=KeepWaiting())))
    assert story.effects == []
    story.later(MORNING - story.now)
    assert story.offered() == [("h1", "anna")]


def test_hours_that_change_while_somebody_waits_for_the_opening_count_at_once() -> None:
    story = office(on_closed=KeepWaiting())
    story.chats("h1")
    story.has_policy(policy(group("sales", "anna", on_closed=End())))
    assert story.offered() == [("h1", "anna")]


def test_nobody_who_waits_for_the_opening_is_turned_away_because_the_action_is_another_one_now() -> None:
    story = office(on_closed=KeepWaiting())
    story.calls("c1")
    story.has_policy(policy(group("sales", "anna", hours=OFFICE, on_closed=End())))
    assert story.ended() == []
    story.later(MORNING - story.now)
    assert story.rung() == [("c1", ("anna",))]


def test_max_waiting_counts_who_waits_for_the_opening_and_turns_none_of_them_away_then() -> None:
    story = office(on_closed=KeepWaiting(), max_waiting=1, on_full=End(cause=42))
    for name in ("h1", "h2"):
        story.chats(name)
    story.later(MORNING - story.now)
    assert story.offered() == [("h1", "anna"), ("h2", "anna")]
    story.chats("h3")
    assert story.ended() == [("h3", 42)]


def test_a_mail_is_assigned_at_the_opening() -> None:
    story = office(on_closed=KeepWaiting())
    story.mails("m1")
    assert story.told("anna").load[Channel.MAIL] == 0
    story.later(MORNING - story.now)
    assert story.taken() == [("m1", "anna")]
