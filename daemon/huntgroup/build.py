"""Which Huntgroup runs: its version, and a mark of the very code.

Between two releases every state of the code has the same version. The mark tells them apart: it is the name that Git
gives to the folder `daemon/huntgroup` with these files in it, wherever they are installed. In a clone
`git rev-parse --short=12 COMMIT:daemon/huntgroup` says the same of a commit.
"""

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGE = Path(__file__).parent
MARK_LENGTH = 12
UNINSTALLED = "0"
"""The version of code that is run without being installed."""
_FILE, _FOLDER = "100644", "40000"
_LEFT_OUT = ("__pycache__",)


@cache
def build() -> str:
    """As in ``0.1.0+1a2b3c4d5e6f``: the version, and the mark as its local part (PEP 440)."""
    try:
        number = version("huntgroup")
    except PackageNotFoundError:
        number = UNINSTALLED
    return f"{number}+{mark(PACKAGE)}"


def mark(folder: Path) -> str:
    """The beginning of a folder's name in Git; of one that cannot be read ``unknown``."""
    try:
        return _tree(folder).hex()[:MARK_LENGTH]
    except OSError:
        return "unknown"


def commit(folder: Path = PACKAGE) -> str | None:
    """The commit that a clone is at, by which code in it runs; None: it is none."""
    git = folder.parents[1] / ".git"
    try:
        if git.is_file():  # a work tree of its own points at the clone
            git = folder.parents[1] / git.read_text().removeprefix("gitdir: ").strip()
        head = (git / "HEAD").read_text().strip()
        if not head.startswith("ref: "):
            return head[:MARK_LENGTH] or None
        return _at(git, head.removeprefix("ref: "))[:MARK_LENGTH]
    except (OSError, ValueError):
        return None


def _at(git: Path, name: str) -> str:
    common = git / "commondir"
    folders = [git, git / common.read_text().strip()] if common.is_file() else [git]
    for each in folders:
        if (each / name).is_file():
            return (each / name).read_text().strip()
    packed = (folders[-1] / "packed-refs").read_text().splitlines()
    return next((line.split()[0] for line in packed if line.endswith(f" {name}")), "") or _none(name)


def _none(name: str) -> str:
    raise ValueError(f"no {name}")


def _tree(folder: Path) -> bytes:
    """The object name of a folder: of each entry its kind, its name, and the object name of what is in it."""
    entries = []
    for each in folder.iterdir():
        if each.is_dir():
            inner = None if each.name in _LEFT_OUT else _tree(each)
            if inner is not None and inner != _EMPTY:
                entries.append((f"{each.name}/", _FOLDER, each.name, inner))
        elif each.suffix != ".pyc":
            entries.append((each.name, _FILE, each.name, _object("blob", each.read_bytes())))
    body = b"".join(f"{kind} {name}\0".encode() + inner for _, kind, name, inner in sorted(entries))
    return _object("tree", body)


def _object(kind: str, body: bytes) -> bytes:
    return hashlib.sha1(f"{kind} {len(body)}\0".encode() + body, usedforsecurity=False).digest()


_EMPTY = _object("tree", b"")
