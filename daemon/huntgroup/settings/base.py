"""What every table of the configuration has in common."""

from collections.abc import Iterator
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A table of the file: frozen, without unknown keys, and with no guessing from one type to another."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        use_attribute_docstrings=True,
        # A secret put under a wrong key must not reach a log through an error's text.
        hide_input_in_errors=True,
    )


def tables_in(annotation: Any) -> Iterator[type[Section]]:
    """The models that a field's annotation can hold, whatever optional, list or union they are wrapped in."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation
    elif get_origin(annotation) in (tuple, Union, UnionType) or hasattr(annotation, "__metadata__"):
        for inner in get_args(annotation):
            yield from tables_in(inner)


@cache
def hooks_of(model: type[Section]) -> tuple[str, ...]:
    """The fields of a model that hold one of several actions; which one, their own key ``action`` says."""
    return tuple(name for name, field in model.model_fields.items() if _is_one_of_several(field.annotation))


def _is_one_of_several(annotation: Any) -> bool:
    tables = list(tables_in(annotation))
    return len(tables) > 1 and all("action" in table.model_fields for table in tables)


@cache
def every_hook_in(model: type[Section]) -> frozenset[str]:
    """The names of the hooks of a model and of all tables in it."""
    seen: set[type[Section]] = set()
    waiting = [model]
    while waiting:
        table = waiting.pop()
        if table not in seen:
            seen.add(table)
            waiting += [inner for field in table.model_fields.values() for inner in tables_in(field.annotation)]
    return frozenset(name for table in seen for name in hooks_of(table))
