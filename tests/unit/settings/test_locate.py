"""The lines of keys: in every shape TOML allows, checked against what `tomllib` reads from the same text."""

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huntgroup.settings.locate import locate
from huntgroup.settings.words import Key

EVERY_SHAPE = '''# a comment = "with a key"
top = 1
"quoted key" = 2

[table]   # [not.a.table]
plain = "a # no comment"
'single' = 'C:\\'
dotted.inner = true
many = [
  1,          # one
  [2, 3],
  { x = 4, y = [
      5 ] },
]
long = """
[fake]
key = "no"
\\""" still ""
inside"""
after = \'\'\'
it's [[fake]] \'\'\'
when = 2026-11-21 17:10:00
times = [2026-11-21 17:10:00, 07:30:00]
ends_with_quotes = """say "hi\"""""
last = 1

[[rows]]
id = "a"
hook = { action = "reply", then = { action = "group", group = "b" } }
[rows.sub]
deep = 1
[[rows.nested]]
n = 1
[[rows.nested]]
n = 2

[[rows]]
id = "b"
[rows.sub]
deep = 2
[[rows.nested]]
n = 3

["strange.name"."x"]
y = 1
'''


def line_of(text: str, wanted: str) -> int:
    found = [number for number, line in enumerate(text.splitlines(), 1) if line.strip().startswith(wanted)]
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    ("key", "line"),
    [
        (("top",), 2),
        (("quoted key",), 3),
        (("table",), 5),
        (("table", "plain"), 6),
        (("table", "single"), 7),
        (("table", "dotted"), 8),
        (("table", "dotted", "inner"), 8),
        (("table", "many"), 9),
        (("table", "many", 0), 10),
        (("table", "many", 1), 11),
        (("table", "many", 1, 1), 11),
        (("table", "many", 2, "x"), 12),
        (("table", "many", 2, "y", 0), 13),
        (("table", "long"), 15),
        (("table", "after"), 20),
        (("table", "when"), 22),
        (("table", "times", 1), 23),
        (("table", "ends_with_quotes"), 24),
        (("table", "last"), 25),
        (("rows",), 27),
        (("rows", 0), 27),
        (("rows", 0, "hook", "then", "group"), 29),
        (("rows", 0, "sub", "deep"), 31),
        (("rows", 0, "nested", 0, "n"), 33),
        (("rows", 0, "nested", 1), 34),
        (("rows", 0, "nested", 1, "n"), 35),
        (("rows", 1), 37),
        (("rows", 1, "id"), 38),
        (("rows", 1, "sub", "deep"), 40),
        (("rows", 1, "nested", 0, "n"), 42),
        (("strange.name", "x", "y"), 45),
    ],
)
def test_every_key_has_the_line_it_stands_on(key: Key, line: int) -> None:
    assert locate(EVERY_SHAPE).of(key) == line


def test_a_missing_key_has_the_line_of_the_table_that_lacks_it() -> None:
    lines = locate(EVERY_SHAPE)
    assert lines.of(("rows", 1, "missing")) == lines.of(("rows", 1))
    assert lines.of(("rows", 0, "hook", "then", "missing")) == 29


def test_a_missing_table_has_the_first_line() -> None:
    assert locate(EVERY_SHAPE).of(("pbx",)) == 1


def test_an_empty_text_has_no_keys() -> None:
    assert locate("").of(("anything",)) == 1


def keys_in(value: Any, key: Key = ()) -> Iterator[Key]:
    if key:
        yield key
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, entry in inner:
        yield from keys_in(entry, (*key, part))


def test_no_key_that_is_read_is_without_a_line() -> None:
    lines = locate(EVERY_SHAPE)
    assert [key for key in keys_in(tomllib.loads(EVERY_SHAPE)) if key not in lines] == []


def quoted(text: str) -> str:
    return (
        '"' + "".join(f"\\U{ord(sign):08X}" if sign in '"\\' or not sign.isprintable() else sign for sign in text) + '"'
    )


def raw_multi_line(text: str) -> str:
    """The text between three quotes with its line breaks, brackets and comment signs as they are."""
    return '"""\n' + text.replace("\\", "\\\\").replace('"', '\\"') + '"""'


GAPS = st.sampled_from(["", " ", "\n", "  # ] } , = [x]\n", "\n\n"])
PLAIN = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), max_size=8)
BROKEN = st.text(st.sampled_from("ab\n[]{}#=,'\" \\."), max_size=12)
NAMES = st.one_of(st.from_regex(r"[a-z0-9_-]{1,5}", fullmatch=True), PLAIN.map(quoted))


def array(items: list[str], gap: str) -> str:
    return "[" + "".join(f"{gap}{item}{gap}," for item in items) + f"{gap}]"


def inline(entries: dict[str, str]) -> str:
    return "{ " + ", ".join(f"{name} = {value}" for name, value in entries.items()) + " }"


SCALARS = st.one_of(
    st.integers().map(str),
    PLAIN.map(quoted),
    BROKEN.map(raw_multi_line),
    st.sampled_from(["true", "1.5e3", "2026-11-21 17:10:00", "07:30:00", "'C:\\'", "'''\n'''", "inf"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.builds(array, st.lists(inner, max_size=3), GAPS),
        st.dictionaries(NAMES, inner, max_size=3).map(inline),
    ),
    max_leaves=6,
)
HEADERS = st.builds(
    lambda names, is_array: f"[[{'.'.join(names)}]]" if is_array else f"[{'.'.join(names)}]",
    st.lists(NAMES, min_size=1, max_size=3),
    st.booleans(),
)
LINES = st.one_of(HEADERS, st.builds(lambda name, value: f"{name} = {value}", NAMES, VALUES), st.just("# x = ["))


@given(st.lists(LINES, max_size=8))
def test_in_any_file_each_key_is_found_on_a_line_that_names_it(lines: list[str]) -> None:
    text = "\n".join(lines)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return  # Two random lines may contradict each other; such a file has no lines to ask for.
    located = locate(text)
    assert [key for key in keys_in(data) if key not in located] == []
    first_line = 1
    for entry in lines:
        if " = " in entry and not entry.startswith(("[", "#")):
            alone = tomllib.loads(entry)
            assert first_line in [located.of(key) for key in keys_in(data) if key[-1] in alone]
        first_line += entry.count("\n") + 1
