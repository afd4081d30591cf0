"""The broker's side of the daemon, put together. Telephony does not depend on it: while it is down, calls go on."""

import asyncio
import contextlib
import math
import random
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from typing import Any

import aiomqtt
import structlog

from huntgroup.adapters.mqtt.administration import Administration
from huntgroup.adapters.mqtt.backlog import Backlog, away_since
from huntgroup.adapters.mqtt.board import Board
from huntgroup.adapters.mqtt.history import History
from huntgroup.adapters.mqtt.incoming import Customers, Delivery, Intake, Reception
from huntgroup.adapters.mqtt.link import TAKEN_OVER, Link
from huntgroup.adapters.mqtt.outbox import Outbox
from huntgroup.adapters.mqtt.payloads import Status, instant
from huntgroup.adapters.mqtt.replies import Replies
from huntgroup.adapters.mqtt.sessions import EarlierSessions, Remembered, client_id, plain_id
from huntgroup.adapters.mqtt.share import Share
from huntgroup.adapters.mqtt.telling import Telling
from huntgroup.adapters.mqtt.topics import Topics
from huntgroup.build import build
from huntgroup.customers.words import Happening
from huntgroup.engine.effects import Answered, Tidings
from huntgroup.engine.policy import Policy
from huntgroup.errors import StoreError
from huntgroup.settings import Mqtt

log = structlog.get_logger(__name__)

OFFLINE = Status(state="offline").encode()
GOODBYE_TIMEOUT = 2.0
SHORT_SECONDS = 10.0
SHORT_LEAST = 3
"""So many connections in a row that the broker ended so soon look as if somebody else had the same client id."""
TAKEN_FIRST, TAKEN_MOST = 5.0, 60.0
"""Seconds before a session is taken back, and twice as many each time."""
CALM_SECONDS = 120.0
"""After a connection that lasted so long it begins anew."""
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
        going: Callable[[], float] | None = None,
        share: Share | None = None,
        remembered: Remembered | None = None,
    ) -> None:
        """``going``: a clock in seconds that nobody sets, by default ``now``; ``remembered``: the client ids of earlier
        runs. Raises ConfigError when the secret cannot be read."""
        self._settings = settings
        # Kept for as long as the process lives: a secret that is changed meanwhile moves the session at the next start.
        self._client_id = client_id(settings)
        self._remembered = remembered
        self._takeovers = Takeovers()
        self._had_session = False
        self._is_served = asyncio.Event()
        self._has_earlier_run = False
        self._share = share
        self._telling = telling
        self._now = now
        self._topics = Topics(settings.prefix)
        self._outbox = Outbox()
        self._board = Board(self._topics, self._outbox, policy, now, telling)
        replies = Replies(self._topics, self._outbox)
        self._reception = Reception(
            self._board,
            replies,
            policy,
            intake,
            history,
            administration=administration,
            command_max_age=settings.command_max_age,
            share=share,
        )
        away = away_since(telling.linked_until or 0.0, now()) if telling is not None else 0.0
        self._going = going or now
        self._earlier_until = self._going() - away
        self._backlog = Backlog(away, self._going, self._note_link)
        self._history = history
        self._began = now()
        self._taken_at: float | None = None
        self._keep_status()

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

    def _keep_status(self) -> None:
        online = Status(
            state="online",
            since=instant(self._began),
            version=build(),
            session_taken_at=instant(self._taken_at) if self._taken_at is not None else None,
        )
        self._outbox.keep(self._topics.status, online.encode)

    async def run(self) -> None:
        """Keep the link up until cancelled; then say goodbye, so that the last will is not needed."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._tell_figures(), name="figures")
            tasks.create_task(self._keep_linked(), name="link")
            tasks.create_task(self._read_earlier_sessions(), name="earlier-sessions")

    async def _keep_linked(self) -> None:
        backoff = BACKOFF_FIRST
        loop = asyncio.get_running_loop()
        while True:
            link: Link | None = None
            connected_at = math.inf
            try:
                link = self._new_link()
                async with link:
                    connected_at = loop.time()
                    backoff = BACKOFF_FIRST
                    log.info("broker.found", url=self._settings.url)
                    await self._serve(link)
            except (aiomqtt.MqttError, OSError, TimeoutError) as error:
                end = link.end if link is not None else None
                taken = self._takeovers.ended(end, loop.time() - connected_at)
                if taken is not None:
                    self._session_was_taken(certain=end == TAKEN_OVER)
                delay = (taken or backoff) * random.uniform(0.5, 1.5)
                backoff = min(backoff * 2, BACKOFF_MOST)
                log.warning("broker.lost", url=self._settings.url, error=str(error), retry_in=round(delay, 3))
                await asyncio.sleep(delay)
            except Exception:
                # Whatever comes over the link, calls go on; what was not acknowledged comes again.
                backoff = min(backoff * 2, BACKOFF_MOST)
                log.exception("broker.link_failed", url=self._settings.url, retry_in=backoff)
                await asyncio.sleep(backoff)

    def _new_link(self) -> Link:
        return Link(
            self._settings,
            self._topics,
            OFFLINE,
            self._now,
            self._backlog,
            identifier=self._client_id,
            share=self._share,
        )

    def _session_was_taken(self, *, certain: bool) -> None:
        """Two daemons with one configuration take it from each other again and again; or somebody knows the secret."""
        self._taken_at = self._now()
        self._keep_status()
        what = "another client connected with the daemon's client id"
        likely = "the broker closes each connection soon after the login, as when another client has the same client id"
        hint = "is there another daemon with the same `prefix` and `username`? if not, change the secret"
        log.error("broker.session_taken", reason=what if certain else likely, certain=certain, hint=hint)
        self.announce("broker.session_taken", {"certain": certain})

    def _check_session(self, link: Link) -> None:
        """Whether what came while we were away was kept."""
        if self._had_session and not link.has_session:
            hint = "messages that were published meanwhile may be lost; does the broker have `persistence true`?"
            log.error("broker.session_lost", hint=hint)
            self.announce("broker.session_lost", {})
        if not self._had_session:
            self._has_earlier_run = link.has_session
        self._had_session = True

    async def _read_earlier_sessions(self) -> None:
        """Once, when the daemon's own session is there, so that nothing falls between the two."""
        known: set[str] = set()
        if self._remembered is not None:
            known.update(await asyncio.to_thread(self._remembered.others, self._client_id))
        await self._is_served.wait()
        # Of several nobody knows which was the last run's, and since when what is in the others has waited.
        waited = self._waited_earlier if len(known) <= 1 else lambda: math.inf
        sessions = EarlierSessions(self._settings, self._topics, self._now, self._reception.take, waited)
        for identifier in sorted((known | {plain_id(self._settings.prefix)}) - {self._client_id}):
            is_anothers = bool(known) and identifier not in known  # the last run had a session of its own
            is_over = await sessions.read(identifier, only_inquiries=self._has_earlier_run or is_anothers)
            if is_over and self._remembered is not None:
                await asyncio.to_thread(self._remembered.forget, identifier)

    async def _serve(self, link: Link) -> None:
        """Whichever ends first, and with it the session: a publish alone would not notice a dead link."""
        await link.listen()  # who reads that we are online may rely on being heard
        self._check_session(link)
        self._is_served.set()
        self._outbox.linked()
        listening = _started(self._listen(link))
        tasks = [listening, _started(link.publish(self._outbox)), _started(link.acknowledged())]
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
            self._backlog.ends()
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
            for each in batch:
                if each.topic == self._topics.backlog_end:
                    each.acknowledge()
            theirs = [each for each in batch if not self._topics.is_retained(each.topic)]
            await self._reception.take([each for each in theirs if each.topic != self._topics.backlog_end])

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

    def _waited_earlier(self) -> float:
        """Seconds that a message in the session of an earlier id has waited at most."""
        return self._going() - self._earlier_until

    def _note_link(self, away: float | None) -> None:
        """Have it kept beyond this run since when nobody has read at the broker."""
        if self._telling is not None:
            self._telling.linked(None if away is None else self._now() - away)

    async def _tell_figures(self) -> None:
        try:
            counted = await self._history.counted(self._board.figures.today_began(self._began), self._began)
        except StoreError as error:
            log.error("broker.figures_incomplete", error=str(error))  # noqa: TRY400 - the disk's word
        else:
            self._board.figures.remember(counted)
        while True:
            rest = BACKOFF_MOST
            try:
                rest = self._board.publish_figures()
            except Exception:
                log.exception("broker.figures_failed")
            await self._board.something_changed(rest)
            await asyncio.sleep(FIGURES_REST)


class Takeovers:
    """How long to wait before the session is taken back, so that two daemons do not fight over it at full speed."""

    def __init__(self) -> None:
        self._wait = TAKEN_FIRST
        self._short = 0

    def ended(self, end: int | None, lived: float) -> float | None:
        """Seconds to wait after a connection; None: as usual. ``end`` is the reason that the broker gave, if any;
        ``lived`` the seconds that it lasted, below 0 if there was none.

        A broker that gives no reason counts as having given the session away when it closes the connection soon after
        the login several times in a row.
        """
        is_short = 0 <= lived < SHORT_SECONDS and end is None
        self._short = self._short + 1 if is_short else 0
        if end != TAKEN_OVER and self._short < SHORT_LEAST:
            if lived >= CALM_SECONDS:
                self._wait = TAKEN_FIRST
            return None
        self._short = 0
        wait, self._wait = self._wait, min(self._wait * 2, TAKEN_MOST)
        return wait


def _started(work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
    return asyncio.ensure_future(work)


async def _cancelled(tasks: Iterable["asyncio.Task[None]"]) -> None:
    """Cancel what still runs, and wait until it has ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
