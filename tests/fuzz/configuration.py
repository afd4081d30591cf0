"""Configuration: the bytes of a configuration file.

Inputs: files generated from the models of the settings, valid and nearly valid, in several TOML styles; the examples in
``config/`` with lines removed, doubled, moved and changed; numbers at and far beyond every bound; arbitrary bytes.

Rules:

* A file is accepted, or refused with problems. No other exception.
* Each problem has a line of the file, a key, a cause and a remedy, on one printable line.
* An accepted file works: the policy is built, an engine serves inquiries through several deadlines with all invariants,
  and its events, its state and its published payloads can be encoded.
* Reading an accepted file twice gives the same settings.
"""

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from huntgroup.adapters.mqtt.board import Board
from huntgroup.adapters.mqtt.outbox import Outbox
from huntgroup.adapters.mqtt.topics import Topics
from huntgroup.codec import event_from, event_text, memory_from, rows_of
from huntgroup.engine.effects import Effect, Order, RingPhones, Tidings
from huntgroup.engine.engine import Engine
from huntgroup.engine.events import (
    Customer,
    Event,
    InquiryReceived,
    PbxFound,
    PhoneRang,
    PhoneState,
    PhoneStateChanged,
    PolicyChanged,
    TimePassed,
)
from huntgroup.engine.ids import InquiryId
from huntgroup.engine.invariants import check
from huntgroup.engine.policy import Policy
from huntgroup.engine.restoring import memory_of
from huntgroup.errors import ConfigError, Problem
from huntgroup.policies import policy_from
from huntgroup.settings import Settings, values
from huntgroup.settings.crm import Crm
from huntgroup.settings.editing import load_whole
from huntgroup.settings.hours import read_openings, read_timezone
from huntgroup.settings.rewriting import same
from huntgroup.settings.toml_text import key_name, written
from tests.fuzz.dice import TOKENS, Dice
from tests.fuzz.driver import Case, Violation
from tests.fuzz.models import Maker

BEGIN = 1_790_000_000.0
TODAY = date(2026, 9, 21)
ENVIRONMENT = {"AMI": "s3cret", "CRM": "whsec_" + "A" * 40, "HUNTGROUP_AMI_SECRET": "s3cret", "SHORT": "x", "NONE": ""}
STEPS_MOST = 8
"""The number of deadlines to run."""

DURATIONS = (
    *("20s", "5m", "500ms", "1ms", "0s", "0.000000001ms", "366d", "366.000000001d", "367d", "999999999d", "20", "-1s"),
    *(20, 0.5, True, "1e3s", "inf", "nan", "", "٣s"),
)
IDS = (
    "anna",
    "ben",
    "cleo",
    "sales",
    "support",
    "main",
    "branch",
    "site-chat",
    "a",
    "a" * 63,
    "a" * 64,
    "Anna",
    "a/b",
    "",
)
NUMBERS = ("+48221234567", "101", "+1 202 555 0101", "2025550101", "0" * 32, "1" * 33, "+", "()", "٣٣٣", "1;npdi")
SAMPLES: Mapping[Any, Sequence[Any]] = {
    values.Id: IDS,
    values.Extension: ("101", "102", "*11", "*45", "#", "1" * 40, "1" * 41, "", "1,2", "٣"),
    values.PhoneNumber: NUMBERS,
    values.DialledNumber: (*NUMBERS, "*31#", "9&PJSIP/x"),
    values.Phone: ("PJSIP/anna", "PJSIP/ben", "Local/1@x/n", "SIP/a", "PJSIP/", "pjsip/a", "PJSIP/a&PJSIP/b", "x" * 90),
    values.Outbound: ("PJSIP/{number}@trunk", "PJSIP/{number}", "{number}", "PJSIP/{number}{number}@x", "PJSIP/{n}@x"),
    values.Trunk: ("PJSIP/{extension}@to-branch", "PJSIP/9{extension}@x", "SIP/{extension}@x", "PJSIP/@x"),
    values.TopicPrefix: ("huntgroup", "acme/huntgroup", "/x", "x/", "a+b", "#", "x" * 200, "x" * 201, "é", "a//b"),
    values.BrokerUrl: (
        *("mqtt://127.0.0.1", "mqtts://broker.example:8883", "mqtt://[::1]", "mqtt://x:0", "mqtt://x:99999"),
        *("mqtt://u:p@x", "http://x", "mqtt://", "mqtt://x/y?z#f", "mqtt://[", "mqtt://x:٣", "mqtt://\u2100"),
    ),
    values.Host: ("127.0.0.1", "::1", "pbx.example", "x" * 254, "a b", ""),
    values.Mailbox: ("sales", "sales@default", "a@b@c", "", "x" * 81),
    values.Sound: ("custom/closed", "../x", "", "a b", "x" * 201),
    values.EnvironmentName: ("AMI", "CRM", "HUNTGROUP_AMI_SECRET", "SHORT", "NONE", "NOT_THERE", "1X", "", "A B"),
    values.FilePath: (
        "ami.secret",
        "empty.secret",
        "long.secret",
        "bad.secret",
        "none.secret",
        ".",
        "",
        "x" * 300,
        "a\0b",
    ),
    values.StoreUrl: (
        "sqlite:huntgroup.db",
        "sqlite:",
        "sqlite://x",
        "sqlite:a?b",
        "sqlite:" + "x" * 300,
        "x",
        "sqlite:.",
    ),
    values.Country: ("us", "pl", "uk", "gb", "USA", "", "Poland"),
    values.LeaveKey: ("1", "0", "*", "11", "٣"),
    values.Cause: ("normal", 16, "busy", 1, 127, 0, 128, True, 1.0, "x"),
    values.Text: ("Anna Nowak", "x" * 200, "x" * 201, "", " ", "a\nb", "12", "Zażółć 🦊", "\u202e"),
    values.Duration: DURATIONS,
    values.PositiveDuration: DURATIONS,
}
READERS: Mapping[Any, Sequence[Any]] = {
    read_timezone: ("Europe/Warsaw", "UTC", "America/New_York", "Europe/Warsav", "", "../../etc/passwd", "posixrules"),
    read_openings: ("08:00-18:00", "00:00-24:00", "08:00-12:00, 13:00-18:00", "24:00-24:01", "18:00-08:00", "8-18", 8),
}
ADDRESSES = (
    *(
        "https://crm.example/huntgroup",
        "http://127.0.0.1:1/x",
        "http://crm.example",
        "https://u@x",
        "https://x:0",
        "https://[",
    ),
    *("ftp://x", "https://x#y", "https://é.example", "https://x y"),
)


def _kinds() -> dict[int, Sequence[Any]]:
    found: dict[int, Sequence[Any]] = {}
    for alias, samples in SAMPLES.items():
        found |= dict.fromkeys(map(id, alias.__metadata__), samples)
    for model in (Crm,):
        for each in model.model_fields.values():
            found |= {id(mark): DURATIONS for mark in each.metadata if "within" in str(getattr(mark, "func", ""))}
            found |= {id(mark): ADDRESSES for mark in each.metadata if "read_address" in str(getattr(mark, "func", ""))}
    return found


MAKER = Maker({"trunks": IDS, "users": (*IDS, "12", "0")}, _kinds(), optional=0.2)
SETTINGS = MAKER.model(Settings)
LITERALS = (
    *(b"nan", b"-inf", b"inf", b"1e400", b"-0.0", b"0x7fffffffffffffffffff", b"0b1", b"9" * 5_000, b"1_000", b"1e-400"),
    *(b"1979-05-27", b"1979-05-27T07:32:00Z", b"07:32:00", b"true", b'""', b"''", b'"""\n"""', b"[]", b"{}", b"[[]]"),
    *(
        b'"20s"',
        b'"anna"',
        b'["anna"]',
        b'{ action = "reply" }',
        b"{ a.b.c = 1 }",
        b"[" * 1_500,
        b'"\\uD800"',
        b'"\\U00110000"',
    ),
    *(
        b'{ action = "reply", then = { action = "reply", then = { action = "group", group = "sales" } } }',
        b"0x" + b"f" * 4_000,
    ),
    *(b"4", b"100", b"1000", b"0", b"-1", b"5.0", b'"x"', b'"\\u0000"'),
)
LINES = (
    *(
        b"[[groups]]",
        b"[[operators]]",
        b"[groups]",
        b"[store]",
        b"[crm]",
        b"[mqtt]",
        b"[groups.hours]",
        b"[x.y.z]",
        b"[[pbx]]",
    ),
    *(
        b"a.b.c = 1",
        b'"" = 1',
        b"'\x7f' = 1",
        b"# remark",
        b"= 1",
        b"x",
        b"rings = 4",
        b'id = "anna"',
        b"[[numbers]]",
        b"[[sources]]",
    ),
)
EXAMPLES = ("huntgroup.toml", "two-pbxs.toml", "scenario.toml")


@cache
def examples() -> tuple[bytes, ...]:
    """The example files."""
    folder = Path(__file__).parents[2] / "config"
    return tuple((folder / name).read_bytes() for name in EXAMPLES)


class Configuration:
    """See the module's description."""

    name = "configuration"

    def __init__(self) -> None:
        self._folder = folder_in_memory()
        self._file = self._folder / "huntgroup.toml"
        for name, content in (("ami", b"x\n"), ("empty", b""), ("long", b"x" * 5_000), ("bad", b"\xff\r\n")):
            (self._folder / f"{name}.secret").write_bytes(content)

    def close(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self._folder)

    def weight(self, _case: Case) -> int:
        """A file counts as one input."""
        return 1

    # -- making ---------------------------------------------------------------------------------------------------

    def make(self, dice: Dice) -> Case:
        """The bytes of a file."""
        if dice.chance(0.02):
            text = dice.pick(examples())
            return _spoilt(dice, text) if dice.chance(0.95) else text
        data = whole(dice) if dice.chance(0.85) else SETTINGS(dice)
        for _ in range(dice.one_of(0, 0, 0, 0, 0, 0, 1, 2)):
            data = dice.spoilt(data)
        content = toml(dice, data)
        if dice.chance(0.2):
            content = _spoilt(dice, content)
        if dice.chance(0.03):
            content = dice.mutated(content, TOKENS)
        return content

    # -- checking -------------------------------------------------------------------------------------------------

    def check(self, case: Case) -> None:
        """See the module's description."""
        self._file.write_bytes(case)
        try:
            loaded = load_whole(self._file, ENVIRONMENT)
        except ConfigError as error:
            _are_told(error.problems, case)
            return
        if len(case) % 8 == 0:
            again = load_whole(self._file, ENVIRONMENT)
            if not same(loaded.data, again.data) or loaded.settings != again.settings:
                raise Violation("reading a file twice gives different settings")
        runs(loaded.settings)


def folder_in_memory() -> Path:
    """A temporary folder, in memory if possible."""
    memory = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix="huntgroup-fuzz-", dir=memory if memory.is_dir() else None))


def _are_told(problems: Sequence[Problem], content: bytes) -> None:
    if not problems:
        raise Violation("a file is refused without a problem")
    last = content.count(b"\n") + 1
    for each in problems:
        if not 1 <= each.line <= last:
            raise Violation("a problem has no line of the file", each)
        if not (each.key and each.wrong and each.right):
            raise Violation("a problem lacks its key, cause or remedy", each)
        if not str(each).isprintable():
            raise Violation("a problem is not one printable line", repr(str(each)))


# -- what is taken, run -----------------------------------------------------------------------------------------------


def runs(settings: Settings) -> None:
    """Run an engine with these settings."""
    policy = policy_from(settings, TODAY)
    name, body = event_text(PolicyChanged(policy=policy, who="file", version="x"))
    if event_from(name, body) != PolicyChanged(policy=policy, who="file", version="x"):
        raise Violation("a policy differs after it was read back from the journal")
    House(policy).lives()


class House:
    """An engine, with everything that it publishes encoded."""

    def __init__(self, policy: Policy) -> None:
        self.now = BEGIN
        self.policy = policy
        self.engine = Engine(policy)
        self.outbox = Outbox()
        self.outbox.linked()
        self.board = Board(Topics("huntgroup"), self.outbox, policy, lambda: self.now)
        self.rung: list[RingPhones] = []
        self._take(self.engine.start(self.now))

    def lives(self) -> None:
        """Inquiries at the entry points, a ringing phone, then the deadlines in order."""
        for operator in list(self.policy.operators.values())[:3]:
            for phone in operator.phones:
                self.happens(PhoneStateChanged(phone=phone, state=PhoneState.NOT_INUSE))
        self.happens(PbxFound(pbx=self.policy.pbx))
        entrances = [*self.policy.numbers.values(), *self.policy.sources.values()]
        for number, entrance in enumerate(entrances[:3]):
            customer = Customer(name="Jan", phone="+48600700800", can_be_called_back=True)
            name = InquiryId(f"call-{self.policy.pbx}-{number}" if entrance.channel == "call" else f"x-{number}")
            self.happens(
                InquiryReceived(inquiry=name, channel=entrance.channel, source=entrance.source, customer=customer)
            )
        for order in self.rung[:2]:
            phone = order.phones[0]
            self.happens(PhoneRang(inquiry=order.inquiry, attempt=order.attempt, phone=phone))
        for _ in range(STEPS_MOST):
            deadline = self.engine.next_deadline()
            if deadline is None:
                break
            self.now = max(self.now, deadline)
            self.happens(TimePassed())
        self.happens(PolicyChanged(policy=self.policy))
        broken = check(self.engine.world)
        if broken:
            raise Violation("an engine invariant is broken", broken)
        memory_from([row for row in rows_of(memory_of(self.engine.world)) if row.body is not None])  # type: ignore[misc]
        self.board.publish_figures()
        while (letter := self.outbox.take()) is not None:
            data = letter.build()
            json.loads(data or b"0", parse_constant=_no_number)

    def happens(self, event: Event) -> None:
        """Handle an event now."""
        self._take(self.engine.handle(event, self.now))

    def _take(self, effects: Sequence[Effect]) -> None:
        for each in effects:
            if isinstance(each, RingPhones) and each.phones:
                self.rung.append(each)
            elif isinstance(each, Tidings) and not isinstance(each, Order):
                self.board.tell(each)


def _no_number(word: str) -> None:
    raise Violation("a published payload is not JSON", word)


# -- what is written --------------------------------------------------------------------------------------------------


def whole(dice: Dice) -> dict[str, Any]:
    """Consistent tables with a few random keys."""
    operators = [{"id": name, "phones": [f"PJSIP/{name}"]} for name in ("anna", "ben")[: 1 + dice.below(2)]]
    names = [each["id"] for each in operators]
    groups: list[dict[str, Any]] = [{"id": "sales", "operators": names}]
    if dice.chance(0.4):
        groups.append({"id": "support", "operators": names[:1]})
    data: dict[str, Any] = {
        "pbx": [{"id": "main", "host": "127.0.0.1", "username": "huntgroup", "secret_env": "AMI"}],
        "operators": operators,
        "groups": groups,
        "numbers": [{"number": "+12025550101", "group": "sales"}],
        "sources": [{"id": "site-chat", "channel": dice.one_of("chat", "mail", "form"), "group": groups[-1]["id"]}],
    }
    if dice.chance(0.4):
        data["telephony"] = {"outbound": "PJSIP/{number}@trunk"}
    random = SETTINGS(dice)
    for _ in range(1 + dice.below(3)):
        section = dice.one_of("operators", "groups", "groups", "groups", "numbers", "sources", "pbx")
        given = random.get(section) or [{}]
        table, more = dice.pick(data[section]), dice.pick(given)
        for name in list(more)[: 1 + dice.below(2)]:
            if name not in table:
                table[name] = more[name]
    for section in ("telephony", "blending", "store", "mqtt", "crm"):
        if section in random and dice.chance(0.25):
            data[section] = random[section]
    return data


def toml(dice: Dice, data: Any) -> bytes:
    """Tables as TOML text in one of several styles."""
    if not isinstance(data, dict):
        data = {"x": data}
    end = dice.one_of("\n", "\n", "\n", "\r\n")
    inline: list[str] = []
    blocks: list[str] = []
    for name, value in data.items():
        is_tables = isinstance(value, list) and value and all(isinstance(each, dict) for each in value)
        if is_tables and dice.chance(0.9):
            blocks += [_block(dice, f"[[{_key(name)}]]", each, end) for each in value]
        elif isinstance(value, dict) and dice.chance(0.9):
            blocks.append(_block(dice, f"[{_key(name)}]", value, end))
        else:
            inline.append(f"{_key(name)} = {literal(value)}{end}")
    text = "".join(inline) + "".join(blocks)
    if dice.chance(0.02):
        text = "\ufeff" + text
    return text.encode("utf-8", "surrogatepass")


def _block(dice: Dice, header: str, table: Mapping[str, Any], end: str) -> str:
    lines = [header, *(f"{_key(name)} = {literal(value)}" for name, value in table.items())]
    if dice.chance(0.1):
        lines.insert(1 + dice.below(len(lines)), "# remark")
    return end.join(lines) + end


def literal(value: Any) -> str:
    """A value as TOML text."""
    if value is None:
        return '""'
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_key(name)} = {literal(each)}' for name, each in value.items())} }}"
    return written(value) if not isinstance(value, int) or abs(value) < 10**100 else hex(value)


def _key(name: object) -> str:
    return key_name(str(name))


def _spoilt(dice: Dice, content: bytes) -> bytes:
    """Lines of a file removed, doubled, changed or inserted."""
    lines = content.splitlines(keepends=True)
    for _ in range(1 + dice.below(4)):
        if not lines:
            break
        at = dice.below(len(lines))
        change = dice.below(7)
        if change == 0:
            del lines[at]
        elif change == 1:
            lines.insert(at, lines[dice.below(len(lines))])
        elif change == 2:
            lines.insert(at, dice.pick(LINES) + b"\n")
        elif change == 3:
            lines[at] = lines[at].replace(b'"', dice.one_of(b"'", b'"""', b"", b'"\\u0041'), dice.below(3))
        else:
            name = lines[at].partition(b"=")[0]
            lines[at] = name + b"= " + dice.pick(LITERALS) + dice.one_of(b"\n", b"\n", b"", b"  # remark\n")
    return b"".join(lines)
