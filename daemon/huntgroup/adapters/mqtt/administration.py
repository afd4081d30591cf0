"""Who may act for whom, and the configuration by command, as far as the broker's side of it goes."""

from collections.abc import Callable
from typing import Any, Literal, Protocol

from huntgroup.adapters.mqtt.payloads import ErrorOut, Payload, Refused
from huntgroup.engine.ids import OperatorId
from huntgroup.engine.policy import Policy, Role
from huntgroup.errors import ChangeRefused
from huntgroup.settings.changes import AnyCommand
from huntgroup.settings.editing import Outcome


class Administration(Protocol):
    """Who carries out what is asked of the configuration."""

    def ask(self, who: str, command: AnyCommand, answer: Callable[[Outcome | ChangeRefused], None]) -> None:
        """``answer`` is called once what was asked is in force, or refused."""


class KeyChange(Payload):
    """A key of the configuration with its value before and after; left out: it was, or is, not there."""

    key: str
    """By id, as in `groups.sales.rings`."""
    before: Any = None
    after: Any = None


class Administered(Payload):
    """The answer to what was asked of the configuration."""

    ok: Literal[True] = True
    type: str
    version: str
    """Of the file, after that; for `if_version`."""
    changes: tuple[KeyChange, ...] = ()
    configuration: dict[str, Any] | None = None
    """The tables of the file, for `show`."""


def reply(command: AnyCommand, outcome: Outcome | ChangeRefused) -> Administered | Refused:
    """The answer to a command."""
    if isinstance(outcome, ChangeRefused):
        return Refused(error=ErrorOut(code=outcome.why, message=outcome.message, at=outcome.at))
    return Administered(
        type=command.type,
        version=outcome.after.version,
        changes=tuple(KeyChange(key=each.key, before=each.before, after=each.after) for each in outcome.changes),
        configuration=outcome.shown,
    )


def may_administrate(policy: Policy, who: OperatorId) -> bool:
    """Whether somebody may ask anything of the configuration; what exactly, the settings say."""
    known = policy.operators.get(who)
    return known is not None and known.role is not Role.OPERATOR


def may_act_for(policy: Policy, asker: OperatorId, operator: OperatorId) -> bool:
    """Whether somebody may do what a colleague could: an administrator always, a supervisor for who is in one of
    their groups and no administrator."""
    known, meant = policy.operators.get(asker), policy.operators.get(operator)
    if known is None or not may_administrate(policy, asker):
        return False
    if known.role is Role.ADMINISTRATOR:
        return True
    if meant is None or meant.role is Role.ADMINISTRATOR:
        return False
    return any(asker in group.supervisors and operator in group.operators for group in policy.groups.values())
