"""Which numbers outside the PBX would dial by the configuration, and which of them a supervisor may add.

Whoever sets where callers are forwarded to decides what calls cost: numbers exist that pay their owner a share. So a
supervisor keeps to `[telephony] may_forward_to`, or to the numbers that are in the configuration already. The file and
administrators are not limited.
"""

import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from huntgroup.numbering import is_ordinary
from huntgroup.settings.actions import ToNumber
from huntgroup.settings.models import Operator, Settings
from huntgroup.settings.words import listed, shown

_E164 = re.compile(r"\+[0-9]{1,15}")
_ANY = "*"
KEY = "`may_forward_to` in `[telephony]`"


def dialled(settings: Settings) -> frozenset[str]:
    """Every number outside that a configuration dials: in actions, wherever they are, and operators' mobiles."""
    return frozenset(_dialled(settings))


def why_not(before: Settings, after: Settings) -> str | None:
    """Why a supervisor may not make this change; None: they may.

    Numbers are compared as they are dialled. In any other form than E.164 the same digits may mean one number to us and
    another to the trunk.
    """
    patterns = before.telephony.may_forward_to
    for number in sorted(dialled(after) - dialled(before)):
        if patterns is None:
            return (
                f"{shown(number)} is not in the configuration yet: only an administrator adds a number, "
                f"unless {KEY} allows it"
            )
        if not is_allowed(number, patterns):
            return f"{shown(number)} is not among the numbers that supervisors may forward to: {_named(patterns)}"
    return None


def is_allowed(number: str, patterns: tuple[str, ...]) -> bool:
    """Whether one of the patterns covers a number; one with `*` covers ordinary numbers alone."""
    if _E164.fullmatch(number) is None:
        return False
    begins = tuple(each.removesuffix(_ANY) for each in patterns if each.endswith(_ANY))
    return number in patterns or (number.startswith(begins) and is_ordinary(number))


def _named(patterns: tuple[str, ...]) -> str:
    what = f"{KEY} lists {listed(patterns, 'and')}" if patterns else f"{KEY} lists none"
    return f"{what}; write it in international form, and premium rate numbers need an entry of their own without `*`"


def _dialled(value: Any) -> Iterator[str]:
    if isinstance(value, ToNumber):
        yield value.number
    elif isinstance(value, Operator) and value.mobile is not None:
        yield value.mobile
    elif isinstance(value, BaseModel):
        for _, each in value:
            yield from _dialled(each)
    elif isinstance(value, tuple):
        for each in value:
            yield from _dialled(each)
