"""A TOML file as it was written: its tables, and the line of every key.

Knows nothing of what the tables mean. Whatever reads one tells its findings by key; here they get file and line.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from huntgroup.errors import ConfigError, Problem
from huntgroup.regular import LARGEST, read_regular
from huntgroup.settings.locate import Lines, locate
from huntgroup.settings.outline import Data
from huntgroup.settings.words import Finding, Key, cannot_be_read, spelled
from huntgroup.text_input import INTEGER_LEAST, INTEGER_MOST, is_clean

_WHERE = re.compile(r" \(at (?:line ([0-9]+), column ([0-9]+)|end of document)\)$")
_FILE = "file"
_SMALLER = "write a smaller one"


class Document:
    """A file that could be read and is TOML; ``data`` holds its tables."""

    def __init__(self, path: Path, text: str | None = None) -> None:
        """Read it, unless its ``text`` was read already.

        Raises:
            ConfigError: with the one problem that keeps it from being read, or from being TOML.
        """
        self.path = path
        if not is_clean(str(path.absolute())):
            # It stands in events and in the log, and what is not text cannot be sent.
            raise _unreadable(path, 1, "is in a folder whose name is not UTF-8", "rename the folder, or move the file")
        self.data, self._lines = _parse(path, read_text(path) if text is None else text)
        too_large = [Finding(key, "is a number of more than 64 bits", _SMALLER) for key in _too_large((), self.data)]
        if too_large:
            raise ConfigError(*self.problems(too_large))

    @property
    def folder(self) -> Path:
        """What paths in the file are relative to."""
        return self.path.absolute().parent

    def problems(self, found: Iterable[Finding]) -> list[Problem]:
        """The findings with the lines they are about, in the order of the file."""
        problems = [
            Problem(
                file=str(self.path),
                line=self._lines.of(finding.key),
                key=spelled(finding.key),
                wrong=finding.wrong,
                right=finding.right,
            )
            for finding in found
        ]
        return sorted(problems, key=lambda problem: problem.line)


def read_text(path: Path) -> str:
    """The text of a file in UTF-8.

    Raises:
        ConfigError: when it cannot be read, or is something else.
    """
    return decoded(path, read_bytes(path))


def read_bytes(path: Path) -> bytes:
    """What is in a file.

    Raises:
        ConfigError: when it cannot be read.
    """
    try:
        return read_regular(path, LARGEST)
    except OSError as error:
        raise _unreadable(path, 1, *cannot_be_read(path, error)) from None


def decoded(path: Path, content: bytes, *, is_raw: bool = False) -> str:
    """The text that a file holds in UTF-8, with its lines ended as we end them unless it is to be ``is_raw``.

    Raises:
        ConfigError: when it is something else.
    """
    try:
        # A byte order mark is what some editors put before UTF-8: harmless, so it is passed over.
        text = content.decode("utf-8-sig")
        return text if is_raw else text.replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise _unreadable(path, line, "is not UTF-8 text", "save it in the encoding UTF-8") from None


def _parse(path: Path, text: str) -> tuple[Data, Lines]:
    try:
        return tomllib.loads(text), locate(text)
    except RecursionError:
        raise _unreadable(path, 1, "is nested too deeply", "keep to the tables described") from None
    except ValueError as error:
        # A TOMLDecodeError, or plain ValueError for an integer longer than Python converts.
        message = str(error)
        where = _WHERE.search(message)
        line, column = (where[1], where[2]) if where else ("1", None)
        what = _WHERE.sub("", message)
        wrong = f"is not TOML: {what[:1].lower()}{what[1:]}{f' (column {column})' if column else ''}"
        right = "write `key = value`, texts in quotes, each key and each [table] once"
        raise _unreadable(path, int(line) if line else _last_line(text), wrong, right) from None


def _too_large(key: Key, value: Any) -> Iterator[Key]:
    """TOML knows no such number, and Python cannot even write one of thousands of digits."""
    if isinstance(value, int) and not INTEGER_LEAST <= value <= INTEGER_MOST:
        yield key
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from _too_large((*key, name), each)
    elif isinstance(value, list):
        for position, each in enumerate(value):
            yield from _too_large((*key, position), each)


def _last_line(text: str) -> int:
    return text.rstrip("\n").count("\n") + 1


def _unreadable(path: Path, line: int, wrong: str, right: str) -> ConfigError:
    return ConfigError(Problem(file=str(path), line=line, key=_FILE, wrong=wrong, right=right))
