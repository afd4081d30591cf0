"""Inquiries from many publishers while the daemon is killed and the broker restarted under them: each ends, and once.

`make many` makes it more: HUNTGROUP_INQUIRIES, HUNTGROUP_KILLS, HUNTGROUP_BROKER_RESTARTS; HUNTGROUP_SEED says when.
"""

import asyncio
import contextlib
import json
import os
import random
import sqlite3
import time
from abc import ABC, abstractmethod
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import closing
from typing import Any

import aiomqtt
import pytest
from tests.lab.broker import Broker
from tests.lab.daemon import Daemon
from tests.lab.mqtt import Client, Party
from tests.live.configuration import configuration, group, source
from tests.live.conftest import StartDaemon
from tests.live.exchanges import exchange

pytestmark = pytest.mark.live

PUBLISHERS = 20
INQUIRIES = int(os.environ.get("HUNTGROUP_INQUIRIES", "400"))
KILLS = int(os.environ.get("HUNTGROUP_KILLS", "4"))
BROKER_RESTARTS = int(os.environ.get("HUNTGROUP_BROKER_RESTARTS", "2"))
SEED = int(os.environ.get("HUNTGROUP_SEED", "1"))
BETWEEN_TRIES = 0.05
"""Seconds between two tries to reach a broker that is being restarted."""
PATIENCE = 1.0
"""Seconds without an acknowledgement after which they try anew."""
AWAY = (aiomqtt.MqttError, ConnectionError, OSError)
TEXT = configuration(group("sales", "anna", "ben", "cleo", distribution='"evenly"', offer_timeout='"60s"')) + source(
    "site-chat", max_inquiries="1_000_000"
)

pbx = exchange({"anna-desk": "101"})


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    """A broker that keeps whatever comes for those who are away, and writes it down when it is stopped."""
    lines = ("max_queued_messages 0", "max_inflight_messages 100", "autosave_on_changes false")
    async with Broker(config="\n".join(lines)) as broker:
        yield broker


class Listener(ABC):
    """Somebody whose session outlives the broker; what they take is gone from there, so it must be taken at once."""

    def __init__(self, broker: Broker, name: str, *topics: str) -> None:
        self._broker = broker
        self._name = name
        self._topics = topics
        self.client: aiomqtt.Client | None = None

    async def listen(self) -> None:
        """Until cancelled."""
        while True:
            with contextlib.suppress(*AWAY):
                async with Client(
                    self._broker.address,
                    self._broker.port,
                    identifier=self._name,
                    clean_session=False,
                    protocol=aiomqtt.ProtocolVersion.V311,
                    timeout=PATIENCE,
                ) as self.client:
                    self.client.pending_calls_threshold = 10_000
                    for topic in self._topics:
                        await self.client.subscribe(f"huntgroup/{topic}", qos=1)
                    async for message in self.client.messages:
                        if isinstance(message.payload, bytes) and message.payload:
                            path = message.topic.value.removeprefix("huntgroup/").split("/")
                            await self.take(path, json.loads(message.payload))
            await asyncio.sleep(BETWEEN_TRIES)

    @abstractmethod
    async def take(self, path: list[str], data: dict[str, Any]) -> None:
        """One message."""


class Floor(Listener):
    """Operators who take and close whatever is on their desks."""

    def __init__(self, broker: Broker) -> None:
        super().__init__(broker, "floor", "operators/+/desk")
        self._done: dict[str, set[tuple[str, str, float]]] = defaultdict(set)

    async def take(self, path: list[str], data: dict[str, Any]) -> None:
        who = path[1]
        on_desk = {
            (command, item["inquiry"], item["since"])
            for name, command in (("offers", "accept"), ("inquiries", "close"))
            for item in data[name]
        }
        new = on_desk - self._done[who]
        self._done[who] &= on_desk
        for command, inquiry, since in new:
            payload = json.dumps({"type": command, "inquiry": inquiry})
            assert self.client is not None
            await self.client.publish(f"huntgroup/operators/{who}/commands", payload, qos=1)
            self._done[who].add((command, inquiry, since))


class Auditor(Listener):
    """Who writes down how each inquiry is said to have ended."""

    def __init__(self, broker: Broker) -> None:
        super().__init__(broker, "auditor", "inquiries/+/status", "events/inquiry.closed")
        self.ends: dict[str, set[str]] = defaultdict(set)
        self.events: dict[str, set[str]] = defaultdict(set)
        self.told = 0
        """How many events came, with those that were told again."""
        self.is_wanted = (0, 0)
        self.heard = asyncio.Event()

    async def take(self, path: list[str], data: dict[str, Any]) -> None:
        if path[0] == "events":
            self.events[data["subject"]].add(data["id"])
            self.told += 1
            self._look()
        elif data.get("state") == "closed":
            self.ends[path[1]].add(data["outcome"])
            self._look()

    async def until(self, count: int, within: float, *, events: int = 0) -> bool:
        """Return once so many have ended, and the events of so many were heard; False when that did not come."""
        self.is_wanted = (count, events)
        self.heard.clear()
        self._look()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.heard.wait(), within)
        return self.heard.is_set()

    def _look(self) -> None:
        if len(self.ends) >= self.is_wanted[0] and len(self.events) >= self.is_wanted[1]:
            self.heard.set()


async def publish(broker: Broker, names: list[str]) -> None:
    """A channel that submits these one after the other, each until the broker has it; some of them twice."""
    waiting = list(reversed(names))
    while waiting:
        with contextlib.suppress(*AWAY):
            async with Party(broker, listens_to="", patience=PATIENCE) as channel:
                while waiting:
                    for _ in range(2 if hash(waiting[-1]) % 5 == 0 else 1):
                        await channel.says("inquiries/submit", {"id": waiting[-1], "source": "site-chat"})
                    waiting.pop()
        if waiting:
            await asyncio.sleep(BETWEEN_TRIES)


async def killed_and_started(running: Daemon, broker: Broker) -> None:
    """SIGKILL, and on again at once."""
    async with Party(broker, listens_to="huntgroup/status") as reader:
        await reader.sees("status", state="online", within=60)
        before = len(reader.seen)
        running.kill()
        await running.start(found=False)
        await reader.sees("status", state="online", after=before, within=60)


async def trouble(running: Daemon, broker: Broker, auditor: Auditor) -> None:
    """In a random order, each once a random share of all that is left has ended."""
    dice = random.Random(SEED)
    plan = ["kill"] * KILLS + ["broker"] * BROKER_RESTARTS
    dice.shuffle(plan)
    for number, what in enumerate(plan):
        share = INQUIRIES * 0.9 * (number + dice.uniform(0.2, 1)) / len(plan)
        assert await auditor.until(int(share), within=600), f"only {len(auditor.ends)} of {share} ended"
        if what == "kill":
            await killed_and_started(running, broker)
        else:
            await broker.restart()


async def asked_for(broker: Broker, names: list[str]) -> dict[str, str]:
    """What the daemon says became of these, to who submits them again."""
    async with Party(broker, listens_to="") as channel:
        return {name: str((await channel.submits(name))["outcome"]) for name in names}


def recorded(daemon: Daemon, kind: str) -> Counter[str]:
    """By inquiry, how often it is on record that this happened."""
    with closing(sqlite3.connect(f"{daemon.store.as_uri()}?mode=ro", uri=True)) as store:
        question = "SELECT inquiry, count(*) FROM record WHERE type = ? GROUP BY 1"
        return Counter(dict(store.execute(question, (kind,)).fetchall()))


@pytest.mark.timeout(7200)
async def test_each_ends_and_once_however_often_the_daemon_is_killed_and_the_broker_restarted(
    broker: Broker, daemon: StartDaemon
) -> None:
    running = await daemon(TEXT, broker_url=broker.url)
    async with Party(broker, listens_to="huntgroup/status") as reader:
        await reader.sees("status", state="online")
    names = [f"c-{number}" for number in range(INQUIRIES)]
    floor, auditor = Floor(broker), Auditor(broker)
    began = time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        listening = [tasks.create_task(floor.listen()), tasks.create_task(auditor.listen())]
        publishing = [tasks.create_task(publish(broker, names[number::PUBLISHERS])) for number in range(PUBLISHERS)]
        await trouble(running, broker, auditor)
        await asyncio.wait(publishing)
        await auditor.until(0, within=10 + INQUIRIES / 100, events=INQUIRIES)
        await auditor.until(INQUIRIES, within=10)
        for task in listening:
            task.cancel()
    took = time.monotonic() - began

    silent = sorted(set(names) - set(auditor.ends))
    ends = {name: set(ends) for name, ends in auditor.ends.items()}
    ends |= {name: {outcome} for name, outcome in (await asked_for(broker, silent)).items()}
    print(
        f"{INQUIRIES} inquiries, {KILLS} kills, {BROKER_RESTARTS} restarts of the broker: {took:.1f} s, "
        f"{len(silent)} ends heard of only when asked for, {INQUIRIES - len(auditor.events)} events not heard, "
        f"{auditor.told - len(auditor.events)} heard again"
    )
    assert ends == {name: {"answered"} for name in names}
    assert recorded(running, "inquiry.received") == Counter(names)
    assert recorded(running, "inquiry.closed") == Counter(names)
    assert set(auditor.events) == set(names), "each end is told as an event"
    assert {len(ids) for ids in auditor.events.values()} == {1}
