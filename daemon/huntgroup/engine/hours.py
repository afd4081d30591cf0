"""When a group is open. Times are local and instants are not: a clock change moves the instant, never the time."""

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

SECONDS_A_DAY = 24 * 60 * 60
LOOK_AHEAD_DAYS = 400
"""A group that does not open within this time is taken for one that never does."""

Opening = tuple[int, int]
"""Open from the first until just before the second; minutes after local midnight, the second at most 1440."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Openings of each weekday, Monday first, in order; a holiday is closed the whole day."""

    zone: ZoneInfo
    week: tuple[tuple[Opening, ...], ...]
    holidays: frozenset[date] = frozenset()

    def openings(self, day: date) -> tuple[Opening, ...]:
        """The openings of a date."""
        return () if day in self.holidays else self.week[day.weekday()]


def is_open(hours: Hours | None, instant: float) -> bool:
    """Whether a group is open at an instant (seconds since the epoch). No hours: always."""
    if hours is None:
        return True
    local = datetime.fromtimestamp(instant, UTC).astimezone(hours.zone)
    minute = local.hour * 60 + local.minute
    return any(start <= minute < end for start, end in hours.openings(local.date()))


def next_opening(hours: Hours | None, instant: float) -> float | None:
    """The first instant at or after this one at which the group is open; None when it never opens again.

    Time is walked in stretches in which clocks run evenly: each ends at a local midnight or at a clock change. So an
    opening that begins because clocks go back into it is found, and so are a skipped hour and a skipped day.
    """
    if is_open(hours, instant) or hours is None:
        return instant
    if not any(hours.week):
        return None
    at, last = instant, instant + LOOK_AHEAD_DAYS * SECONDS_A_DAY
    while at < last:
        second = math.floor(at)
        local = datetime.fromtimestamp(second, UTC).astimezone(hours.zone)
        midnight = second - (local.hour * 60 + local.minute) * 60 - local.second
        end = _even_until(hours.zone, second, midnight + SECONDS_A_DAY)
        for start, stop in hours.openings(local.date()):
            opens = max(at, midnight + start * 60)
            if opens < min(end, midnight + stop * 60):
                return float(opens)
        at = end
    return None


def _even_until(zone: ZoneInfo, begin: int, end: int) -> int:
    """The first second after ``begin`` at which clocks have changed; ``end``, at most a day later: they do not."""
    before = _offset(zone, begin)
    if _offset(zone, end) == before:
        return end
    while end - begin > 1:
        middle = (begin + end) // 2
        if _offset(zone, middle) == before:
            begin = middle
        else:
            end = middle
    return end


def _offset(zone: ZoneInfo, instant: int) -> timedelta | None:
    return datetime.fromtimestamp(instant, UTC).astimezone(zone).utcoffset()
