"""The simulated line against another that is made another way, and both against the formulas.

`python -m tests.simulation.theory` does the same with so many customers that chance is small.
"""

import math

import pytest
from tests.simulation import erlang
from tests.simulation.reference import Reference
from tests.simulation.theory import CASES, Case, compare, plan_of, same_customers, simulated
from tests.unit.simulation.conftest import Read

from huntgroup.simulation.load import arrivals
from huntgroup.simulation.simulate import run


def test_erlang_b_is_that_of_the_tables() -> None:
    assert erlang.erlang_b(10, 10) == pytest.approx(0.2146, abs=5e-5)
    assert erlang.erlang_b(1, 1) == 0.5


def test_erlang_c_is_that_of_the_tables() -> None:
    assert erlang.erlang_c(14, 10) == pytest.approx(0.1741, abs=5e-5)
    assert erlang.erlang_c(1, 0.7) == pytest.approx(0.7)


def test_a_line_that_would_grow_for_ever_has_no_figures() -> None:
    with pytest.raises(ValueError, match="grows for ever"):
        erlang.erlang_c(3, 3)


def test_erlang_a_is_that_of_gans_koole_and_mandelbaum() -> None:
    # "Telephone call centers: tutorial, review, and research prospects", 2003: 50 operators, 48 calls a minute, talk
    # of a minute, patience of two; with 3.1 % leaving, 3.7 s of waiting against 20.8 without impatience.
    line = erlang.impatient(50, 48 / 60, 60, 120)
    assert (round(line.abandoning, 3), round(line.mean_wait, 1), round(line.occupancy, 2)) == (0.031, 3.7, 0.93)
    assert round(erlang.patient(50, 48 / 60, 60).mean_wait, 1) == 20.8


def test_with_endless_patience_erlang_a_is_erlang_c() -> None:
    patient, impatient = erlang.patient(20, 0.8, 20), erlang.impatient(20, 0.8, 20, 1e9)
    assert impatient.waiting == pytest.approx(patient.waiting, rel=1e-6)
    assert impatient.mean_wait == pytest.approx(patient.mean_wait, rel=1e-6)


def test_erlang_a_is_stable_for_a_large_house_under_twice_its_load() -> None:
    line = erlang.impatient(5000, 10_000 / 60, 60, 60)
    assert line.waiting == pytest.approx(1.0)
    assert line.abandoning == pytest.approx(0.5)
    assert math.isfinite(line.mean_wait)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_engines_line_is_first_come_first_served_for_the_very_same_customers(case: Case) -> None:
    plan = plan_of(case, 1_000)
    engine, _ = simulated(plan, 1)
    same = same_customers(plan, 1, case.servers)
    assert engine.waiting == pytest.approx(same.waiting, abs=0.002)
    assert engine.mean_wait == pytest.approx(same.mean_wait, rel=0.001)
    assert engine.abandoning == pytest.approx(same.abandoning, abs=0.002)


@pytest.mark.parametrize("distribution", ["fixed", "lognormal"])
def test_the_same_holds_for_other_talk_customer_by_customer(planned: Read, distribution: str) -> None:
    text = f"""
    start = 2026-11-23T08:00:00
    duration = "20h"
    rings_after = "0s"
    [[load]]
    number = "1"
    per_hour = 50
    talk = "2m"
    talk_distribution = "{distribution}"
    [[staff]]
    operators = ["anna", "ben"]
    answers_after = "0s"
    [[config.operators]]
    id = "anna"
    phones = ["PJSIP/anna"]
    [[config.operators]]
    id = "ben"
    phones = ["PJSIP/ben"]
    [[config.groups]]
    id = "line"
    operators = ["anna", "ben"]
    [[config.numbers]]
    number = "1"
    group = "line"
    """
    plan = planned(text)
    ledger, _ = run(plan, 1)
    (tally,) = ledger.tallies.values()
    (load,) = arrivals(plan, 1)
    one_by_one = Reference(2, plan.start)
    expected = [one_by_one.serve([(each.at, each.talk, each.patience)]).mean_wait for each in load]
    assert list(tally.answered) == pytest.approx(expected[: len(tally.answered)], abs=0.002)
    assert len(tally.answered) > 900


@pytest.mark.parametrize("case", [Case(2, 1.0), Case(5, 5.0, patience=15)], ids=str)
def test_a_short_run_is_near_the_formulas(case: Case) -> None:
    comparisons, _ = compare(case, 5_000, times=10)
    for each in comparisons:
        assert each.engine == pytest.approx(each.formula, rel=0.15), each
        assert each.reference == pytest.approx(each.formula, rel=0.1), each
