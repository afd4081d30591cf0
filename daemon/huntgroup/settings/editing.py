"""Changes the configuration file by command: read, changed, validated as `check` does it, written; or nothing at all.

The file is the single truth. What is asked is done to the file as it is at that moment, whoever wrote it; and what does
not validate is never written.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from huntgroup.errors import ChangeRefused, ConfigError, Problem
from huntgroup.settings.applying import applied
from huntgroup.settings.changes import AnyChange, AnyCommand, Check, Show
from huntgroup.settings.differences import HIDDEN, PRIVATE, Difference, differences, published_problem, told_to_others
from huntgroup.settings.document import Document, decoded, read_bytes
from huntgroup.settings.filing import locked, put_in_place, version_of
from huntgroup.settings.models import Settings
from huntgroup.settings.outline import Data
from huntgroup.settings.reader import examine, examine_without_secrets
from huntgroup.settings.rewriting import CannotBeRewritten, rewritten, same
from huntgroup.settings.rights import check_rights, check_what_came_of_it, supervised_by
from huntgroup.settings.words import Finding, spelled

TRIES = 5
"""So often a change is applied again to a file that somebody saves in that very moment."""
_PLACES = ("secret_file", "secret_env", "ca_file", "cert_file", "key_file")
_ADDRESSES = (("crm", "url"), ("store", "url"))
"""With some CRMs the address is what lets one in; where the store lies is nobody's business but the machine's."""
_SEEN_BY_ALL = ("id", "name", "extension", "role")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A file that is right: its settings, its tables, and the version of it that this is."""

    settings: Settings
    data: Data
    version: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a command. ``before`` and ``after`` are the same file unless something was written."""

    before: Loaded
    after: Loaded
    changes: list[Difference] = field(default_factory=list)
    shown: Data | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks: an operator by id, with the settings that are in force; or, without a name, whoever may write the file.

    ``environment``: where secrets are looked for; None: nowhere, because the daemon has another.
    """

    name: str = ""
    in_force: Settings | None = None
    environment: Mapping[str, str] | None = field(default_factory=lambda: os.environ)


def load_whole(path: Path, environment: Mapping[str, str] | None = os.environ) -> Loaded:
    """The file with its version.

    Raises:
        ConfigError: with every problem there is.
    """
    return _taken(path, environment)[0]


def carry_out(path: Path, asker: Asker, command: AnyCommand) -> Outcome:
    """Do what somebody asks, as far as they may.

    Raises:
        ChangeRefused: when nothing was done, with the reason.
    """
    if asker.name and asker.in_force is not None:
        check_rights(asker.in_force, asker.name, command)
    for _ in range(TRIES):
        with locked(path):
            done = _try(path, asker, command)
        if done is not None:
            return done
    raise ChangeRefused("conflict", "somebody else is saving the file again and again; try again later")


def _try(path: Path, asker: Asker, command: AnyCommand) -> Outcome | None:
    """None: somebody saved the file meanwhile."""
    before, content = _current(path, asker)
    if asker.name:
        check_rights(before.settings, asker.name, command)
    if isinstance(command, Show):
        return Outcome(before, before, shown=_shown(before, asker.name))
    change = command.change if isinstance(command, Check) else command
    if change is None:
        return Outcome(before, before)
    after, text = _changed(path, asker, before, content, change)
    if isinstance(command, Check) or same(before.data, after.data):
        return Outcome(before, before, differences(before.data, after.data))
    written = put_in_place(path, content, text)
    if written is None:
        return None
    after = Loaded(after.settings, after.data, version_of(written))
    return Outcome(before, after, differences(before.data, after.data))


def _current(path: Path, asker: Asker) -> tuple[Loaded, bytes]:
    try:
        return _taken(path, asker.environment)
    except ConfigError as error:
        # Over the broker nobody hears where secrets are.
        words = "\n".join(map(published_problem, error.problems) if asker.name else map(_in_words, error.problems))
        message = f"the file is not right as it is, so nothing is changed in it: {words}"
        raise ChangeRefused("configuration_invalid", message, error.problems[0].key) from None


def _in_words(problem: Problem) -> str:
    return f"{problem.key}: {problem.wrong}; {problem.right}"


def _taken(path: Path, environment: Mapping[str, str] | None) -> tuple[Loaded, bytes]:
    content = read_bytes(path)
    document = Document(path, decoded(path, content))
    settings, found = _examined(document.data, document.folder, environment)
    if settings is None or found:
        raise ConfigError(*document.problems(found))
    return Loaded(settings, document.data, version_of(content)), content


def _changed(path: Path, asker: Asker, before: Loaded, content: bytes, change: AnyChange) -> tuple[Loaded, str]:
    """What the file would be."""
    if change.if_version and change.if_version != before.version:
        message = f"the file is not {change.if_version} any more but {before.version}; look again"
        raise ChangeRefused("conflict", message, "if_version")
    data = applied(before.data, change)
    settings, found = _examined(data, path.absolute().parent, asker.environment)
    if settings is None or found:
        raise _invalid([told_to_others(each) for each in found] if asker.name else found)
    if asker.name:
        check_what_came_of_it(before.settings, settings, asker.name)
    try:
        text = rewritten(decoded(path, content, is_raw=True), before.data, data)
    except CannotBeRewritten as error:
        raise ChangeRefused("edit_by_hand", str(error), spelled(error.key)) from None
    return Loaded(settings, data, ""), text


def _examined(data: Data, folder: Path, environment: Mapping[str, str] | None) -> tuple[Settings | None, list[Finding]]:
    return examine_without_secrets(data, folder) if environment is None else examine(data, folder, environment)


def _invalid(found: list[Finding]) -> ChangeRefused:
    """In the words of `check`: the first one with its place, then each other on a line with its own."""
    first, *others = found
    words = [f"{first.wrong}; {first.right}"]
    words += [f"{spelled(each.key)}: {each.wrong}; {each.right}" for each in others]
    return ChangeRefused("invalid", "\n".join(words), spelled(first.key))


def _shown(loaded: Loaded, who: str) -> Data:
    """The tables without a hint at a secret; to a supervisor their groups, and of the others who they are."""
    data = {name: _without_secrets(value) if name in PRIVATE else value for name, value in loaded.data.items()}
    for section, key in _ADDRESSES:
        if isinstance(data.get(section), dict) and key in data[section]:
            data[section] = {**data[section], key: HIDDEN}
    role = next((each.role for each in loaded.settings.operators if each.id == who), "administrator")
    if role == "administrator":
        return data
    mine = supervised_by(loaded.settings, who)
    return {
        "groups": [each for each in data.get("groups", []) if each["id"] in mine],
        "operators": [
            {name: value for name, value in each.items() if name in _SEEN_BY_ALL} for each in data.get("operators", [])
        ],
    }


def _without_secrets(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_secrets(each) for each in value]
    if isinstance(value, dict):
        return {name: each for name, each in value.items() if name not in _PLACES}
    return value
