"""When a group opens next, against a slow reference that looks at every minute of a year, in zones with odd clocks."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from huntgroup.engine.hours import Hours, Opening, next_opening

MINUTE = 60
ZONES = (
    "Europe/Warsaw",  # the hour from 02:00 is skipped in March and repeated in October
    "Australia/Lord_Howe",  # clocks change by half an hour, and in the southern summer
    "America/Sao_Paulo",  # until 2019 clocks changed at midnight: a day began at 01:00, another had 23:00 twice
    "Asia/Kolkata",  # no summer time, half an hour off
    "Pacific/Apia",  # 30 December 2011 was skipped as a whole
    "Africa/Casablanca",  # clocks go back for Ramadan, and forward behind it
)
YEARS = {"America/Sao_Paulo": 2018, "Pacific/Apia": 2011}
DAY_MINUTES = 24 * 60


def year_of(zone: str) -> tuple[int, int]:
    """The instants between which a zone is looked at: a year of its clocks, and the first days of the next."""
    year = YEARS.get(zone, 2026)
    ends = (datetime(year, 1, 1, tzinfo=ZoneInfo(zone)), datetime(year + 1, 1, 5, tzinfo=ZoneInfo(zone)))
    return int(ends[0].timestamp()), int(ends[1].timestamp())


@cache
def clock(zone: str) -> list[tuple[date, int]]:
    """What clocks show at every minute of the year: the date, and the minutes after midnight."""
    begin, end = year_of(zone)
    found = []
    for instant in range(begin, end, MINUTE):
        local = datetime.fromtimestamp(instant, UTC).astimezone(ZoneInfo(zone))
        found.append((local.date(), local.hour * 60 + local.minute))
    return found


def slowly(hours: Hours, zone: str) -> list[int]:
    """For every minute of the year the first one from it on, in minutes, at which it is open; -1: none."""
    shown = clock(zone)
    first, following = [-1] * len(shown), -1
    for place in range(len(shown) - 1, -1, -1):
        day, minute = shown[place]
        openings: tuple[Opening, ...] = () if day in hours.holidays else hours.week[day.weekday()]
        if any(start <= minute < end for start, end in openings):
            following = place
        first[place] = following
    return first


def changes(zone: str) -> list[int]:
    """The minutes of the year at which clocks change."""
    shown = clock(zone)
    return [
        place
        for place in range(1, len(shown))
        if (shown[place][1] - shown[place - 1][1]) % DAY_MINUTES != 1
        or (shown[place][0] - shown[place - 1][0]).days > 1
    ]


@st.composite
def openings(draw: st.DrawFn) -> tuple[Opening, ...]:
    """The openings of a day; most of their ends lie where clocks change."""
    near = st.sampled_from((0, 30, 60, 90, 105, 110, 120, 130, 140, 150, 165, 180, 1380, 1410, 1440))
    ends = sorted(draw(st.sets(near | st.integers(0, DAY_MINUTES), max_size=6)))
    return tuple(zip(ends[::2], ends[1::2], strict=False))


def found_wrong(hours: Hours, zone: str) -> list[str]:
    """Where the two disagree: around each clock change, at midnights and at the year's end."""
    begin, _ = year_of(zone)
    reference, shown = slowly(hours, zone), clock(zone)
    looks = {minute + step for minute in changes(zone) for step in range(-200, 200, 7)}
    looks |= {minute + step for minute in range(0, len(shown), 9 * DAY_MINUTES) for step in (-1, 0, 1, 359, 611)}
    looks |= {len(shown) - 5 * DAY_MINUTES + step for step in range(-200, 200, 31)}
    wrong = []
    for look in sorted(each for each in looks if 0 <= each < len(shown)):
        if reference[look] < 0:
            continue
        expected = begin + reference[look] * MINUTE
        opens = next_opening(hours, begin + look * MINUTE)
        if opens != expected:
            wrong.append(f"from {shown[look]}: {opens}, not {expected}")
    return wrong


@pytest.mark.parametrize("zone", ZONES)
def test_group_opens_when_the_clock_says_so_all_year(zone: str) -> None:
    days = [shown[0] for shown in clock(zone)[::DAY_MINUTES]]

    # Without shrinking: what is found is short as it is, and each look at a year takes a while.
    @settings(
        max_examples=8,
        deadline=None,
        derandomize=True,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(week=st.tuples(*[openings()] * 7), holidays=st.frozensets(st.sampled_from(days), max_size=40))
    def check(week: tuple[tuple[Opening, ...], ...], holidays: frozenset[date]) -> None:
        assert found_wrong(Hours(zone=ZoneInfo(zone), week=week, holidays=holidays), zone) == []

    check()


def hours(zone: str, *day: Opening, holidays: frozenset[date] = frozenset()) -> Hours:
    return Hours(zone=ZoneInfo(zone), week=(day,) * 7, holidays=holidays)


def at(zone: str, text: str, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


def test_group_opens_again_when_clocks_go_back_into_its_hours() -> None:
    """It closed at 02:30; half an hour later it is 02:00 once more."""
    zone = "Europe/Warsaw"
    found = next_opening(hours(zone, (60, 150)), at(zone, "2026-10-25 02:40"))
    assert found == at(zone, "2026-10-25 02:00", fold=1)


def test_of_two_openings_in_a_repeated_hour_the_nearer_is_next() -> None:
    zone = "Europe/Warsaw"
    found = next_opening(hours(zone, (120, 130), (140, 150)), at(zone, "2026-10-25 02:15"))
    assert found == at(zone, "2026-10-25 02:20")


def test_group_opens_again_when_clocks_go_back_by_half_an_hour() -> None:
    zone = "Australia/Lord_Howe"
    found = next_opening(hours(zone, (60, 105)), at(zone, "2026-04-05 01:50"))
    assert found == at(zone, "2026-04-05 01:30", fold=1)


def test_group_opens_again_when_clocks_go_back_over_midnight() -> None:
    zone = "America/Sao_Paulo"
    found = next_opening(hours(zone, (1320, 1410)), at(zone, "2018-02-17 23:40"))
    assert found == at(zone, "2018-02-17 23:00", fold=1)


def test_group_open_from_midnight_opens_when_clocks_skip_midnight() -> None:
    zone = "America/Sao_Paulo"
    found = next_opening(hours(zone, (0, 120)), at(zone, "2018-11-03 12:00"))
    assert found == at(zone, "2018-11-04 01:00")


def test_group_is_closed_over_midnight_between_two_holidays() -> None:
    zone = "Europe/Warsaw"
    night = hours(zone, (0, 360), (1320, 1440), holidays=frozenset({date(2026, 12, 25), date(2026, 12, 26)}))
    assert next_opening(night, at(zone, "2026-12-25 00:00")) == at(zone, "2026-12-27 00:00")
    assert next_opening(night, at(zone, "2026-12-24 23:59:59")) == at(zone, "2026-12-24 23:59:59")


def test_group_that_only_opens_after_new_year_is_found() -> None:
    zone = "Europe/Warsaw"
    closed = frozenset(date(2026, 12, 1) + timedelta(days=ahead) for ahead in range(32))
    assert next_opening(hours(zone, (480, 960), holidays=closed), at(zone, "2026-12-01 00:00")) == at(
        zone, "2027-01-02 08:00"
    )
