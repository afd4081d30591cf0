"""Where in the text of a TOML file each key and each value stands.

`tomllib` gives values without their lines, so this reads the text a second time for nothing but the lines. It
relies on the text being TOML that `tomllib` has accepted: it looks for where things end, not for mistakes.
"""

import re
import tomllib
from bisect import bisect_right
from collections.abc import Callable

from huntgroup.settings.words import Key

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRINGS = (
    re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}', re.DOTALL),
    re.compile(r"'''.*?'{3,5}", re.DOTALL),
    re.compile(r'"(?:[^"\\\n]|\\.)*"'),
    re.compile(r"'[^'\n]*'"),
)
_SCALAR = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[^,\]}\s#]*|[^,\]}\s#]+")


def locate(text: str) -> "Lines":
    """The lines of all keys and array items in a text that is valid TOML."""
    return Lines(_Scan(text).lines)


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


class _Scan:
    """One pass over the text."""

    def __init__(self, text: str) -> None:
        self.lines: dict[Key, int] = {}
        self._text = text
        self._at = 0
        self._starts = [found.end() for found in re.finditer("\n", text)]
        self._tables: dict[Key, int] = {}
        self._document()

    def _document(self) -> None:
        table: Key = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._peek() == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)

    def _header(self) -> Key:
        """Reads `[table]` or `[[table]]`; returns its key, with the position for each array of tables."""
        line = self._line()
        is_array = self._text.startswith("[[", self._at)
        brackets = 2 if is_array else 1
        self._at += brackets
        names = self._key()
        self._at += brackets
        key: Key = ()
        for name in names[:-1]:
            key = (*key, name)
            self._note(key, line)
            if key in self._tables:
                key = (*key, self._tables[key])
        key = (*key, names[-1])
        self._note(key, line)
        if is_array:
            self._tables[key] = self._tables.get(key, -1) + 1
            key = (*key, self._tables[key])
            self._note(key, line)
        return key

    def _pair(self, table: Key) -> None:
        """Reads `key = value`, where the key may be dotted."""
        line = self._line()
        for name in self._key():
            table = (*table, name)
            self._note(table, line)
        self._at += 1
        self._skip(_SPACE)
        self._value(table)

    def _value(self, key: Key) -> None:
        match self._peek():
            case "[":
                self._array(key)
            case "{":
                self._inside("}", lambda _: self._pair(key))
            case '"' | "'":
                self._string()
            case _:
                self._skip(_SCALAR)

    def _array(self, key: Key) -> None:
        def item(position: int) -> None:
            self._note((*key, position), self._line())
            self._value((*key, position))

        self._inside("]", item)

    def _inside(self, closing: str, read: Callable[[int], None]) -> None:
        """Reads what stands between two brackets, item by item, commas and blank lines between them."""
        self._at += 1
        position = 0
        self._skip(_BLANK)
        while self._peek() != closing:
            read(position)
            position += 1
            self._skip(_BLANK)
            if self._peek() == ",":
                self._at += 1
                self._skip(_BLANK)
        self._at += 1

    def _key(self) -> list[str]:
        """Reads a dotted key and the space around it; stops at what follows."""
        names = []
        while True:
            self._skip(_SPACE)
            names.append(self._name())
            self._skip(_SPACE)
            if self._peek() != ".":
                return names
            self._at += 1

    def _name(self) -> str:
        start = self._at
        if self._peek() not in ('"', "'"):
            self._skip(_BARE_KEY)
            return self._text[start : self._at]
        self._string()
        name = tomllib.loads(f"name = {self._text[start : self._at]}")["name"]
        return str(name)

    def _string(self) -> None:
        for pattern in _STRINGS:
            found = pattern.match(self._text, self._at)
            if found is not None:
                self._at = found.end()
                return

    def _skip(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self._text, self._at)
        if found is not None:
            self._at = found.end()

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _line(self) -> int:
        return bisect_right(self._starts, self._at) + 1

    def _note(self, key: Key, line: int) -> None:
        """Remembers where a key stood first: the tables of an array share one key, each item has its own."""
        self.lines.setdefault(key, line)
