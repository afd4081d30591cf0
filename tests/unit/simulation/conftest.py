"""Scenarios in a folder of their own, with a small configuration beside them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from huntgroup.errors import ConfigError, Problem
from huntgroup.simulation import Figures, Plan, read, simulate

CONFIG = """
[[pbx]]
id = "main"
host = "127.0.0.1"
username = "huntgroup"
secret_env = "SET_NOWHERE"
[telephony]
ring_seconds = 5.0
[[operators]]
id = "anna"
phones = ["PJSIP/anna"]
[[operators]]
id = "ben"
phones = ["PJSIP/ben"]
[[groups]]
id = "sales"
operators = ["anna", "ben"]
rings = 2
[[numbers]]
number = "101"
group = "sales"
[[sources]]
id = "site-chat"
channel = "chat"
group = "sales"
[[sources]]
id = "post"
channel = "mail"
group = "sales"
"""

HEAD = """
config = "huntgroup.toml"
start = 2026-11-23T08:00:00
duration = "1h"
rings_after = "1s"
"""

LOAD = '[[load]]\nnumber = "101"\nper_hour = 60\ntalk = "1m"\n'

Read = Callable[..., Plan]
Told = Callable[..., list[str]]
Played = Callable[..., Figures]


@pytest.fixture
def planned(tmp_path: Path) -> Read:
    """Reads a scenario that must be valid; ``config`` and further files by name."""

    def make(text: str, config: str = CONFIG, **files: str) -> Plan:
        (tmp_path / "huntgroup.toml").write_text(config)
        for name, content in files.items():
            (tmp_path / f"{name}.csv").write_text(content)
        path = tmp_path / "scenario.toml"
        path.write_text(text)
        return read(path)

    return make


@pytest.fixture
def told(tmp_path: Path, planned: Read) -> Told:
    """Reads a scenario that must not be valid; ``FILE:LINE: KEY: wrong; right`` of each problem."""

    def make(text: str, config: str = CONFIG, **files: str) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            planned(text, config, **files)
        problems: tuple[Problem, ...] = caught.value.problems
        return [str(problem).removeprefix(f"{tmp_path}/") for problem in problems]

    return make


@pytest.fixture
def played(planned: Read) -> Played:
    """Runs a day of recorded customers, ``time,entrance,talk,patience`` without the date, one a line."""

    def make(customers: str, staff: str = "", head: str = HEAD, config: str = CONFIG) -> Figures:
        rows = "\n".join(line.strip() for line in customers.strip().splitlines())
        text = f'{head}[[load]]\nrecorded = "day.csv"\n{staff}'
        return simulate(planned(text, config, day=f"time,entrance,talk,patience\n{rows}\n"))

    return make
