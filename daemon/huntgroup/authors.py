"""Which system user changed the configuration by `huntgroup admin`: left beside the store for the daemon to read.

Neither the file nor the signal to reload says who it was. The note names the version of the file that came of the
change, so it is believed of that one alone. Whoever can write beside the store could change the record itself.
"""

import json
import os
import pwd
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from huntgroup.plain import plain

FROM_SHELL = "shell:"
"""What is in front of a system user's name, as an operator's id may be the same."""
LONGEST_NAME = 64
_LOGIN_USER = Path("/proc/self/loginuid")
_BECOME_ROOT = ("SUDO_USER", "DOAS_USER")


@dataclass(frozen=True, slots=True)
class Author:
    """Who made the version ``after`` of the file out of ``before``."""

    who: str
    before: str
    after: str


def system_user() -> str:
    """Who types, as far as the system knows: who became root by sudo or doas, who logged in, or whose process it is."""
    became_root = next((name for each in _BECOME_ROOT if (name := os.environ.get(each))), "")
    name = (became_root if os.geteuid() == 0 else "") or _logged_in() or _name_of(os.geteuid())
    return f"{FROM_SHELL}{plain(name)[:LONGEST_NAME]}"


def _logged_in() -> str:
    """The kernel's audit keeps the number over `su`; 4294967295, or no such file: nobody logged in."""
    try:
        number = int(_LOGIN_USER.read_text())
    except (OSError, ValueError):
        return ""
    return "" if number == 2**32 - 1 else _name_of(number)


def _name_of(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def leave_name(store: Path, author: Author) -> None:
    """Where it cannot be written, the record says ``file``."""
    note = _note(store)
    with suppress(OSError):
        # A new file takes the old one's name: whatever the service's user put there instead is not written through.
        handle, part = tempfile.mkstemp(prefix=f".{note.name}.", dir=note.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(json.dumps(asdict(author)))
            folder = note.parent.stat()
            if os.geteuid() == 0:
                os.chown(part, folder.st_uid, folder.st_gid)  # of the service's user, who is to read it
            Path(part).replace(note)
        except OSError:
            Path(part).unlink(missing_ok=True)
            raise


def author_of(store: Path, version: str) -> Author | None:
    """Who made this version of the file by command; None: nobody, as far as is known."""
    try:
        said = json.loads(_note(store).read_text(encoding="utf-8"))
        author = Author(str(said["who"]), str(said["before"]), str(said["after"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return author if author.after == version else None


def _note(store: Path) -> Path:
    return store.with_name(f"{store.name}.changed-by")
