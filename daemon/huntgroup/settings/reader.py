"""Reads a configuration file: all of it into models, or all of its problems into one error."""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from huntgroup.errors import ConfigError, Problem
from huntgroup.settings.checks import across
from huntgroup.settings.locate import Lines, locate
from huntgroup.settings.models import Settings
from huntgroup.settings.not_yet import not_yet
from huntgroup.settings.outline import Data
from huntgroup.settings.peers import reachable_secrets
from huntgroup.settings.wording import findings
from huntgroup.settings.words import Finding, cannot_be_read, spelled

_WHERE = re.compile(r" \(at (?:line ([0-9]+), column ([0-9]+)|end of document)\)$")
_FILE = "file"


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """The validated settings of a file.

    Paths in the file are relative to its folder. Secrets are looked for, but not kept: see `read_secret`.

    Raises:
        ConfigError: with every problem there is, by line; also when the file cannot be read or is no TOML.
    """
    text = _text(path)
    data, lines = _parse(path, text)
    settings, found = examine(data, path.absolute().parent, environment)
    if settings is None or found:
        raise ConfigError(*_problems(path, lines, found))
    return settings


def examine(data: Data, folder: Path, environment: Mapping[str, str]) -> tuple[Settings | None, list[Finding]]:
    """The settings that a file's tables make, and all that is wrong with them; None: they make none."""
    settings, found = _validate(data, folder)
    found += across(data)
    found += reachable_secrets(data, folder, environment)
    found += _unless_wrong_anyway(not_yet(data), found)
    return settings, found


def _text(path: Path) -> str:
    try:
        # A byte order mark is what some editors put before UTF-8: harmless, so it is passed over.
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        raise _unreadable(path, 1, *cannot_be_read(path, error)) from None
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


def _last_line(text: str) -> int:
    return text.rstrip("\n").count("\n") + 1


def _unreadable(path: Path, line: int, wrong: str, right: str) -> ConfigError:
    return ConfigError(Problem(file=str(path), line=line, key=_FILE, wrong=wrong, right=right))


def _validate(data: Data, folder: Path) -> tuple[Settings | None, list[Finding]]:
    # A missing store is put in: its default, too, is relative to the file.
    whole = {"store": {}, **data}
    try:
        return Settings.model_validate(whole, context={"folder": folder}), []
    except ValidationError as error:
        return None, list(findings(error, whole))


def _unless_wrong_anyway(later: Iterator[Finding], found: list[Finding]) -> list[Finding]:
    """What is not yet there, but for the keys whose value is wrong anyway: one word on each is enough."""
    wrong = {finding.key for finding in found}
    return [finding for finding in later if finding.key not in wrong]


def _problems(path: Path, lines: Lines, found: list[Finding]) -> list[Problem]:
    problems = [
        Problem(
            file=str(path),
            line=lines.of(finding.key),
            key=spelled(finding.key),
            wrong=finding.wrong,
            right=finding.right,
        )
        for finding in found
    ]
    return sorted(problems, key=lambda problem: problem.line)
