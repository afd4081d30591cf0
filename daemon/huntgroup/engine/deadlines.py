"""One heap of instants. A deadline that no longer holds is not searched for: it is recognised when it comes up."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from huntgroup.engine.ids import AttemptNo, InquiryId


class DeadlineKind(StrEnum):
    """What an instant is for."""

    ATTEMPT = "attempt"
    MAX_WAIT = "max_wait"
    REST = "rest"


@dataclass(frozen=True, slots=True, order=True)
class Deadline:
    """An instant in seconds; ``sequence`` keeps equal instants in the order they were set."""

    at: float
    sequence: int
    kind: DeadlineKind
    inquiry: InquiryId
    attempt: AttemptNo


class Deadlines:
    """The instants that are still to come, earliest first."""

    def __init__(self, holds: Callable[[Deadline], bool]) -> None:
        """``holds`` tells whether a deadline set earlier is still meant."""
        self._holds = holds
        self._heap: list[Deadline] = []
        self._sequence = 0

    def set(self, at: float, kind: DeadlineKind, inquiry: InquiryId, attempt: AttemptNo) -> None:
        """Add an instant. What it replaces is left in the heap and no longer holds."""
        self._sequence += 1
        heapq.heappush(self._heap, Deadline(at, self._sequence, kind, inquiry, attempt))

    def next(self) -> float | None:
        """The earliest instant that still holds, in seconds, or None."""
        while self._heap:
            if self._holds(self._heap[0]):
                return self._heap[0].at
            heapq.heappop(self._heap)
        return None

    def pop_due(self, until: float, *, inclusive: bool) -> Deadline | None:
        """Take the earliest that still holds and lies before ``until``, or at it when ``inclusive``."""
        at = self.next()
        if at is None or at > until or (at == until and not inclusive):
            return None
        return heapq.heappop(self._heap)
