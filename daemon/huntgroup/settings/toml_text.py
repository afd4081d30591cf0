"""Values as TOML writes them, and the rows of a list that is to get another order."""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from huntgroup.settings.layout import Value

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_LINE_END = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\n|\Z)")
_OWN_LINES = re.compile(r"(?:[ \t\r]*(?:#[^\n]*)?\n)*")

_WRITTEN: dict[type, Callable[[Any], str]] = {
    bool: lambda value: "true" if value else "false",
    int: str,
    float: repr,
    str: lambda value: json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f"),
    list: lambda value: f"[{', '.join(map(written, value))}]",
    dict: lambda value: f"{{ {', '.join(assigned(*pair) for pair in value.items())} }}" if value else "{}",
}


def written(value: Any) -> str:
    """A value of the kinds that JSON has, on one line.

    Raises:
        TypeError: for any other.
    """
    write = _WRITTEN.get(type(value))
    if write is None:
        raise TypeError(f"{type(value).__name__} is not written by command")
    return write(value)


def assigned(name: str, value: Any) -> str:
    """`name = value`."""
    return f"{key_name(name)} = {written(value)}"


def key_name(name: str) -> str:
    """The name of a key, in quotes where it needs them."""
    return name if _BARE_KEY.fullmatch(name) else written(name)


def end_of_line(text: str, at: int) -> int:
    """Where the next line begins behind a value that ends at ``at``: the rest of its line is a comment at most."""
    found = _LINE_END.match(text.replace("\r\n", " \n"), at)
    return found.end() if found is not None else at


class _Row(NamedTuple):
    """An item of a list, the comments on lines of their own above it, and the rest of its line without the comma."""

    comments: str
    indent: str
    item: str
    rest: str


def list_text(text: str, value: Value, order: Sequence[int | str], newline: str) -> str:
    """The text of a list with its items in another ``order``: a number is the item that stood there, a text a new one.

    What stands on one line stays on one; otherwise each item keeps its line and the comment on it. A comment on a line
    of its own outlives the item below it.
    """
    inside = text[value.start : value.end]
    items = value.items or []
    if "\n" not in inside:
        pad = " " if inside.startswith("[ ") and order else ""
        comma = text[items[0].end : items[1].start] if len(items) > 1 else ", "
        line = comma.join(
            text[items[each].start : items[each].end] if isinstance(each, int) else each for each in order
        )
        return f"[{pad}{line}{pad}]"
    opening, rows, closing = _rows(text, value, items)
    has_last_comma = bool(items) and text[items[-1].end : value.end].lstrip().startswith(",")
    indent = rows[0].indent if rows else "    "
    kept = {each for each in order if isinstance(each, int)}
    orphans = ""
    above: dict[int, str] = {}
    for position, row in enumerate(rows):
        if position in kept:
            above[position] = orphans + row.comments
            orphans = ""
        else:
            orphans += row.comments
    parts = [opening]
    for number, each in enumerate(order):
        row = rows[each] if isinstance(each, int) else _Row("", indent, each, newline)
        is_last = number == len(order) - 1
        parts.append((above[each] if isinstance(each, int) else "") + row.indent + row.item)
        parts.append(("" if is_last and not has_last_comma else ",") + row.rest)
    return "".join(["[", *parts, orphans, closing])


def _rows(text: str, value: Value, items: Sequence[Value]) -> tuple[str, list[_Row], str]:
    """What stands behind the opening bracket on its line, the rows, and what stands behind the last one."""
    at = value.start + 1
    first = end_of_line(text, at)
    is_own_line = first > at and (not items or first <= items[0].start)
    opening = text[at:first] if is_own_line else ""
    at += len(opening)
    rows = []
    for item in items:
        comments = _OWN_LINES.match(text, at, item.start)
        split = comments.end() if comments is not None else at
        comma = text.find(",", item.end) if text[item.end : value.end].lstrip().startswith(",") else -1
        behind = comma + 1 if comma >= 0 else item.end
        until = end_of_line(text, behind)
        rest = text[item.end : comma] if comma >= 0 else ""
        rows.append(
            _Row(text[at:split], text[split : item.start], text[item.start : item.end], rest + text[behind:until])
        )
        at = until
    return opening, rows, text[at : value.end]
