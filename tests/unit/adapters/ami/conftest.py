"""A scripted Asterisk, a client of it, and the proof that a test left nothing behind."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.unit.adapters.ami.fake_asterisk import SECRET, USERNAME, WITHIN, FakeAsterisk

from huntgroup.adapters.ami import client as client_module
from huntgroup.adapters.ami.client import AmiClient
from huntgroup.adapters.ami.translate import Translator
from huntgroup.adapters.clock import Clock
from huntgroup.engine.events import Event
from huntgroup.engine.ids import GroupId, OperatorId, PbxId, PhoneId, SourceId
from huntgroup.engine.policy import Channel, Entrance, GroupPolicy, OperatorPolicy, Policy
from huntgroup.settings import Pbx

NUMBER = SourceId("+48221234567")
PHONES = (PhoneId("PJSIP/anna-desk"), PhoneId("PJSIP/ben"))
SECRET_VARIABLE = "HUNTGROUP_TEST_SECRET"


def operator(name: str, *phones: str, extension: str | None = None) -> OperatorPolicy:
    """An operator with these phones."""
    return OperatorPolicy(
        id=OperatorId(name),
        name=name,
        phones=tuple(PhoneId(phone) for phone in phones),
        capacity={Channel.CALL: 1},
        extension=extension,
    )


def policy_of(*operators: OperatorPolicy, **group: Any) -> Policy:
    """These operators in the group of one number."""
    sales = GroupPolicy(id=GroupId("sales"), name="sales", operators=tuple(each.id for each in operators), **group)
    return Policy(
        operators={each.id: each for each in operators},
        groups={sales.id: sales},
        numbers={NUMBER: Entrance(source=NUMBER, channel=Channel.CALL, group=sales.id)},
        pbx=PbxId("main"),
    )


POLICY = policy_of(operator("anna", "PJSIP/anna-desk"), operator("ben", "PJSIP/ben"))


@pytest.fixture
def translator() -> Translator:
    """One that knows `PHONES`."""
    return Translator(PbxId("main"), PHONES)


@pytest.fixture
async def asterisk() -> AsyncIterator[FakeAsterisk]:
    """A healthy one."""
    async with FakeAsterisk() as asterisk:
        yield asterisk


class Daemon:
    """The part of the daemon that a client talks to: takes the events, runs the client, closes it."""

    def __init__(self, asterisk: FakeAsterisk) -> None:
        self.told: list[Event] = []
        self.is_writing = True
        """Whether what is told is safe at once."""
        self.unwritten: list[Callable[[], None]] = []
        self._news = asyncio.Event()
        pbx = Pbx(id="main", host=asterisk.address, port=asterisk.port, username=USERNAME, secret_env=SECRET_VARIABLE)
        self.client = AmiClient(pbx, POLICY, self._put, Clock())
        self.running: asyncio.Task[None] | None = None

    def runs(self) -> "asyncio.Task[None]":
        """Starts the client; the task that ends with it."""
        self.running = asyncio.create_task(self.client.run(), name="ami")
        return self.running

    async def is_told(self, kind: type[Event], times: int = 1) -> Event:
        """Awaits so many events of that kind; the last of them."""
        try:
            async with asyncio.timeout(WITHIN):
                while len(found := [event for event in self.told if isinstance(event, kind)]) < times:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"no {times} {kind.__name__} among {self.told}") from None
        return found[times - 1]

    def count(self, kind: type[Event]) -> int:
        """How many events of that kind were told."""
        return sum(isinstance(event, kind) for event in self.told)

    async def ends(self) -> None:
        """Closes the client and cancels what runs, as the daemon does."""
        await self.client.close()
        if self.running is not None:
            self.running.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await self.running

    def write(self) -> None:
        """What was told is safe."""
        self.is_writing = True
        for then in self.unwritten:
            then()
        self.unwritten.clear()

    def _put(self, event: Event, at: float, then: Callable[[], None] | None = None) -> None:  # noqa: ARG002
        """The instant is the shell's affair."""
        self.told.append(event)
        self._news.set()
        if then is not None:
            self.unwritten.append(then)
            if self.is_writing:
                self.write()


@pytest.fixture
async def daemon(asterisk: FakeAsterisk, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Daemon]:
    """A client of the scripted Asterisk, with shorter waits than in life; started by `runs`."""
    monkeypatch.setenv(SECRET_VARIABLE, SECRET)
    shorter = {"BEAT_INTERVAL": 0.02, "PING_TIMEOUT": 0.1, "BOOT_TIMEOUT": 0.1, "FAREWELL_TIMEOUT": 0.1}
    for name, seconds in {**shorter, "BACKOFF_FIRST": 0.01, "BACKOFF_MOST": 0.05}.items():
        monkeypatch.setattr(client_module, name, seconds)
    daemon = Daemon(asterisk)
    yield daemon
    await daemon.ends()


@pytest.fixture
async def _nothing_is_left() -> AsyncIterator[None]:
    """No task, no future whose exception nobody looked at, no exception in a callback."""
    faults: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    yield
    await asyncio.sleep(0)  # transports close in the loop's next turn
    gc.collect()
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    assert not tasks
    assert not faults


class Pauses:
    """What the client waits before it tries again; it does not really wait."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._news = asyncio.Event()
        self._sleep = asyncio.sleep

    async def sleep(self, seconds: float) -> None:
        """In the place of asyncio's."""
        self.seconds.append(seconds)
        self._news.set()
        await self._sleep(0)

    async def come(self, times: int) -> None:
        """Awaits so many."""
        async with asyncio.timeout(WITHIN):
            while len(self.seconds) < times:
                self._news.clear()
                await self._news.wait()


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> Pauses:
    """The client's pauses, skipped and noted."""
    pauses = Pauses()
    monkeypatch.setattr("huntgroup.adapters.ami.client.asyncio.sleep", pauses.sleep)
    return pauses


@pytest.fixture
def logged() -> Iterator[list[Any]]:
    """What is logged during the test."""

    with capture_logs() as lines:
        yield lines
