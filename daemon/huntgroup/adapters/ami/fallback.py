"""What the dialplan must know to serve callers by itself while the daemon is away.

Two things: a beat, an instant on the PBX's own clock until which the daemon counts as alive; and for every number the
phones of its group in order. Both are global variables: Setvar of these needs no privilege beyond ``call``, where DBPut
needs ``system`` and Setvar of ``DB()`` is blocked as dangerous (seen on 22.10). The dialplan itself copies a list into
the PBX's database when a call ends, so that the lists outlive a restart of the PBX.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import structlog

from huntgroup.adapters.ami.directory import Directory
from huntgroup.adapters.ami.wire import SafeAction
from huntgroup.engine.ids import SourceId
from huntgroup.engine.policy import Distribution, GroupPolicy, Policy

log = structlog.get_logger(__name__)

ALIVE_SECONDS = 6.0
"""So long after a beat the daemon counts as alive."""
ALIVE_UNTIL = "GLOBAL(HUNTGROUP_ALIVE_UNTIL)"
SESSION = "GLOBAL(HUNTGROUP_SESSION)"
"""Changes with every login of the daemon: a waiting caller who sees a new one announces itself again."""
NO_LIST = "none"
NOBODY_ELSEWHERE = Directory()
LIST_MOST = 950
"""Bytes that a list may have, so that its line stays within what Asterisk reads."""


@dataclass(frozen=True, slots=True)
class FallbackList:
    """The last known list of one group: seconds to ring each step, and the steps in order."""

    seconds: int
    steps: tuple[str, ...]

    def __str__(self) -> str:
        return "|".join((str(self.seconds), *self.steps))


def lists(policy: Policy, directory: Directory = NOBODY_ELSEWHERE) -> Mapping[str, FallbackList]:
    """The fallback list of every dialled number."""
    return {number: _list(policy, policy.groups[each.group], directory) for number, each in policy.numbers.items()}


def _list(policy: Policy, group: GroupPolicy, directory: Directory) -> FallbackList:
    """Operators without a phone are left out: an empty step would end the list."""
    every = (policy.operators[operator].phones for operator in group.operators)
    dialled = ([way for phone in phones if (way := directory.dialled_as(phone))] for phones in every)
    steps = ["&".join(ways) for ways in dialled if ways]
    if steps and group.distribution is Distribution.ALL_AT_ONCE:
        steps = ["&".join(steps)]
    return FallbackList(max(1, round(group.rings * policy.ring_seconds)), tuple(steps))


def _that_fits(number: str, steps: str) -> str:
    """As much of a list as one line of AMI holds: Asterisk would throw the whole line away, and with it the list."""
    if len(steps.encode()) <= LIST_MOST:
        return steps
    begin = steps.encode()[: LIST_MOST + 1]
    fitting = begin[: max(begin.rfind(b"|"), begin.rfind(b"&"))].decode()
    log.warning("pbx.fallback_list_cut", number=number, left_out=steps[len(fitting) + 1 :])
    return fitting


def written(policy: Policy, directory: Directory) -> Mapping[str, SourceId]:
    """Every form in which a trunk may write one of the numbers, and that number: the dialplan knows no forms."""
    return {form: number for number in policy.numbers for form in directory.written(number)}


def publish(
    policy: Policy, numbers: Mapping[str, SourceId], directory: Directory = NOBODY_ELSEWHERE
) -> list[SafeAction]:
    """Tell the dialplan the list of every number, under each form of it; ``directory``: of who is not at this PBX."""
    every = lists(policy, directory)
    return [
        setvar(f"GLOBAL(HUNTGROUP_LIST_{form})", _that_fits(form, str(every[number])))
        for form, number in numbers.items()
    ]


def withdraw(numbers: Iterable[str]) -> list[SafeAction]:
    """Numbers that are configured no longer: a word, as the dialplan would take nothing for its older copy."""
    return [setvar(f"GLOBAL(HUNTGROUP_LIST_{number})", NO_LIST) for number in sorted(numbers)]


def beat(pbx_time: float) -> SafeAction:
    """Count as alive from ``pbx_time`` (seconds since the epoch, on the PBX's clock) on."""
    return setvar(ALIVE_UNTIL, f"{pbx_time + ALIVE_SECONDS:.3f}")


def farewell() -> SafeAction:
    """Hand over to the dialplan now."""
    return setvar(ALIVE_UNTIL, "0")


def setvar(variable: str, value: str) -> SafeAction:
    """Set a variable or function of the PBX that belongs to no channel."""
    return SafeAction({"Action": "Setvar", "Variable": variable, "Value": value})
