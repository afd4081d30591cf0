"""The broker's side of the daemon, put together. Telephony does not depend on it: while it is down, calls go on."""

import asyncio
import contextlib
import random
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from importlib.metadata import version
from typing import Any

import aiomqtt
import structlog

from huntgroup.adapters.mqtt.administration import Administration
from huntgroup.adapters.mqtt.board import Board
from huntgroup.adapters.mqtt.history import History
from huntgroup.adapters.mqtt.incoming import Customers, Delivery, Intake, Reception
from huntgroup.adapters.mqtt.link import Link
from huntgroup.adapters.mqtt.outbox import Outbox
from huntgroup.adapters.mqtt.payloads import Status, instant
from huntgroup.adapters.mqtt.replies import Replies
from huntgroup.adapters.mqtt.share import Share
from huntgroup.adapters.mqtt.telling import Telling
from huntgroup.adapters.mqtt.topics import Topics
from huntgroup.customers.words import Happening
from huntgroup.engine.effects import Answered, Tidings
from huntgroup.engine.policy import Policy
from huntgroup.errors import StoreError
from huntgroup.settings import Mqtt

log = structlog.get_logger(__name__)

OFFLINE = Status(state="offline").encode()
GOODBYE_TIMEOUT = 2.0
BACKOFF_FIRST = 0.2
BACKOFF_MOST = 10.0
FIGURES_REST = 0.1
"""Seconds between two looks at the figures, however much happens."""


class MqttClient:
    """Tells the broker what the engine tells, and the engine what comes from the broker."""

    def __init__(  # noqa: PLR0913 - each is another side of it
        self,
        settings: Mqtt,
        policy: Policy,
        intake: Intake,
        history: History,
        now: Callable[[], float],
        *,
        administration: Administration | None = None,
        telling: Telling | None = None,
        share: Share | None = None,
    ) -> None:
        self._settings = settings
        self._share = share
        self._telling = telling
        self._now = now
        self._topics = Topics(settings.prefix)
        self._outbox = Outbox()
        self._board = Board(self._topics, self._outbox, policy, now, telling)
        replies = Replies(self._topics, self._outbox)
        self._reception = Reception(self._board, replies, policy, intake, history, administration=administration, share=share)
        self._history = history
        self._began = now()
        online = Status(state="online", since=instant(self._began), version=version("huntgroup"))
        self._outbox.keep(self._topics.status, online.encode)

    def tell(self, tidings: Tidings) -> None:
        """Take what the engine told."""
        if isinstance(tidings, Answered):
            self._reception.answered(tidings)
        else:
            self._board.tell(tidings)

    def announce(self, kind: str, data: dict[str, Any]) -> None:
        """Publish an event about the daemon itself."""
        self._board.announce(kind, data)

    def happened(self, told: Iterable[Happening]) -> None:
        """Publish what happened to customers."""
        for each in told:
            self._board.happened(each)

    def serve_customers(self, customers: Customers) -> None:
        """Who answers what is asked about customers."""
        self._reception.customers = customers

    def follow(self, policy: Policy) -> None:
        """Another configuration holds from now on."""
        self._board.follow(policy)
        self._reception.follow(policy)

    async def run(self) -> None:
        """Keep the link up until cancelled; then say goodbye, so that the last will is not needed."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._tell_figures(), name="figures")
            tasks.create_task(self._keep_linked(), name="link")

    async def _keep_linked(self) -> None:
        backoff = BACKOFF_FIRST
        while True:
            try:
                link = Link(self._settings, self._topics, OFFLINE, self._now, self._share)
                async with link:
                    backoff = BACKOFF_FIRST
                    log.info("broker.found", url=self._settings.url)
                    await self._serve(link)
            except (aiomqtt.MqttError, OSError, TimeoutError) as error:
                delay = backoff * random.uniform(0.5, 1.5)
                backoff = min(backoff * 2, BACKOFF_MOST)
                log.warning("broker.lost", url=self._settings.url, error=str(error), retry_in=round(delay, 3))
                await asyncio.sleep(delay)

    async def _serve(self, link: Link) -> None:
        """Whichever ends first, and with it the session: a publish alone would not notice a dead link."""
        await link.listen()  # who reads that we are online may rely on being heard
        self._outbox.linked()
        listening = _started(self._listen(link))
        tasks = [listening, _started(link.publish(self._outbox))]
        if self._telling is not None:
            behind = self._telling.catching_up(self._board.publish_fact, self._board.publish_happening)
            tasks += map(_started, behind)
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            await _cancelled([listening])
            # Whoever was acknowledged is answered, and every fact is told: nobody will do it later.
            for last in (partial(link.delivered, self._outbox), partial(link.say, self._topics.status, OFFLINE)):
                with contextlib.suppress(aiomqtt.MqttError, TimeoutError):
                    await asyncio.wait_for(last(), GOODBYE_TIMEOUT)
            await _cancelled(tasks)
            raise
        finally:
            self._outbox.unlinked(link.not_delivered())
        await _cancelled(tasks)
        for task in done:
            task.result()

    async def _listen(self, link: Link) -> None:
        # While the socket is not read no acknowledgement comes, and without these the outbox never gets room.
        link.when_held = self._outbox.room_for_one
        async for batch in link.deliveries():
            if not link.is_held:
                await self._outbox.room()
            ours = [each for each in batch if self._topics.is_retained(each.topic)]
            if ours:
                await self._clear_leftovers(ours)
            await self._reception.take([each for each in batch if not self._topics.is_retained(each.topic)])

    async def _clear_leftovers(self, ours: Iterable[Delivery]) -> None:
        """At topics where only we write, what an earlier life of ours left goes; no end is passed over in silence."""
        left = [each.topic for each in ours if each.is_retained and each.topic not in self._outbox.kept]
        untold = {each for each in map(self._topics.inquiry_of, left) if each is not None}
        try:
            past = await self._history.outcomes_of([each for each in untold if not self._board.is_known(each)])
        except StoreError as error:
            log.error("broker.history_unknown", error=str(error))  # noqa: TRY400 - the disk's word
        else:
            for topic in left:
                self._board.clear_leftover(topic, past)
        for each in ours:
            each.acknowledge()

    async def _tell_figures(self) -> None:
        try:
            counted = await self._history.counted(self._board.figures.today_began(self._began), self._began)
        except StoreError as error:
            log.error("broker.figures_incomplete", error=str(error))  # noqa: TRY400 - the disk's word
        else:
            self._board.figures.remember(counted)
        while True:
            rest = self._board.publish_figures()
            await self._board.something_changed(rest)
            await asyncio.sleep(FIGURES_REST)


def _started(work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
    return asyncio.ensure_future(work)


async def _cancelled(tasks: Iterable["asyncio.Task[None]"]) -> None:
    """Cancel what still runs, and wait until it has ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
