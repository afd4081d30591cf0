"""One connection to the broker: the only place that reaches below aiomqtt, into paho's client.

aiomqtt 2.5 has no word for a late acknowledgement nor for a publish that is not awaited, and hides the client that has
both behind ``_client``. tests/unit/adapters/mqtt/test_link.py tells when that changes.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any, cast

import aiomqtt
import structlog
from paho.mqtt.client import Client as Paho
from paho.mqtt.client import ConnectFlags
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from huntgroup.adapters.mqtt.incoming import Delivery
from huntgroup.adapters.mqtt.outbox import Letter, Outbox
from huntgroup.adapters.mqtt.topics import Topics
from huntgroup.settings import Mqtt

log = structlog.get_logger(__name__)

QOS = 1
RECEIVE_MOST = 200
"""So many messages the broker may send before one of them is acknowledged."""
QUEUE_MOST = 70_000
"""Messages that came and were not looked at yet. A broker may send more than we asked for (Mosquitto 2.0.11 does, once
a session goes on with much in it); but not more than it has packet identifiers, 65,535, before one is acknowledged. So
only messages that are sent without acknowledgement can be that many, and get lost."""
WINDOW_MOST = 200
"""Publishes under way at once, unless the broker takes fewer; it says so when we connect."""
TURN = 64
"""After so many publishes others get their turn, even if the broker is quick."""
SESSION_SECONDS = 7 * 86_400
"""So long the broker keeps what comes for the daemon while it is away."""
PENDING_CALLS = 10_000
"""aiomqtt warns above its own, far lower number of unacknowledged calls."""


class Link:
    """``async with Link(…) as link``: connected. What fails raises aiomqtt's errors."""

    def __init__(self, settings: Mqtt, topics: Topics, will: bytes, now: Callable[[], float]) -> None:
        self._topics = topics
        self._now = now
        self._queue: asyncio.Queue[aiomqtt.Message] = asyncio.Queue(QUEUE_MOST)
        self._client = aiomqtt.Client(
            settings.host,
            settings.port,
            username=settings.username,
            password=settings.read_secret() if settings.username else None,
            identifier=f"huntgroup-{settings.prefix.replace('/', '-')}",
            protocol=aiomqtt.ProtocolVersion.V5,
            will=aiomqtt.Will(topics.status, will, QOS, retain=True),
            tls_context=tls_context(settings) if settings.is_tls else None,
            clean_start=False,
            properties=_connect_properties(),
            max_queued_incoming_messages=QUEUE_MOST,
            queue_type=cast("Any", lambda **_: self._queue),
            max_inflight_messages=WINDOW_MOST,
            # Without it an answer waits for the acknowledgement of what was sent before it: 40 ms, seen on Linux.
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        )
        self._client.pending_calls_threshold = PENDING_CALLS
        self._paho: Paho = self._client._client
        self._paho.manual_ack_set(True)
        self._paho.on_publish = self._published
        self._paho.on_connect = self._connected
        self._window = WINDOW_MOST
        self._write_one_by_one = self._paho.loop_write
        self._paho.loop_write = self._write_together  # type: ignore[method-assign]
        self._under_way: dict[int, Letter] = {}
        self._has_room = asyncio.Event()
        self._has_all = asyncio.Event()

    async def __aenter__(self) -> "Link":
        await self._client.__aenter__()
        return self

    async def __aexit__(self, *failure: Any) -> None:
        await self._client.__aexit__(*failure)

    async def listen(self) -> None:
        """Subscribe to all that the daemon reads, and to its own retained topics for what an earlier life left."""
        commands = SubscribeOptions(QOS, retainHandling=SubscribeOptions.RETAIN_DO_NOT_SEND)
        leftovers = SubscribeOptions(QOS, noLocal=True)
        wanted = [(topic, commands) for topic in self._topics.to_read]
        wanted += [(topic, leftovers) for topic in self._topics.retained]
        codes = await self._client.subscribe(wanted)
        for (topic, _), code in zip(wanted, codes, strict=True):
            if isinstance(code, ReasonCode) and code.is_failure:
                log.error("broker.not_allowed", topic=topic, reason=str(code))

    async def deliveries(self) -> AsyncIterator[list[Delivery]]:
        """All that came, in order, as much at a time as there is. Ends with MqttError when the connection does."""
        async for message in self._client.messages:
            batch = [self._delivery(message)]
            while not self._queue.empty() and len(batch) < RECEIVE_MOST:
                batch.append(self._delivery(self._queue.get_nowait()))
            yield batch

    async def publish(self, outbox: Outbox) -> None:
        """Send what waits, for ever. The order is kept; many are under way at once."""
        count = 0
        while True:
            await outbox.something()
            if len(self._under_way) >= self._window:
                self._has_room.clear()
                await self._has_room.wait()
            letter = outbox.take()
            if letter is not None:
                self._publish(letter)
            count += 1
            if count % TURN == 0:
                await asyncio.sleep(0)

    async def say(self, topic: str, payload: bytes) -> None:
        """Publish one retained message, and return once the broker has it."""
        await self._client.publish(topic, payload, QOS, retain=True)

    async def delivered(self, outbox: Outbox) -> None:
        """Return once the broker has all that waits, while `publish` sends it."""
        while len(outbox) or self._under_way:
            self._has_all.clear()
            await self._has_all.wait()

    def not_delivered(self) -> list[Letter]:
        """What was sent and not acknowledged, in order."""
        return list(self._under_way.values())

    def _publish(self, letter: Letter) -> None:
        properties = None
        if letter.correlation is not None:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.CorrelationData = letter.correlation
        info = self._paho.publish(letter.topic, letter.build(), QOS, letter.is_retained, properties)
        self._under_way[info.mid] = letter

    def _connected(
        self, client: Paho, data: object, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        self._window = max(1, min(WINDOW_MOST, getattr(properties, "ReceiveMaximum", WINDOW_MOST)))
        self._client._on_connect(client, data, flags, reason, properties)

    def _write_together(self) -> MQTTErrorCode:
        """Give the kernel what waits in one piece. Paho calls it for each message: half of what a message costs."""
        waiting = self._paho._out_packet
        together = [each for each in waiting if each["qos"] == QOS and each["pos"] == 0]
        if len(waiting) > 1 and len(together) == len(waiting):
            whole = waiting[0]
            whole["packet"] = b"".join(each["packet"] for each in together)
            whole["to_process"] = len(whole["packet"])
            waiting.clear()
            waiting.append(whole)
        return self._write_one_by_one()

    def _published(
        self, _client: Paho, _data: object, mid: int, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        letter = self._under_way.pop(mid, None)
        if letter is not None and letter.of is not None:
            letter.of.acknowledged()
        if not self._under_way:
            self._has_all.set()
        if len(self._under_way) <= self._window // 2:
            self._has_room.set()  # only now: to go on at each acknowledgement would be a turn for each message
        if letter is None:
            self._client._on_publish(_client, _data, mid, reason, cast("Properties", _properties))
        elif reason.is_failure:
            log.error("broker.not_allowed", topic=letter.topic, reason=str(reason))

    def _acknowledge(self, mid: int, qos: int) -> None:
        """To the connection that it came by; when that is gone the message comes again."""
        self._paho.ack(mid, qos)

    def _delivery(self, message: aiomqtt.Message) -> Delivery:
        payload = message.payload if isinstance(message.payload, bytes) else b""
        properties = message.properties
        return Delivery(
            topic=message.topic.value,
            payload=payload,
            at=self._now(),
            acknowledge=partial(self._acknowledge, message.mid, message.qos),
            response_topic=getattr(properties, "ResponseTopic", None),
            correlation=getattr(properties, "CorrelationData", None),
            is_retained=message.retain,
        )


def _connect_properties() -> Properties:
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = SESSION_SECONDS
    properties.ReceiveMaximum = RECEIVE_MOST
    return properties


def tls_context(settings: Mqtt) -> ssl.SSLContext:
    """Whom we trust, and who we are."""
    context = ssl.create_default_context(cafile=settings.ca_file)
    if settings.cert_file:
        context.load_cert_chain(settings.cert_file, settings.key_file)
    return context
