"""Reads a configuration file: all of it into models, or all of its problems into one error."""

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from huntgroup.errors import ConfigError
from huntgroup.settings.checks import across
from huntgroup.settings.document import Document
from huntgroup.settings.models import Settings
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
    """The validated settings of a file that no daemon will run by: see `examine_without_secrets`.

    Raises:
        ConfigError: like `load`.
    """
    document = Document(path)
    return _whole(document, *examine_without_secrets(document.data, document.folder))


def examine(data: Data, folder: Path, environment: Mapping[str, str]) -> tuple[Settings | None, list[Finding]]:
    """The settings that a file's tables make, and all that is wrong with them; None: they make none."""
    settings, found = examine_without_secrets(data, folder)
    found += reachable_secrets(data, folder, environment)
    return settings, found


def examine_without_secrets(data: Data, folder: Path) -> tuple[Settings | None, list[Finding]]:
    """The same where no secret need be there: nobody logs in to a peer, or somebody in another environment does."""
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
