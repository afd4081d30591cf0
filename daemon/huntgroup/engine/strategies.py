"""The distributions: each a pure function from the eligible operators to those who get the offer now."""

from collections.abc import Callable, Mapping

from huntgroup.engine.ids import OperatorId
from huntgroup.engine.policy import Distribution

Strategy = Callable[[tuple[OperatorId, ...]], tuple[OperatorId, ...]]


def first_listed(eligible: tuple[OperatorId, ...]) -> tuple[OperatorId, ...]:
    """in_order: the first operator of the list who is eligible."""
    return eligible[:1]


def everyone(eligible: tuple[OperatorId, ...]) -> tuple[OperatorId, ...]:
    """all_at_once: all who are eligible, together."""
    return eligible


STRATEGIES: Mapping[Distribution, Strategy] = {
    Distribution.IN_ORDER: first_listed,
    Distribution.ALL_AT_ONCE: everyone,
}
