"""A call whose inquiry is over comes in again: as an inquiry of its own, while the PBX knows it by one name."""

from typing import Any

import pytest

from huntgroup.codec import memory_from, rows_of
from huntgroup.engine.comings import REMEMBERED
from huntgroup.engine.effects import EndInquiry, Fact, FactType, InquiryChanged, Outcome, RingPhones
from huntgroup.engine.engine import Engine
from huntgroup.engine.events import (
    ClockStepped,
    ConversationFound,
    Customer,
    CustomerAlone,
    CustomerLeft,
    CustomerNotReached,
    DaemonStarted,
    Departure,
    FallbackRings,
    FallbackServed,
    InquiryReceived,
    PbxFound,
    PhoneState,
)
from huntgroup.engine.ids import AttemptNo, InquiryId, PbxId, SourceId
from huntgroup.engine.policy import CallBack, Channel, End
from huntgroup.engine.restoring import memory_of
from huntgroup.open_calls import open_calls
from tests.unit.engine.scenario import PBX, START, Story, entrance, group, phone, policy

SALES_AND_SUPPORT = policy(group("sales", "anna"), group("support", "cleo", "dora"))
CALL = InquiryId("call-main-1795.25")
SECOND, THIRD = f"{CALL}-2", f"{CALL}-3"


def taken_by_a_stranger(plan: Any = SALES_AND_SUPPORT) -> Story:
    """A caller whom somebody picked up who is nobody's."""
    story = Story(plan)
    story.calls(CALL)
    story.rings(CALL, "anna")
    story.call_is_picked_up(CALL, "reception")
    return story


def begun(story: Story) -> list[str]:
    """Every inquiry that came in so far, as often as it did."""
    return [name for name, _ in story.happened(FactType.RECEIVED)]


def ended(story: Story) -> list[tuple[str, str]]:
    """Every inquiry that ended so far, and how."""
    facts = [each for each in story.history if isinstance(each, Fact) and each.type is FactType.CLOSED]
    return [(each.inquiry or "", each.detail) for each in facts]


def served(came_at: float, *, answered: bool = True, entry: int = 1) -> FallbackServed:
    """What the PBX kept of the call."""
    return FallbackServed(
        pbx=PBX,
        entry=entry,
        inquiry=CALL,
        source=SourceId("support"),
        customer=Customer(phone="+48600700800"),
        came_at=came_at,
        answered_at=came_at + 1 if answered else None,
        phone=phone("cleo") if answered else None,
        ended_at=came_at + 5,
    )


def found(came_at: float | None, who: str = "cleo", **options: Any) -> ConversationFound:
    """The caller is found with somebody."""
    return ConversationFound(
        inquiry=CALL,
        phone=phone(who),
        source=SourceId("support"),
        customer=Customer(phone="+48600700800"),
        came_at=came_at,
        **options,
    )


# -- a second time, and a third ---------------------------------------------------------------------------------------


def test_whom_a_stranger_took_and_sends_to_a_groups_number_is_an_inquiry_of_its_own() -> None:
    story = taken_by_a_stranger()

    story.calls(CALL, "support")
    assert story.offered() == [(SECOND, "cleo")]
    story.answers(CALL, "cleo")
    assert story.taken() == [(SECOND, "cleo")]
    story.hangs_up(CALL)

    assert begun(story) == [CALL, SECOND]
    assert ended(story) == [(CALL, "forwarded"), (SECOND, "answered")]


def test_what_is_ordered_from_the_pbx_names_the_call_and_what_is_told_of_it_the_inquiry() -> None:
    story = taken_by_a_stranger()

    story.calls(CALL, "support")

    (ring,) = story.ordered(RingPhones)
    assert ring.inquiry == CALL
    assert {each.inquiry for each in story.effects if isinstance(each, Fact | InquiryChanged)} == {SECOND}
    assert story.told("cleo").inquiries == (SECOND,)


def test_its_orders_are_numbered_on_so_that_what_is_late_about_the_first_is_not_about_the_second() -> None:
    story = taken_by_a_stranger()

    story.calls(CALL, "support")
    (ring,) = story.ordered(RingPhones)
    story.answers(CALL, "cleo", attempt=1)

    assert ring.attempt == 2
    assert story.taken() == []


def test_the_third_time_is_an_inquiry_of_its_own_as_well() -> None:
    story = taken_by_a_stranger()
    story.calls(CALL, "support")
    story.call_is_picked_up(CALL, "reception")

    story.calls(CALL, "support")

    assert begun(story) == [CALL, SECOND, THIRD]
    assert ended(story) == [(CALL, "forwarded"), (SECOND, "forwarded")]
    assert open_calls(story.engine.world)[0].inquiry == CALL


def test_everything_that_is_told_of_the_call_is_about_the_inquiry_that_is_open() -> None:
    story = taken_by_a_stranger()
    story.calls(CALL, "support")
    story.answers(CALL, "cleo")
    story.phone_is("cleo", PhoneState.INUSE)

    story.happens(CustomerAlone(inquiry=CALL))
    story.later(1.0)
    assert [name for name, *_ in story.facts(FactType.HELD)] == [SECOND]
    story.happens(found(None, is_told_again=True))
    assert [name for name, *_ in story.facts(FactType.RESUMED)] == [SECOND]
    story.call_is_moved(CALL, "dora")

    assert story.facts(FactType.TRANSFERRED) == [(SECOND, "cleo", "to dora")]


def test_whom_their_operator_sends_to_a_groups_number_is_still_the_same_inquiry() -> None:
    story = taken_by_a_stranger()
    story.calls(CALL, "support")
    story.answers(CALL, "cleo")

    story.calls(CALL, "sales")

    assert story.facts(FactType.TRANSFERRED) == [(SECOND, "cleo", "to group sales")]
    assert begun(story) == [CALL, SECOND]


def test_who_names_an_inquiry_means_that_one() -> None:
    story = taken_by_a_stranger()
    story.calls(CALL, "support")
    story.answers(CALL, "cleo")

    story.hands("cleo", CALL, "dora")
    assert story.refused() == "unknown_inquiry"
    story.hands("cleo", SECOND, "dora")
    assert story.refused() is None
    (ring,) = story.ordered(RingPhones)
    assert ring.inquiry == CALL


def test_who_was_told_to_go_and_is_there_still_is_an_inquiry_of_its_own() -> None:
    story = Story(policy(group("sales", "anna", max_waiting=0, on_full=End(cause=17))))
    story.calls(CALL)
    assert story.ended() == [(CALL, 17)]

    story.calls(CALL)  # the order was lost with the link over which it went

    assert begun(story) == [CALL, SECOND]
    assert ended(story) == [(CALL, "unanswered"), (SECOND, "unanswered")]
    assert story.ended() == [(CALL, 17)]


def test_a_number_that_is_nobodys_ends_no_inquiry_twice() -> None:
    story = taken_by_a_stranger()

    for _ in range(2):
        story.calls(CALL, "nobody's")
        assert [each.inquiry for each in story.ordered(EndInquiry)] == [CALL]

    refused = 'refused: "nobody\'s" is not configured'
    assert ended(story) == [(CALL, "forwarded"), (SECOND, refused), (THIRD, refused)]


# -- how long it is known ---------------------------------------------------------------------------------------------


def test_a_call_that_is_over_is_forgotten() -> None:
    story = taken_by_a_stranger()
    story.calls(CALL, "support")

    story.hangs_up(CALL)

    assert ended(story) == [(CALL, "forwarded"), (SECOND, "abandoned")]
    assert len(story.engine.world.comings) == 0
    assert open_calls(story.engine.world) == []


def test_whose_inquiry_is_over_and_who_hangs_up_is_forgotten() -> None:
    story = taken_by_a_stranger()

    story.hangs_up(CALL)

    assert ended(story) == [(CALL, "forwarded")]
    assert len(story.engine.world.comings) == 0


def test_an_ordinary_call_is_remembered_nowhere() -> None:
    story = Story(SALES_AND_SUPPORT)
    story.talks("anna", CALL)

    story.is_over(CALL, "anna")

    assert ended(story) == [(CALL, "answered")]
    assert len(story.engine.world.comings) == 0


def test_of_calls_whose_end_is_never_told_only_so_many_are_remembered() -> None:
    story = Story(policy(group("sales", "anna", max_waiting=0, on_full=End(cause=17))))
    for number in range(REMEMBERED + 2):
        story.now += 1
        story.engine.handle(
            InquiryReceived(
                inquiry=InquiryId(f"call-{number}"),
                channel=Channel.CALL,
                source=SourceId("sales"),
                customer=Customer(),
            ),
            story.now,
        )

    known = dict(story.engine.world.comings.items())
    assert len(known) == REMEMBERED
    assert InquiryId("call-1") not in known


def test_the_line_of_a_callback_that_was_given_up_is_an_inquiry_of_its_own_when_it_is_sent_to_a_groups_number() -> None:
    """While its operator hears that nobody could be reached, they may transfer what they hear."""
    story = Story(policy(group("sales", "anna", on_abandoned=CallBack()), group("support", "cleo"), callback_tries=1))
    story.phone_is("anna", PhoneState.INUSE)
    story.calls(CALL)
    story.hangs_up(CALL)
    story.phone_is("anna", PhoneState.NOT_INUSE)
    (ring,) = story.ordered(RingPhones)
    story.answers(CALL, "anna")
    story.happens(CustomerNotReached(inquiry=CALL, attempt=ring.attempt, detail="BUSY"))
    assert ended(story) == [(CALL, "unanswered")]

    story.calls(CALL, "support")
    story.hangs_up(CALL)

    assert begun(story) == [CALL, SECOND]
    assert ended(story) == [(CALL, "unanswered"), (SECOND, "abandoned")]
    assert len(story.engine.world.comings) == 0


def test_the_calls_of_a_pbx_that_is_configured_no_longer_are_forgotten() -> None:
    story = Story(policy(group("sales", "anna"), pbxs=(PBX, PbxId("branch"))))
    story.calls(CALL, pbx=PbxId("branch"))
    story.happens(FallbackRings(inquiry=CALL))
    story.happens(found(None, who="reception"))
    assert ended(story)[0][1].startswith("forwarded")
    assert len(story.engine.world.comings) == 1

    story.has_policy(policy(group("sales", "anna")))

    assert len(story.engine.world.comings) == 0


def test_who_is_called_back_after_their_second_inquiry_is_named_by_that_one_on_both_sides() -> None:
    story = taken_by_a_stranger(policy(group("sales", "anna"), group("support", "cleo", on_abandoned=CallBack())))
    story.phone_is("cleo", PhoneState.INUSE)
    story.calls(CALL, "support")
    story.hangs_up(CALL)

    story.phone_is("cleo", PhoneState.NOT_INUSE)

    (ring,) = story.ordered(RingPhones)
    assert (ring.inquiry, ring.is_callback, ring.attempt) == (SECOND, True, 2)
    assert [each.inquiry for each in open_calls(story.engine.world)] == [SECOND]
    story.answers(SECOND, "cleo")
    assert story.taken() == [(SECOND, "cleo")]


# -- a daemon that dies and comes back --------------------------------------------------------------------------------


def reborn(story: Story) -> Engine:
    """What a new process goes on from."""
    memory = memory_from([(row.kind, row.id, row.body or "") for row in rows_of(memory_of(story.engine.world))])
    return Engine(story.engine.world.policy, memory)


def test_a_second_inquiry_that_waits_when_the_daemon_comes_back_is_still_the_second() -> None:
    story = taken_by_a_stranger()
    story.phone_is("cleo", PhoneState.INUSE)
    story.phone_is("dora", PhoneState.INUSE)
    story.calls(CALL, "support")

    story.engine = reborn(story)
    assert [each.inquiry for each in open_calls(story.engine.world)] == [CALL]
    story.happens(DaemonStarted(version="2"))
    story.happens(PbxFound(pbx=PBX))
    story.calls(CALL, "support", attempts=AttemptNo(1))

    assert list(story.engine.world.inquiries) == [SECOND]
    assert begun(story) == [CALL, SECOND]
    assert ended(story) == [(CALL, "forwarded")]


def test_whose_inquiry_was_over_before_the_daemon_died_comes_in_again_afterwards() -> None:
    story = taken_by_a_stranger()

    story.engine = reborn(story)
    (looked_for,) = open_calls(story.engine.world)
    assert (looked_for.inquiry, looked_for.attempts) == (CALL, 1)
    story.happens(DaemonStarted(version="2"))
    story.happens(PbxFound(pbx=PBX))
    story.calls(CALL, "support")

    assert begun(story) == [CALL, SECOND]


def test_who_hung_up_while_the_daemon_was_away_is_forgotten() -> None:
    story = taken_by_a_stranger()
    story.engine = reborn(story)

    story.happens(DaemonStarted(version="2"))
    story.happens(CustomerLeft(inquiry=CALL, departure=Departure.VANISHED))

    assert ended(story) == [(CALL, "forwarded")]
    assert open_calls(story.engine.world) == []


# -- what the PBX did by itself ---------------------------------------------------------------------------------------


def test_who_is_over_and_found_with_one_of_ours_later_is_nobodys_inquiry() -> None:
    story = taken_by_a_stranger()
    story.later(60.0)

    story.happens(found(came_at=START))

    assert story.facts(FactType.RECEIVED) == []
    assert begun(story) == [CALL]


def test_who_came_in_again_while_the_daemon_was_away_and_was_served_there_is_an_inquiry_of_its_own() -> None:
    story = taken_by_a_stranger()
    story.later(60.0)

    story.happens(FallbackRings(inquiry=CALL))
    story.happens(found(came_at=story.now - 10))

    assert story.taken() == [(SECOND, "cleo")]
    story.hangs_up(CALL)
    assert ended(story) == [(CALL, "forwarded"), (SECOND, "answered")]


@pytest.mark.parametrize("answered", [True, False])
def test_who_came_in_again_and_left_while_the_daemon_was_away_is_on_record_once(answered: bool) -> None:
    story = taken_by_a_stranger()
    story.later(60.0)

    story.happens(entry := served(came_at=story.now - 10, answered=answered))
    story.happens(CustomerLeft(inquiry=CALL, departure=Departure.VANISHED))
    story.happens(entry)

    assert begun(story) == [CALL, SECOND]
    assert ended(story) == [(CALL, "forwarded"), (SECOND, "answered" if answered else "abandoned")]


def test_an_entry_ends_the_second_inquiry_that_is_open_and_is_told_of_once() -> None:
    story = taken_by_a_stranger()
    story.later(60.0)
    story.calls(CALL, "support")

    story.happens(entry := served(came_at=story.now - 0.01, answered=False))
    story.hangs_up(CALL)
    story.happens(entry)

    assert ended(story) == [(CALL, "forwarded"), (SECOND, "abandoned")]


@pytest.mark.parametrize("entry", [served(came_at=START), served(came_at=START + 0.005, answered=False)])
def test_what_the_pbx_kept_of_a_call_whose_inquiry_is_over_is_nothing_new(entry: FallbackServed) -> None:
    """Its clock and ours are not quite the same."""
    story = Story(policy(group("sales", "anna", max_waiting=0, on_full=End(cause=17))))
    story.calls(CALL)

    story.happens(entry)
    story.hangs_up(CALL)
    story.happens(entry)

    assert ended(story) == [(CALL, Outcome.UNANSWERED)]
    assert begun(story) == [CALL]


def test_the_clock_may_be_set_meanwhile() -> None:
    story = taken_by_a_stranger()

    story.now += 3_600
    story.happens(ClockStepped(by=3_600))
    story.happens(found(came_at=START + 3_600))
    assert begun(story) == [CALL]
    story.happens(found(came_at=story.now + 2))

    assert begun(story) == [CALL, SECOND]


def test_what_is_no_call_has_no_second_coming() -> None:
    story = Story(policy(group("sales", "anna"), entrances=[entrance("sales-chat", "sales", Channel.CHAT)]))
    story.chats("chat-1")
    story.accepts("anna", "chat-1")
    story.closes("anna", "chat-1")

    assert len(story.engine.world.comings) == 0
