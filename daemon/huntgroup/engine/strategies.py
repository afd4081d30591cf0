"""The distributions: each a pure function from the eligible operators, in listed order, to those who get the offer."""

from collections.abc import Callable, Mapping, Sequence

from huntgroup.engine.ids import OperatorId
from huntgroup.engine.policy import Distribution
from huntgroup.engine.state import Operator

Ranking = Sequence[Operator]
Strategy = Callable[[Ranking, Sequence[OperatorId], OperatorId | None], Ranking]
"""Eligible operators, the group's whole list, and who was offered the group's last inquiry -> who is chosen."""


def first_listed(eligible: Ranking, _listed: Sequence[OperatorId], _last: OperatorId | None) -> Ranking:
    """in_order: the first operator of the list who is eligible."""
    return eligible[:1]


def next_in_turn(eligible: Ranking, listed: Sequence[OperatorId], last: OperatorId | None) -> Ranking:
    """in_turn: the first eligible operator after the one who was offered the last inquiry, going round."""
    if last is None or last not in listed:
        return eligible[:1]
    after = listed.index(last) + 1
    later = set(listed[after:])
    following = [operator for operator in eligible if operator.policy.id in later]
    return (following or eligible)[:1]


def least_loaded(eligible: Ranking, _listed: Sequence[OperatorId], _last: OperatorId | None) -> Ranking:
    """evenly: the smallest share of capacity in use, then the longest since their last offer, then listed order."""
    return [min(eligible, key=lambda operator: (share_in_use(operator), operator.last_offer))]


def everyone(eligible: Ranking, _listed: Sequence[OperatorId], _last: OperatorId | None) -> Ranking:
    """all_at_once: all who are eligible, together."""
    return eligible


def share_in_use(operator: Operator) -> float:
    """The share of an operator's capacity in use, the channels added up: two of three chats are 2/3.

    What they are being offered is in use too, or a burst would all be offered to one of them.
    """
    share = operator.share
    if share is None:
        load, pending = operator.load, operator.pending
        used = [(load[channel] + pending[channel]) / most for channel, most in operator.policy.capacity.items() if most]
        share = operator.share = sum(used)
    return share


STRATEGIES: Mapping[Distribution, Strategy] = {
    Distribution.IN_ORDER: first_listed,
    Distribution.IN_TURN: next_in_turn,
    Distribution.EVENLY: least_loaded,
    Distribution.ALL_AT_ONCE: everyone,
}
