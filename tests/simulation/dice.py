"""Where chance comes from: a seeded generator for long runs, or Hypothesis, which can shrink what it found."""

import random
from collections.abc import Sequence
from typing import Protocol, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")


class Dice(Protocol):
    """Three throws are enough for everything."""

    def choose(self, among: Sequence[T]) -> T:
        """One of these, which are not none."""

    def chance(self, share: float) -> bool:
        """True in this share of the throws."""

    def between(self, least: float, most: float) -> float:
        """A number from ``least`` to ``most``."""


class Seeded:
    """The same throws for the same seed, on every machine."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def choose(self, among: Sequence[T]) -> T:
        """One of these."""
        return among[int(self._random.random() * len(among))]

    def chance(self, share: float) -> bool:
        """True in this share of the throws."""
        return self._random.random() < share

    def between(self, least: float, most: float) -> float:
        """A number from ``least`` to ``most``."""
        return least + (most - least) * self._random.random()


class Drawn:
    """Throws that Hypothesis makes, and makes simpler when they break something."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data

    def choose(self, among: Sequence[T]) -> T:
        """One of these."""
        return among[self._data.draw(st.integers(0, len(among) - 1))]

    def chance(self, share: float) -> bool:
        """True in about this share of the throws."""
        return self._data.draw(st.integers(0, 99)) < round(share * 100)

    def between(self, least: float, most: float) -> float:
        """A number from ``least`` to ``most``, in hundredths of the way."""
        return least + (most - least) * self._data.draw(st.integers(0, 100)) / 100
