"""Customer lists: `huntgroup customers import` of CSV and vCard files, and export.

Inputs: lists with valid, unusual and hostile names, numbers, addresses and handles, in the forms, delimiters and
encodings that spreadsheets and address books write, with quotes, folded lines, unknown columns and blank lines; and
mutated bytes. They are files, read as the command line reads them.

Rules:

* A list is imported, or refused at a line with a message. No other exception.
* Every customer in it is created, changed, unchanged or left out, and every line that cannot be read is left out, with
  its number and a printable message.
* Importing the same list again changes nothing.
* An export as CSV or vCard imports completely into an empty store, and gives the same customers.
* No cell of an exported CSV is a spreadsheet formula, whatever delimiter the spreadsheet uses.
"""

import csv
import io
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest

from huntgroup.adapters.store.customers import desk, moving
from huntgroup.adapters.store.customers.book import Change
from huntgroup.adapters.store.customers.moving import Import, Imported, exported
from huntgroup.customers.encodings import Encoding, encoding_of
from huntgroup.customers.lists import DELIMITERS, BadList, Listed, Unusable, to_csv, to_vcard
from huntgroup.customers_cli import rows_of
from tests.fuzz.dice import TEXTS, TOKENS, Dice
from tests.fuzz.driver import Case, Violation
from tests.fuzz.store import Store

COUNTRY = "pl"
OPERATORS = frozenset({"anna", "ben"})
WRITERS: dict[str, Callable[[Iterable[Listed]], Iterator[str]]] = {"csv": to_csv, "vcf": to_vcard}
FORMULA = re.compile(r"[\s\"]*[=+\-@\uff1d\uff0b\uff0d\uff20]")
"""What a spreadsheet evaluates."""
NUMBER = re.compile(r"[\s\"]*(\+[0-9]+)(?=[\",;]|$)")
"""An exported telephone number: the only text that may begin like a formula."""
ENCODINGS = ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1250", "latin-1", "cp932")
SAID = (*ENCODINGS, "ascii", "utf-7", "utf-8", "gb18030", "cp037", "iso2022_jp", "utf-32-le")
"""Values of ``--encoding``."""
NAMES = (
    *(
        "Jan Kowalski",
        "Kowalski; Jan, jr.",
        "=HYPERLINK(1)",
        "+48",
        "-Jan",
        "@jan",
        "'=1",
        "''=1",
        "a\nb",
        "a\r\nb",
        "\t=1",
    ),
    *(
        " Jan ",
        '"Jan"',
        "Jan\\n",
        "a\\",
        "a:b",
        "BEGIN:VCARD",
        "x" * 300,
        "\u2028",
        "a\x0bb",
        "a\x85b",
        "\x1c",
        "ż" * 100,
        "'",
        "Jan;=1",
        "Jan|'=1",
        'Jan "=1" Kowalski',
        "＝1 Jan",
        "O'Brien,+Jan",
        "a ::: b",
    ),
)
PHONES = (
    "+48600700800",
    "600 700 801",
    "tel:+48600700802",
    "0048 600-700-803",
    "12",
    "+",
    "+266696687",
    "(0)600700804",
)
EMAILS = (
    "jan@x.org",
    "JAN@X.org",
    "+x@evil.org",
    "=1@x.org",
    "jan",
    "noreply@x.org",
    "a@b@c.org",
    "<jan@x.org>",
    "mail:mail:jan@x.org",
    "''jan@x.org''",
    "'=1@x.org",
    "a:::b@x.org",
    "a\\b@x.org",
    "jan@xn--zz.org",
    "+48600700800@x.org",
    "ż@ż.pl",
)
HANDLES = (
    "telegram:jan",
    "Telegram:@Jan",
    "x",
    "x:",
    ":x",
    "t:@@x",
    "t:@ x",
    "t:::x",
    "t:a:::=b",
    "t:'=x",
    "t: x",
    "a:b:c",
    "=a:b",
    "ﬁ:ﬁ",
    "t;g:x",
    "t,g:x",
    "t\\g:x\\",
    "a\nb:c",
    "t:a;b",
)
COLUMNS = (
    *("name", "phones", "emails", "handles", "responsible", "crm", "Phone", "E-Mail", " tel ", "name", "shoe_size", ""),
    *("\ufeffname", "NAME", "ｎame", "First Name", "Last Name", "Phone 1 - Value", "E-mail 2 Address", "Home Phone"),
)
PARTED = (";", ";", "; ", " ::: ", "\\;")
"""Between several values in one field."""
LONG = (b'"' + b"x" * 140_000, b"x" * 140_000, b";" * 3_000, b"\r\n " * 3_000, b"," * 9_000)
"""Longer than the field limit of the csv module."""
CARD_LINES = (
    *(
        "VERSION:4.0",
        "N:Kowalski;Jan;;;",
        "N:;;;;",
        "NOTE:x",
        "item1.TEL:+48600700805",
        'TEL;TYPE="a:b":600700806',
        "TEL",
        ":",
        ";",
    ),
    *(
        "BEGIN:VCARD",
        "END:VCARD",
        "EMAIL;PREF=1:jan@x.org",
        " folded",
        "\tfolded",
        "FN",
        "N:\\;a\\,b;c\\",
        "X-HUNTGROUP-CRM:contact/7",
    ),
    *(
        "X-HUNTGROUP-RESPONSIBLE:anna",
        "X-HUNTGROUP-RESPONSIBLE:zoe",
        "IMPP:telegram:jan",
        'a"b:c',
        "begin:vcard",
        "FN:\\",
    ),
    *(
        "FN;ENCODING=QUOTED-PRINTABLE:=C5=81ukasz =",
        "N;CHARSET=UTF-8;QUOTED-PRINTABLE:=BB;=3B=",
        "FN;CHARSET=\x1b[2J:\xf3",
        "FN;CHARSET=hex:Jan",
        "FN;CHARSET=idna:Jan",
        "FN;CHARSET=utf-16;QUOTED-PRINTABLE:=FF",
        "EMAIL;CHARSET=unicode_escape:\\ud800@x.org",
        "FN;CHARSET=utf-7:+2AA-",
        "PHOTO;JPEG;ENCODING=BASE64:",
        "AGENT:",
        "ORG:Firm;Sales",
        "\x1b[2J\x07:x",
    ),
)


class _Hurried:
    """The time module without pauses."""

    perf_counter = staticmethod(time.perf_counter)

    @staticmethod
    def sleep(_seconds: float) -> None:
        """Return at once."""


class Lists:
    """See the module's description."""

    name = "lists"

    def __init__(self) -> None:
        self._store, self._other = Store(), Store()
        self._folder = Path(tempfile.mkdtemp(prefix="huntgroup-lists-"))
        self._hurry = pytest.MonkeyPatch()
        self._hurry.setattr(moving, "time", _Hurried)  # the pauses are for a running daemon

    def close(self) -> None:
        """Close the stores."""
        self._hurry.undo()
        self._store.close()
        self._other.close()
        shutil.rmtree(self._folder)

    def weight(self, _case: Case) -> int:
        """A list counts as one input."""
        return 1

    # -- making ---------------------------------------------------------------------------------------------------

    def make(self, dice: Dice) -> Case:
        """The kind of a list, its bytes, and the options of the command."""
        kind = dice.one_of("csv", "vcf")
        text = _csv(dice) if kind == "csv" else _vcf(dice)
        data = text.encode("utf-8", "surrogatepass")
        if dice.chance(0.2):
            data = text.encode(dice.pick(ENCODINGS), "replace")
        if dice.chance(0.3):
            data = dice.mutated(data, LONG if dice.chance(0.02) else TOKENS)
        said = dice.pick(SAID) if dice.chance(0.05) else ""
        return {"kind": (kind,), "data": data, "options": (said, dice.chance(0.3))}

    # -- checking -------------------------------------------------------------------------------------------------

    def check(self, case: Case) -> None:
        """See the module's description."""
        self._store.empty()
        (kind,) = case["kind"]
        said, other_columns = case.get("options", ("", False))
        file = self._file(kind, case["data"])
        encoding = Encoding(said) if said else None
        first = _taken(self._store, file, encoding, other_columns=other_columns)
        again = _taken(self._store, file, encoding, other_columns=other_columns)
        is_consistent = first is not None and not first.changed  # two lines may contradict each other
        if again is not None and is_consistent and (again.created or again.changed):
            raise Violation("importing the same list again changes the store", again)
        customers = [each._replace(line=0) for each in exported(self._store.database)]
        for ending, write in WRITERS.items():
            text = "".join(write(exported(self._store.database)))
            if ending == "csv":
                _is_no_formula(text, customers)
            self._comes_back(ending, text, customers)
        if kind == "csv":
            for row in desk.named(self._store.database, "", 3):
                desk.shown(self._store.database, row)

    def _file(self, kind: str, data: bytes) -> Path:
        file = self._folder / f"list.{kind}"
        file.write_bytes(data)
        return file

    def _comes_back(self, ending: str, text: str, customers: Sequence[Listed]) -> None:
        self._other.empty()
        done = _taken(self._other, self._file(ending, text.encode()))
        if done is None or done.problems or done.created != len(customers):
            raise Violation(f"an exported {ending} is not imported completely", (done, text[:1_000]))
        found = [each._replace(line=0) for each in exported(self._other.database)]
        if found != customers:
            differ = next(pair for pair in zip(customers, found, strict=True) if pair[0] != pair[1])
            raise Violation(f"a customer differs after export and import as {ending}", differ)


def _taken(
    store: Store, file: Path, encoding: Encoding | None = None, *, other_columns: bool = False
) -> Imported | None:
    """Import a list; None if it is refused."""
    taking = Import(COUNTRY, OPERATORS, Change(1_790_000_000.0, "cli", "import list"))
    seen = 0

    def counted(rows: Iterable[Listed | Unusable]) -> Iterator[Listed | Unusable]:
        nonlocal seen
        for row in rows:
            seen += 1
            yield row

    rows = rows_of(file, encoding or encoding_of(file, COUNTRY), COUNTRY, other_columns=other_columns)
    try:
        done = taking.take(store.database, counted(rows))
    except BadList as error:
        if error.line < 1 or not str(error).isprintable():
            raise Violation("a list is refused without a line or a printable message", repr(error)) from None
        return None
    if done.created + done.changed + done.unchanged + done.refused != seen:
        raise Violation("a customer is neither imported nor left out", (seen, done))
    if len(done.problems) < done.refused + done.in_part and len(done.problems) < moving.PROBLEMS_MOST:
        raise Violation("a line is left out without a message", done)
    for wrong in done.problems:
        if wrong.line < 1 or not wrong.what or not wrong.what.isprintable():
            raise Violation("a line is left out without a printable message", repr(wrong))
    return done


def _is_no_formula(text: str, customers: Iterable[Listed]) -> None:
    numbers = {each for customer in customers for each in customer.phones}
    for delimiter in DELIMITERS:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            for cell in row:
                number = NUMBER.match(cell)
                if FORMULA.match(cell) and not (number and number[1] in numbers):
                    raise Violation("a cell of an exported CSV is a spreadsheet formula", (delimiter, cell))


# -- what is written --------------------------------------------------------------------------------------------------


def _one(dice: Dice, usual: Sequence[str]) -> str:
    return dice.pick(usual) if dice.chance(0.9) else dice.text()


def _several(dice: Dice, usual: Sequence[str]) -> list[str]:
    return [_one(dice, usual) for _ in range(dice.one_of(0, 1, 1, 1, 2))]


def _number(dice: Dice) -> str:
    return f"+4860070{dice.below(10_000):04}" if dice.chance(0.6) else _one(dice, PHONES)


def _csv(dice: Dice) -> str:
    columns = list(COLUMNS[: 2 + dice.below(5)])
    if dice.chance(0.1):
        columns[dice.below(len(columns))] = dice.pick(COLUMNS)
    file = io.StringIO()
    end = dice.one_of("\r\n", "\r\n", "\n", "\r")
    delimiter = dice.one_of(",", ",", *DELIMITERS)
    quoting: Literal[0, 1] = csv.QUOTE_ALL if dice.chance(0.5) else csv.QUOTE_MINIMAL
    writer = csv.writer(file, delimiter=delimiter, lineterminator=end, quoting=quoting)
    if dice.chance(0.05):
        file.write(dice.one_of(f"sep={delimiter}", '"sep=|"', "sep=", "sep=;", "") + end)
    writer.writerow(columns)
    for _ in range(dice.below(6)):
        fields: dict[str, Any] = {
            "name": _one(dice, NAMES),
            "phones": dice.pick(PARTED).join(_number(dice) for _ in range(dice.one_of(1, 1, 2))),
            "emails": dice.pick(PARTED).join(_several(dice, EMAILS)),
            "handles": dice.pick(PARTED).join(_several(dice, HANDLES)),
            "responsible": dice.one_of("", "", "anna", "ben", "zoe", " anna ", "=anna"),
            "crm": dice.one_of("", "", "contact/7", "=1", "a\nb", "lead:1", dice.text()),
        }
        writer.writerow([fields.get(each, dice.pick(TEXTS)) for each in columns])
        if dice.chance(0.05):
            file.write(dice.one_of(end, f",,,{end}", '"', f"{end}{end}"))
    return file.getvalue()


def _vcf(dice: Dice) -> str:
    customers = [
        Listed(
            0,
            _one(dice, NAMES),
            tuple(_number(dice) for _ in range(dice.one_of(1, 1, 2))),
            tuple(_several(dice, EMAILS)),
            tuple(tuple(each.partition(":")[::2]) for each in _several(dice, HANDLES)),  # type: ignore[misc]
            dice.one_of("", "anna", "zoe", "a\nb"),
            dice.one_of("", "contact/7", "a\nb"),
        )
        for _ in range(dice.below(5))
    ]
    lines = "".join(to_vcard(customers)).splitlines(keepends=True)
    for _ in range(dice.one_of(0, 0, 1, 3)):
        lines.insert(dice.below(len(lines) + 1), dice.pick(CARD_LINES) + dice.one_of("\r\n", "\n", "\r"))
    return "".join(lines)
