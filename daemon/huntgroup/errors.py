"""What can go wrong, by name.

Every error of this project derives from `HuntgroupError` and carries a stable `code` that logs, replies and
monitoring may rely on. This module knows nothing of any room: each of them may import it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar


class HuntgroupError(Exception):
    """The base of every error this project raises on purpose."""

    code: ClassVar[str] = "huntgroup_error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong in the configuration, and what would be right.

    `line` counts from 1. A file that cannot be read at all is reported at line 1, so that every problem has
    the one shape that editors and scripts can jump to. `key` is written as in
    `groups[1].on_unanswered.group`, counting from 0.
    """

    file: str
    line: int
    key: str
    wrong: str
    right: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.key}: {self.wrong}; {self.right}"


class ConfigError(HuntgroupError):
    """The configuration cannot be used; carries all its problems, in the order of the file."""

    code = "config_invalid"

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class PeerError(HuntgroupError):
    """A peer (the PBX, the broker) failed us for now: it is logged, and tried again later."""

    code = "peer_failed"

    def __init__(self, peer: str, message: str) -> None:
        super().__init__(peer, message)
        self.peer = peer
        self.message = message

    def __str__(self) -> str:
        return f"{self.peer}: {self.message}"


class PeerRefused(PeerError):  # noqa: N818 - reads as what happened
    """A peer refused us for good, as with a wrong secret: trying again would change nothing."""

    code = "peer_refused"


class StoreError(HuntgroupError):
    """The store cannot be read."""

    code = "store_unreadable"

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(path, message)
        self.path = path
        self.message = message

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


class ChangeRefused(HuntgroupError):  # noqa: N818 - reads as what happened
    """A change of the configuration is not made. ``at`` is the part of the request, or the key, that it is about."""

    def __init__(self, why: str, message: str, at: str = "") -> None:
        super().__init__(why, message, at)
        self.why = why
        """The stable code of this refusal."""
        self.message = message
        self.at = at

    def __str__(self) -> str:
        return f"{self.at}: {self.message}" if self.at else self.message


class InvariantBroken(HuntgroupError):  # noqa: N818 - reads as what happened
    """Something that can never be true is true: a fault of ours, never of a network's timing."""

    code = "invariant_broken"
