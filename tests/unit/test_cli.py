"""The command line: what it prints, where, and with which exit status."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner, Result

from huntgroup import cli, cli_options
from huntgroup.adapters.store.opening import open_store
from huntgroup.adapters.store.reading import records_of
from huntgroup.errors import HuntgroupError, InvariantBroken, PeerError, PeerRefused
from huntgroup.settings import load

VALID = """
[[pbx]]
id = "main"
host = "127.0.0.1"
username = "huntgroup"
secret_file = "ami.secret"
[[operators]]
id = "anna"
phones = ["PJSIP/anna"]
[[operators]]
id = "ben"
phones = ["PJSIP/ben"]
[[groups]]
id = "sales"
operators = ["anna", "ben"]
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A valid file, with its secret."""
    secret = tmp_path / "ami.secret"
    secret.write_text("x\n")
    secret.chmod(0o600)
    path = tmp_path / "huntgroup.toml"
    path.write_text(VALID)
    return path


@pytest.fixture
def broken(config: Path) -> Path:
    """A file with two problems, on its lines 16 and 17."""
    config.write_text(f'{VALID}rings = 0\nhold = "musik"\n')
    return config


def told(path: Path) -> list[str]:
    """What is printed for the broken file."""
    return [
        f"{path}:16: groups[0].rings: is 0; it must be at least 1",
        f'{path}:17: groups[0].hold: "musik" is not one of `music` or `ringing`; did you mean `music`?',
        "2 problems in the configuration.",
    ]


def invoke(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


Daemon = Callable[[Callable[[Path], int]], None]


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Daemon:
    """Puts a function in the place of the daemon: here only the command line around it is looked at."""

    def install(run: Callable[[Path], int]) -> None:
        module = ModuleType("huntgroup.app")
        module.__dict__["run"] = run
        monkeypatch.setitem(sys.modules, "huntgroup.app", module)

    return install


def test_check_says_how_much_a_valid_file_describes(config: Path) -> None:
    result = invoke("check", "--config", config)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        f"{config} is fine: 2 operators, 1 group, 0 numbers.\n"
        "note: there are no numbers and no sources, so no inquiry will ever come in\n"
    )


@pytest.mark.parametrize(
    ("before", "after", "notes"),
    [
        (
            VALID[VALID.index("[[operators]]") :],
            "",
            [
                "there are no operators and no groups, so nobody will ever be rung",
                "there are no numbers and no sources, so no inquiry will ever come in",
            ],
        ),
        (
            VALID[VALID.index("[[groups]]") :],
            "",
            [
                "there are no groups, so nobody will ever be rung",
                "there are no numbers and no sources, so no inquiry will ever come in",
            ],
        ),
        (
            'operators = ["anna", "ben"]',
            'operators = ["anna"]\n[[sources]]\nid = "web"\nchannel = "chat"\ngroup = "sales"',
            [],
        ),
    ],
)
def test_check_notes_what_rings_nobody(config: Path, before: str, after: str, notes: list[str]) -> None:
    config.write_text(VALID.replace(before, after))

    result = invoke("check", "--config", config)

    assert result.exit_code == 0
    assert result.stdout.splitlines()[1:] == [f"note: {each}" for each in notes]


def test_check_tells_each_problem_on_a_line_and_how_many_there_are(broken: Path) -> None:
    result = invoke("check", "--config", broken)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines() == told(broken)


def test_check_of_a_file_that_is_not_there_is_a_problem_of_the_configuration(tmp_path: Path) -> None:
    result = invoke("check", "--config", tmp_path / "none.toml")
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == "1 problem in the configuration."


def test_run_tells_the_same_words_as_check(broken: Path, daemon: Daemon) -> None:
    daemon(lambda path: len(load(path).pbx))
    result = invoke("run", "--config", broken)
    assert (result.exit_code, result.stderr.splitlines()) == (2, told(broken))


@pytest.mark.parametrize("status", [0, 3])
def test_run_ends_with_the_status_of_the_daemon(config: Path, daemon: Daemon, status: int) -> None:
    given: list[Path] = []

    def run(path: Path) -> int:
        given.append(path)
        return status

    daemon(run)
    assert invoke("run", "--config", config).exit_code == status
    assert given == [config]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (PeerRefused("main", "the secret is wrong"), 3),
        (PeerError("main", "no answer"), 1),
        (InvariantBroken("an offer without an operator"), 1),
    ],
)
def test_run_tells_an_error_without_a_traceback(
    config: Path, daemon: Daemon, error: HuntgroupError, status: int
) -> None:
    def run(_: Path) -> int:
        raise error

    daemon(run)
    result = invoke("run", "--config", config)
    assert (result.exit_code, result.stderr) == (status, f"{error}\n")


COMMANDS: tuple[tuple[str, ...], ...] = (
    ("check",),
    ("run",),
    ("explain", "c1"),
    ("status",),
    ("doctor",),
    ("replay",),
    ("backup", "copy.db"),
    ("crm", "outbox"),
    ("crm", "retry"),
    ("admin", "show"),
    ("admin", "history"),
    ("admin", "set", "group", "sales", "rings=3"),
    ("admin", "reset", "group", "sales", "rings"),
    ("admin", "add-member", "sales", "ben"),
    ("customers", "show", "customer-1"),
    ("customers", "find", "jan"),
    ("customers", "export", "-"),
)
"""One of each kind that reads the configuration."""


@pytest.mark.parametrize("command", COMMANDS)
def test_command_without_any_file_says_where_one_is_looked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: tuple[str, ...]
) -> None:
    monkeypatch.setattr(cli_options, "DEFAULT_CONFIG", tmp_path / "none.toml")

    result = invoke(*command)

    assert result.exit_code == 2
    words = " ".join(result.stderr.split())
    assert f"there is no {tmp_path / 'none.toml'}; name the configuration with --config" in words
    assert "HUNTGROUP_CONFIG" in words


@pytest.mark.parametrize("command", COMMANDS)
def test_command_takes_its_file_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: tuple[str, ...]
) -> None:
    (tmp_path / "named.toml").write_text("[[pbx]\n")
    monkeypatch.setenv("HUNTGROUP_CONFIG", str(tmp_path / "named.toml"))

    result = invoke(*command)

    assert result.exit_code in {1, 2}
    assert "is not TOML" in result.output


@pytest.mark.parametrize("command", COMMANDS)
def test_command_takes_the_file_in_etc_where_none_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: tuple[str, ...]
) -> None:
    (tmp_path / "default.toml").write_text("[[pbx]\n")
    monkeypatch.setattr(cli_options, "DEFAULT_CONFIG", tmp_path / "default.toml")

    assert "is not TOML" in invoke(*command).output


def test_file_that_is_named_counts_before_the_environment(monkeypatch: pytest.MonkeyPatch, config: Path) -> None:
    monkeypatch.setenv("HUNTGROUP_CONFIG", str(config.parent / "none.toml"))
    assert invoke("check", "--config", config).exit_code == 0


def test_the_version_is_shown_and_nothing_else_is_needed() -> None:
    result = invoke("--version")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"huntgroup {version('huntgroup')}+")


def helped(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with the words that lead to it."""
    yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from helped(inner, (*path, name))


def test_help_shows_every_bracket_of_its_texts() -> None:
    found = 0
    for path, command in helped(typer.main.get_command(cli.app)):
        shown = " ".join(invoke(*path, "--help").stdout.split())
        texts = [command.help or "", *(getattr(each, "help", "") or "" for each in command.params)]
        for word in (word for text in texts for word in text.split() if "[" in word or "]" in word):
            found += 1
            assert word in shown, (path, word)
    assert found >= 3


def test_every_error_has_a_code_of_its_own() -> None:
    kinds = (HuntgroupError, PeerError, PeerRefused, InvariantBroken)
    assert len({kind.code for kind in kinds}) == len(kinds)


@pytest.mark.parametrize("command", ["check", "run"])
def test_the_real_command_ends_with_2_and_no_traceback(broken: Path, command: str) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-m", "huntgroup", command, "--config", str(broken)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == told(broken)


def recorded(config: Path, *values: object) -> Path:
    """The store, with one record in it."""
    store = config.parent / "huntgroup.db"
    open_store(store)
    with closing(sqlite3.connect(store)) as database, database:
        marks = ", ".join("?" * len(values))
        database.execute(
            f'INSERT INTO record (at, inquiry, type, "group", operator, attempt, detail, more) VALUES ({marks})', values
        )
    return store


def test_explain_of_an_inquiry_that_is_not_there_names_the_last_ones(config: Path) -> None:
    store = recorded(config, 0, "call-main-1.1", "inquiry.closed", None, None, None, "", "")

    result = invoke("explain", "call-main-1.2", "--config", config)

    assert result.exit_code == 1
    first, second = result.stderr.splitlines()
    assert first == f"nothing is known of call-main-1.2 in {store}; the last ones are:"
    assert "call-main-1.1  somebody unknown, it ends" in second


def inquired(config: Path, at: float, inquiry: str, phone: str, name: str = "") -> None:
    """An inquiry of somebody's, who gave up."""
    customer = json.dumps({"customer": {"name": name, "phone": phone}})
    recorded(config, at, inquiry, "inquiry.received", "sales", None, None, "+48221234567", customer)
    recorded(config, at + 9, inquiry, "inquiry.closed", "sales", None, None, "abandoned", "")


@pytest.mark.parametrize("text", ["+48600700800", "600 700 800", "0048 600-700-800", "48600700800", "(600) 700 800"])
def test_explain_tells_of_the_newest_inquiries_of_a_number(config: Path, text: str) -> None:
    config.write_text('[telephony]\ncountry = "pl"\n' + VALID)
    inquired(config, 1_790_000_000, "c1", "+48600700800", "Jan")
    inquired(config, 1_790_000_100, "c2", "+48111222333")
    inquired(config, 1_790_000_200, "c3", "+48600700800", "Jan")

    result = invoke("explain", text, "--config", config)

    assert result.exit_code == 0
    head, newest, older, *story = result.stdout.splitlines()
    assert text in head
    assert ("c3  Jan (+48600700800), for sales, it ends, abandoned" in newest, "  c1  Jan" in older) == (True, True)
    assert [line.split("s  ")[1] for line in story] == [
        "Jan (+48600700800) comes in by +48221234567, for sales",
        "it ends, abandoned",
    ]


def test_explain_takes_an_extension_and_a_number_as_it_came(config: Path) -> None:
    inquired(config, 1_790_000_000, "c1", "101")
    inquired(config, 1_790_000_000, "c2", "anonymous")

    assert "  c1  101" in invoke("explain", "101", "--config", config).stdout
    assert "  c2  anonymous" in invoke("explain", "anonymous", "--config", config).stdout


def test_explain_of_a_number_gives_programs_each_of_its_inquiries(config: Path) -> None:
    inquired(config, 1_790_000_000, "c1", "+48600700800")
    inquired(config, 1_790_000_200, "c3", "+48600700800")

    lines = invoke("explain", "+48600700800", "--config", config, "--json").stdout.splitlines()

    assert [json.loads(line)["inquiry"] for line in lines] == ["c3", "c3", "c1", "c1"]


def test_explain_names_recent_inquiries_with_time_and_who(config: Path) -> None:
    inquired(config, 1_790_000_000, "c1", "+48600700800", "[red]Jan\x1b[2J")

    result = invoke("explain", "+1 202 555 0101", "--config", config)

    assert result.exit_code == 1
    assert result.stderr.splitlines()[1].endswith("  c1  [red]Jan�[2J (+48600700800), for sales, it ends, abandoned")
    assert result.stderr.splitlines()[1].startswith("  2026-09-21 ")


def test_explain_needs_no_secret_and_gives_json_to_programs(config: Path) -> None:
    (config.parent / "ami.secret").unlink()
    recorded(config, 2.5, "c1", "inquiry.accepted", "sales", "anna", 1, "", "")

    result = invoke("explain", "c1", "--config", config, "--json")

    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "at": 2.5,
        "inquiry": "c1",
        "type": "inquiry.accepted",
        "group": "sales",
        "operator": "anna",
        "attempt": 1,
    }


def test_explain_without_a_store_says_so(config: Path) -> None:
    result = invoke("explain", "c1", "--config", config)

    assert result.exit_code == 1
    assert "is not there: no daemon has run with this [store] yet" in result.stderr


def test_a_backup_is_a_store_of_its_own_and_never_takes_the_place_of_a_file(config: Path) -> None:
    recorded(config, 2.5, "c1", "inquiry.accepted", "sales", "anna", 1, "", "")
    copy = config.parent / "copy.db"

    assert invoke("backup", copy, "--config", config).exit_code == 0
    again = invoke("backup", copy, "--config", config)

    assert [each.inquiry for each in records_of(copy, "c1")] == ["c1"]
    assert again.exit_code == 1
    assert "is there already" in again.stderr
    assert not list(config.parent.glob("*.part"))


def test_a_backup_of_nothing_says_so(config: Path) -> None:
    result = invoke("backup", config.parent / "copy.db", "--config", config)

    assert result.exit_code == 1
    assert "is not there: no daemon has run with this [store] yet" in result.stderr


def test_replay_without_a_store_says_so(config: Path) -> None:
    result = invoke("replay", "--config", config)

    assert result.exit_code == 1
    assert "is not there: no daemon has run with this [store] yet" in result.stderr


def test_replay_until_something_that_is_no_time_says_how_to_write_one(config: Path) -> None:
    result = invoke("replay", "--config", config, "--until", "noon")

    assert result.exit_code == 2
    assert "noon is not a time; write it as in" in result.stderr


def test_a_test_call_without_its_extra_says_what_installs_it(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("huntgroup.doctor.testcall", "huntgroup.doctor.sip"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "aiosipua", None)

    result = invoke("doctor", "--config", config, "--test-call", "+48221234567")

    assert result.exit_code == 1
    assert result.stderr == (
        'a test call needs aiosipua: in the folder that Huntgroup was installed from, `pip install ".[doctor]"`\n'
    )


def test_no_text_has_a_package_installed_by_a_name_that_others_may_register() -> None:
    sources = Path(cli.__file__).parent.rglob("*.py")
    assert [
        each.name for each in sources if "pip install huntgroup" in (text := each.read_text()) or "huntgroup[" in text
    ] == []


@pytest.mark.parametrize("options", [("--test-call", "1@evil"), ("--test-call", "1", "--to", "pbx:x")])
def test_a_test_call_to_nowhere_is_refused(config: Path, options: tuple[str, ...]) -> None:
    assert invoke("doctor", "--config", config, *options).exit_code == 2


def test_the_doctor_of_a_broken_file_tells_every_problem_and_fails(broken: Path) -> None:
    result = invoke("doctor", "--config", broken)

    assert result.exit_code == 1
    assert f"{broken}:16" in result.stdout
    assert "2 failed" in result.stdout


def test_explain_gives_programs_no_name_that_a_terminal_obeys(config: Path) -> None:
    name = "Jan\x1b[2J\x9b2J\u202e\u2066\x7f\u2028"
    more = json.dumps({"customer": {"name": name, "phone": name}})
    recorded(config, 2.5, "c1", "inquiry.received", "sales", None, None, "sales", more)

    as_json = invoke("explain", "c1", "--config", config, "--json").stdout
    for_people = invoke("explain", "c1", "--config", config).stdout

    assert json.loads(as_json)["customer"]["name"] == name
    assert as_json.strip().isprintable()
    assert for_people.strip().isprintable()
    assert "Jan" in for_people
