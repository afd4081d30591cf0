"""When a group is open. Times are local and instants are not: a clock change moves the instant, never the time."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MINUTES_A_DAY = 24 * 60
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
    """The first instant at or after this one at which the group is open; None when it never opens again."""
    if is_open(hours, instant) or hours is None:
        return instant
    day = datetime.fromtimestamp(instant, UTC).astimezone(hours.zone).date()
    for ahead in range(LOOK_AHEAD_DAYS):
        for start, _ in hours.openings(day + timedelta(days=ahead)):
            for opens in _instants(hours.zone, day + timedelta(days=ahead), start):
                if opens > instant and is_open(hours, opens):
                    return opens
    return None


def _instants(zone: ZoneInfo, day: date, minute: int) -> tuple[float, ...]:
    """When clocks show a local time: twice in an hour that they repeat; one that they skip comes with the skip."""
    local = datetime.combine(day, time(minute // 60, minute % 60), zone)
    first, second = local.timestamp(), local.replace(fold=1).timestamp()
    if first <= second:
        return (first, second)
    # Skipped: read with the clock of before it is later than with the clock of after, and the jump lies between.
    shift = local.utcoffset()
    while datetime.fromtimestamp(second, UTC).astimezone(zone).utcoffset() == shift:
        second += 60
    return (second,)
