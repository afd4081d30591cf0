"""How the file of an address book is decoded: Unicode in any of its forms, else the code page of the country's Windows.

Excel writes CSV in that code page and "Unicode text" in UTF-16; Outlook writes vCard in it; everything else is UTF-8.
"""

import codecs
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from huntgroup.customers.lists import BadList
from huntgroup.plain import clean
from huntgroup.regular import open_regular

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""The longer ones first: the mark of UTF-32 begins with that of UTF-16."""
_CODE_PAGES = {
    "cp1250": "al ba cz hr hu me pl ro rs si sk",
    "cp1251": "bg by kz mk ru ua",
    "cp1253": "cy gr",
    "cp1254": "tr",
    "cp1255": "il",
    "cp1256": "ae bh dz eg iq ir jo kw lb ly ma om pk qa sa sd sy tn ye",
    "cp1257": "ee lt lv",
    "cp1258": "vn",
    "cp874": "th",
    "cp932": "jp",
    "gb18030": "cn",
    "cp949": "kr",
    "cp950": "hk tw",
}
_PAGE_OF = {country: page for page, countries in _CODE_PAGES.items() for country in countries.split()}
_HEAD = 4096
_AT_ONCE = 1 << 20


class Encoding(NamedTuple):
    """``name`` as Python knows it. ``is_guessed``: nothing in the file says so, and it is not UTF-8."""

    name: str
    is_guessed: bool = False


def code_page(country: str) -> str:
    """What Windows writes in this country, where it does not write Unicode."""
    return _PAGE_OF.get(country, "cp1252")


def encoding_of(path: Path, country: str) -> Encoding:
    """Look the whole file through. Raises OSError."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with os.fdopen(open_regular(path), "rb") as file:
        head = file.read(_HEAD)
        marked = next((name for mark, name in _MARKS if head.startswith(mark)), None) or _wide(head)
        if marked is not None:
            return Encoding(marked)
        try:
            part = head
            while part:
                decoder.decode(part)
                part = file.read(_AT_ONCE)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return Encoding(code_page(country), is_guessed=True)
    return Encoding("utf-8")


def _wide(head: bytes) -> str | None:
    """UTF-16 without its mark: every other byte of a text that is mostly Latin is 0."""
    half = len(head) // 2
    if half and head[1::2].count(0) > half * 0.6:
        return "utf-16-le"
    return "utf-16-be" if half and head[::2].count(0) > half * 0.6 else None


def text_lines(path: Path, encoding: Encoding) -> Iterator[str]:
    """Lines, each ending with a line feed, whatever the file ends them with. What cannot be decoded is a mark in its
    place. Raises OSError, and BadList for a file that cannot be in this encoding."""
    number = 0
    try:
        with os.fdopen(open_regular(path), encoding=encoding.name, errors="replace", newline=None) as file:
            for number, line in enumerate(file, 1):  # noqa: B007 - where it breaks off
                yield line
    except UnicodeError as error:  # as UTF-16 that does not begin with its mark
        wrong = f"it cannot be read as {encoding.name} ({clean(str(error))})"
        raise BadList(number + 1, wrong, "say what it is by --encoding, as in cp1250 or utf-16-le") from None


def byte_lines(path: Path, encoding: Encoding) -> Iterator[bytes]:
    """The same undecoded, for a format whose lines say themselves how they are encoded; UTF-16 as UTF-8."""
    if encoding.name.startswith(("utf-16", "utf-32")):
        yield from (line.encode(errors="replace") for line in text_lines(path, encoding))
        return
    with os.fdopen(open_regular(path), encoding="latin-1", newline=None) as file:
        yield from (line.encode("latin-1") for line in file)
