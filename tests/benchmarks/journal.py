"""How fast events become durable, beside bare SQLite on the same disk; and how fast a start is.

    python -m tests.benchmarks.journal

Real events go through the real shell, engine and journal into a real file: calls come, ring, are answered and end. With
so many under way, each next event comes when an earlier one is durable. Bare SQLite writes as many rows a transaction
as the journal did, of the same size, in a loop of its own. The disk of the temporary folder is what is measured.
"""

import argparse
import asyncio
import random
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from huntgroup.adapters.clock import Clock
from huntgroup.adapters.store.journal import Journal
from huntgroup.adapters.store.opening import Opened, open_store
from huntgroup.adapters.store.reading import history
from huntgroup.adapters.store.records import Record
from huntgroup.adapters.store.rows import Batch
from huntgroup.engine.engine import Engine
from huntgroup.engine.events import (
    Customer,
    CustomerLeft,
    Event,
    InquiryReceived,
    PbxFound,
    PhoneAnswered,
    PhoneRang,
    PhoneState,
    PhoneStateChanged,
)
from huntgroup.engine.ids import AttemptNo, InquiryId, PbxId, PhoneId, SourceId
from huntgroup.engine.policy import Channel, Entrance, Mode, Policy
from huntgroup.engine.world import World
from huntgroup.recorder import Recorder
from huntgroup.recovery import recovered
from huntgroup.shell import Done, Group, Moment, Outside, Shell
from tests.benchmarks.engine import House, policy_of

SETTLED = 500
"""Events before the measuring begins."""


class Counted(Recorder):
    """A recorder that counts groups, so that bare SQLite can be given as many."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(journal)
        self.groups: list[int] = []

    def write(self, group: Group, world: World, release: Done, durable: Done) -> None:
        self.groups.append(len(group.handled))
        super().write(group, world, release, durable)


class Gathering:
    """What the shell does with its groups, and nothing else: to measure the journal alone."""

    def __init__(self, path: Path) -> None:
        self.journal = Journal(path, open_store(path), keep_seconds=1e12, clock=Clock())
        self._batch = Batch()
        self._waiting: list[asyncio.Future[None]] = []
        self._is_writing = False

    async def safe(self, batch: Batch) -> None:
        """Have this written, and await that it is durable."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._batch.add(batch)
        self._waiting.append(done)
        self._write()
        await done

    def _write(self) -> None:
        if self._is_writing or not self._batch:
            return
        (batch, waiting), (self._batch, self._waiting) = (self._batch, self._waiting), (Batch(), [])
        self._is_writing = True

        def durable() -> None:
            for done in waiting:
                done.set_result(None)

        self.journal.write(batch, self._released, durable)

    def _released(self) -> None:
        self._is_writing = False
        self._write()


async def journal_alone(path: Path, filled: Path, under_way: int) -> float:
    """Events a second, each with its rows as they were written before, with so many under way."""
    batches = iter(recorded(filled))
    gathering = Gathering(path)
    running = asyncio.create_task(gathering.journal.run())
    count = 0

    async def one() -> None:
        nonlocal count
        for batch in batches:
            count += 1
            await gathering.safe(batch)

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(under_way)))
    rate = count / (time.perf_counter() - began)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return rate


def recorded(filled: Path) -> list[Batch]:
    """A batch for each event of a store: itself, what was told of it, and as many parts of the memory as it changed."""
    with history(filled) as past:
        told: dict[int, list[tuple[int, Record]]] = {}
        for event, record in past.records(0):
            told.setdefault(event, []).append((event, record))
        entries = list(past.entries(0))
        state = past.snapshot(past.snapshots()[-1]).state
    operators = [row for row in state if row[0] == "operator"]
    counters = {(kind, name): body for kind, name, body in state if kind == "counters"}
    batches = []
    for number, entry in enumerate(entries, 1):
        kind, name, body = operators[number % len(operators)]
        changed = {(kind, name): body, ("inquiry", str(number // 6)): None if number % 6 == 5 else body}
        batches.append(Batch([entry._replace(sequence=number)], {**counters, **changed}, told.get(entry.sequence, [])))
    return batches


class Running:
    """The whole of the daemon without its peers, at work on one store."""

    def __init__(self, path: Path, policy: Policy) -> None:
        self.clock = Clock()
        self.engine, opened = recovered(path, policy, self.clock.now())
        self.journal = Journal(path, opened, keep_seconds=1e12, clock=self.clock)
        self.recorder = Counted(self.journal)
        outside = Outside(carry_out=lambda _: None, notices=(), pulse=lambda: None)
        self.shell = Shell(self.engine, self.recorder, self.clock, outside, Moment(opened.sequence, opened.at))
        self.tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Running":
        self.tasks = [asyncio.create_task(self.shell.run()), asyncio.create_task(self.journal.run())]
        await asyncio.sleep(0)
        await self.safe(PbxFound(pbx=PbxId("main")))
        for phone in self.engine.world.phone_states():
            await self.safe(PhoneStateChanged(phone=phone, state=PhoneState.NOT_INUSE))
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def safe(self, event: Event) -> None:
        """Put it in, and await that it is durable."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.shell.put(event, self.clock.now(), lambda: done.set_result(None))
        await done


def with_mails(policy: Policy) -> Policy:
    """The same, where mails come in for the first group."""
    group = next(iter(policy.groups))
    source = Entrance(source=SourceId("mail"), channel=Channel.MAIL, group=group, mode=Mode.ASSIGN)
    return replace(policy, sources={source.source: source})


def calls(engine: Engine, name: str) -> Iterator[Event]:
    """One call after another: comes, rings, is answered, the phone is busy, the call ends, the phone is free."""
    sources = list(engine.world.policy.numbers)
    chance = random.Random(name)
    number = 0
    while True:
        number += 1
        inquiry = InquiryId(f"call-main-{name}.{number}")
        customer = Customer(name="Jan Kowalski", phone="+48600700800")
        source = chance.choice(sources)
        yield InquiryReceived(inquiry=inquiry, channel=Channel.CALL, source=source, customer=customer)
        known = engine.world.inquiries.get(inquiry)
        if known is None or known.attempt is None:
            yield CustomerLeft(inquiry=inquiry)
            continue
        (offer,) = known.attempt.offers.values()
        phone = next(iter(offer.open_phones))
        attempt = AttemptNo(known.attempt.number)
        yield PhoneRang(inquiry=inquiry, attempt=attempt, phone=phone)
        yield PhoneAnswered(inquiry=inquiry, attempt=attempt, phone=phone)
        yield PhoneStateChanged(phone=PhoneId(phone), state=PhoneState.INUSE)
        yield CustomerLeft(inquiry=inquiry)
        yield PhoneStateChanged(phone=PhoneId(phone), state=PhoneState.NOT_INUSE)


async def alone(house: Running, events: int) -> list[float]:
    """Seconds until durable, one at a time with a breath between, as in an idle house."""
    took: list[float] = []
    story = calls(house.engine, "alone")
    for _ in range(events):
        event = next(story)
        began = time.perf_counter()
        await house.safe(event)
        took.append(time.perf_counter() - began)
        await asyncio.sleep(0.002)
    return took


async def together(house: Running, under_way: int, events: int) -> float:
    """Events a second with so many under way all the time."""
    left = events

    async def one(name: str) -> None:
        nonlocal left
        for event in calls(house.engine, name):
            if left <= 0:
                return
            left -= 1
            await house.safe(event)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for number in range(under_way):
            tasks.create_task(one(str(number)))
    return events / (time.perf_counter() - began)


def bare(folder: Path, filled: Path, group: int, events: int) -> tuple[float, float]:
    """Bare SQLite: events a second and the median seconds of one transaction, with the rows that `filled` has."""
    with closing(sqlite3.connect(f"file:{filled}?mode=ro", uri=True)) as source:
        schema = [row[0] for row in source.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")]
        journal = source.execute("SELECT * FROM journal LIMIT ?", (events,)).fetchall()
        records = source.execute("SELECT * FROM record LIMIT ?", (2 * events,)).fetchall()
        state = source.execute("SELECT * FROM state WHERE kind IN ('operator', 'counters')").fetchall()
    per_event = len(records) / len(journal)
    took: list[float] = []
    with closing(sqlite3.connect(folder / f"bare-{group}.db", isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        for statement in schema:
            database.execute(statement)
        began = time.perf_counter()
        for first in range(0, len(journal), group):
            start = time.perf_counter()
            database.execute("BEGIN")
            database.executemany("INSERT INTO journal VALUES (?, ?, ?, ?, ?)", journal[first : first + group])
            rows = [state[(first + number) % len(state)] for number in range(2 * min(group, 30))]
            database.executemany("INSERT OR REPLACE INTO state VALUES (?, ?, ?, ?)", rows)
            mine = records[int(first * per_event) : int((first + group) * per_event)]
            marks = ", ".join("?" * len(records[0]))
            database.executemany(f"INSERT INTO record VALUES ({marks})", mine)
            database.execute("COMMIT")
            took.append(time.perf_counter() - start)
        return len(journal) / (time.perf_counter() - began), statistics.median(took)


def fill(path: Path, policy: Policy, events: int, waiting: int, to: Path) -> None:
    """A store of so many events and so many open inquiries, as a process leaves it that is killed."""

    async def work() -> None:
        async with Running(path, policy) as house:
            for number in range(waiting):
                event = InquiryReceived(
                    inquiry=InquiryId(f"mail-{number}"),
                    channel=Channel.MAIL,
                    source=next(iter(policy.sources)),
                    customer=Customer(name="Jan Kowalski", phone="+48600700800"),
                )
                await house.safe(event) if number % 500 == 0 else house.shell.put(event, house.clock.now())
            await together(house, 200, events - waiting)
            for name in (path.name, f"{path.name}-wal"):
                shutil.copyfile(path.with_name(name), to / name)

    asyncio.run(work())


def start(path: Path, policy: Policy) -> tuple[float, Opened, int]:
    """Seconds from the files of a dead process to an engine that routes."""
    began = time.perf_counter()
    engine, opened = recovered(path, policy, Clock().now())
    engine.handle(PbxFound(pbx=PbxId("main")), max(opened.at, Clock().now()))
    return time.perf_counter() - began, opened, len(engine.world.inquiries)


def main() -> None:
    """Measure and tell."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--events", type=int, default=60_000, help="durable events with 50 under way")
    options.add_argument("--journal", type=int, default=1_000_000, help="events in the journal of the start")
    options.add_argument("--waiting", type=int, default=10_000, help="open inquiries of the start")
    told = options.parse_args()
    policy = with_mails(policy_of(House(operators=200, groups=20, backlog=0)))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        asyncio.run(_writing(folder, policy, told.events))
        _starting(folder, policy, told.journal, told.waiting)


async def _writing(folder: Path, policy: Policy, events: int) -> None:
    path = folder / "huntgroup.db"
    async with Running(path, policy) as house:
        await together(house, 50, SETTLED)
        one = sorted(await alone(house, 1_000))
        house.recorder.groups.clear()
        rate = await together(house, 50, events)
        group = round(statistics.mean(house.recorder.groups))
    alone_rate = await journal_alone(folder / "alone.db", path, 50)
    bare_rate, _ = bare(folder, path, group, events)
    _, bare_one = bare(folder, path, 1, 1_000)
    print(f"one event alone, until durable: p50 {one[500] * 1e3:.2f} ms, p99 {one[990] * 1e3:.2f} ms")
    print(f"  bare SQLite, one transaction of the same rows: p50 {bare_one * 1e3:.2f} ms")
    print(f"  target: under 1 ms: {'met' if one[500] < 1e-3 else 'NOT met'}")
    print(f"50 under way, the journal alone: {alone_rate:,.0f} durable events/s")
    print(f"  target: 15,000/s: {'met' if alone_rate >= 15_000 else 'NOT met'}", flush=True)
    print(f"  bare SQLite in groups of {group}: {bare_rate:,.0f} events/s; ratio {alone_rate / bare_rate:.2f}")
    print(f"  with the shell and the engine before it: {rate:,.0f} events/s", flush=True)


def _starting(folder: Path, policy: Policy, events: int, waiting: int) -> None:
    for size in (events // 10, events):
        path = folder / f"of-{size}.db"
        (folder / str(size)).mkdir()
        fill(path, policy, size, waiting, folder / str(size))
        seconds, opened, inquiries = start(folder / str(size) / path.name, policy)
        megabytes = path.stat().st_size / 1e6
        about = f"{opened.sequence:,} events ({megabytes:,.0f} MB) and {inquiries:,} open inquiries"
        print(f"start with {about}: {seconds:.2f} s", flush=True)
    print("  target: within 2 s, whatever the journal's length")


if __name__ == "__main__":
    main()
