"""A customer who was promised to be called back is neither forgotten, nor turned away, nor rung for at night."""

from datetime import datetime
from zoneinfo import ZoneInfo

from huntgroup.engine.effects import FactType, RingPhones, SendToVoicemail, StopRinging
from huntgroup.engine.events import (
    AttemptFailed,
    Customer,
    CustomerLeft,
    CustomerNotReached,
    CustomerReached,
    Departure,
    FallbackRings,
    InquiryReceived,
    KeyPressed,
    PbxFound,
    PbxLost,
    PhoneState,
    Refusal,
)
from huntgroup.engine.hours import Hours
from huntgroup.engine.ids import GroupId, InquiryId, OperatorId, SourceId
from huntgroup.engine.policy import (
    Announce,
    CallBack,
    Channel,
    End,
    EnterGroup,
    KeepWaiting,
    Presence,
    ResponsibleMissed,
    ToVoicemail,
)
from tests.unit.engine.scenario import PBX, RING, Story, entrance, group, operator, policy

DAY = Hours(zone=ZoneInfo("UTC"), week=(((480, 1080),),) * 7)
C1 = InquiryId("c1")


def at(text: str) -> float:
    return datetime.fromisoformat(f"2026-11-09 {text}").replace(tzinfo=ZoneInfo("UTC")).timestamp()


def promised(*operators: str, when: str = "12:00", **options: object) -> Story:
    """The line has room for nobody: who calls is promised to be called back, and has hung up."""
    plan = group("sales", *operators, **{"max_waiting": 0, "on_full": CallBack(), "hours": DAY, **options})
    story = Story(policy(plan), at=at(when))
    story.calls("c1")
    story.hangs_up("c1")
    return story


def rung_between(story: Story, until: str) -> list[str]:
    """Who was rung from now on until that time of the day."""
    seen = story.later(at(until) - story.now)
    return [ring.operator for each in seen if isinstance(each, RingPhones) for ring in each.rings]


# -- nobody is called at night ----------------------------------------------------------------------------------------


def test_once_the_group_has_closed_nobody_is_rung_for_a_callback_until_it_opens() -> None:
    story = promised("anna", when="17:59:55")
    assert story.rung() == [("c1", ("anna",))]
    story.misses("anna", "c1")

    assert rung_between(story, "23:59") == []

    story.later(at("08:00") + 24 * 3600 - story.now)
    assert story.rung() == [("c1", ("anna",))]


def test_nor_is_who_logs_in_after_closing_time() -> None:
    story = promised("anna", "ben", when="17:59")
    story.is_now("anna", Presence.LOGGED_OUT)
    story.is_now("ben", Presence.LOGGED_OUT)
    story.later(at("22:00") - story.now)

    story.is_now("ben", Presence.AVAILABLE)

    assert story.rung() == []
    story.later(at("08:00") + 24 * 3600 - story.now)
    assert story.rung() == [("c1", ("ben",))]


def test_whose_phone_rings_for_a_callback_at_closing_time_may_answer() -> None:
    story = promised("anna", when="17:59:58")
    story.rings("c1", "anna")
    story.later(5)

    story.answers("c1", "anna")

    assert story.taken() == [("c1", "anna")]


def test_nor_is_a_mobile_rung_for_it_after_closing_time() -> None:
    a_minute = Hours(zone=ZoneInfo("UTC"), week=(((480, 481),),) * 7)
    missed = ResponsibleMissed.MOBILE
    sales = group("sales", "anna", hours=a_minute, on_closed=CallBack())
    cleo = operator("cleo", mobile="+48600")
    number = entrance("sales", "sales", responsible_first=True, responsible_rings=2, on_responsible_missed=missed)
    story = Story(policy(sales, group("care", "cleo"), operators=[cleo], entrances=[number]), at=at("07:00"))
    story.phone_is("cleo", PhoneState.NOT_INUSE)
    story.calls("c1", responsible=OperatorId("cleo"))
    story.hangs_up("c1")
    story.later(at("08:00") - story.now)
    assert story.rung() == [("c1", ("cleo",))]
    story.rings("c1", "cleo")
    story.happens(PbxLost(pbx=PBX))
    story.later(60)

    story.happens(PbxFound(pbx=PBX))

    assert story.facts(FactType.MISSED) == [("c1", "cleo", "")]
    assert story.rung() == []


def test_nor_who_is_responsible_where_the_opening_is_heard_of_after_closing_time() -> None:
    """As the PBX was away."""
    number = entrance("sales", "sales", responsible_first=True)
    plan = policy(group("sales", "anna", hours=DAY, on_closed=CallBack()), group("care", "cleo"), entrances=[number])
    story = Story(plan, at=at("07:00"))
    story.calls("c1", responsible=OperatorId("cleo"))
    story.hangs_up("c1")
    story.happens(PbxLost(pbx=PBX))
    story.later(at("20:00") - story.now)

    story.happens(PbxFound(pbx=PBX))

    assert story.rung() == []
    story.later(at("08:00") + 24 * 3600 - story.now)
    assert story.rung() == [("c1", ("cleo",))]


# -- however long it takes --------------------------------------------------------------------------------------------


def test_who_gave_up_and_is_called_back_has_not_waited_too_long_a_moment_later() -> None:
    for action in (End(), EnterGroup(group=GroupId("care"))):
        options = {"max_wait": 300.0, "on_unanswered": action, "on_abandoned": CallBack()}
        story = Story(policy(group("sales", "anna", **options), group("care", "cleo")))
        story.phone_is("anna", PhoneState.INUSE)
        story.phone_is("cleo", PhoneState.INUSE)
        story.calls("c1")
        story.later(60)
        story.hangs_up("c1")

        story.later(3600)
        assert story.happened(FactType.CLOSED) + story.happened(FactType.OVERFLOWED) == []

        story.phone_is("anna", PhoneState.NOT_INUSE)
        assert story.rung() == [("c1", ("anna",))]


def left_and_is_missed(**care: object) -> Story:
    """c1 left sales' line and was promised to be called back; anna has just missed it, and it goes on to care."""
    leave = {"announce": Announce(leave_key="1"), "on_leave": CallBack()}
    sales = group("sales", "anna", **leave, on_unanswered=EnterGroup(group=GroupId("care")))
    story = Story(policy(sales, group("care", "cleo", **care)), at=at("12:00"))
    story.calls("other", "care")
    story.phone_is("anna", PhoneState.INUSE)
    story.calls("c1")
    story.happens(KeyPressed(inquiry=InquiryId("c1"), key="1"))
    story.hangs_up("c1")
    story.phone_is("anna", PhoneState.NOT_INUSE)
    story.misses("anna", "c1")
    return story


def test_a_promise_that_goes_on_to_a_group_that_is_closed_waits_for_its_opening() -> None:
    later = Hours(zone=ZoneInfo("UTC"), week=(((900, 1080),),) * 7)
    story = left_and_is_missed(hours=later)
    assert story.happened(FactType.CLOSED) == [("other", None)]

    story.later(at("15:00") - story.now)

    assert story.rung() == [("c1", ("cleo",))]


def test_and_of_one_that_is_full_it_is_in_the_line_all_the_same() -> None:
    story = left_and_is_missed(max_waiting=1)
    assert story.happened(FactType.CLOSED) == []

    story.refuses("other", "cleo", Refusal.DECLINED)

    assert ("c1", ("cleo",)) in story.rung()


def test_who_waits_for_the_opening_and_cannot_leave_waits_for_it_still() -> None:
    leave = {"announce": Announce(leave_key="1"), "on_leave": ToVoicemail(mailbox="full")}
    story = Story(policy(group("sales", "anna", hours=DAY, on_closed=KeepWaiting(), **leave)), at=at("07:00"))
    story.calls("c1")
    story.happens(KeyPressed(inquiry=InquiryId("c1"), key="1"))
    (box,) = story.ordered(SendToVoicemail)

    story.happens(AttemptFailed(inquiry=InquiryId("c1"), attempt=box.attempt, detail="the mailbox is full"))
    assert story.rung() == []
    assert story.held() == ["c1"]

    story.later(3600)
    assert story.rung() == [("c1", ("anna",))]


def test_who_waits_for_the_opening_holds_as_before_when_the_pbx_gives_them_back() -> None:
    story = Story(policy(group("sales", "anna", hours=DAY, on_closed=KeepWaiting())), at=at("07:00"))
    story.calls("c1")
    assert story.held() == ["c1"]
    story.happens(FallbackRings(inquiry=InquiryId("c1")))

    story.calls("c1")

    assert (story.held(), story.rung()) == (["c1"], [])


def test_nor_is_anybody_rung_for_who_could_not_be_promised_anything() -> None:
    leave = {"announce": Announce(leave_key="1"), "on_leave": CallBack()}
    story = Story(policy(group("sales", "anna", hours=DAY, on_closed=KeepWaiting(), **leave)), at=at("07:00"))
    nobody = Customer(phone="anonymous")
    story.happens(
        InquiryReceived(inquiry=InquiryId("c1"), channel=Channel.CALL, source=SourceId("sales"), customer=nobody)
    )

    story.happens(KeyPressed(inquiry=InquiryId("c1"), key="1"))

    assert story.rung() == []
    story.later(3600)
    assert story.rung() == [("c1", ("anna",))]


# -- a full line turns nobody away who was let in ---------------------------------------------------------------------


def responsible(**options: object) -> Story:
    """Cleo is responsible for c1, and Anna serves the line, in which there is room for one."""
    number = entrance("sales", "sales", responsible_first=True, responsible_rings=2)
    sales = group("sales", "anna", **{"max_waiting": 1, **options})
    plan = policy(sales, group("care", "cleo"), entrances=[number])
    return Story(plan, at=at("07:00"))


def test_a_responsible_operator_who_misses_a_promise_leaves_it_to_the_group_however_many_wait() -> None:
    story = responsible(hours=DAY, on_closed=CallBack())
    for name in ("c1", "c2", "c3"):
        story.calls(name, responsible=OperatorId("cleo") if name == "c1" else None)
        story.hangs_up(name)
    story.later(at("08:00") - story.now)
    assert ("c1", ("cleo",)) in story.rung()

    story.misses("cleo", "c1")

    assert story.happened(FactType.LINE_FULL) + story.happened(FactType.CLOSED) == []
    assert "c1" in story.engine.world.inquiries


def test_nor_is_who_waited_for_the_opening_turned_away_then() -> None:
    story = responsible(hours=DAY, on_closed=KeepWaiting())
    for name in ("c1", "c2", "c3"):
        story.calls(name, responsible=OperatorId("cleo") if name == "c1" else None)
    story.later(at("08:00") - story.now)

    story.misses("cleo", "c1")

    assert story.happened(FactType.LINE_FULL) + story.ended() == []


def test_nor_who_is_called_again_as_they_were_not_reached() -> None:
    story = responsible(on_abandoned=CallBack())
    for name in ("anna", "cleo"):
        story.phone_is(name, PhoneState.INUSE)
    story.calls("c1", responsible=OperatorId("cleo"))
    story.hangs_up("c1")
    story.phone_is("anna", PhoneState.NOT_INUSE)
    (ring,) = story.ordered(RingPhones)
    story.answers("c1", "anna")
    story.phone_is("anna", PhoneState.INUSE)
    story.calls("c2")
    story.phone_is("cleo", PhoneState.NOT_INUSE)
    story.happens(CustomerNotReached(inquiry=C1, attempt=ring.attempt, detail="busy"))
    story.later(story.engine.world.policy.callback_pause)
    assert story.rung() == [("c1", ("cleo",))]

    story.misses("cleo", "c1")

    assert story.happened(FactType.LINE_FULL) + story.happened(FactType.CLOSED) == []


def test_but_who_calls_while_the_line_is_full_and_is_not_answered_by_who_is_responsible_is() -> None:
    story = responsible(on_full=End(cause=17))
    story.phone_is("anna", PhoneState.INUSE)
    story.calls("c2")
    story.calls("c1", responsible=OperatorId("cleo"))

    story.misses("cleo", "c1")

    assert story.ended() == [("c1", 17)]


# -- a phone rings for nothing --------------------------------------------------------------------------------------


def stopped(story: Story) -> list[int]:
    return [each.attempt for each in story.effects if isinstance(each, StopRinging)]


def test_a_phone_that_rang_long_enough_for_a_callback_rings_no_more_though_nobody_is_rung_next() -> None:
    story = promised("anna")
    story.rings("c1", "anna")
    story.later(2 * RING)

    assert story.facts(FactType.MISSED) == [("c1", "anna", "")]
    assert stopped(story) == [2]


def test_it_is_stopped_before_the_next_one_is_rung() -> None:
    story = promised("anna", "ben")
    story.misses("anna", "c1")

    orders = [type(each) for each in story.effects if isinstance(each, StopRinging | RingPhones)]
    assert orders == [StopRinging, RingPhones]


def test_so_does_the_phone_of_who_pauses_and_of_who_declined() -> None:
    story = promised("anna")
    story.rings("c1", "anna")
    story.is_now("anna", Presence.PAUSED)
    assert stopped(story) == [2]
    story = promised("anna")
    story.refuses("c1", "anna", Refusal.DECLINED)
    assert stopped(story) == [2]


def test_and_when_the_promise_is_given_up() -> None:
    story = promised("anna")
    story.happens(CustomerLeft(inquiry=C1, departure=Departure.ABANDONED))
    assert stopped(story) == [2]


def test_an_answered_one_is_not_stopped_nor_is_a_callers_phone_in_that_way() -> None:
    story = promised("anna")
    story.answers("c1", "anna")
    assert stopped(story) == []
    story.happens(CustomerReached(inquiry=C1, attempt=story.engine.world.inquiries[C1].called_back_in))
    assert stopped(story) == []
    story = Story(policy(group("sales", "anna")))
    story.calls("c1")
    story.misses("anna", "c1")
    assert stopped(story) == []


def test_nor_is_the_line_of_who_picks_it_up_and_is_no_operator_which_calls_the_customer() -> None:
    story = promised("anna")
    story.answers("c1", "reception")
    assert stopped(story) == []
    assert story.facts(FactType.PICKED_UP) == [("c1", None, "from anna")]
