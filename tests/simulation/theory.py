"""Simulated waits against the formulas of waiting lines.

    python -m tests.simulation.theory                          some minutes
    python -m tests.simulation.theory --inquiries 20000 --reference 100

Each case is a scenario in which nothing is as in real life but the engine: phones ring at once and are answered at
once, conversations and patience are exponential. What remains is the line, and for that there are formulas.

A line remembers: who comes behind a long wait waits long, too. So the mean wait of even 300,000 customers of ten
operators lies by chance some percent beside the formula's, and that alone would show little. Therefore the line is
held against a second one, the reference, which is a dozen lines of its own:

- the formula and the reference, over so many customers that chance is small: at most 2 % apart;
- the reference and the engine, for the very same customers: at most 0.1 % apart;
- the formula and the engine: at most 2 %, or three standard errors where chance carries further.

Exit status 1 when a figure is further off.
"""

import argparse
import itertools
import math
import statistics
import sys
import tempfile
import time
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from huntgroup.engine.effects import Outcome
from huntgroup.simulation.chance import Chance
from huntgroup.simulation.load import arrivals
from huntgroup.simulation.reader import Plan, read
from huntgroup.simulation.simulate import run
from tests.simulation.erlang import Line, impatient, patient
from tests.simulation.reference import NOTHING, Person, Reference

INQUIRIES = 200_000
"""How many the engine serves in each case."""
REFERENCE = 50
"""So many times as many the reference serves."""
TOLERANCE = 0.02
SAME_CUSTOMERS = 0.001
STANDARD_ERRORS = 3
"""How far off a figure may be: as shares of the other, and in standard errors."""
FIGURES = {
    "waiting": "share who wait",
    "mean_wait": "mean wait, s",
    "occupancy": "occupancy",
    "abandoning": "share who leave",
}


@dataclass(frozen=True)
class Case:
    """So many operators, so many erlang offered, a mean talk and a mean patience in seconds; None: for ever.

    The talk is short so that as many as are needed come within a year, which is the longest that a run may be.
    """

    servers: int
    load: float
    talk: float = 20.0
    patience: float | None = None

    def __str__(self) -> str:
        name = f"M/M/{self.servers}" + ("" if self.patience is None else "+M")
        return f"{name} at {self.load:g} erlang"

    @property
    def arrivals(self) -> float:
        """Customers per second."""
        return self.load / self.talk

    @property
    def formula(self) -> Line:
        """What theory says."""
        if self.patience is None:
            return patient(self.servers, self.arrivals, self.talk)
        return impatient(self.servers, self.arrivals, self.talk, self.patience)


CASES = (
    Case(1, 0.5),
    Case(2, 1.2),
    Case(5, 3.5),
    Case(10, 7.5),
    Case(20, 16.0),
    Case(5, 5.0, patience=15),
    Case(10, 9.5, patience=20),
    Case(20, 24.0, patience=8),
)


def scenario(case: Case, inquiries: int) -> str:
    """The case as a scenario file."""
    names = [f"op{number}" for number in range(1, case.servers + 1)]
    per_hour = 3600 * case.arrivals
    operators = "".join(f'[[config.operators]]\nid = "{name}"\nphones = ["PJSIP/{name}"]\n' for name in names)
    patience = "" if case.patience is None else f'patience = "{case.patience}s"\n'
    return f"""
start = 2026-11-23T00:00:00
duration = "{inquiries / per_hour:.6f}h"
rings_after = "0s"
[[load]]
number = "1"
per_hour = {per_hour!r}
talk = "{case.talk}s"
{patience}[[staff]]
operators = {names!r}
answers_after = "0s"
{operators}[[config.groups]]
id = "line"
operators = {names!r}
distribution = "evenly"
[[config.numbers]]
number = "1"
group = "line"
"""


def plan_of(case: Case, inquiries: int) -> Plan:
    """The case, read as any scenario is."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scenario.toml"
        path.write_text(scenario(case, inquiries))
        return read(path)


def simulated(plan: Plan, seed: int) -> tuple[Line, int]:
    """The engine's line, and how many events it took."""
    ledger, events = run(plan, seed)
    (tally,) = ledger.tallies.values()
    left = tally.gone.get(Outcome.ABANDONED, array("d"))
    served = len(tally.answered)
    everyone = [*tally.answered, *left]
    at_work = sum(person.at_work for person in ledger.people.values())
    on_duty = sum(person.on_duty for person in ledger.people.values())
    line = Line(
        waiting=sum(wait > NOTHING for wait in everyone) / len(everyone),
        mean_wait=math.fsum(everyone) / len(everyone),
        abandoning=len(left) / (served + len(left)),
        occupancy=at_work / on_duty,
    )
    return line, events


def same_customers(plan: Plan, seed: int, servers: int) -> Line:
    """The reference's line for those whom the engine served."""
    (load,) = arrivals(plan, seed)
    return Reference(servers, plan.start).serve(((each.at, each.talk, each.patience) for each in load), plan.end)


def _people(case: Case) -> Iterator[Person]:
    chance = Chance(1, f"reference {case}")
    at = 0.0
    while True:
        at += chance.exponential(1 / case.arrivals)
        patience = math.inf if case.patience is None else chance.exponential(case.patience)
        yield at, chance.exponential(case.talk), patience


@dataclass(frozen=True)
class Comparison:
    """One figure of a case, from everywhere. ``error``: the standard error of the engine's."""

    name: str
    formula: float
    reference: float
    engine: float
    error: float
    same: float
    """The reference's, for the engine's customers."""

    @property
    def is_met(self) -> bool:
        """Whether none is further off than it may be."""
        may_be_off = max(TOLERANCE, STANDARD_ERRORS * self.error / self.formula)
        return (
            abs(self.reference / self.formula - 1) <= TOLERANCE
            and abs(self.engine / self.same - 1) <= SAME_CUSTOMERS
            and abs(self.engine / self.formula - 1) <= may_be_off
        )

    def __str__(self) -> str:
        return (
            f"{self.name:<16} {self.formula:>9.4f} {self.reference / self.formula - 1:>+9.2%} "
            f"{self.engine:>10.4f} {self.engine / self.formula - 1:>+8.2%} ± {self.error / self.formula:<6.2%}"
            f"{self.engine / self.same - 1:>+9.3%} {'' if self.is_met else '  TOO FAR'}"
        )


def compare(case: Case, inquiries: int, times: int, seed: int = 1) -> tuple[list[Comparison], float]:
    """Every figure of a case, and how many events a second the engine was told."""
    plan = plan_of(case, inquiries)
    began = time.perf_counter()
    engine, events = simulated(plan, seed)
    rate = events / (time.perf_counter() - began)
    same = same_customers(plan, seed, case.servers)
    reference, people = Reference(case.servers), _people(case)
    batches = [reference.serve(itertools.islice(people, inquiries)) for _ in range(times)]
    comparisons = []
    for figure, name in FIGURES.items():
        formula = getattr(case.formula, figure)
        if formula:
            values = [getattr(batch, figure) for batch in batches]
            mean, spread = statistics.fmean(values), statistics.stdev(values)
            theirs = getattr(engine, figure), spread, getattr(same, figure)
            comparisons.append(Comparison(name, formula, mean, *theirs))
    return comparisons, rate


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="simulated waits against the formulas of waiting lines")
    parser.add_argument("--inquiries", type=int, default=INQUIRIES, help="how many the engine serves in each case")
    parser.add_argument("--reference", type=int, default=REFERENCE, help="so many times as many the reference serves")
    wanted = parser.parse_args()
    is_met = True
    for case in CASES:
        comparisons, rate = compare(case, wanted.inquiries, wanted.reference)
        print(f"{case}: {wanted.inquiries:,} inquiries, {rate:,.0f} events/s")
        print(f"  {'':<16} {'formula':>9} {'reference':>9} {'engine':>10} {'off':>8}   {'std.err':<7} {'same':>7}")
        for comparison in comparisons:
            is_met &= comparison.is_met
            print(f"  {comparison}")
    print("all within what may be" if is_met else "NOT all within what may be")
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
