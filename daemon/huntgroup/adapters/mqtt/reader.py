"""What the running daemon keeps at the broker, read by somebody else: ``huntgroup status``."""

import asyncio
import ssl
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import aiomqtt

from huntgroup.adapters.mqtt.link import QOS, tls_context
from huntgroup.adapters.mqtt.topics import Topics
from huntgroup.errors import PeerError
from huntgroup.settings import Mqtt
from huntgroup.text_input import NotJson, read_json

ANSWER_SECONDS = 3.0
"""A broker that has nothing to say of the daemon by then has nothing."""


@dataclass(slots=True)
class House:
    """Everything as the broker has it, by id; the payloads as they are."""

    daemon: dict[str, Any] = field(default_factory=dict)
    operators: dict[str, dict[str, Any]] = field(default_factory=dict)
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    inquiries: dict[str, dict[str, Any]] = field(default_factory=dict)
    pbxs: dict[str, dict[str, Any]] = field(default_factory=dict)

    def as_data(self) -> dict[str, Any]:
        """For programs: who waits and is being offered, and all operators, groups and PBXs."""
        return {
            "daemon": self.daemon,
            "pbxs": dict(sorted(self.pbxs.items())),
            "operators": dict(sorted(self.operators.items())),
            "groups": dict(sorted(self.groups.items())),
            "waiting": self.waiting(),
        }

    def waiting(self) -> list[dict[str, Any]]:
        """The inquiries that nobody has yet, in the order of their groups' lines."""
        waiting = [each for each in self.inquiries.values() if each.get("state") in {"waiting", "offered"}]
        return sorted(waiting, key=lambda each: (each.get("group", ""), each.get("position", 0), each.get("id", "")))

    def take(self, path: list[str], data: dict[str, Any] | None) -> None:
        """One message; None: it is kept no longer."""
        if path == ["status"]:
            self.daemon = data or {}
            return
        tables = {
            "operators": self.operators,
            "groups": self.groups,
            "inquiries": self.inquiries,
            "pbxs": self.pbxs,
        }
        table = tables[path[0]]
        if data is None or data.get("state") == "closed":
            table.pop(path[1], None)
        else:
            table[path[1]] = data


async def houses(settings: Mqtt) -> AsyncGenerator[House, None]:
    """The house once all of it is known, and again whenever something changed.

    Raises:
        PeerError: when the broker cannot be reached or turns us away, or when no daemon is online there.
    """
    topics = Topics(settings.prefix)
    house = House()
    try:
        async with _client(settings) as client:
            # In this order, as the broker sends what it keeps in the order in which it is asked for it.
            for topic in (*topics.shown, topics.status):
                await client.subscribe(topic, QOS)
            await _read_all(client, topics, house)
            if house.daemon.get("state") != "online":
                raise PeerError(settings.url, f"no daemon is online at {topics.status}")
            yield house
            async for message in client.messages:
                _take(message, topics, house)
                if not len(client.messages):
                    yield house
    except (aiomqtt.MqttError, OSError, ssl.SSLError) as error:
        raise PeerError(settings.url, f"the broker cannot be reached: {error}") from None


async def _read_all(client: aiomqtt.Client, topics: Topics, house: House) -> None:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            async for message in client.messages:
                _take(message, topics, house)
                if message.topic.value == topics.status:
                    return
    except TimeoutError:
        return


def _take(message: aiomqtt.Message, topics: Topics, house: House) -> None:
    path = message.topic.value.removeprefix(f"{topics.prefix}/").split("/")
    if not isinstance(message.payload, bytes):
        return
    try:
        data = read_json(message.payload) if message.payload else None
    except NotJson:
        return  # none of the daemon's
    if data is None or (isinstance(data, dict) and "ok" not in data):
        house.take(path, data)


def _client(settings: Mqtt) -> aiomqtt.Client:
    return aiomqtt.Client(
        settings.host,
        settings.port,
        username=settings.username,
        password=settings.read_secret() if settings.username else None,
        protocol=aiomqtt.ProtocolVersion.V5,
        tls_context=tls_context(settings) if settings.is_tls else None,
    )
