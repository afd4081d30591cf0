"""What was last told of every operator, so that only what is new is told. It must not know the rules behind it."""

from collections.abc import Callable, Iterator, Mapping

from huntgroup.engine.effects import OperatorChanged, Reason
from huntgroup.engine.ids import OperatorId
from huntgroup.engine.policy import Channel
from huntgroup.engine.state import Operator


class Notices:
    """The operators who changed since the last news, and their state as it was told then."""

    def __init__(self) -> None:
        self._changed: dict[OperatorId, None] = {}
        self._last_told: dict[OperatorId, OperatorChanged] = {}

    def note(self, operator: OperatorId) -> None:
        """Something about an operator may be other than it was told."""
        self._changed[operator] = None

    def news(
        self, operators: Mapping[OperatorId, Operator], why_not: Callable[[Operator, Channel], Reason | None]
    ) -> Iterator[OperatorChanged]:
        """One for every operator whose public state is not what was last told; ``why_not`` gives the reasons."""
        for operator_id in self._changed:
            operator = operators.get(operator_id)
            if operator is None:
                self._last_told.pop(operator_id, None)
                continue
            state = _public_state(operator, why_not)
            if self._last_told.get(operator_id) != state:
                self._last_told[operator_id] = state
                yield state
        self._changed.clear()


def _public_state(operator: Operator, why_not: Callable[[Operator, Channel], Reason | None]) -> OperatorChanged:
    reasons = {}
    for channel, most in operator.policy.capacity.items():
        if most and (reason := why_not(operator, channel)) is not None:
            reasons[channel] = reason
    return OperatorChanged(
        operator=operator.policy.id,
        presence=operator.presence,
        pause_reason=operator.pause_reason,
        reasons=reasons,
        load=operator.load.copy(),
        capacity=operator.policy.capacity,
        inquiries=(*operator.active, *operator.wrapups, *operator.offers),
    )
