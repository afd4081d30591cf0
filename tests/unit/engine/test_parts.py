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
from huntgroup.engine.line import WaitingLine, place_of
from huntgroup.engine.policy import Channel
from huntgroup.engine.state import Inquiry


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


def arrived(name: str, at: float, arrival: int) -> Inquiry:
    return Inquiry(
        id=InquiryId(name),
        channel=Channel.CALL,
        customer=Customer(),
        number="",
        group=GroupId("sales"),
        arrived_at=at,
        arrival=arrival,
        entered_group_at=at,
    )


def test_the_line_is_ordered_by_arrival_whenever_somebody_joins() -> None:
    line = WaitingLine()
    first, second, third = arrived("a", 1, 1), arrived("b", 1, 2), arrived("c", 2, 3)
    for inquiry in (third, first, second):
        line.join(inquiry)
    assert list(line) == [place_of(first), place_of(second), place_of(third)]
    line.leave(second)
    assert list(line) == [place_of(first), place_of(third)]


def test_who_does_not_stand_in_the_line_cannot_leave_it() -> None:
    line = WaitingLine()
    line.join(arrived("a", 1, 1))
    with pytest.raises(ValueError, match="b does not wait in this line"):
        line.leave(arrived("b", 1, 2))


def test_deadlines_come_in_order_and_those_that_no_longer_hold_do_not_come() -> None:
    holding = {InquiryId("a"), InquiryId("c")}

    def holds(deadline: Deadline) -> bool:
        return deadline.inquiry in holding

    deadlines = Deadlines(holds)
    for at, name in ((3.0, "c"), (1.0, "b"), (2.0, "a")):
        deadlines.set(at, DeadlineKind.REST, InquiryId(name), AttemptNo(0))
    assert deadlines.next() == 2.0
    assert deadlines.pop_due(2.0, inclusive=False) is None
    due = deadlines.pop_due(2.0, inclusive=True)
    assert due is not None
    assert due.inquiry == "a"
    assert deadlines.pop_due(2.5, inclusive=True) is None
    assert deadlines.next() == 3.0
