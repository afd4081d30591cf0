"""Whatever stands at any key of the file, it is refused in words or can be put in force: no key is left out."""

import copy
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest

from huntgroup.codec import event_text
from huntgroup.engine.events import PolicyChanged
from huntgroup.errors import ConfigError
from huntgroup.policies import policy_from
from huntgroup.settings.actions import Action
from huntgroup.settings.base import Section, every_hook_in, tables_in
from huntgroup.settings.editing import load_whole
from huntgroup.settings.models import Group, Settings
from huntgroup.settings.outline import hooks
from huntgroup.settings.reader import examine_without_secrets
from huntgroup.settings.toml_text import assigned
from huntgroup.settings.words import Finding, Key

HOUSE: dict[str, Any] = {
    "store": {},
    "mqtt": {"url": "mqtts://h", "username": "u", "secret_env": "X", "cert_file": "c", "key_file": "k"},
    "crm": {"type": "http", "url": "https://crm.example/x", "secret_env": "X", "users": {"anna": "12"}},
    "telephony": {"outbound": "PJSIP/{number}@t"},
    "pbx": [
        {"id": "main", "host": "h", "username": "u", "secret_env": "X", "trunks": {"two": "PJSIP/{extension}@two"}},
        {"id": "two", "host": "h", "username": "u", "secret_env": "X"},
    ],
    "blending": {},
    "operators": [{"id": "anna", "extension": "101", "phones": ["PJSIP/anna"], "capacity": {}, "role": "supervisor"}],
    "groups": [
        {
            "id": "sales",
            "operators": ["anna"],
            "hold": "music",
            "announce": {"leave_key": "1", "position": True},
            "hours": {"timezone": "UTC", "mon-fri": "08:00-18:00"},
            "on_leave": {"action": "callback"},
        }
    ],
    "numbers": [{"number": "+48221234567", "group": "sales", "on_responsible_missed": {}}],
    "sources": [{"id": "web", "channel": "chat", "group": "sales"}],
}
ACTIONS: tuple[type[Section], ...] = tuple(tables_in(Action))
VALUES: dict[str, Any] = {
    "nothing": "",
    "a text": "x",
    "a line break": "a\nb",
    "NUL": "a\0b",
    "half a character": "\ud83d",
    "a long text": "x" * 100_000,
    "0": 0,
    "-1": -1,
    "64 bits": 2**63,
    "30 digits": 10**30,
    "a large fraction": 1e308,
    "infinity": float("inf"),
    "-infinity": float("-inf"),
    "nan": float("nan"),
    "true": True,
    "a date": date(2026, 1, 1),
    "a list": [],
    "a list of lists": [[[]]],
    "a list of texts": ["x"] * 1000,
    "a list of numbers": [10**30],
    "a table": {},
    "another table": {"a": {"b": 1}},
    "an unknown action": {"action": "x"},
    "an action that is no text": {"action": 10**30},
    "no duration": "99999999999h",
    "the longest duration": "999999999.999999999d",
    "a short duration": "0.000000001ms",
    "366 days": "366d",
}
FEW: tuple[Any, ...] = ("x", "half \ud83d", 10**30, [], {"action": 1})


def every_key() -> Iterator[Key]:
    """Each key of each table that the models know, as the house has them."""
    for name, field in Settings.model_fields.items():
        yield (name,)
        for table in tables_in(field.annotation):
            at: Key = (name, 0) if isinstance(HOUSE[name], list) else (name,)
            yield from _keys_of(table, at)


def _keys_of(table: type[Section], at: Key) -> Iterator[Key]:
    for name, field in table.model_fields.items():
        key: Key = (*at, "mon" if name == "days" else field.alias or name)
        yield key
        inner = list(tables_in(field.annotation))
        if len(inner) == 1:
            yield from _keys_of(inner[0], key)


def with_value(key: Key, value: Any) -> dict[str, Any]:
    """The house with another value at a key."""
    data = copy.deepcopy(HOUSE)
    here: Any = data
    for part in key[:-1]:
        here = here[part] if isinstance(part, int) else here.setdefault(part, {})
    here[key[-1]] = value
    return data


def in_force(data: dict[str, Any]) -> list[Finding]:
    """What is wrong with it; when nothing is, it is put in force as far as that goes without peers."""
    settings, found = examine_without_secrets(data, Path("/h"))
    for each in found:
        assert each.wrong.isprintable()
        assert each.right.isprintable()
        assert len(each.wrong) < 1000
    if settings is not None and not found:
        event_text(PolicyChanged(policy=policy_from(settings, date(2026, 1, 1)), version="1"))
    return found


def test_the_house_is_right() -> None:
    assert in_force(HOUSE) == []


def test_every_table_of_the_models_is_looked_at() -> None:
    assert set(HOUSE) == set(Settings.model_fields)
    assert {key[-1] for key in every_key()} >= {*Group.model_fields, "leave_key", "timezone", "mon", "mail", "budget"}


@pytest.mark.parametrize("key", list(every_key()), ids=lambda key: ".".join(map(str, key)))
def test_whatever_stands_at_a_key_is_refused_in_words_or_can_be_put_in_force(key: Key) -> None:
    for value in VALUES.values():
        in_force(with_value(key, value))


@pytest.mark.parametrize("hook", [*hooks(), "then"])
@pytest.mark.parametrize("action", ACTIONS, ids=lambda table: get_args(table.model_fields["action"].annotation)[0])
def test_an_action_that_lacks_its_keys_is_told_at_every_hook(hook: str, action: type[Section]) -> None:
    named = {"action": get_args(action.model_fields["action"].annotation)[0]}
    place: Key = ("groups", 0, "on_unanswered") if hook == "then" else ("groups", 0, hook)
    whole = {"action": "reply", "text": "x", "then": named} if hook == "then" else named
    data = with_value(place, whole)
    needed = [name for name, field in action.model_fields.items() if field.is_required() and name != "action"]
    told = {each.key for each in in_force(data) if "is missing" in each.wrong}
    at: Key = (*place, "then") if hook == "then" else place
    assert told == {(*at, name) for name in needed}
    for name in action.model_fields:
        for value in FEW:
            changed = {**named, name: value}
            in_force(with_value(place, {**whole, "then": changed} if hook == "then" else changed))


def test_every_hook_is_one_of_the_models() -> None:
    assert hooks() == tuple(each for each in Group.model_fields if each.startswith("on_"))
    assert every_hook_in(Settings) == {*hooks(), "then"}


# -- numbers, as the file writes them ---------------------------------------------------------------------------------

NUMBERS = {
    "19 digits": "9223372036854775807",
    "20 digits": "99999999999999999999",
    "31 digits": "1" + "0" * 30,
    "5000 digits": "9" * 5000,
    "5000 digits in hexadecimal": "0x" + "f" * 5000,
    "an infinite fraction": "1e400",
    "infinity": "-inf",
    "nan": "nan",
    "a date": "9999-12-31T23:59:60Z",
    "a day": "0001-01-01",
    "a list of them": "[" + "9" * 20 + "]",
    "a table of them": "{ x = 0x" + "f" * 5000 + " }",
    "a deep list": "[" * 2000 + "]" * 2000,
}


@pytest.mark.parametrize("key", list(every_key()), ids=lambda key: ".".join(map(str, key)))
def test_an_absurd_number_in_the_file_is_refused_with_its_line(tmp_path: Path, key: Key) -> None:
    tables = with_value(key, "@")
    text = "".join(f"{assigned(name, value)}\n" for name, value in tables.items())
    path = tmp_path / "huntgroup.toml"
    for number in NUMBERS.values():
        path.write_text(text.replace('"@"', number))
        with pytest.raises(ConfigError) as caught:
            load_whole(path, None)
        assert all(len(str(each)) < 2_000 for each in caught.value.problems)


def _numbers(table: type[Section], at: Key) -> Iterator[Key]:
    for name, field in table.model_fields.items():
        inner = list(tables_in(field.annotation))
        if len(inner) == 1:
            yield from _numbers(inner[0], (*at, name))
        elif not inner and any(word in str(field.annotation) for word in ("int", "float")):
            yield (*at, name)


def every_number() -> Iterator[Key]:
    """Each key that holds a number or a duration."""
    for name, field in Settings.model_fields.items():
        for table in tables_in(field.annotation):
            yield from _numbers(table, (name, 0) if isinstance(HOUSE[name], list) else (name,))
    for action in ACTIONS:
        yield from _numbers(action, ("groups", 0, "on_full"))


@pytest.mark.parametrize("key", list(every_number()), ids=lambda key: ".".join(map(str, key)))
def test_every_number_has_a_bound_that_its_error_names(key: Key) -> None:
    data = with_value(key, 2**62)
    if key[2:3] == ("on_full",):
        action = next(each for each in ACTIONS if key[3] in each.model_fields)
        data["groups"][0]["on_full"]["action"] = get_args(action.model_fields["action"].annotation)[0]
    found = [each for each in in_force(data) if each.key == key]
    if found and "has no unit" in found[0].wrong:  # a duration
        found = [each for each in in_force(with_value(key, "99999d")) if each.key == key]
    assert found
    assert "at most" in found[0].right or "from 1 to 127" in found[0].right
