"""`huntgroup admin`: the configuration changed from the shell, by whoever may write its file."""

import json
import sys
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from huntgroup.cli_options import ConfigFile
from huntgroup.errors import ChangeRefused, ConfigError, HuntgroupError
from huntgroup.local_time import local
from huntgroup.plain import as_json, plain
from huntgroup.settings import Group as GroupSettings
from huntgroup.settings import Number as NumberSettings
from huntgroup.settings import Operator as OperatorSettings
from huntgroup.settings import Source as SourceSettings
from huntgroup.settings import load_to_simulate
from huntgroup.settings.base import Section
from huntgroup.settings.changes import ADMINISTRATION, AnyChange, AnyCommand, Check, Show
from huntgroup.settings.editing import Asker, Outcome, carry_out
from huntgroup.settings.shell_values import read_value
from huntgroup.text_input import NotJson, read_json

EXIT_FAILED = 1
EXIT_CONFIG = 2
_WRONG = ("invalid", "configuration_invalid")
INPUT_MOST = 1_000_000
"""Bytes of a command that is read from the input."""

app = typer.Typer(
    help="Change the configuration file: validated, with its comments kept, and put in force at once.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be changed, or what would be wrong.")]
Values = Annotated[
    list[str],
    typer.Argument(metavar="KEY=VALUE...", help="As in the file; a text needs no quotes."),
]
Group = Annotated[str, typer.Argument(metavar="GROUP", help="The group's id.")]
Operator = Annotated[str, typer.Argument(metavar="OPERATOR", help="The operator's id.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Its id, or the number itself.")]


class Kind(StrEnum):
    """What the configuration has several of."""

    GROUP = "group"
    OPERATOR = "operator"
    NUMBER = "number"
    SOURCE = "source"

    @property
    def key(self) -> str:
        """By what it is known."""
        return "number" if self is Kind.NUMBER else "id"

    @property
    def model(self) -> type[Section]:
        """What may be said of one."""
        return _MODELS[self]


_MODELS: dict[Kind, type[Section]] = {
    Kind.GROUP: GroupSettings,
    Kind.OPERATOR: OperatorSettings,
    Kind.NUMBER: NumberSettings,
    Kind.SOURCE: SourceSettings,
}


@app.command("set")
def set_values(kind: Kind, name: Name, values: Values, config: ConfigFile, *, dry_run: DryRun = False) -> None:
    """Set keys, as in `huntgroup admin set group sales rings=3 distribution=evenly`."""
    _change(config, {"type": f"set_{kind}", kind: name, "changes": _read(kind, values)}, dry_run=dry_run)


@app.command()
def reset(
    kind: Kind,
    name: Name,
    keys: Annotated[list[str], typer.Argument(metavar="KEY...", help="Which are to have their defaults.")],
    config: ConfigFile,
    *,
    dry_run: DryRun = False,
) -> None:
    """Take keys out, so that their defaults hold again."""
    _change(config, {"type": "reset", kind: name, "keys": keys}, dry_run=dry_run)


@app.command()
def add(kind: Kind, name: Name, values: Values, config: ConfigFile, *, dry_run: DryRun = False) -> None:
    """Add one, as in `huntgroup admin add operator dora phones='["PJSIP/dora"]'`."""
    _change(config, {"type": f"add_{kind}", kind: {kind.key: name, **_read(kind, values)}}, dry_run=dry_run)


@app.command()
def remove(kind: Kind, name: Name, config: ConfigFile, *, dry_run: DryRun = False) -> None:
    """Remove one; an operator leaves their groups."""
    _change(config, {"type": f"remove_{kind}", kind: name}, dry_run=dry_run)


@app.command()
def add_member(
    group: Group,
    operator: Operator,
    config: ConfigFile,
    *,
    at: Annotated[int | None, typer.Option(min=1, help="The place, from 1; the last unless given.")] = None,
    dry_run: DryRun = False,
) -> None:
    """Let an operator join a group."""
    _change(config, {"type": "add_member", "group": group, "operator": operator, "at": at}, dry_run=dry_run)


@app.command()
def remove_member(group: Group, operator: Operator, config: ConfigFile, *, dry_run: DryRun = False) -> None:
    """Let an operator leave a group."""
    _change(config, {"type": "remove_member", "group": group, "operator": operator}, dry_run=dry_run)


@app.command()
def move_member(
    group: Group,
    operator: Operator,
    at: Annotated[int, typer.Argument(min=1, metavar="PLACE", help="From 1.")],
    config: ConfigFile,
    *,
    dry_run: DryRun = False,
) -> None:
    """Give a member another place in the group's order."""
    _change(config, {"type": "move_member", "group": group, "operator": operator, "at": at}, dry_run=dry_run)


@app.command()
def do(
    command: Annotated[str, typer.Argument(metavar="JSON", help="A command as over MQTT; - reads it from the input.")],
    config: ConfigFile,
    *,
    dry_run: DryRun = False,
) -> None:
    """Do what a command says that is written as for the broker (docs/mqtt.md)."""
    try:
        asked = read_json(sys.stdin.buffer.read(INPUT_MOST) if command == "-" else command)
    except NotJson as error:
        raise typer.BadParameter(f"invalid JSON: {error}", param_hint="JSON") from None
    _change(config, asked, dry_run=dry_run)


@app.command()
def show(config: ConfigFile) -> None:
    """Print the configuration's tables as JSON, with the version of the file."""
    outcome = _done(config, Show(type="show"))
    typer.echo(as_json({"version": outcome.after.version, **(outcome.shown or {})}, indent=1))


@app.command()
def history(config: ConfigFile) -> None:
    """Tell who changed what and when, as far back as the record is kept."""
    from huntgroup.adapters.store.reading import history as reading  # noqa: PLC0415 - as for the daemon

    try:
        with reading(load_to_simulate(config).store.path) as past:
            for entry in past.of_type("PolicyChanged"):
                for line in _told(entry.at, json.loads(entry.body)):
                    typer.echo(line)
    except HuntgroupError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(EXIT_FAILED) from None


def _told(at: float, event: dict[str, Any]) -> Iterable[str]:
    who = event.get("who") or "while the daemon was away"
    yield plain(f"{local(at)}  {who}  {event.get('version', '')}".rstrip())
    for each in event.get("changes", ()):
        yield plain(f"    {each['key']}: {each['before'] or '-'} -> {each['after'] or '-'}")


def _read(kind: Kind, values: Iterable[str]) -> dict[str, Any]:
    """Each value as the file would have it; what the model takes as text is text."""
    read = {}
    for each in values:
        name, equals, value = each.partition("=")
        if not equals or not name:
            raise typer.BadParameter(f"{each!r} is not KEY=VALUE", param_hint="KEY=VALUE")
        read[name] = read_value(kind.model, name, value)
    return read


def _change(config: Path, asked: Any, *, dry_run: bool) -> None:
    try:
        command: AnyCommand = ADMINISTRATION.validate_python(asked)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        place = ".".join(str(each) for each in fault["loc"]) or "type"
        typer.echo(f"{place}: {fault['msg']}", err=True)
        raise typer.Exit(EXIT_CONFIG) from None
    if dry_run and isinstance(command, AnyChange):
        command = Check(type="check", change=command)
    outcome = _done(config, command)
    for each in outcome.changes:
        before, after = (_value(value) for value in (each.before, each.after))
        typer.echo(f"{each.key}: {before} -> {after}")
    if not outcome.changes:
        typer.echo("nothing to change")
    elif outcome.after is outcome.before:
        typer.echo("nothing is written: a dry run")
    else:
        _put_in_force(config, outcome)


def _put_in_force(config: Path, outcome: Outcome) -> None:
    from huntgroup.authors import Author, leave_name, system_user  # noqa: PLC0415 - as for the daemon
    from huntgroup.in_force import put_in_force  # noqa: PLC0415

    after = outcome.after
    leave_name(after.settings.store.path, Author(system_user(), outcome.before.version, after.version))
    try:
        typer.echo(put_in_force(config, after.settings.store.path))
    except HuntgroupError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(EXIT_FAILED) from None


def _done(config: Path, command: AnyCommand) -> Outcome:
    try:
        return carry_out(config, Asker(environment=None), command)
    except ChangeRefused as refused:
        typer.echo(str(refused), err=True)
        raise typer.Exit(EXIT_CONFIG if refused.why in _WRONG else EXIT_FAILED) from None
    except ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(EXIT_CONFIG) from None


def _value(value: Any) -> str:
    return "-" if value is None else as_json(value)
