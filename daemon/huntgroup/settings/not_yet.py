"""What the file may say one day, but not yet.

Every key of the configuration is known to the models. One whose feature is not there is refused here with
the words "not yet", for a setting that is silently without effect is worse than an error. A value that
says "off", or that asks for what happens anyway, is let through. When a feature lands, its line goes from
the table.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from huntgroup.settings.outline import Data
from huntgroup.settings.words import Finding, Key, shown, spelled


class _Missing(NamedTuple):
    """A key, in which `[]` stands for any position, and the values that can be had today."""

    key: str
    is_had: Callable[[Any], bool]
    today: str


def _never(_: Any) -> bool:
    return False


_LEAVE_OUT = "leave it out"

_NOT_YET = (_Missing("pbx[1]", _never, "describe one PBX"),)


def _pattern(key: str) -> re.Pattern[str]:
    return re.compile(re.escape(key).replace(r"\[\]", r"\[[0-9]+\]"))


_PATTERNS = tuple((_pattern(entry.key), entry) for entry in _NOT_YET)


def not_yet(data: Data) -> Iterator[Finding]:
    """Each key in the file that asks for what is not there yet."""
    for key, value in _everything(data):
        name = spelled(key)
        for pattern, entry in _PATTERNS:
            if pattern.fullmatch(name) and not entry.is_had(value):
                what = f"{shown(value)} is" if isinstance(value, str) and entry.today != _LEAVE_OUT else "is"
                yield Finding(key, f"{what} not yet supported", entry.today)


def _everything(value: Any, key: Key = ()) -> Iterator[tuple[Key, Any]]:
    """Every value in the file with its key, tables and lists included."""
    if key:
        yield key, value
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _everything(inner, (*key, name))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _everything(inner, (*key, position))
