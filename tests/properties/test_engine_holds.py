"""Whatever happens in whatever order, the invariants hold; and the same events make the same decisions."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from huntgroup.engine.lifecycle import IllegalTransitionError
from tests.simulation.__main__ import run_seed
from tests.simulation.chaos import BrokenError, Chaos
from tests.simulation.dice import Drawn, Seeded
from tests.simulation.mutants import MUTANTS, Mutant

REPOSITORY = Path(__file__).resolve().parents[2]


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_nothing_that_can_happen_breaks_an_invariant(data: st.DataObject) -> None:
    chaos = Chaos(Drawn(data))
    for _ in range(data.draw(st.integers(1, 40))):
        chaos.step()
    chaos.finish()


@pytest.mark.parametrize("seed", range(1, 9))
def test_a_long_day_of_faults_leaves_nothing_over(seed: int) -> None:
    run_seed(seed, steps=1_500, full_check_every=23)


def run_seeds(seeds: Iterable[int]) -> None:
    for seed in seeds:
        run_seed(seed, steps=1_500, full_check_every=7)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_bug_put_in_on_purpose_is_found(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant.put_in(monkeypatch)

    with pytest.raises((BrokenError, IllegalTransitionError, KeyError, ValueError)):
        run_seeds(range(1, 40))


DIGEST = """
import hashlib
from tests.simulation.chaos import Chaos
from tests.simulation.dice import Seeded
class Recorder(Chaos):
    digest = hashlib.sha256()
    def _take(self, effect):
        self.digest.update(repr(effect).encode())
        super()._take(effect)
for seed in (1, 2, 3):
    chaos = Recorder(Seeded(seed), full_check_every=10**9)
    for _ in range(1500):
        chaos.step()
print(Recorder.digest.hexdigest())
"""


def decisions_with(hash_seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run(
        [sys.executable, "-c", DIGEST], capture_output=True, check=True, text=True, env=environment, cwd=REPOSITORY
    )
    return ran.stdout.strip()


def test_the_same_events_make_the_same_decisions_under_any_hash_seed() -> None:
    digests = {decisions_with(seed) for seed in ("0", "1", "4242")}

    assert len(digests) == 1
    assert digests != {hashlib.sha256().hexdigest()}


def test_a_seed_repeats_its_run() -> None:
    first, second = (run_seed(5, steps=500) for _ in range(2))

    assert first.outcomes == second.outcomes
    assert first.events == second.events
    assert Seeded(5).between(0, 1) == Seeded(5).between(0, 1)
