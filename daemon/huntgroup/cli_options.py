"""Options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

DEFAULT_CONFIG = Path("/etc/huntgroup/huntgroup.toml")
CONFIG_VARIABLE = "HUNTGROUP_CONFIG"


def _default() -> Path:
    return DEFAULT_CONFIG


def _there_is_one(path: Path) -> Path:
    """Nobody named a file: say how, where the default is not there."""
    try:
        is_missing = path == DEFAULT_CONFIG and not path.exists()
    except OSError:  # its folder may not be looked into: reading the file says so
        return path
    if is_missing:
        message = (
            f"there is no {path}; name the configuration with --config, or in the environment as {CONFIG_VARIABLE}"
        )
        raise typer.BadParameter(message)
    return path


ConfigFile = Annotated[
    Path,
    typer.Option(
        "--config",
        metavar="FILE",
        envvar=CONFIG_VARIABLE,
        default_factory=_default,
        callback=_there_is_one,
        show_default=False,
        show_envvar=False,
        help=f"The configuration, a TOML file: {DEFAULT_CONFIG} unless {CONFIG_VARIABLE} names another.",
    ),
]
