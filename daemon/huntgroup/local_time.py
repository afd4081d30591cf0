"""Instants as people read them: local date and time. Programs get UTC."""

from datetime import UTC, datetime


def local(instant: float, *, timespec: str = "seconds") -> str:
    """Date, time and difference from UTC of an instant in seconds, as in ``2026-11-30 14:05:09+01:00``."""
    try:
        return datetime.fromtimestamp(instant, UTC).astimezone().isoformat(sep=" ", timespec=timespec)
    except (ValueError, OverflowError, OSError):
        return f"{instant} s"


def local_from_iso(text: str) -> str:
    """The same from what is written for programs; what is no such text stays as it is."""
    try:
        return datetime.fromisoformat(text).astimezone().isoformat(sep=" ", timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return text
