"""All that the daemon has for a CRM, put together: a part of the composition root."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from huntgroup.adapters.clock import Clock
from huntgroup.adapters.store.customers.works import Work
from huntgroup.adapters.store.journal import Journal
from huntgroup.crm.desk import CrmDesk
from huntgroup.customers.words import CustomersError, Happening
from huntgroup.errors import StoreError
from huntgroup.recognition import Told, Wanted
from huntgroup.settings import Settings

T = TypeVar("T")


def crm_desk(settings: Settings, journal: Journal, clock: Clock) -> CrmDesk | None:
    """The desk of the CRM that the settings name. Raises ConfigError for a secret that cannot be used."""
    if settings.crm is None:
        return None
    # Its HTTP client takes a tenth of a second to load, at every start, and most have no CRM.
    from huntgroup.adapters.crm.making import connector  # noqa: PLC0415

    operators = [each.id for each in settings.operators]
    done = DoneByTheJournal(journal, settings.store.path)
    return CrmDesk(settings.crm, operators, connector(settings.crm, clock), done, clock)


class DoneByTheJournal:
    """Work on the store by the one connection that writes, between two groups of events."""

    def __init__(self, journal: Journal, path: Path) -> None:
        self._journal = journal
        self._path = path

    async def __call__(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What the work gives, once it is durable. Raises StoreError when it cannot be made so."""
        held: list[T] = []
        answered: asyncio.Future[dict[str, Any] | CustomersError] = asyncio.get_running_loop().create_future()

        def change(database: sqlite3.Connection, _now: float) -> tuple[dict[str, Any], Sequence[Happening]]:
            held.append(work(database))
            return {}, ()

        def answer(result: dict[str, Any] | CustomersError) -> None:
            if not answered.done():  # whoever asked may be gone
                answered.set_result(result)

        self._journal.do(Work(change, answer))
        result = await answered
        if isinstance(result, CustomersError):
            raise StoreError(self._path, str(result))
        return held[0]


class TheCrm:
    """The CRM, as the one who is asked for a customer whom the store does not know."""

    def __init__(self, desk: CrmDesk) -> None:
        self._desk = desk

    @property
    def budget(self) -> float:
        """Seconds."""
        return self._desk.budget

    async def look_up(self, wanted: Wanted) -> Told | None:
        """Who that is, as far as it says so in time."""
        found = await self._desk.look_up(wanted.identities)
        return None if found is None else Told(found.reference, found.name, found.responsible)


def asked_for_strangers(desk: CrmDesk | None) -> TheCrm | None:
    """Who is asked; None: nobody, as with a budget of nothing."""
    return TheCrm(desk) if desk is not None and desk.budget > 0 else None
