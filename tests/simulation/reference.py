"""A waiting line in a dozen lines of its own, to hold the engine's against: first come, first served.

Who comes is served by the operator who is free first, unless that is later than their patience lasts. That is all
there is to say: the recursion of J. Kiefer and J. Wolfowitz, "On the theory of queues with many servers", 1955, with
those left out who leave (F. Baccelli and G. Hebuterne, "On queues with impatient customers", 1981). It knows nothing of
events, phones and states, and is fast enough for millions of customers.
"""

import heapq
import math
from collections.abc import Iterable

from tests.simulation.erlang import Line

NOTHING = 0.0005
"""Seconds: no time in a simulation is finer than a millisecond, and a shorter wait is none."""

Person = tuple[float, float, float]
"""When they come, how long they talk, how long they would wait; seconds."""


class Reference:
    """One line before so many servers, empty at ``start``."""

    def __init__(self, servers: int, start: float = 0.0) -> None:
        self._free = [start] * servers
        self._last = start

    def serve(self, people: Iterable[Person], until: float = math.inf) -> Line:
        """What becomes of these, who come after all that came before; who still waits at ``until`` does not count."""
        free, begin, at = self._free, self._last, self._last
        count = waiting = left = 0
        waited = work = 0.0
        for at, talk, patience in people:
            wait = max(0.0, free[0] - at)
            is_served = wait <= patience
            if is_served:
                heapq.heapreplace(free, at + wait + talk)
            else:
                wait = patience
            if at + wait >= until:
                continue
            work += talk * is_served
            left += not is_served
            count += 1
            waited += wait
            waiting += wait > NOTHING
        self._last = at
        return Line(waiting / count, waited / count, left / count, work / (len(free) * (at - begin)))
