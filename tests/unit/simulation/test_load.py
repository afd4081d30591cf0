"""Who comes when."""

import statistics
from itertools import pairwise

import pytest
from tests.unit.simulation.conftest import HEAD, LOAD, Read

from huntgroup.simulation.load import arrivals, stretches

LONG = HEAD.replace('"1h"', '"100h"')


def test_as_many_come_as_the_rate_says_with_the_talk_and_the_patience_it_says(planned: Read) -> None:
    plan = planned(LONG + LOAD + 'patience = "30s"\npriority = 3\n')
    (load,) = arrivals(plan, 1)
    everybody = list(load)
    assert len(everybody) == pytest.approx(6000, rel=0.03)
    assert statistics.fmean(each.talk for each in everybody) == pytest.approx(60, rel=0.03)
    assert statistics.fmean(each.patience for each in everybody) == pytest.approx(30, rel=0.03)
    assert {each.priority for each in everybody} == {3}
    assert all(plan.start <= one.at <= other.at < plan.end for one, other in pairwise(everybody))


def test_gaps_are_exponential(planned: Read) -> None:
    (load,) = arrivals(planned(LONG + LOAD), 1)
    gaps = [after.at - before.at for before, after in pairwise(load)]
    assert statistics.stdev(gaps) == pytest.approx(statistics.fmean(gaps), rel=0.03)


@pytest.mark.parametrize(
    ("more", "deviation"),
    [
        ('talk_distribution = "fixed"', 0),
        ('talk_distribution = "lognormal"', 60),
        ('talk_distribution = "lognormal"\ntalk_deviation = "30s"', 30),
    ],
)
def test_talk_varies_as_the_distribution_says(planned: Read, more: str, deviation: float) -> None:
    (load,) = arrivals(planned(LONG + LOAD + more), 1)
    talks = [each.talk for each in load]
    assert statistics.fmean(talks) == pytest.approx(60, rel=0.03)
    assert statistics.stdev(talks) == pytest.approx(deviation, rel=0.1)


def test_another_roster_meets_the_very_same_customers(planned: Read) -> None:
    plan = planned(HEAD + LOAD)
    other = planned(HEAD + LOAD + '[[staff]]\noperators = ["ben"]\nmisses = 0.5\n')
    assert [list(load) for load in arrivals(plan, 1)] == [list(load) for load in arrivals(other, 1)]


def test_another_seed_is_another_day_and_each_load_is_another(planned: Read) -> None:
    plan = planned(HEAD + LOAD + LOAD)
    first, second = (tuple(load) for load in arrivals(plan, 1))
    (third, _) = (tuple(load) for load in arrivals(plan, 2))
    assert len({first, second, third}) == 3


def test_24_rates_are_those_of_the_hours_of_the_clock(planned: Read) -> None:
    rates = list(range(24))
    head = HEAD.replace("08:00:00", "22:30:00").replace('"1h"', '"2h"')
    plan = planned(head + LOAD.replace("60", str(rates)))
    found = [(begin - plan.start, end - plan.start, rate) for begin, end, rate in stretches(plan, rates)]
    assert found == [(0, 1800, 22), (1800, 5400, 23), (5400, 7200, 0)]


def test_other_lists_are_of_the_hours_since_the_start(planned: Read) -> None:
    head = HEAD.replace("08:00:00", "08:30:00").replace('"1h"', '"90m"')
    plan = planned(head + LOAD.replace("60", "[10, 0]"))
    found = [(begin - plan.start, end - plan.start, rate) for begin, end, rate in stretches(plan, (10, 0))]
    assert found == [(0, 3600, 10), (3600, 5400, 0)]
    (load,) = arrivals(plan, 1)
    assert all(each.at < plan.start + 3600 for each in load)
