"""Lists of customers as CSV and vCard 4.0: text in, text out, a line at a time, however long the list is."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import NamedTuple

COLUMNS = ("name", "phones", "emails", "handles", "responsible", "crm")
ALIASES = {"phone": "phones", "email": "emails", "e-mail": "emails", "handle": "handles", "tel": "phones"}
SEPARATOR = ";"
"""Between several values in one field of a CSV."""
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
"""With one of these first, a spreadsheet takes a text for a formula. Names come from anybody who calls."""
FOLD = 75
"""Bytes of a line of a vCard."""


class Listed(NamedTuple):
    """One customer as a list has them: every text as it was written. ``line``: where, from 1."""

    line: int
    name: str = ""
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    handles: tuple[tuple[str, str], ...] = ()
    responsible: str = ""
    crm: str = ""


class BadList(Exception):  # noqa: N818 - it is somebody's file, and no fault of ours
    """A list that cannot be read from a line on."""

    def __init__(self, line: int, wrong: str, right: str) -> None:
        super().__init__(f"{wrong}; {right}")
        self.line = line


# -- CSV ------------------------------------------------------------------------------------------------------------


def from_csv(lines: Iterable[str]) -> Iterator[Listed]:
    """The customers of a CSV whose first line names its columns. Raises BadList."""
    reader = csv.reader(lines)
    try:
        header = next(reader, None)
    except csv.Error as error:
        raise _not_csv(reader.line_num, error) from None
    if header is None:
        return
    names = [
        ALIASES.get(each.strip().casefold().lstrip("\ufeff"), each.strip().casefold().lstrip("\ufeff"))
        for each in header
    ]
    unknown = [each for each in names if each not in COLUMNS]
    if unknown or not names:
        raise BadList(1, f"{', '.join(map(repr, unknown))} is no column", f"use some of {', '.join(COLUMNS)}")
    try:
        for fields in reader:
            if any(fields):
                yield _from_fields(dict(zip(names, fields, strict=False)), reader.line_num)
    except csv.Error as error:
        raise _not_csv(reader.line_num, error) from None


def _not_csv(line: int, error: csv.Error) -> BadList:
    return BadList(line, str(error), "write CSV in UTF-8, with quotes doubled inside of quotes")


def _from_fields(fields: dict[str, str], line: int) -> Listed:
    handles = [each.partition(":") for each in _parts(fields.get("handles", ""))]
    return Listed(
        line,
        _unguarded(fields.get("name", "").strip()),
        _parts(fields.get("phones", "")),
        _parts(fields.get("emails", "")),
        tuple((network, name) for network, _, name in handles),
        fields.get("responsible", "").strip(),
        fields.get("crm", "").strip(),
    )


def _parts(text: str) -> tuple[str, ...]:
    return tuple(_unguarded(each.strip()) for each in text.split(SEPARATOR) if each.strip())


def to_csv(customers: Iterable[Listed]) -> Iterator[str]:
    """Lines, with their ends, the first of them naming the columns."""
    yield _row(COLUMNS)
    for each in customers:
        handles = SEPARATOR.join(f"{network}:{name}" for network, name in each.handles)
        fields = (
            _guarded(each.name),
            SEPARATOR.join(each.phones),
            _guarded(SEPARATOR.join(each.emails)),
            _guarded(handles),
            each.responsible,
            _guarded(each.crm),
        )
        yield _row(fields)


def _row(fields: Iterable[str]) -> str:
    file = io.StringIO()
    csv.writer(file).writerow(fields)
    return file.getvalue()


def _guarded(text: str) -> str:
    return f"'{text}" if text.startswith(DANGEROUS) else text


def _unguarded(text: str) -> str:
    return text[1:] if text.startswith("'") and text[1:].startswith(DANGEROUS) else text


# -- vCard 4.0 (RFC 6350) -------------------------------------------------------------------------------------------


def from_vcard(lines: Iterable[str]) -> Iterator[Listed]:
    """The customers of a vCard file, of version 3.0 too. Raises BadList."""
    card: dict[str, list[str]] | None = None
    begun = 0
    for number, line in _unfolded(lines):
        name, value = _property(number, line)
        if (name, value.casefold()) == ("BEGIN", "vcard"):
            if card is not None:
                raise BadList(number, "a card begins inside of another", "end each with END:VCARD")
            card, begun = {}, number
        elif card is None:
            raise BadList(number, f"{name} stands outside of a card", "begin each with BEGIN:VCARD")
        elif (name, value.casefold()) == ("END", "vcard"):
            yield _from_card(card, begun)
            card = None
        else:
            card.setdefault(name, []).append(value)
    if card is not None:
        raise BadList(begun, "the card has no end", "end each with END:VCARD")


def _unfolded(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    whole, at = "", 0
    for number, raw in enumerate(lines, 1):
        line = raw.rstrip("\r\n").lstrip("\ufeff" if number == 1 else "")
        if line[:1] in (" ", "\t") and whole:
            whole += line[1:]
            continue
        if whole.strip():
            yield at, whole
        whole, at = line, number
    if whole.strip():
        yield at, whole


def _property(number: int, line: str) -> tuple[str, str]:
    """Name and value, without group and parameters; a parameter's quoted value may have a colon in it."""
    is_quoted = False
    for position, each in enumerate(line):
        is_quoted ^= each == '"'
        if each == ":" and not is_quoted:
            name = line[:position].partition(";")[0].rpartition(".")[2]
            return name.strip().upper(), line[position + 1 :].strip()
    raise BadList(number, "a line without a colon", "write NAME:value, and begin what goes on with a space")


def _from_card(card: dict[str, list[str]], line: int) -> Listed:
    name = next((_unescaped(each) for each in card.get("FN", ()) if each), "")
    if not name and card.get("N"):
        family, given = [*_unescaped_parts(card["N"][0]), "", ""][:2]
        name = f"{given} {family}".strip()
    handles = [each.partition(":") for each in card.get("IMPP", ())]
    return Listed(
        line,
        name,
        tuple(_unescaped(each) for each in card.get("TEL", ())),
        tuple(_unescaped(each) for each in card.get("EMAIL", ())),
        tuple((network, _unescaped(who)) for network, _, who in handles),
        next(iter(card.get("X-HUNTGROUP-RESPONSIBLE", ())), ""),
        next((_unescaped(each) for each in card.get("X-HUNTGROUP-CRM", ())), ""),
    )


def to_vcard(customers: Iterable[Listed]) -> Iterator[str]:
    """Lines, with their ends."""
    for each in customers:
        lines = ["BEGIN:VCARD", "VERSION:4.0", f"FN:{_escaped(each.name)}"]
        lines += [f"TEL;VALUE=uri:tel:{phone}" for phone in each.phones]
        lines += [f"EMAIL:{_escaped(email)}" for email in each.emails]
        lines += [f"IMPP:{network}:{_escaped(name)}" for network, name in each.handles]
        lines += [f"X-HUNTGROUP-RESPONSIBLE:{each.responsible}"] if each.responsible else []
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
    found, rest = "", iter(text)
    for each in rest:
        if each == "\\":
            after = next(rest, "")
            found += {"n": " ", "N": " "}.get(after, after)
        else:
            found += each
    return found.strip()


def _unescaped_parts(text: str) -> list[str]:
    """The parts of a value that semicolons part, unless they are escaped."""
    parts, rest = [""], iter(text)
    for each in rest:
        if each == "\\":
            parts[-1] += each + next(rest, "")
        elif each == ";":
            parts.append("")
        else:
            parts[-1] += each
    return [_unescaped(each) for each in parts]
