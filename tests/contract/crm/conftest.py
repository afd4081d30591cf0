"""Both connectors against servers on loopback, behind one set of words."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
from tests.lab.bitrix24 import Portal
from tests.lab.crm import SECRET, HttpServer, Server, serving

from huntgroup.adapters.clock import Clock
from huntgroup.adapters.crm.making import connector
from huntgroup.adapters.store import crm_outbox
from huntgroup.adapters.store.opening import connect, open_store
from huntgroup.crm.deeds import Create, Deed, Known, RegisterCall, SetResponsible
from huntgroup.crm.desk import CrmDesk
from huntgroup.crm.words import Crm
from huntgroup.settings import Crm as Settings

T = TypeVar("T")

PHONE = "+48600700800"
EMAIL = "jan@shop.example"
JAN = (("phone", PHONE),)
OPERATORS = ("anna", "ben", "cleo")
USERS = {"anna": "12", "ben": "15"}
STARTED = 1_790_000_000.0


def settings(kind: str, **others: Any) -> Settings:
    """A table of the configuration."""
    url = {"url": others.pop("url")} if kind == "http" else {}
    table = {"type": kind, "users": USERS, "secret_env": "CRM", "timeout": "1s", **url, **others}
    return Settings.model_validate(table)


@dataclass(kw_only=True)
class Side:
    """One kind of CRM, and the connector to it."""

    kind: str
    server: Server
    settings: Settings
    crm: Crm
    clock: "LabClock"

    def knows(self, name: str, user: str, *, phone: str = "", email: str = "") -> str:
        """Somebody whom the CRM knows; what it calls them."""
        if isinstance(self.server, Portal):
            number = self.server.put(3, phone=phone, email=email, name=name, lastName="", assignedById=int(user))
            return f"contact:{number}"
        assert isinstance(self.server, HttpServer)
        for known in (("phone", phone), ("email", email)):
            self.server.known[known] = {"id": "c-900", "name": name, "responsible": user}
        return "c-900"

    def leads(self) -> list[dict[str, Any]]:
        """What was created there."""
        if isinstance(self.server, Portal):
            return self.server.of(1)
        assert isinstance(self.server, HttpServer)
        return self.server.told["customer.create"]

    def calls(self) -> list[dict[str, Any]]:
        """Calls that are written down there."""
        if isinstance(self.server, Portal):
            return self.server.finished
        assert isinstance(self.server, HttpServer)
        return self.server.told["call.register"]

    def responsible(self, reference: str) -> list[str]:
        """The users to whom somebody was given there."""
        if isinstance(self.server, Portal):
            return [
                str(self.server.items[3 if "contact" in reference else 1][int(reference.split(":")[1])]["assignedById"])
            ]
        assert isinstance(self.server, HttpServer)
        return [each["user"] for each in self.server.told["customer.responsible"] if each["reference"] == reference]


@pytest.fixture(params=["http", "bitrix24"])
async def side(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Side]:
    """Each case runs with both."""
    clock = LabClock()
    server: HttpServer | Portal = HttpServer(clock.now) if request.param == "http" else Portal()
    monkeypatch.setenv("CRM", SECRET if isinstance(server, HttpServer) else server.hook)
    wanted = settings(request.param, **({"url": server.url} if isinstance(server, HttpServer) else {}))
    async with serving(server):
        crm = connector(wanted, clock)
        yield Side(kind=request.param, server=server, settings=wanted, crm=crm, clock=clock)
        await crm.close()


def new_lead(number: int = 1, *, customer: str = "customer-17", **others: Any) -> Create:
    """An unknown customer came."""
    table = {
        "customer": customer,
        "inquiry": f"call-main-{number}.7",
        "operator": "anna",
        "kind": "lead",
        "name": "Jan Kowalski",
        "identities": (Known(kind="phone", value=PHONE),),
        "channel": "call",
        "source": "+48221234567",
        "at": STARTED,
        **others,
    }
    return Create.model_validate(table)


def call(count: int = 1, *, customer: str = "customer-17", **others: Any) -> RegisterCall:
    """A call is over."""
    table = {
        "customer": customer,
        "inquiry": f"call-main-{count}.7",
        "operator": "anna",
        "direction": "in",
        "number": PHONE,
        "line": "+48221234567",
        "started_at": STARTED,
        "waited": 12.5,
        "talked": 61.0,
        "outcome": "answered",
        **others,
    }
    return RegisterCall.model_validate(table)


def given_to(operator: str, *, customer: str = "customer-17", at: float = STARTED, **others: Any) -> SetResponsible:
    """A customer changes hands."""
    table = {"customer": customer, "inquiry": "call-main-1.7", "operator": operator, "at": at, **others}
    return SetResponsible.model_validate(table)


class LabClock(Clock):
    """A clock that can be set forward."""

    ahead = 0.0

    def now(self) -> float:
        return super().now() + self.ahead


@dataclass
class Shop:
    """A store, and how work is done on it. The next ``broken`` works fail, as on a full disk."""

    path: Path
    store: sqlite3.Connection
    broken: int = 0
    left: int = 1_000_000
    """So many works more, and the process stands still."""
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        self.left -= 1
        if self.left < 0:
            async with self.changed:
                self.changed.notify_all()
            await asyncio.Event().wait()
        try:
            if self.broken:
                self.broken -= 1
                raise sqlite3.OperationalError("disk I/O error")
            return in_a_transaction(self.store, work)
        finally:
            async with self.changed:
                self.changed.notify_all()

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait for what works bring about."""
        async with self.changed:
            await self.changed.wait_for(is_so)

    def backlog(self, connector: str) -> crm_outbox.Backlog:
        return crm_outbox.backlog(self.store, connector)

    def rows(self) -> list[crm_outbox.Row]:
        return crm_outbox.everything(self.store)


def in_a_transaction(store: sqlite3.Connection, work: Callable[[sqlite3.Connection], T]) -> T:
    store.execute("BEGIN IMMEDIATE")
    try:
        answer = work(store)
        store.execute("COMMIT")
    except BaseException:
        store.execute("ROLLBACK")
        raise
    return answer


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    path = tmp_path / "huntgroup.db"
    open_store(path)
    with closing(connect(path)) as store:
        for number in range(1, 100):
            store.execute("INSERT INTO customer (id, name, created_at) VALUES (?, 'Jan', ?)", (number, STARTED))
        yield Shop(path, store)


class House:
    """A desk that runs; it can be killed and begun again."""

    def __init__(self, side: Side, shop: Shop) -> None:
        self.side, self.shop = side, shop
        self.begin()

    def begin(self) -> None:
        """The daemon starts."""
        crm = connector(self.side.settings, self.side.clock)
        self.desk = CrmDesk(self.side.settings, OPERATORS, crm, self.shop.do, self.side.clock)
        self.task = asyncio.create_task(self.desk.run())

    async def kill(self) -> None:
        """The daemon is gone, whatever it was at; what it had committed stays."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    async def tell(self, *deeds: Deed) -> None:
        """Put deeds in, as the follower does."""
        at = self.side.clock.now()
        await self.shop.do(lambda store: crm_outbox.enqueue(store, self.side.kind, deeds, at))
        self.desk.wake()

    async def told(self) -> None:
        """Nothing waits any more."""
        await self.shop.until(lambda: self.shop.backlog(self.side.kind).waiting == 0)

    def later(self, seconds: float) -> None:
        """Time passes."""
        self.side.clock.ahead += seconds
        self.desk.wake()


@pytest.fixture
async def house(side: Side, shop: Shop) -> AsyncIterator[House]:
    house = House(side, shop)
    yield house
    await house.kill()


async def turns() -> None:
    """Whoever is ready has their turn, several times."""
    for _ in range(20):
        await asyncio.sleep(0)
