"""Whatever is typed, however the command is run: words and an exit status, and never a traceback."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest
import typer.main
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from huntgroup import cli
from huntgroup.adapters.store.opening import open_store
from huntgroup.errors import HuntgroupError
from tests.unit.settings.test_editing import FILE

IN_WORDS = (SystemExit, HuntgroupError, OSError)
"""What the guard around every command turns into a line of words; anything else is a fault."""
RUNS_ON = {("run",), ("doctor",)}
"""These reach for a PBX, so here they get a file that is wrong."""
INTERNAL = "an error of Huntgroup's own"


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """The words of every command, with its options."""
    inner = getattr(command, "commands", {})
    if not inner:
        options = [name for each in command.params for name in getattr(each, "opts", ()) if name.startswith("-")]
        yield path, [each for each in options if each not in {"--watch", "--config"}]
    for name, each in inner.items():
        yield from commands(each, (*path, name))


ALL = sorted(commands(typer.main.get_command(cli.app)))
ODD = (
    "",
    "-",
    "--",
    "--help",
    "--json",
    "--no-such",
    "-1",
    "0",
    "9" * 5000,
    "NaN",
    "[red]",
    "[/]",
    "{}",
    "=",
    "a=",
    "rings=" + "[" * 2000,
    "name=\x1b[2J",
    "\ud800",
    "\udcff\udcfe",
    "huntgroup.toml",
    ".",
    "..",
    "x.csv",
    "x.vcf",
    "x.svg",
    "+48 600 700 800",
    "2026-13-45",
    "9999-12-31T23:59:59",
    "0001-01-01T00:00:00",
    '{"type": "show"}',
    '{"type": "together", "steps": []}',
    "[" * 100_000,
    "group",
    "operator",
    "sales",
    "anna",
    "telegram:x",
)
words = st.sampled_from(ODD) | st.text(max_size=12).map(lambda text: text.replace("/", "_").replace("\0", "_"))


@st.composite
def typed(draw: st.DrawFn) -> list[str]:
    """A command with any arguments, some of which it has."""
    path, options = draw(st.sampled_from(ALL))
    argument = words | st.sampled_from(options) if options else words
    return [*path, *draw(st.lists(argument, max_size=6))]


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@example(arguments=["explain", "\ud800"], has_store=True)
@example(arguments=["customers", "find", "\ud800"], has_store=True)
@given(arguments=typed(), has_store=st.booleans())
def test_any_arguments_end_in_words(arguments: list[str], has_store: bool) -> None:
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        config = Path("huntgroup.toml")
        config.write_text("[[pbx]]\n" if tuple(arguments[:1]) in RUNS_ON else FILE)
        if has_store:
            open_store(Path("huntgroup.db"))

        done = CliRunner().invoke(cli.app, arguments, env={"HUNTGROUP_CONFIG": str(config)}, input="")

    assert done.exception is None or isinstance(done.exception, IN_WORDS), done.exc_info
    assert done.exit_code in {0, 1, 2, 3}


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A folder with a configuration and a store."""
    (tmp_path / "huntgroup.toml").write_text(FILE)
    open_store(tmp_path / "huntgroup.db")
    return tmp_path


MINIMAL = {
    "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
    "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    "AMI_SECRET": "x",
}
SURROUNDINGS: dict[str, dict[str, str]] = {
    "no HOME, no TERM, no locale": {},
    "C locale": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    "unknown time zone": {"TZ": "Mars/Olympus"},
    "dumb terminal of one column": {"TERM": "dumb", "COLUMNS": "1"},
    "unknown locale": {"LC_ALL": "xx_YY.latin-7"},
    "configuration named in the environment that is a folder": {"HUNTGROUP_CONFIG": "."},
}
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("--help",),
    ("status",),
    ("explain", "żółw"),
    ("admin", "set", "group", "sales", "name=Dział sprzedaży"),
    ("customers", "create", "--name", "Żółć"),
    ("crm", "outbox"),
)


def ran(
    house: Path, *arguments: str | bytes, shell: str = "", environment: dict[str, str] | None = None
) -> tuple[int, str, str]:
    """Run in the house's folder with next to nothing in its environment; *shell* is what stands behind the command."""
    surroundings = MINIMAL | {"HUNTGROUP_CONFIG": "huntgroup.toml"} | (environment or {})
    done = subprocess.run(
        ["sh", "-c", f'"$@" {shell}', "sh", sys.executable, "-m", "huntgroup", *arguments],
        cwd=house,
        env=surroundings,
        capture_output=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def is_in_words(error: str) -> bool:
    return not any(each in error for each in ("Traceback", INTERNAL, "Exception ignored", "Fatal Python error"))


@pytest.mark.parametrize("name", SURROUNDINGS)
def test_command_says_the_same_in_any_surroundings(house: Path, name: str) -> None:
    for command in COMMANDS:
        code, _, error = ran(house, *command, environment=SURROUNDINGS[name])
        assert (code in {0, 1, 2}, is_in_words(error)) == (True, True), (command, error)


@pytest.mark.parametrize(
    "shell", ["| head -c 1", ">&-", "2>&-", "<&-", ">/dev/full", "2>/dev/full", ">&- 2>&-", "| true"]
)
@pytest.mark.parametrize("command", [("--help",), ("admin", "show"), ("customers", "export", "-")])
def test_output_that_nobody_takes_ends_in_words(house: Path, command: tuple[str, ...], shell: str) -> None:
    code, _, error = ran(house, *command, shell=shell)
    assert code in {0, 1, 2}
    assert is_in_words(error)


def test_full_disk_under_the_output_is_an_error_in_words(house: Path) -> None:
    code, _, error = ran(house, "check", shell=">/dev/full")
    assert (code, error) == (1, "no space left on device\n")


@pytest.mark.parametrize("argument", [b"\xff\xfe", b"caf\xe9.csv", b"name=\xc3"])
def test_argument_that_is_not_utf_8_is_refused_by_its_place(house: Path, argument: bytes) -> None:
    code, _, error = ran(house, "customers", "find", argument)
    assert (code, error) == (2, "argument 3 is not UTF-8 text; write it, and name files, in UTF-8\n")


def test_arguments_are_utf_8_in_the_c_locale_too(house: Path) -> None:
    environment = SURROUNDINGS["C locale"]
    assert ran(house, "customers", "create", "--name", "Żółć", environment=environment)[0] == 0
    assert "Żółć" in ran(house, "customers", "find", "Żół")[1]
    assert ran(house, "customers", "find", "Żół", environment=environment)[1].startswith("customer-1")


@pytest.mark.parametrize(
    "command",
    [
        ("backup", "sub/copy.db"),
        ("customers", "export", "sub/x.csv"),
        ("customers", "export", "none/x.csv"),
        ("admin", "set", "group", "sales", "rings=3", "--config", "sub/huntgroup.toml"),
        ("simulate", "sub"),
    ],
)
def test_folder_that_cannot_be_written_is_told_in_words(house: Path, command: tuple[str, ...]) -> None:
    """A folder of the kernel's is one, for root as well."""
    (house / "sub").symlink_to("/proc/self")
    code, _, error = ran(house, *command)
    assert code in {1, 2}
    assert is_in_words(error)
    assert error.strip()
