"""The command line: arguments, words on the screen and exit statuses; nothing else is decided here."""

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import typer

from huntgroup.errors import ConfigError, HuntgroupError, PeerRefused
from huntgroup.settings import load, notes

EXIT_FAILED = 1
EXIT_CONFIG = 2
EXIT_REFUSED = 3

app = typer.Typer(
    name="huntgroup",
    help="Decides who gets each inquiry: a routing daemon beside Asterisk.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

ConfigFile = Annotated[
    Path,
    typer.Option("--config", metavar="FILE", help="The configuration, a TOML file.", show_default=False),
]


def main() -> None:
    """The entry point of the command."""
    app()


def _show_version(is_wanted: bool) -> None:
    if not is_wanted:
        return
    try:
        number = version("huntgroup")
    except PackageNotFoundError:
        number = "(not installed, run from its sources)"
    typer.echo(f"huntgroup {number}")
    raise typer.Exit


@app.callback()
def _common(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """Options that come before any command."""


@app.command()
def check(config: ConfigFile) -> None:
    """Validate the configuration: every error in one go. Exit status 0, or 2 when there are errors."""
    try:
        settings = load(config)
    except ConfigError as error:
        _tell(error)
        raise typer.Exit(EXIT_CONFIG) from None
    counts = (
        _counted(settings.operators, "operator"),
        _counted(settings.groups, "group"),
        _counted(settings.numbers, "number"),
    )
    typer.echo(f"{config} is fine: {', '.join(counts)}.")
    for note in notes(settings):
        typer.echo(f"Note: {note}.")


@app.command()
def run(config: ConfigFile) -> None:
    """Run the daemon in the foreground.

    SIGTERM stops it cleanly, SIGHUP reloads the file. Exit status 0; 2 for a bad configuration; 3 when a peer
    that it must have refuses it for good.
    """
    # Imported here: `check` must work, and fast, without the daemon and all that it needs.
    from huntgroup.app import run as run_daemon  # noqa: PLC0415

    try:
        status = run_daemon(config)
    except ConfigError as error:
        _tell(error)
        status = EXIT_CONFIG
    except PeerRefused as error:
        typer.echo(str(error), err=True)
        status = EXIT_REFUSED
    except HuntgroupError as error:
        typer.echo(str(error), err=True)
        status = EXIT_FAILED
    raise typer.Exit(status)


def _tell(error: ConfigError) -> None:
    """Each problem on a line of its own, and how many there are."""
    for problem in error.problems:
        typer.echo(str(problem), err=True)
    typer.echo(f"{_counted(error.problems, 'problem')} in the configuration.", err=True)


def _counted(things: Sequence[object], name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"
