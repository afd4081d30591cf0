"""The one place that reads a clock."""

import time


class Clock:
    """Seconds since the epoch that never step back: the wall clock once, the monotonic clock from there on.

    A step of the wall clock (NTP, an administrator) can so neither fire a deadline early nor hold one back.
    """

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def now(self) -> float:
        """The instant, in seconds since the epoch."""
        return time.monotonic() + self._offset

    def monotonic(self, instant: float) -> float:
        """The same instant on the event loop's clock, ``loop.call_at``'s."""
        return instant - self._offset
