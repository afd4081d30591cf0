"""The link to the PBX is lost and found, or the daemon itself: nothing is lost, and the truth is what is found."""

import pytest

from huntgroup.engine.effects import Fact, FactType, Outcome, RingPhones
from huntgroup.engine.events import (
    ConversationFound,
    Customer,
    CustomerLeft,
    DaemonStarted,
    Departure,
    FallbackRings,
    FallbackServed,
    InquiryReceived,
    PbxFound,
    PbxLost,
    PhoneRang,
    PhoneState,
    Refusal,
)
from huntgroup.engine.ids import AttemptNo, InquiryId, SourceId
from huntgroup.engine.lifecycle import InquiryState
from huntgroup.engine.policy import CallBack, Channel, End, Presence
from huntgroup.engine.state import FALLBACK_REMEMBERED, FallbackRead
from tests.unit.engine.scenario import PBX, RING, START, UNREACHABLE_AFTER, Story, group, phone, policy

LOST, FOUND = PbxLost(pbx=PBX), PbxFound(pbx=PBX)
JAN = Customer(name="Jan", phone="+48600700800")


class Away(Story):
    """A story with words for what goes on behind the daemon's back."""

    def loses_the_pbx(self) -> None:
        self.happens(LOST)

    def finds_the_pbx(self) -> None:
        self.happens(FOUND)

    def restarts(self) -> None:
        """The daemon comes back with all that it knew."""
        self.happens(DaemonStarted(version="1"))

    def is_found_talking(
        self, inquiry: str, who: str, attempt: int = 0, source: str = "sales", came_at: float | None = None
    ) -> None:
        self.happens(
            ConversationFound(
                inquiry=InquiryId(inquiry),
                phone=phone(who),
                source=SourceId(source),
                customer=JAN,
                attempt=AttemptNo(attempt),
                came_at=came_at,
            )
        )

    def is_rung_for_by_the_pbx(self, inquiry: str) -> None:
        self.happens(FallbackRings(inquiry=InquiryId(inquiry)))

    def was_served(
        self,
        inquiry: str,
        who: str | None,
        *,
        entry: int = 1,
        came: float = -60,
        answered: float | None = -50,
        ended: float = -20,
        source: str = "sales",
    ) -> None:
        """The PBX tells of a call that is over; instants are seconds from now."""
        self.happens(
            FallbackServed(
                pbx=PBX,
                entry=entry,
                inquiry=InquiryId(inquiry),
                source=SourceId(source),
                customer=JAN,
                came_at=self.now + came,
                answered_at=None if answered is None else self.now + answered,
                phone=phone(who) if who else None,
                ended_at=self.now + ended,
            )
        )

    def has_vanished(self, inquiry: str) -> None:
        self.happens(CustomerLeft(inquiry=InquiryId(inquiry), departure=Departure.VANISHED))

    def state(self, inquiry: str) -> InquiryState:
        return self.engine.world.inquiries[InquiryId(inquiry)].state

    def timeline(self, inquiry: str) -> list[tuple[str, float, str | None, str]]:
        """The facts of an inquiry: type, instant, operator, detail."""
        return [
            (str(each.type), each.at, each.operator, each.detail)
            for each in self.history
            if isinstance(each, Fact) and each.inquiry == inquiry
        ]


@pytest.fixture
def story() -> Away:
    return Away(policy(group("sales", "anna", "ben", wrapup=10.0)))


# -- deadlines stand still ---------------------------------------------------------------------------------------------


def test_a_conversation_that_began_while_the_link_was_down_goes_on_however_long_that_took(story: Away) -> None:
    story.calls("c1")
    story.rings("c1", "anna")
    story.loses_the_pbx()

    story.later(100)
    story.answers("c1", "anna", attempt=1)

    assert story.released() == []
    assert story.taken() == [("c1", "anna")]
    assert story.happened(FactType.MISSED) == []
    assert story.has("anna") == ("c1",)


def test_what_was_overdue_when_the_pbx_is_found_happens_then(story: Away) -> None:
    story.calls("c1")
    story.rings("c1", "anna")
    story.loses_the_pbx()
    assert story.later(100) == []
    assert story.engine.next_deadline() is None

    story.finds_the_pbx()

    assert story.happened(FactType.MISSED) == [("c1", "anna")]
    assert story.rung() == [("c1", ("ben",))]


def test_what_is_not_overdue_when_the_pbx_is_found_goes_on_to_its_end(story: Away) -> None:
    story.calls("c1")
    story.rings("c1", "anna")
    story.loses_the_pbx()
    story.later(1)

    story.finds_the_pbx()
    story.later(2 * RING - 1.5)
    assert story.happened(FactType.MISSED) == []
    story.later(0.5)

    assert story.happened(FactType.MISSED) == [("c1", "anna")]


def test_a_phone_that_began_to_ring_meanwhile_is_not_called_unreachable(story: Away) -> None:
    story.calls("c1")
    story.loses_the_pbx()
    story.later(UNREACHABLE_AFTER + 1)

    story.happens(PhoneRang(inquiry=InquiryId("c1"), attempt=AttemptNo(1), phone=phone("anna")))
    story.finds_the_pbx()

    assert story.happened(FactType.FAILED) == []
    story.later(2 * RING)
    assert story.happened(FactType.MISSED) == [("c1", "anna")]


def test_nobody_is_rung_for_a_caller_who_has_waited_too_long_meanwhile() -> None:
    story = Away(policy(group("sales", "anna", max_wait=30.0, on_unanswered=End(cause=17))))
    story.talks("anna", "c0")
    story.calls("c1")
    story.loses_the_pbx()
    assert story.later(60) == []

    story.phone_is("anna", PhoneState.NOT_INUSE)
    story.has_vanished("c0")
    story.finds_the_pbx()

    assert story.rung() == []
    assert story.ended() == [("c1", 17)]


def test_no_caller_is_told_to_wait_over_a_link_that_is_down(story: Away) -> None:
    story.calls("c1")
    story.loses_the_pbx()

    story.refuses("c1", "anna", refusal=Refusal.BUSY)

    assert story.held() == []
    story.finds_the_pbx()
    assert story.rung() == [("c1", ("ben",))]


def test_a_pause_between_rounds_ends_when_the_pbx_is_found(story: Away) -> None:
    story.calls("c1")
    story.misses("anna", "c1")
    story.misses("ben", "c1")
    story.loses_the_pbx()
    assert story.later(10 * RING) == []

    story.finds_the_pbx()

    assert story.rung() == [("c1", ("anna",))]


def test_chats_and_wrapups_go_on_while_the_pbx_is_away(story: Away) -> None:
    story.talks("anna", "c1")
    story.is_over("c1", "anna")
    story.chats("chat")
    story.loses_the_pbx()

    story.later(10)
    assert story.happened(FactType.CLOSED) == [("c1", "anna")]
    story.later(60)

    assert ("chat", "ben") in story.happened(FactType.MISSED)


def test_equal_instants_are_taken_in_the_same_order_however_they_were_set(story: Away) -> None:
    world = story.engine.world
    for name in ("c1", "c2"):
        story.calls(name)
    first = world.deadlines.next()
    story.loses_the_pbx()
    story.later(50)

    for each in reversed(list(world.inquiries.values())):
        world.rearm(each)
    story.finds_the_pbx()

    assert first is not None
    assert [inquiry for inquiry, *_ in story.facts(FactType.FAILED)] == ["c1", "c2"]


# -- who talks ---------------------------------------------------------------------------------------------------------


def test_whom_the_engine_believed_offered_to_ben_and_who_talks_to_anna_is_annas(story: Away) -> None:
    story.calls("c1")
    story.misses("anna", "c1")
    assert story.rung() == [("c1", ("ben",))]

    story.is_found_talking("c1", "anna", attempt=1)

    assert story.taken() == [("c1", "anna")]
    assert story.facts(FactType.WITHDRAWN) == [("c1", "ben", "answered elsewhere")]
    assert story.happened(FactType.MISSED) == [("c1", "anna")]
    assert story.rung() == []
    assert story.released() == []
    assert story.has("ben") == ()


def test_who_answered_a_last_time_at_the_phone_where_they_are_found_is_not_let_go(story: Away) -> None:
    story.calls("c1")
    story.rings("c1", "anna")
    story.is_found_talking("c1", "anna", attempt=1)

    story.answers("c1", "anna", attempt=1)

    assert story.released() == []


def test_who_waits_in_line_and_is_found_talking_is_active(story: Away) -> None:
    story.talks("anna", "c0")
    story.talks("ben", "c00")
    story.calls("c1")

    story.is_found_talking("c1", "ben")

    assert story.taken() == [("c1", "ben")]
    assert story.has("ben") == ("c00", "c1")


def test_to_be_found_where_one_is_known_to_be_changes_nothing(story: Away) -> None:
    story.talks("anna", "c1")

    story.is_found_talking("c1", "anna", attempt=1)

    assert story.effects == []


def test_a_conversation_that_is_found_at_another_phone_has_moved_there(story: Away) -> None:
    story.talks("anna", "c1")

    story.is_found_talking("c1", "ben")

    assert story.facts(FactType.TRANSFERRED) == [("c1", "anna", "to ben")]
    assert (story.has("anna"), story.has("ben")) == ((), ("c1",))


def test_a_conversation_that_was_not_known_is_admitted_with_what_is_known_of_it(story: Away) -> None:
    story.is_found_talking("c1", "anna", came_at=START - 40)

    assert story.timeline("c1") == [
        ("inquiry.received", START - 40, None, "sales"),
        ("inquiry.accepted", START, "anna", "served by the PBX itself"),
    ]
    assert story.has("anna") == ("c1",)
    story.is_over("c1", "anna")
    assert story.state("c1") is InquiryState.WRAPUP


def test_its_next_attempt_has_a_number_that_was_not_used(story: Away) -> None:
    story.is_found_talking("c1", "anna", attempt=3)

    story.hands("anna", "c1", to="ben")

    assert [each.attempt for each in story.ordered(RingPhones)] == [4]


@pytest.mark.parametrize(("who", "source"), [("nobody", "sales"), ("anna", "+999")])
def test_a_conversation_of_nobody_of_ours_or_under_no_number_of_ours_is_none_of_our_business(
    story: Away, who: str, source: str
) -> None:
    story.is_found_talking("c1", who, source=source)

    assert story.effects == []
    assert not story.engine.world.inquiries


def test_who_was_offered_and_talks_to_nobody_of_ours_is_not_rung_for_any_more(story: Away) -> None:
    story.calls("c1")

    story.is_found_talking("c1", "nobody")

    assert story.facts(FactType.CLOSED) == [("c1", None, "forwarded: joined to nobody of ours")]
    assert story.has("anna") == ()


def test_whose_operator_is_found_no_more_frees_them(story: Away) -> None:
    story.talks("anna", "c1")

    story.is_found_talking("c1", "nobody")

    assert story.facts(FactType.CLOSED) == [("c1", "anna", "forwarded")]
    assert story.told("anna").load[Channel.CALL] == 0


def test_a_conversation_that_was_believed_over_goes_on(story: Away) -> None:
    story.talks("anna", "c1")
    story.hangs_up("c1")
    assert story.state("c1") is InquiryState.WRAPUP

    story.is_found_talking("c1", "ben")
    story.later(20)

    assert story.state("c1") is InquiryState.ACTIVE
    assert (story.has("anna"), story.has("ben")) == ((), ("c1",))


# -- the PBX rings by itself -------------------------------------------------------------------------------------------


def test_whom_the_pbx_rings_for_by_itself_is_offered_to_nobody_until_given_back(story: Away) -> None:
    story.calls("c1")
    story.rings("c1", "anna")
    story.loses_the_pbx()
    story.is_rung_for_by_the_pbx("c1")
    assert story.facts(FactType.WITHDRAWN) == [("c1", "anna", "the PBX rings for it by itself")]

    story.finds_the_pbx()
    assert story.rung() == []
    assert story.held() == []
    assert story.later(100) == []
    story.calls("c1")

    assert story.rung() == [("c1", ("anna",))]
    assert story.happened(FactType.RECEIVED) == [("c1", None)]


def test_whom_the_pbx_got_answered_is_active_there(story: Away) -> None:
    story.calls("c1")
    story.is_rung_for_by_the_pbx("c1")

    story.is_found_talking("c1", "ben")

    assert story.taken() == [("c1", "ben")]


def test_an_order_that_reached_the_pbx_all_the_same_and_was_answered_is_no_late_answer(story: Away) -> None:
    story.calls("c1")
    story.is_rung_for_by_the_pbx("c1")

    story.answers("c1", "anna", attempt=1)

    assert story.released() == []
    assert story.taken() == [("c1", "anna")]


def test_who_came_while_the_daemon_was_away_has_waited_since_then(story: Away) -> None:
    for name in ("anna", "ben", "cleo"):
        story.phone_is(name, PhoneState.INUSE)
    came = story.now
    story.later(75)
    story.calls("c2")

    story.calls("c1", came_at=came)

    assert story.engine.world.inquiries[InquiryId("c1")].arrived_at == came
    (received,) = [each for each in story.effects if isinstance(each, Fact) and each.type is FactType.RECEIVED]
    assert received.at == came
    story.phone_is("anna", PhoneState.NOT_INUSE)
    assert story.rung() == [("c1", ("anna",))]


def test_nobody_comes_later_than_now(story: Away) -> None:
    story.calls("c1", came_at=story.now + 5)
    assert story.engine.world.inquiries[InquiryId("c1")].arrived_at == story.now


def test_who_gives_up_while_the_pbx_rings_has_abandoned(story: Away) -> None:
    story.calls("c1")
    story.is_rung_for_by_the_pbx("c1")

    story.hangs_up("c1")

    assert story.facts(FactType.CLOSED) == [("c1", None, "abandoned")]


def test_who_gives_up_there_and_is_to_be_called_back_stands_in_line_again() -> None:
    story = Away(policy(group("sales", "anna", on_abandoned=CallBack())))
    story.calls("c1")
    story.is_rung_for_by_the_pbx("c1")

    story.hangs_up("c1")

    assert story.rung() == [("c1", ("anna",))]


def test_the_configuration_may_change_while_the_pbx_rings(story: Away) -> None:
    story.calls("c1")
    story.is_rung_for_by_the_pbx("c1")

    story.has_policy(policy(group("sales", "ben")))
    assert story.rung() == []
    story.calls("c1")

    assert story.rung() == [("c1", ("ben",))]


# -- what was served meanwhile -----------------------------------------------------------------------------------------


def test_a_call_that_came_and_went_while_the_daemon_was_away_is_recorded_with_its_times(story: Away) -> None:
    story.was_served("c1", "ben")

    assert story.timeline("c1") == [
        ("inquiry.received", START - 60, None, "sales"),
        ("inquiry.accepted", START - 50, "ben", "served by the PBX itself"),
        ("inquiry.closed", START - 20, "ben", "answered"),
    ]


def test_one_that_nobody_answered_was_abandoned(story: Away) -> None:
    story.was_served("c1", None, answered=None)

    assert [(kind, detail) for kind, _, _, detail in story.timeline("c1")] == [
        ("inquiry.received", "sales"),
        ("inquiry.abandoned", "served by the PBX itself"),
        ("inquiry.closed", "abandoned"),
    ]


def test_under_a_number_that_is_configured_no_more_it_is_recorded_all_the_same(story: Away) -> None:
    story.was_served("c1", "anna", source="+999")

    assert [kind for kind, *_ in story.timeline("c1")] == ["inquiry.received", "inquiry.accepted", "inquiry.closed"]


def test_it_is_recorded_once_however_often_it_is_read(story: Away) -> None:
    story.was_served("c1", "ben", entry=7)
    story.was_served("c1", "ben", entry=7)

    assert len(story.timeline("c1")) == 3


def test_a_pbx_that_counts_anew_is_read_anew(story: Away) -> None:
    story.was_served("c1", "ben", entry=700)
    story.was_served("c2", "ben", entry=1)

    assert len(story.timeline("c2")) == 3
    assert story.engine.world.fallback[PBX].number == 1


def test_no_more_are_remembered_than_the_pbx_keeps(story: Away) -> None:
    for number in range(FALLBACK_REMEMBERED + 5):
        story.was_served(f"c{number}", None, entry=number, answered=None)

    assert len(story.engine.world.fallback[PBX].inquiries) == FALLBACK_REMEMBERED


def test_who_waited_here_and_was_served_there_was_answered_and_not_abandoned(story: Away) -> None:
    story.calls("c1")
    story.loses_the_pbx()
    story.later(100)

    story.was_served("c1", "ben")
    story.has_vanished("c1")
    story.finds_the_pbx()

    assert story.timeline("c1")[-2:] == [
        ("inquiry.accepted", START + 50, "ben", "served by the PBX itself"),
        ("inquiry.closed", START + 80, "ben", "answered"),
    ]
    assert story.has("anna") == story.has("ben") == ()


def test_whose_conversation_ended_a_moment_ago_wraps_up_for_what_is_left_of_it(story: Away) -> None:
    story.talks("anna", "c1")
    story.later(60)

    story.was_served("c1", "anna", ended=-4)
    story.has_vanished("c1")

    assert story.state("c1") is InquiryState.WRAPUP
    story.later(5.9)
    assert story.state("c1") is InquiryState.WRAPUP
    story.later(0.1)
    assert not story.engine.world.inquiries


def test_who_waited_here_and_gave_up_there_is_called_back_where_the_group_does_so() -> None:
    story = Away(policy(group("sales", "anna", on_abandoned=CallBack())))
    story.calls("c1")
    story.loses_the_pbx()

    story.was_served("c1", None, answered=None)
    story.has_vanished("c1")
    story.finds_the_pbx()

    assert story.rung() == [("c1", ("anna",))]
    assert story.ordered(RingPhones)[0].is_callback


# -- the daemon comes back ---------------------------------------------------------------------------------------------


def test_nothing_happens_to_calls_before_the_pbx_is_found(story: Away) -> None:
    story.calls("c1")
    story.rings("c1", "anna")
    story.now += 500

    story.restarts()

    assert story.facts(FactType.MISSED) == []
    assert story.rung() == []
    story.is_found_talking("c1", "anna", attempt=1)
    story.finds_the_pbx()
    assert story.has("anna") == ("c1",)


def test_it_tells_once_what_became_of_what_was_open(story: Away) -> None:
    story.talks("anna", "c1")
    story.talks("ben", "c2")
    story.calls("c3")
    story.calls("c4")
    story.chats("chat")
    story.restarts()
    story.has_vanished("c2")
    story.has_vanished("c4")

    story.finds_the_pbx()

    assert story.facts(FactType.RECOVERED) == [("", None, "5 open: 2 waiting, 1 active, 1 in wrap-up, 1 closed")]
    story.loses_the_pbx()
    story.finds_the_pbx()
    assert story.facts(FactType.RECOVERED) == []


def test_where_nothing_was_open_there_is_nothing_to_tell(story: Away) -> None:
    story.restarts()

    story.finds_the_pbx()

    assert story.facts(FactType.RECOVERED) == []


def test_when_the_pbx_itself_has_restarted_callers_are_gone_and_callbacks_stay() -> None:
    story = Away(policy(group("sales", "anna", "ben", on_abandoned=CallBack(), wrapup=0.0)))
    story.talks("anna", "c1")
    story.is_now("ben", Presence.PAUSED)
    story.calls("c2")
    story.hangs_up("c2")
    story.loses_the_pbx()

    story.has_vanished("c1")
    story.has_vanished("c2")
    story.phone_is("anna", PhoneState.NOT_INUSE)
    story.finds_the_pbx()

    assert story.happened(FactType.CLOSED) == [("c1", "anna")]
    assert story.rung() == [("c2", ("anna",))]


def test_an_inquiry_that_comes_in_twice_is_received_once(story: Away) -> None:
    story.calls("c1")

    story.happens(
        InquiryReceived(inquiry=InquiryId("c1"), channel=Channel.CALL, source=SourceId("sales"), customer=JAN)
    )

    assert story.effects == []


# -- what is over for us, and not for the caller -------------------------------------------------------------------


def test_who_talked_on_to_a_stranger_and_hung_up_while_no_daemon_was_there_is_on_record_once(story: Away) -> None:
    story.finds_the_pbx()
    story.calls("c1")
    story.call_is_picked_up("c1", "reception")
    assert story.engine.world.closed[Outcome.FORWARDED] == 1

    story.restarts()
    story.was_served("c1", "anna")

    kinds = [kind for kind, *_ in story.timeline("c1")]
    assert (kinds.count(FactType.RECEIVED), kinds.count(FactType.CLOSED)) == (1, 1)


def test_that_is_remembered_for_as_many_calls_as_the_pbx_keeps(story: Away) -> None:
    known = FallbackRead(inquiries={InquiryId(f"c{number}"): None for number in range(FALLBACK_REMEMBERED)})

    known.is_on_record(InquiryId("another"))

    assert (len(known.inquiries), InquiryId("another") in known.inquiries) == (FALLBACK_REMEMBERED, True)
