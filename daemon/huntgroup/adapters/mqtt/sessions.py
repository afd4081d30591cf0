"""The daemon's session at the broker: its client id, and what becomes of a session that has an earlier id.

A broker gives a session to any account that connects with its client id (MQTT 5, 3.1.4; Mosquitto 2.0 and 2.1 compare
no names). So the id is derived from the secret: without it nobody can take the session, and with it what waits there.
"""

import asyncio
import contextlib
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

import aiomqtt
import structlog

from huntgroup.adapters.mqtt.incoming import Delivery
from huntgroup.adapters.mqtt.link import Link
from huntgroup.adapters.mqtt.topics import Kind, Topics
from huntgroup.settings import Mqtt

log = structlog.get_logger(__name__)

DIGEST = 32
"""Hexadecimal digits of a derived id: 128 bits. MQTT 5 obliges brokers to accept 23 characters (3.1.3.1); Mosquitto
accepts 65,535."""
TRIES = 3
RETRY_SECONDS = 1.0
"""How often an earlier session is tried, and the pause in between. Another client may use its id, and take it back each
time."""

INQUIRIES = frozenset({Kind.SUBMIT, Kind.ACCOUNT_SUBMIT})
"""Where new inquiries come in."""

Take = Callable[[Sequence[Delivery]], Awaitable[None]]


def client_id(settings: Mqtt) -> str:
    """What nobody can guess who does not know the secret; the same at each start. Raises ConfigError without a secret.

    A broker that lets anonymous clients in protects nothing: any client may subscribe to everything. There the id stays
    what it was in earlier versions, and the session with it.
    """
    key = _key(settings)
    if not key:
        return plain_id(settings.prefix)
    text = f"{settings.prefix}\n{settings.username or ''}".encode()
    return f"huntgroup-{hmac.new(key, text, hashlib.sha256).hexdigest()[:DIGEST]}"


def plain_id(prefix: str) -> str:
    """The id of earlier versions, which anybody can guess."""
    return f"huntgroup-{prefix.replace('/', '-')}"


def _key(settings: Mqtt) -> bytes:
    """A secret of the daemon; empty: it has none."""
    if settings.username:
        return settings.read_secret().encode()
    if settings.key_file is not None:
        with contextlib.suppress(OSError):  # that it cannot be read, connecting reports
            return settings.key_file.read_bytes()
    return b""


class Remembered(Protocol):
    """The ids under which the daemon had a session, kept over a change of its secret."""

    def others(self, identifier: str) -> Sequence[str]:
        """Remember this one; the others that are still remembered."""
        ...

    def forget(self, identifier: str) -> None:
        """The session of this one is over."""
        ...


class EarlierSessions:
    """What the broker keeps in sessions of earlier ids is received once, at the start, and the sessions are ended."""

    def __init__(
        self, settings: Mqtt, topics: Topics, now: Callable[[], float], take: Take, waited: Callable[[], float]
    ) -> None:
        """``take`` handles messages as those of the daemon's own session; ``waited``: seconds that one received now has
        waited at most. No mark is needed there: it gets nothing new."""
        self._waited = waited
        self._settings = settings
        self._topics = topics
        self._now = now
        self._take = take

    async def read(self, identifier: str, *, only_inquiries: bool) -> bool:
        """Receive what waits there, and end it; False when that was not possible.

        ``only_inquiries``: the daemon's own session has existed since an earlier run, so that it had these messages,
        too. An inquiry that is submitted twice stays one. Commands are ignored: they would be carried out a second
        time, and anybody who knows an earlier id could have collected them there.
        """
        error: Exception | None = None
        for _ in range(TRIES):
            reading = _Reading(self._topics, self._take, self._waited, only_inquiries=only_inquiries)
            try:
                async with Link(self._settings, self._topics, None, self._now, identifier=identifier) as link:
                    if link.has_session:
                        await reading.until_empty(link)
                    await link.end_session()
            except (aiomqtt.MqttError, OSError, TimeoutError) as failure:
                error = failure
                await asyncio.sleep(RETRY_SECONDS)
                continue
            if reading.count:
                log.info("broker.earlier_session_read", messages=reading.count, ignored=reading.ignored)
            return True
        hint = "its messages may be lost: another client may use the client id of an earlier version"
        log.error("broker.earlier_session_not_read", client_id=identifier, error=str(error), hint=hint)
        return False


class _Reading:
    """One session, read until it is empty."""

    def __init__(self, topics: Topics, take: Take, waited: Callable[[], float], *, only_inquiries: bool) -> None:
        self._waited = waited
        self._topics = topics
        self._take = take
        self._only_inquiries = only_inquiries
        self._in_hand = 0
        self._done = asyncio.Event()
        self.count = 0
        self.ignored = 0

    async def until_empty(self, link: Link) -> None:
        """Unsubscribe, as new messages go to the daemon's own session. The session is empty when everything received is
        acknowledged and no message precedes the answer to one more request."""
        receiving = asyncio.ensure_future(self._receive(link))
        try:
            before = -1
            while before != self.count:
                before = self.count
                await link.unsubscribe_all()
                while self._in_hand or link.has_waiting:
                    self._done.clear()
                    await _first(receiving, self._done.wait())
        finally:
            receiving.cancel()
            with contextlib.suppress(asyncio.CancelledError, aiomqtt.MqttError):
                await receiving

    async def _receive(self, link: Link) -> None:
        async for batch in link.deliveries():
            self.count += len(batch)
            ours = [each for each in batch if self._is_to_be_taken(each)]
            self.ignored += len(batch) - len(ours)
            self._in_hand += len(ours)
            waited = self._waited()
            await self._take(
                [replace(each, acknowledge=partial(self._acknowledge, each), waited=waited) for each in ours]
            )
            self._done.set()

    def _is_to_be_taken(self, delivery: Delivery) -> bool:
        address = self._topics.address(delivery.topic)
        if address is not None and (address.kind in INQUIRIES or not self._only_inquiries):
            return True
        delivery.acknowledge()
        return False

    def _acknowledge(self, delivery: Delivery) -> None:
        delivery.acknowledge()
        self._in_hand -= 1
        self._done.set()


async def _first(task: "asyncio.Future[None]", waiting: Awaitable[object]) -> None:
    """Return when either is over; raises what the first fails with."""
    other = asyncio.ensure_future(waiting)
    try:
        await asyncio.wait((task, other), return_when=asyncio.FIRST_COMPLETED)
    finally:
        other.cancel()
    if task.done():
        task.result()
