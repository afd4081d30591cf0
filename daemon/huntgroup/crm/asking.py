"""Asks a CRM who somebody is, and never lets a caller wait longer than the budget for it.

What comes too late is kept for the next time. What was asked a moment ago is not asked again, whether the CRM knew them
or not; two who ask for the same at the same time share one question. A CRM that keeps failing or is always late is left
alone for a while, and then nobody waits for it at all.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import NamedTuple

import structlog

from huntgroup.crm.circuit import Circuit
from huntgroup.crm.users import Users
from huntgroup.crm.words import Contact, Crm, CrmError, Identity, Person

log = structlog.get_logger(__name__)

KNOWN_SECONDS = 300.0
UNKNOWN_SECONDS = 60.0
"""How long an answer holds. Who is unknown may be put in at any time."""
ANSWERS_MOST = 10_000
QUESTIONS_MOST = 8
"""At the same time; beyond that nobody is asked for."""
IDENTITIES_MOST = 10

Key = tuple[Identity, ...]


class _Answer(NamedTuple):
    contact: Contact | None
    until: float


class LookUps:
    """What is still being asked when it is closed is let go. ``now``: seconds on a clock that only goes on."""

    def __init__(self, crm: Crm, users: Users, kinds: Sequence[str], now: Callable[[], float]) -> None:
        self._crm = crm
        self._users = users
        self._kinds = kinds
        self._now = now
        self._circuit = Circuit()
        self._answers: OrderedDict[Key, _Answer] = OrderedDict()
        self._asking: dict[Key, asyncio.Task[Contact | None]] = {}
        self._late: set[Key] = set()

    async def look_up(self, identities: Sequence[Identity], budget: float) -> Person | None:
        """Who that is, within so many seconds; None: nobody, or nobody can say in time. Raises nothing of the CRM's."""
        key = tuple(sorted({(str(kind), value) for kind, value in identities if kind in self._kinds}))[:IDENTITIES_MOST]
        if not key or budget <= 0:
            return None
        kept = self._kept(key)
        if kept is not None:
            return self._person(kept.contact)
        task = self._asking.get(key) or self._ask(key)
        if task is None:
            return None
        try:
            done, _ = await asyncio.wait({task}, timeout=budget)
        except asyncio.CancelledError:
            self._is_late(key)  # who asked has a budget of their own, and it was the shorter one
            raise
        if not done:
            self._is_late(key)
            return None
        return None if task.cancelled() or task.exception() else self._person(task.result())

    async def close(self) -> None:
        """Let go of what is still being asked."""
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _kept(self, key: Key) -> _Answer | None:
        kept = self._answers.get(key)
        if kept is None or kept.until <= self._now():
            return None
        self._answers.move_to_end(key)
        return kept

    def _ask(self, key: Key) -> asyncio.Task[Contact | None] | None:
        if len(self._asking) >= QUESTIONS_MOST or not self._circuit.may_ask(self._now()):
            return None
        task = asyncio.create_task(self._crm.look_up(key), name="crm-look-up")
        self._asking[key] = task
        task.add_done_callback(lambda done: self._asked(key, done))
        return task

    def _asked(self, key: Key, task: asyncio.Task[Contact | None]) -> None:
        del self._asking[key]
        was_late = key in self._late
        self._late.discard(key)
        if task.cancelled():
            self._circuit.gave_up()
            return
        error = task.exception()
        if error is not None and not isinstance(error, CrmError):
            log.error("crm.look_up_broke", exc_info=error)
        if error is None:
            self._keep(key, task.result())
        if was_late:
            return  # That it was late has been counted.
        if error is not None:
            self._failed(str(error) or repr(error))
        elif self._circuit.succeeded():
            log.warning("crm.look_up_again")

    def _is_late(self, key: Key) -> None:
        if key not in self._late:
            self._late.add(key)
            self._failed("does not say in time who somebody is")

    def _keep(self, key: Key, contact: Contact | None) -> None:
        seconds = UNKNOWN_SECONDS if contact is None else KNOWN_SECONDS
        self._answers[key] = _Answer(contact, self._now() + seconds)
        self._answers.move_to_end(key)
        if len(self._answers) > ANSWERS_MOST:
            self._answers.popitem(last=False)

    def _failed(self, error: str) -> None:
        if self._circuit.failed(self._now()):
            log.error("crm.look_up_given_up", error=error, hint="nobody waits for it; it is tried again by and by")

    def _person(self, contact: Contact | None) -> Person | None:
        if contact is None:
            return None
        responsible = self._users.operator_of(contact.user)
        return Person(reference=contact.reference, name=contact.name, responsible=responsible)
