"""A forgiving look at the file as it was written.

The checks across tables work on this and not on the models, so that one misspelt value in one table does
not hide what is wrong between the others. Whatever has the wrong shape is passed over: the models tell of it.
"""

from collections.abc import Iterator
from typing import Any

from huntgroup.settings.base import hooks_of
from huntgroup.settings.words import Key

Data = dict[str, Any]
"""What a table of the file was read into."""


def hooks() -> tuple[str, ...]:
    """The keys of a group that hold an action."""
    from huntgroup.settings.models import Group  # noqa: PLC0415 - the models' own readers need this module

    return hooks_of(Group)


def tables(data: Data, section: str) -> Iterator[tuple[Key, Data]]:
    """Each table of an array of tables, with its key."""
    found = data.get(section)
    for position, table in enumerate(found if isinstance(found, list) else ()):
        if isinstance(table, dict):
            yield (section, position), table


def table(data: Data, name: str) -> Data:
    """The table of that name; an empty one when there is none."""
    found = data.get(name)
    return found if isinstance(found, dict) else {}


def texts(data: Data, section: str, name: str) -> Iterator[tuple[Key, str]]:
    """The text under one key of each table of an array of tables."""
    for key, entry in tables(data, section):
        value = entry.get(name)
        if isinstance(value, str):
            yield (*key, name), value


def items(data: Data, section: str, name: str) -> Iterator[tuple[Key, str]]:
    """Each text in the list under one key of each table of an array of tables."""
    for key, entry in tables(data, section):
        values = entry.get(name)
        for position, value in enumerate(values if isinstance(values, list) else ()):
            if isinstance(value, str):
                yield (*key, name, position), value


def ids(data: Data, section: str) -> dict[str, Key]:
    """The ids of an array of tables, in the order of the file, each with the key of its table."""
    return {value: key[:-1] for key, value in texts(data, section, "id")}


def actions(key: Key, group: Data) -> Iterator[tuple[Key, Data]]:
    """Every action of a group with its key; those that follow a reply, too."""
    for hook in hooks():
        place: Key = (*key, hook)
        action = group.get(hook)
        while isinstance(action, dict):
            yield place, action
            place, action = (*place, "then"), action.get("then")
