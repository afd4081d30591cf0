"""``huntgroup customers``: arguments and words on the screen; beside a running daemon or without one."""

import codecs
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from huntgroup.cli_options import ConfigFile
from huntgroup.errors import ConfigError, HuntgroupError, StoreError
from huntgroup.local_time import local, local_from_iso
from huntgroup.plain import as_json as as_json_text
from huntgroup.plain import clean, plain
from huntgroup.settings import Settings, load_to_simulate

if TYPE_CHECKING:
    from huntgroup.customers.encodings import Encoding
    from huntgroup.customers.lists import Listed, Unusable
    from huntgroup.customers.words import Happening

T = TypeVar("T")
EXIT_FAILED = 1
FOUND_MOST = 50
ORPHANS_AT_ONCE = 20
WHO = "cli"

app = typer.Typer(
    name="customers",
    help="Customers: who they are, and who is responsible.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Who = Annotated[
    str,
    typer.Argument(metavar="CUSTOMER", help="An id as in customer-17, a number, an address, or network:name."),
]
AsJson = Annotated[bool, typer.Option("--json", help="For programs: JSON.")]


@app.command()
def show(customer: Who, config: ConfigFile, *, as_json: AsJson = False) -> None:
    """Show all that is known of one customer. Exit status 0; 1 when nobody is known by that."""
    from huntgroup.adapters.store.customers import desk  # noqa: PLC0415 - `check` must be fast without it

    def look(database: sqlite3.Connection, settings: Settings, _now: float) -> dict[str, Any]:
        return desk.shown(database, _one(database, settings, customer))

    found = _read(config, look)
    if as_json:
        typer.echo(as_json_text(found, indent=1))
        return
    for line in _told(found):
        _say(line)


@app.command()
def find(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="A part of a name.")],
    config: ConfigFile,
    *,
    as_json: AsJson = False,
) -> None:
    """Find customers by a part of their name: the first 50. Exit status 0; 1 when there is none."""
    from huntgroup.adapters.store.customers import desk  # noqa: PLC0415

    def look(database: sqlite3.Connection, _settings: Settings, _now: float) -> list[dict[str, Any]]:
        return [desk.summary(database, each) for each in desk.named(database, text, FOUND_MOST)]

    found = _read(config, look)
    for each in found:
        typer.echo(as_json_text(each)) if as_json else _say(_line(each))
    if not found:
        raise typer.Exit(EXIT_FAILED)


@app.command()
def create(  # noqa: PLR0913 - each is an option of its own
    config: ConfigFile,
    *,
    name: Annotated[str, typer.Option(help="Their name.")] = "",
    phone: Annotated[list[str] | None, typer.Option(help="A number; may be given several times.")] = None,
    email: Annotated[list[str] | None, typer.Option(help="An address; may be given several times.")] = None,
    handle: Annotated[list[str] | None, typer.Option(metavar="NETWORK:NAME")] = None,
    responsible: Annotated[str | None, typer.Option(metavar="OPERATOR", help="Who is responsible.")] = None,
) -> None:
    """Create a customer whom nobody knows yet. Exit status 0; 1 when somebody is known by that already."""
    from huntgroup.adapters.store.customers import desk, moving  # noqa: PLC0415
    from huntgroup.customers.lists import Listed  # noqa: PLC0415
    from huntgroup.customers.words import CustomersError  # noqa: PLC0415

    def make(database: sqlite3.Connection, settings: Settings, now: float) -> str:
        parts = [each.partition(":") for each in handle or ()]
        handles = tuple((network, who) for network, _, who in parts)
        listed = Listed(0, name, tuple(phone or ()), tuple(email or ()), handles)
        identities, wrong = moving.identities_of(listed, settings.telephony.country)
        if wrong:
            raise CustomersError("invalid", "; ".join(wrong))
        _must_exist(settings, responsible)
        done, _ = desk.create(database, name, identities, responsible, _change(now))
        return _line(done["customer"])

    _say(_write(config, make))


@app.command()
def merge(customer: Who, other: Annotated[str, typer.Argument(metavar="OTHER")], config: ConfigFile) -> None:
    """Make two customers one: OTHER becomes a part of CUSTOMER. Exit status 0; 1 when it cannot be done."""
    from huntgroup.adapters.store.customers import desk  # noqa: PLC0415

    def join(database: sqlite3.Connection, settings: Settings, now: float) -> list[str]:
        into, second = _one(database, settings, customer), _one(database, settings, other)
        done, told = desk.join(database, into, second, _change(now))
        _keep_for_crm(database, settings, told)
        return [_line(done["customer"]), f"to take it back: huntgroup customers undo {done['change']}"]

    for line in _write(config, join):
        _say(line)


@app.command()
def undo(
    change: Annotated[int, typer.Argument(metavar="CHANGE", min=1, max=2**62, help="Its number, as `show` tells.")],
    config: ConfigFile,
) -> None:
    """Take a merge, a link, a name, another responsible or a shared number back.

    Exit status 0; 1 when it cannot be done.
    """
    from huntgroup.adapters.store.customers import merging  # noqa: PLC0415

    def take_back(database: sqlite3.Connection, settings: Settings, now: float) -> str:
        told = merging.undo(database, change, _change(now))
        _keep_for_crm(database, settings, told)
        return f"change {change} ({told[0].data['what']}) is undone"

    _say(_write(config, take_back))


@app.command()
def responsible(
    customer: Who, operator: Annotated[str, typer.Argument(metavar="OPERATOR|none")], config: ConfigFile
) -> None:
    """Say who is responsible for a customer. Exit status 0; 1 when it cannot be done."""
    from huntgroup.adapters.store.customers import desk  # noqa: PLC0415

    def give(database: sqlite3.Connection, settings: Settings, now: float) -> str:
        who = None if operator == "none" else operator
        _must_exist(settings, who)
        done, told = desk.set_responsible(database, _one(database, settings, customer), who, _change(now))
        _keep_for_crm(database, settings, told)
        return _line(done["customer"])

    _say(_write(config, give))


@app.command()
def orphans(
    config: ConfigFile,
    *,
    give_to: Annotated[
        str | None, typer.Option(metavar="OPERATOR", help="Make this operator responsible for all of them.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List customers whose responsible operator is configured no longer; they come to the queue.

    With --give-to all of them get another. Exit status 0, also when there are none.
    """
    last, count = 0, 0
    while True:
        if give_to is None:
            found = _read(config, partial(_some_orphans, last))
        else:
            found = _write(config, partial(_given, last, give_to))
        for _, each in found:
            typer.echo(as_json_text(each)) if as_json else _say(_line(each))
        count += len(found)
        if len(found) < ORPHANS_AT_ONCE:
            break
        last = found[-1][0]
    if not as_json:
        typer.echo(f"{count} {'customer' if count == 1 else 'customers'}", err=True)


def _some_orphans(
    after: int, database: sqlite3.Connection, settings: Settings, _now: float
) -> list[tuple[int, dict[str, Any]]]:
    from huntgroup.adapters.store.customers import desk  # noqa: PLC0415

    operators = {each.id for each in settings.operators}
    found = desk.orphans(database, operators, after, ORPHANS_AT_ONCE)
    return [(each.id, desk.summary(database, each)) for each in found]


def _given(
    after: int, operator: str, database: sqlite3.Connection, settings: Settings, now: float
) -> list[tuple[int, dict[str, Any]]]:
    """Another transaction for each few of them."""
    from huntgroup.adapters.store.customers import book, desk  # noqa: PLC0415

    _must_exist(settings, operator)
    given = []
    for number, _ in _some_orphans(after, database, settings, now):
        done, told = desk.set_responsible(database, book.existing(database, number), operator, _change(now))
        _keep_for_crm(database, settings, told)
        given.append((number, done["customer"]))
    return given


@app.command()
def erase(customer: Who, config: ConfigFile) -> None:
    """Forget a customer; what counts and lasts stays, and says of nobody who it was. It cannot be undone.

    Names the recordings that still lie at the PBX. Exit status 0; 1 when it cannot be done.
    """
    from huntgroup.adapters.store.customers import erasing  # noqa: PLC0415

    def forget(database: sqlite3.Connection, settings: Settings, now: float) -> list[str]:
        done, _ = erasing.erase(database, _one(database, settings, customer), _change(now))
        until = local(now + settings.store.keep)
        words = f"{done['id']} is forgotten; what came in stays in the journal until {until}"
        return [words, *(f"a message of theirs is still at the PBX: {file}" for file in done["recordings"])]

    for line in _write(config, forget):
        _say(line)


@app.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv|FILE.vcf")],
    config: ConfigFile,
    *,
    encoding: Annotated[
        str, typer.Option(help="How it is encoded, as in cp1250; by default what it is, else the country's code page.")
    ] = "",
    ignore_columns: Annotated[
        bool, typer.Option("--ignore-columns", help="Leave out the columns of a CSV that say nothing here.")
    ] = False,
) -> None:
    """Take a list of customers in, while the daemon goes on. Who is known already gets what is new.

    Doing it again changes nothing. Exit status 0; 1 when anything was left out, and all of that is told.
    """
    from huntgroup.adapters.clock import Clock  # noqa: PLC0415
    from huntgroup.adapters.store.customers.book import Change  # noqa: PLC0415
    from huntgroup.adapters.store.customers.moving import Import  # noqa: PLC0415
    from huntgroup.customers.lists import BadList  # noqa: PLC0415

    _kind(file)
    with _failing(config) as settings, _store(settings) as database:
        country = settings.telephony.country
        found = _encoding(file, encoding, country)
        taking = Import(
            country,
            {each.id for each in settings.operators},
            Change(Clock().now(), WHO, clean(f"import {file.name}")),
        )
        try:
            done = taking.take(database, rows_of(file, found, country, other_columns=ignore_columns))
        except BadList as error:
            _say(f"{file}:{error.line}: {error}", err=True)
            raise typer.Exit(EXIT_FAILED) from None
    for line, what in done.problems:
        _say(f"{file}:{line}: {what}", err=True)
    in_part = f", {done.in_part} in part" if done.in_part else ""
    taken = f"{done.created} created, {done.changed} changed, {done.unchanged} as they were"
    _say(f"{taken}, {done.refused} left out{in_part}")
    if done.refused or done.in_part:
        raise typer.Exit(EXIT_FAILED)


def _encoding(file: Path, told: str, country: str) -> "Encoding":
    """What was told, else what the file is; a guess is said."""
    from huntgroup.customers.encodings import Encoding, encoding_of  # noqa: PLC0415
    from huntgroup.customers.lists import is_for_files  # noqa: PLC0415

    if told:
        try:
            b"a".decode(told, "replace")
            is_one = is_for_files(told)
        except (LookupError, UnicodeError):  # Python has some that read no damaged text, as "idna"
            is_one = False
        if not is_one:
            raise typer.BadParameter(f"{told} is no encoding; write it as in cp1250 or utf-16")
        return Encoding(codecs.lookup(told).name)
    found = encoding_of(file, country)
    if found.is_guessed:
        _say(f"{file}: is not Unicode; read as {found.name}, or say what it is by --encoding", err=True)
    return found


def rows_of(
    file: Path, encoding: "Encoding", country: str, *, other_columns: bool = False
) -> "Iterator[Listed | Unusable]":
    """The customers of a file in either format. Raises BadList, and OSError."""
    from huntgroup.customers.encodings import byte_lines, code_page, text_lines  # noqa: PLC0415
    from huntgroup.customers.lists import from_csv, from_vcard  # noqa: PLC0415

    if _kind(file) == ".csv":
        return from_csv(text_lines(file, encoding), other_columns=other_columns)
    page = code_page(country) if encoding.name.startswith("utf") else encoding.name
    return from_vcard(byte_lines(file, encoding), page)


def _kind(file: Path) -> str:
    kind = file.suffix.lower()
    if kind not in (".csv", ".vcf"):
        raise typer.BadParameter(f"{file} ends with neither .csv nor .vcf", param_hint="FILE")
    return kind


@app.command()
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv|FILE.vcf|-", help="`-`: CSV to the screen.")],
    config: ConfigFile,
    *,
    force: Annotated[bool, typer.Option("--force", help="Write it in place of a file that is there.")] = False,
) -> None:
    """Write all customers into a file that only its owner reads, as CSV or vCard 4.0.

    Exit status 0; 1 when it cannot be done, or a file of this name is there already.
    """
    from huntgroup.adapters.store.customers.moving import exported  # noqa: PLC0415
    from huntgroup.adapters.store.private import write_privately  # noqa: PLC0415
    from huntgroup.customers.lists import to_csv, to_vcard  # noqa: PLC0415

    is_screen = str(file) == "-"
    write = to_csv if is_screen or _kind(file) == ".csv" else to_vcard
    with _failing(config) as settings, _store(settings, is_for_reading=True) as database:
        lines = (each.encode() for each in write(exported(database)))
        if is_screen:
            for line in lines:
                typer.echo(line, nl=False)
            return
        try:
            write_privately(file, lines, replace=force)
        except FileExistsError:
            _say(f"{file} is there already; name another file, or say --force", err=True)
            raise typer.Exit(EXIT_FAILED) from None


# -- the store ------------------------------------------------------------------------------------------------------


def _keep_for_crm(database: sqlite3.Connection, settings: Settings, told: "Sequence[Happening]") -> None:
    """A CRM hears of it all the same: the daemon tells it, when it next looks."""
    if settings.crm is not None:
        from huntgroup.adapters.store.customers.for_crm import ForCrm  # noqa: PLC0415

        ForCrm(settings.crm.type)(database, told)


def _read(config: Path, look: Callable[[sqlite3.Connection, Settings, float], T]) -> T:
    with _failing(config) as settings, _store(settings, is_for_reading=True) as database:
        return look(database, settings, 0.0)


def _write(config: Path, change: Callable[[sqlite3.Connection, Settings, float], T]) -> T:
    """In one short transaction, which a daemon that writes meanwhile waits for as for itself."""
    from huntgroup.adapters.clock import Clock  # noqa: PLC0415
    from huntgroup.adapters.store.customers.moving import begin  # noqa: PLC0415

    with _failing(config) as settings, _store(settings) as database:
        begin(database)
        try:
            done = change(database, settings, Clock().now())
            database.execute("COMMIT")
        except BaseException:
            database.execute("ROLLBACK")
            raise
        return done


@contextmanager
def _store(settings: Settings, *, is_for_reading: bool = False) -> Iterator[sqlite3.Connection]:
    from huntgroup.adapters.store.opening import connect  # noqa: PLC0415
    from huntgroup.adapters.store.schema import VERSION  # noqa: PLC0415

    path = settings.store.path
    if not path.exists():
        raise StoreError(path, "is not there yet: start the daemon once, it makes it")
    try:
        with closing(connect(path, is_for_reading=is_for_reading)) as database:
            found = database.execute("PRAGMA user_version").fetchone()[0]
            if found != VERSION:
                words = f"has version {found} of the tables: start this Huntgroup once, it brings them to {VERSION}"
                raise StoreError(path, words)
            yield database
    except sqlite3.Error as error:
        raise StoreError(path, str(error)) from None


@contextmanager
def _failing(config: Path) -> Iterator[Settings]:
    """The settings; whatever cannot be done ends the command with its words."""
    try:
        yield load_to_simulate(config)
    except ConfigError as error:
        for problem in error.problems:
            _say(str(problem), err=True)
        raise typer.Exit(EXIT_FAILED) from None
    except (HuntgroupError, OSError) as error:
        _say(str(error), err=True)
        raise typer.Exit(EXIT_FAILED) from None


def _one(database: sqlite3.Connection, settings: Settings, text: str) -> Any:
    from huntgroup.adapters.store.customers import desk  # noqa: PLC0415
    from huntgroup.customers.identities import email, handle, phone  # noqa: PLC0415
    from huntgroup.customers.words import PREFIX  # noqa: PLC0415

    if text.startswith(PREFIX):
        return desk.customer(database, text)
    network, _, name = text.partition(":")
    found = [phone(text, settings.telephony.country), email(text), handle(network, name) if name else None]
    return desk.found_by(database, [each for each in found if each is not None])


def _change(now: float) -> Any:
    from huntgroup.adapters.store.customers.book import Change  # noqa: PLC0415

    return Change(now, WHO)


def _must_exist(settings: Settings, operator: str | None) -> None:
    from huntgroup.customers.words import CustomersError  # noqa: PLC0415

    if operator is not None and operator not in {each.id for each in settings.operators}:
        raise CustomersError("unknown_operator", f"there is no operator {operator}", "operator")


def _say(line: str, *, err: bool = False) -> None:
    """One line on the screen, with nothing in it that a terminal obeys: names and numbers come from anybody."""
    typer.echo(plain(line), err=err)


# -- words ----------------------------------------------------------------------------------------------------------


def _line(customer: dict[str, Any]) -> str:
    known_by = ", ".join(each["value"] for each in customer["identities"])
    who = customer["responsible"] or "nobody"
    return f"{customer['id']}  {customer['name'] or '(no name)'}  [{known_by}]  responsible: {who}"


def _told(customer: dict[str, Any]) -> Sequence[str]:
    lines = [_line(customer), f"  known since {local_from_iso(customer['created_at'])}"]
    lines += [f"  merged: {', '.join(customer['merged'])}"] if customer["merged"] else []
    lines += [f"  {each['id']} of {each['inquiry']}, {local_from_iso(each['at'])}" for each in customer["leads"]]
    for each in customer["inquiries"]:
        outcome = each.get("outcome", "open")
        who = each.get("operator", "nobody")
        times = f"waited {each['waited']:.0f} s, talked {each['talked']:.0f} s"
        came = local_from_iso(each["received_at"])
        lines.append(f"  {came}  {each['channel']} {each['inquiry']}: {outcome}, {who}, {times}")
    for each in customer["changes"]:
        undone = ", undone" if "undone_at" in each else ""
        done = f"{each['what']} by {each['by'] or 'somebody'}, {local_from_iso(each['at'])}{undone}"
        lines.append(f"  change {each['change']}: {done}")
    return lines
