"""The link to the broker. Telephony does not depend on it: while it is down, the newest state of each topic is kept."""

import asyncio
import contextlib
import random
import ssl
from collections.abc import Iterable
from datetime import UTC, datetime

import aiomqtt
import structlog

from huntgroup.adapters.mqtt import topics
from huntgroup.adapters.mqtt.payloads import Status, operator_state
from huntgroup.engine.effects import OperatorChanged
from huntgroup.engine.ids import OperatorId
from huntgroup.settings import Mqtt

log = structlog.get_logger(__name__)

QOS = 1
OFFLINE = Status(state="offline").encode()
GOODBYE_TIMEOUT = 2.0
BACKOFF_FIRST = 0.2
BACKOFF_MOST = 10.0
PENDING_CALLS = 10_000
"""aiomqtt warns above its own, far lower number of unacknowledged publishes; a reconnect has one for every topic."""


class MqttClient:
    """Publishes retained state. What is published is folded by topic, so the backlog is as large as the state is."""

    def __init__(self, settings: Mqtt, version: str) -> None:
        self._settings = settings
        self._online = Status(state="online", since=datetime.now(UTC), version=version).encode()
        self._retained: dict[str, bytes] = {}
        self._unsent: dict[str, None] = {}
        self._changed = asyncio.Event()

    def tell(self, changed: OperatorChanged) -> None:
        """Take an operator's new state, to be published as soon as the broker takes it."""
        topic = topics.operator_state(self._settings.prefix, changed.operator)
        self._retained[topic] = operator_state(changed).encode()
        self._unsent[topic] = None
        self._changed.set()

    def forget(self, operator: OperatorId) -> None:
        """Clear what is retained of somebody who is an operator no longer: an empty payload does."""
        topic = topics.operator_state(self._settings.prefix, operator)
        self._retained[topic] = b""
        self._unsent[topic] = None
        self._changed.set()

    async def run(self) -> None:
        """Keep the link up until cancelled; then say goodbye, so that the last will is not needed."""
        backoff = BACKOFF_FIRST
        while True:
            try:
                async with self._client() as client:
                    backoff = BACKOFF_FIRST
                    log.info("broker.found", url=self._settings.url)
                    await self._publish_until_lost(client)
            except (aiomqtt.MqttError, OSError, TimeoutError) as error:
                delay = backoff * random.uniform(0.5, 1.5)
                backoff = min(backoff * 2, BACKOFF_MOST)
                log.warning("broker.lost", url=self._settings.url, error=str(error), retry_in=round(delay, 2))
                await asyncio.sleep(delay)

    def _client(self) -> aiomqtt.Client:
        settings = self._settings
        client = aiomqtt.Client(
            settings.host,
            settings.port,
            username=settings.username,
            password=settings.read_secret() if settings.username else None,
            identifier=f"huntgroup-{settings.prefix.replace('/', '-')}",
            protocol=aiomqtt.ProtocolVersion.V5,
            will=aiomqtt.Will(topics.status(settings.prefix), OFFLINE, QOS, retain=True),
            tls_context=self._tls() if settings.is_tls else None,
        )
        client.pending_calls_threshold = PENDING_CALLS
        return client

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self._settings.ca_file)
        if self._settings.cert_file:
            context.load_cert_chain(self._settings.cert_file, self._settings.key_file)
        return context

    async def _publish_until_lost(self, client: aiomqtt.Client) -> None:
        """Whichever ends first, and with it the session: a publish alone would wait out its timeout on a dead link."""
        tasks = [asyncio.ensure_future(_until_lost(client)), asyncio.ensure_future(self._publish_changes(client))]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            await _cancelled(tasks)
            with contextlib.suppress(aiomqtt.MqttError, TimeoutError):
                async with asyncio.timeout(GOODBYE_TIMEOUT):
                    await self._publish(client, topics.status(self._settings.prefix), OFFLINE)
            raise
        await _cancelled(tasks)
        for task in done:
            task.result()

    async def _publish_changes(self, client: aiomqtt.Client) -> None:
        """Everything once, as the broker may have lost it or may hold what is no longer true; then what changes."""
        await self._publish(client, topics.status(self._settings.prefix), self._online)
        self._unsent = dict.fromkeys(self._retained)
        while True:
            while self._unsent:
                topic = next(iter(self._unsent))
                del self._unsent[topic]
                await self._publish(client, topic, self._retained[topic])
            self._changed.clear()
            await self._changed.wait()

    async def _publish(self, client: aiomqtt.Client, topic: str, payload: bytes) -> None:
        await client.publish(topic, payload, QOS, retain=True)


async def _cancelled(tasks: Iterable["asyncio.Future[None]"]) -> None:
    """Cancel what still runs, and wait until it has ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _until_lost(client: aiomqtt.Client) -> None:
    """Ends with MqttError when the connection does; nothing is subscribed to, so no message comes."""
    async for _ in client.messages:
        continue
