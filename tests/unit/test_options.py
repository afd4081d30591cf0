"""docs/options.md: every option is in it, and every test that it names is there."""

import ast
import re
from pathlib import Path

from pydantic import BaseModel

from huntgroup.settings.models import Group, Number, Operator, Source

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "options.md").read_text()
SECTIONS: dict[str, type[BaseModel]] = {"groups": Group, "numbers": Number, "sources": Source, "operators": Operator}
NO_OPTIONS = {"id", "name", "number", "channel", "group"}
"""What something is, and not what it does."""
KEYS = set(re.findall(r"`(\w+)\.(\w+)`", PAGE))
TESTS = set(re.findall(r"`(test_\w+\.py)::(\w+)`", PAGE))


def _tests_in(name: str) -> set[str]:
    """The names of the tests in a file of live tests."""
    tree = ast.parse((ROOT / "tests" / "live" / name).read_text())
    return {each.name for each in tree.body if isinstance(each, ast.AsyncFunctionDef | ast.FunctionDef)}


def test_every_test_that_is_named_exists() -> None:
    assert [(file, test) for file, test in sorted(TESTS) if test not in _tests_in(file)] == []


def test_every_test_of_every_option_is_named() -> None:
    for file in ("test_every_option.py", "test_every_option_of_calls.py"):
        named = {test for where, test in TESTS if where == file}
        assert {each for each in _tests_in(file) if each.startswith("test_")} - named == set()


def test_every_key_exists() -> None:
    assert [(section, key) for section, key in sorted(KEYS) if key not in SECTIONS[section].model_fields] == []


def test_every_option_of_groups_numbers_and_sources_is_there() -> None:
    for section in ("groups", "numbers", "sources"):
        wanted = {(section, key) for key in SECTIONS[section].model_fields if key not in NO_OPTIONS}
        assert wanted - KEYS == set()


def test_every_row_names_a_key_and_a_test() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("|") and not line.startswith(("| option", "|---"))]
    assert [row for row in rows if not (re.search(r"`\w+\.\w+`", row) and "::test_" in row)] == []
