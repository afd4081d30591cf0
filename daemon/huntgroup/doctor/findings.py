"""What a check found, in the one shape that people and programs get."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How it stands; the names are stable."""

    OK = "ok"
    NOTE = "note"
    """Worth knowing, and no reason to fail."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """``check`` is a stable name; ``where`` the file or option; ``mend`` what to do, with the exact line."""

    check: str
    outcome: Outcome
    said: str
    where: str = ""
    mend: str = ""

    def as_data(self) -> dict[str, str]:
        """For programs."""
        return {
            "check": self.check,
            "outcome": str(self.outcome),
            "said": self.said,
            "where": self.where,
            "mend": self.mend,
        }


def fine(check: str, said: str) -> Finding:
    """All is well."""
    return Finding(check, Outcome.OK, said)


def note(check: str, said: str, where: str = "", mend: str = "") -> Finding:
    """Worth knowing."""
    return Finding(check, Outcome.NOTE, said, where, mend)


def failed(check: str, said: str, where: str, mend: str) -> Finding:
    """Something that the daemon, or its callers, will miss."""
    return Finding(check, Outcome.FAILED, said, where, mend)


def listed(names: Iterable[str]) -> str:
    """Names in a sentence."""
    return ", ".join(names)
