"""A group's waiting line: who came first is served first."""

from bisect import bisect_left, insort
from collections.abc import Iterator

from huntgroup.engine.ids import InquiryId
from huntgroup.engine.state import Inquiry

Place = tuple[float, int, InquiryId]


def place_of(inquiry: Inquiry) -> Place:
    """Where an inquiry stands: a smaller place is served first. The arrival number breaks every tie."""
    return (inquiry.arrived_at, inquiry.arrival, inquiry.id)


class WaitingLine:
    """Inquiries in the state ``waiting``, in order. One list: an insertion moves memory, and no search is linear."""

    def __init__(self) -> None:
        self._places: list[Place] = []

    def join(self, inquiry: Inquiry) -> None:
        """Stand at the place that the time of arrival gives, which need not be the end."""
        insort(self._places, place_of(inquiry))

    def leave(self, inquiry: Inquiry) -> None:
        """Give up the place. Raises ValueError when the inquiry does not stand here."""
        place = place_of(inquiry)
        index = bisect_left(self._places, place)
        if index == len(self._places) or self._places[index] != place:
            raise ValueError(f"{inquiry.id} does not wait in this line")
        del self._places[index]

    def __iter__(self) -> Iterator[Place]:
        """The places from the first to be served to the last."""
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)
