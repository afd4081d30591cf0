"""Applies a change to the tables of the file. Whether what comes of it is right is for the models to say."""

import copy
from collections.abc import Callable
from typing import Any

from huntgroup.errors import ChangeRefused
from huntgroup.settings import changes
from huntgroup.settings.changes import AnyChange, steps_of
from huntgroup.settings.outline import Data, table, tables
from huntgroup.settings.values import read_number
from huntgroup.settings.words import Complaint, listed, nearest, shown

_FIXED = {"groups": "id", "operators": "id", "sources": "id", "numbers": "number"}
"""By what a table is known: another name would be another group."""


def applied(data: Data, change: AnyChange) -> Data:
    """The tables after a change; those given stay as they are.

    Raises:
        ChangeRefused: when it means something that is not there, or is there already.
    """
    after = copy.deepcopy(data)
    for each in steps_of(change):
        _STEPS[type(each)](after, each)
    return after


def _found(data: Data, section: str, name: str) -> Data:
    """The table of that name.

    Raises:
        ChangeRefused: there is none.
    """
    what = section.removesuffix("s")
    names = []
    for _, each in tables(data, section):
        names.append(str(each.get(_FIXED[section])))
        if _plain(section, names[-1]) == _plain(section, name):
            return each
    near = nearest(name, names)
    hint = f"; did you mean {listed(near)}?" if near else ""
    raise ChangeRefused(f"unknown_{what}", f"there is no {what} {shown(name)}{hint}", what)


def _plain(section: str, name: str) -> str:
    if section != "numbers":
        return name
    try:
        return read_number(name)
    except Complaint:
        return name


def _set(table: Data, section: str, values: dict[str, Any]) -> None:
    for name, value in values.items():
        if name == _FIXED[section]:
            raise ChangeRefused("invalid", f"it is known by its `{name}`; remove this one and add another", name)
        _put(table, name, value)


def _put(table: Data, name: str, value: Any) -> None:
    if value is None:
        table.pop(name, None)
    else:
        table[name] = _without_nulls(value)


def _without_nulls(value: Any) -> Any:
    """A value without null, which TOML does not have: it removes a key, also in an inner table."""
    if isinstance(value, list):
        return [_without_nulls(each) for each in value]
    if isinstance(value, dict):
        return {name: _without_nulls(each) for name, each in value.items() if each is not None}
    return value


def _add(data: Data, section: str, table: dict[str, Any]) -> None:
    what = section.removesuffix("s")
    name = table.get(_FIXED[section])
    if any(
        _plain(section, str(each.get(_FIXED[section]))) == _plain(section, str(name))
        for _, each in tables(data, section)
    ):
        raise ChangeRefused("already_there", f"there is a {what} {shown(name)} already", what)
    data.setdefault(section, []).append(_without_nulls(table))


def _remove(data: Data, section: str, name: str) -> None:
    gone = _found(data, section, name)
    data[section] = [each for each in data[section] if each is not gone]


def _members(data: Data, group: str) -> list[Any]:
    members = _found(data, "groups", group).get("operators")
    if not isinstance(members, list):
        raise ChangeRefused("invalid", "the group has no list of operators", "group")
    return members


def _add_member(data: Data, change: changes.AddMember) -> None:
    members = _members(data, change.group)
    name = str(_found(data, "operators", change.operator)["id"])
    if name in members:
        raise ChangeRefused("already_there", f"{name} is in {change.group} already", "operator")
    members.insert(len(members) if change.at is None else change.at - 1, name)


def _leave(data: Data, group: str, operator: str) -> list[Any]:
    members = _members(data, group)
    if operator not in members:
        raise ChangeRefused("not_a_member", f"{operator} is not in {group}", "operator")
    members.remove(operator)
    return members


def _remove_member(data: Data, change: changes.RemoveMember) -> None:
    _leave(data, change.group, change.operator)


def _move_member(data: Data, change: changes.MoveMember) -> None:
    _leave(data, change.group, change.operator).insert(change.at - 1, change.operator)


def _reset(data: Data, change: changes.Reset) -> None:
    meant = [
        (f"{what}s", name) for what in ("group", "operator", "number", "source") if (name := getattr(change, what))
    ]
    if len(meant) != 1:
        raise ChangeRefused("invalid", "name just one group, operator, number or source", "type")
    ((section, name),) = meant
    _set(_found(data, section, name), section, dict.fromkeys(change.keys))


def _remove_operator(data: Data, change: changes.RemoveOperator) -> None:
    _remove(data, "operators", change.operator)
    for _, group in tables(data, "groups"):
        for key in ("operators", "supervisors"):
            names = group.get(key)
            if isinstance(names, list) and change.operator in names:
                names.remove(change.operator)
    table(table(data, "crm"), "users").pop(change.operator, None)


def _set_blending(data: Data, change: changes.SetBlending) -> None:
    blending = data.setdefault("blending", {})
    for name, value in change.changes.items():
        _put(blending, name, value)


def _setter(section: str) -> Callable[[Data, Any], None]:
    what = section.removesuffix("s")
    return lambda data, change: _set(_found(data, section, getattr(change, what)), section, change.changes)


def _adder(section: str) -> Callable[[Data, Any], None]:
    return lambda data, change: _add(data, section, getattr(change, section.removesuffix("s")))


def _remover(section: str) -> Callable[[Data, Any], None]:
    return lambda data, change: _remove(data, section, getattr(change, section.removesuffix("s")))


_STEPS: dict[type, Callable[[Data, Any], None]] = {
    changes.SetGroup: _setter("groups"),
    changes.SetOperator: _setter("operators"),
    changes.SetNumber: _setter("numbers"),
    changes.SetSource: _setter("sources"),
    changes.SetBlending: _set_blending,
    changes.AddGroup: _adder("groups"),
    changes.AddOperator: _adder("operators"),
    changes.AddNumber: _adder("numbers"),
    changes.AddSource: _adder("sources"),
    changes.RemoveGroup: _remover("groups"),
    changes.RemoveOperator: _remove_operator,
    changes.RemoveNumber: _remover("numbers"),
    changes.RemoveSource: _remover("sources"),
    changes.AddMember: _add_member,
    changes.RemoveMember: _remove_member,
    changes.MoveMember: _move_member,
    changes.Reset: _reset,
}
