"""What the PBX kept of the calls that it served while the daemon was away: a ring of entries in its own database.

`dialplan/huntgroup-served.conf` writes it and says why it stands in keys. What comes from a caller in it is encoded.
"""

import re
from collections.abc import Iterable, Sequence
from math import isfinite
from typing import NamedTuple
from urllib.parse import unquote

from huntgroup.adapters.ami.fallback import setvar
from huntgroup.adapters.ami.wire import SafeAction
from huntgroup.instants import LAST

RING = 1000
"""So many entries are kept."""
OVERLAP = 50
"""So many of those that were read are read again: a PBX whose power failed has lost its last second, and writes their
numbers anew. Who is told of an entry twice knows it by its call."""
COUNT = "DB_KEYS(huntgroup/served/count)"
"""What gives the number of the last entry."""
FIELDS = 6
_GAP = re.compile("[ ,]")
_UNIQUEID = re.compile(r"[A-Za-z0-9_.-]{1,100}")
NUMBER_DIGITS = 15


class Entry(NamedTuple):
    """One entry; instants in seconds on the PBX's clock. ``answered_at`` None and ``channel`` "": nobody answered."""

    number: int
    uniqueid: str
    dialled: str
    came_at: float
    answered_at: float | None
    ended_at: float
    phone: str
    name: str
    channel: str


def entry_variable(number: int) -> str:
    """What gives the entry of a number."""
    return f"DB_KEYS(huntgroup/served/entry/{number % RING})"


def is_there(text: str) -> bool:
    """Whether an entry is there, be it half written; of one that was being deleted the first key is not."""
    return not {part[0] for part in _parts(text)} <= set("bcd")


def forget(number: int, text: str) -> list[SafeAction]:
    """Delete what is kept of an entry that is on record: it says who called.

    The right ``call`` is enough. Asterisk refuses ``Setvar`` of DB() and the actions DBDel and DBDelTree without
    ``system``, but takes ``Setvar`` of DB_DELETE(), whose writing it does not count as dangerous (seen on 16.28 and
    22.10). The first key names the call: an entry without it is not an entry, see `is_there`.
    """
    keys = (f"huntgroup/served/entry/{number % RING}/{part}" for part in sorted(_parts(text)))
    return [setvar(f"DB_DELETE({key})", "") for key in keys]


def _parts(text: str) -> Iterable[str]:
    return (part for part in _GAP.split(text) if part)


def last_of(text: str) -> int:
    """The number of the last entry; 0 when there is none. For an instant there may be two. Raises ValueError."""
    return max((int(number) for number in text.split(",") if number), default=0)


def wanted(read: int, last: int) -> range:
    """Which entries to read when ``read`` is the last one that is known, and ``last`` the last one there is."""
    begin = last - RING + 1
    if read <= last:
        begin = max(begin, read - OVERLAP + 1)
    return range(max(1, begin), last + 1)


def fresh(read: int, numbers: Sequence[int]) -> int:
    """How many of these, in order, were not read before."""
    has_begun_anew = bool(numbers) and numbers[-1] < read
    return sum(has_begun_anew or number > read for number in numbers)


def overwritten(read: int, last: int) -> int:
    """How many entries nobody will ever read."""
    return max(0, last - RING - read)


def entry(text: str) -> Entry:
    """An entry from its parts, in any order. Raises ValueError when it is none, or half written."""
    parts = {part[0]: part[1:] for part in _parts(text)}
    fields = parts.get("a", "").split("|")
    if len(fields) != FIELDS or not parts.keys() >= set("abcd"):
        raise ValueError(f"no entry of a call: {text!r}")
    number, uniqueid, dialled, came, answered, ended = fields
    if _UNIQUEID.fullmatch(unquote(uniqueid)) is None or len(number) > NUMBER_DIGITS:
        raise ValueError(f"no call of Asterisk's: {text!r}")
    ended_at = _instant(ended)
    return Entry(
        number=int(number),
        uniqueid=unquote(uniqueid),
        dialled=dialled,
        came_at=_instant(came) if came else ended_at,
        answered_at=_instant(answered) if answered else None,
        ended_at=ended_at,
        phone=_decoded(parts["b"]),
        name=_decoded(parts["c"]),
        channel=_decoded(parts["d"]),
    )


def _decoded(text: str) -> str:
    """Without the letter that keeps an empty text from being none; a character may have been cut in two."""
    return unquote(text, errors="ignore")[1:]


def _instant(text: str) -> float:
    instant = float(text)
    if not (isfinite(instant) and 0 <= instant <= LAST):
        raise ValueError(f"no instant: {text!r}")
    return instant
