"""Text of others: made plain where it enters, and escaped where it is shown.

One function for each door. `clean` is for what enters (a call, MQTT, a list, the command line, a CRM), `plain` for one
line on a screen, `as_json` for JSON that may end on one. Control characters are the categories C, Zl and Zp of Unicode:
C0, C1, bidirectional overrides, line separators, surrogates.
"""

import json
import re
import unicodedata

REPLACEMENT = "�"
JOINERS = "\u200c\u200d"
"""Invisible, and yet part of how names are written in some scripts."""
_SPACES = frozenset("\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u2028\u2029")
"""Control characters that part words."""
_NOT_PLAIN = re.compile(r"[^\x20-\x7e]")


def clean(text: str) -> str:
    """One line of plain text: no line breaks, nothing that a terminal or a screen would obey, single spaces."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    return " ".join("".join(_kept(sign) for sign in text).split())


def _kept(sign: str) -> str:
    if sign in _SPACES or unicodedata.category(sign) == "Zs":
        return " "
    return sign if sign.isprintable() or sign in JOINERS else ""


def plain(what: object) -> str:
    """One line to show, in any script; a control character of any kind is a mark in its place. None is nothing."""
    text = "" if what is None else str(what)
    return text if text.isprintable() else "".join(_shown(sign) for sign in text)


def _shown(sign: str) -> str:
    if sign.isprintable() or sign in JOINERS:
        return sign
    return " " if unicodedata.category(sign) == "Zs" else REPLACEMENT


def as_json(data: object, *, indent: int | None = None) -> str:
    """JSON in any script, in which control characters are escaped as JSON escapes them."""
    return escaped(json.dumps(data, ensure_ascii=False, indent=indent))


def escaped(text: str) -> str:
    r"""JSON as it was made, with every control character of its strings as ``\u...``; its own line breaks stay.

    JSON itself escapes only C0.
    """
    return text if text.isprintable() else _NOT_PLAIN.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    sign = found[0]
    if sign == "\n" or sign.isprintable() or sign in JOINERS or unicodedata.category(sign) == "Zs":
        return sign
    units = sign.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
