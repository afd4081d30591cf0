"""``python -m tests.fuzz``: a million inputs for each target, from a repeatable seed."""

import argparse
import sys
from collections.abc import Callable

from tests.fuzz.administration import Administration
from tests.fuzz.ami import Ami
from tests.fuzz.configuration import Configuration
from tests.fuzz.crm import CrmAnswers
from tests.fuzz.driver import Target, repeat, report, run
from tests.fuzz.lists import Lists
from tests.fuzz.mqtt import Mqtt
from tests.fuzz.silence import no_logs

TARGETS: dict[str, Callable[[], Target]] = {
    "ami": Ami,
    "mqtt": Mqtt,
    "configuration": Configuration,
    "administration": Administration,
    "lists": Lists,
    "crm": CrmAnswers,
}
COUNT = 1_000_000


def main() -> int:
    """Exit status: 0, or 1 with findings."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--only", choices=TARGETS, help="run one target; by default all of them")
    parser.add_argument("--count", type=int, default=COUNT, help="inputs for each target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--number", type=int, help="run only the case with this number, from a report")
    asked = parser.parse_args()
    has_broken = False
    for name in [asked.only] if asked.only else TARGETS:
        target = TARGETS[name]()
        with no_logs():
            if asked.number is not None:
                result = repeat(target, seed=asked.seed, number=asked.number)
            else:
                result = run(target, seed=asked.seed, count=asked.count, progress=sys.stderr)
        target.close()
        print(report(result), flush=True)
        has_broken |= bool(result.findings)
    return int(has_broken)


if __name__ == "__main__":
    sys.exit(main())
