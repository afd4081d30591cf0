"""Which numbers a supervisor may have the PBX dial, by `[telephony] may_forward_to` or without it."""

from pathlib import Path
from typing import Any

import pytest
from tests.unit.settings.conftest import Accept

from huntgroup.errors import ChangeRefused, ConfigError
from huntgroup.settings import load
from huntgroup.settings.changes import ADMINISTRATION
from huntgroup.settings.editing import Asker, Outcome, carry_out
from huntgroup.settings.forwarding import dialled, is_allowed
from huntgroup.settings.outline import hooks

ENVIRONMENT = {"AMI_SECRET": "s3cret"}
STANDS = "+48600100200"
MOBILE = "+48600300400"
NEW = "+48600700800"
PREMIUM = "+48701234567"
"""A premium rate number of Poland."""
TO_STANDS = f'{{ action = "number", number = "{STANDS}" }}'
FILE = f"""\
[telephony]
country = "pl"
outbound = "PJSIP/{{number}}@trunk"
# here

[[pbx]]
id = "main"
host = "127.0.0.1"
username = "huntgroup"
secret_env = "AMI_SECRET"

[[operators]]
id = "ben"
phones = ["PJSIP/ben"]
role = "supervisor"
mobile = "{MOBILE}"

[[operators]]
id = "sofia"
phones = ["PJSIP/sofia"]
role = "administrator"

[[groups]]
id = "sales"
operators = ["ben"]
hold = "music"
announce = {{ position = true, leave_key = "1" }}
on_leave = {{ action = "callback" }}
on_full = {TO_STANDS}

[[groups]]
id = "support"
operators = ["sofia"]
on_full = {{ action = "number", number = "101" }}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "huntgroup.toml"
    path.write_text(FILE)
    return path


def allow(config: Path, *patterns: str) -> None:
    listed = ", ".join(f'"{each}"' for each in patterns)
    config.write_text(FILE.replace("# here", f"may_forward_to = [{listed}]"))


def asks(config: Path, who: str, command: dict[str, Any]) -> Outcome:
    asker = Asker(name=who, in_force=load(config, ENVIRONMENT), environment=ENVIRONMENT)
    return carry_out(config, asker, ADMINISTRATION.validate_python(command))


def to_number(number: str, hook: str = "on_unanswered") -> dict[str, Any]:
    action = {"action": "number", "number": number}
    return {"type": "set_group", "group": "sales", "changes": {hook: action}}


def reply_then_number(number: str, hook: str) -> dict[str, Any]:
    action: dict[str, Any] = {"action": "number", "number": number}
    for _ in range(3):
        action = {"action": "reply", "sound": "closed", "then": action}
    return {"type": "set_group", "group": "sales", "changes": {hook: action}}


def refusal(config: Path, command: dict[str, Any], who: str = "ben") -> ChangeRefused:
    before = config.read_text()
    with pytest.raises(ChangeRefused) as caught:
        asks(config, who, command)
    assert config.read_text() == before
    return caught.value


COMING_HOOKS = [each for each in hooks() if each != "on_abandoned"]
"""A number means nothing to who is gone: `check` refuses it there, from anybody."""


@pytest.mark.parametrize("command", [to_number, reply_then_number])
@pytest.mark.parametrize("hook", COMING_HOOKS)
def test_a_supervisor_forwards_callers_to_no_new_number(config: Path, hook: str, command: Any) -> None:
    found = refusal(config, command(PREMIUM, hook))

    assert (found.why, found.at) == ("not_permitted", "number")
    assert "`may_forward_to` in `[telephony]`" in found.message
    assert PREMIUM in found.message


@pytest.mark.parametrize("hook", hooks())
def test_nobody_is_forwarded_by_a_nested_action_of_any_hook(config: Path, hook: str) -> None:
    with pytest.raises(ChangeRefused):
        asks(config, "ben", reply_then_number(PREMIUM, hook))


def test_an_operators_mobile_is_set_by_administrators_alone(config: Path) -> None:
    command = {"type": "set_operator", "operator": "ben", "changes": {"mobile": PREMIUM}}

    assert refusal(config, command).why == "not_permitted"
    assert asks(config, "sofia", command).changes


def test_a_refused_number_fails_a_check_and_steps_made_together(config: Path) -> None:
    harmless = {"type": "set_group", "group": "sales", "changes": {"rings": 2}}

    assert refusal(config, {"type": "check", "change": to_number(NEW)}).at == "number"
    assert refusal(config, {"type": "together", "steps": [harmless, to_number(NEW)]}).at == "number"


@pytest.mark.parametrize("number", [STANDS, MOBILE, "+48 600 100-200", "101"])
def test_a_supervisor_moves_a_number_that_stands_there(config: Path, number: str) -> None:
    assert asks(config, "ben", to_number(number)).changes


def test_a_supervisor_changes_a_group_beside_a_number_that_stands_there(config: Path) -> None:
    allow(config, "+49*")

    assert asks(config, "ben", {"type": "set_group", "group": "sales", "changes": {"rings": 2}}).changes
    assert asks(config, "ben", to_number(STANDS)).changes


def test_an_administrator_and_the_file_forward_to_any_number(config: Path) -> None:
    allow(config)

    assert asks(config, "sofia", to_number(PREMIUM)).changes
    assert PREMIUM in dialled(load(config, ENVIRONMENT))


def test_a_supervisor_forwards_to_a_number_that_the_key_covers(config: Path) -> None:
    allow(config, "+48*", "+4912345678")

    assert asks(config, "ben", to_number(NEW)).changes
    assert asks(config, "ben", reply_then_number("+4912345678", "on_closed")).changes


def test_a_refusal_names_the_patterns_that_are_allowed(config: Path) -> None:
    allow(config, "+48*", "+4912345678")

    assert "lists `+48*` and `+4912345678`" in refusal(config, to_number("+12025550101")).message


def test_an_empty_list_allows_no_new_number(config: Path) -> None:
    allow(config)

    assert "lists none" in refusal(config, to_number(NEW)).message


@pytest.mark.parametrize(
    ("number", "patterns", "is_so"),
    [
        (NEW, ("+48*",), True),
        (NEW, ("+*",), True),
        (NEW, (NEW,), True),
        (NEW, (), False),
        (NEW, ("+49*",), False),
        (NEW, (NEW[:-1],), False),
        # what costs more needs an entry of its own
        (PREMIUM, ("+48*",), False),
        (PREMIUM, ("+*", PREMIUM), True),
        ("+48801234567", ("+48*",), False),
        ("+19005550123", ("+1*",), False),
        ("+447012345678", ("+44*",), False),
        ("+881612345678", ("+*", "+881*"), False),
        ("+8821612345678", ("+*",), False),
        ("+870773111632", ("+870*",), False),
        ("+979123456789", ("+*",), False),
        ("+48800123456", ("+48*",), True),
        # what no numbering plan has
        ("+48701", ("+48*",), False),
        ("+99912345678", ("+*",), False),
        # the digits of an allowed number, in forms that a trunk may understand otherwise
        ("600700800", ("+48*",), False),
        ("48600700800", ("+48*",), False),
        ("0048600700800", ("+48*",), False),
        ("882161111", ("+48*",), False),
        ("+48600700800#9", ("+48*",), False),
        ("+48*", ("+48*",), False),
        ("*72+48600700800", ("+*",), False),
    ],
)
def test_a_pattern_covers_what_it_says_and_nothing_costly(number: str, patterns: tuple[str, ...], is_so: bool) -> None:
    assert is_allowed(number, patterns) is is_so


@pytest.mark.parametrize("pattern", ["+48*", "+4912345678", "+*", "+1*"])
def test_a_pattern_is_international(accept: Accept, pattern: str) -> None:
    accept(f'[telephony]\nmay_forward_to = ["{pattern}"]')


@pytest.mark.parametrize(
    "pattern", ["", "*", "+", "48*", "0048*", "+48*600", "+48**", "101", "+48 600", "+1234567890123456"]
)
def test_anything_else_is_told_with_how_to_write_it(config: Path, pattern: str) -> None:
    config.write_text(FILE.replace("# here", f'may_forward_to = ["{pattern}"]'))

    with pytest.raises(ConfigError) as caught:
        load(config, ENVIRONMENT)

    assert caught.value.problems[0].key == "telephony.may_forward_to[0]"
    assert 'as in "+48*"' in caught.value.problems[0].right
