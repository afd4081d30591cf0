"""How fast a group's line has moved lately, and from that how long who joins it now will wait. Figures only."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

from huntgroup.engine.ids import GroupId

SAMPLES_MOST = 10
"""So many of the last answered callers count."""
SAMPLES_FEWEST = 3
"""With fewer nothing is known."""
RECENT_SECONDS = 1800.0
"""An answer longer ago says nothing of now."""


@dataclass(slots=True, frozen=True)
class Sample:
    """Somebody who had to wait was answered ``at``, having waited so many seconds for each place before them."""

    at: float
    seconds_per_place: float


class Paces:
    """The rule: of the last ten callers of a group who had to wait and were answered within half an hour, how long each
    waited, divided by the place at which they began; the mean of that times one's own place. Unknown below three."""

    def __init__(self) -> None:
        self._samples: dict[GroupId, deque[Sample]] = {}

    def note(self, group: GroupId, now: float, waited: float, position: int) -> None:
        """Somebody was answered who waited so many seconds and had begun at this place, counting from 1."""
        samples = self._samples.setdefault(group, deque(maxlen=SAMPLES_MOST))
        samples.append(Sample(now, waited / position))

    def groups(self) -> tuple[GroupId, ...]:
        """The groups of which anything is known."""
        return tuple(self._samples)

    def samples(self, group: GroupId) -> tuple[Sample, ...]:
        """What is known of a group, oldest first."""
        return tuple(self._samples.get(group, ()))

    def remember(self, group: GroupId, samples: Iterable[Sample]) -> None:
        """What was known of a group."""
        self._samples[group] = deque(samples, maxlen=SAMPLES_MOST)

    def move(self, by: float) -> None:
        """The clock was set by so many seconds."""
        for group, samples in list(self._samples.items()):
            self.remember(group, [replace(each, at=each.at + by) for each in samples])

    def estimate(self, group: GroupId, now: float, position: int) -> float | None:
        """How many seconds somebody at this place will still wait; None: unknown."""
        recent = [each for each in self._samples.get(group, ()) if each.at >= now - RECENT_SECONDS]
        if len(recent) < SAMPLES_FEWEST:
            return None
        return position * sum(each.seconds_per_place for each in recent) / len(recent)
