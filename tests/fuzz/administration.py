"""The door of `huntgroup admin` and of an administrator's commands at the broker: changes of the configuration file.

Feeds: any command, made from the models that read them, right, nearly right and spoilt, alone and several together; by
the local user, by an administrator, a supervisor, an operator and nobody; to files written in every way that TOML
knows, with comments wherever one can stand.

Must hold:

* A command is done, or refused with a code and words; nothing else is ever raised.
* What is refused, only checked or only shown leaves the file as it is, byte for byte, and no other file beside it.
* What is done leaves a file that is right and means what was answered, with every comment on a line of its own; reading
  it twice gives the same, and to ask for the same values again changes nothing.
* An operator or nobody changes nothing at all; a supervisor no group but their own.
* The answer is JSON as its standard has it, and what it says of each change can be kept in the journal.
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
from tests.fuzz.driver import Broken, Case

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
    """See the module."""

    name = "administration"

    def __init__(self) -> None:
        self._folder = folder_in_memory()
        self._file = self._folder / "huntgroup.toml"

    def close(self) -> None:
        """Take the folder away."""
        shutil.rmtree(self._folder)

    def weight(self, case: Case) -> int:
        """Its commands."""
        return len(case["commands"]) or 1

    # -- making ---------------------------------------------------------------------------------------------------

    def make(self, dice: Dice) -> Case:
        """A file, and who asks what of it, one after the other."""
        commands = [[dice.pick(WHO), _payload(dice)] for _ in range(1 + dice.below(8))]
        return {"file": (dice.pick(FILES),), "commands": commands}

    # -- checking -------------------------------------------------------------------------------------------------

    def check(self, case: Case) -> None:
        """See the module."""
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
                raise Broken("what is answered was not written", outcome.changes)
            return in_force
        self._is_alone()
        _may(who, in_force.settings, command, outcome)
        return self._is_right(outcome, command, comments)

    def _is_untouched(self, before: bytes) -> None:
        if self._file.read_bytes() != before:
            raise Broken("the file is changed by what was refused or only asked", before)
        self._is_alone()

    def _is_alone(self) -> None:
        beside = [each.name for each in self._folder.iterdir() if each != self._file]
        if beside:
            raise Broken("a file is left beside the configuration", beside)

    def _is_right(self, outcome: Outcome, command: AnyCommand, comments: list[str]) -> Loaded:
        loaded = load_whole(self._file, ENVIRONMENT)
        if not same(_told(loaded.data), _told(outcome.after.data)) or loaded.settings != outcome.after.settings:
            raise Broken("the file does not mean what was answered", self._file.read_bytes())
        if loaded.version != outcome.after.version:
            raise Broken("the answer names another version than the file has", outcome.after.version)
        if OWN_LINE.findall(self._file.read_text()) != comments:
            raise Broken("a comment is lost", self._file.read_bytes())
        policy_from(loaded.settings, TODAY)
        _is_kept(outcome)
        if _sets(command):
            again = carry_out(self._file, Asker(environment=ENVIRONMENT), command)
            if again.changes or again.after.version != loaded.version:
                raise Broken("to ask for the same again changes something", again.changes)
        return loaded


def _told(data: Mapping[str, Any]) -> dict[str, Any]:
    """To have no tables of a kind and not to speak of them is the same."""
    return {name: value for name, value in data.items() if value != []}


def _is_told(command: AnyCommand, outcome: Outcome | ChangeRefused) -> None:
    if isinstance(outcome, ChangeRefused) and not (outcome.why and outcome.message):
        raise Broken("a refusal says nothing", outcome)
    try:
        json.loads(reply(command, outcome).encode(), parse_constant=_no_number)
    except ValueError as error:
        raise Broken("an answer is no JSON", error) from None


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number of JSON's")


def _may(who: str, in_force: Settings, command: AnyCommand, outcome: Outcome) -> None:
    role = next((each.role for each in in_force.operators if each.id == who), None)
    if who and role not in {"supervisor", "administrator"}:
        raise Broken("somebody changes the configuration who may not", (who, command))
    if role == "supervisor" and any(not each.key.startswith("groups.") for each in outcome.changes):
        raise Broken("a supervisor changes more than groups", outcome.changes)


def _is_kept(outcome: Outcome) -> None:
    keys = tuple(
        KeyChanged(key=each.key, before=_text(each.before), after=_text(each.after)) for each in outcome.changes
    )
    event = PolicyChanged(policy=policy_from(outcome.after.settings, TODAY), who="x", version="x", changes=keys)
    name, body = event_text(event)
    if event_from(name, body) != event:
        raise Broken("a change is read back from the journal as another one", body)


def _text(value: object) -> str:
    """As the daemon writes it."""
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _sets(command: AnyCommand) -> bool:
    """Whether it says what is to be, and not what is to be added, moved or taken away."""
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
