"""`huntgroup admin`: what it prints, what it writes, and with which status it ends."""

import json
import os
import signal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from huntgroup.adapters.store.opening import held, open_store
from huntgroup.authors import Author, author_of
from huntgroup.cli import app
from huntgroup.settings.filing import version_of
from tests.unit.adapters.store.conftest import spoil
from tests.unit.settings.test_editing import FILE


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "huntgroup.toml"
    path.write_text(FILE)
    return path


def runs(config: Path, *arguments: str, typed: str | None = None) -> tuple[int, str]:
    """Status and words."""
    done = CliRunner().invoke(app, ["admin", *arguments, "--config", str(config)], input=typed)
    return done.exit_code, done.output


def test_values_are_set_as_the_file_would_have_them(config: Path) -> None:
    status, words = runs(config, "set", "group", "sales", "rings=3", "distribution=evenly", "wrapup=5s")

    assert status == 0
    assert "groups.sales.rings: 4 -> 3\n" in words
    assert words.endswith("no daemon runs; it holds from the next start on\n")
    wanted = 'rings = 3\ndistribution = "evenly"\nwrapup = "5s"\n'
    assert config.read_text() == FILE.replace("rings = 4\n", wanted)


def test_the_shells_secrets_need_not_be_the_daemons(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AMI_SECRET", raising=False)

    assert runs(config, "reset", "group", "sales", "rings")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        (("add", "operator", "eva", 'phones=["PJSIP/eva"]'), "operators.eva"),
        (("add", "number", "101", "group=sales"), "numbers.101"),
        (("remove", "operator", "anna"), "operators.anna"),
        (("remove", "number", "+12025550101"), "numbers.+1 202 555 0101"),
        (("add-member", "sales", "cleo", "--at", "1"), "groups.sales.operators"),
        (("remove-member", "sales", "anna"), "groups.sales.operators"),
        (("move-member", "sales", "ben", "1"), "groups.sales.operators"),
        (("do", '{"type":"set_operator","operator":"anna","changes":{"name":"A"}}'), "operators.anna.name"),
    ],
)
def test_each_command_says_what_it_changes(config: Path, arguments: tuple[str, ...], key: str) -> None:
    status, words = runs(config, *arguments, "--dry-run")
    assert (status, config.read_text()) == (0, FILE)
    assert f"{key}: " in words
    assert "a dry run" in words

    assert runs(config, *arguments)[0] == 0
    assert config.read_text() != FILE


def test_a_command_is_read_from_the_input(config: Path) -> None:
    command = {"type": "set_group", "group": "sales", "changes": {"rings": 2}}

    assert runs(config, "do", "-", typed=json.dumps(command))[0] == 0
    assert "rings = 2" in config.read_text()


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (("set", "group", "sales", "rings=0"), 2, "groups[0].rings: is 0; it must be at least 1"),
        (("set", "group", "sails", "rings=2"), 1, 'group: there is no group "sails"; did you mean `sales`?'),
        (("move-member", "sales", "cleo", "1"), 1, "operator: cleo is not in sales"),
        (("do", '{"type":"stop"}'), 2, "type: "),
        (("do", "{"), 2, "invalid JSON"),
        (("set", "group", "sales", "rings"), 2, "is not KEY=VALUE"),
        (("history",), 1, "is not there"),
    ],
)
def test_what_cannot_be_done_is_told_and_changes_nothing(
    config: Path, arguments: tuple[str, ...], status: int, told: str
) -> None:
    got, words = runs(config, *arguments)

    assert got == status
    assert told in words.replace("\n│ ", " ")
    assert config.read_text() == FILE


def test_what_is_so_already_is_said(config: Path) -> None:
    assert runs(config, "set", "group", "sales", "rings=4") == (0, "nothing to change\n")


def test_the_tables_are_shown_with_their_version(config: Path) -> None:
    status, words = runs(config, "show")

    shown = json.loads(words)
    assert status == 0
    assert len(shown["version"]) == 16
    assert shown["groups"][0]["rings"] == 4


@pytest.mark.parametrize(
    ("word", "status", "told"),
    [("version", 0, "in force, as version"), ("refused", 1, "written, but the daemon refused it")],
)
def test_a_running_daemon_is_told_and_its_word_awaited(
    config: Path, monkeypatch: pytest.MonkeyPatch, word: str, status: int, told: str
) -> None:
    with held(config.parent / "huntgroup.db") as holding:

        def reload(pid: int, number: int) -> None:
            assert (pid, number) == (os.getpid(), signal.SIGHUP)
            holding.tell(**{word: version_of(config.read_bytes())})

        monkeypatch.setattr("huntgroup.in_force.os.kill", reload)
        got, words = runs(config, "set", "group", "sales", "rings=3")

    assert got == status
    assert told in words


def test_who_may_not_signal_the_daemon_is_told_what_to_do(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(_pid: int, _number: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("huntgroup.in_force.os.kill", forbidden)
    with held(config.parent / "huntgroup.db"):
        status, words = runs(config, "set", "group", "sales", "rings=3")

    assert status == 1
    assert "systemctl reload huntgroup" in words
    assert "rings = 3" in config.read_text()


def test_extension_of_digits_is_added_as_text(config: Path) -> None:
    status, words = runs(config, "add", "operator", "eva", 'phones=["PJSIP/eva"]', "extension=104", "name=2026")

    assert (status, "operators.eva" in words) == (0, True)
    assert 'extension = "104"' in config.read_text()
    assert 'name = "2026"' in config.read_text()


def test_mobile_number_that_looks_like_a_sum_is_set_as_text(config: Path) -> None:
    assert runs(config, "set", "operator", "anna", "mobile=+48600100299")[0] == 0
    assert 'mobile = "+48600100299"' in config.read_text()


def test_group_with_a_name_of_digits_is_named_as_text(config: Path) -> None:
    assert runs(config, "add", "group", "24", "name=24", 'operators=["anna"]')[0] == 0
    assert runs(config, "add", "number", "101", "group=24")[0] == 0
    assert 'group = "24"' in config.read_text()


def test_name_of_who_changes_the_file_is_left_for_the_daemon(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("os.chown", lambda *_: None)
    monkeypatch.setenv("SUDO_USER", "kowalska")
    before = version_of(config.read_bytes())

    assert runs(config, "set", "group", "sales", "rings=3")[0] == 0

    author = author_of(config.parent / "huntgroup.db", version_of(config.read_bytes()))
    assert author == Author("shell:kowalska", before, version_of(config.read_bytes()))
    assert author_of(config.parent / "huntgroup.db", before) is None


def test_nothing_is_written_through_a_link_that_lies_where_the_name_goes(config: Path) -> None:
    (config.parent / "precious").write_text("mine")
    (config.parent / "huntgroup.db.changed-by").symlink_to(config.parent / "precious")

    assert runs(config, "set", "group", "sales", "rings=3")[0] == 0

    assert (config.parent / "precious").read_text() == "mine"
    assert author_of(config.parent / "huntgroup.db", version_of(config.read_bytes())) is not None


def test_history_shows_local_times_and_no_control_characters(config: Path) -> None:
    store = config.parent / "huntgroup.db"
    open_store(store)
    change = {"key": "groups.sales.name", "before": '"\x1b[31m"', "after": '"[red]"'}
    body = json.dumps({"who": "shell:root", "version": "abc", "changes": [change]})
    spoil(store, "INSERT INTO journal VALUES (1, 1790000000.0, 'PolicyChanged', ?, 0)", body)

    status, words = runs(config, "history")

    assert status == 0
    assert words.splitlines()[0].endswith("  shell:root  abc")
    assert words.splitlines()[1] == '    groups.sales.name: "�[31m" -> "[red]"'
