"""What the live tests share: one exchange and one broker per module, fresh phones per test."""

from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from typing import Any

import pytest
import pytest_asyncio
from tests.lab.broker import Broker
from tests.lab.daemon import Daemon
from tests.lab.mqtt import Party
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller, Phone
from tests.lab.schemas import faults
from tests.live.exchanges import PHONES, exchange

__all__ = ["PHONES"]

OpenPhone = Callable[[str], Awaitable[Phone]]
Everybody = tuple[Phone, Phone, Phone]
StartDaemon = Callable[..., Awaitable[Daemon]]
Serve = Callable[[str], Awaitable[Daemon]]


pbx = exchange()
"""A module may put its own in its place."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def broker() -> AsyncIterator[Broker]:
    """A running broker that lets everyone in and loses nothing."""
    async with Broker() as broker:
        yield broker


@pytest.fixture
async def phone(pbx: Pbx) -> AsyncIterator[OpenPhone]:
    """``anna = await phone("anna-desk")``: opened and registered; unregistered and closed after the test."""
    opened: list[Phone] = []

    async def open_phone(name: str) -> Phone:
        opened.append(pbx.phone(name))
        return await opened[-1].registers()

    yield open_phone
    if pbx.is_running:
        await pbx.hangs_up_all()
    for each in opened:
        if pbx.is_running:
            await each.is_offline()
        await each.close()


@pytest.fixture
async def everybody(phone: OpenPhone) -> Everybody:
    """``anna, ben, cleo = everybody``: each at a phone, which rings and does nothing else."""
    return await phone("anna-desk"), await phone("ben"), await phone("cleo")


@pytest.fixture
async def caller(pbx: Pbx) -> AsyncIterator[Caller]:
    """Someone outside."""
    async with pbx.caller() as caller:
        yield caller


HAS_FAILED = pytest.StashKey[bool]()
SHOWN = 100
"""Lines of each log that a failed test shows."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note for the fixtures whether the test itself failed."""
    report = yield
    if report.when == "call":
        item.stash[HAS_FAILED] = report.failed
    return report


def show(name: str, text: str) -> None:
    """What fails once in a thousand runs must be understood from what it left."""
    print("", f"-- {name}, the last of it", *text.splitlines()[-SHOWN:], sep="\n")


@pytest.fixture
async def daemon(pbx: Pbx, request: pytest.FixtureRequest) -> AsyncIterator[StartDaemon]:
    """``running = await daemon(configuration(group("sales", "anna")))``: started; ended after the test."""
    started: list[Daemon] = []
    if pbx.is_running:
        # What earlier tests left for a daemon to read: a new one knows of nothing and would read it all.
        await pbx.cli("database deltree huntgroup served")

    async def start(text: str, **options: Any) -> Daemon:
        running = Daemon(pbx, text, **options)
        started.append(running)
        await running.start()
        return running

    yield start
    if request.node.stash.get(HAS_FAILED, False):
        for each in started:
            show("the daemon's log", each.log_text())
        show("Asterisk's log", pbx.log_text())
    if pbx.is_running:
        await pbx.hangs_up_all()
    for each in started:
        await each.close()


@pytest.fixture
async def anyone(broker: Broker) -> AsyncIterator[Party]:
    """Somebody who may do everything and sees everything; what they saw was as the document says."""
    async with Party(broker) as party:
        yield party
        written = [each for each in party.seen if each.payload and is_daemons(each.topic)]
        assert [fault for each in written for fault in faults(each.topic, each.data)] == []


def is_daemons(topic: str) -> bool:
    """Whether only the daemon writes there; the answers have topics of their own."""
    return (
        not topic.endswith(("/commands", "/submit", "/replies")) and "/replies/" not in topic and "/gone/" not in topic
    )


@pytest.fixture
def serving(broker: Broker, anyone: Party, daemon: StartDaemon) -> Serve:
    """``running = await serving(text)``: a daemon that listens at the broker."""

    async def start(text: str) -> Daemon:
        running = await daemon(text, broker_url=broker.url)
        await anyone.sees("status", state="online")
        return running

    return start
