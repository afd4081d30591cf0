"""The command line: ``make hour``. Exit status 1, and what was wrong, when anything was."""

import argparse
import asyncio
import random
import sys
from functools import partial

from tests.endurance.hour.run import mixed_hour

SHOWN = 40


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="an hour of mixed calls, after which nothing may be left")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--seconds", type=float, default=3600.0)
    wanted = parser.parse_args()
    print(f"{wanted.seconds:.0f} s of mixed calls, seed {wanted.seed}", flush=True)
    result = asyncio.run(mixed_hour(wanted.seconds, wanted.seed, partial(print, flush=True)))
    print(result, flush=True)
    for each in result.wrong[:SHOWN]:
        print(f"  - {each}", flush=True)
    return int(bool(result.wrong))


if __name__ == "__main__":
    sys.exit(main())
