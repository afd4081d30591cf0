"""What a run comes to, by its definitions."""

import json

import pytest
from tests.unit.simulation.conftest import HEAD, Played

from huntgroup.simulation.figures import Waits, waits

ANNA = '[[staff]]\noperators = ["anna"]\n'


@pytest.mark.parametrize(
    ("ordered", "figures"),
    [
        ([], None),
        ([5.0], Waits(mean=5.0, median=5.0, p90=5.0, max=5.0)),
        ([float(wait) for wait in range(1, 11)], Waits(mean=5.5, median=5.0, p90=9.0, max=10.0)),
        ([float(wait) for wait in range(1, 12)], Waits(mean=6.0, median=6.0, p90=10.0, max=11.0)),
    ],
)
def test_percentiles_are_those_of_the_nearest_rank(ordered: list[float], figures: Waits | None) -> None:
    assert waits(ordered) == figures


def test_the_two_service_levels_differ_by_who_left_early(played: Played) -> None:
    # Answered after 4 s; after 64 s; left after 5 s, which is early; left after 30 s, which is not.
    figures = played("08:00:00,101,60,\n08:00:00.5,101,60,\n08:00:10,101,60,5\n08:00:10,101,60,30", ANNA)
    sales = figures.groups[0]
    assert sales.service_level_of_offered == 0.25
    assert sales.service_level_of_stayed == round(1 / 3, 4)
    assert sales.offered == sales.answered + sales.abandoned == 4


def test_what_nothing_was_measured_for_is_none_and_not_zero(played: Played) -> None:
    figures = played("08:00:00,101,60,", '[[staff]]\noperators = ["ben"]\n')
    chat = figures.groups[1]
    assert (chat.offered, chat.service_level_of_offered, chat.abandonment, chat.wait_of_all) == (0, None, None, None)
    assert (figures.operators[0].occupancy, figures.half_hours[1].service_level) == (None, None)


def test_half_hours_are_those_in_which_customers_came(played: Played) -> None:
    figures = played("08:29:50,101,60,\n08:29:59,101,60,\n08:40:00,101,60,", ANNA)
    assert [(each.at[11:16], each.offered, each.service_level) for each in figures.half_hours] == [
        ("08:00", 2, 0.5),
        ("08:30", 1, 1.0),
    ]


def test_the_line_is_drawn_by_one_minute_in_a_short_run_and_by_five_else(played: Played) -> None:
    assert (len(played("").line), played("").line_step) == (60, 60.0)
    long = played("", head=HEAD.replace('"1h"', '"3h"'))
    assert (len(long.line), long.line_step) == (36, 300.0)


def test_the_figures_are_plain_json(played: Played) -> None:
    data = json.loads(json.dumps(played("08:00:00,101,60,").as_data(), allow_nan=False))
    assert data["groups"][0]["wait_of_answered"] == {"mean": 4.0, "median": 4.0, "p90": 4.0, "max": 4.0}
    assert data["start"] == "2026-11-23T08:00:00+00:00"
