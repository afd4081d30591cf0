"""`huntgroup simulate`: what it prints, draws and ends with."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.simulation.conftest import CONFIG, HEAD, LOAD
from typer.testing import CliRunner, Result

from huntgroup.cli import app

EXAMPLE = Path(__file__).parents[3] / "config" / "scenario.toml"


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    """A valid one, in which nobody leaves."""
    (tmp_path / "huntgroup.toml").write_text(CONFIG)
    path = tmp_path / "scenario.toml"
    path.write_text(HEAD + LOAD + "priority = 1\n")
    return path


def invoke(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["simulate", *map(str, arguments)])


def test_the_example_runs_as_it_is_written() -> None:
    result = invoke(EXAMPLE)
    assert (result.exit_code, result.stderr) == (0, "")
    for words in ("sales", "support", "anna", "ben", "cleo", "Waits in seconds", "Answered within 20 s"):
        assert words in result.stdout


def test_the_report_fits_into_80_columns() -> None:
    assert max(len(line.rstrip()) for line in invoke(EXAMPLE).stdout.splitlines()) <= 80


def test_json_is_one_object_and_nothing_else(scenario: Path) -> None:
    data = json.loads(invoke(scenario, "--json").stdout)
    assert data["seed"] == 1
    assert [each["operator"] for each in data["operators"]] == ["anna", "ben"]


def test_the_same_seed_is_the_same_day_and_another_is_another(scenario: Path) -> None:
    first, again, other = (invoke(scenario, "--json", "--seed", seed).stdout for seed in ("5", "5", "6"))
    assert first == again
    assert first != other


def test_no_hash_decides_anything(scenario: Path) -> None:
    def run(hash_seed: str) -> str:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-m", "huntgroup", "simulate", str(scenario), "--json"]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env=environment).stdout

    assert run("1") == run("2")


@pytest.mark.parametrize(("ending", "begins"), [("svg", b"<?xml"), ("png", b"\x89PNG")])
def test_a_plot_is_drawn_by_the_files_ending(scenario: Path, tmp_path: Path, ending: str, begins: bytes) -> None:
    picture = tmp_path / f"day.{ending}"
    assert invoke(scenario, "--plot", picture).exit_code == 0
    assert picture.read_bytes().startswith(begins)


def test_the_same_figures_are_the_same_svg(scenario: Path, tmp_path: Path) -> None:
    for name in ("one.svg", "two.svg"):
        invoke(scenario, "--plot", tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_another_ending_is_refused_before_anything_is_run(scenario: Path) -> None:
    result = invoke(scenario, "--plot", "day.pdf")
    assert result.exit_code == 2
    assert "ends with neither" in result.stderr


def test_a_plot_without_the_library_says_what_to_install(scenario: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    result = invoke(scenario, "--plot", "day.svg")
    assert (result.exit_code, result.stdout) == (1, "")
    assert 'pip install ".[sim]"' in result.stderr


def test_a_plot_that_cannot_be_written_is_told_without_a_traceback(scenario: Path, tmp_path: Path) -> None:
    result = invoke(scenario, "--plot", tmp_path / "nowhere" / "day.svg")
    assert result.exit_code == 1
    assert "No such file" in result.stderr


def test_mistakes_end_with_2_and_are_told_like_those_of_check(scenario: Path) -> None:
    scenario.write_text(HEAD + LOAD.replace('"101"', '"102"'))
    result = invoke(scenario)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines() == [
        f'{scenario}:7: load[0].number: the configuration has no number "102"; did you mean `101`?',
        "1 problem in the configuration.",
    ]
