"""``make sim``: random configurations, arrivals and faults, from seeds that anybody can repeat.

    make sim                          1,000,000 inquiries over many seeds
    make sim INQUIRIES=10000 SEED=7   fewer, from one seed on

Exit status 1 and the seed when an invariant does not hold.
"""

import argparse
import sys
import time
from collections import Counter

from tests.simulation.chaos import Chaos
from tests.simulation.dice import Seeded

STEPS = 4_000
"""Of one seed: a configuration is met from all sides, and the next seed brings another."""


def run_seed(seed: int, *, steps: int = STEPS, full_check_every: int = 97) -> Chaos:
    """One run to its end. Raises what went wrong, with the seed in a note."""
    chaos = Chaos(Seeded(seed), full_check_every=full_check_every)
    try:
        for _ in range(steps):
            chaos.step()
        chaos.finish()
    except Exception as error:
        error.add_note(f"to repeat: make sim SEED={seed} INQUIRIES=1")
        raise
    return chaos


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="the engine against faults")
    parser.add_argument("--inquiries", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=int, default=97, help="look at everything after so many events")
    wanted = parser.parse_args()
    outcomes: Counter[str] = Counter()
    inquiries = events = 0
    seed = wanted.seed
    began = time.monotonic()
    while inquiries < wanted.inquiries:
        chaos = run_seed(seed, full_check_every=wanted.every)
        inquiries += chaos.inquiries
        events += chaos.events
        outcomes += chaos.outcomes
        seed += 1
    took = time.monotonic() - began
    seeds = f"seeds {wanted.seed} to {seed - 1}"
    print(f"{inquiries:,} inquiries, {events:,} events, {seeds}, {took:.0f} s: all invariants hold")
    for outcome, count in outcomes.most_common():
        print(f"  {count:>9,}  {outcome}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
