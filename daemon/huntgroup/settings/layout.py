"""Where in the text of a TOML file everything stands: its tables, its keys, its values, from character to character.

`tomllib` gives values without their places, so this reads the text a second time for nothing but the places. It relies
on the text being TOML that `tomllib` has accepted: it looks for where things end, not for mistakes.
"""

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field

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


@dataclass(slots=True)
class Value:
    """A value from ``start`` up to ``end``; of a list its ``items``, of an inline table its ``pairs``, else None."""

    start: int
    end: int = 0
    items: "list[Value] | None" = None
    pairs: "list[Pair] | None" = None


@dataclass(slots=True)
class Pair:
    """`names = value`; more than one name when the key is dotted. ``equals`` is where the key ends."""

    names: tuple[str, ...]
    start: int
    equals: int
    value: Value


@dataclass(slots=True)
class Section:
    """A header and the pairs below it; the first section is what stands before any header.

    ``path`` is its key with a position after each list of tables, ``names`` are those of the header alone, and
    ``passed`` the keys of the tables that the header goes through.
    """

    path: Key
    names: tuple[str, ...]
    start: int
    end: int
    is_array: bool = False
    passed: tuple[Key, ...] = ()
    pairs: list[Pair] = field(default_factory=list)


def layout(text: str) -> list[Section]:
    """The sections of a text that is valid TOML, in its order."""
    return _Scan(text).sections


class _Scan:
    """One pass over the text."""

    def __init__(self, text: str) -> None:
        self.sections = [Section((), (), 0, 0)]
        self._text = text
        self._at = 0
        self._counts: dict[Key, int] = {}
        self._document()

    def _document(self) -> None:
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._peek() == "[":
                self.sections.append(self._header())
            else:
                self.sections[-1].pairs.append(self._pair())
            self._skip(_BLANK)

    def _header(self) -> Section:
        """Reads `[table]` or `[[table]]`."""
        start = self._at
        is_array = self._text.startswith("[[", start)
        brackets = 2 if is_array else 1
        self._at += brackets
        names = tuple(self._key()[0])
        self._at += brackets
        path: Key = ()
        passed: list[Key] = []
        for name in names[:-1]:
            path = (*path, name)
            passed.append(path)
            if path in self._counts:
                path = (*path, self._counts[path])
        path = (*path, names[-1])
        passed.append(path)
        if is_array:
            self._counts[path] = self._counts.get(path, -1) + 1
            path = (*path, self._counts[path])
        return Section(path, names, start, self._at, is_array, tuple(passed))

    def _pair(self) -> Pair:
        start = self._at
        names, equals = self._key()
        self._at += 1
        self._skip(_SPACE)
        return Pair(tuple(names), start, equals, self._value())

    def _value(self) -> Value:
        value = Value(self._at)
        match self._peek():
            case "[":
                items: list[Value] = []
                value.items = items
                self._inside("]", lambda: items.append(self._value()))
            case "{":
                pairs: list[Pair] = []
                value.pairs = pairs
                self._inside("}", lambda: pairs.append(self._pair()))
            case '"' | "'":
                self._string()
            case _:
                self._skip(_SCALAR)
        value.end = self._at
        return value

    def _inside(self, closing: str, read: Callable[[], None]) -> None:
        """Reads what stands between two brackets, item by item, commas and blank lines between them."""
        self._at += 1
        self._skip(_BLANK)
        while self._peek() != closing:
            read()
            self._skip(_BLANK)
            if self._peek() == ",":
                self._at += 1
                self._skip(_BLANK)
        self._at += 1

    def _key(self) -> tuple[list[str], int]:
        """Reads a dotted key and the space around it; stops at what follows. Also where its last name ends."""
        names = []
        while True:
            self._skip(_SPACE)
            names.append(self._name())
            end = self._at
            self._skip(_SPACE)
            if self._peek() != ".":
                return names, end
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
