"""The command line: arguments, words on the screen and exit statuses; nothing else is decided here."""

import json
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any

import typer

from huntgroup import customers_cli
from huntgroup.cli_admin import app as admin_app
from huntgroup.errors import ConfigError, HuntgroupError, PeerRefused
from huntgroup.settings import Settings, load, load_to_simulate
from huntgroup.settings.exposure import exposed
from huntgroup.text_input import is_clean

EXIT_FAILED = 1
EXIT_CONFIG = 2
EXIT_REFUSED = 3
REPORT_WIDTH = 100
RECENT = 5
"""How many inquiries to name when the one that was asked for is not there."""

app = typer.Typer(
    name="huntgroup",
    help="Decides who gets each inquiry: a routing daemon beside Asterisk.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.add_typer(admin_app, name="admin")
app.add_typer(customers_cli.app)
crm_app = typer.Typer(name="crm", help="What a CRM is still to be told.", no_args_is_help=True)
app.add_typer(crm_app)

ConfigFile = Annotated[
    Path,
    typer.Option("--config", metavar="FILE", help="The configuration, a TOML file.", show_default=False),
]


def main() -> None:
    """The entry point of the command."""
    # Python takes arguments that are not UTF-8 as lone surrogates (PEP 383), which raise wherever they are written.
    unreadable = next((number for number, each in enumerate(sys.argv[1:], 1) if not is_clean(each)), None)
    if unreadable is not None:
        typer.echo(f"argument {unreadable} is not UTF-8 text; write it, and name files, in UTF-8", err=True)
        raise SystemExit(EXIT_CONFIG)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal of another encoding shows what it can
            stream.reconfigure(errors="backslashreplace")
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
    """Validate the configuration: every error in one go. Exit status 0, or 2 when there are errors.

    Files that other users of the machine may read or change are warned of.
    """
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
    for each in exposed(config, settings):
        typer.echo(f"warning: {each}", err=True)


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


@app.command()
def simulate(
    scenario: Annotated[Path, typer.Argument(metavar="SCENARIO", help="What comes and who is there, a TOML file.")],
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON object.")] = False,
    picture: Annotated[
        Path | None,
        typer.Option("--plot", metavar="FILE.svg|FILE.png", help="Draw the figures, too.", show_default=False),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="In place of the scenario's: another day of its kind.", show_default=False)
    ] = None,
) -> None:
    """Run a configuration against a described or recorded load on a virtual clock.

    Reports waiting times, service level and operator load. Nothing real is needed or touched. Exit status 0; 2 when
    there are errors in the scenario or its configuration.
    """
    from rich.console import Console  # noqa: PLC0415 - like the daemon: `check` must be fast without it

    from huntgroup.simulation import plot, read, report  # noqa: PLC0415
    from huntgroup.simulation import simulate as run_scenario  # noqa: PLC0415

    if picture is not None and picture.suffix not in plot.ENDINGS:
        raise typer.BadParameter(f"{picture} ends with neither of {', '.join(plot.ENDINGS)}", param_hint="--plot")
    try:
        if picture is not None:
            plot.require()
        figures = run_scenario(read(scenario), seed)
        if picture is not None:
            plot.plot(figures, picture)
    except ConfigError as error:
        _tell(error)
        raise typer.Exit(EXIT_CONFIG) from None
    except (HuntgroupError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(EXIT_FAILED) from None
    if as_json:
        typer.echo(json.dumps(figures.as_data(), indent=1, allow_nan=False))
    else:
        # Where no terminal says how wide it is, the tables are as wide as they need.
        console = Console()
        report.show(console if console.is_terminal else Console(width=REPORT_WIDTH), figures)


@app.command()
def explain(
    inquiry: Annotated[str, typer.Argument(metavar="INQUIRY", help="Its id, as the log and the broker name it.")],
    config: ConfigFile,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON object a line.")] = False,
) -> None:
    """Tell the story of one inquiry: each decision, and for everyone who was not chosen the reason why.

    Reads what the daemon recorded, whether it runs or not. Exit status 0; 1 when nothing is known of the inquiry.
    """
    from huntgroup.adapters.store.reading import recent_inquiries, records_of  # noqa: PLC0415 - as for the daemon
    from huntgroup.story import Names, as_data, told  # noqa: PLC0415

    try:
        settings = load_to_simulate(config)
        records = records_of(settings.store.path, inquiry)
        recent = [] if records else recent_inquiries(settings.store.path, RECENT)
    except ConfigError as error:
        _tell(error)
        raise typer.Exit(EXIT_FAILED) from None
    except HuntgroupError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(EXIT_FAILED) from None
    if not records:
        last = f"; the last ones are {', '.join(recent)}" if recent else "; nothing is recorded there yet"
        typer.echo(f"nothing is known of {inquiry} in {settings.store.path}{last}", err=True)
        raise typer.Exit(EXIT_FAILED)
    names = Names({each.id: each.name for each in settings.operators}, {each.id: each.name for each in settings.groups})
    lines = (json.dumps(as_data(each), ensure_ascii=False) for each in records) if as_json else told(records, names)
    for line in lines:
        typer.echo(line)


@app.command()
def status(
    config: ConfigFile,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON object.")] = False,
    is_watching: Annotated[
        bool, typer.Option("--watch", help="Stay, and show whatever changes; with --json a line each time.")
    ] = False,
) -> None:
    """Show operators, groups and waiting inquiries of the running daemon, as the broker has them.

    Exit status 0; 1 when no daemon is online, or the broker or [mqtt] is not there.
    """
    from huntgroup.status import show  # noqa: PLC0415 - as for the daemon

    try:
        settings = load_to_simulate(config)
    except ConfigError as error:
        _tell(error)
        raise typer.Exit(EXIT_FAILED) from None
    if settings.mqtt is None:
        typer.echo(f"{config} has no [mqtt] table: without a broker there is nothing to read from", err=True)
        raise typer.Exit(EXIT_FAILED)
    if settings.crm is not None and not as_json and not is_watching:
        from huntgroup.crm.report import standing  # noqa: PLC0415

        typer.echo(standing(settings.store.path, settings.crm.type))
    try:
        show(settings.mqtt, as_json=as_json, is_watching=is_watching, say=typer.echo, beside=_beside(settings))
    except HuntgroupError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(EXIT_FAILED) from None
    except KeyboardInterrupt:
        return


def _beside(settings: Settings) -> Callable[[], dict[str, Any]]:
    """What programs are told beside what the broker has."""
    from huntgroup.crm.report import standing_as_data  # noqa: PLC0415

    crm, store = settings.crm, settings.store.path
    return lambda: {} if crm is None else {"crm": standing_as_data(store, crm.type)}


@app.command()
def doctor(  # noqa: PLR0913 - each is an option of its own
    config: ConfigFile,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON object a line.")] = False,
    number: Annotated[
        str | None,
        typer.Option("--test-call", metavar="NUMBER", help="Call this number of the PBX, as from outside."),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="HOST[:PORT]", help="Where the PBX takes calls over UDP, if not at the host of the AMI, 5060."
        ),
    ] = None,
    caller: Annotated[
        str | None, typer.Option("--from", metavar="NUMBER", help="The caller's number that the phones show.")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(metavar="HOST[:PORT]", help="Our address to call from: the PBX must know it as a trunk's."),
    ] = None,
    seconds: Annotated[float, typer.Option(min=1, max=300, help="How long it may ring.")] = 20,
) -> None:
    """Try the real things one by one, and say how to mend what fails.

    Changes nothing, whether the daemon runs or not; with --test-call phones really ring. Exit status 0; 1 when anything
    failed.
    """
    from huntgroup.doctor import run as doctors  # noqa: PLC0415 - as for the daemon
    from huntgroup.doctor import wish  # noqa: PLC0415

    if number is None:
        is_well = doctors.doctor(config, as_json=as_json)
    else:
        try:
            call = wish.Wish(
                number=wish.user_part(number),
                to=wish.endpoint(to, wish.SIP_PORT) if to else None,
                caller=wish.user_part(caller) if caller else None,
                source=wish.endpoint(source, 0) if source else ("", 0),
                seconds=seconds,
            )
            is_well = doctors.test_call(config, call, as_json=as_json)
        except ValueError as error:
            raise typer.BadParameter(f"{error} can be no number or address") from None
        except ModuleNotFoundError as error:
            typer.echo(f'a test call needs {error.name}: `pip install "huntgroup[doctor]"`', err=True)
            is_well = False
    if not is_well:
        raise typer.Exit(EXIT_FAILED)


@app.command()
def replay(
    config: ConfigFile,
    until: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Show how things stood then, as in 2026-11-23T14:05:09.", show_default=False),
    ] = None,
) -> None:
    """Run the journal through the engine again and compare every decision with what was recorded.

    Nothing real is touched, whether the daemon runs or not. Exit status 0; 1 at the first difference, which is shown.
    """
    from huntgroup.replay import replay as run_again  # noqa: PLC0415 - as for the daemon
    from huntgroup.retelling import as_it_stood, outcome  # noqa: PLC0415

    try:
        moment = datetime.fromisoformat(until).astimezone() if until else None
    except ValueError:
        raise typer.BadParameter(
            f"{until} is not a time; write it as in 2026-11-23T14:05:09", param_hint="--until"
        ) from None
    try:
        settings = load_to_simulate(config)
        done = run_again(settings.store.path, moment.timestamp() if moment else None)
    except (ConfigError, HuntgroupError) as error:
        _tell(error) if isinstance(error, ConfigError) else typer.echo(str(error), err=True)
        raise typer.Exit(EXIT_FAILED) from None
    if done.difference is None and moment is not None:
        for line in as_it_stood(done.engine.world):
            typer.echo(line)
    for line in outcome(done):
        typer.echo(line)
    raise typer.Exit(EXIT_FAILED if done.difference else 0)


@app.command()
def backup(
    to: Annotated[Path, typer.Argument(metavar="FILE", help="Where the copy goes; no such file may exist.")],
    config: ConfigFile,
) -> None:
    """Copy the store as it is at this moment, while the daemon goes on.

    To restore: stop the daemon, put the copy in the place of the [store] file, without its -wal and -shm; start it.
    Exit status 0 when the copy is whole, else 1.
    """
    from huntgroup.adapters.store.reading import back_up  # noqa: PLC0415 - as for the daemon

    try:
        settings = load_to_simulate(config)
        back_up(settings.store.path, to)
    except ConfigError as error:
        _tell(error)
        raise typer.Exit(EXIT_FAILED) from None
    except HuntgroupError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(EXIT_FAILED) from None
    typer.echo(f"{to}: {to.stat().st_size / 1e6:.1f} MB")


@crm_app.command()
def outbox(
    config: ConfigFile,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON object a line.")] = False,
) -> None:
    """What the CRM is still to be told, and what was given up, with the reason. Reads, whether the daemon runs or not.

    Exit status 0; 1 when anything was given up, or the store cannot be read.
    """
    from huntgroup.adapters.clock import Clock  # noqa: PLC0415 - as for the daemon
    from huntgroup.crm import report  # noqa: PLC0415

    try:
        rows = report.rows_in(load_to_simulate(config).store.path)
    except (ConfigError, HuntgroupError) as error:
        _tell(error) if isinstance(error, ConfigError) else typer.echo(str(error), err=True)
        raise typer.Exit(EXIT_FAILED) from None
    data = (json.dumps(report.as_data(row), ensure_ascii=False) for row in rows)
    for line in data if as_json else report.told(rows, Clock().now()):
        typer.echo(line)
    if not rows and not as_json:
        typer.echo("nothing waits, and nothing was given up")
    raise typer.Exit(EXIT_FAILED if any(row.is_dead for row in rows) else 0)


@crm_app.command()
def retry(
    config: ConfigFile,
    numbers: Annotated[
        list[int] | None, typer.Argument(metavar="[ID]...", help="As `outbox` numbers them; none: all.")
    ] = None,
) -> None:
    """Have the CRM told again what was given up. The daemon, when it runs, does so within half a minute.

    Exit status 0; 1 when nothing of that was given up, or the store cannot be written.
    """
    from huntgroup.adapters.clock import Clock  # noqa: PLC0415 - as for the daemon
    from huntgroup.crm import report  # noqa: PLC0415

    try:
        count = report.retry(load_to_simulate(config).store.path, numbers or None, Clock().now())
    except (ConfigError, HuntgroupError) as error:
        _tell(error) if isinstance(error, ConfigError) else typer.echo(str(error), err=True)
        raise typer.Exit(EXIT_FAILED) from None
    typer.echo(f"{count} to be told again" if count else "nothing of that was given up")
    raise typer.Exit(0 if count else EXIT_FAILED)


def _tell(error: ConfigError) -> None:
    """Each problem on a line of its own, and how many there are."""
    for problem in error.problems:
        typer.echo(str(problem), err=True)
    typer.echo(f"{_counted(error.problems, 'problem')} in the configuration.", err=True)


def _counted(things: Sequence[object], name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"
