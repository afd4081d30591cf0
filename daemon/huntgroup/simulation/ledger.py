"""What is written down while the floor is at work: counts, waits and times. What they mean is for figures to say.

All instants are seconds since the epoch, all times seconds.
"""

from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from huntgroup.engine.effects import Outcome
from huntgroup.engine.ids import GroupId, InquiryId, OperatorId
from huntgroup.engine.policy import Channel

HALF_HOUR = 1800.0

Key = tuple[GroupId, Channel]


def _times() -> "array[float]":
    return array("d")


@dataclass(slots=True)
class Tally:
    """The inquiries of one channel that came in for one group, wherever they ended."""

    offered: int = 0
    answered: "array[float]" = field(default_factory=_times)
    """The wait of each that an operator took."""
    gone: dict[Outcome, "array[float]"] = field(default_factory=dict)
    """The waits of those that nobody took, by how they ended."""
    overflowed: int = 0
    """How many a policy moved on: to another group, an operator, a mailbox."""
    callbacks: int = 0


@dataclass(slots=True)
class Attendance:
    """One operator's time. On duty: logged in, or still at work with what they had in hand when they logged out."""

    is_in: bool
    since: float
    on_duty: float = 0.0
    at_work: float = 0.0
    work: dict[Channel, float] = field(default_factory=lambda: dict.fromkeys(Channel, 0.0))
    """Seconds by channel; wrap-up is work, ringing is not."""
    talk: float = 0.0
    """Seconds in conversation on calls."""
    handled: Counter[Channel] = field(default_factory=Counter)
    missed: int = 0
    channels: frozenset[Channel] = frozenset()
    """What they are at work on now."""

    def until(self, at: float) -> None:
        """Count the time since it was last counted."""
        gone = at - self.since
        self.since = at
        if self.is_in or self.channels:
            self.on_duty += gone
        if self.channels:
            self.at_work += gone
            for channel in self.channels:
                self.work[channel] += gone


class Line:
    """How many wait, over time: for each step of time the mean and the most."""

    def __init__(self, start: float, step: float) -> None:
        self.start, self.step = start, step
        self.means: array[float] = array("d")
        self.most: array[int] = array("l")
        self._waiting = self._highest = 0
        self._since = start
        self._area = 0.0

    def change(self, at: float, by: int) -> None:
        """So many more, or fewer, from this instant on."""
        while at >= (end := self.start + (len(self.means) + 1) * self.step):
            self._close(end)
        self._area += self._waiting * (at - self._since)
        self._since = at
        self._waiting += by
        self._highest = max(self._highest, self._waiting)

    def finish(self, at: float) -> None:
        """The last step, which may be shorter than the others."""
        self.change(at, 0)
        begin = self.start + len(self.means) * self.step
        if at > begin:
            self.means.append(self._area / (at - begin))
            self.most.append(self._highest)

    def _close(self, end: float) -> None:
        self._area += self._waiting * (end - self._since)
        self.means.append(self._area / self.step)
        self.most.append(self._highest)
        self._since, self._area, self._highest = end, 0.0, self._waiting


@dataclass(slots=True)
class _Story:
    key: Key
    came_at: float
    is_waiting: bool = True
    was_taken: bool = False
    has_overflowed: bool = False


def _wait(story: _Story, at: float) -> float:
    # Instants count from 1970, so that the last digits of a difference are noise: no time here is finer than this.
    return round(at - story.came_at, 3)


class Ledger:
    """Everything that is counted. ``level``: who is answered within so many seconds counts as served well."""

    def __init__(self, start: float, level: float, step: float, keys: Iterable[Key]) -> None:
        self.tallies: dict[Key, Tally] = {key: Tally() for key in keys}
        self.people: dict[OperatorId, Attendance] = {}
        self.line = Line(start, step)
        self.half_hours: Counter[int] = Counter()
        """Who came, by the number of the half hour."""
        self.in_time: Counter[int] = Counter()
        """Of those, who was answered in time."""
        self._start, self._level = start, level
        self._stories: dict[InquiryId, _Story] = {}

    # -- customers ------------------------------------------------------------------------------------------------

    def came(self, inquiry: InquiryId, key: Key, at: float) -> None:
        """A customer is there, and waits."""
        self._stories[inquiry] = _Story(key, at)
        self.tallies.setdefault(key, Tally()).offered += 1
        self.half_hours[self._half_hour(at)] += 1
        self.line.change(at, 1)

    def taken(self, inquiry: InquiryId, operator: OperatorId, at: float) -> None:
        """An operator has it; the wait that counts is the first."""
        story = self._stories[inquiry]
        self.people[operator].handled[story.key[1]] += 1
        if story.is_waiting:
            story.is_waiting = False
            self.line.change(at, -1)
        if not story.was_taken:
            story.was_taken = True
            wait = _wait(story, at)
            self.tallies[story.key].answered.append(wait)
            self.in_time[self._half_hour(story.came_at)] += wait <= self._level

    def put_back(self, inquiry: InquiryId, at: float) -> None:
        """It waits again."""
        self._stories[inquiry].is_waiting = True
        self.line.change(at, 1)

    def overflowed(self, inquiry: InquiryId) -> None:
        """A policy moved it on; counted once."""
        story = self._stories[inquiry]
        self.tallies[story.key].overflowed += not story.has_overflowed
        story.has_overflowed = True

    def promised(self, inquiry: InquiryId) -> None:
        """The customer is to be called back."""
        self.tallies[self._stories[inquiry].key].callbacks += 1

    def closed(self, inquiry: InquiryId, outcome: Outcome, at: float) -> None:
        """It is over."""
        story = self._stories.pop(inquiry)
        if story.is_waiting:
            self.line.change(at, -1)
        if not story.was_taken:
            self.tallies[story.key].gone.setdefault(outcome, array("d")).append(_wait(story, at))

    def _half_hour(self, at: float) -> int:
        return int((at - self._start) // HALF_HOUR)

    # -- operators ------------------------------------------------------------------------------------------------

    def meets(self, operator: OperatorId, at: float, *, is_in: bool) -> None:
        """Somebody whose time is counted from now on."""
        self.people[operator] = Attendance(is_in=is_in, since=at)

    def logged(self, operator: OperatorId, at: float, *, is_in: bool) -> None:
        """They logged in or out."""
        person = self.people[operator]
        person.until(at)
        person.is_in = is_in

    def works_on(self, operator: OperatorId, channels: frozenset[Channel], at: float) -> None:
        """What they are at work on from now on."""
        person = self.people[operator]
        if person.channels != channels:
            person.until(at)
            person.channels = channels

    def talked(self, operator: OperatorId, seconds: float) -> None:
        """A call's conversation is over."""
        self.people[operator].talk += seconds

    def missed(self, operator: OperatorId) -> None:
        """They did not take an offer in time."""
        self.people[operator].missed += 1

    def finish(self, at: float) -> None:
        """The run is over."""
        self.line.finish(at)
        for person in self.people.values():
            person.until(at)
