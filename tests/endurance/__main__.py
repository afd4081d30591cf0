"""The command line: ``make faults``. Exit status 1, and what was wrong, when anything was."""

import argparse
import asyncio
import random
import sys

from tests.endurance.run import endure

COUNTS = {"kill": 300, "pbx": 12, "link": 40, "broker": 20, "disk": 40, "clock": 30}
SHOWN = 40


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="real processes against faults")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--only", choices=COUNTS, help="faults of one kind")
    parser.add_argument("--faults", type=int, help="so many of each kind")
    wanted = parser.parse_args()
    is_wrong = False
    for kind, count in COUNTS.items():
        if wanted.only in {None, kind}:
            print(f"{kind}, seed {wanted.seed}", flush=True)
            result = asyncio.run(endure(kind, wanted.faults or count, wanted.seed))
            print(result, flush=True)
            for each in result.wrong[:SHOWN]:
                print(f"  - {each}", flush=True)
            is_wrong |= bool(result.wrong)
    return int(is_wrong)


if __name__ == "__main__":
    sys.exit(main())
