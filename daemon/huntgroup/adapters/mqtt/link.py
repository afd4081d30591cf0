"""One connection to the broker: the only place that reaches below aiomqtt, into paho's client.

aiomqtt 2.5 has no word for a late acknowledgement nor for a publish that is not awaited, and hides the client that has
both behind ``_client``. Paho asks the kernel three times for each packet and copies each several times; so PUBLISH and
PUBACK, which pass by the thousand, are ours on the way out and in, see `packets`; paho does all the rest.
tests/unit/adapters/mqtt/test_link.py tells when any of that changes.
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

from huntgroup.adapters.mqtt import packets
from huntgroup.adapters.mqtt.backlog import Backlog
from huntgroup.adapters.mqtt.incoming import Delivery
from huntgroup.adapters.mqtt.outbox import Letter, Outbox
from huntgroup.adapters.mqtt.topics import Topics
from huntgroup.regular import check_regular
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
READ_MOST = 65_536
"""Bytes that are read at a time."""
REFUSED = 0x80
"""From this reason on the broker did not take it."""
TURN = 64
"""After so many publishes others get their turn, even if the broker is quick."""
SESSION_SECONDS = 7 * 86_400
"""So long the broker keeps what comes for the daemon while it is away."""
PENDING_CALLS = 10_000
"""aiomqtt warns above its own, far lower number of unacknowledged calls."""


class Link:
    """``async with Link(…) as link``: connected. What fails raises aiomqtt's errors."""

    def __init__(
        self, settings: Mqtt, topics: Topics, will: bytes, now: Callable[[], float], backlog: Backlog | None = None
    ) -> None:
        """``backlog``: who is to know what waited at the broker."""
        self._topics = topics
        self._now = now
        self._backlog = backlog or Backlog(0.0, now)
        self._is_resumed = False
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
        self._paho.on_connect = self._connected
        self._window = WINDOW_MOST
        self._to_send: list[bytes] = []
        self._came = bytearray()
        self._is_at_end = False
        self._read_socket = self._paho._sock_recv
        self._paho._sock_recv = self._take  # type: ignore[method-assign]
        self._paho.loop_read = self._read  # type: ignore[method-assign]
        self._under_way: dict[int, Letter] = {}
        self._has_room = asyncio.Event()
        self._has_all = asyncio.Event()

    async def __aenter__(self) -> "Link":
        await self._client.__aenter__()
        return self

    async def __aexit__(self, *failure: Any) -> None:
        self._flush()
        await self._client.__aexit__(*failure)

    async def listen(self) -> None:
        """Subscribe to all that the daemon reads, and to its own retained topics for what an earlier life left."""
        commands = SubscribeOptions(QOS, retainHandling=SubscribeOptions.RETAIN_DO_NOT_SEND)
        leftovers = SubscribeOptions(QOS, noLocal=True)
        mark = self._backlog.begins(is_resumed=self._is_resumed)
        wanted = [(topic, commands) for topic in (*self._topics.to_read, self._topics.backlog_end)]
        wanted += [(topic, leftovers) for topic in self._topics.retained]
        codes = await self._client.subscribe(wanted)
        for (topic, _), code in zip(wanted, codes, strict=True):
            if isinstance(code, ReasonCode) and code.is_failure:
                self._not_allowed(topic, str(code))
        if mark is not None:
            self._publish(Letter(self._topics.backlog_end, lambda: mark))

    def _not_allowed(self, topic: str, reason: str) -> None:
        log.error("broker.not_allowed", topic=topic, reason=reason)
        if topic == self._topics.backlog_end:
            # Without a mark every command would count as old for ever: then none does, as before there were marks.
            self._backlog.is_over()

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
        return [each for each in self._under_way.values() if each.topic != self._topics.backlog_end]

    # -- below aiomqtt ------------------------------------------------------------------------------------------------

    def _publish(self, letter: Letter) -> None:
        try:
            payload = letter.build()
        except Exception:
            # It would fail again, and nothing behind it would ever be sent.
            log.exception("broker.letter_failed", topic=letter.topic)
            if letter.of is not None:
                letter.of.acknowledged()
            return
        mid = self._paho._mid_generate()
        while mid in self._under_way:
            mid = self._paho._mid_generate()
        self._under_way[mid] = letter
        self._send(
            packets.publish(
                letter.topic,
                payload,
                mid,
                is_retained=letter.is_retained,
                correlation=letter.correlation,
            )
        )

    def _acknowledge(self, mid: int, qos: int) -> None:
        """To the connection that it came by; when that is gone the message comes again."""
        if qos == QOS:
            self._send(packets.acknowledgement(mid))

    def _send(self, packet: bytes) -> None:
        """What is sent within a turn goes to the kernel in one piece: to give it each by itself is half its cost."""
        if not self._to_send:
            asyncio.get_running_loop().call_soon(self._flush)
        self._to_send.append(packet)

    def _flush(self) -> None:
        whole = b"".join(self._to_send)
        self._to_send.clear()
        if not whole or self._paho._sock is None:
            return
        packet = {"command": packets.PUBLISH_AT_LEAST_ONCE, "mid": 0, "qos": QOS, "pos": 0, "to_process": len(whole)}
        self._paho._out_packet.append(cast("Any", packet | {"packet": whole, "info": None}))
        self._paho.loop_write()

    def _read(self, max_packets: int = 1) -> MQTTErrorCode:  # noqa: ARG002 - paho's own has it
        """All that came, in one piece; paho would ask the kernel three times for each packet. Acknowledgements are
        taken out before it sees them: what they acknowledge it does not know."""
        try:
            data = self._read_socket(READ_MOST)
            self._backlog.heard()  # also of an end that the broker announced; not of one that the network caused
        except BlockingIOError:
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        except OSError as error:
            log.debug("broker.not_read", error=str(error))
            data = b""
        self._came += data
        self._is_at_end = not data
        try:
            code = self._read_packets()
        except packets.Malformed as error:
            log.error("broker.malformed", error=str(error))  # noqa: TRY400 - the broker's doing
            code = MQTTErrorCode.MQTT_ERR_PROTOCOL
        return self._paho._loop_rc_handle(code) if code > MQTTErrorCode.MQTT_ERR_SUCCESS else code

    def _read_packets(self) -> MQTTErrorCode:
        code = MQTTErrorCode.MQTT_ERR_SUCCESS
        while self._paho._sock is not None and code == MQTTErrorCode.MQTT_ERR_SUCCESS:
            is_between = self._paho._in_packet["command"] == 0
            if (is_between and self._take_acknowledgements()) or not (self._came or self._is_at_end):
                break
            code = self._paho._packet_read()
        return MQTTErrorCode.MQTT_ERR_SUCCESS if code == MQTTErrorCode.MQTT_ERR_AGAIN else code

    def _take(self, bufsize: int) -> bytes:
        """Where paho reads its socket."""
        if not self._came and not self._is_at_end:
            raise BlockingIOError
        data = bytes(self._came[:bufsize])
        del self._came[:bufsize]
        return data

    def _take_acknowledgements(self) -> bool:
        """Those that stand first; whether a part of one is left, which is not to be read before the rest is there."""
        found, is_part = packets.take_acknowledgements(self._came)
        for mid, reason in found:
            letter = self._under_way.pop(mid, None)
            if letter is None:
                self._of_paho(mid, reason)
                continue
            if letter.of is not None:
                letter.of.acknowledged()
            if reason >= REFUSED:
                self._not_allowed(letter.topic, reason_of(reason))
        if found and len(self._under_way) <= self._window // 2:
            self._has_room.set()  # only now: to go on at each acknowledgement would be a turn for each message
        if not self._under_way:
            self._has_all.set()
        return is_part and not self._is_at_end

    def _of_paho(self, mid: int, reason: int) -> None:
        """What was published by aiomqtt's own word."""
        with self._paho._out_message_mutex:
            if mid in self._paho._out_messages:
                code = ReasonCode(PacketTypes.PUBACK, identifier=reason)
                self._paho._do_on_publish(mid, code, Properties(PacketTypes.PUBACK))  # type: ignore[no-untyped-call]

    def _connected(
        self, client: Paho, data: object, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        self._is_resumed = flags.session_present
        self._window = max(1, min(WINDOW_MOST, getattr(properties, "ReceiveMaximum", WINDOW_MOST)))
        self._client._on_connect(client, data, flags, reason, properties)

    def _delivery(self, message: aiomqtt.Message) -> Delivery:
        payload = message.payload if isinstance(message.payload, bytes) else b""
        properties = message.properties
        if message.topic.value == self._topics.backlog_end:
            self._backlog.arrived(payload)
        return Delivery(
            topic=message.topic.value,
            payload=payload,
            at=self._now(),
            acknowledge=partial(self._acknowledge, message.mid, message.qos),
            response_topic=getattr(properties, "ResponseTopic", None),
            correlation=getattr(properties, "CorrelationData", None),
            is_retained=message.retain,
            waited=self._backlog.waited(),
        )


def reason_of(code: int) -> str:
    """In words, or as it came when nobody knows it."""
    try:
        return str(ReasonCode(PacketTypes.PUBACK, identifier=code))
    except KeyError:
        return str(code)


def _connect_properties() -> Properties:
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = SESSION_SECONDS
    properties.ReceiveMaximum = RECEIVE_MOST
    return properties


def tls_context(settings: Mqtt) -> ssl.SSLContext:
    """Whom we trust, and who we are. Raises OSError for a file that cannot be read without waiting."""
    for path in (settings.ca_file, settings.cert_file, settings.key_file):
        if path is not None:
            check_regular(path)
    context = ssl.create_default_context(cafile=settings.ca_file)
    if settings.cert_file:
        context.load_cert_chain(settings.cert_file, settings.key_file)
    return context
