"""What differs between two configurations, key by key.

A key names tables by id and not by place, so that it stays right when they move.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huntgroup.errors import Problem
from huntgroup.settings.base import tables_in
from huntgroup.settings.models import Settings
from huntgroup.settings.outline import Data
from huntgroup.settings.rewriting import name_of, same
from huntgroup.settings.secret import HoldsSecret
from huntgroup.settings.words import Finding

PRIVATE = frozenset(
    {
        "store",
        *(
            name
            for name, field in Settings.model_fields.items()
            if any(issubclass(table, HoldsSecret) for table in tables_in(field.annotation))
        ),
    }
)
"""How the daemon reaches its peers: that it changed is told, what it is now is not. With some the address itself is
what lets one in."""
PERSONAL = ("mobile",)
"""What of people is not for everybody who reads events."""
HIDDEN = "…"


@dataclass(frozen=True, slots=True)
class Difference:
    """A key such as `groups.sales.rings` with its value before and after; None: it was or is not there."""

    key: str
    before: Any
    after: Any


def published(difference: Difference) -> Difference:
    """The same for everybody who reads events: without what concerns a person alone."""
    is_personal = difference.key.rpartition(".")[2] in PERSONAL
    return Difference(
        difference.key, *(_published(value, is_personal) for value in (difference.before, difference.after))
    )


def _published(value: Any, is_personal: bool) -> Any:
    if isinstance(value, dict):
        return {name: _published(each, name in PERSONAL) for name, each in value.items()}
    if isinstance(value, list):
        return [_published(each, is_personal) for each in value]
    return HIDDEN if is_personal and value is not None else value


def is_private(key: Sequence[str | int]) -> bool:
    """Whether what is wrong at a key says where secrets are, how peers are reached, or a person's number."""
    return bool(key) and (key[0] in PRIVATE or key[-1] in PERSONAL)


def told_to_others(finding: Finding) -> Finding:
    """The same for who is not at the machine itself: that a key is wrong, and of a private one no more than that."""
    if not is_private(finding.key):
        return finding
    return Finding(finding.key, "is wrong", "`huntgroup check` and the log of the daemon say more")


def published_problem(problem: Problem) -> str:
    """A problem of the file for everybody who reads events; the file by its name alone."""
    name = Path(problem.file).name
    section, _, rest = problem.key.partition(".")
    if is_private((section.partition("[")[0], rest.rpartition(".")[2])):
        return f"{name}:{problem.line}: {problem.key}: is wrong; `huntgroup check` and the log of the daemon say more"
    return f"{name}:{problem.line}: {problem.key}: {problem.wrong.replace(problem.file, name)}; {problem.right}"


def differences(before: Data, after: Data) -> list[Difference]:
    """Everything that differs, in the order of the file."""
    return [
        Difference(each.key, *(None if value is None else HIDDEN for value in (each.before, each.after)))
        if each.key.partition(".")[0] in PRIVATE
        else each
        for each in _of_tables((), before, after)
    ]


def _of_tables(key: tuple[str, ...], before: Data, after: Data) -> Iterator[Difference]:
    for name in [*before, *(each for each in after if each not in before)]:
        yield from _of_values((*key, name), before.get(name), after.get(name))


def _of_values(key: tuple[str, ...], before: Any, after: Any) -> Iterator[Difference]:
    if same(before, after):
        return
    one, other = _by_name(before), _by_name(after)
    is_list_of_tables = len(key) == 1 and one is not None and other is not None
    if is_list_of_tables and one is not None and other is not None:
        yield from _of_tables(key, one, other)
    elif len(key) < 3 and isinstance(before, dict) and isinstance(after, dict):
        yield from _of_tables(key, before, after)
    else:
        yield Difference(".".join(key), before, after)


def _by_name(value: Any) -> Data | None:
    """The tables of a list by their names; None: it is no such list."""
    if value is None:
        return {}
    if not isinstance(value, list) or not all(name_of(each) for each in value):
        return None
    return {str(name_of(each)): each for each in value}
