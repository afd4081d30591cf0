"""Opening hours as the file writes them: `mon-fri = "08:00-18:00"`, a time zone, and whose public holidays.

Only reads and checks them; whether a group is open at some instant is for the engine to say.
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Annotated, Any, NamedTuple
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from huntgroup.settings.base import Section
from huntgroup.settings.words import Complaint, kind, listed, shown, suggestion

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_TIME = r"([01][0-9]|2[0-4]):([0-5][0-9])"
_ONE_TIME = re.compile(_TIME)
_OPENING = re.compile(rf"{_TIME}\s*-\s*{_TIME}")
_COUNTRY_OR_PART = re.compile(r"[A-Z]{2}(?:-[A-Z0-9]{1,3})?")
MINUTES_A_DAY = 24 * 60
_SETTINGS = ("timezone", "holidays")


class Opening(NamedTuple):
    """Open from `start` until just before `end`: minutes since midnight, local time; `end` may be 24:00."""

    start: int
    end: int


def days_of(name: str) -> tuple[int, ...]:
    """The weekdays, Monday being 0, that `mon`, `mon-fri` or `sat-mon` names.

    Raises:
        Complaint: when it names none.
    """
    first, dash, last = name.partition("-")
    if first not in WEEKDAYS or (dash and last not in WEEKDAYS):
        near = suggestion(name, (*_SETTINGS, *WEEKDAYS), "")
        right = f"{near} Days are written as in `mon` or `mon-fri`".lstrip()
        raise Complaint(f"unknown key {listed([name])}", right)
    begin, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
    return tuple((begin + step) % 7 for step in range((end - begin) % 7 + 1))


def read_openings(value: object) -> tuple[Opening, ...]:
    """The openings of one day: `"08:00-12:00, 13:00-18:00"` holds two.

    Raises:
        Complaint: when it is not text or not times, or the openings do not follow one another.
    """
    right = 'write it as in "08:00-18:00" or "08:00-12:00, 13:00-18:00"'
    if not isinstance(value, str):
        raise Complaint(f"is {kind(value)}, not opening hours", right)
    openings = tuple(_opening(part.strip(), right) for part in value.split(","))
    if any(after.start < before.end for before, after in pairwise(openings)):
        raise Complaint(f"{shown(value)} is out of order", "write the openings of a day one after the other")
    return openings


def _opening(text: str, right: str) -> Opening:
    found = _OPENING.fullmatch(text)
    if found is None:
        raise Complaint(f"{shown(text)} is not an opening", right)
    hours = [int(part) for part in found.groups()]
    opening = Opening(hours[0] * 60 + hours[1], hours[2] * 60 + hours[3])
    if not opening.start < opening.end <= MINUTES_A_DAY:
        raise Complaint(
            f"{shown(text)} does not end after it begins on the same day",
            'a night is two openings: "22:00-24:00", and on the next day "00:00-06:00"',
        )
    return opening


def read_minute(value: object) -> int:
    """The minutes since midnight of a time of day such as "08:00"; "24:00" is the end of the day.

    Raises:
        Complaint: when it is no such time.
    """
    found = _ONE_TIME.fullmatch(value) if isinstance(value, str) else None
    minute = int(found[1]) * 60 + int(found[2]) if found else MINUTES_A_DAY + 1
    if minute > MINUTES_A_DAY:
        raise Complaint(f"{shown(value)} is not a time of day", 'write it as in "08:00"')
    return minute


def _day_name(name: str) -> str:
    days_of(name)
    return name


def _no_day_twice(days: dict[str, tuple[Opening, ...]]) -> dict[str, tuple[Opening, ...]]:
    named = [WEEKDAYS[day] for name in days for day in days_of(name)]
    twice = [day for day in WEEKDAYS if named.count(day) > 1]
    if twice:
        raise Complaint(f"{listed(twice, 'and')} is given more than once", "give each day once")
    return days


@cache
def _zones() -> frozenset[str]:
    """The names of all time zones. Reading them takes longer than the rest of a configuration change."""
    return frozenset(available_timezones())


def read_timezone(value: str) -> str:
    """The IANA name of a time zone.

    Raises:
        Complaint: when there is none of that name.
    """
    zones = _zones()
    if value not in zones:
        right = suggestion(value, zones, 'write it as in "Europe/Warsaw"')
        raise Complaint(f"{shown(value)} is no time zone", right)
    return value


def _holidays(value: str) -> str:
    if _COUNTRY_OR_PART.fullmatch(value) is None:
        raise Complaint(f"{shown(value)} is no country", 'write its ISO 3166 code, as in "PL" or "DE-BY"')
    # Imported here: it takes longer than all else that `check` does, and few files name holidays.
    from holidays import country_holidays  # noqa: PLC0415

    country, _, part = value.partition("-")
    try:
        known = country_holidays(country)
    except NotImplementedError:
        raise Complaint(
            f"the holidays of {shown(country)} are not known", 'write an ISO 3166 code, as in "PL" or "DE-BY"'
        ) from None
    if part and part not in known.subdivisions:
        right = suggestion(part, known.subdivisions, f"write {shown(country)} alone, or one of its ISO 3166-2 codes")
        raise Complaint(f"{shown(country)} has no part {shown(part)} with holidays of its own", right)
    return value


class Hours(Section):
    """When a group is open. A day that is not named is closed."""

    timezone: Annotated[str, AfterValidator(read_timezone), Field(examples=['"Europe/Warsaw"'])]
    """The IANA name of the zone that the times are in."""

    days: Annotated[
        dict[
            Annotated[str, AfterValidator(_day_name)],
            Annotated[tuple[Opening, ...], BeforeValidator(read_openings)],
        ],
        AfterValidator(_no_day_twice),
    ]
    """The openings by day or range of days, as the file names them; see `week` for each day on its own."""

    holidays: Annotated[str, AfterValidator(_holidays)] | None = None
    """Whose public holidays are closed: a country (ISO 3166, `PL`) or its part (`DE-BY`); none by default."""

    @model_validator(mode="before")
    @classmethod
    def _gather_days(cls, value: Any) -> Any:
        """Puts the days, which stand beside the other keys in the file, into a table of their own."""
        if not isinstance(value, dict):
            return value
        rest = {name: entry for name, entry in value.items() if name in _SETTINGS}
        return {**rest, "days": {name: entry for name, entry in value.items() if name not in _SETTINGS}}

    @property
    def week(self) -> tuple[tuple[Opening, ...], ...]:
        """The openings of each weekday, Monday first; an empty tuple for a day that is closed."""
        return tuple(tuple(self._openings(day)) for day in range(7))

    def _openings(self, day: int) -> Iterator[Opening]:
        for name, openings in self.days.items():
            if day in days_of(name):
                yield from openings
