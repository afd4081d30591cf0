"""Opening hours, as the file writes them."""

import pytest
from pydantic import ValidationError
from tests.unit.settings.conftest import Told

from huntgroup.settings import Hours, Opening

GROUP = '[[operators]]\nid = "anna"\nphones = ["PJSIP/a"]\n[[groups]]\nid = "sales"\noperators = ["anna"]\n'


def hours(**entries: object) -> Hours:
    return Hours.model_validate({"timezone": "Europe/Warsaw"} | entries)


def test_a_range_of_days_opens_each_of_them() -> None:
    week = hours(**{"mon-fri": "08:00-18:00", "sat": "09:00-13:00"}).week
    assert week == (*[(Opening(480, 1080),)] * 5, (Opening(540, 780),), ())


def test_a_range_may_go_over_the_end_of_the_week() -> None:
    week = hours(**{"sat-mon": "10:00-12:00"}).week
    assert [bool(openings) for openings in week] == [True, False, False, False, False, True, True]


def test_a_day_may_open_twice_and_until_midnight() -> None:
    assert hours(tue="08:00-12:00, 13:00-24:00").week[1] == (Opening(480, 720), Opening(780, 1440))


def test_without_any_day_it_is_always_closed() -> None:
    assert hours(holidays="DE-BY").week == ((),) * 7


@pytest.mark.parametrize(
    "entries",
    [
        {"mon": "8-18"},
        {"mon": "18:00-08:00"},
        {"mon": "08:00-08:00"},
        {"mon": "08:00-24:01"},
        {"mon": "08:60-09:00"},
        {"mon": "08:00-12:00, 11:00-13:00"},
        {"mon": 8},
        {"monday": "08:00-18:00"},
        {"mon-": "08:00-18:00"},
        {"mon-fri": "08:00-18:00", "fri": "08:00-12:00"},
        {"timezone": "Europe/Warsav"},
        {"holidays": "Poland"},
        {"holidays": "XX"},
        {"holidays": "DE-XX"},
        {"holidays": "PL-"},
    ],
)
def test_what_are_no_opening_hours_is_refused(entries: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        hours(**entries)


def test_every_mistake_in_the_hours_is_told_with_its_own_key(told: Told) -> None:
    words = told(
        f'{GROUP}hours = {{ timezone = "Europe/Warsav", mon-fir = "08:00-18:00", sat = "9-13", holidays = "Poland" }}'
    )
    assert words[:4] == [
        'groups[0].hours.timezone: "Europe/Warsav" is no time zone; did you mean `Europe/Warsaw`?',
        "groups[0].hours.mon-fir: unknown key `mon-fir`; did you mean `mon`? Days are written as in `mon` or `mon-fri`",
        'groups[0].hours.sat: "9-13" is not an opening; write it as in "08:00-18:00" or "08:00-12:00, 13:00-18:00"',
        'groups[0].hours.holidays: "Poland" is no country; write its ISO 3166 code, as in "PL" or "DE-BY"',
    ]


def test_hours_need_a_time_zone(told: Told) -> None:
    words = told(f'{GROUP}hours = {{ mon = "08:00-18:00" }} # here')
    assert 'groups[0].hours.timezone: is missing; add `timezone = "Europe/Warsaw"`' in words


def test_holidays_that_nobody_knows_are_told_by_check_and_not_by_a_crash_later(told: Told) -> None:
    def words(holidays: str) -> str:
        return told(f'{GROUP}hours = {{ timezone = "Europe/Warsaw", mon = "09:00-10:00", holidays = "{holidays}" }}')[0]

    key = "groups[0].hours.holidays"
    assert words("XX") == f'{key}: the holidays of "XX" are not known; write an ISO 3166 code, as in "PL" or "DE-BY"'
    assert words("GB-SCO") == f'{key}: "GB" has no part "SCO" with holidays of its own; did you mean `SCT`?'


@pytest.mark.parametrize("holidays", ["PL", "DE-BY", "GB-SCT", "US-CA", "UA"])
def test_holidays_of_a_country_or_of_its_part_are_taken(holidays: str) -> None:
    assert hours(mon="09:00-10:00", holidays=holidays).holidays == holidays
