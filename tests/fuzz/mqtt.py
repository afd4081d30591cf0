"""MQTT: messages to every topic that the daemon reads, through reception, shell, engine and store.

Inputs: commands generated from the models that read them, valid, nearly valid, with one change at any key, and as
mutated bytes; topics and response topics of any text; retained or not, single or in batches. In between calls arrive,
ring, are answered and end, time passes, and the store is slow or unavailable.

Rules:

* No exception, and the engine's invariants hold after every message.
* Every message is acknowledged exactly once.
* Every message is answered exactly once at its reply topic, or published at ``rejected``.
* Every published payload is valid JSON, at a topic without wildcards.
* Every event is read back from the journal unchanged, and a restart can read the stored state.
"""

import asyncio
import contextlib
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from huntgroup.adapters.mqtt import commands, customer_commands, packets
from huntgroup.adapters.mqtt.board import Board
from huntgroup.adapters.mqtt.history import Closed, Counted
from huntgroup.adapters.mqtt.incoming import Delivery, Reception
from huntgroup.adapters.mqtt.outbox import Outbox
from huntgroup.adapters.mqtt.replies import Replies
from huntgroup.adapters.mqtt.topics import Topics
from huntgroup.customer_desk import CustomerDesk
from huntgroup.customers.rules import RuleBook
from huntgroup.customers.words import Happening
from huntgroup.engine.effects import Answered, Order, RingPhones, Tidings
from huntgroup.engine.engine import Engine
from huntgroup.engine.events import (
    Customer,
    CustomerLeft,
    InquiryReceived,
    PbxFound,
    PhoneAnswered,
    PhoneRang,
    PhoneState,
    PhoneStateChanged,
)
from huntgroup.engine.ids import InquiryId, PbxId, PhoneId, SourceId
from huntgroup.engine.invariants import check
from huntgroup.engine.policy import Channel
from huntgroup.errors import ChangeRefused, StoreError
from huntgroup.ops import logs
from huntgroup.policies import policy_from
from huntgroup.recognition import Recognition
from huntgroup.settings import Settings
from huntgroup.settings.changes import AnyCommand
from huntgroup.shell import Outside, Shell
from tests.fuzz.dice import TEXTS, TOKENS, Dice
from tests.fuzz.driver import Case, Violation
from tests.fuzz.models import Maker
from tests.fuzz.store import Ledger, Readings, Store

BEGIN = 1_790_000_000.0
TODAY = date(2026, 9, 21)
INQUIRIES = (
    *("x-1", "x-1", "x-1", "x-2", "x-2", "x-3", "x-3", "x-4", "call-main-1.1", "call-main-1.1"),
    *("message-call-main-1.1", "x" * 128, "nobody"),
)
OPERATORS = ("anna", "anna", "anna", "ben", "ben", "cleo", "cleo", "zoe")
SOURCES = ("site-chat", "site-chat", "mail", "mail", "form", "form", "voicemail", "+48221234567", "none")
PHONES = tuple(PhoneId(f"PJSIP/{each}") for each in ("anna", "ben", "cleo"))
NAMES: Mapping[str, Sequence[Any]] = {
    "inquiry": INQUIRIES,
    "id": (*INQUIRIES, "customer-1", "customer-2", "customer-999999999999999999"),
    "source": SOURCES,
    "operator": OPERATORS,
    "responsible": (*OPERATORS, ""),
    "group": ("sales", "support", "none"),
    "phone": ("+48600700800", "600700801", "+1 202 555 0100", "anonymous", "", *TEXTS[:2], *TEXTS[20:24]),
    "email": ("jan@example.org", "JAN@example.org", "noreply@example.org", "", *TEXTS[:2], *TEXTS[20:24]),
    "name": ("Jan Kowalski", "Maria", "", *TEXTS),
}
MAKER = Maker(NAMES, {}, optional=0.25)
MODELS: Mapping[str, Any] = {
    "inquiries/submit": (MAKER.model(commands.Submission),),
    "inquiries/+/commands": tuple(
        MAKER.model(each) for each in (commands.Abandon, commands.ChannelClose, commands.CustomerMessage)
    ),
    "operators/+/commands": tuple(
        MAKER.model(each)
        for each in (
            *(commands.Accept, commands.Accept, commands.Decline, commands.Pickup, commands.Transfer, commands.Hold),
            *(commands.Resume, commands.Close, commands.WrapupDone, commands.Login, commands.Logout, commands.Pause),
            commands.ResumeWork,
        )
    ),
    "customers/commands": tuple(MAKER.model(each) for each in customer_commands.COMMANDS),
    "admin/+/commands": (lambda dice: {"type": dice.one_of("show", "check", "set_group", "remove_group")},),
}
LEVELS = {"inquiries": INQUIRIES, "operators": OPERATORS, "admin": OPERATORS}
RESPONSES = (
    *("mine/1", "huntgroup/replies/x", "huntgroup/operators/anna/replies", "huntgroup/operators/anna/replies/tab"),
    *("huntgroup/inquiries/x-1/status", "huntgroup/rejected", "huntgroup/status", "#", "a/+/b", "$SYS/x", "", "/"),
    *("x" * 1024, "x" * 1025, "é" * 600, "huntgroup//", "huntgroup/customers/replies", "huntgroup/admin/cleo/replies"),
)
OPTIONS: tuple[Mapping[str, Any], ...] = (
    {},
    {"max_waiting": 1, "on_full": {"action": "reply", "text": "later"}, "on_unanswered": {"action": "hang_up"}},
    {"wrapup": "5s", "miss_limit": 1, "distribution": "all_at_once", "max_wait": "30s"},
    {"on_unanswered": {"action": "group", "group": "support"}, "on_abandoned": {"action": "callback"}},
    {"hold": "music", "announce": {"position": True, "leave_key": "1"}, "on_leave": {"action": "callback"}},
)


def settings(options: Mapping[str, Any]) -> Settings:
    """A configuration with every channel, every role, and these options for the first group."""
    data = {
        "store": {},
        "telephony": {"country": "pl", "outbound": "PJSIP/{number}@trunk"},
        "mqtt": {"url": "mqtt://127.0.0.1"},
        "pbx": [{"id": "main", "host": "127.0.0.1", "username": "huntgroup", "secret_env": "AMI"}],
        "operators": [
            {"id": "anna", "extension": "101", "phones": ["PJSIP/anna"]},
            {"id": "ben", "phones": ["PJSIP/ben"], "role": "supervisor", "capacity": {"chat": 1, "mail": 1}},
            {"id": "cleo", "phones": ["PJSIP/cleo"], "role": "administrator", "mobile": "+48600100200"},
        ],
        "groups": [
            {"id": "sales", "operators": ["anna", "ben"], "offer_timeout": "20s", **options},
            {"id": "support", "operators": ["cleo", "anna"], "distribution": "evenly"},
        ],
        "sources": [
            {"id": "site-chat", "channel": "chat", "group": "sales", "track_customer": True, "responsible_first": True},
            {"id": "mail", "channel": "mail", "group": "support", "create": "lead", "max_open": 2},
            {"id": "form", "channel": "form", "group": "sales", "when_all_unavailable": "in_turn"},
        ],
        "numbers": [{"number": "+48221234567", "group": "sales", "responsible_first": True, "create": "lead"}],
    }
    return Settings.model_validate(data, context={"folder": Path("/nowhere")})


SETTINGS = tuple(settings(each) for each in OPTIONS)
POLICIES = tuple(policy_from(each, TODAY) for each in SETTINGS)


class Clock:
    """A clock that the test moves."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.at = BEGIN
        self._loop = loop

    def now(self) -> float:
        """Seconds since the epoch."""
        return self.at

    def going(self) -> float:
        """The same."""
        return self.at

    def follow(self) -> float:
        """It is never stepped."""
        return 0.0

    def monotonic(self, instant: float) -> float:
        """The instant on the event loop's clock."""
        return self._loop.time() + instant - self.at


class Archive:
    """The history of closed inquiries; unreadable while ``is_broken``."""

    def __init__(self) -> None:
        self.is_broken = False

    async def outcomes_of(self, inquiries: Collection[InquiryId]) -> Mapping[InquiryId, Closed]:
        """Their outcomes."""
        if self.is_broken:
            raise StoreError(Path("huntgroup.db"), "disk I/O error")
        return {each: Closed("answered", None, None) for each in inquiries if each == "x-4"}

    async def sources_of(self, inquiries: Collection[InquiryId]) -> Mapping[InquiryId, SourceId]:
        """By which source a closed inquiry arrived."""
        if self.is_broken:
            raise StoreError(Path("huntgroup.db"), "disk I/O error")
        return {each: SourceId("site-chat") for each in inquiries if each == "x-4"}

    async def counted(self, since: float, until: float) -> Sequence[Counted]:  # noqa: ARG002 - the interface has them
        """None."""
        return []


class Office:
    """Refuses every change of the configuration, which is another target's subject."""

    def ask(self, who: str, command: AnyCommand, answer: Any) -> None:
        """Refuse with the command's own text."""
        answer(ChangeRefused("invalid", f"{who}: {command!r}"[:2_000], str(getattr(command, "group", ""))))


class House:
    """The daemon without its peers, from the reception to the tables of the store."""

    def __init__(self, store: Store, plan: int) -> None:
        self.clock = Clock(asyncio.get_running_loop())
        policy = POLICIES[plan]
        self.topics = Topics("huntgroup")
        self.outbox = Outbox()
        self.outbox.linked()
        self.board = Board(self.topics, self.outbox, policy, self.clock.now)
        self.archive = Archive()
        self.rung: list[RingPhones] = []
        rules = RuleBook(SETTINGS[plan])
        self.ledger = Ledger(store, rules, self._happened)
        self.engine = Engine(policy)
        self.ledger.begin(self.engine.world)
        outside = Outside(carry_out=self._order, notices=(logs.tell, self._tell), pulse=lambda: None)
        self.shell = Shell(self.engine, self.ledger, self.clock, outside)  # type: ignore[arg-type]
        world = self.engine.world
        readings: Any = Readings(store)
        intake = Recognition(
            self.shell, readings, rules, lambda inquiry: world.comings.latest(inquiry) in world.inquiries
        )
        self.reception = Reception(
            self.board, Replies(self.topics, self.outbox), policy, intake, self.archive, administration=Office()
        )
        journal: Any = self.ledger
        self.reception.customers = CustomerDesk(journal, readings, rules, 86_400.0)
        self.intake = intake
        self.running = asyncio.ensure_future(self.shell.run())
        self.acknowledged: dict[int, int] = {}
        self.given = 0

    async def opens(self) -> None:
        """Connect the PBX, with all phones idle."""
        await asyncio.sleep(0)
        for phone in PHONES:
            self.shell.put(PhoneStateChanged(phone=phone, state=PhoneState.NOT_INUSE), self.clock.now())
        self.shell.put(PbxFound(pbx=PbxId("main")), self.clock.now())

    async def closes(self) -> None:
        """Stop the shell."""
        self.running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.running

    def _order(self, order: Order) -> None:
        if isinstance(order, RingPhones):
            self.rung.append(order)

    def _tell(self, tidings: Tidings) -> None:
        if isinstance(tidings, Answered):
            self.reception.answered(tidings)
        else:
            self.board.tell(tidings)

    def _happened(self, told: Sequence[Happening]) -> None:
        logs.tell_of_customers(told)
        for each in told:
            self.board.happened(each)

    def delivery(self, message: Mapping[str, Any]) -> Delivery:
        """A message of a case; its correlation data identifies the answer."""
        self.given += 1
        return Delivery(
            topic=message["topic"],
            payload=message["payload"],
            at=self.clock.now(),
            acknowledge=partial(self._acknowledge, self.given),
            response_topic=message.get("response"),
            correlation=b"%d" % self.given,
            is_retained=message.get("retained", False),
        )

    def _acknowledge(self, number: int) -> None:
        self.acknowledged[number] = self.acknowledged.get(number, 0) + 1

    def published(self) -> list[tuple[str, bytes | None, Any]]:
        """Topic, correlation data and content of everything published since the last call."""
        found: list[tuple[str, bytes | None, Any]] = []
        while (letter := self.outbox.take()) is not None:
            data = letter.build()
            packets.publish(letter.topic, data, 1, is_retained=letter.is_retained, correlation=letter.correlation)
            if not letter.topic or set(letter.topic) & set("+#\0"):
                raise Violation("a payload is published at an invalid topic", letter.topic)
            found.append((letter.topic, letter.correlation, _read(data)))
        return found


def _read(data: bytes) -> Any:
    if not data:
        return None
    try:
        return json.loads(data.decode(), parse_constant=_no_number)
    except ValueError as error:
        raise Violation("a published payload is not JSON", (error, data[:500])) from None


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number of JSON's")


class Mqtt:
    """See the module's description."""

    name = "mqtt"

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._store = Store()

    def close(self) -> None:
        """Close event loop and store."""
        self._loop.close()
        self._store.close()

    def weight(self, case: Case) -> int:
        """The number of its messages."""
        return sum(len(step.get("messages", ())) for step in case["steps"]) or 1

    # -- making ---------------------------------------------------------------------------------------------------

    def make(self, dice: Dice) -> Case:
        """A sequence of messages, calls, delays and store failures."""
        return {"plan": (dice.below(len(OPTIONS)),), "steps": [_step(dice) for _ in range(12 + dice.below(25))]}

    # -- checking -------------------------------------------------------------------------------------------------

    def check(self, case: Case) -> None:
        """See the module's description."""
        self._loop.run_until_complete(self._check(case))

    async def _check(self, case: Case) -> None:
        self._store.empty()
        house = House(self._store, case["plan"][0])
        try:
            await house.opens()
            house.published()
            for step in case["steps"]:
                await _take(house, step)
            house.ledger.comes_through()
            house.board.publish_figures()
            house.published()
            for world in (house.engine.world, house.ledger.restarted(house.clock.now()).world):
                broken = check(world)
                if broken:
                    raise Violation("an engine invariant is broken", broken)
        finally:
            await house.closes()


async def _take(house: House, step: Mapping[str, Any]) -> None:
    if "seconds" in step:
        house.clock.at += step["seconds"]
        house.shell._time_is_up()
    elif "call" in step:
        _telephone(house, step["call"][0])
    elif "trouble" in step:
        house.ledger.is_degraded, house.archive.is_broken = step["trouble"]
    elif "messages" in step:
        await _write(house, step["messages"], is_held=step.get("held", False))
    if house.running.done():
        await house.running


async def _write(house: House, messages: Sequence[Mapping[str, Any]], *, is_held: bool) -> None:
    deliveries = [house.delivery(each) for each in messages]
    first = house.given - len(deliveries) + 1
    house.ledger.is_held = is_held
    await house.reception.take(deliveries)
    if is_held:
        house.published()
        house.ledger.comes_through()
    said = house.published()
    if house.running.done():
        await house.running
    for number, delivery in enumerate(deliveries, first):
        if house.acknowledged.pop(number, 0) != 1:
            raise Violation("a message is not acknowledged exactly once", delivery.topic)
        if is_held:
            continue  # some answers are published before the group is written
        answers = [content for _, mark, content in said if mark == b"%d" % number]
        rejections = [
            content
            for topic, _, content in said
            if topic == house.topics.rejected and content["topic"] == delivery.topic
        ]
        if len(answers) > 1:
            raise Violation("a message is answered more than once", answers)
        if not answers and not rejections:
            raise Violation("a message is neither answered nor rejected", (delivery.topic, delivery.payload[:300]))
        if answers and not isinstance(answers[0].get("ok"), bool):
            raise Violation("an answer has no `ok`", answers[0])


def _telephone(house: House, what: str) -> None:
    now = house.clock.now()
    if what == "comes":
        customer = Customer(name="Jan", phone="+48600700800", can_be_called_back=True)
        arrival = InquiryReceived(
            inquiry=InquiryId("call-main-1.1"), channel=Channel.CALL, source=SourceId("+48221234567"), customer=customer
        )
        house.intake.put(arrival, now)
    elif what == "leaves":
        house.intake.put(CustomerLeft(inquiry=InquiryId("call-main-1.1")), now)
    elif house.rung:
        order = house.rung[-1]
        kind = PhoneRang if what == "rings" else PhoneAnswered
        house.intake.put(kind(inquiry=order.inquiry, attempt=order.attempt, phone=PHONES[0]), now)


# -- what is written --------------------------------------------------------------------------------------------------


def _step(dice: Dice) -> dict[str, Any]:
    kind = dice.random()
    if kind < 0.06:
        return {"seconds": dice.one_of(0.1, 1.0, 5.0, 20.0, 61.0, 300.0)}
    if kind < 0.14:
        return {"call": (dice.one_of("comes", "comes", "rings", "answers", "answers", "leaves"),)}
    if kind < 0.16:
        return {"trouble": [dice.chance(0.4), dice.chance(0.4)]}
    messages = [_message(dice) for _ in range(dice.one_of(1, 1, 1, 1, 2, 5))]
    return {"messages": messages, "held": dice.chance(0.05)}


def _message(dice: Dice) -> dict[str, Any]:
    pattern = dice.one_of(
        *("inquiries/submit", "inquiries/submit", "inquiries/submit", "inquiries/+/commands", "operators/+/commands"),
        *("operators/+/commands", "operators/+/commands", "customers/commands", "admin/+/commands"),
    )
    level = dice.pick(LEVELS.get(pattern.partition("/")[0], ("",)))
    if dice.chance(0.05):
        level = dice.text().replace("/", "").replace("+", "").replace("#", "").replace("\0", "")
    message: dict[str, Any] = {
        "topic": f"huntgroup/{pattern.replace('+', level or 'x')}",
        "payload": _payload(dice, pattern),
    }
    if dice.chance(0.15):
        text = dice.pick(RESPONSES) if dice.chance(0.8) else dice.text()
        message["response"] = text.replace("\0", "")
    if dice.chance(0.02):
        message["retained"] = True
    return message


def _payload(dice: Dice, pattern: str) -> bytes:
    data = dice.pick(MODELS[pattern])(dice)
    kind = dice.random()
    if kind < 0.55:
        return json.dumps(data).encode()
    if kind < 0.8:
        for _ in range(1 + dice.below(2)):
            data = dice.spoilt(data)
        return dice.written(data)
    if kind < 0.97:
        return dice.mutated(dice.written(data), TOKENS)
    return dice.one_of(
        *(b"", b"null", b"NaN", b"[" * 20_000, b'{"type":' * 5_000, b"\xff" * 10, b'"' + b"x" * 70_000 + b'"'),
        *(
            dice.randbytes(dice.one_of(1, 7, 100)),
            b'{"id":"x-1","source":"site-chat","priority":' + b"9" * 5_000 + b"}",
        ),
    )
