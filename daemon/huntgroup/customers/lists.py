"""Lists of customers as CSV and vCard: text in, text out, a line at a time, however long the list is.

Whatever is usable is read; what is not is told with its line, and the next one is read. The vCard reader is our own, on
bytes: of the libraries there are, none goes on behind a line that it cannot read, decodes each line by its own CHARSET,
or says what it left out. Versions 2.1, 3.0 and 4.0 are read, as phones, Outlook and Apple's address book write them.
"""

import binascii
import codecs
import csv
import io
import quopri
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from huntgroup.plain import clean

COLUMNS = ("name", "phones", "emails", "handles", "responsible", "crm")
GIVEN, FAMILY, IGNORED = "given", "family", ""
ALIASES = {
    "phone": "phones",
    "email": "emails",
    "e-mail": "emails",
    "handle": "handles",
    "tel": "phones",
    "full name": "name",
    "display name": "name",
    "first name": GIVEN,
    "given name": GIVEN,
    "last name": FAMILY,
    "family name": FAMILY,
    "surname": FAMILY,
}
_PHONE_COLUMN = re.compile(r"(?:[\w/&-]+ )*(?:phone|telephone|mobile|tel)(?: ?[0-9])?(?: number| ?- value)?")
_EMAIL_COLUMN = re.compile(r"e-?mail(?: ?[0-9])?(?: address| ?- value)?")
"""What Outlook and Google call the columns of a number and of an address."""
SEPARATOR = ";"
"""Between several values in one field of a CSV."""
_SEPARATORS = re.compile(r"\\([\\;:])|:::|;")
"""``:::`` is Google's. A backslash before a separator or a backslash makes it a part of the value."""
_ESCAPED = re.compile(r"[\\;]|:(?=::)|(?<=:):(?=:)|(?<=::):")
"""What is written with a backslash before it."""
DELIMITERS = ",;\t|"
_SEP = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
"""The first line by which Excel is told its delimiter."""
QUOTED_LINES_MOST = 20
"""Lines of one field in quotes; one that is longer was never closed."""
_FORMULA = re.compile("(^|[,;|\t\"\r\n])([ \u00a0]*)('*[=+\\-@\t\r\uff1d\uff0b\uff0d\uff20])")
"""With one of these first, a spreadsheet takes a text for a formula; the last ones are full-width. First is also what
stands behind a delimiter: a spreadsheet set to another one parts the text there."""
_GUARDED = re.compile("(^|[,;|\t\"\r\n])([ \u00a0]*)'('*[=+\\-@\t\r\uff1d\uff0b\uff0d\uff20])")
SHOWN_MOST = 60
"""Characters of a text of others in a message."""
COLUMNS_SHOWN_MOST = 10
FOLD = 75
"""Bytes of a line of a vCard."""


class Unusable(NamedTuple):
    """What of a list cannot be used, with what would be right. ``line``: where, from 1."""

    line: int
    what: str


class Listed(NamedTuple):
    """One customer as a list has them: every text as it was written. ``line``: where, from 1."""

    line: int
    name: str = ""
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    handles: tuple[tuple[str, str], ...] = ()
    responsible: str = ""
    crm: str = ""
    unusable: tuple[Unusable, ...] = ()
    """What of it could not be read."""


class BadList(Exception):  # noqa: N818 - it is somebody's file, and no fault of ours
    """A list of which nothing can be read."""

    def __init__(self, line: int, wrong: str, right: str) -> None:
        super().__init__(f"{wrong}; {right}")
        self.line = line


# -- CSV ------------------------------------------------------------------------------------------------------------


def from_csv(lines: Iterable[str], *, other_columns: bool = False) -> Iterator[Listed | Unusable]:
    """The customers of a CSV whose first line names its columns.

    Its delimiter is the one with which these make sense, or what a line ``sep=`` in front says. ``other_columns``: it
    may have columns that say nothing here. Raises BadList.
    """
    numbered = enumerate(lines, 1)
    header = next(((number, line) for number, line in numbered if line.strip("\ufeff\r\n\t ,;|\0")), None)
    told = _SEP.fullmatch(header[1].lstrip("\ufeff").rstrip("\r\n")) if header is not None else None
    if told is not None:
        header = next(numbered, None)
    if header is None:
        return
    try:
        columns = _columns(header[1].lstrip("\ufeff"), told[1] if told else DELIMITERS)
    except csv.Error as error:
        raise BadList(header[0], str(error), "name the columns in the first line") from None
    columns.check(header[0], other_columns=other_columns)
    names, delimiter = columns.keys, columns.delimiter
    for number, record in _records(numbered, delimiter):
        if isinstance(record, str):
            yield Unusable(number, record)
            continue
        more = [each for each in record[len(names) :] if each.strip()]
        if more:
            what = f"has {len(record)} fields, and the first line names {len(names)}"
            yield Unusable(number, f"{what}; write quotes around a field with {_spelled(delimiter)} in it")
        elif any(each.strip() for each in record):
            yield _from_fields(names, record, number)


class _Columns(NamedTuple):
    """``keys``: what each column is; empty for one without a title, None for one that says nothing here."""

    delimiter: str
    titles: Sequence[str]
    keys: Sequence[str | None]

    def check(self, line: int, *, other_columns: bool) -> None:
        """Raises BadList for a first line that names nothing, or something else."""
        unknown = [title.strip() for title, key in zip(self.titles, self.keys, strict=True) if key is None]
        is_one_known = any(self.keys)
        if is_one_known and (other_columns or not unknown):
            return
        right = f"use some of {', '.join(COLUMNS)}" + (", or say --ignore-columns" if is_one_known else "")
        shown = ", ".join(repr(each[:SHOWN_MOST]) for each in unknown[:COLUMNS_SHOWN_MOST])
        wrong = f"{shown} is no column" if unknown else "it names no column"
        raise BadList(line, wrong, right)


def _columns(header: str, delimiters: str) -> _Columns:
    """By the delimiter with which most of them make sense."""
    found = []
    for delimiter in delimiters:
        titles = next(csv.reader([header], delimiter=delimiter), [])
        found.append(_Columns(delimiter, titles, [_column(each) for each in titles]))
    return max(found, key=lambda each: (sum(map(bool, each.keys)), len(each.titles)))


def _column(text: str) -> str | None:
    name = clean(text).casefold()
    if not name:
        return IGNORED
    if name in COLUMNS or name in ALIASES:
        return ALIASES.get(name, name)
    if _EMAIL_COLUMN.fullmatch(name):
        return "emails"
    return "phones" if _PHONE_COLUMN.fullmatch(name) else None


_NOT_CLOSED = "a quote is opened and not closed; double each quote inside of quotes"


def _records(lines: Iterator[tuple[int, str]], delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """Each with the number of its first line; a text: what is wrong with that line."""
    behind: list[tuple[int, str]] = []
    while True:
        whole = [behind.pop(0)] if behind else list(_next_of(lines))
        if not whole:
            return
        number = whole[0][0]
        while (record := _record("".join(line for _, line in whole), delimiter)) is None:
            more = [behind.pop(0)] if behind else list(_next_of(lines))
            whole += more
            if not more or len(whole) > QUOTED_LINES_MOST:
                record = _NOT_CLOSED
                break
        if record is _NOT_CLOSED:
            behind = whole[1:] + behind
        yield number, record


def _next_of(lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """The next one, or none."""
    yield from (each for each in [next(lines, None)] if each is not None)


def _record(text: str, delimiter: str) -> list[str] | str | None:
    """The fields; None: a quote is still open; a text: what is wrong."""
    try:
        if '"' in text:
            try:
                next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), [])
            except csv.Error as error:
                if "unexpected end" in str(error):
                    return None
                if "\n" in text.rstrip("\n"):
                    return _NOT_CLOSED
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    except csv.Error as error:
        return f"{error}; write one customer on a line"


def _spelled(delimiter: str) -> str:
    return "a tab" if delimiter == "\t" else f'"{delimiter}"'


def _from_fields(keys: Sequence[str | None], record: Sequence[str], line: int) -> Listed:
    fields: dict[str, list[str]] = {}
    for key, text in zip(keys, record, strict=False):
        if key and text.strip():
            fields.setdefault(key, []).append(text.strip())
    name = _first(fields, "name") or f"{_first(fields, GIVEN)} {_first(fields, FAMILY)}".strip()
    handles = [each.partition(":") for each in _parts(fields, "handles")]
    return Listed(
        line,
        name,
        _parts(fields, "phones"),
        _parts(fields, "emails"),
        tuple((network, name) for network, _, name in handles),
        _first(fields, "responsible"),
        _first(fields, "crm"),
    )


def _first(fields: dict[str, list[str]], key: str) -> str:
    return _unguarded(next(iter(fields.get(key, ())), ""))


def _parts(fields: dict[str, list[str]], key: str) -> tuple[str, ...]:
    parts = [_unguarded(each.strip()) for text in fields.get(key, ()) for each in _split_values(text)]
    return tuple(dict.fromkeys(each for each in parts if each))


def _split_values(text: str) -> list[str]:
    """The values in a field; the reverse of `_joined_values`."""
    values, begin = [""], 0
    for found in _SEPARATORS.finditer(text):
        values[-1] += text[begin : found.start()] + (found[1] or "")
        if found[1] is None:
            values.append("")
        begin = found.end()
    values[-1] += text[begin:]
    return values


def _joined_values(values: Iterable[str]) -> str:
    """Values as one field, none of them a formula."""
    return SEPARATOR.join(_ESCAPED.sub(r"\\\g<0>", _guarded(each)) for each in values)


def to_csv(customers: Iterable[Listed]) -> Iterator[str]:
    """Lines, with their ends, the first of them naming the columns. No spreadsheet takes a field for a formula; numbers
    are digits behind a ``+``, and come to no more than themselves."""
    yield _row(COLUMNS)
    for each in customers:
        handles = [f"{network}:{name}" for network, name in each.handles]
        fields = (
            _guarded(each.name),
            SEPARATOR.join(each.phones),
            _joined_values(each.emails),
            _joined_values(handles),
            _guarded(each.responsible),
            _guarded(each.crm),
        )
        yield _row(fields)


def _row(fields: Iterable[str]) -> str:
    file = io.StringIO()
    csv.writer(file).writerow(fields)
    return file.getvalue()


def _guarded(text: str) -> str:
    return _FORMULA.sub(r"\1\2'\3", text)


def _unguarded(text: str) -> str:
    return _GUARDED.sub(r"\1\2\3", text)


# -- vCard ----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Property:
    """One line of a card, whole again. ``value`` is as it was written, encoded or not."""

    line: int
    name: str
    parameters: frozenset[str]
    """In capitals, as ``CHARSET=UTF-8``; those without a name, which 2.1 has, as well."""
    value: bytes

    @property
    def is_quoted_printable(self) -> bool:
        return not self.parameters.isdisjoint({"QUOTED-PRINTABLE", "ENCODING=QUOTED-PRINTABLE"})

    @property
    def is_binary(self) -> bool:
        return not self.parameters.isdisjoint({"BASE64", "B", "ENCODING=BASE64", "ENCODING=B"})


@dataclass(slots=True)
class _Card:
    line: int
    fields: dict[str, list[str]] = field(default_factory=dict)
    unusable: list[Unusable] = field(default_factory=list)

    def add(self, name: str, texts: Iterable[str]) -> None:
        """Values that say nothing are none."""
        self.fields.setdefault(name, []).extend(each for each in texts if each)


_NAMES = frozenset({"FN", "TEL", "EMAIL", "IMPP", "N", "ORG", "X-HUNTGROUP-RESPONSIBLE", "X-HUNTGROUP-CRM"})
_STRUCTURED = frozenset({"N", "ORG"})
"""Their values have parts, between semicolons."""
_BORDER = re.compile(rb"(?:BEGIN|END):VCARD", re.IGNORECASE)
_PART = re.compile(rb"((?:\\.?|[^\\;])*)(?:;|$)", re.DOTALL)
_NO_COLON = "a line without a colon; write NAME:value, and begin what goes on with a space"


def from_vcard(lines: Iterable[bytes], code_page: str = "cp1252") -> Iterator[Listed | Unusable]:
    """The customers of a vCard file. ``code_page``: what is neither UTF-8 nor says what it is."""
    cards = _Cards(code_page)
    for found in _properties(lines):
        if isinstance(found, Unusable):
            yield from cards.leave_out(found)
        else:
            yield from cards.take(found)
    yield from cards.end()


@dataclass(slots=True)
class _Cards:
    """The card that is being read, if there is one. ``depth``: of cards inside of it, as AGENT has them."""

    code_page: str
    card: _Card | None = None
    depth: int = 0
    is_agent: bool = False

    def leave_out(self, what: Unusable) -> Iterator[Unusable]:
        """A line that is none."""
        if self.card is None:
            yield what
        elif not self.depth:
            self.card.unusable.append(what)

    def take(self, found: _Property) -> Iterator[Listed | Unusable]:
        """One line; what is complete by it."""
        is_vcard = found.value.strip().upper() == b"VCARD"
        begins, ends = found.name == "BEGIN" and is_vcard, found.name == "END" and is_vcard
        if self.depth or (begins and self.is_agent):
            self.depth += begins - ends
            self.is_agent = False
        elif begins:
            yield from self.end()
            self.card = _Card(found.line)
        elif self.card is None:
            what = f"{clean(found.name)[:40]} stands outside of a card; begin each with BEGIN:VCARD"
            yield Unusable(found.line, what)
        elif ends:
            yield _from_card(self.card)
            self.card = None
        else:
            self.is_agent = found.name == "AGENT" and not found.value.strip()
            _take(self.card, found, self.code_page)

    def end(self) -> Iterator[Listed]:
        """Whatever is still open is read so far as it goes."""
        if self.card is not None:
            self.card.unusable.append(Unusable(self.card.line, "the card has no end; end each with END:VCARD"))
            yield _from_card(self.card)
        self.card, self.depth = None, 0


def _properties(lines: Iterable[bytes]) -> Iterator[_Property | Unusable]:
    """Lines unfolded, and put together where a quoted-printable one ends with a soft line break."""
    waiting: _Property | Unusable | None = None
    for number, raw in enumerate(lines, 1):
        line = raw.rstrip(b"\r\n").removeprefix(b"\xef\xbb\xbf" if number == 1 else b"")
        if waiting is not None:
            if _goes_on(waiting, line):
                continue
            yield waiting
        waiting = _property(number, line) if line.strip() else None
    if waiting is not None:
        yield waiting


def _goes_on(waiting: _Property | Unusable, line: bytes) -> bool:
    """Whether a line belongs to the one before it, which has it from now on."""
    is_folded = line[:1] in (b" ", b"\t")
    if isinstance(waiting, Unusable):
        return is_folded
    if waiting.is_quoted_printable and waiting.value.endswith(b"=") and not _BORDER.match(line):
        waiting.value = waiting.value[:-1] + line
        return True
    if is_folded and waiting.name in _NAMES:
        waiting.value += line[1:]
    return is_folded or (waiting.is_binary and b":" not in line)  # 2.1 does not fold a picture


def _property(number: int, line: bytes) -> _Property | Unusable:
    """Name and value, without its group."""
    colon = _colon(line)
    if colon < 0:
        return Unusable(number, _NO_COLON)
    name, *parameters = line[:colon].decode("ascii", "replace").upper().split(";")
    said = frozenset(each.strip().replace('"', "") for each in parameters)
    return _Property(number, name.rpartition(".")[2].strip(), said, line[colon + 1 :])


def _colon(line: bytes) -> int:
    """Where the value begins; a parameter's quoted value may have a colon in it. Less than 0: nowhere."""
    is_quoted = False
    for position, each in enumerate(line):
        is_quoted ^= each == ord('"')
        if each == ord(":") and not is_quoted:
            return position
    return line.find(b":")  # Apple writes quotes that open nothing


def _take(card: _Card, found: _Property, code_page: str) -> None:
    if found.name not in _NAMES:
        return
    parts = _split(found.value) if found.name in _STRUCTURED else [found.value]
    try:
        texts = [_unescaped(_decoded(each, found, code_page)) for each in parts]
    except (LookupError, ValueError, binascii.Error) as error:
        wrong = f"{found.name} cannot be decoded ({clean(str(error))[:SHOWN_MOST]})"
        card.unusable.append(Unusable(found.line, f"{wrong}; save it as UTF-8"))
        return
    if found.name in _STRUCTURED:
        card.fields.setdefault(found.name, texts)
    else:
        card.add(found.name, texts)


def is_for_files(encoding: str) -> bool:
    """Whether an encoding that Python knows is one that files have, and not the notation of its own source code."""
    return codecs.lookup(encoding).name.replace("-", "_") not in {"unicode_escape", "raw_unicode_escape"}


def _decoded(value: bytes, of: _Property, code_page: str) -> str:
    """Raises LookupError for a character set that nobody knows, ValueError for bytes that are none of it."""
    if of.is_quoted_printable:
        value = quopri.decodestring(value)
    said = next((each.partition("=")[2] for each in of.parameters if each.startswith("CHARSET=")), "")
    encodings = [said] if said and value.isascii() else ["utf-8", *([said] if said else [])]
    if said and not is_for_files(said):
        raise LookupError(said)
    for encoding in encodings:  # what is UTF-8 is, whatever it said before somebody saved it anew
        try:
            return value.decode(encoding)
        except UnicodeDecodeError:
            continue
    return value.decode(code_page, "replace")


def _split(value: bytes) -> list[bytes]:
    """The parts that semicolons part, unless they are escaped; before they are decoded, as an encoded one is text."""
    return _PART.findall(value)


def _from_card(card: _Card) -> Listed:
    fields = card.fields
    family, given = [*fields.get("N", ()), "", ""][:2]
    name = next(iter(fields.get("FN", ())), "") or f"{given} {family}".strip()
    handles = [each.partition(":") for each in fields.get("IMPP", ())]
    return Listed(
        card.line,
        name or next((each for each in fields.get("ORG", ()) if each), ""),
        tuple(fields.get("TEL", ())),
        tuple(fields.get("EMAIL", ())),
        tuple((network, who) for network, _, who in handles),
        next(iter(fields.get("X-HUNTGROUP-RESPONSIBLE", ())), ""),
        next(iter(fields.get("X-HUNTGROUP-CRM", ())), ""),
        tuple(card.unusable),
    )


def to_vcard(customers: Iterable[Listed]) -> Iterator[str]:
    """Lines of vCard 4.0 (RFC 6350), with their ends."""
    for each in customers:
        lines = ["BEGIN:VCARD", "VERSION:4.0", f"FN:{_escaped(each.name)}"]
        lines += [f"TEL;VALUE=uri:tel:{phone}" for phone in each.phones]
        lines += [f"EMAIL:{_escaped(email)}" for email in each.emails]
        lines += [f"IMPP:{_escaped(f'{network}:{name}')}" for network, name in each.handles]
        lines += [f"X-HUNTGROUP-RESPONSIBLE:{_escaped(each.responsible)}"] if each.responsible else []
        lines += [f"X-HUNTGROUP-CRM:{_escaped(each.crm)}"] if each.crm else []
        for line in [*lines, "END:VCARD"]:
            yield f"{_folded(line)}\r\n"


def _folded(line: str) -> str:
    """Lines of no more than 75 bytes, none of which ends inside of a character."""
    parts, size = [""], 0
    for each in line:
        width = len(each.encode())
        if size + width > FOLD:
            parts.append(" ")
            size = 1
        parts[-1] += each
        size += width
    return "\r\n".join(parts)


def _escaped(text: str) -> str:
    for plain, written in (("\\", "\\\\"), ("\r\n", "\\n"), ("\n", "\\n"), ("\r", "\\n"), (",", "\\,"), (";", "\\;")):
        text = text.replace(plain, written)
    return text


def _unescaped(text: str) -> str:
    found, rest = [], iter(text)
    for each in rest:
        if each == "\\":
            after = next(rest, "")
            found.append({"n": " ", "N": " "}.get(after, after))
        else:
            found.append(each)
    return "".join(found).strip()
