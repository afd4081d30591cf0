"""The outbox as people see it, from beside the daemon: what waits, what was given up, and to try that again."""

import json
import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

from huntgroup.adapters.store import crm_outbox
from huntgroup.adapters.store.crm_outbox import Backlog, Row
from huntgroup.adapters.store.opening import connect
from huntgroup.adapters.store.schema import VERSION
from huntgroup.errors import StoreError
from huntgroup.instants import utc
from huntgroup.local_time import local
from huntgroup.plain import plain

T = TypeVar("T")


def rows_in(path: Path) -> list[Row]:
    """What waits and what was given up. Raises StoreError."""
    with closing(_opened(path, is_for_reading=True)) as store:
        return _tried(path, lambda: crm_outbox.everything(store))


def backlog_in(path: Path, connector: str) -> Backlog:
    """How it stands with one CRM. Raises StoreError."""
    with closing(_opened(path, is_for_reading=True)) as store:
        return _tried(path, lambda: crm_outbox.backlog(store, connector))


def standing(path: Path, connector: str) -> str:
    """The same in one line; it also says when it cannot be known."""
    try:
        stands = backlog_in(path, connector)
    except StoreError as error:
        return f"CRM ({connector}): {error}"
    line = f"CRM ({connector}): {stands.waiting} to be told, {stands.dead} given up"
    return plain(f"{line}; {stands.error}" if stands.error else line)


def standing_as_data(path: Path, connector: str) -> dict[str, Any]:
    """The same for programs."""
    try:
        stands = backlog_in(path, connector)
    except StoreError as error:
        return {"type": connector, "error": str(error)}
    return {
        "type": connector,
        "waiting": stands.waiting,
        "oldest_at": None if stands.oldest_at is None else _moment(stands.oldest_at),
        "given_up": stands.dead,
        "error": stands.error,
    }


def retry(path: Path, numbers: Collection[int] | None, now: float) -> int:
    """Have what was given up tried again, these or all; how many there were. A daemon that runs sees it by itself.

    One short transaction that waits for no disk: a daemon that writes at the same moment is not held up by it.
    Raises StoreError.
    """
    with closing(_opened(path, is_for_reading=False)) as store:
        store.execute("PRAGMA synchronous = OFF")

        def revive() -> int:
            store.execute("BEGIN IMMEDIATE")
            found = crm_outbox.revive(store, numbers, now)
            store.execute("COMMIT")
            return found

        return _tried(path, revive)


def told(rows: Collection[Row], now: float) -> Iterator[str]:
    """A line each, and why. What stands in it may come from anywhere: it is only text."""
    for row in rows:
        state = "given up" if row.is_dead else "waits" if row.next_at is not None else "waits behind another"
        line = f"{row.id:>6}  {local(row.at)}  {row.connector}  {row.deed}  {row.customer or '-'}  {state}"
        if row.next_at is not None and not row.is_dead:
            line += f", due {'now' if row.next_at <= now else f'in {row.next_at - now:.0f} s'}"
        if row.tries:
            line += f", tried {row.tries} times" if row.tries > 1 else ", tried once"
        yield plain(line)
        if row.error:
            yield f"        {plain(row.error)}"


def as_data(row: Row) -> dict[str, Any]:
    """For programs."""
    return {
        "id": row.id,
        "connector": row.connector,
        "deed": row.deed,
        "customer": row.customer,
        "at": _moment(row.at),
        "state": "given_up" if row.is_dead else "waiting",
        "tries": row.tries,
        "next_at": None if row.next_at is None else _moment(row.next_at),
        "error": row.error,
        "data": json.loads(row.body),
    }


def _opened(path: Path, *, is_for_reading: bool) -> sqlite3.Connection:
    if not path.exists():
        raise StoreError(path, "is not there yet: the daemon makes it when it starts")
    try:
        store = connect(path, is_for_reading=is_for_reading)
        found = store.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.Error as error:
        raise StoreError(path, str(error)) from None
    if found != VERSION:
        store.close()
        raise StoreError(
            path, f"has version {found} of the tables: start this Huntgroup once, it brings them to {VERSION}"
        )
    return store


def _tried(path: Path, work: Callable[[], T]) -> T:
    try:
        return work()
    except sqlite3.Error as error:
        raise StoreError(path, str(error)) from None


def _moment(seconds: float) -> str:
    return utc(seconds).isoformat(timespec="seconds").replace("+00:00", "Z")
