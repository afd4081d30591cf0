"""On which line of a TOML file each key and each item of a list stands."""

import re
from bisect import bisect_right

from huntgroup.settings.layout import Pair, Value, layout
from huntgroup.settings.words import Key


def locate(text: str) -> "Lines":
    """The lines of all keys and array items in a text that is valid TOML."""
    return Lines(_Lookup(text).lines)


class Lines:
    """Answers which line, counting from 1, a key stands on."""

    def __init__(self, lines: dict[Key, int]) -> None:
        self._lines = lines

    def __contains__(self, key: Key) -> bool:
        return key in self._lines

    def of(self, key: Key) -> int:
        """The line of the key; of the table or list that lacks it when it is missing; else line 1."""
        while key and key not in self._lines:
            key = key[:-1]
        return self._lines.get(key, 1)


class _Lookup:
    """One pass over the layout."""

    def __init__(self, text: str) -> None:
        self.lines: dict[Key, int] = {}
        self._starts = [found.end() for found in re.finditer("\n", text)]
        for section in layout(text):
            for key in (*section.passed, section.path):
                self._note(key, section.start)
            self._pairs(section.path, section.pairs)

    def _pairs(self, table: Key, pairs: list[Pair]) -> None:
        for pair in pairs:
            key = table
            for name in pair.names:
                key = (*key, name)
                self._note(key, pair.start)
            self._value(key, pair.value)

    def _value(self, key: Key, value: Value) -> None:
        for position, item in enumerate(value.items or ()):
            self._note((*key, position), item.start)
            self._value((*key, position), item)
        self._pairs(key, value.pairs or [])

    def _note(self, key: Key, start: int) -> None:
        """Remembers where a key stood first: the tables of an array share one key, each item has its own."""
        if key:
            self.lines.setdefault(key, bisect_right(self._starts, start) + 1)
