"""Where a secret comes from. The secret itself is never part of a model: it is read at the moment of use."""

import os
from collections.abc import Mapping
from pathlib import Path

from huntgroup.errors import ConfigError, Problem
from huntgroup.regular import read_regular
from huntgroup.settings.base import Section
from huntgroup.settings.values import EnvironmentName, FilePath
from huntgroup.settings.words import Complaint, cannot_be_read
from huntgroup.text_input import is_clean

_LARGEST_SECRET = 4096
_LARGEST_FILE = 65_536


class HoldsSecret(Section):
    """A table that names the place of a secret: a file or an environment variable."""

    secret_file: FilePath | None = None
    """The file that holds the secret and nothing else; relative to the configuration file."""

    secret_env: EnvironmentName | None = None
    """The environment variable that holds the secret."""

    def read_secret(self, environment: Mapping[str, str] = os.environ) -> str:
        """The secret, without the line break that editors put at the end.

        Raises:
            ConfigError: when there is none, or it cannot be read or used.
        """
        try:
            return self._secret(environment)
        except Complaint as complaint:
            place = str(self.secret_file or self.secret_env)
            key = "secret_env" if self.secret_env else "secret_file"
            raise ConfigError(
                Problem(file=place, line=1, key=key, wrong=complaint.wrong, right=complaint.right)
            ) from None

    def _secret(self, environment: Mapping[str, str]) -> str:
        if self.secret_file is not None:
            return secret_in_file(self.secret_file)
        if self.secret_env is not None:
            return secret_in_environment(self.secret_env, environment)
        raise Complaint("names no secret", "give secret_file or secret_env")


def secret_in_file(path: Path) -> str:
    """The secret that the file holds.

    Raises:
        Complaint: when it cannot be read, or is no single line of text.
    """
    try:
        held = read_regular(path, _LARGEST_FILE)
    except OSError as error:
        raise Complaint(*cannot_be_read(path, error)) from None
    try:
        text = held.decode("utf-8")
    except UnicodeDecodeError:
        raise Complaint(f"{path} is not UTF-8 text", "put one line of text in it") from None
    return _usable(text.removesuffix("\n").removesuffix("\r"), str(path))


def secret_in_environment(name: str, environment: Mapping[str, str]) -> str:
    """The secret that the environment variable holds.

    Raises:
        Complaint: when it is not set, or is no single line of text.
    """
    held = environment.get(name)
    if held is None:
        raise Complaint(
            f"the environment variable {name} is not set",
            "set it where the daemon is started, or use secret_file",
        )
    return _usable(held.removesuffix("\n").removesuffix("\r"), f"the environment variable {name}")


def _usable(secret: str, place: str) -> str:
    """The secret, unless it is empty or a line break in it could begin another line on the wire."""
    if not secret:
        raise Complaint(f"{place} is empty", "put the secret in it")
    if len(secret) > _LARGEST_SECRET or any(sign in secret for sign in "\r\n\0"):
        raise Complaint(f"{place} holds more than one line of text", "put the secret alone in it")
    if not is_clean(secret):
        raise Complaint(f"{place} is not UTF-8 text", "put one line of text in it")
    return secret
