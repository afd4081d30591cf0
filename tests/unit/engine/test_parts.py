"""The small parts: transition tables, the line, the deadlines."""

import itertools

import pytest

from huntgroup.engine.deadlines import Deadline, DeadlineKind, Deadlines
from huntgroup.engine.events import Customer
from huntgroup.engine.ids import AttemptNo, GroupId, InquiryId
from huntgroup.engine.lifecycle import (
    INQUIRY_STEPS,
    OFFER_STEPS,
    IllegalTransitionError,
    InquiryState,
    InquiryStep,
    OfferState,
    OfferStep,
    step,
)
from huntgroup.engine.line import Lines, line_key, place_of
from huntgroup.engine.policy import Channel
from huntgroup.engine.state import Inquiry
from tests.unit.engine.scenario import entrance


@pytest.mark.parametrize(("state", "trigger"), list(itertools.product(InquiryState, InquiryStep)))
def test_an_inquiry_moves_only_as_the_table_says(state: InquiryState, trigger: InquiryStep) -> None:
    if (state, trigger) in INQUIRY_STEPS:
        assert step(INQUIRY_STEPS, state, trigger) in InquiryState
    else:
        with pytest.raises(IllegalTransitionError, match=f"{state} has no step {trigger}"):
            step(INQUIRY_STEPS, state, trigger)


@pytest.mark.parametrize("over", [state for state in OfferState if state is not OfferState.PENDING])
@pytest.mark.parametrize("trigger", list(OfferStep))
def test_an_offer_that_is_over_stays_over(over: OfferState, trigger: OfferStep) -> None:
    with pytest.raises(IllegalTransitionError):
        step(OFFER_STEPS, over, trigger)


def test_a_closed_inquiry_moves_no_more() -> None:
    assert not [pair for pair in INQUIRY_STEPS if pair[0] is InquiryState.CLOSED]


def arrived(name: str, at: float, arrival: int, priority: int = 0) -> Inquiry:
    return Inquiry(
        id=InquiryId(name),
        channel=Channel.CALL,
        entrance=entrance("sales", "sales"),
        customer=Customer(),
        group=GroupId("sales"),
        priority=priority,
        arrived_at=at,
        arrival=arrival,
    )


def stand(lines: Lines, inquiry: Inquiry, group_priority: int = 0) -> None:
    lines.join(inquiry, line_key(inquiry), place_of(inquiry, group_priority))


def order(lines: Lines) -> list[str]:
    return [place[-1] for place in lines.everyone()]


def test_the_line_is_ordered_by_arrival_whenever_somebody_joins() -> None:
    lines = Lines()
    first, second, third = arrived("a", 1, 1), arrived("b", 1, 2), arrived("c", 2, 3)
    for inquiry in (third, first, second):
        stand(lines, inquiry)
    assert order(lines) == ["a", "b", "c"]
    lines.leave(second)
    assert order(lines) == ["a", "c"]


def test_a_higher_priority_stands_before_who_came_earlier() -> None:
    lines = Lines()
    stand(lines, arrived("early", 1, 1))
    stand(lines, arrived("urgent", 2, 2, priority=1))
    stand(lines, arrived("groups", 3, 3), group_priority=2)
    assert order(lines) == ["groups", "urgent", "early"]


def test_who_stands_in_no_line_leaves_none_and_an_empty_line_is_forgotten() -> None:
    lines = Lines()
    inquiry = arrived("a", 1, 1)
    lines.leave(inquiry)
    stand(lines, inquiry)
    assert (lines.count("group", "sales"), len(lines)) == (1, 1)
    lines.leave(inquiry)
    lines.leave(inquiry)
    assert (lines.count("group", "sales"), lines.of_owner("group", "sales")) == (0, {})


def test_a_place_that_is_not_there_is_a_fault_and_not_passed_over() -> None:
    lines = Lines()
    inquiry = arrived("a", 1, 1)
    stand(lines, inquiry)
    inquiry.place = place_of(inquiry, 7)
    with pytest.raises(ValueError, match="a does not wait where it says"):
        lines.leave(inquiry)


def test_deadlines_come_in_order_and_those_that_no_longer_hold_do_not_come() -> None:
    holding = {InquiryId("a"), InquiryId("c")}

    def holds(deadline: Deadline) -> bool:
        return deadline.inquiry in holding

    deadlines = Deadlines(holds)
    for at, name in ((3.0, "c"), (1.0, "b"), (2.0, "a")):
        deadlines.set(at, DeadlineKind.REST, arrived(name, at, 1), AttemptNo(0))
    assert deadlines.next() == 2.0
    assert deadlines.pop_due(2.0, inclusive=False) is None
    due = deadlines.pop_due(2.0, inclusive=True)
    assert due is not None
    assert due.inquiry == "a"
    assert deadlines.pop_due(2.5, inclusive=True) is None
    assert deadlines.next() == 3.0
