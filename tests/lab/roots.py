"""Where the Asterisk of the lab comes from, and how it is started without chroot or installation."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.lab.process import LabError

_MODULES = ("lib/*/asterisk/modules/chan_pjsip.so", "lib/asterisk/modules/chan_pjsip.so")


@dataclass(frozen=True, slots=True)
class AsteriskRoot:
    """One unpacked (or the machine's own) Asterisk."""

    argv: tuple[str, ...]
    """What starts its binary: only the binary, or its own loader with its own libraries."""
    modules: Path
    data: Path
    """astdatadir: sounds, and the documentation without which many modules refuse to load."""
    stock_modules: Path
    """The distribution's own modules.conf."""


def cache_dir() -> Path:
    """Where ``provision.sh`` puts what it unpacks; outside the repository."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("HUNTGROUP_CACHE") or base / "huntgroup")


def find_asterisk(version: str = "22") -> AsteriskRoot:
    """The machine's own Asterisk (asked for 22 only), else the unpacked one of that version."""
    own = shutil.which("asterisk")
    if own and version == "22":
        return _own(Path(own))
    root = cache_dir() / f"asterisk-{version}"
    if not (root / "usr/sbin/asterisk").exists():
        what = "asterisk16" if version == "16" else ""
        raise LabError(f"no Asterisk {version} in {root}: run tests/lab/provision.sh {what}".rstrip())
    return _unpacked(root.resolve())


def _unpacked(root: Path) -> AsteriskRoot:
    libc = _only(root, ("usr/lib/*/libc.so.6", "lib/*/libc.so.6"), "the C library")
    library_path = [libc.parent, root / "usr/lib" / libc.parent.name, root / "lib" / libc.parent.name]
    library_path += [root / "usr/lib"]
    loader = _loader(libc.parent)
    return AsteriskRoot(
        argv=(
            str(loader),
            "--library-path",
            ":".join(map(str, library_path)),
            str(root / "usr/sbin/asterisk"),
        ),
        modules=_only(root / "usr", _MODULES, "chan_pjsip").parent,
        data=root / "usr/share/asterisk",
        stock_modules=root / "etc/asterisk/modules.conf",
    )


def _loader(libraries: Path) -> Path:
    """The dynamic loader as a regular file: the well-known path may be a symlink out of the root."""
    for pattern in ("ld-linux*.so.*", "ld64.so.*", "ld-2*.so", "ld.so.*"):
        for found in sorted(libraries.glob(pattern)):
            if found.is_file() and not found.is_symlink():
                return found
    raise LabError(f"no dynamic loader in {libraries}")


def _only(root: Path, patterns: tuple[str, ...], what: str) -> Path:
    found = next((path for pattern in patterns for path in sorted(root.glob(pattern))), None)
    if found is None:
        raise LabError(f"{what} is missing below {root}: remove it and run tests/lab/provision.sh again")
    return found


def _own(binary: Path) -> AsteriskRoot:
    prefix = binary.resolve().parent.parent
    modules = _only(prefix, _MODULES, "chan_pjsip").parent
    for data in (prefix / "share/asterisk", Path("/var/lib/asterisk")):
        if (data / "documentation").is_dir():
            stock = Path("/etc/asterisk/modules.conf")
            return AsteriskRoot(argv=(str(binary),), modules=modules, data=data, stock_modules=stock)
    raise LabError(f"no documentation of {binary} found: is the package asterisk-config installed?")
