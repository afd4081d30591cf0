"""The words in which problems are told: where a key is, what a value is, which real name was meant.

Everything shown comes from a file that may hold anything, so it is quoted, shortened and stripped of control
characters before it meets a terminal or a log.
"""

import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

Key = tuple[str | int, ...]
"""The way to a value: names of tables and keys, and positions in arrays counting from 0."""

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST_SHOWN = 60
_MOST_LISTED = 8
_MOST_SUGGESTED = 3
_NEAR_ENOUGH = 0.5
_AS_NEAR = 0.1


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem before its line is known."""

    key: Key
    wrong: str
    right: str

    def __post_init__(self) -> None:
        for name in ("wrong", "right"):
            object.__setattr__(self, name, _harmless(getattr(self, name)))


def _harmless(text: str) -> str:
    """Names in it come from the file: what a terminal would obey is shown as an escape."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


class Complaint(ValueError):  # noqa: N818 - it is told, not raised at people
    """Raised by the readers of single values; the model's validation collects them with their keys."""

    def __init__(self, wrong: str, right: str) -> None:
        super().__init__(wrong, right)
        self.wrong = wrong
        self.right = right


def spelled(key: Key) -> str:
    """The key as an administrator would write it: `groups[1].on_unanswered.group`."""
    text = ""
    for part in key:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            name = part if _BARE_KEY.fullmatch(part) else shown(part)
            text += f".{name}" if text else name
    return text


def shown(value: object) -> str:
    """The value as it would stand in the file, on one line, short, with nothing a terminal would obey."""
    try:
        text = json.dumps(value, default=str)
    except ValueError:
        # Python refuses to print an integer of more than 4300 digits, which TOML can write in hexadecimal.
        return "a number of thousands of digits"
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"


def kind(value: object) -> str:
    """What sort of value this is, in words for people."""
    names: tuple[tuple[type, str], ...] = (
        (str, "text"),
        (bool, "true or false"),
        (int, "a number"),
        (float, "a number"),
        (list, "a list"),
        (tuple, "a list"),
        (dict, "a table"),
    )
    return next((name for sort, name in names if isinstance(value, sort)), "a date or a time")


def nearest(word: str, real: Iterable[str]) -> list[str]:
    """The real names that are about as near to the word as the nearest one, whatever their case."""
    # The matcher prepares its second text once, so that is the one that stays.
    matcher = SequenceMatcher(b=word.lower())
    scores: dict[str, float] = {}
    for name in real:
        matcher.set_seq1(name.lower())
        if matcher.real_quick_ratio() >= _NEAR_ENOUGH and matcher.quick_ratio() >= _NEAR_ENOUGH:
            scores[name] = matcher.ratio()
    best = max(scores.values(), default=0.0)
    if best < _NEAR_ENOUGH:
        return []
    near = [name for name, score in scores.items() if score > best - _AS_NEAR]
    return sorted(near, key=lambda name: -scores[name])[:_MOST_SUGGESTED]


def listed(names: Iterable[str], last: str = "or") -> str:
    """`a`, `b` or `c`. A name that is long or not printable is `shown`: it may come from the file."""
    quoted = [f"`{name if name.isprintable() and len(name) <= _LONGEST_SHOWN else shown(name)}`" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} {last} {quoted[-1]}"


def suggestion(word: str, real: Collection[str], otherwise: str) -> str:
    """`did you mean ...?` where something is near; the real names when they are few; else `otherwise`."""
    near = nearest(word, real)
    if near:
        return f"did you mean {listed(near)}?"
    return f"use {listed(real)}" if 0 < len(real) <= _MOST_LISTED else otherwise


def cannot_be_read(path: Path, error: OSError) -> tuple[str, str]:
    """What is wrong with a file that the system will not let us read, and what would be right."""
    reason = (error.strerror or "unreadable").lower()
    return f"{path} cannot be read ({reason})", "name a file that the daemon's user may read"
