"""Turns what pydantic found into words: no jargon, the key as the file has it, and what would be right."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, get_args

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from huntgroup.settings.base import Section, every_hook_in, tables_in
from huntgroup.settings.words import Complaint, Finding, Key, kind, listed, shown, spelled, suggestion

_SECRET_KEYS = ("secret", "password", "passwd", "pass", "token")

Words = tuple[str, str]


def findings(error: ValidationError, data: dict[str, Any], model: type[Section]) -> Iterator[Finding]:
    """What a failed validation of the data against the model found, one finding for each mistake."""
    for details in error.errors(include_url=False):
        # Follows from another mistake that is reported itself: the field that the default is made from.
        if details["type"] == "default_factory_not_called":
            continue
        key = _key(details["loc"], data, every_hook_in(model))
        if details["type"].startswith("union_tag"):
            key = (*key, "action")
        try:
            wrong, right = _words(details, key, data, model)
        except (LookupError, TypeError, ValueError):
            # A case that nobody has words for is still a mistake in the file, and its place is known.
            wrong, right = _otherwise(details["msg"])(None, key, {})
        yield Finding(key, wrong, right)


def _key(location: tuple[int | str, ...], data: Any, hooks: Collection[str]) -> Key:
    """The key in the file that an error's location means: without the parts that only the models have.

    Pydantic puts the kind of an action into the location, after the field that holds it.
    """
    key: Key = ()
    here = data
    last = ""
    for part in location:
        if last in hooks and isinstance(here, dict) and here.get("action") == part:
            last = ""
            continue
        if part == "[key]" or (part == "days" and last == "hours"):
            continue
        key = (*key, part)
        here = _step(here, part)
        last = str(part)
    return key


def _step(value: Any, part: str | int) -> Any:
    if isinstance(value, dict):
        return value.get(part)
    if isinstance(value, list) and isinstance(part, int) and part < len(value):
        return value[part]
    return None


def _words(details: ErrorDetails, key: Key, data: dict[str, Any], model: type[Section]) -> Words:
    context: Mapping[str, Any] = details.get("ctx", {})
    complaint = context.get("error")
    if isinstance(complaint, Complaint):
        return complaint.wrong, complaint.right
    if details["type"] == "missing":
        return _missing(key, data, model)
    if details["type"] == "extra_forbidden":
        return _unknown_key(key, data, model)
    value = details["input"]
    if details["type"] in _LIMITS:
        limit, right = _LIMITS[details["type"]]
        return f"is {shown(value)}", right.format(context[limit])
    tell = _TYPES.get(details["type"], _otherwise(details["msg"]))
    if details["type"] in _NO_TABLE and key and key[-1] in every_hook_in(model):
        tell = _not_an_action
    return tell(value, key, context)


def _otherwise(message: str) -> Callable[[Any, Key, Mapping[str, Any]], Words]:
    return lambda *_: (f"is wrong: {message}", "see the configuration's description")


def _not_an_action(value: Any, key: Key, _context: Mapping[str, Any]) -> Words:
    return f"is {kind(value)}, not an action", f'write it as in `{key[-1]} = {{ action = "keep_waiting" }}`'


def _missing(key: Key, data: dict[str, Any], model: type[Section]) -> Words:
    name = str(key[-1])
    field = _section_at(key[:-1], data, model)[name]
    if len(key) == 1 and not field.examples:
        return "is missing", f"add a `[[{name}]]` table"
    example = (field.examples or ["…"])[0]
    return "is missing", f"add `{name} = {example}`"


def _unknown_key(key: Key, data: dict[str, Any], model: type[Section]) -> Words:
    name = str(key[-1])
    if name.lower() in _SECRET_KEYS:
        return "a secret is never in the file", "use secret_file or secret_env"
    names = _section_at(key[:-1], data, model)
    every = f"the keys here are {listed(names, 'and')}"
    return f"unknown key {listed([_bare(name)])}", suggestion(name, tuple(names), every)


def _bare(name: str) -> str:
    return spelled((name,))


def _choice(value: Any, choices: str) -> Words:
    """Words for a value that is none of the allowed ones, which pydantic lists in quotes."""
    allowed = re.findall(r"'([^']*)'", choices)
    wrong = f"{shown(value)} is not one of {listed(allowed)}"
    return wrong, suggestion(str(value), allowed, f"use {listed(allowed)}")


def _not_a_table(value: Any, key: Key, _context: Mapping[str, Any]) -> Words:
    name = str(key[-1])
    if isinstance(value, list) and len(key) == 1:
        return "is a list of tables", f"there is one of it: write `[{name}]`, with single brackets"
    return f"is {kind(value)}, not a table", f"write it as in `{name} = {{ … }}`"


def _not_a_list(value: Any, key: Key, _context: Mapping[str, Any]) -> Words:
    name = str(key[-1])
    if isinstance(value, dict):
        return "is a single table", f"there can be several of it: write `[[{name}]]`, with double brackets"
    return f"is {kind(value)}, not a list", f"put it in brackets: `{name} = [{shown(value)}]`"


def _not_text(value: Any, _key: Key, _context: Mapping[str, Any]) -> Words:
    is_plain = isinstance(value, int | float) and not isinstance(value, bool)
    return f"is {kind(value)}, not text", f'write it in quotes: "{shown(value)}"' if is_plain else "use text"


def _must_be(what: str, example: str) -> Callable[[Any, Key, Mapping[str, Any]], Words]:
    def tell(value: Any, _key: Key, _context: Mapping[str, Any]) -> Words:
        return f"is {kind(value)}, {shown(value)}", f"write {what}, such as {example}"

    return tell


_LIMITS = {
    "greater_than": ("gt", "it must be more than {:g}"),
    "greater_than_equal": ("ge", "it must be at least {:g}"),
    "less_than": ("lt", "it must be less than {:g}"),
    "less_than_equal": ("le", "it must be at most {:g}"),
}

_NO_TABLE = ("model_type", "model_attributes_type", "dict_type")
_TYPES: dict[str, Callable[[Any, Key, Mapping[str, Any]], Words]] = {
    "literal_error": lambda value, _, context: _choice(value, context["expected"]),
    "union_tag_invalid": lambda _value, _, context: _choice(context["tag"], context["expected_tags"]),
    "union_tag_not_found": lambda *_: ("is missing", 'add `action = "keep_waiting"`'),
    "model_type": _not_a_table,
    "model_attributes_type": _not_a_table,
    "dict_type": _not_a_table,
    "tuple_type": _not_a_list,
    "string_type": _not_text,
    "bool_type": _must_be("true or false without quotes", "true"),
    "int_type": _must_be("a whole number without quotes", "4"),
    "float_type": _must_be("a number without quotes", "5.0"),
    "finite_number": _must_be("a number", "5.0"),
}


def _section_at(key: Key, data: dict[str, Any], model: type[Section]) -> dict[str, FieldInfo]:
    """The fields of the table at the key, by their names in the file."""
    section = model
    here: Any = data
    for part in key:
        here = _step(here, part)
        if isinstance(part, str):
            tables = list(tables_in(_fields(section)[part].annotation))
            section = next((table for table in tables if _is_action(table, here)), tables[0])
    return _fields(section)


def _fields(section: type[Section]) -> dict[str, FieldInfo]:
    """By the names in the file: where such a name is a word of Python's, the field itself has another."""
    return {field.alias or name: field for name, field in section.model_fields.items()}


def _is_action(table: type[Section], value: Any) -> bool:
    field = table.model_fields.get("action")
    return field is not None and isinstance(value, dict) and value.get("action") in get_args(field.annotation)
