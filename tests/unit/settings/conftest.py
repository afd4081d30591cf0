"""Real files, in a folder of their own, with a secret where the shortest valid file looks for one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from huntgroup.errors import ConfigError, Problem
from huntgroup.settings import Settings, load

SHORTEST = """
[[pbx]]
id = "main"
host = "127.0.0.1"
username = "huntgroup"
secret_env = "AMI_SECRET"
"""

ENVIRONMENT = {"AMI_SECRET": "s3cret"}

Accept = Callable[[str], Settings]
Problems = Callable[[str], tuple[Problem, ...]]
Told = Callable[[str], list[str]]


@pytest.fixture
def accept(tmp_path: Path) -> Accept:
    """Reads the text, put behind the shortest valid file, which must be accepted."""

    def read(text: str) -> Settings:
        path = tmp_path / "huntgroup.toml"
        path.write_text(SHORTEST + text)
        return load(path, ENVIRONMENT)

    return read


@pytest.fixture
def problems(tmp_path: Path) -> Problems:
    """Reads the text as the whole file, which must not be accepted; returns the problems."""

    def read(text: str) -> tuple[Problem, ...]:
        path = tmp_path / "huntgroup.toml"
        path.write_text(text)
        with pytest.raises(ConfigError) as caught:
            load(path, ENVIRONMENT)
        return caught.value.problems

    return read


@pytest.fixture
def told(problems: Problems) -> Told:
    """Reads the text, put behind the shortest valid file; returns `KEY: wrong; right` of each problem.

    Each problem must be on a line that the text marks with `# here`, unless nothing is marked.
    """

    def read(text: str) -> list[str]:
        whole = SHORTEST + text
        found = problems(whole)
        marked = {number for number, line in enumerate(whole.splitlines(), 1) if line.endswith("# here")}
        assert not marked or {problem.line for problem in found} == marked
        return [f"{problem.key}: {problem.wrong}; {problem.right}" for problem in found]

    return read
