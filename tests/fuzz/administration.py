"""Administration: `huntgroup admin` and admin commands over MQTT, which change the configuration file.

Inputs: every command, generated from its model, valid, nearly valid and changed, single and in `together`; from the
local user, an administrator, a supervisor, an operator and an unknown user; on files in every TOML style, with comments
in every position.

Rules:

* A command is done, or refused with a code and a message. No other exception.
* A refused command, `check` and `show` leave the file unchanged to the byte, and leave no other file.
* A completed command leaves a valid file that means what the answer says and keeps all comments on lines of their own.
  Setting the same values again changes nothing.
* An operator or an unknown user changes nothing. A supervisor changes only groups.
* The answer is valid JSON, and its changes are read back from the journal unchanged.
"""

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from huntgroup.adapters.mqtt.administration import reply
from huntgroup.codec import event_from, event_text
from huntgroup.engine.events import KeyChanged, PolicyChanged
from huntgroup.errors import ChangeRefused
from huntgroup.policies import policy_from
from huntgroup.settings import Group, Number, Operator, Settings, Source
from huntgroup.settings.changes import ADMINISTRATION, AnyCommand, Check, Show, Together
from huntgroup.settings.editing import Asker, Loaded, Outcome, carry_out, load_whole
from huntgroup.settings.models import Blending
from huntgroup.settings.rewriting import same
from tests.fuzz.configuration import ENVIRONMENT, MAKER, TODAY, folder_in_memory
from tests.fuzz.dice import TOKENS, Dice
from tests.fuzz.driver import Case, Violation

FILES: tuple[str, ...] = (
    """\
# line 1
[[pbx]]
id = "main"     # where it all comes in
host = "127.0.0.1"
username = "huntgroup"
secret_env = "AMI"

# line 2
[[operators]]
id = "anna"
phones = ["PJSIP/anna"]
extension = "101"   # hers
# line 3
[[operators]]
id = "ben"
role = "supervisor"
phones = [
    # item
    "PJSIP/ben",    # at home
    "PJSIP/ben-soft"
]

[[operators]]
id = "cleo"
role = "administrator"
phones = ["PJSIP/cleo"]
capacity.chat = 2
# line 4

[[groups]]
id = "sales"
operators = ["anna", "ben"]
rings = 4
announce = { position = true, every = "45s" }   # said
hold = "music"

[[groups]]  # the second
id = "support"
operators = [ "cleo" ,
  "anna" ]
[groups.hours]
timezone = "Europe/Warsaw"
mon-fri = "08:00-18:00"
# line 5

[[numbers]]
number = "+1 202 555 0101"
group = "sales"
# line 6
[[sources]]
id = "site-chat"
channel = "chat"
group = "sales"
[blending]
call = ["call"]
# line 7
""",
    """\
pbx = [{ id = "main", host = "127.0.0.1", username = "huntgroup", secret_env = "AMI" }]\r
telephony.outbound = "PJSIP/{number}@trunk"  # line end\r
# line 1\r
operators = [\r
  { id = "anna", phones = ["PJSIP/anna"] },\r
  { id = "ben", phones = [], role = "supervisor", capacity = { call = 0 } },\r
  { id = "cleo", phones = ["PJSIP/cleo"], role = "administrator" } ]\r
groups = [ { id = "sales", operators = ["anna", "cleo"], supervisors = ["ben"], on_full = { action = "hang_up" } } ]\r
# line 2\r
[crm]\r
type = "http"\r
url = "https://crm.example/x"\r
secret_env = "CRM"\r
users.anna = "12"\r
""",
    '''\
[[groups]]
"id" = 'sales'
'operators' = ["cleo"]
max_wait = "5m"
on_unanswered = { action = "reply", text = """
later""", then = { action = "keep_waiting" } }
# line 1
[[groups]]
id = "support"
operators = ["cleo"]
[[operators]]
id = "cleo"
role = """administrator"""
phones = ["PJSIP/cleo"]
[[pbx]]
id = "main"
host = "::1"
username = "huntgroup"
secret_env = "AMI"
[pbx.trunks]
# line 2''',
)
WHO = ("", "", "", "", "", "", "cleo", "cleo", "cleo", "cleo", "ben", "ben", "anna", "zoe")
OWN_LINE = re.compile(r"^# line [0-9]+", re.MULTILINE)

_GROUPS, _PEOPLE = ("sales", "support", "sales", "none"), ("anna", "ben", "cleo", "dora")
_NAMES: Mapping[str, Sequence[Any]] = {
    "group": _GROUPS,
    "operator": _PEOPLE,
    "number": ("+1 202 555 0101", "+1 202 555 0101", "+12025550101", "2025550101", "+48221234567", "101"),
    "source": ("site-chat", "site-chat", "site-chat", "mail", "none"),
}
_TABLES: Mapping[str, type[BaseModel]] = {"group": Group, "operator": Operator, "number": Number, "source": Source}
_TABLE_MAKERS = {what: MAKER.model(model) for what, model in _TABLES.items()}
_SET: Mapping[str, type[BaseModel]] = {**_TABLES, "blending": Blending}
_FIELD_MAKERS = {what: MAKER.fields(model) for what, model in _SET.items()}


class Administration:
    """See the module's description."""

    name = "administration"

    def __init__(self) -> None:
        self._folder = folder_in_memory()
        self._file = self._folder / "huntgroup.toml"

    def close(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self._folder)

    def weight(self, case: Case) -> int:
        """The number of its commands."""
        return len(case["commands"]) or 1

    # -- making ---------------------------------------------------------------------------------------------------

    def make(self, dice: Dice) -> Case:
        """A file, and commands with their senders."""
        commands = [[dice.pick(WHO), _payload(dice)] for _ in range(1 + dice.below(8))]
        return {"file": (dice.pick(FILES),), "commands": commands}

    # -- checking -------------------------------------------------------------------------------------------------

    def check(self, case: Case) -> None:
        """See the module's description."""
        text = case["file"][0]
        self._file.write_bytes(text.encode())
        in_force = load_whole(self._file, ENVIRONMENT)
        comments = OWN_LINE.findall(text)
        for who, payload in case["commands"]:
            try:
                command = ADMINISTRATION.validate_json(payload)
            except ValidationError:
                continue
            in_force = self._asks(who, command, in_force, comments)

    def _asks(self, who: str, command: AnyCommand, in_force: Loaded, comments: list[str]) -> Loaded:
        before = self._file.read_bytes()
        asker = Asker(name=who, in_force=in_force.settings, environment=ENVIRONMENT)
        try:
            outcome = carry_out(self._file, asker, command)
        except ChangeRefused as refused:
            _is_told(command, refused)
            self._is_untouched(before)
            return in_force
        _is_told(command, outcome)
        if outcome.after is outcome.before:
            self._is_untouched(before)
            if not isinstance(command, Check | Show) and outcome.changes:
                raise Violation("an answer names changes that were not written", outcome.changes)
            return in_force
        self._is_alone()
        _may(who, in_force.settings, command, outcome)
        return self._is_right(outcome, command, comments)

    def _is_untouched(self, before: bytes) -> None:
        if self._file.read_bytes() != before:
            raise Violation("a refused or read-only command changes the file", before)
        self._is_alone()

    def _is_alone(self) -> None:
        beside = [each.name for each in self._folder.iterdir() if each != self._file]
        if beside:
            raise Violation("a command leaves another file", beside)

    def _is_right(self, outcome: Outcome, command: AnyCommand, comments: list[str]) -> Loaded:
        loaded = load_whole(self._file, ENVIRONMENT)
        if not same(_told(loaded.data), _told(outcome.after.data)) or loaded.settings != outcome.after.settings:
            raise Violation("the file differs from the answer", self._file.read_bytes())
        if loaded.version != outcome.after.version:
            raise Violation("the answer has another version than the file", outcome.after.version)
        if OWN_LINE.findall(self._file.read_text()) != comments:
            raise Violation("a comment is lost", self._file.read_bytes())
        policy_from(loaded.settings, TODAY)
        _is_kept(outcome)
        if _sets(command):
            again = carry_out(self._file, Asker(environment=ENVIRONMENT), command)
            if again.changes or again.after.version != loaded.version:
                raise Violation("setting the same values again changes the file", again.changes)
        return loaded


def _told(data: Mapping[str, Any]) -> dict[str, Any]:
    """Without empty lists of tables, which mean the same as none."""
    return {name: value for name, value in data.items() if value != []}


def _is_told(command: AnyCommand, outcome: Outcome | ChangeRefused) -> None:
    if isinstance(outcome, ChangeRefused) and not (outcome.why and outcome.message):
        raise Violation("a refusal lacks its code or message", outcome)
    try:
        json.loads(reply(command, outcome).encode(), parse_constant=_no_number)
    except ValueError as error:
        raise Violation("an answer is not JSON", error) from None


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number of JSON's")


def _may(who: str, in_force: Settings, command: AnyCommand, outcome: Outcome) -> None:
    role = next((each.role for each in in_force.operators if each.id == who), None)
    if who and role not in {"supervisor", "administrator"}:
        raise Violation("an unauthorised user changes the configuration", (who, command))
    if role == "supervisor" and any(not each.key.startswith("groups.") for each in outcome.changes):
        raise Violation("a supervisor changes more than groups", outcome.changes)


def _is_kept(outcome: Outcome) -> None:
    keys = tuple(
        KeyChanged(key=each.key, before=_text(each.before), after=_text(each.after)) for each in outcome.changes
    )
    event = PolicyChanged(policy=policy_from(outcome.after.settings, TODAY), who="x", version="x", changes=keys)
    name, body = event_text(event)
    if event_from(name, body) != event:
        raise Violation("a change differs after it was read back from the journal", body)


def _text(value: object) -> str:
    """A value in the form of the journal."""
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _sets(command: AnyCommand) -> bool:
    """Whether the command only sets values, so that repeating it changes nothing."""
    steps = command.steps if isinstance(command, Together) else [command]
    return all(
        each.type in {"set_group", "set_operator", "set_number", "set_source", "set_blending", "reset"}
        and not getattr(each, "if_version", "")
        for each in (command, *steps)
        if not isinstance(each, Together)
    ) and not getattr(command, "if_version", "")


# -- what is asked ----------------------------------------------------------------------------------------------------


def _payload(dice: Dice) -> bytes:
    kind = dice.random()
    if kind < 0.12:
        data: Any = {"type": "together", "steps": [_step(dice) for _ in range(1 + dice.below(3))]}
    elif kind < 0.17:
        data = {"type": "check", "change": _step(dice)}
    elif kind < 0.2:
        data = dice.one_of({"type": "show"}, {"type": "check"})
    else:
        data = _step(dice)
    if dice.chance(0.1):
        data = dice.spoilt(data)
    payload = dice.written(data) if dice.chance(0.2) else json.dumps(data).encode()
    return dice.mutated(payload, TOKENS) if dice.chance(0.03) else payload


def _step(dice: Dice) -> dict[str, Any]:
    step = dice.pick(_STEPS)(dice)
    if dice.chance(0.02):
        step["if_version"] = dice.one_of("", "x", "0123456789abcdef")
    return step


def _sets_keys(dice: Dice) -> dict[str, Any]:
    what = dice.one_of("group", "group", "operator", "number", "source", "blending")
    makers = _FIELD_MAKERS[what]
    changes = {}
    for _ in range(dice.one_of(1, 1, 1, 2, 3)):
        name = dice.pick(list(makers))
        value = None if dice.chance(0.15) else makers[name](dice)
        changes[name] = dice.spoilt(value) if dice.chance(0.08) else value
    if dice.chance(0.03):
        changes[dice.text()[:50]] = dice.value()
    named = {} if what == "blending" else {what: dice.pick(_NAMES[what])}
    return {"type": f"set_{what}", **named, "changes": changes}


def _adds(dice: Dice) -> dict[str, Any]:
    what = dice.one_of("group", "operator", "number", "source")
    table = _TABLE_MAKERS[what](dice)
    if dice.chance(0.7):
        table = {name: table[name] for name in list(table)[: 2 + dice.below(3)]}
        needed: dict[str, dict[str, Any]] = {
            "group": {"id": "new", "operators": [dice.one_of("anna", "cleo")]},
            "operator": {"id": dice.one_of("dora", "emil"), "phones": [dice.one_of("PJSIP/dora", "PJSIP/emil")]},
            "number": {"number": dice.one_of("+48221234567", "101"), "group": "sales"},
            "source": {"id": dice.one_of("mail", "form"), "channel": "mail", "group": "sales"},
        }
        table |= needed[what]
    return {"type": f"add_{what}", what: dice.spoilt(table) if dice.chance(0.1) else table}


def _removes(dice: Dice) -> dict[str, Any]:
    what = dice.one_of("group", "operator", "number", "source")
    return {"type": f"remove_{what}", what: dice.pick(_NAMES[what])}


def _resets(dice: Dice) -> dict[str, Any]:
    what = dice.one_of("group", "operator", "number", "source")
    names = list(_FIELD_MAKERS[what])
    keys = [dice.pick(names) for _ in range(1 + dice.below(3))]
    return {"type": "reset", what: dice.pick(_NAMES[what]), "keys": keys}


def _moves(dice: Dice) -> dict[str, Any]:
    kind = dice.one_of("add_member", "remove_member", "move_member")
    step: dict[str, Any] = {"type": kind, "group": dice.pick(_GROUPS), "operator": dice.pick(_PEOPLE)}
    if kind == "move_member" or (kind == "add_member" and dice.chance(0.5)):
        step["at"] = dice.one_of(1, 2, 3, 1_000_000, 0)
    return step


_STEPS = (_sets_keys, _sets_keys, _sets_keys, _adds, _adds, _removes, _resets, _moves, _moves)
