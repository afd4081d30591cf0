"""One connection to the broker: the only place that reaches below aiomqtt, into paho's client.

aiomqtt 2.5 has no word for a late acknowledgement nor for a publish that is not awaited, and hides the client that has
both behind ``_client``. Paho asks the kernel three times for each packet and copies each several times; so PUBLISH and
PUBACK, which pass by the thousand, are ours on the way out and in, see `packets`; paho does all the rest.
tests/unit/adapters/mqtt/test_link.py tells when any of that changes.
"""

import asyncio
import math
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any, cast

import aiomqtt
import structlog
from paho.mqtt.client import Client as Paho
from paho.mqtt.client import ConnectFlags, DisconnectFlags
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from huntgroup.adapters.mqtt import packets
from huntgroup.adapters.mqtt.backlog import Backlog
from huntgroup.adapters.mqtt.incoming import Delivery
from huntgroup.adapters.mqtt.outbox import Letter, Outbox
from huntgroup.adapters.mqtt.share import Share
from huntgroup.adapters.mqtt.topics import Topics
from huntgroup.regular import check_regular
from huntgroup.settings import Mqtt

log = structlog.get_logger(__name__)

QOS = 1
RECEIVE_MOST = 200
"""So many messages the broker may send before one of them is acknowledged."""
WAITING_BYTES = 1 << 20
WAITING_COUNT = 1_000
"""What was received and not handled yet. With more of it the socket is not read: the broker keeps the rest, within its
own limits (`max_queued_messages`, `max_queued_bytes`). A broker may send more than `RECEIVE_MOST` asks for: Mosquitto
2.0.11 does when a session with a backlog resumes."""
MESSAGE_BYTES = 1_024
"""What a message takes besides its payload, about."""
BATCH_BYTES = 256 * 1024
"""Messages that are handled together hold about this much at most."""
WINDOW_MOST = 200
"""Publishes under way at once, unless the broker takes fewer; it says so when we connect."""
READ_MOST = 65_536
"""Bytes that are read at a time, and at most those that are read and not parsed, besides one message."""
BEHIND_SECONDS = 0.25
"""After so long with more to read than can be read, messages at QoS 0 are dropped."""
ACKNOWLEDGED_WITHIN = 30.0
"""Seconds after which a broker that has not acknowledged a message never will: see `Link._drops`. Then the daemon
connects anew, and both sides send again what was not acknowledged."""
DROPPED_SECONDS = 10.0
"""Messages at QoS 0 that had no room are logged this often."""
REFUSED = 0x80
"""From this reason on the broker did not take it."""
MQTT_SUCCESS = MQTTErrorCode.MQTT_ERR_SUCCESS
TAKEN_OVER = 0x8E
"""Session taken over (MQTT 5, 3.14.2.1). Mosquitto says so from 2.0.15 on; 2.0.11 only closes the connection."""
SESSION_SECONDS = 7 * 86_400
"""So long the broker keeps what comes for the daemon while it is away."""
PENDING_CALLS = 10_000
"""aiomqtt warns above its own, far lower number of unacknowledged calls."""


class Waiting(asyncio.Queue[aiomqtt.Message]):
    """What was received and not handled yet. `_put` and `_get` are asyncio's own places to override."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes = 0

    @property
    def is_full(self) -> bool:
        """No more is to be read."""
        return self.bytes >= WAITING_BYTES or self.qsize() >= WAITING_COUNT

    @property
    def is_low(self) -> bool:
        """It is worth while to read again."""
        return self.bytes <= WAITING_BYTES // 2 and self.qsize() <= WAITING_COUNT // 2

    def _put(self, item: aiomqtt.Message) -> None:
        self.bytes += _bytes_of(item)
        super()._put(item)

    def _get(self) -> aiomqtt.Message:
        item: aiomqtt.Message = super()._get()
        self.bytes -= _bytes_of(item)
        return item


class Link:
    """``async with Link(…) as link``: connected. What fails raises aiomqtt's errors."""

    def __init__(  # noqa: PLR0913 - each is another side of it
        self,
        settings: Mqtt,
        topics: Topics,
        will: bytes | None,
        now: Callable[[], float],
        backlog: Backlog | None = None,
        *,
        identifier: str,
        share: Share | None = None,
    ) -> None:
        """``backlog``: who is to know what waited at the broker; ``identifier``: the client id; ``share``: what the
        loop leaves to the broker's messages."""
        share = share if share is not None else Share()
        self._topics = topics
        self._now = now
        self._backlog = backlog or Backlog(0.0, now)
        self._queue = Waiting()
        self._client = aiomqtt.Client(
            settings.host,
            settings.port,
            username=settings.username,
            password=settings.read_secret() if settings.username else None,
            identifier=identifier,
            protocol=aiomqtt.ProtocolVersion.V5,
            will=aiomqtt.Will(topics.status, will, QOS, retain=True) if will is not None else None,
            tls_context=tls_context(settings) if settings.is_tls else None,
            clean_start=False,
            properties=_connect_properties(),
            queue_type=cast("Any", lambda **_: self._queue),
            max_inflight_messages=WINDOW_MOST,
            # Without it an answer waits for the acknowledgement of what was sent before it: 40 ms, seen on Linux.
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        )
        self._client.pending_calls_threshold = PENDING_CALLS
        self._paho: Paho = self._client._client
        self._paho.manual_ack_set(True)
        self._paho.on_connect = self._connected
        self._paho.on_disconnect = self._disconnected
        self.has_session = False
        """The broker went on with a session that it had."""
        self.end: int | None = None
        """Why the broker ended the connection, as MQTT 5 numbers it; None: it gave no reason, or did not end it."""
        self._window = WINDOW_MOST
        self._to_send: list[bytes] = []
        self._publishing = share.slice()
        self._reading = share.slice()
        self._next_read: asyncio.TimerHandle | None = None
        self._came = bytearray()
        self._is_at_end = False
        self._is_held = False
        self._is_unfinished = False
        self._behind_since: float | None = None
        self._to_skip = 0
        self.when_held: Callable[[], None] = _nothing
        """Called when the socket is not read any more, since too much waits to be handled."""
        self.dropped = 0
        """Messages at QoS 0 for which there was no room."""
        self._dropped_logged_at = -math.inf
        self._read_socket = self._paho._sock_recv
        self._paho._sock_recv = self._take  # type: ignore[method-assign]
        self._paho.loop_read = self._read  # type: ignore[method-assign]
        self._paho.on_socket_open = self._opened
        self._under_way: dict[int, Letter] = {}
        self._watch: asyncio.TimerHandle | None = None
        self._is_given_up = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_all = asyncio.Event()

    async def __aenter__(self) -> "Link":
        await self._client.__aenter__()
        return self

    async def __aexit__(self, *failure: Any) -> None:
        self._flush()
        if self._watch is not None:
            self._watch.cancel()
        try:
            await self._client.__aexit__(*failure)
        finally:
            # aiomqtt asks for the end of the connection only where it waits for a message; asyncio would complain.
            if self._client._disconnected.done() and not self._client._disconnected.cancelled():
                self._client._disconnected.exception()

    async def listen(self) -> None:
        """Subscribe to all that the daemon reads, and to its own retained topics for what an earlier life left."""
        commands = SubscribeOptions(QOS, retainHandling=SubscribeOptions.RETAIN_DO_NOT_SEND)
        leftovers = SubscribeOptions(QOS, noLocal=True)
        mark = self._backlog.begins(is_resumed=self.has_session)
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

    async def unsubscribe_all(self) -> None:
        """Let nothing more come into this session. Returns once the broker has read all that was sent before."""
        self._flush()
        await self._client.unsubscribe([*self._topics.to_read, self._topics.backlog_end, *self._topics.retained])

    async def end_session(self) -> None:
        """Disconnect, and let the broker forget the session. Raises MqttError when the connection is gone."""
        self._flush()
        properties = Properties(PacketTypes.DISCONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = 0
        if self._client._disconnected.done() or self._paho.disconnect(properties=properties) != MQTT_SUCCESS:
            raise aiomqtt.MqttError("the connection is gone")

    @property
    def has_waiting(self) -> bool:
        """Whether something was received and not handed out yet."""
        return not self._queue.empty()

    @property
    def is_held(self) -> bool:
        """Whether the socket is not read, since too much waits to be handled. Acknowledgements for us wait, too."""
        return self._is_held

    async def deliveries(self) -> AsyncIterator[list[Delivery]]:
        """All that came, in order, as much at a time as there is. Ends with MqttError when the connection does."""
        async for message in self._client.messages:
            batch = [self._delivery(message)]
            size = len(batch[0].payload)
            while not self._queue.empty() and len(batch) < RECEIVE_MOST and size < BATCH_BYTES:
                batch.append(self._delivery(self._queue.get_nowait()))
                size += len(batch[-1].payload)
            if self._is_held and self._queue.is_low:
                self._is_held = False
                self._read_after(0.0)
            yield batch

    async def publish(self, outbox: Outbox) -> None:
        """Send what waits, for ever. The order is kept; many are under way at once."""
        turn = self._publishing
        while True:
            if not len(outbox):
                await outbox.something()
                turn.begin()
            if len(self._under_way) >= self._window:
                self._has_room.clear()
                await self._has_room.wait()
                turn.begin()
            letter = outbox.take()
            if letter is not None:
                self._publish(letter)
            if turn.is_over:
                await turn.pause()

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
        if self._watch is None:
            self._watch_over(mid)
        self._send(
            packets.publish(
                letter.topic,
                payload,
                mid,
                is_retained=letter.is_retained,
                correlation=letter.correlation,
            )
        )

    def _watch_over(self, mid: int) -> None:
        """The oldest of what is under way."""
        self._watch = asyncio.get_running_loop().call_later(
            ACKNOWLEDGED_WITHIN, self._look_after, mid, self._under_way[mid]
        )

    def _look_after(self, mid: int, letter: Letter) -> None:
        self._watch = None
        if self._under_way.get(mid) is letter:
            self._is_given_up.set()
        elif self._under_way:
            self._watch_over(next(iter(self._under_way)))

    async def acknowledged(self) -> None:
        """Return never while the broker acknowledges what it gets. Raises MqttError when it does not any more."""
        await self._is_given_up.wait()
        raise aiomqtt.MqttError(f"the broker did not acknowledge a message within {ACKNOWLEDGED_WITHIN:g} s")

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

    def _opened(self, client: Paho, data: object, link: Any) -> None:
        """aiomqtt would read in one go whatever there is; this replaces its callback, in the same order."""
        self._client._on_socket_open(client, data, link)
        loop = self._client._loop
        loop.call_soon_threadsafe(loop.add_reader, link.fileno(), self._readable)

    def _readable(self) -> None:
        """Read and parse for one slice of time."""
        self._next_read = None
        if self._paho._sock is None:
            return
        try:
            self._paho.loop_read()
        except Exception as error:  # noqa: BLE001 - as aiomqtt does: a broken pipe, or what paho did not expect
            if not self._client._disconnected.done():
                self._client._disconnected.set_exception(error)
        self._plan_reading()

    def _plan_reading(self) -> None:
        """When to read again: once the socket has something; or after others had their turn; or once there is room."""
        link = self._paho._sock
        if link is None or self._next_read is not None:
            return
        loop = asyncio.get_running_loop()
        is_pending = bool(getattr(link, "pending", int)())  # TLS: decrypted, the socket stays silent
        if self._is_held:
            loop.remove_reader(link.fileno())
        elif self._is_unfinished or self._is_at_end or is_pending:
            loop.remove_reader(link.fileno())
            self._read_after(self._reading.rest())
        else:
            loop.add_reader(link.fileno(), self._readable)

    def _read_after(self, seconds: float) -> None:
        if self._next_read is None:
            self._next_read = asyncio.get_running_loop().call_later(seconds, self._readable)

    def _read(self, max_packets: int = 1) -> MQTTErrorCode:  # noqa: ARG002 - paho's own has it
        """What came, in one piece; paho would ask the kernel three times for each packet. Acknowledgements are
        taken out before it sees them: what they acknowledge it does not know."""
        self._reading.begin()
        if len(self._came) < READ_MOST and not self._is_at_end:
            try:
                data = self._read_socket(READ_MOST)
                self._backlog.heard()  # also of an end that the broker announced; not of one that the network caused
            except BlockingIOError:
                data = None
            except OSError as error:
                log.debug("broker.not_read", error=str(error))
                data = b""
            if data is not None:
                self._is_at_end = not data
                self._came += data
        try:
            code = self._read_packets()
        except packets.Malformed as error:
            log.error("broker.malformed", error=str(error))  # noqa: TRY400 - the broker's doing
            code = MQTTErrorCode.MQTT_ERR_PROTOCOL
        return self._paho._loop_rc_handle(code) if code > MQTTErrorCode.MQTT_ERR_SUCCESS else code

    def _read_packets(self) -> MQTTErrorCode:
        code = MQTTErrorCode.MQTT_ERR_SUCCESS
        self._is_unfinished = False
        while self._paho._sock is not None and code == MQTTErrorCode.MQTT_ERR_SUCCESS:
            is_between = self._paho._in_packet["command"] == 0
            if is_between and not self._to_skip and (self._take_acknowledgements() or self._holds()):
                break
            if not (self._came or self._is_at_end):
                break
            if not (is_between and self._drops()):
                code = self._paho._packet_read()
            if self._reading.is_over:
                self._is_unfinished = code == MQTTErrorCode.MQTT_ERR_SUCCESS and bool(self._came)
                break
        if not self._is_unfinished:
            self._behind_since = None
        elif self._behind_since is None:
            self._behind_since = self._reading.now()
        return MQTTErrorCode.MQTT_ERR_SUCCESS if code == MQTTErrorCode.MQTT_ERR_AGAIN else code

    def _holds(self) -> bool:
        """Whether what comes next is a message that has to wait where it is, as there is no room for it."""
        if not self._came or not self._queue.is_full or not packets.is_reliable(self._came[0]):
            return False
        self._is_held = True
        self.when_held()
        return True

    def _drops(self) -> bool:
        """Whether what came were messages at QoS 0, in part or whole, for which there is no room or no time. Nobody
        promised anything of them, and behind them is what we wait for. Besides, Mosquitto drops whatever it has for us,
        acknowledgements too, while `max_queued_messages` packets wait to be sent (2.0.18, and 2.0.11 of Debian 12)."""
        if self._to_skip:
            there = min(self._to_skip, len(self._came))
            del self._came[:there]
            self._to_skip -= there
            return there > 0
        if not (self._queue.is_full or self._is_behind()):
            return False
        count, self._to_skip = packets.drop_unreliable(self._came)
        self._count_dropped(count)
        return count > 0

    def _is_behind(self) -> bool:
        """Whether more came for some time than could be read."""
        return self._behind_since is not None and self._reading.now() - self._behind_since >= BEHIND_SECONDS

    def _count_dropped(self, count: int) -> None:
        self.dropped += count
        if count and self._reading.now() >= self._dropped_logged_at + DROPPED_SECONDS:
            self._dropped_logged_at = self._reading.now()
            hint = "more messages at QoS 0 than can be handled; publish at QoS 1"
            log.warning("broker.messages_dropped", count=self.dropped, hint=hint)

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
        self.has_session = bool(flags.session_present)
        self._window = max(1, min(WINDOW_MOST, getattr(properties, "ReceiveMaximum", WINDOW_MOST)))
        self._client._on_connect(client, data, flags, reason, properties)

    def _disconnected(
        self, client: Paho, data: object, flags: DisconnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if flags.is_disconnect_packet_from_server:
            self.end = reason.value
        self._client._on_disconnect(client, data, flags, reason, properties)

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


def _nothing() -> None:
    """Nobody minds."""


def _bytes_of(message: aiomqtt.Message) -> int:
    return MESSAGE_BYTES + len(message.payload) if isinstance(message.payload, bytes) else MESSAGE_BYTES


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
