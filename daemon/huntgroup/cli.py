"""The command line: arguments, words on the screen and exit statuses; nothing else is decided here."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from huntgroup import customers_cli
from huntgroup.build import build, commit
from huntgroup.cli_admin import app as admin_app
from huntgroup.cli_guard import TextOnly, run_guarded
from huntgroup.cli_options import ConfigFile
from huntgroup.errors import ConfigError, HuntgroupError, PeerRefused
from huntgroup.plain import as_json as shown_as_json
from huntgroup.plain import plain
from huntgroup.settings import Settings, load, load_to_simulate
from huntgroup.settings.exposure import exposed

if TYPE_CHECKING:
    from huntgroup.story import Names

EXIT_FAILED = 1
EXIT_CONFIG = 2
EXIT_REFUSED = 3
REPORT_WIDTH = 100
INSTALLS = 'in the folder that Huntgroup was installed from, `pip install ".[{}]"`'
RECENT = 5
"""How many inquiries to name when the one that was asked for is not there."""

app = typer.Typer(
    name="huntgroup",
    cls=TextOnly,
    help="Decides who gets each inquiry: a routing daemon beside Asterisk.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    # Help is plain text: with markup `[mqtt]` is a style, and is not shown.
    rich_markup_mode=None,
)

app.add_typer(admin_app, name="admin")
app.add_typer(customers_cli.app)
crm_app = typer.Typer(name="crm", help="What a CRM is still to be told.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(crm_app)


def main() -> None:
    """The entry point of the command."""
    run_guarded(app)


def _show_version(is_wanted: bool) -> None:
    if not is_wanted:
        return
    at = commit()
    typer.echo(f"huntgroup {build()}" + (f", in a clone at commit {at}" if at else ""))
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
    for note in _notes(settings):
        typer.echo(f"note: {note}")
    for each in exposed(config, settings):
        typer.echo(f"warning: {each}", err=True)


def _notes(settings: Settings) -> Iterator[str]:
    """What is allowed, and hardly meant: with it nobody is ever rung, or nothing comes in."""
    what = {"operators": settings.operators, "groups": settings.groups}
    missing = [name for name, tables in what.items() if not tables]
    if missing:
        yield f"there are no {' and no '.join(missing)}, so nobody will ever be rung"
    if not settings.numbers and not settings.sources:
        yield "there are no numbers and no sources, so no inquiry will ever come in"


@app.command()
def run(config: ConfigFile) -> None:
    """Run the daemon in the foreground.

    SIGTERM stops it cleanly, SIGHUP reloads the file. Exit status 0; 2 for a bad configuration; 3 when a peer
    that it must have refuses it for good.
    """
    # Imported here: `check` must work, and fast, without the daemon and all that it needs.
    import structlog  # noqa: PLC0415

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
    except Exception:  # noqa: BLE001 - the log is where it can be read, with what led there
        structlog.get_logger("huntgroup").exception("daemon.failed")
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
    inquiry: Annotated[
        str,
        typer.Argument(
            metavar="INQUIRY|NUMBER",
            help="Its id, as the log and the broker name it; or a telephone number, for the newest of its inquiries.",
        ),
    ],
    config: ConfigFile,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON object a line.")] = False,
) -> None:
    """Tell the story of one inquiry: each decision, and for everyone who was not chosen the reason why.

    Reads what the daemon recorded, whether it runs or not. Exit status 0; 1 when nothing is known of the inquiry.
    """
    from huntgroup.adapters.store.reading import records_of  # noqa: PLC0415 - as for the daemon
    from huntgroup.story import Names, as_data, summary, told  # noqa: PLC0415

    try:
        settings = load_to_simulate(config)
        store = settings.store.path
        found = [records_of(store, inquiry)]
        if not found[0]:
            found = [records_of(store, each) for each in _of_number(settings, inquiry)]
    except ConfigError as error:
        _tell(error)
        raise typer.Exit(EXIT_FAILED) from None
    except HuntgroupError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(EXIT_FAILED) from None
    names = Names({each.id: each.name for each in settings.operators}, {each.id: each.name for each in settings.groups})
    if not found:
        _tell_recent(settings, inquiry, names)
        raise typer.Exit(EXIT_FAILED)
    if as_json:
        for each in (record for records in found for record in records):
            typer.echo(shown_as_json(as_data(each)))
        return
    if found[0][0].inquiry != inquiry:
        typer.echo(f"The newest of {plain(inquiry)}, and the story of the first:")
        for records in found:
            typer.echo(f"  {summary(records, names)}")
    for line in told(found[0], names):
        typer.echo(line)


def _of_number(settings: Settings, text: str) -> list[str]:
    """The newest inquiries of a telephone number in any of its forms."""
    from huntgroup.adapters.store.reading import inquiries_of_number  # noqa: PLC0415 - as for the daemon
    from huntgroup.customers.identities import phone  # noqa: PLC0415
    from huntgroup.numbering import forms  # noqa: PLC0415

    country = settings.telephony.country
    known = phone(text, country)
    digits = "".join(each for each in text if each in "+0123456789")
    wanted = dict.fromkeys((text, *([digits] if digits else []), *(forms(known.value, country) if known else ())))
    return inquiries_of_number(settings.store.path, list(wanted), RECENT)


def _tell_recent(settings: Settings, asked: str, names: "Names") -> None:
    from huntgroup.adapters.store.reading import recent_inquiries, records_of  # noqa: PLC0415 - as for the daemon
    from huntgroup.story import summary  # noqa: PLC0415

    store = settings.store.path
    try:
        recent = [records_of(store, each) for each in recent_inquiries(store, RECENT)]
    except HuntgroupError as error:
        typer.echo(str(error), err=True)
        return
    what = "the last ones are:" if recent else "nothing is recorded there yet"
    typer.echo(f"nothing is known of {plain(asked)} in {store}; {what}", err=True)
    for records in recent:
        typer.echo(f"  {summary(records, names)}", err=True)


@app.command()
def status(
    config: ConfigFile,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON object.")] = False,
    is_watching: Annotated[
        bool, typer.Option("--watch", help="Stay, and show whatever changes; with --json a line each time.")
    ] = False,
) -> None:
    """Show operators, groups and waiting inquiries of the running daemon.

    They are read from the broker; without [mqtt] from the store, as of the last event that the daemon wrote down.
    Exit status 0; 1 when no daemon is online, or the broker or the store cannot be read.
    """
    from huntgroup.adapters.mqtt.reader import houses  # noqa: PLC0415 - as for the daemon
    from huntgroup.on_record import houses_on_record  # noqa: PLC0415
    from huntgroup.status import show  # noqa: PLC0415

    try:
        settings = load_to_simulate(config)
    except ConfigError as error:
        _tell(error)
        raise typer.Exit(EXIT_FAILED) from None
    if settings.crm is not None and not as_json and not is_watching:
        from huntgroup.crm.report import standing  # noqa: PLC0415

        typer.echo(standing(settings.store.path, settings.crm.type))
    reading = houses_on_record(settings.store.path) if settings.mqtt is None else houses(settings.mqtt)
    try:
        is_online = show(reading, as_json=as_json, is_watching=is_watching, say=typer.echo, beside=_beside(settings))
    except HuntgroupError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(EXIT_FAILED) from None
    except KeyboardInterrupt:
        return
    if not is_online:
        typer.echo(f"no daemon runs with {settings.store.path}", err=True)
        raise typer.Exit(EXIT_FAILED)


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
            # By path: whoever registered the name in an index could have their own code installed by it.
            typer.echo(f"a test call needs {error.name}: {INSTALLS.format('doctor')}", err=True)
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

    Nothing real is touched, whether the daemon runs or not. What an earlier version did not keep is no difference.
    Exit status 0; 1 when anything was decided otherwise: the first difference is shown, and all are counted.
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
    if moment is not None:
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
    data = (shown_as_json(report.as_data(row)) for row in rows)
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
