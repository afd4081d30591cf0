"""Who changed the configuration by command: the person, where the system knows one."""

import os
from pathlib import Path

import pytest

from huntgroup import authors
from huntgroup.authors import Author, author_of, leave_name, system_user


@pytest.fixture(autouse=True)
def nobody_became_root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine on which nobody logged in."""
    for name in ("SUDO_USER", "DOAS_USER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(authors, "_LOGIN_USER", tmp_path / "loginuid")


@pytest.mark.parametrize("variable", ["SUDO_USER", "DOAS_USER"])
def test_person_who_became_root_is_named(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv(variable, "kowalska")
    assert system_user() == "shell:kowalska"


def test_person_who_logged_in_is_named_though_they_are_root_now(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "loginuid").write_text("1")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert system_user() == "shell:daemon"


def test_variable_of_who_is_not_root_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1)
    monkeypatch.setenv("SUDO_USER", "kowalska")
    assert system_user() == "shell:daemon"


@pytest.mark.parametrize("said", ["4294967295", "", "x"])
def test_where_nobody_logged_in_the_user_of_the_process_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str
) -> None:
    (tmp_path / "loginuid").write_text(said)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert system_user() == "shell:root"


def test_user_without_a_name_is_named_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4_000_000)
    assert system_user() == "shell:4000000"


def test_name_is_short_and_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("SUDO_USER", "\x1b[2J" + "x" * 1000)
    assert system_user().isprintable()
    assert len(system_user()) < 100


def test_folder_that_cannot_be_written_only_leaves_no_name(tmp_path: Path) -> None:
    leave_name(tmp_path / "none" / "huntgroup.db", Author("shell:anna", "a", "b"))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"who": 1}', "\xff"])
def test_note_that_is_none_names_nobody(tmp_path: Path, text: str) -> None:
    (tmp_path / "huntgroup.db.changed-by").write_bytes(text.encode("latin-1"))
    assert author_of(tmp_path / "huntgroup.db", "b") is None
