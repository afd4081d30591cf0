"""Reads a configuration file: all of it into models, or all of its problems into one error."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from huntgroup.errors import ConfigError
from huntgroup.settings.checks import across
from huntgroup.settings.document import Document
from huntgroup.settings.models import Settings
from huntgroup.settings.not_yet import not_yet
from huntgroup.settings.outline import Data
from huntgroup.settings.peers import reachable_secrets
from huntgroup.settings.wording import findings
from huntgroup.settings.words import Finding


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """The validated settings of a file.

    Paths in the file are relative to its folder. Secrets are looked for, but not kept: see `read_secret`.

    Raises:
        ConfigError: with every problem there is, by line; also when the file cannot be read or is no TOML.
    """
    document = Document(path)
    settings, found = examine(document.data, document.folder, environment)
    return _whole(document, settings, found)


def load_to_simulate(path: Path) -> Settings:
    """The validated settings of a file that no daemon will run by: see `examine_to_simulate`.

    Raises:
        ConfigError: like `load`.
    """
    document = Document(path)
    return _whole(document, *examine_to_simulate(document.data, document.folder))


def examine(data: Data, folder: Path, environment: Mapping[str, str]) -> tuple[Settings | None, list[Finding]]:
    """The settings that a file's tables make, and all that is wrong with them; None: they make none."""
    settings, found = examine_to_simulate(data, folder)
    found += reachable_secrets(data, folder, environment)
    found += _unless_wrong_anyway(not_yet(data), found)
    return settings, found


def examine_without_secrets(data: Data, folder: Path) -> tuple[Settings | None, list[Finding]]:
    """The same where the secrets are somebody else's: the daemon's environment is not that of a shell."""
    settings, found = examine_to_simulate(data, folder)
    found += _unless_wrong_anyway(not_yet(data), found)
    return settings, found


def examine_to_simulate(data: Data, folder: Path) -> tuple[Settings | None, list[Finding]]:
    """The same where only the engine is to decide by them.

    Nobody logs in to a peer, so no secret need be there; and what the daemon around the engine has not yet is no
    mistake.
    """
    settings, found = _validate(data, folder)
    found += across(data)
    return settings, found


def _whole(document: Document, settings: Settings | None, found: list[Finding]) -> Settings:
    if settings is None or found:
        raise ConfigError(*document.problems(found))
    return settings


def _validate(data: Data, folder: Path) -> tuple[Settings | None, list[Finding]]:
    # A missing store is put in: its default, too, is relative to the file.
    whole = {"store": {}, **data}
    try:
        return Settings.model_validate(whole, context={"folder": folder}), []
    except ValidationError as error:
        return None, list(findings(error, whole, Settings))


def _unless_wrong_anyway(later: Iterator[Finding], found: list[Finding]) -> list[Finding]:
    """What is not yet there, but for the keys whose value is wrong anyway: one word on each is enough."""
    wrong = {finding.key for finding in found}
    return [finding for finding in later if finding.key not in wrong]
