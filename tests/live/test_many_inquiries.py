"""Inquiries one after the other while the broker, or the daemon, is restarted under them: each is served, and once.

HUNTGROUP_INQUIRIES and HUNTGROUP_RESTARTS make it more. What a killed daemon keeps of open inquiries is told apart from
this: here it is stopped and killed only between two waves.
"""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator

import aiomqtt
import pytest
import pytest_asyncio
from tests.lab.broker import Broker
from tests.lab.daemon import Daemon
from tests.lab.mqtt import Party
from tests.lab.pbx import Pbx
from tests.live.configuration import configuration, group, source
from tests.live.conftest import StartDaemon

pytestmark = pytest.mark.live

INQUIRIES = int(os.environ.get("HUNTGROUP_INQUIRIES", "120"))
BETWEEN_TRIES = 0.05
"""Seconds between two tries to reach a broker that is being restarted."""
RESTARTS = int(os.environ.get("HUNTGROUP_RESTARTS", "3"))
TEXT = configuration(group("sales", "anna", "ben", "cleo", distribution='"evenly"')) + source("site-chat")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pbx() -> AsyncIterator[Pbx]:
    """An exchange of this module's own."""
    async with Pbx({"anna-desk": "101"}) as pbx:
        yield pbx


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    """A broker that keeps whatever comes for the daemon."""
    async with Broker(config="max_queued_messages 0\nmax_inflight_messages 100") as broker:
        yield broker


class Floor:
    """Operators who take and close whatever is on their desks, over a connection that survives the broker."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._known: set[str] = set()
        self.events: Counter[tuple[str, str]] = Counter()
        self._changed = asyncio.Condition()

    async def work(self) -> None:
        """Until cancelled."""
        while True:
            try:
                async with Party(self._broker, version=aiomqtt.ProtocolVersion.V311, session="floor") as everyone:
                    await self._serve(everyone)
            except (aiomqtt.MqttError, ConnectionError):
                await asyncio.sleep(BETWEEN_TRIES)

    async def _serve(self, everyone: Party) -> None:
        position = 0
        while True:
            await everyone.until(lambda _: True, "anything", after=position, within=3600)
            for seen in everyone.seen[position:]:
                position += 1
                if seen.payload:
                    await self._look(everyone, seen.topic.removeprefix("huntgroup/").split("/"), seen.data)

    async def _look(self, everyone: Party, topic: list[str], data: dict[str, object]) -> None:
        match topic:
            case ["operators", who, "desk"]:
                for name, command in (("offers", "accept"), ("inquiries", "close")):
                    for item in data[name]:  # type: ignore[attr-defined]
                        await everyone.says(f"operators/{who}/commands", {"type": command, "inquiry": item["inquiry"]})
            case ["events", kind]:
                async with self._changed:
                    # A broker may deliver twice, and an event that is told twice has the same id.
                    if data["id"] not in self._known:
                        self._known.add(str(data["id"]))
                        self.events[kind, str(data.get("subject"))] += 1
                    self._changed.notify_all()

    async def until_closed(self, names: list[str], within: float = 60.0) -> None:
        """Return once each of these is closed."""
        async with asyncio.timeout(within), self._changed:
            while not all(self.events["inquiry.closed", name] for name in names):
                await self._changed.wait()


@pytest.mark.timeout(3600)
async def test_each_is_served_and_once_however_often_broker_and_daemon_begin_anew(
    broker: Broker, daemon: StartDaemon
) -> None:
    running = await daemon(TEXT, broker_url=broker.url)
    async with Party(broker, listens_to="huntgroup/status") as reader:
        await reader.sees("status", state="online")
    floor = Floor(broker)
    working = asyncio.create_task(floor.work())
    try:
        for wave in range(RESTARTS + 1):
            names = [f"w{wave}-{number}" for number in range(INQUIRIES // (RESTARTS + 1))]
            async with Party(broker, listens_to="") as channel:
                for name in names:
                    await channel.says("inquiries/submit", {"id": name, "source": "site-chat"})
                    await channel.says("inquiries/submit", {"id": name, "source": "site-chat"})
            await floor.until_closed(names)
            if wave < RESTARTS:
                await _restart(wave, running, broker)
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)

    received = {name: count for (kind, name), count in floor.events.items() if kind == "inquiry.received"}
    assert len(received) == INQUIRIES // (RESTARTS + 1) * (RESTARTS + 1)
    assert set(received.values()) == {1}
    assert {count for (kind, _), count in floor.events.items() if kind == "inquiry.closed"} == {1}


async def _restart(wave: int, running: Daemon, broker: Broker) -> None:
    """The broker, the daemon gently, the daemon by force; in turn."""
    match wave % 3:
        case 0:
            found = sum(line["event"] == "broker.found" for line in running.log())
            await broker.restart()
            await running.logs("broker.found", after=found)
        case 1:
            await running.stop()
            await running.start()
        case _:
            await broker.saved()
            running.kill()
            await running.start()
