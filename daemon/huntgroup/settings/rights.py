"""Who may change what by command.

An administrator may change operators, groups, numbers, sources and blending. A supervisor may change the groups that
they supervise, but not who supervises them, and not what concerns other groups. Who the daemon talks to, its store and
the PBX's side of telephony nobody changes by command: those keys are no part of any.
"""

from huntgroup.errors import ChangeRefused
from huntgroup.settings import changes, forwarding
from huntgroup.settings.changes import AnyChange, AnyCommand, Check, Show, steps_of
from huntgroup.settings.models import Operator, Settings
from huntgroup.settings.words import listed

NOT_PERMITTED = "not_permitted"
OF_ADMINISTRATORS = frozenset({"id", "supervisors", "priority"})
"""Keys of a group that concern others than its own: only an administrator changes them."""
_OF_GROUPS = (changes.SetGroup, changes.AddMember, changes.RemoveMember, changes.MoveMember, changes.Reset)


def supervisors_of(settings: Settings, group: str) -> tuple[str, ...]:
    """The supervisors of a group: whom it names, or else the supervisors among its operators."""
    roles = {each.id: each.role for each in settings.operators}
    found = next((each for each in settings.groups if each.id == group), None)
    if found is None:
        return ()
    named = found.supervisors if found.supervisors is not None else found.operators
    return tuple(each for each in named if roles.get(each) == "supervisor")


def supervised_by(settings: Settings, operator: str) -> tuple[str, ...]:
    """The groups that an operator supervises."""
    return tuple(each.id for each in settings.groups if operator in supervisors_of(settings, each.id))


def check_rights(settings: Settings, who: str, command: AnyCommand) -> None:
    """Whether somebody may ask this.

    Raises:
        ChangeRefused: with the reason why not.
    """
    asker = _operator(settings, who)
    if asker is None or asker.role == "operator":
        raise ChangeRefused(NOT_PERMITTED, "only a supervisor or an administrator may do this")
    if isinstance(command, Show):
        return
    change = command.change if isinstance(command, Check) else command
    for each in steps_of(change) if change is not None else ():
        if asker.role == "supervisor":
            _check_supervisor(settings, who, each)
        else:
            _check_administrator(who, each)


def check_what_came_of_it(before: Settings, after: Settings, who: str) -> None:
    """Whether a change left alone what only an administrator may give: the right over a group, and new numbers to dial.

    Without this a supervisor would give the right to another whom they take into a group that names no supervisors,
    and send callers to a number that pays its owner.

    Raises:
        ChangeRefused: when it did not.
    """
    asker = _operator(before, who)
    if asker is None or asker.role == "administrator":
        return
    for group in after.groups:
        if supervisors_of(before, group.id) != supervisors_of(after, group.id):
            message = f"this changes who supervises {group.id}: only an administrator may do that"
            raise ChangeRefused(NOT_PERMITTED, message, "operator")
    wrong = forwarding.why_not(before, after)
    if wrong is not None:
        raise ChangeRefused(NOT_PERMITTED, wrong, "number")


def _operator(settings: Settings, who: str) -> Operator | None:
    return next((each for each in settings.operators if each.id == who), None)


def _check_supervisor(settings: Settings, who: str, change: AnyChange) -> None:
    mine = supervised_by(settings, who)
    group = change.group if isinstance(change, _OF_GROUPS) else ""
    if not group:
        raise ChangeRefused(NOT_PERMITTED, "only an administrator may do this", "type")
    if group not in mine:
        has = (
            f"you supervise {listed(mine, 'and')}" if mine else "you supervise none: `supervisors` of a group says who"
        )
        raise ChangeRefused(NOT_PERMITTED, f"{group!r} is no group that you supervise; {has}", "group")
    keys: tuple[str, ...] = ()
    if isinstance(change, changes.SetGroup):
        keys = tuple(change.changes)
    elif isinstance(change, changes.Reset):
        keys = tuple(change.keys)
    for key in keys:
        if key in OF_ADMINISTRATORS:
            raise ChangeRefused(NOT_PERMITTED, f"only an administrator changes `{key}` of a group", key)


def _check_administrator(who: str, change: AnyChange) -> None:
    """Nobody takes away their own right: so there always is somebody who has it."""
    is_own_end = isinstance(change, changes.RemoveOperator) and change.operator == who
    is_own_role = isinstance(change, changes.SetOperator) and change.operator == who and "role" in change.changes
    is_own_reset = isinstance(change, changes.Reset) and change.operator == who and "role" in change.keys
    if is_own_end or is_own_role or is_own_reset:
        raise ChangeRefused(NOT_PERMITTED, "nobody takes their own role away: another administrator does", "operator")
