"""What the dialplan must know to serve callers by itself while the daemon is away.

Two things: a beat, an instant on the PBX's own clock until which the daemon counts as alive; and for every number the
phones of its group in order. Both are global variables: Setvar of these needs no privilege beyond ``call``, where DBPut
needs ``system`` and Setvar of ``DB()`` is blocked as dangerous (seen on 22.10). The dialplan itself copies a list into
the PBX's database when a call ends, so that the lists outlive a restart of the PBX.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from huntgroup.adapters.ami.wire import SafeAction
from huntgroup.engine.policy import Distribution, GroupPolicy, Policy

ALIVE_SECONDS = 6.0
"""So long after a beat the daemon counts as alive."""
ALIVE_UNTIL = "GLOBAL(HUNTGROUP_ALIVE_UNTIL)"
SESSION = "GLOBAL(HUNTGROUP_SESSION)"
"""Changes with every login of the daemon: a waiting caller who sees a new one announces itself again."""


@dataclass(frozen=True, slots=True)
class FallbackList:
    """The last known list of one group: seconds to ring each step, and the steps in order."""

    seconds: int
    steps: tuple[str, ...]

    def __str__(self) -> str:
        return "|".join((str(self.seconds), *self.steps))


def lists(policy: Policy) -> Mapping[str, FallbackList]:
    """The fallback list of every dialled number."""
    return {number: _list(policy, policy.groups[group]) for number, group in policy.numbers.items()}


def _list(policy: Policy, group: GroupPolicy) -> FallbackList:
    steps = ["&".join(policy.operators[operator].phones) for operator in group.operators]
    if group.distribution is Distribution.ALL_AT_ONCE:
        steps = ["&".join(steps)]
    return FallbackList(max(1, round(group.rings * policy.ring_seconds)), tuple(steps))


def publish(policy: Policy) -> list[SafeAction]:
    """Tell the dialplan the list of every number."""
    return [setvar(f"GLOBAL(HUNTGROUP_LIST_{number})", str(steps)) for number, steps in lists(policy).items()]


def beat(pbx_time: float) -> SafeAction:
    """Count as alive from ``pbx_time`` (seconds since the epoch, on the PBX's clock) on."""
    return setvar(ALIVE_UNTIL, f"{pbx_time + ALIVE_SECONDS:.3f}")


def farewell() -> SafeAction:
    """Hand over to the dialplan now."""
    return setvar(ALIVE_UNTIL, "0")


def setvar(variable: str, value: str) -> SafeAction:
    """Set a variable or function of the PBX that belongs to no channel."""
    return SafeAction({"Action": "Setvar", "Variable": variable, "Value": value})
