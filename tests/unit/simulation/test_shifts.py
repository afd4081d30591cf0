"""Who is there when."""

from tests.unit.simulation.conftest import HEAD, LOAD, Read

from huntgroup.simulation.reader import Plan
from huntgroup.simulation.shifts import shifts

HOUR = 3600
TWO_DAYS = HEAD.replace('"1h"', '"48h"') + LOAD


def hours(plan: Plan) -> list[tuple[str, float, float]]:
    """Each shift in hours since the start, which is at 08:00."""
    return [
        (shift.operator, (shift.begin - plan.start) / HOUR, (shift.end - plan.start) / HOUR) for shift in shifts(plan)
    ]


def test_without_any_roster_everybody_is_there_all_the_time(planned: Read) -> None:
    assert hours(planned(HEAD + LOAD)) == [("anna", 0, 1), ("ben", 0, 1)]


def test_a_shift_is_on_each_of_its_days_that_touches_the_run(planned: Read) -> None:
    plan = planned(f'{TWO_DAYS}[[staff]]\noperators = ["anna"]\nfrom = "09:00"\nto = "17:00"')
    assert hours(plan) == [("anna", 1, 9), ("anna", 25, 33)]
    plan = planned(f'{TWO_DAYS}[[staff]]\noperators = ["anna"]\nfrom = "09:00"\nto = "17:00"\ndays = "tue-sun"')
    assert hours(plan) == [("anna", 25, 33)]


def test_a_night_ends_on_the_next_day_and_may_have_begun_before_the_run(planned: Read) -> None:
    plan = planned(f'{TWO_DAYS}[[staff]]\noperators = ["ben"]\nfrom = "22:00"\nto = "09:00"')
    assert hours(plan) == [("ben", -10, 1), ("ben", 14, 25), ("ben", 38, 49)]


def test_the_day_ends_at_24_00(planned: Read) -> None:
    plan = planned(f'{HEAD}{LOAD}[[staff]]\noperators = ["ben"]\nfrom = "08:30"\nto = "24:00"')
    assert hours(plan) == [("ben", 0.5, 16)]


def test_a_time_on_the_clock_stays_where_it_is_when_clocks_change(planned: Read) -> None:
    head = TWO_DAYS.replace("2026-11-23", "2026-10-24")
    plan = planned(f'timezone = "Europe/Warsaw"{head}[[staff]]\noperators = ["ben"]\nfrom = "09:00"\nto = "10:00"')
    assert hours(plan) == [("ben", 1, 2), ("ben", 26, 27)]
