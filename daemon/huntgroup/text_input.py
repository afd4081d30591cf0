"""Text and JSON from outside, checked where they enter: one rule for every door.

A Python text may hold what no UTF-8 can: lone surrogates, as JSON escapes (``"\\ud800"``), file names and arguments
(PEP 383) bring them. Such a text passes through the daemon and raises where it leaves: in the journal, in SQLite, in a
message to the broker. NUL ends a text for C programs, and noncharacters (Unicode 16, 23.7) are not for interchange.

Doors that would lose an inquiry or a caller replace such characters by U+FFFD (`clean`); all others refuse them
(`is_clean`). Numbers are those of I-JSON (RFC 7493): integers of 64 bits, finite fractions.
"""

import json
import math
import re
from typing import Any

DEEPEST = 30
"""Tables and lists within one another."""
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
INTEGER_LEAST, INTEGER_MOST = -(2**63), 2**63 - 1
_DIGITS_MOST = 20
"""Characters of a 64-bit integer with its sign; Python itself raises ValueError above 4300 (CVE-2020-10735)."""
_PLANES = "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17))
_UNCLEAN = re.compile(f"[\0\ud800-\udfff\ufdd0-\ufdef{_PLANES}]")
_SUSPECT = re.compile(
    rb"\\u(?:0000|[fF][dD][dDeE]|[fF]{3}[eEfF])"
    rb"|\\u[dD][89abAB]..(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..)\\u[dD][c-fC-F]"  # half a pair
    rb"|\\u[dD][89abAB][37bBfF][fF]\\u[dD][fF][fF][eEfF]"
    rb"|\xef\xb7[\x90-\xaf]|\xef\xbf[\xbe\xbf]|[\xf0-\xf4][\x8f\x9f\xaf\xbf]\xbf[\xbe\xbf]"
)
"""What JSON holds that has a text which is not clean; a few others look like it."""


class NotJson(ValueError):  # noqa: N818 - it is what others sent
    """Not JSON, or numbers or depths that cannot be handled."""


def is_clean(text: str) -> bool:
    """Whether a text is Unicode scalar values alone, without NUL and noncharacters."""
    return (text.isascii() and "\0" not in text) or _UNCLEAN.search(text) is None


def clean(text: str) -> str:
    """The text with U+FFFD in place of each character that is not clean."""
    return text if is_clean(text) else _UNCLEAN.sub(REPLACEMENT, text)


def read_json(data: bytes | str, deepest: int = DEEPEST) -> Any:
    """The value of a JSON text, every text in it cleaned, names of keys too.

    Raises:
        NotJson: for anything else, for numbers beyond 64 bits, and for more than ``deepest`` levels.
    """
    text = data if isinstance(data, str) else data.decode("utf-8", "replace")
    try:
        value = json.loads(text, parse_int=_integer, parse_float=_fraction, parse_constant=_no_number)
    except RecursionError:
        raise NotJson("nested too deeply") from None
    except NotJson:
        raise
    except ValueError as error:
        raise NotJson(str(error)) from None
    return _cleaned(value, deepest)


def clean_json(data: bytes) -> bytes:
    """The same JSON with every text in it cleaned; what cannot be read stays as it is, for the reader to refuse."""
    if _SUSPECT.search(data) is None and _is_utf8(data):
        return data
    try:
        return json.dumps(read_json(data)).encode()
    except NotJson:
        return data


def _is_utf8(data: bytes) -> bool:
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _integer(digits: str) -> int:
    number = int(digits) if len(digits) <= _DIGITS_MOST else INTEGER_MOST + 1
    if not INTEGER_LEAST <= number <= INTEGER_MOST:
        raise NotJson("an integer of more than 64 bits")
    return number


def _fraction(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise NotJson("a number out of range")
    return number


def _no_number(word: str) -> None:
    raise NotJson(f"{word} is not a number")


def _cleaned(value: Any, deepest: int) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict | list) and deepest <= 0:
        raise NotJson("nested too deeply")
    if isinstance(value, dict):
        return {clean(name): _cleaned(each, deepest - 1) for name, each in value.items()}
    if isinstance(value, list):
        return [_cleaned(each, deepest - 1) for each in value]
    return value
