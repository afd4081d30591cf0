"""How often a busy link is read.

Asterisk sends each event by itself, and each wakes whoever listens: sleeping and waking cost more than the work. So a
link that has very much to say is left alone for a moment after each look, and what came meanwhile is read in one go, as
a network card does with its interrupts. On a link that has less to say nothing ever waits. The figures are in
docs/cost.md.
"""

import math
from collections.abc import Callable

WINDOW = 0.5
"""Seconds over which the rate is taken."""
BUSY = 1000.0
"""Events a second, from which it pays: some 90 calls a second."""
REST = 0.03
"""Seconds from one look to the next on a busy link: less than anybody at a telephone notices."""


class Pace:
    """Counts events, the older the less, and says how long to leave the link alone."""

    def __init__(self, now: Callable[[], float]) -> None:
        """``now``: a clock in seconds that nobody sets."""
        self._now = now
        self._level = 0.0
        """How many there were in the last `WINDOW`, about."""
        self._at = now()

    def rest(self, events: int) -> float:
        """Seconds until the next look, after one that found so many events."""
        now = self._now()
        self._level = self._level * math.exp((self._at - now) / WINDOW) + events
        self._at = now
        return REST if self._level > BUSY * WINDOW else 0.0
