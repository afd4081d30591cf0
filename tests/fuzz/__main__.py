"""``python -m tests.fuzz``: a million inputs for each door, from a seed that anybody can repeat."""

import argparse
import sys
from collections.abc import Callable

from tests.fuzz.administration import Administration
from tests.fuzz.ami import Ami
from tests.fuzz.configuration import Configuration
from tests.fuzz.crm import CrmAnswers
from tests.fuzz.driver import Door, repeat, run, told
from tests.fuzz.lists import Lists
from tests.fuzz.mqtt import Mqtt
from tests.fuzz.silence import no_logs

DOORS: dict[str, Callable[[], Door]] = {
    "ami": Ami,
    "mqtt": Mqtt,
    "configuration": Configuration,
    "administration": Administration,
    "lists": Lists,
    "crm": CrmAnswers,
}
COUNT = 1_000_000


def main() -> int:
    """The exit status: 1 when something broke."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--only", choices=DOORS, help="one door; else all of them, one after the other")
    parser.add_argument("--count", type=int, default=COUNT, help="inputs for each door")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--number", type=int, help="feed only the case of this number again, as a report names it")
    asked = parser.parse_args()
    has_broken = False
    for name in [asked.only] if asked.only else DOORS:
        door = DOORS[name]()
        with no_logs():
            if asked.number is not None:
                ran = repeat(door, seed=asked.seed, number=asked.number)
            else:
                ran = run(door, seed=asked.seed, count=asked.count, progress=sys.stderr)
        door.close()
        print(told(ran), flush=True)
        has_broken |= bool(ran.findings)
    return int(has_broken)


if __name__ == "__main__":
    sys.exit(main())
