"""Values typed in a shell: text where the model takes text, else what the file would have."""

from typing import Any

import pytest

from huntgroup.settings import Group, Number, Operator, Source
from huntgroup.settings.base import Section
from huntgroup.settings.shell_values import read_value


@pytest.mark.parametrize(
    ("model", "key", "typed"),
    [
        (Operator, "extension", "104"),
        (Operator, "extension", "0104"),
        (Operator, "mobile", "+48600100200"),
        (Operator, "name", "true"),
        (Operator, "name", "1e5"),
        (Operator, "name", "2026-11-30"),
        (Operator, "name", "[1]"),
        (Operator, "name", "{}"),
        (Operator, "name", "inf"),
        (Operator, "name", '"Anna" Nowak'),
        (Operator, "id", "7"),
        (Operator, "pbx", "2"),
        (Operator, "start", "logged_out"),
        (Group, "name", "24"),
        (Group, "wrapup", "5s"),
        (Group, "max_wait", "300"),
        (Group, "distribution", "evenly"),
        (Number, "group", "7"),
        (Source, "group", "7"),
        (Source, "distribution", "1"),
    ],
)
def test_what_the_model_takes_as_text_stays_as_it_was_typed(model: type[Section], key: str, typed: str) -> None:
    assert read_value(model, key, typed) == typed


@pytest.mark.parametrize(
    ("model", "key", "typed", "value"),
    [
        (Operator, "extension", '"104"', "104"),
        (Operator, "name", "'O\"Hara'", 'O"Hara'),
        (Operator, "phones", '["PJSIP/anna"]', ["PJSIP/anna"]),
        (Operator, "capacity", "{ call = 2 }", {"call": 2}),
        (Group, "rings", "3", 3),
        (Group, "pickup", "false", False),
        (Group, "hold", '"music"', "music"),
        (Group, "on_full", '{ action = "hang_up" }', {"action": "hang_up"}),
        (Group, "rings", "three", "three"),
        (Group, "no_such_key", "3", 3),
    ],
)
def test_what_is_no_text_is_read_as_in_the_file(model: type[Section], key: str, typed: str, value: Any) -> None:
    assert read_value(model, key, typed) == value


@pytest.mark.parametrize("typed", ["9" * 5000, "[" * 5000, '"""', "\x00", "\ud800"])
def test_value_that_nothing_can_be_made_of_is_left_to_the_model(typed: str) -> None:
    assert read_value(Group, "rings", typed) == typed
