"""Somebody at the broker: a channel, an operator's screen or an integrator, with a real client of their own."""

import asyncio
import contextlib
import itertools
import json
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.lab.broker import Broker

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Seen:
    """One message, with when it came (`time.monotonic`)."""

    topic: str
    payload: bytes
    at: float
    is_retained: bool
    correlation: bytes | None

    @property
    def data(self) -> Any:
        """What it says; None when it is empty."""
        return json.loads(self.payload) if self.payload else None


class Client(aiomqtt.Client):
    """aiomqtt's client, for those whose broker dies under them.

    It keeps the end of the link in a future, and asks for it only where it waits for a message. Who notices the end
    otherwise leaves a future behind of which asyncio complains ("exception was never retrieved", aiomqtt 2.5.1).
    """

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await super().__aexit__(kind, error, trace)
        finally:
            if self._disconnected.done() and not self._disconnected.cancelled():
                self._disconnected.exception()


class Party:
    """``async with Party(broker) as somebody``: connected, and listening to all that they may.

    With a *session*, which is for MQTT 3.1.1, the broker keeps what comes while they are away. After *patience*
    seconds without an acknowledgement they give a broker up: paho does not tell who waits that the link is gone.
    With an *account* they submit, command and see inquiries at the topics of that account.
    """

    def __init__(
        self,
        broker: Broker,
        *,
        user: str | None = None,
        password: str | None = None,
        listens_to: str = "huntgroup/#",
        version: aiomqtt.ProtocolVersion = aiomqtt.ProtocolVersion.V5,
        port: int | None = None,
        tls: ssl.SSLContext | None = None,
        over: Any = "tcp",
        session: str | None = None,
        patience: float = 10.0,
        account: str = "",
    ) -> None:
        self.name = user or f"party-{next(_numbers)}"
        self.account = account
        self._inquiries = f"sources/{account}/inquiries" if account else "inquiries"
        self._submit = f"sources/{account}/submit" if account else "inquiries/submit"
        self.is_v5 = version is aiomqtt.ProtocolVersion.V5
        self._listens_to = listens_to
        self._client = Client(
            broker.address,
            port or broker.port,
            username=user,
            password=password,
            protocol=version,
            tls_context=tls,
            transport=over,
            identifier=session,
            clean_session=None if session is None else False,
            timeout=patience,
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        )
        self._client.pending_calls_threshold = 10_000
        self.seen: list[Seen] = []
        self._came = asyncio.Condition()
        self._is_lost = False
        self._reading: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        if self._listens_to:
            await self._client.subscribe(self._listens_to, qos=1)
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._reading is not None:
            self._reading.cancel()
            with contextlib.suppress(asyncio.CancelledError, aiomqtt.MqttError):
                await self._reading
        with contextlib.suppress(aiomqtt.MqttError):
            await self._client.__aexit__(kind, error, trace)

    async def _read(self) -> None:
        try:
            await self._read_on()
        except aiomqtt.MqttError:
            async with self._came:
                self._is_lost = True
                self._came.notify_all()
            raise

    async def _read_on(self) -> None:
        async for message in self._client.messages:
            payload = message.payload if isinstance(message.payload, bytes) else b""
            correlation = getattr(message.properties, "CorrelationData", None)
            async with self._came:
                self.seen.append(Seen(message.topic.value, payload, time.monotonic(), message.retain, correlation))
                self._came.notify_all()

    # -- saying -------------------------------------------------------------------------------------------------------

    async def says(self, topic: str, payload: dict[str, Any] | bytes, *, retain: bool = False) -> None:
        """Publish below the prefix, and return once the broker has taken it."""
        data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        await self._client.publish(f"huntgroup/{topic}", data, qos=1, retain=retain)

    async def publishes(self, topic: str, payload: bytes, *, qos: int = 1) -> None:
        """Publish anywhere, and return once the broker has taken it; at QoS 0 once it is sent."""
        await self._client.publish(topic, payload, qos=qos)

    async def asks(
        self, topic: str, payload: dict[str, Any] | bytes, *, answer_at: str | None = None, within: float = 10.0
    ) -> dict[str, Any]:
        """Publish below the prefix with a response topic, and return the answer."""
        where = answer_at or f"huntgroup/{self._replies_to(topic)}"
        if not answer_at or not answer_at.startswith("huntgroup/"):
            await self._client.subscribe(where, qos=1)
        mark = str(next(_numbers)).encode()
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.ResponseTopic = where
        properties.CorrelationData = mark
        data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        await self._client.publish(f"huntgroup/{topic}", data, qos=1, properties=properties)
        answer = await self.until(
            lambda each: each.correlation == mark and each.topic != f"huntgroup/{topic}", "an answer", within=within
        )
        data_out: dict[str, Any] = answer.data
        return data_out

    def _replies_to(self, topic: str) -> str:
        """Where who writes at a topic may be answered, below the prefix; they are answered apart from others there."""
        kind, name, *_ = topic.split("/")
        if kind in {"operators", "admin", "sources"}:
            return f"{kind}/{name}/replies/{self.name}"
        return f"replies/{self.name}"

    async def listens(self, topic: str) -> None:
        """Subscribe to something more."""
        await self._client.subscribe(topic, qos=1)

    async def submits(self, name: str, source: str = "site-chat", **more: Any) -> dict[str, Any]:
        """A new inquiry; the answer."""
        return await self.asks(self._submit, {"id": name, "source": source, **more})

    async def tells(self, inquiry: str, kind: str, /, **more: Any) -> dict[str, Any]:
        """A channel's command about an inquiry; the answer."""
        return await self.asks(f"{self._inquiries}/{inquiry}/commands", {"type": kind, **more})

    async def commands(self, operator: str, kind: str, /, **more: Any) -> dict[str, Any]:
        """An operator's command; the answer."""
        return await self.asks(f"operators/{operator}/commands", {"type": kind, **more})

    # -- seeing -------------------------------------------------------------------------------------------------------

    async def until(self, is_it: Callable[[Seen], bool], what: str, *, after: int = 0, within: float = 10.0) -> Seen:
        """The first message that it is, of those that came after the first *after*."""
        position = after
        try:
            async with asyncio.timeout(within), self._came:
                while True:
                    while position < len(self.seen):
                        if is_it(self.seen[position]):
                            return self.seen[position]
                        position += 1
                    if self._is_lost:
                        raise ConnectionError("the broker went away")
                    await self._came.wait()
        except TimeoutError:
            last = [f"{each.topic} {each.payload[:200]!r}" for each in self.seen[-8:]]
            raise AssertionError(f"not within {within} s: {what}; the last were {last}") from None

    async def sees(self, topic: str, /, *, after: int = 0, within: float = 10.0, **fields: Any) -> dict[str, Any]:
        """The first payload at this topic below the prefix that has these fields."""

        def is_it(each: Seen) -> bool:
            if each.topic != f"huntgroup/{topic}" or not each.payload:
                return False
            return all(each.data.get(name) == value for name, value in fields.items())

        found = await self.until(is_it, f"{topic} with {fields}", after=after, within=within)
        data: dict[str, Any] = found.data
        return data

    async def sees_desk(
        self,
        operator: str,
        *,
        offers: list[str] | None = None,
        inquiries: list[str] | None = None,
        after: int = 0,
        within: float = 10.0,
    ) -> dict[str, Any]:
        """The first desk of an operator with just these offers and inquiries; None: whichever."""

        def is_it(each: Seen) -> bool:
            if each.topic != f"huntgroup/operators/{operator}/desk" or not each.payload:
                return False
            on_desk = each.data
            return all(
                wanted is None or [item["inquiry"] for item in on_desk[name]] == wanted
                for name, wanted in (("offers", offers), ("inquiries", inquiries))
            )

        found = await self.until(is_it, f"{operator}'s desk {offers} {inquiries}", after=after, within=within)
        data: dict[str, Any] = found.data
        return data

    async def sees_cleared(self, topic: str, *, after: int = 0, within: float = 10.0) -> None:
        """An empty payload at this topic below the prefix."""
        await self.until(
            lambda each: each.topic == f"huntgroup/{topic}" and not each.payload,
            f"{topic} cleared",
            after=after,
            within=within,
        )

    async def sees_status(self, inquiry: str, *, within: float = 10.0, **fields: Any) -> dict[str, Any]:
        """The first state of an inquiry that has these fields."""
        return await self.sees(f"{self._inquiries}/{inquiry}/status", within=within, **fields)

    def latest(self, topic: str) -> Any:
        """What came last at this topic below the prefix."""
        return [each.data for each in self.seen if each.topic == f"huntgroup/{topic}"][-1]

    def facts(self, *kinds: str) -> list[tuple[str, str]]:
        """The events so far, as (type, inquiry): each once, though one may be told again, as the same, after a kill."""
        heard = [each.data for each in self.seen if each.topic.startswith("huntgroup/events/")]
        events = {each["id"]: each for each in heard}.values()
        return [(each["type"], each.get("subject", "")) for each in events if not kinds or each["type"] in kinds]


async def kept_at(broker: Broker, topic: str = "huntgroup/#", **login: Any) -> dict[str, Any]:
    """What the broker keeps below a topic: topic without the prefix -> payload."""
    async with Party(broker, listens_to="", **login) as reader:
        await reader.listens(topic)
        mark = f"lab/mark-{next(_numbers)}"
        await reader.listens(mark)
        await reader.publishes(mark, b"")
        await reader.until(lambda each: each.topic == mark, "all that is kept")
        return {
            each.topic.removeprefix("huntgroup/"): each.data
            for each in reader.seen
            if each.is_retained and each.topic != mark
        }


@contextlib.asynccontextmanager
async def parties(broker: Broker, count: int, **options: Any) -> AsyncIterator[list[Party]]:
    """So many of them at once."""
    async with contextlib.AsyncExitStack() as stack:
        yield [await stack.enter_async_context(Party(broker, **options)) for _ in range(count)]
