"""What the record knows of inquiries that are over. Reads only, on a connection of its own."""

import asyncio
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import aiosqlite

from huntgroup.engine.effects import FactType, Outcome
from huntgroup.engine.events import InquiryReceived
from huntgroup.engine.ids import GroupId, InquiryId, OperatorId, SourceId
from huntgroup.errors import StoreError

AT_ONCE = 500
"""Ids in one question; SQLite takes 32,766."""
_NOTHING_YET = "no such table"
"""What SQLite says before the first record was ever written."""
_OUTCOMES = set(Outcome)


@dataclass(frozen=True, slots=True)
class Ended:
    """How an inquiry ended."""

    outcome: str
    group: GroupId | None
    operator: OperatorId | None


@dataclass(frozen=True, slots=True)
class Counted:
    """One inquiry as far as it is recorded. Instants in seconds; None: it did not come to that."""

    inquiry: InquiryId
    group: GroupId
    received_at: float
    answered_at: float | None
    closed_at: float | None
    outcome: str


class History:
    """``async with History(path) as history``: the file is opened when it is first asked for something."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database: aiosqlite.Connection | None = None

    async def __aenter__(self) -> "History":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()

    async def outcomes_of(self, inquiries: Collection[InquiryId]) -> Mapping[InquiryId, Ended]:
        """How those of them ended that are over.

        Raises:
            StoreError: when the file cannot be read.
        """
        found: dict[InquiryId, Ended] = {}
        for some, marks in _in_parts(inquiries):
            rows = await self._ask(
                f'SELECT inquiry, "group", operator, detail FROM record WHERE type = ? AND inquiry IN ({marks})',
                (FactType.CLOSED, *some),
            )
            for inquiry, group, operator, detail in rows:
                outcome = detail if detail in _OUTCOMES else Outcome.REFUSED
                found[inquiry] = Ended(outcome, group, operator)
        return found

    async def sources_of(self, inquiries: Collection[InquiryId]) -> dict[InquiryId, SourceId]:
        """By which source those of them came in whose first event the journal still has.

        Raises:
            StoreError: when the file cannot be read.
        """
        found: dict[InquiryId, SourceId] = {}
        for some, marks in _in_parts(inquiries):
            rows = await self._ask(
                "SELECT record.inquiry, json_extract(journal.body, '$.source') FROM record"
                " JOIN journal ON journal.sequence = record.event"
                f" WHERE record.type = ? AND journal.type = ? AND record.inquiry IN ({marks})",
                (FactType.RECEIVED, InquiryReceived.__name__, *some),
            )
            found |= {InquiryId(inquiry): SourceId(source) for inquiry, source in rows if source}
        return found

    async def counted(self, since: float, until: float) -> list[Counted]:
        """What came in, was answered or ended between two instants; in the order in which it came in.

        Raises:
            StoreError: when the file cannot be read.
        """
        rows = await self._ask(
            'SELECT inquiry, min(at), max("group"),'
            " min(CASE WHEN type = ? THEN at END), max(CASE WHEN type = ? THEN at END),"
            " max(CASE WHEN type = ? THEN detail END), min(CASE WHEN type = ? THEN at END)"
            " FROM record WHERE at >= ? AND at < ? AND type IN (?, ?, ?) GROUP BY inquiry ORDER BY min(sequence)",
            (
                FactType.ACCEPTED,
                FactType.CLOSED,
                FactType.CLOSED,
                FactType.RECEIVED,
                since,
                until,
                FactType.RECEIVED,
                FactType.ACCEPTED,
                FactType.CLOSED,
            ),
        )
        return [
            Counted(inquiry, group, received if received is not None else first, answered, closed, outcome or "")
            for inquiry, first, group, answered, closed, outcome, received in rows
            if group is not None
        ]

    async def _ask(self, question: str, values: Iterable[object]) -> list[sqlite3.Row]:
        try:
            if self._database is None:
                if not await asyncio.to_thread(self._path.exists):
                    return []  # The writer makes it; a connection that cannot be opened would leave a thread behind.
                self._database = await aiosqlite.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True)
            async with self._database.execute(question, tuple(values)) as cursor:
                return list(await cursor.fetchall())
        except sqlite3.Error as error:
            await self._close()
            if _NOTHING_YET in str(error):
                return []
            raise StoreError(self._path, str(error)) from None

    async def _close(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            await database.close()


def _in_parts(inquiries: Collection[InquiryId]) -> Iterator[tuple[list[InquiryId], str]]:
    """At most `AT_ONCE` of them at a time, with as many placeholders for a statement."""
    names = list(inquiries)
    for begin in range(0, len(names), AT_ONCE):
        some = names[begin : begin + AT_ONCE]
        yield some, ", ".join("?" * len(some))
