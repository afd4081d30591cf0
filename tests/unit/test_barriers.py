"""No message, answer, order, command or reload ends the daemon: a fault of ours in one costs that one alone."""

import asyncio
import json
import socket
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from huntgroup import administrator
from huntgroup.adapters.ami.sending import Sender
from huntgroup.adapters.ami.translate import Translator
from huntgroup.adapters.clock import Clock
from huntgroup.adapters.mqtt import client as broker_client
from huntgroup.adapters.mqtt.client import MqttClient
from huntgroup.adapters.store.customers.following import Follower
from huntgroup.adapters.store.customers.works import Work
from huntgroup.adapters.store.journal import Journal, write_batch
from huntgroup.adapters.store.opening import begin_run, connect, open_store
from huntgroup.adapters.store.rows import Batch, Entry
from huntgroup.customers.words import CustomersError, Happening
from huntgroup.engine.effects import Answered, Fact, FactType, Order, RingPhones, Tidings
from huntgroup.engine.engine import Engine
from huntgroup.engine.events import (
    Customer,
    Event,
    InquiryReceived,
    MessageLeft,
    PbxFound,
    PhoneState,
    PhoneStateChanged,
    Recording,
)
from huntgroup.engine.ids import AttemptNo, InquiryId, OperatorId, PbxId, RequestId, SourceId
from huntgroup.engine.policy import Channel, Hold, Presence
from huntgroup.engine.requested import PresenceRequested
from huntgroup.errors import ChangeRefused
from huntgroup.settings import Mqtt
from huntgroup.shell import Outside, Shell
from huntgroup.suspects import SUSPECTS_MOST, SuspectFile
from tests.unit.adapters.mqtt.conftest import House as Broker
from tests.unit.adapters.mqtt.conftest import at
from tests.unit.adapters.mqtt.test_link import linked_to
from tests.unit.engine.scenario import PBX, group, phone, policy
from tests.unit.settings.test_editing import FILE, set_group
from tests.unit.test_administrator import House as Office
from tests.unit.test_recognition import Store, call, recognition
from tests.unit.test_shell import Paper

POISON = InquiryReceived(
    inquiry=InquiryId("call-main-1.1"), channel=Channel.CALL, source=SourceId("sales"), customer=Customer(name="poison")
)
CALL = replace(POISON, inquiry=InquiryId("call-main-1.2"), customer=Customer(name="Jan"))
LOGIN = PresenceRequested(request=RequestId("mqtt-1"), operator=OperatorId("anna"), presence=Presence.AVAILABLE)


class Poisoned(Engine):
    """An engine with a fault: some events break it."""

    broken_by: tuple[type, ...] = ()

    def handle(self, event: Event, now: float) -> Any:
        if isinstance(event, InquiryReceived) and event.customer.name == "poison":
            raise KeyError("half of it was done")
        if isinstance(event, self.broken_by):
            raise KeyError("half of it was done")
        return super().handle(event, now)


class Life:
    """One life of a daemon with a fault in its engine, beside a store."""

    def __init__(self, store: Path, *broken_by: type) -> None:
        self.told: list[Order | Tidings] = []
        self.answered: list[str] = []
        self.paper = Paper()
        self.engine = Poisoned(policy(group("sales", "anna", "ben", rings=1)))
        self.engine.broken_by = broken_by
        self.fails_at: type | None = None
        outside = Outside(carry_out=self._note, notices=(self._fails, self._note), pulse=lambda: None)
        self.shell = Shell(self.engine, self.paper, Clock(), outside, suspects=SuspectFile(store))
        self.running = asyncio.create_task(self.shell.run())

    async def begin(self) -> "Life":
        """Both phones are free."""
        await asyncio.sleep(0)
        for each in ("anna", "ben"):
            self.put(PhoneStateChanged(phone=phone(each), state=PhoneState.NOT_INUSE))
        self.put(PbxFound(pbx=PBX))
        return self

    def put(self, event: Event) -> None:
        self.shell.put(event, Clock().now(), lambda: self.answered.append(type(event).__name__))

    def rings(self) -> list[InquiryId]:
        return [each.inquiry for each in self.told if isinstance(each, RingPhones)]

    async def end(self) -> None:
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)

    def _note(self, what: Order | Tidings) -> None:
        if self.fails_at is not None and isinstance(what, self.fails_at) and isinstance(what, Order):
            raise ValueError("this order")
        self.told.append(what)

    def _fails(self, what: Tidings) -> None:
        if self.fails_at is not None and isinstance(what, self.fails_at):
            raise ValueError("this notice")


@pytest.fixture
async def life(tmp_path: Path) -> AsyncIterator[Life]:
    life = await Life(tmp_path / "huntgroup.db").begin()
    yield life
    await life.end()


# -- the engine's loop ------------------------------------------------------------------------------------------------


async def test_a_call_that_breaks_the_engine_ends_two_lives_and_no_third(tmp_path: Path) -> None:
    for _ in range(2):
        life = await Life(tmp_path / "huntgroup.db").begin()
        life.put(POISON)
        with pytest.raises(KeyError):
            await life.running

    life = await Life(tmp_path / "huntgroup.db").begin()
    with capture_logs() as logs:
        life.put(POISON)
        life.put(CALL)
    assert life.rings() == [CALL.inquiry]
    assert [each["event"] for each in logs if each["log_level"] == "error"] == ["shell.event_set_aside"]
    await life.end()


async def test_a_request_that_broke_the_engine_twice_is_answered_and_may_be_asked_again(tmp_path: Path) -> None:
    store = tmp_path / "huntgroup.db"
    for number in range(2):
        life = await Life(store, PresenceRequested).begin()
        life.put(replace(LOGIN, request=RequestId(f"mqtt-{number}")))
        with pytest.raises(KeyError):
            await life.running

    life = await Life(store).begin()
    life.put(LOGIN)
    answers = [each for each in life.told if isinstance(each, Answered)]
    assert [(each.request, each.error) for each in answers] == [("mqtt-1", "internal_error")]
    assert life.answered[-1] == "PresenceRequested"  # acknowledged at the broker, so it does not come again
    life.put(replace(LOGIN, request=RequestId("mqtt-2")))
    assert [each.error for each in life.told if isinstance(each, Answered)] == ["internal_error", None]
    await life.end()


async def test_a_voicemail_that_is_set_aside_stays_at_the_pbx(tmp_path: Path) -> None:
    left = MessageLeft(
        inquiry=InquiryId("call-main-1.3"),
        message=InquiryId("voicemail-1"),
        source=SourceId("sales"),
        customer=Customer(),
        recording=Recording(file="msg0000", seconds=5.0, mailbox="sales"),
    )
    for _ in range(2):
        life = await Life(tmp_path / "huntgroup.db", MessageLeft).begin()
        life.put(left)
        with pytest.raises(KeyError):
            await life.running
    life = await Life(tmp_path / "huntgroup.db").begin()
    life.put(left)
    assert "MessageLeft" not in life.answered
    await life.end()


async def test_a_phone_that_is_free_is_never_set_aside(tmp_path: Path) -> None:
    for _ in range(3):
        life = Life(tmp_path / "huntgroup.db", PhoneStateChanged)
        await asyncio.sleep(0)
        life.put(PhoneStateChanged(phone=phone("anna"), state=PhoneState.NOT_INUSE))
        with pytest.raises(KeyError):
            await life.running
    assert not (tmp_path / "huntgroup.db.suspects").exists()


async def test_a_call_that_cannot_be_written_changes_nothing_and_ends_nothing(life: Life) -> None:
    life.put(replace(CALL, customer=Customer(name="\ud800")))
    assert life.engine.world.inquiries == {}
    life.put(CALL)
    assert life.rings() == [CALL.inquiry]
    assert not life.running.done()


@pytest.mark.parametrize("kind", [Fact, Answered, RingPhones])
async def test_a_receiver_that_fails_keeps_no_other_from_hearing(life: Life, kind: type) -> None:
    life.fails_at = kind
    life.put(CALL)
    life.put(LOGIN)
    assert any(isinstance(each, Fact) and each.type is FactType.OFFERED for each in life.told)
    assert any(isinstance(each, Answered) for each in life.told)
    assert not life.running.done()


@pytest.mark.parametrize("text", ["", "[]", '{"a":', '{"a": "x"}', "null", "[" * 5000, '{"a": 1e999}'])
def test_a_file_of_suspects_that_is_none_is_empty(tmp_path: Path, text: str) -> None:
    (tmp_path / "huntgroup.db.suspects").write_text(text)
    assert not SuspectFile(tmp_path / "huntgroup.db").is_set_aside(POISON)


def test_the_file_of_suspects_stays_small_and_private(tmp_path: Path) -> None:
    suspects = SuspectFile(tmp_path / "huntgroup.db")
    suspects._tries = {f"old {number}": 2 for number in range(2 * SUSPECTS_MOST)}
    suspects.ended_by(POISON)
    file = tmp_path / "huntgroup.db.suspects"
    assert len(json.loads(file.read_text())) == SUSPECTS_MOST
    assert file.stat().st_mode & 0o777 == 0o600


def test_suspects_that_cannot_be_kept_end_nothing(tmp_path: Path) -> None:
    with capture_logs() as logs:
        SuspectFile(tmp_path / "none" / "huntgroup.db").ended_by(POISON)
    assert logs[0]["event"] == "shell.suspect_not_kept"


# -- before the engine: who is it -------------------------------------------------------------------------------------


async def test_a_caller_whose_look_up_breaks_is_served_as_unknown() -> None:
    class Broken(Store):
        def known(self, *_: Any, **__: Any) -> Any:
            raise ValueError("a row that nobody expects")

    here, shell = recognition(Broken())
    here.put(call(), 1.0)
    assert shell.taken == [call()]


# -- MQTT -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["inquiries/submit", "inquiries/chat-1/commands", "operators/anna/commands"])
async def test_a_message_that_we_fail_at_is_answered_and_acknowledged(where: str) -> None:
    here = Broker(policy(group("sales", "anna", "ben")))
    body: dict[str, Any] = {"id": "chat-1", "source": "sales-chat"}
    body = body if where == "inquiries/submit" else {"type": "abandon" if "chat" in where else "login"}

    def broken(*_: Any) -> None:
        raise RuntimeError("a fault of ours")

    right, here.reception._intake = here.reception._intake, type("Broken", (), {"put": broken, "is_full": False})()
    here.reception._intake.is_degraded = False  # type: ignore[misc]
    published = await here.gets(where, body)
    assert here.acknowledged == [where]
    assert [each["error"]["code"] for each in at("rejected", published)] == ["internal_error"]
    replied = [each for topic, each in published if topic != "rejected" and each and each.get("ok") is False]
    assert [each["error"]["code"] for each in replied] == ["internal_error"]

    here.reception._intake = right
    await here.gets("inquiries/submit", {"id": "chat-1", "source": "sales-chat"})
    assert InquiryId("chat-1") in here.engine.world.inquiries


async def test_an_inquiry_that_the_engine_set_aside_is_answered_with_our_fault() -> None:
    here = Broker(policy(group("sales", "anna", "ben")))

    def set_aside(_event: Event, _at: float, then: Any = None) -> None:
        then()

    here.put = set_aside  # type: ignore[method-assign,assignment]
    published = await here.gets("inquiries/submit", {"id": "chat-1", "source": "sales-chat"})
    (answer,) = [each for _, each in published if each]
    assert answer["error"]["code"] == "internal_error"
    assert here.acknowledged == ["inquiries/submit"]


async def test_a_letter_that_cannot_be_built_holds_up_none_behind_it() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        link, house = linked_to(ours)
        house.outbox.send("bad", broken)
        house.outbox.send("good", lambda: b"told")
        publishing = asyncio.ensure_future(link.publish(house.outbox))
        for _ in range(3):
            await asyncio.sleep(0)
        assert b"told" in theirs.recv(1000)
        assert not publishing.done()
        publishing.cancel()


async def test_a_broker_whose_packets_break_the_link_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker_client, "BACKOFF_FIRST", 0.001)
    tries, is_tried = 0, asyncio.Event()

    def broken(*_: Any, **__: Any) -> None:
        nonlocal tries
        tries += 1
        if tries == 3:
            is_tried.set()
        raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "a topic that is no text")

    monkeypatch.setattr(broker_client, "Link", broken)
    here = Broker(policy(group("sales", "anna")))
    client = MqttClient(Mqtt(url="mqtt://127.0.0.1"), policy(group("sales", "anna")), here, here.records, Clock().now)
    running = asyncio.create_task(client.run())
    async with asyncio.timeout(10):
        await is_tried.wait()
    assert not running.done()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


# -- AMI --------------------------------------------------------------------------------------------------------------


async def test_an_order_that_breaks_fails_its_attempt_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Up:
        wire = None

        def live(self) -> Any:
            return object()

    told: list[Event] = []
    sender = Sender("main", Up(), lambda event, *_: told.append(event), Clock())
    monkeypatch.setattr("huntgroup.adapters.ami.sending.actions_for", lambda *_: 1 / 0)
    order = RingPhones(inquiry=CALL.inquiry, attempt=AttemptNo(1), rings=(), hold=Hold.MUSIC, limit=60.0)
    sender.carry_out(order, Translator(PbxId("main"), ()))
    assert [type(each).__name__ for each in told] == ["AttemptFailed"]


# -- the store --------------------------------------------------------------------------------------------------------


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    path = tmp_path / "huntgroup.db"
    opened = open_store(path)
    begin_run(path, opened, [("policy", "", "{}")], Clock().now())
    journal = Journal(path, opened, 1e12, Clock())
    running = asyncio.create_task(journal.run())
    yield journal
    assert not running.done()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def broken(*_: Any) -> Any:
    raise OverflowError("Python int too large to convert to SQLite INTEGER")


async def test_a_receiver_that_fails_does_not_end_the_journal(journal: Journal) -> None:
    is_told = asyncio.Event()
    journal.write(Batch(entries=[Entry(1, 1.0, "TimePassed", "{}")]), lambda: None, broken)
    journal.write(Batch(entries=[Entry(2, 2.0, "TimePassed", "{}")]), lambda: None, is_told.set)
    async with asyncio.timeout(10):
        await is_told.wait()


async def test_a_change_of_customers_that_breaks_is_answered_and_undone(journal: Journal, tmp_path: Path) -> None:
    answers: asyncio.Queue[Any] = asyncio.Queue()

    def half(database: sqlite3.Connection, _now: float) -> Any:
        database.execute("INSERT INTO customer (name, created_at) VALUES ('half', 0)")
        database.execute("INSERT INTO customer (id, name, created_at) VALUES (?, 'Jan', 0)", (2**70,))

    journal.do(Work(half, answers.put_nowait))
    journal.do(Work(lambda *_: ({"done": True}, ()), answers.put_nowait))
    async with asyncio.timeout(10):
        first, second = await answers.get(), await answers.get()
    assert isinstance(first, CustomersError)
    assert (first.why, second) == ("internal_error", {"done": True})
    with closing(connect(tmp_path / "huntgroup.db")) as database:
        assert database.execute("SELECT count(*) FROM customer").fetchone() == (0,)


@pytest.mark.parametrize("at_fault", ["the fact", "the CRM's words"])
def test_a_fact_that_cannot_be_followed_does_not_come_again(tmp_path: Path, at_fault: str) -> None:
    path = tmp_path / "huntgroup.db"
    opened = open_store(path)
    begin_run(path, opened, [("policy", "", "{}")], 0.0)

    def for_crm(_database: sqlite3.Connection, told: Any) -> None:
        if told and at_fault == "the CRM's words":
            raise AttributeError("no such word")

    name: Any = {"a": 1} if at_fault == "the fact" else "Jan"
    fact = {
        "inquiry": "c1",
        "at": 1.0,
        "operator": None,
        "channel": "call",
        "source": "s",
        "crm": "",
        "crm_of": "",
        "identities": [["phone", "+48600700800"]],
        "name": name,
        "known_as": "",
        "responsible": None,
        "track": False,
        "create": "",
    }
    entry = Entry(1, 1.0, "TimePassed", "{}")
    told: list[Happening] = []
    with closing(connect(path)) as database:
        write_batch(database, Batch(entries=[entry], follow=[(1, "received", json.dumps(fact))]), opened.crc, 0)
        follower = Follower(tell=told.extend, for_crm=for_crm)
        assert follower.step(database) == ([], False)
        assert follower.step(database) == ([], False)
        assert database.execute("SELECT count(*) FROM customer").fetchone() == (0,)


# -- the configuration ------------------------------------------------------------------------------------------------


async def test_a_command_that_we_fail_at_is_answered_and_the_next_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AMI_SECRET", "s3cret")
    (tmp_path / "huntgroup.toml").write_text(FILE)
    office = Office(tmp_path / "huntgroup.toml")
    running = asyncio.create_task(office.administrator.run())
    with monkeypatch.context() as fault:
        fault.setattr(administrator, "carry_out", broken)
        fault.setattr(administrator, "load_whole", broken)
        office.administrator.reload()
        answer = await office.asks("ben", set_group("sales", rings=3))
    assert isinstance(answer, ChangeRefused)
    assert answer.why == "internal_error"

    await office.asks("ben", set_group("sales", rings=3))
    assert office.daemon.taken == [("ben", ["groups.sales.rings"], 3)]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_take_over_that_breaks_is_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMI_SECRET", "s3cret")
    (tmp_path / "huntgroup.toml").write_text(FILE)
    office = Office(tmp_path / "huntgroup.toml")
    monkeypatch.setattr(office.daemon, "take_over", broken)
    running = asyncio.create_task(office.administrator.run())
    answer = await office.asks("ben", set_group("sales", rings=3))
    assert isinstance(answer, ChangeRefused)
    assert not running.done()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_supervisor_who_names_no_mailbox_is_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AMI_SECRET", "s3cret")
    (tmp_path / "huntgroup.toml").write_text(FILE)
    office = Office(tmp_path / "huntgroup.toml")
    running = asyncio.create_task(office.administrator.run())
    changes = {"hold": "music", "announce": {"leave_key": "1"}, "on_leave": {"action": "voicemail"}}
    async with asyncio.timeout(10):
        answer = await office.asks("ben", set_group("sales", **changes))
    assert isinstance(answer, ChangeRefused)
    assert (answer.why, answer.at) == ("invalid", "groups[0].on_leave.mailbox")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
