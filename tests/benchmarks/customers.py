"""A million customers: how long it takes to know who is calling, and what follows it costs.

python -m tests.benchmarks.customers
"""

import argparse
import json
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from huntgroup.adapters.store.customers.book import Change
from huntgroup.adapters.store.customers.following import Follower
from huntgroup.adapters.store.customers.moving import Import
from huntgroup.adapters.store.customers.reading import Readings
from huntgroup.adapters.store.journal import write_batch
from huntgroup.adapters.store.opening import begin_run, connect, open_store
from huntgroup.adapters.store.rows import Batch, Entry
from huntgroup.customers.identities import identities
from huntgroup.customers.lists import Listed

COUNT = 1_000_000
LOOKED_UP = 20_000
FOLLOWED = 2_000
IMPORTED = 5_000
P99_MOST = 0.001
"""Seconds: a caller whose customer is looked up waits no longer for it, 99 times of 100."""


def number(position: int) -> str:
    """A Polish mobile of its own."""
    return f"+4860{position:07d}"


def fill(database: sqlite3.Connection, count: int) -> None:
    """So many customers, each with a number and an address, half of them with a responsible operator."""
    database.execute("BEGIN")
    rows = ((each + 1, f"Customer {each}", "anna" if each % 2 else None, 0.0) for each in range(count))
    database.executemany("INSERT INTO customer (id, name, responsible, created_at) VALUES (?, ?, ?, ?)", rows)

    def known_by() -> Iterator[tuple[str, str, int, int]]:
        for each in range(count):
            yield "phone", number(each), each + 1, 1
            yield "email", f"customer{each}@example.org", each + 1, 1

    database.executemany("INSERT INTO identity (kind, value, customer, is_own) VALUES (?, ?, ?, ?)", known_by())
    database.execute("COMMIT")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


class Figures(NamedTuple):
    """Seconds: what the work takes of a processor, and until it is done, which a busy machine makes longer."""

    median: float
    p99: float
    elapsed_p99: float

    def __str__(self) -> str:
        times = f"{self.median * 1e6:.0f} µs, p99 {self.p99 * 1e6:.0f} µs"
        return f"{times} of a processor, p99 {self.elapsed_p99 * 1e6:.0f} µs by the clock"


def timed(times: int, work: Callable[[int], object]) -> Figures:
    """How long it takes, each time."""
    taken, elapsed = [], []
    for each in range(times):
        before, began = time.thread_time(), time.perf_counter()
        work(each)
        taken.append(time.thread_time() - before)
        elapsed.append(time.perf_counter() - began)
    last = int(0.99 * times)
    return Figures(statistics.median(taken), sorted(taken)[last], sorted(elapsed)[last])


def looks_up(path: Path, chance: random.Random, count: int) -> Figures:
    """From the text of a number to who is responsible, each time somebody else; one in five is unknown."""
    readings = Readings(path)

    def look(each: int) -> None:
        position = chance.randrange(count)
        unknown = each % 5 == 0
        found = identities("pl", phone_text=number(position) if not unknown else f"+4850{position:07d}")
        known = readings.known(found, "", "call", is_tracked=False)
        if (known is None) is not unknown:
            raise AssertionError(f"{found} is {known}")

    look(1)
    try:
        return timed(LOOKED_UP, look)
    finally:
        readings.close()


def follows(database: sqlite3.Connection, chance: random.Random, count: int) -> Figures:
    """A form with a known number and a new address: written, recognised, linked and registered, in two commits."""
    follower = Follower(tell=lambda _: None)
    crc = 0

    def follow(each: int) -> None:
        nonlocal crc
        found = identities("pl", phone_text=number(chance.randrange(count)), email_text=f"new{each}@example.org")
        body = {"inquiry": f"f{each}", "at": float(each), "operator": None, "channel": "form", "source": "form"}
        body |= {"identities": found, "name": "", "known_as": "", "crm": "", "responsible": None}
        fact = json.dumps(body | {"track": True, "create": "lead"})
        batch = Batch(entries=[Entry(each + 1, float(each), "TimePassed", "{}")], follow=[(each + 1, "received", fact)])
        crc = write_batch(database, batch, crc, each)
        follower.step(database)

    return timed(FOLLOWED, follow)


def takes_in(database: sqlite3.Connection) -> tuple[float, float]:
    """A list of new customers: how many a second, and for how long at most nobody else can write."""
    rows = (Listed(each, f"New {each}", (f"+4851{each:07d}",)) for each in range(IMPORTED))
    began = time.perf_counter()
    done = Import("pl", {"anna"}, Change(0.0, "bench")).take(database, rows)
    if done.created != IMPORTED:
        raise AssertionError(done)
    return IMPORTED / (time.perf_counter() - began), done.longest


def main() -> int:
    """Print the figures; 1 when one of them is not as promised."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--customers", type=int, default=COUNT)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="huntgroup-bench-") as home:
        path = Path(home) / "huntgroup.db"
        begin_run(path, open_store(path), [("policy", "", "{}")], 0.0)
        with closing(connect(path)) as database:
            fill(database, options.customers)
            size = path.stat().st_size
            look = looks_up(path, chance, options.customers)
            follow = follows(database, chance, options.customers)
            rate, longest = takes_in(database)
    say(f"{options.customers:,} customers with two identities each, {size / 1e6:.0f} MB")
    say(f"look-up, from the text of a number: {look}")
    say(f"write, recognise, link and register one: {follow}")
    say(f"import: {rate:,.0f} customers a second, the store held for {longest * 1e3:.1f} ms at most")
    return 0 if look.p99 < P99_MOST else 1


def say(line: str) -> None:
    """A line of the report."""
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
