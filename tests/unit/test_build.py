"""Which Huntgroup runs: a mark that changes with the code, and is Git's own name for it."""

from importlib.metadata import version
from pathlib import Path

import pytest

from huntgroup import build
from huntgroup.build import commit, mark

MARK = "491c59719546"
"""What `git write-tree --prefix=pkg/` says of these files."""
FILES = {"a.py": "x = 1\n", "inner/b.py": "ż\n", "py.typed": "", "inner.py": "y\n", "inner.py.d/c.py": "z\n"}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package in a clone."""
    for name, text in FILES.items():
        path = tmp_path / "daemon" / "pkg" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "daemon" / "pkg"


def test_mark_is_the_name_that_git_gives_to_the_folder(package: Path) -> None:
    assert mark(package) == MARK


def test_mark_is_not_changed_by_what_python_leaves_there(package: Path) -> None:
    (package / "inner" / "__pycache__").mkdir()
    (package / "inner" / "__pycache__" / "b.cpython-311.pyc").write_bytes(b"x")
    (package / "empty").mkdir()
    assert mark(package) == MARK


@pytest.mark.parametrize("name", FILES)
def test_every_changed_file_changes_the_mark(package: Path, name: str) -> None:
    (package / name).write_text("other", encoding="utf-8")
    assert mark(package) != MARK


def test_version_names_the_code_that_runs() -> None:
    assert build.build() == f"{version('huntgroup')}+{mark(build.PACKAGE)}"


def test_code_that_cannot_be_read_has_a_version_all_the_same(tmp_path: Path) -> None:
    assert mark(tmp_path / "none") == "unknown"


def test_commit_of_a_clone_is_named(package: Path) -> None:
    git = package.parents[1] / ".git"
    (git / "refs" / "heads").mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    (git / "refs" / "heads" / "main").write_text("0123456789abcdef0123456789abcdef01234567\n")
    assert commit(package) == "0123456789ab"


def test_commit_of_a_packed_or_detached_clone_is_named(package: Path) -> None:
    git = package.parents[1] / ".git"
    git.mkdir()
    (git / "packed-refs").write_text("# pack-refs\nfedcba9876543210fedcba9876543210fedcba98 refs/heads/main\n")
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    assert commit(package) == "fedcba987654"
    (git / "HEAD").write_text("0123456789abcdef0123456789abcdef01234567\n")
    assert commit(package) == "0123456789ab"


@pytest.mark.parametrize("head", ["", "ref: refs/heads/none\n"])
def test_clone_that_is_none_names_no_commit(package: Path, head: str) -> None:
    assert commit(package) is None
    (package.parents[1] / ".git").mkdir()
    (package.parents[1] / ".git" / "HEAD").write_text(head)
    assert not commit(package)
