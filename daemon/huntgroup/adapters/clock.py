"""The one place that reads a clock."""

import time

STEP_LEAST = 1.0
"""Seconds by which the wall clock must be off before it counts as stepped."""


class Clock:
    """Seconds since the epoch: the wall clock once, the monotonic clock from there on.

    A step of the wall clock (an administrator, NTP, a machine that slept) can so neither fire a deadline early nor hold
    one back. It is followed only when asked to, by who then moves what waits along with it.
    """

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def now(self) -> float:
        """The instant, in seconds since the epoch."""
        return time.monotonic() + self._offset

    def follow(self) -> float:
        """Take over a step of the wall clock; by how many seconds, 0 when there was none."""
        step = time.time() - self.now()
        if abs(step) < STEP_LEAST:
            return 0.0
        self._offset += step
        return step

    def monotonic(self, instant: float) -> float:
        """The same instant on the event loop's clock, ``loop.call_at``'s."""
        return instant - self._offset
