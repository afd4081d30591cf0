"""However a file is written and whatever is changed in it: it means what was wanted, and what was not meant stays."""

import copy
import difflib
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from huntgroup.errors import ChangeRefused
from huntgroup.settings.changes import ADMINISTRATION
from huntgroup.settings.editing import Asker, carry_out
from huntgroup.settings.rewriting import rewritten
from huntgroup.settings.toml_text import assigned, written

EXAMPLE = (Path(__file__).parents[2] / "config" / "huntgroup.toml").read_text()
OWN_LINE = re.compile(r"^[ \t]*#.*$", re.MULTILINE)
LINE = re.compile(r"^# line [0-9]+", re.MULTILINE)

SCALARS = st.one_of(
    st.booleans(),
    st.integers(-5, 5),
    st.sampled_from([0.5, 1.0, 1e16, -2.25]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
    st.sampled_from(["20s", "# no comment", "[[x]]", 'a"b', "a\nb", "\\", "{", "],"]),
)
NAMES = st.sampled_from(["a", "b", "odd key", "c-d", "é"])
LISTS = st.lists(st.sampled_from(["x", "y", "z", "#", ","]), unique=True, max_size=4)
TABLES = st.dictionaries(NAMES, st.one_of(SCALARS, LISTS), max_size=3)
ENTRIES = st.dictionaries(NAMES, st.one_of(SCALARS, LISTS, TABLES), max_size=4)
SECTIONS = st.dictionaries(
    st.sampled_from(["g", "n"]), st.dictionaries(st.sampled_from("pqrs"), ENTRIES, max_size=3), max_size=2
)


def data_of(sections: dict[str, dict[str, dict[str, Any]]]) -> dict[str, Any]:
    """As a file has it: a list of tables, each with its id."""
    return {
        name: [{"id": each, **entry} for each, entry in entries.items()]
        for name, entries in sections.items()
        if entries
    }


class Scribe:
    """Writes the same tables in one of many ways, with comments wherever one can stand."""

    def __init__(self, draw: st.DataObject) -> None:
        self._draw = draw
        self._comments = 0

    def either(self, *ways: Any) -> Any:
        return self._draw.draw(st.sampled_from(ways))

    def comment(self) -> str:
        self._comments += 1
        return str(self.either("", f"  # remark {self._comments}"))

    def own_line(self, kind: str = "line") -> str:
        self._comments += 1
        return str(self.either("", "", f"# {kind} {self._comments}\n", "\n"))

    def value(self, value: Any) -> str:
        if not isinstance(value, list) or self.either(True, False):
            return written(value)
        rows = [f"{self.own_line('item')}  {written(each)},{self.comment()}\n" for each in value]
        if rows and self.either(True, False):
            last = f"  {written(value[-1])}"
            rows[-1] = f"{last}{self.comment()}\n"
        return f"[{self.comment()}\n{''.join(rows)}{self.own_line('item')}]"

    def pair(self, name: str, value: Any) -> str:
        if isinstance(value, dict) and value and self.either(True, False):
            key = assigned(name, 0).removesuffix(" = 0")
            return "".join(f"{key}.{assigned(inner, deep)}{self.comment()}\n" for inner, deep in value.items())
        key = assigned(name, 0).removesuffix("0")
        return f"{self.own_line()}{key}{self.value(value)}{self.comment()}\n"

    def file(self, data: dict[str, Any]) -> str:
        inline = [name for name in data if self.either(True, False, False)]
        blocks = [f"{name} = {self.value(data[name])}\n" for name in inline]
        rest = [(name, each) for name in data if name not in inline for each in data[name]]
        for name, each in rest:
            later = {key: each[key] for key in each if isinstance(each[key], dict) and self.either(True, False)}
            text = f"{self.own_line()}[[{name}]]{self.comment()}\n"
            text += "".join(self.pair(key, value) for key, value in each.items() if key not in later)
            for key, value in later.items():
                header = assigned(key, 0).removesuffix(" = 0")
                text += f"{self.own_line()}[{name}.{header}]\n" + "".join(self.pair(*pair) for pair in value.items())
            blocks.append(text)
        text = "".join(blocks)
        return text.replace("\n", "\r\n") if self.either(True, False, False) and "a\nb" not in text else text


@settings(max_examples=400, deadline=None)
@given(SECTIONS, SECTIONS, st.data())
def test_what_was_wanted_is_what_it_means(old: dict[str, Any], new: dict[str, Any], draw: st.DataObject) -> None:
    before, after = data_of(old), data_of(new)
    # Tables that stay keep their order; new ones come last.
    for name, entries in after.items():
        known = [each["id"] for each in before.get(name, [])]
        entries.sort(key=lambda each: known.index(each["id"]) if each["id"] in known else len(known))
    text = Scribe(draw).file(before)
    assert tomllib.loads(text) == before

    changed = rewritten(text, before, after)

    # A comment inside a list goes where the list goes.
    assert [each for each in LINE.findall(text) if each not in LINE.findall(changed)] == []
    assert rewritten(changed, tomllib.loads(changed), tomllib.loads(changed)) == changed


GROUPS, PEOPLE = st.sampled_from(["sales", "support"]), st.sampled_from(["anna", "ben", "cleo", "dora"])
PLACES = st.integers(1, 4)
COMMANDS = st.one_of(
    st.fixed_dictionaries(
        {
            "type": st.just("set_group"),
            "group": GROUPS,
            "changes": st.dictionaries(
                st.sampled_from(["rings", "wrapup", "max_wait", "pickup", "announce", "on_full", "name", "on_leave"]),
                st.sampled_from([None, 3, "10s", True, {"position": True}, {"action": "hang_up"}]),
                min_size=1,
                max_size=2,
            ),
        }
    ),
    st.fixed_dictionaries(
        {"type": st.just("add_member"), "group": GROUPS, "operator": PEOPLE, "at": st.integers(1, 4)}
    ),
    st.fixed_dictionaries(
        {"type": st.just("move_member"), "group": GROUPS, "operator": PEOPLE, "at": st.integers(1, 4)}
    ),
    st.fixed_dictionaries({"type": st.just("remove_member"), "group": GROUPS, "operator": PEOPLE}),
    st.fixed_dictionaries({"type": st.just("remove_operator"), "operator": PEOPLE}),
    st.just({"type": "add_operator", "operator": {"id": "dora", "phones": ["PJSIP/dora"]}}),
    st.just({"type": "add_number", "number": {"number": "101", "group": "sales"}}),
    st.just({"type": "remove_number", "number": "101"}),
    st.just({"type": "set_blending", "changes": {"mail": ["call"]}}),
    st.just({"type": "remove_source", "source": "site-chat"}),
)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("edited") / "huntgroup.toml"


@settings(max_examples=60, deadline=None)
@given(st.lists(COMMANDS, min_size=1, max_size=8))
def test_the_example_stays_right_and_keeps_every_comment_whatever_is_asked(
    config: Path, commands: list[dict[str, Any]]
) -> None:
    config.write_text(EXAMPLE)
    environment = {"HUNTGROUP_AMI_SECRET": "x"}
    for command in commands:
        before = config.read_text()
        try:
            done = carry_out(config, Asker(environment=environment), ADMINISTRATION.validate_python(command))
        except ChangeRefused:
            assert config.read_text() == before
            continue
        after = config.read_text()
        if not done.changes:
            assert after == before
        gone = [line[2:] for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line.startswith("- ")]
        assert not [line for line in gone if line.lstrip().startswith("#")]
    assert OWN_LINE.findall(EXAMPLE) == OWN_LINE.findall(config.read_text())
    carry_out(config, Asker(environment=environment), ADMINISTRATION.validate_python({"type": "check"}))


NONSENSE = st.recursive(
    st.one_of(st.none(), st.integers(), st.floats(), st.booleans(), st.text(max_size=5), PEOPLE, GROUPS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["id", "operators", "action", "group", "rings", "number", "x y"]), inner),
    ),
    max_leaves=5,
)
KEYS = st.sampled_from(["id", "number", "operators", "supervisors", "rings", "hours", "on_full", "role", "x y", ""])
TABLE = st.dictionaries(KEYS, NONSENSE, min_size=1, max_size=3)
KINDS = ("group", "operator", "number", "source")
STEP = st.one_of(
    *(st.fixed_dictionaries({"type": st.just(f"add_{kind}"), kind: TABLE}) for kind in KINDS),
    *(
        st.fixed_dictionaries({"type": st.just(f"set_{kind}"), kind: st.one_of(PEOPLE, GROUPS), "changes": TABLE})
        for kind in KINDS
    ),
    st.fixed_dictionaries({"type": st.just("set_blending"), "changes": TABLE}),
    st.fixed_dictionaries({"type": st.just("add_member"), "group": GROUPS, "operator": PEOPLE}),
    st.fixed_dictionaries({"type": st.just("remove_operator"), "operator": PEOPLE}),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(STEP, min_size=1, max_size=3), st.sampled_from(["", "anna"]))
def test_whatever_is_asked_is_done_or_refused(config: Path, steps: list[dict[str, Any]], who: str) -> None:
    config.write_text(EXAMPLE)
    try:
        command = ADMINISTRATION.validate_python({"type": "together", "steps": steps})
        carry_out(config, Asker(name=who, environment={"HUNTGROUP_AMI_SECRET": "x"}), command)
    except (ChangeRefused, ValidationError):
        assert config.read_text() == EXAMPLE


def test_what_is_given_is_not_changed() -> None:
    before = tomllib.loads(EXAMPLE)
    after = copy.deepcopy(before)
    after["groups"][0]["rings"] = 3
    kept = copy.deepcopy((before, after))

    rewritten(EXAMPLE, before, after)

    assert (before, after) == kept
