"""Whole files: the example, everything the configuration knows, files that are none, and any nonsense."""

import copy
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.settings.conftest import ENVIRONMENT, SHORTEST, Problems

from huntgroup.errors import ConfigError, HuntgroupError
from huntgroup.settings import load
from huntgroup.settings.reader import examine

EXAMPLE = Path(__file__).parents[3] / "config" / "huntgroup.toml"

EVERYTHING = """
[store]
url = "sqlite:huntgroup.db"
[mqtt]
url = "mqtt://127.0.0.1:1883"
prefix = "huntgroup"
username = "huntgroup"
secret_file = "mqtt.secret"
[telephony]
country = "pl"
ring_seconds = 5.0
pickup_code = "*11"
login_code = "*45"
pause_code = "*46"
unreachable_after = "5s"
outbound = "PJSIP/{number}@trunk"
[[pbx]]
id = "main"
host = "127.0.0.1"
port = 5038
username = "huntgroup"
secret_env = "AMI_SECRET"
[blending]
call = ["call", "chat"]
chat = []
[[operators]]
id = "anna"
name = "Anna Nowak"
extension = "101"
phones = ["PJSIP/anna-desk", "PJSIP/anna-soft"]
mobile = "+48600100200"
capacity = { call = 1, chat = 3, mail = 20, form = 20 }
role = "operator"
start = "available"
[[operators]]
id = "ben"
phones = ["PJSIP/ben"]
[[groups]]
id = "support"
operators = ["ben"]
on_unanswered = { action = "operator", operator = "anna", rings = 3 }
on_full = { action = "number", number = "+48 600 100 200" }
on_closed = { action = "reply", sound = "closed", text = "We are closed.", then = { action = "hang_up" } }
on_abandoned = { action = "callback" }
[[groups]]
id = "sales"
name = "Sales"
operators = ["anna", "ben"]
distribution = "in_order"
rings = 4
offer_timeout = "60s"
check_availability = true
pickup = true
wrapup = "10s"
max_wait = "5m"
max_waiting = 50
hold = "music"
announce = { position = true, every = "30s" }
miss_limit = 3
priority = 0
hours = { timezone = "Europe/Warsaw", mon-fri = "08:00-18:00", sat = "09:00-13:00", holidays = "PL" }
on_unanswered = { action = "group", group = "support" }
on_closed = { action = "voicemail", mailbox = "sales" }
on_full = { action = "hang_up" }
[[numbers]]
number = "+48221234567"
group = "sales"
responsible_first = true
responsible_rings = 4
on_responsible_missed = { action = "queue" }
transfer_changes_responsible = true
create = "lead"
[[sources]]
id = "site-chat"
channel = "chat"
group = "sales"
mode = "offer"
max_open = 3
identify_customer = true
track_customer = true
responsible_first = true
transfer_changes_responsible = true
skip_unavailable = true
when_all_unavailable = "in_turn"
create = "lead"
"""


def test_the_example_is_valid() -> None:
    settings = load(EXAMPLE, {"HUNTGROUP_AMI_SECRET": "x"})
    assert [group.id for group in settings.groups] == ["sales", "support"]


def test_all_that_the_configuration_knows_is_understood(tmp_path: Path) -> None:
    (tmp_path / "mqtt.secret").write_text("x")
    path = tmp_path / "huntgroup.toml"
    path.write_text(EVERYTHING)
    settings = load(path, {"AMI_SECRET": "x"})
    assert (settings.numbers[0].create, settings.sources[0].track_customer) == ("lead", True)


def test_every_mistake_is_told_in_one_go_in_the_order_of_the_file(problems: Problems) -> None:
    found = problems(
        '[[pbx]]\nid = "Main"\nhost = "127.0.0.1"\nport = 0\nusername = "u"\nsecret_env = "NOWHERE"\n'
        '[[operators]]\nid = "anna"\nphones = ["PJSIP/a&b"]\nshoe_size = 41\n'
        '[[groups]]\nid = "sales"\noperators = ["ana"]\n'
        '[[numbers]]\nnumber = "one"\ncreate = "leed"\n'
    )
    assert [(problem.line, problem.key) for problem in found] == [
        (2, "pbx[0].id"),
        (4, "pbx[0].port"),
        (6, "pbx[0].secret_env"),
        (9, "operators[0].phones[0]"),
        (10, "operators[0].shoe_size"),
        (13, "groups[0].operators[0]"),
        (14, "numbers[0].group"),
        (15, "numbers[0].number"),
        (16, "numbers[0].create"),
    ]


def test_an_error_carries_all_its_problems_and_tells_one_a_line(tmp_path: Path) -> None:
    path = tmp_path / "huntgroup.toml"
    path.write_text(f"{SHORTEST}[nothing]\n[naught]\n")
    with pytest.raises(HuntgroupError) as caught:
        load(path, ENVIRONMENT)
    assert caught.value.code == "config_invalid"
    assert [line.split(": ")[:2] for line in str(caught.value).splitlines()] == [
        [f"{path}:7", "nothing"],
        [f"{path}:8", "naught"],
    ]


@pytest.mark.parametrize(
    ("text", "line", "wrong"),
    [
        ("a = 1\nb = = 2\n", 2, "is not TOML: invalid value (column 5)"),
        ("a = 1\na = 2\n", 2, "is not TOML: cannot overwrite a value (column 6)"),
        ('a = 1\nb = "x', 2, "is not TOML: unterminated string"),
        ("a = [\n1,\n", 2, "is not TOML: invalid value"),
        (f"a = {'[' * 5000}", 1, "is nested too deeply"),
        (f"a = {'9' * 5000}", 1, "is not TOML: exceeds the limit"),
    ],
)
def test_a_file_that_is_no_toml_is_told_where(problems: Problems, text: str, line: int, wrong: str) -> None:
    (problem,) = problems(text)
    assert problem.line == line
    assert problem.wrong.startswith(wrong)


def test_a_file_in_another_encoding_is_told_the_line(tmp_path: Path) -> None:
    path = tmp_path / "huntgroup.toml"
    path.write_bytes('# fine\nname = "ł"\n'.encode("iso-8859-2"))
    with pytest.raises(ConfigError, match=":2: file: is not UTF-8 text; save it in the encoding UTF-8"):
        load(path)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read \(no such file or directory\)"):
        load(tmp_path / "none.toml")


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read \(is a directory\)"):
        load(tmp_path)


def test_a_file_may_have_a_byte_order_mark_and_windows_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "huntgroup.toml"
    path.write_bytes(b"\xef\xbb\xbf" + SHORTEST.replace("\n", "\r\n").encode())
    assert load(path, ENVIRONMENT).pbx[0].id == "main"


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every place in nested tables and lists where a value stands: the holder, and the key or position."""
    inner = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    return [place for key, entry in inner for place in [(value, key), *places(entry)]]


NONSENSE = st.recursive(
    st.one_of(
        st.integers(), st.floats(), st.booleans(), st.text(max_size=5), st.sampled_from(["group", "reply", "main"])
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["action", "group", "then", "id", "days", "[key]", "mon"]), inner, max_size=3),
    ),
    max_leaves=4,
)


@given(st.data())
def test_whatever_stands_in_the_wrong_place_is_told_and_nothing_breaks(data: st.DataObject) -> None:
    tables = copy.deepcopy(tomllib.loads(EVERYTHING))
    for _ in range(data.draw(st.integers(1, 3))):
        holder, key = data.draw(st.sampled_from(places(tables)))
        holder[key] = data.draw(NONSENSE)
    _, found = examine(tables, Path("/nowhere"), {})
    assert all(finding.wrong and finding.right for finding in found)
    assert all("see the configuration" not in finding.right for finding in found)
    assert json.dumps([finding.wrong for finding in found]).isprintable()
