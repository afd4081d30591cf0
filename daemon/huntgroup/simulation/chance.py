"""Where chance comes from: seeded streams, one for each thing that varies by itself.

One stream for each load and each operator, so that another roster meets the very same customers: what differs
between two runs is then the roster's doing.
"""

import math
import random

_MILLISECONDS = 3
"""Drawn times are whole milliseconds: the last binary digit of a machine's logarithm must not decide anything."""


class Chance:
    """One stream of draws; the same for the same seed and name, on every machine."""

    def __init__(self, seed: int, name: str) -> None:
        # A text is hashed with SHA-512 here, not by Python's own salted hash.
        self._random = random.Random(f"{seed}/{name}")

    def is_hit(self, share: float) -> bool:
        """True in this share of the draws, 0 to 1."""
        return self._random.random() < share

    def exponential(self, mean: float) -> float:
        """Seconds until something that has no memory happens."""
        return round(-mean * math.log(1.0 - self._random.random()), _MILLISECONDS)

    def lognormal(self, mean: float, deviation: float) -> float:
        """Seconds with this mean and standard deviation; most are short and a few are very long."""
        variance = math.log(1.0 + (deviation / mean) ** 2)
        middle = math.log(mean) - variance / 2
        return round(self._random.lognormvariate(middle, math.sqrt(variance)), _MILLISECONDS)
