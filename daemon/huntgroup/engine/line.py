"""Waiting lines: highest priority first, then who came first."""

from bisect import bisect_left, insort
from collections.abc import Iterator

from huntgroup.engine.ids import PbxId, SourceId
from huntgroup.engine.policy import Channel
from huntgroup.engine.state import Inquiry, LineKey, Place


def place_of(inquiry: Inquiry, group_priority: int) -> Place:
    """Where an inquiry stands: its group's priority and its own add up; the arrival's number breaks every tie."""
    return (-(group_priority + inquiry.priority), inquiry.arrived_at, inquiry.arrival, inquiry.id)


class Lines:
    """Inquiries in the state ``waiting``, in lines of those that the same operators may have.

    A line is one sorted list: an insertion moves memory, and no search is linear.
    """

    def __init__(self) -> None:
        self._lines: dict[LineKey, list[Place]] = {}
        self._owned: dict[tuple[str, str], dict[LineKey, list[Place]]] = {}

    def join(self, inquiry: Inquiry, key: LineKey, place: Place) -> None:
        """Stand in a line at a place, which need not be the end."""
        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = []
            self._owned.setdefault(key[:2], {})[key] = line
        insort(line, place)
        inquiry.line, inquiry.place = key, place

    def leave(self, inquiry: Inquiry) -> None:
        """Give up the place; nothing when the inquiry stands in no line. A line without anyone in it is forgotten."""
        key, place = inquiry.line, inquiry.place
        if key is None or place is None:
            return
        line = self._lines[key]
        index = bisect_left(line, place)
        if index == len(line) or line[index] != place:
            raise ValueError(f"{inquiry.id} does not wait where it says")
        del line[index]
        if not line:
            del self._lines[key]
            owned = self._owned[key[:2]]
            del owned[key]
            if not owned:
                del self._owned[key[:2]]
        inquiry.line = inquiry.place = None

    def of_owner(self, kind: str, owner: str) -> dict[LineKey, list[Place]]:
        """The lines of a group or an operator."""
        return self._owned.get((kind, owner), {})

    def count(self, kind: str, owner: str) -> int:
        """How many wait in an owner's lines."""
        return sum(len(line) for line in self.of_owner(kind, owner).values())

    def position(self, inquiry: Inquiry) -> int:
        """The place, counting from 1, of somebody who stands in a line; 0 for anybody else.

        Callers of several PBXs stand in one line to themselves and their operators, though it is kept in several.
        """
        if inquiry.line is None or inquiry.place is None:
            return 0
        lines = self.of_owner(*inquiry.line[:2]).items() if inquiry.channel is Channel.CALL else ()
        before = sum(bisect_left(line, inquiry.place) for key, line in lines if key[2] is Channel.CALL)
        return (before if lines else bisect_left(self._lines[inquiry.line], inquiry.place)) + 1

    def everyone(self) -> Iterator[Place]:
        """All places, line by line."""
        for line in self._lines.values():
            yield from line

    def __len__(self) -> int:
        return sum(len(line) for line in self._lines.values())


def line_key(inquiry: Inquiry, first_pbx: PbxId | None = None) -> LineKey:
    """The line that an inquiry belongs in. Calls of all numbers wait together: nothing about them differs by number.

    But those of another PBX may ring at other operators. The line of the first one's calls has no name of its own.
    """
    source = inquiry.entrance.source
    if inquiry.channel is Channel.CALL:
        source = SourceId("" if inquiry.pbx in {None, first_pbx} else f"pbx {inquiry.pbx}")
    if inquiry.target is not None:
        return ("operator", inquiry.target.operator, inquiry.channel, source)
    return ("group", inquiry.group, inquiry.channel, source)
