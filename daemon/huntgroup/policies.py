"""Settings -> the engine's policy. The engine knows nothing of files, so this stands between the two."""

from huntgroup.engine.ids import GroupId, OperatorId, PbxId, PhoneId
from huntgroup.engine.policy import (
    Channel,
    Distribution,
    EndCall,
    EnterGroup,
    GroupPolicy,
    Hold,
    KeepWaiting,
    OperatorPolicy,
    OverflowAction,
    Policy,
)
from huntgroup.errors import InvariantBroken
from huntgroup.settings import Action, Group, HangUp, Operator, Settings, ToGroup
from huntgroup.settings import KeepWaiting as KeepWaitingSetting


def policy_from(settings: Settings) -> Policy:
    """The policy of validated settings; every name in it is known to exist."""
    return Policy(
        operators={OperatorId(each.id): _operator(each) for each in settings.operators},
        groups={GroupId(each.id): _group(each) for each in settings.groups},
        numbers={each.number: GroupId(each.group) for each in settings.numbers},
        pbx=PbxId(settings.pbx[0].id),
        ring_seconds=settings.telephony.ring_cadence_seconds,
        unreachable_after=settings.telephony.unreachable_after,
    )


def _operator(operator: Operator) -> OperatorPolicy:
    return OperatorPolicy(
        id=OperatorId(operator.id),
        name=operator.name,
        phones=tuple(PhoneId(phone) for phone in operator.phones),
        capacity={channel: getattr(operator.capacity, channel) for channel in Channel},
    )


def _group(group: Group) -> GroupPolicy:
    return GroupPolicy(
        id=GroupId(group.id),
        name=group.name,
        operators=tuple(OperatorId(operator) for operator in group.operators),
        distribution=Distribution(group.distribution),
        rings=group.rings,
        max_wait=group.max_wait,
        hold=Hold(group.hold),
        on_unanswered=_action(group.on_unanswered),
    )


def _action(action: Action) -> OverflowAction:
    match action:
        case KeepWaitingSetting():
            return KeepWaiting()
        case ToGroup(group=group):
            return EnterGroup(group=GroupId(group))
        case HangUp(cause=cause):
            return EndCall(cause=cause)
    raise InvariantBroken(f"settings let an action through that is not built yet: {action.action}")
