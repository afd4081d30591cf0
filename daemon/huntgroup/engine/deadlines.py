"""One heap of instants. A deadline that no longer holds is not searched for: it is recognised when it comes up."""

import heapq
from collections.abc import Callable
from enum import IntEnum
from typing import NamedTuple

from huntgroup.engine.ids import AttemptNo, InquiryId
from huntgroup.engine.lifecycle import InquiryState
from huntgroup.engine.state import Inquiry

UNANSWERED = frozenset({InquiryState.WAITING, InquiryState.OFFERED})


class DeadlineKind(IntEnum):
    """What an instant is for."""

    ATTEMPT = 1
    MAX_WAIT = 2
    REST = 3
    OPENING = 4
    WRAPUP = 5
    ANNOUNCE = 6
    ADRIFT = 7


class Deadline(NamedTuple):
    """An instant in seconds.

    Equal instants go by what they are for and by who came first, and not by the order in which they were set: a heap
    that was made anew from the inquiries does not know it.
    """

    at: float
    kind: DeadlineKind
    arrival: int
    attempt: AttemptNo
    inquiry: InquiryId


def still_holds(deadline: Deadline, inquiry: Inquiry | None) -> bool:  # noqa: PLR0911 - one line for each kind
    """Whether the inquiry still means to be woken at this instant, for this; None: it is over."""
    if inquiry is None:
        return False
    at, state = deadline.at, inquiry.state
    match deadline.kind:
        case DeadlineKind.ATTEMPT:
            attempt = inquiry.attempt
            return attempt is not None and attempt.number == deadline.attempt and attempt.deadline == at
        case DeadlineKind.MAX_WAIT:
            return inquiry.max_wait_at == at and state in UNANSWERED
        case DeadlineKind.REST:
            return inquiry.resting_until == at and state in UNANSWERED
        case DeadlineKind.OPENING:
            return inquiry.opens_at == at and state is InquiryState.WAITING
        case DeadlineKind.WRAPUP:
            return inquiry.wrapup_until == at and state is InquiryState.WRAPUP
        case DeadlineKind.ANNOUNCE:
            return inquiry.announce_at == at and state is InquiryState.WAITING and inquiry.customer_holds
        case DeadlineKind.ADRIFT:
            return inquiry.adrift_at == at and state is InquiryState.ACTIVE


class Deadlines:
    """The instants that are still to come, earliest first."""

    def __init__(self, holds: Callable[[Deadline], bool]) -> None:
        """``holds`` tells whether a deadline set earlier is still meant."""
        self._holds = holds
        self._heap: list[Deadline] = []
        self._swept_at = 0

    def set(self, at: float, kind: DeadlineKind, inquiry: Inquiry, attempt: AttemptNo) -> None:
        """Add an instant. What it replaces is left in the heap and no longer holds."""
        heapq.heappush(self._heap, Deadline(at, kind, inquiry.arrival, attempt, inquiry.id))
        if len(self._heap) > 2 * self._swept_at + 1024:
            self._sweep()

    def next(self) -> float | None:
        """The earliest instant that still holds, in seconds, or None."""
        first = self.first()
        return first.at if first is not None else None

    def first(self) -> Deadline | None:
        """The earliest one that still holds."""
        while self._heap:
            if self._holds(self._heap[0]):
                return self._heap[0]
            heapq.heappop(self._heap)
        return None

    def pop_due(self, until: float, *, inclusive: bool) -> Deadline | None:
        """Take the earliest that still holds and lies before ``until``, or at it when ``inclusive``."""
        if not self._heap or self._heap[0].at > until:
            return None
        at = self.next()
        if at is None or at > until or (at == until and not inclusive):
            return None
        return heapq.heappop(self._heap)

    def holding(self) -> list[Deadline]:
        """Every instant that still holds, in no order."""
        return [deadline for deadline in self._heap if self._holds(deadline)]

    def _sweep(self) -> None:
        """Drop what no longer holds, once it may be the most: a day's max_wait of calls long over would pile up."""
        self._heap = self.holding()
        heapq.heapify(self._heap)
        self._swept_at = len(self._heap)
