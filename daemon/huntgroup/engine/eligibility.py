"""Who may have an inquiry now, and for everyone else the named reason why not."""

from huntgroup.engine.effects import Reason
from huntgroup.engine.events import PhoneState
from huntgroup.engine.ids import PhoneId
from huntgroup.engine.policy import Channel, Policy, Presence
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
ON_A_CALL = OCCUPIED - {PhoneState.RINGING}

BLOCKED_BY = {
    Channel.CALL: Reason.BLOCKED_BY_CALL,
    Channel.CHAT: Reason.BLOCKED_BY_CHAT,
    Channel.MAIL: Reason.BLOCKED_BY_MAIL,
    Channel.FORM: Reason.BLOCKED_BY_FORM,
}
AWAY = {Presence.LOGGED_OUT: Reason.LOGGED_OUT, Presence.PAUSED: Reason.PAUSED}


def reachable_phones(operator: Operator) -> tuple[PhoneId, ...]:
    """The phones that can ring, in listed order."""
    return tuple(phone for phone, state in operator.phones.items() if state in REACHABLE)


def handles(operator: Operator, channel: Channel) -> bool:
    """Whether the operator is at work on a channel; a direct call counts as much as one of ours."""
    if operator.load[channel]:
        return True
    return channel is Channel.CALL and any(state in ON_A_CALL for state in operator.phones.values())


def why_no_work(operator: Operator, channel: Channel, policy: Policy, *, pbx_is_up: bool) -> Reason | None:
    """Why the operator can have nothing more of ``channel`` now, whatever they say of themselves; None: they can."""
    if operator.wrapups:
        return Reason.WRAPUP
    if channel is Channel.CALL:
        reason = why_no_call(operator, pbx_is_up=pbx_is_up)
        if reason is not None:
            return reason
    reason = blocked(operator, channel, policy)
    if reason is not None:
        return reason
    capacity = operator.policy.capacity.get(channel, 0)
    if operator.load[channel] >= capacity:
        return Reason.AT_CAPACITY
    if operator.load[channel] + operator.pending[channel] >= capacity:
        return Reason.OFFERED_OTHERS
    return None


def why_away(operator: Operator) -> Reason | None:
    """What the operator says of themselves, when it is not that they are available."""
    return AWAY.get(operator.presence)


def blocked(operator: Operator, channel: Channel, policy: Policy, *, by_ringing: bool = True) -> Reason | None:
    """The channel whose work keeps ``channel`` from the operator. For a second call that is ``busy``, told earlier.

    ``by_ringing``: a call that rings blocks what is not offered yet, as that would be taken back a moment later; what
    is offered already it leaves alone until it is answered.
    """
    for busy_with, kept_away in policy.blending.items():
        if channel not in kept_away or (busy_with is Channel.CALL and channel is Channel.CALL):
            continue
        rings = by_ringing and busy_with is Channel.CALL and operator.pending[Channel.CALL]
        if rings or handles(operator, busy_with):
            return BLOCKED_BY[busy_with]
    return None


def at_source_limit(operator: Operator, inquiry: Inquiry) -> bool:
    """Whether the operator has as many of this inquiry's source as it allows."""
    most = inquiry.entrance.max_open
    return most is not None and operator.by_source.get(inquiry.entrance.source, 0) >= most


def is_beyond_source_limit(operator: Operator, inquiry: Inquiry) -> bool:
    """Whether the operator has, or is offered, more of this inquiry's source than it allows."""
    most = inquiry.entrance.max_open
    return most is not None and operator.by_source.get(inquiry.entrance.source, 0) > most


def why_no_call(operator: Operator, *, pbx_is_up: bool) -> Reason | None:
    """Why no call can ring at the operator's phones now; None: it can."""
    if not pbx_is_up:
        return Reason.PBX_UNREACHABLE
    if operator.pending[Channel.CALL]:
        return Reason.RINGING
    is_reachable = False
    for state in operator.phones.values():
        if state in OCCUPIED:
            return Reason.BUSY
        is_reachable |= state in REACHABLE
    if not is_reachable:
        return Reason.PHONE_UNREACHABLE
    return Reason.BUSY if operator.load[Channel.CALL] else None
