"""When to leave a CRM alone that does not answer: after some failures in a row nobody waits for it but one who tries.

Knows no clock: the instant is an argument, in seconds on any clock that only goes forward.
"""

FAILURES = 5
"""In a row, and it is left alone."""
SHORTEST = 5.0
LONGEST = 60.0
"""Seconds for which it is left alone, doubled from one to the other."""


class Circuit:
    """Closed while all is well, open while it is left alone, and in between one tries."""

    def __init__(self, failures: int = FAILURES, shortest: float = SHORTEST, longest: float = LONGEST) -> None:
        self._failures = failures
        self._shortest = shortest
        self._longest = longest
        self._count = 0
        self._pause = shortest
        self._until = 0.0
        self._is_trying = False

    @property
    def is_open(self) -> bool:
        """Whether it is left alone, or being tried."""
        return self._count >= self._failures

    def may_ask(self, now: float) -> bool:
        """Whether to ask now. Who is let through while it is open is the one who tries, and must say how it went."""
        if not self.is_open:
            return True
        if self._is_trying or now < self._until:
            return False
        self._is_trying = True
        return True

    def rests_until(self, now: float) -> float:
        """When somebody may try; ``now`` when at once."""
        return max(self._until, now) if self.is_open else now

    def succeeded(self) -> bool:
        """It answers; whether that is news."""
        was_open = self.is_open
        self._count, self._pause, self._is_trying = 0, self._shortest, False
        return was_open

    def failed(self, now: float) -> bool:
        """It did not; whether that opened it."""
        was_open = self.is_open
        was_trying, self._is_trying = self._is_trying, False
        self._count += 1
        if not self.is_open:
            return False
        if not was_open or was_trying:
            self._until = now + self._pause
            self._pause = min(self._longest, self._pause * 2)
        return not was_open

    def gave_up(self) -> None:
        """Who tried was stopped, and can tell nothing."""
        self._is_trying = False
