"""A store on a real disk, and what to write into it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from huntgroup.adapters.store.journal import write_batch
from huntgroup.adapters.store.opening import Opened, begin_run, connect, open_store
from huntgroup.adapters.store.records import Record
from huntgroup.adapters.store.rows import Batch, Entry

NOW = 1_790_000_000.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "huntgroup.db"


@pytest.fixture
def opened(path: Path) -> Opened:
    """A new store, begun with nothing in it but a policy."""
    opened = open_store(path)
    begin_run(path, opened, [("policy", "", "{}")], NOW)
    return opened


def batch(first: int, count: int = 1, inquiry: str = "c1", *, is_open: bool = True) -> Batch:
    """So many events from a number on, about an inquiry that then is open or over, with one record each."""
    numbers = range(first, first + count)
    return Batch(
        entries=[Entry(number, NOW + number, "TimePassed", f'{{"n":{number}}}') for number in numbers],
        state={("inquiry", inquiry): f'{{"n":{first}}}' if is_open else None},
        records=[(number, record(inquiry, NOW + number)) for number in numbers],
    )


def record(inquiry: str, at: float, detail: str = "") -> Record:
    return Record(
        at=at, inquiry=inquiry, type="inquiry.received", group="sales", operator=None, attempt=1, detail=detail, more={}
    )


def fill(path: Path, opened: Opened, *batches: Batch) -> None:
    """Write these without a daemon."""
    crc, last = opened.crc, opened.sequence
    with closing(connect(path)) as database:
        for each in batches:
            crc = write_batch(database, each, crc, last)
            last = each.entries[-1].sequence


def ask(path: Path, question: str, *values: object) -> list[tuple[Any, ...]]:
    with closing(connect(path)) as database:
        return database.execute(question, values).fetchall()


def spoil(path: Path, statement: str, *values: object) -> None:
    """Change what is on the disk behind the store's back."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(statement, values)


def crash_image(path: Path, to: Path) -> Iterator[Path]:
    """The files as they are while somebody still has them open: what a machine that lost its power has."""
    for name in (path.name, f"{path.name}-wal"):
        (to / name).write_bytes((path.parent / name).read_bytes())
        yield to / name
