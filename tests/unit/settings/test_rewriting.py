"""What a change does to the text of the file: the lines that it means, and no others."""

import copy
import difflib
import tomllib
from collections.abc import Callable
from typing import Any

import pytest

from huntgroup.settings.rewriting import CannotBeRewritten, rewritten

Change = Callable[[dict[str, Any]], object]


def diff(text: str, change: Change) -> list[str]:
    """The lines that a change takes away and puts in."""
    new = edited(text, change)
    lines = difflib.ndiff(text.splitlines(), new.splitlines())
    return [f"{line[0]}{line[2:]}" for line in lines if line[0] in "+-"]


def edited(text: str, change: Change) -> str:
    before = tomllib.loads(text)
    after = copy.deepcopy(before)
    change(after)
    new = rewritten(text, before, after)
    assert {name: value for name, value in tomllib.loads(new).items() if value != []} == {
        name: value for name, value in after.items() if value != []
    }
    return new


FILE = """\
# The house.
[telephony]
ring_seconds = 5.0      # as in Poland

[[operators]]
id = "anna"             # the first
phones = ["PJSIP/anna"]

[[operators]]
id = "ben"
phones = [ "PJSIP/ben", "PJSIP/ben-soft" ]
# mobile = "+48600100200"

# Everyone sells.
[[groups]]
id = "sales"
operators = [
    "anna",   # knows the prices
    # the night shift
    "ben",    # knows the shop
]
rings = 4               # so many

[[groups]]
  id = "support"
  operators = ["ben"]
  announce = { position = true, wait = true }
  [groups.hours]
  timezone = "UTC"
  mon-fri = "08:00-18:00"

# The only number.
[[numbers]]
number = "+1 202 555 0101"
group = "sales"
"""


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        (
            lambda data: data["groups"][0].update(rings=3),
            ["-rings = 4               # so many", "+rings = 3               # so many"],
        ),
        (lambda data: data["groups"][0].update(wrapup="10s"), ['+wrapup = "10s"']),
        (lambda data: data["groups"][0].pop("rings"), ["-rings = 4               # so many"]),
        (
            lambda data: data["groups"][0]["operators"].reverse(),
            [
                '-    "anna",   # knows the prices',
                '+    "anna",   # knows the prices',
            ],
        ),
        (lambda data: data["groups"][0]["operators"].insert(0, "cleo"), ['+    "cleo",']),
        (lambda data: data["groups"][0]["operators"].append("cleo"), ['+    "cleo",']),
        (lambda data: data["groups"][0]["operators"].remove("ben"), ['-    "ben",    # knows the shop']),
        (
            lambda data: data["groups"][1]["operators"].append("anna"),
            ['-  operators = ["ben"]', '+  operators = ["ben", "anna"]'],
        ),
        (
            lambda data: data["operators"][1]["phones"].pop(),
            ['-phones = [ "PJSIP/ben", "PJSIP/ben-soft" ]', '+phones = [ "PJSIP/ben" ]'],
        ),
        (
            lambda data: data["groups"][1]["announce"].update(every="30s"),
            [
                "-  announce = { position = true, wait = true }",
                '+  announce = { position = true, wait = true, every = "30s" }',
            ],
        ),
        (
            lambda data: data["groups"][1]["announce"].pop("position"),
            ["-  announce = { position = true, wait = true }", "+  announce = { wait = true }"],
        ),
        (lambda data: data["groups"][1].update(rings=2), ["+  rings = 2"]),
        (lambda data: data["groups"][1]["hours"].update(sat="09:00-13:00"), ['+  sat = "09:00-13:00"']),
        (
            lambda data: data["groups"][1].pop("hours"),
            ["-  [groups.hours]", '-  timezone = "UTC"', '-  mon-fri = "08:00-18:00"', "-"],
        ),
        (
            lambda data: data["groups"][0].update(on_full={"action": "hang_up", "cause": "busy"}),
            ['+on_full = { action = "hang_up", cause = "busy" }'],
        ),
        (
            lambda data: data["operators"].append({"id": "cleo", "phones": []}),
            ["+[[operators]]", '+id = "cleo"', "+phones = []", "+"],
        ),
        (
            lambda data: data["operators"].pop(0),
            ["-[[operators]]", '-id = "anna"             # the first', '-phones = ["PJSIP/anna"]', "-"],
        ),
        (
            lambda data: data["telephony"].update(ring_seconds=6.0),
            ["-ring_seconds = 5.0      # as in Poland", "+ring_seconds = 6.0      # as in Poland"],
        ),
        (lambda data: data.update(blending={"call": ["chat"]}), ["+", "+[blending]", '+call = ["chat"]']),
        (
            lambda data: data["numbers"].append({"number": "101", "group": "sales"}),
            ["+", "+[[numbers]]", '+number = "101"', '+group = "sales"'],
        ),
    ],
)
def test_a_change_touches_the_lines_that_it_means(change: Change, lines: list[str]) -> None:
    assert sorted(diff(FILE, change)) == sorted(lines)


def test_a_new_operator_stands_below_what_is_said_of_the_last_one_and_above_what_is_said_of_the_next_table() -> None:
    new = edited(FILE, lambda data: data["operators"].append({"id": "cleo"}))

    assert '# mobile = "+48600100200"\n\n[[operators]]\nid = "cleo"\n\n# Everyone sells.\n[[groups]]\n' in new


def test_a_moved_member_takes_its_comment_along() -> None:
    new = edited(FILE, lambda data: data["groups"][0].update(operators=["ben", "anna"]))

    assert '    # the night shift\n    "ben",    # knows the shop\n    "anna",   # knows the prices\n]' in new


@pytest.mark.parametrize(
    ("text", "change", "wanted"),
    [
        ("a.b = 1\na.c = 2\n", lambda data: data["a"].update(d=3), "a.b = 1\na.c = 2\na.d = 3\n"),
        ("[t]\na.b = 1\nz = 0\n", lambda data: data["t"]["a"].update(c=2), "[t]\na.b = 1\na.c = 2\nz = 0\n"),
        ("[t]\na.b = 1\nz = 0\n", lambda data: data["t"].pop("a"), "[t]\nz = 0\n"),
        ("[t]\na = {}\n", lambda data: data["t"]["a"].update(b=1), "[t]\na = { b = 1 }\n"),
        ("[t]\na = { b = 1 }\n", lambda data: data["t"].update(a="text"), '[t]\na = "text"\n'),
        ("[t]\na = { b = 1 }", lambda data: data["t"].update(c=1.5), "[t]\na = { b = 1 }\nc = 1.5\n"),
        (
            '[t]\n"odd key" = 1\n',
            lambda data: data["t"].update({"odd key": 2, "é": 3}),
            '[t]\n"odd key" = 2\n"é" = 3\n',
        ),
        ("[t]\n[t.s]\nb = 1\n", lambda data: data["t"].update(a=True), "[t]\na = true\n[t.s]\nb = 1\n"),
        ("[t]\na = 0x10\nb = 1_000\n", lambda data: data["t"].update(b=2), "[t]\na = 0x10\nb = 2\n"),
        ('g = [ { id = "a" }, { id = "b" } ]\n', lambda data: data["g"].pop(0), 'g = [ { id = "b" } ]\n'),
        ('g = [{ id = "a" }]\n', lambda data: data["g"].append({"id": "b"}), 'g = [{ id = "a" }, { id = "b" }]\n'),
        (
            'g = [{ id = "a", x = [1] }]\n',
            lambda data: data["g"][0].update(x=[1, 2]),
            'g = [{ id = "a", x = [1, 2] }]\n',
        ),
        ("[t]\na = [\n]\n", lambda data: data["t"]["a"].append(1), "[t]\na = [\n    1\n]\n"),
        (
            "[t]\na = [\n  1,\n  2 # two\n]\n",
            lambda data: data["t"]["a"].append(3),
            "[t]\na = [\n  1,\n  2, # two\n  3\n]\n",
        ),
        ("[t]\na = [\n  1, 2,\n  3]\n", lambda data: data["t"]["a"].pop(1), "[t]\na = [\n  1,  3]\n"),
        ("[t]\na = [1,2,3]\n", lambda data: data["t"]["a"].pop(), "[t]\na = [1,2]\n"),
        ("[t]\r\na = 1\r\n", lambda data: data["t"].update(b="x"), '[t]\r\na = 1\r\nb = "x"\r\n'),
        (
            '[t]\na = """\n[x]\nb = 1\n"""\n',
            lambda data: data["t"].update(b=2),
            '[t]\na = """\n[x]\nb = 1\n"""\nb = 2\n',
        ),
        ('[t]\na = "x"\n', lambda data: data["t"].update(a='q"\\\n\x7f#'), '[t]\na = "q\\"\\\\\\n\\u007f#"\n'),
        ("", lambda data: data.update(g=[{"id": "a"}]), '[[g]]\nid = "a"\n'),
    ],
)
def test_every_way_of_writing_it_is_kept(text: str, change: Change, wanted: str) -> None:
    assert edited(text, change) == wanted


def test_tables_of_two_kinds_that_alternate_stay_where_they_are() -> None:
    text = '[[g]]\nid = "a"\n# of 1\n[[n]]\nnumber = "1"\n[[g]]\nid = "b"\n[[n]]\nnumber = "2"\n'

    assert diff(text, lambda data: data["g"][1].update(x=1)) == ["+x = 1"]
    assert diff(text, lambda data: data["g"].pop(0)) == ["-[[g]]", '-id = "a"']


def test_a_number_and_a_truth_are_not_the_same() -> None:
    assert diff("[t]\na = 1\n", lambda data: data["t"].update(a=True)) == ["-a = 1", "+a = true"]
    assert diff("[t]\na = 1\n", lambda data: data["t"].update(a=1.0)) == ["-a = 1", "+a = 1.0"]


def test_what_it_does_not_know_how_to_write_is_refused_and_not_guessed() -> None:
    text = "[t.s]\nb = 1\n"

    with pytest.raises(CannotBeRewritten, match=r"t\.a is written in a way that can only be changed by hand"):
        edited(text, lambda data: data["t"].update(a=1))


def test_other_tables_in_another_order_are_refused() -> None:
    with pytest.raises(CannotBeRewritten):
        edited('[[g]]\nid = "a"\n[[g]]\nid = "b"\n', lambda data: data["g"].reverse())


def test_a_table_that_stood_only_in_the_names_of_its_keys_is_still_there_when_they_are_gone() -> None:
    text = '[[n]]\nid = "p"\nc-d.a = false\n[n.b]\n'

    def changed(data: dict[str, Any]) -> None:
        data["n"][0] |= {"b": False, "c-d": {}}

    assert edited(text, changed) == '[[n]]\nid = "p"\nc-d = {}\nb = false\n'
