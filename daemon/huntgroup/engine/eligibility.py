"""Who may have an inquiry now, and for everyone else the named reason why not."""

from collections.abc import Mapping

from huntgroup.engine.effects import Reason
from huntgroup.engine.events import PhoneState
from huntgroup.engine.ids import OperatorId, PhoneId
from huntgroup.engine.policy import Channel
from huntgroup.engine.state import Inquiry, Operator

REACHABLE = frozenset(
    {
        PhoneState.NOT_INUSE,
        PhoneState.INUSE,
        PhoneState.BUSY,
        PhoneState.RINGING,
        PhoneState.RINGINUSE,
        PhoneState.ONHOLD,
    }
)
OCCUPIED = REACHABLE - {PhoneState.NOT_INUSE}
"""A phone that rings without an offer of ours pending is about to be on a direct call."""


def reachable_phones(operator: Operator) -> tuple[PhoneId, ...]:
    """The phones that can ring, in listed order."""
    return tuple(phone for phone, state in operator.phones.items() if state in REACHABLE)


def why_not_available(operator: Operator, channel: Channel, *, pbx_is_up: bool) -> Reason | None:
    """Why the operator can have no inquiry of ``channel`` at all now, or None when they can."""
    if channel is Channel.CALL:
        reason = _why_no_call(operator, pbx_is_up=pbx_is_up)
        if reason is not None:
            return reason
    capacity = operator.policy.capacity.get(channel, 0)
    if operator.load(channel) >= capacity:
        return Reason.AT_CAPACITY
    if operator.load(channel) + operator.pending(channel) >= capacity:
        return Reason.RINGING
    return None


def why_not_eligible(operator: Operator, inquiry: Inquiry, *, pbx_is_up: bool) -> Reason | None:
    """Why the operator cannot have this inquiry now, or None when they are eligible."""
    return inquiry.tried.get(operator.policy.id) or why_not_available(operator, inquiry.channel, pbx_is_up=pbx_is_up)


def verdicts(
    candidates: tuple[OperatorId, ...],
    operators: Mapping[OperatorId, Operator],
    inquiry: Inquiry,
    *,
    pbx_is_up: bool,
) -> dict[OperatorId, Reason | None]:
    """Each candidate in listed order with the reason why not, or None for the eligible."""
    return {candidate: why_not_eligible(operators[candidate], inquiry, pbx_is_up=pbx_is_up) for candidate in candidates}


def _why_no_call(operator: Operator, *, pbx_is_up: bool) -> Reason | None:
    if not pbx_is_up:
        return Reason.PBX_UNREACHABLE
    if not reachable_phones(operator):
        return Reason.PHONE_UNREACHABLE
    if operator.pending(Channel.CALL):
        return Reason.RINGING
    if operator.load(Channel.CALL) or any(state in OCCUPIED for state in operator.phones.values()):
        return Reason.BUSY
    return None
