"""What differs between two configurations, key by key.

A key names tables by id and not by place, so that it stays right when they move.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from huntgroup.settings.outline import Data
from huntgroup.settings.rewriting import name_of, same

PRIVATE = ("store", "mqtt", "pbx")
"""How the daemon reaches its peers: that it changed is told, what it is now is not."""
HIDDEN = "…"


@dataclass(frozen=True, slots=True)
class Difference:
    """A key such as `groups.sales.rings` with its value before and after; None: it was or is not there."""

    key: str
    before: Any
    after: Any


def differences(before: Data, after: Data) -> list[Difference]:
    """Everything that differs, in the order of the file."""
    return [
        Difference(each.key, *(None if value is None else HIDDEN for value in (each.before, each.after)))
        if each.key.partition(".")[0] in PRIVATE
        else each
        for each in _of_tables((), before, after)
    ]


def _of_tables(key: tuple[str, ...], before: Data, after: Data) -> Iterator[Difference]:
    for name in [*before, *(each for each in after if each not in before)]:
        yield from _of_values((*key, name), before.get(name), after.get(name))


def _of_values(key: tuple[str, ...], before: Any, after: Any) -> Iterator[Difference]:
    if same(before, after):
        return
    one, other = _by_name(before), _by_name(after)
    is_list_of_tables = len(key) == 1 and one is not None and other is not None
    if is_list_of_tables and one is not None and other is not None:
        yield from _of_tables(key, one, other)
    elif len(key) < 3 and isinstance(before, dict) and isinstance(after, dict):
        yield from _of_tables(key, before, after)
    else:
        yield Difference(".".join(key), before, after)


def _by_name(value: Any) -> Data | None:
    """The tables of a list by their names; None: it is no such list."""
    if value is None:
        return {}
    if not isinstance(value, list) or not all(name_of(each) for each in value):
        return None
    return {str(name_of(each)): each for each in value}
