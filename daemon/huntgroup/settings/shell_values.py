"""Values as a shell hands them over, `KEY=VALUE`: what the model takes as text is text, whatever it looks like.

The shell has eaten the quotes by then, so `extension=104` is a number to TOML. Which keys are text is for the models to
say: no guess is made from how a value looks.
"""

import tomllib
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BeforeValidator
from pydantic.fields import FieldInfo

from huntgroup.settings.base import Section
from huntgroup.settings.values import read_duration

_QUOTES = ('"', "'")


def read_value(model: type[Section], key: str, value: str) -> Any:
    """The value as the file would have it. A text may have the quotes of the file, and needs none."""
    field = model.model_fields.get(key)
    is_text = field is not None and _takes_text(field)
    try:
        read = tomllib.loads(f"value = {value}")["value"] if not is_text or value.startswith(_QUOTES) else value
    except (
        ValueError,
        RecursionError,
    ):  # no TOML, or a number of thousands of digits: the model will say what is right
        return value
    return read if not is_text or isinstance(read, str) else value


def _takes_text(field: FieldInfo) -> bool:
    return _is_written_as_text(field.metadata) or _is_text(field.annotation)


def _is_text(kind: Any) -> bool:
    """Whether all that is taken is text; None is written by leaving the key out."""
    origin = get_origin(kind)
    if origin is Literal:
        return all(isinstance(each, str) for each in get_args(kind))
    if origin in (Union, UnionType):
        return all(_is_text(each) for each in get_args(kind) if each is not type(None))
    if hasattr(kind, "__metadata__"):
        return _is_written_as_text(kind.__metadata__) or _is_text(get_args(kind)[0])
    return isinstance(kind, type) and issubclass(kind, str)


def _is_written_as_text(metadata: Any) -> bool:
    """A duration is a number to us, and text in the file."""
    return any(isinstance(each, BeforeValidator) and each.func is read_duration for each in metadata)
