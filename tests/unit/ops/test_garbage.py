"""The garbage collector stops the process for long only while there are no calls."""

import gc
from collections.abc import Iterator

import pytest

from huntgroup.ops.garbage import FULL_SECONDS, LEAST, NEVER, Collector


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


class Hand:
    """A clock that is set by hand."""

    at = 0.0

    def __call__(self) -> float:
        return self.at


def grow(collections: int) -> list[list[int]]:
    """So many objects that the middle generation is collected so often."""
    young, middle, _ = gc.get_threshold()
    return [[number] for number in range((young + 1) * (middle + 1) * (collections + 1))]


def test_it_is_never_collected_in_full_without_being_told() -> None:
    Collector().settle()
    assert gc.get_threshold()[2] == NEVER


def test_what_survived_is_not_looked_at_again() -> None:
    collector = Collector()
    collector.settle()
    kept = grow(LEAST)
    frozen = gc.get_freeze_count()
    assert collector.look(has_calls=True)
    assert gc.get_freeze_count() >= frozen + len(kept)
    assert not collector.look(has_calls=True)


def test_everything_is_looked_at_after_hours_and_only_without_calls() -> None:
    hand = Hand()
    collector = Collector(hand)
    collector.settle()
    hand.at = FULL_SECONDS
    assert not collector.look(has_calls=True)
    assert collector.look(has_calls=False)
    assert not collector.look(has_calls=False)
