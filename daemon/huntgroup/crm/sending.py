"""Tells a CRM what waits in the outbox: of each customer in order, of all of them some at the same time.

A deed is marked as tried before it leaves, and taken out once it is done, so that a daemon that dies in between finds
it again: it is told at least once, and its key has a CRM do it once. A CRM that hangs or fails costs its own backlog
and nothing else.
"""

import asyncio
import random
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Protocol, TypeVar

import structlog
from pydantic import ValidationError

from huntgroup.adapters.store import crm_outbox
from huntgroup.adapters.store.crm_outbox import Row
from huntgroup.crm.circuit import Circuit
from huntgroup.crm.deeds import AnyDeed, Create, RegisterCall, decoded
from huntgroup.crm.users import Users
from huntgroup.crm.words import Crm, CrmAway, CrmBusy, CrmError, CrmRefused, CrmShut, Errand, NotForCrm
from huntgroup.errors import HuntgroupError

log = structlog.get_logger(__name__)

AT_ONCE = 4
"""Deeds at the same time."""
DEED_SECONDS = 150.0
"""A deed may be several requests, and wait for room between them."""
LEASE = 180.0
"""Seconds before a deed whose end nobody knows is tried again."""
FIRST_PAUSE = 5.0
LONGEST_PAUSE = 3600.0
"""Between two tries of one deed, doubled from one to the other."""
FAULTS_MOST = 2
"""Tries of a deed that fails by a fault of ours."""
LOOK_SECONDS = 30.0
"""So often at least somebody looks into the outbox: `huntgroup crm retry` writes there from outside."""
STORE_SECONDS = 5.0
"""So long it waits when the store does not take what it writes."""

T = TypeVar("T")
Jitter = Callable[[], float]
"""From 0 to 1: how much of a pause is left to chance."""


class Do(Protocol):
    """Does some work on the store's one writing connection, in a transaction of its own, and gives what it returns.

    Raises StoreError or sqlite3.Error when it cannot be made durable.
    """

    def __call__(self, work: Callable[[sqlite3.Connection], T], /) -> Awaitable[T]: ...


class Sender:
    """``now``: seconds since the epoch, of a clock that only goes on."""

    def __init__(  # noqa: PLR0913 - each is another neighbour
        self,
        crm: Crm,
        connector: str,
        users: Users,
        do: Do,
        now: Callable[[], float],
        *,
        give_up_after: float,
        jitter: Jitter = random.random,
    ) -> None:
        self._crm = crm
        self._connector = connector
        self._users = users
        self._do = do
        self._now = now
        self._give_up_after = give_up_after
        self._jitter = jitter
        self._circuit = Circuit(failures=3)
        self._paused_until = 0.0
        self._wake = asyncio.Event()
        self._under_way: dict[int, asyncio.Task[None]] = {}

    def wake(self) -> None:
        """Something was put into the outbox."""
        self._wake.set()

    async def run(self) -> None:
        """Tell until cancelled. What is under way then counts as tried, and is looked after in the next life."""
        is_resumed = False
        try:
            while True:
                try:
                    if not is_resumed:
                        await self._resume()
                        is_resumed = True
                    seconds = await self._turn()
                except (sqlite3.Error, HuntgroupError) as error:
                    log.error("crm.outbox_unusable", error=str(error))  # noqa: TRY400 - the store's word
                    seconds = STORE_SECONDS
                except Exception:
                    log.exception("crm.sender_failed")
                    seconds = STORE_SECONDS
                with suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await self._wake.wait()
        finally:
            tasks = list(self._under_way.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _resume(self) -> None:
        at = self._now() + self._crm.settles_within
        await self._do(lambda store: crm_outbox.resume(store, self._connector, at))

    async def _turn(self) -> float:
        """Take what is due and may be told now; how long to wait when nothing else happens."""
        self._wake.clear()
        now = self._now()
        rest = max(self._paused_until, self._circuit.rests_until(now)) - now
        if rest > 0:
            return min(rest, LOOK_SECONDS)
        room = (1 if self._circuit.is_open else AT_ONCE) - len(self._under_way)
        if room <= 0:
            return LOOK_SECONDS
        rows, due = await self._do(lambda store: self._taken(store, now, room))
        for row in rows:
            if row.id not in self._under_way and self._circuit.may_ask(now):
                self._start(row)
        return LOOK_SECONDS if due is None else min(max(due - self._now(), 0.0), LOOK_SECONDS)

    def _taken(self, store: sqlite3.Connection, now: float, room: int) -> tuple[list[Row], float | None]:
        rows = crm_outbox.take(store, self._connector, now, room, LEASE)
        return rows, crm_outbox.next_due(store, self._connector)

    def _start(self, row: Row) -> None:
        task = asyncio.create_task(self._attend(row), name=f"crm-{row.deed}-{row.id}")
        self._under_way[row.id] = task
        task.add_done_callback(lambda done: self._ended(row, done))

    def _ended(self, row: Row, task: asyncio.Task[None]) -> None:
        del self._under_way[row.id]
        self._wake.set()
        if task.cancelled():
            self._circuit.gave_up()
        elif (error := task.exception()) is not None:
            # The store did not take what came of it: its lease ends, and it is looked after again.
            self._circuit.gave_up()
            log.error("crm.not_noted", deed=row.deed, id=row.id, error=str(error))

    async def _attend(self, row: Row) -> None:
        """One try of one deed, and what came of it, written down."""
        try:
            deed = decoded(row.body)
        except ValidationError as error:
            await self._bury(row, f"is not as this Huntgroup writes it: {error.error_count()} mistakes")
            return
        try:
            async with asyncio.timeout(DEED_SECONDS):
                reference = await self._tell(row, deed)
        except NotForCrm as reason:
            self._answered()
            log.info("crm.not_needed", deed=row.deed, inquiry=deed.inquiry, reason=str(reason))
            await self._do(lambda store: crm_outbox.finish(store, row, "", self._now()))
        except CrmBusy as error:
            self._circuit.gave_up()
            await self._pause(row, str(error), error.seconds)
        except CrmRefused as error:
            self._answered()
            await self._bury(row, str(error))
        except TimeoutError:
            await self._failed(row, CrmAway(f"not done within {DEED_SECONDS:g} s"))
        except CrmError as error:
            await self._failed(row, error)
        except (sqlite3.Error, HuntgroupError):
            raise
        except Exception as error:
            log.exception("crm.deed_failed", deed=row.deed, id=row.id)
            await self._set_aside(row, error)
        else:
            self._answered()
            await self._do(lambda store: crm_outbox.finish(store, row, reference, self._now()))

    async def _tell(self, row: Row, deed: AnyDeed) -> str:
        reference = await self._do(lambda store: crm_outbox.reference_of(store, self._connector, row.customer))

        async def keep(done: Mapping[str, str]) -> None:
            await self._do(lambda store: crm_outbox.keep(store, row, done))

        errand = Errand(
            key=row.key,
            reference=reference,
            user=self._users.user_of(deed.operator),
            is_again=row.tries > 0,
            done=row.done,
            keep=keep,
        )
        if isinstance(deed, Create):
            return await self._crm.create(deed, errand)
        if isinstance(deed, RegisterCall):
            await self._crm.register_call(deed, errand)
        else:
            await self._crm.set_responsible(deed, errand)
        return ""

    def _answered(self) -> None:
        if self._circuit.succeeded():
            log.warning("crm.reached_again", connector=self._connector)

    async def _pause(self, row: Row, error: str, seconds: float) -> None:
        """The CRM has had enough: nobody is sent for so long, and this one was not even looked at."""
        self._paused_until = max(self._paused_until, self._now() + seconds)
        log.info("crm.busy", seconds=round(seconds, 1), error=error)
        until = self._paused_until
        await self._do(lambda store: crm_outbox.postpone(store, row, error, until, counts=False))

    async def _failed(self, row: Row, error: CrmError) -> None:
        now = self._now()
        if self._circuit.failed(now):
            stands = await self._do(lambda store: crm_outbox.backlog(store, self._connector))
            log.error("crm.given_rest", error=str(error), waiting=stands.waiting, shut=isinstance(error, CrmShut))
        if now - row.at >= self._give_up_after:
            await self._bury(row, f"given up after {row.tries + 1} tries: {error}")
            return
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(row.tries, 20))
        next_at = now + max(pause * (0.5 + self._jitter()), self._crm.settles_within)
        log.info("crm.try_failed", deed=row.deed, id=row.id, tries=row.tries + 1, error=str(error))
        await self._do(lambda store: crm_outbox.postpone(store, row, str(error), next_at))

    async def _set_aside(self, row: Row, error: Exception) -> None:
        """It failed by a fault of ours: once more, since the answer may be another, and then it holds up no other."""
        self._circuit.gave_up()
        why = f"a fault in Huntgroup: {error!r}"
        if row.tries + 1 >= FAULTS_MOST:
            await self._bury(row, why)
        else:
            next_at = self._now() + FIRST_PAUSE + self._crm.settles_within
            await self._do(lambda store: crm_outbox.postpone(store, row, why, next_at))

    async def _bury(self, row: Row, error: str) -> None:
        log.error(
            "crm.given_up", deed=row.deed, id=row.id, customer=row.customer, error=error, hint="`huntgroup crm retry`"
        )
        await self._do(lambda store: crm_outbox.bury(store, row, error, self._now()))
