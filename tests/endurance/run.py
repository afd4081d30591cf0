"""One run: a house, a load of calls, faults of one kind, and the verdict."""

import asyncio
import json
import os
import random
import shutil
import signal
import sqlite3
import tempfile
import time
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

from tests.endurance.clock import Wall
from tests.endurance.faults import House, until
from tests.endurance.house import PHONES, configuration
from tests.endurance.load import Load, comes_and_goes
from tests.endurance.people import Person, Watch
from tests.endurance.verdict import EXPLAINED, Kept, command, legs_of, told_twice, wrong_at_the_phones
from tests.lab.broker import Broker
from tests.lab.daemon import Daemon
from tests.lab.link import Link
from tests.lab.pbx import Pbx
from tests.simulation.dice import Seeded

SETTLED_WITHIN = 60.0
"""Seconds until nothing is left when nobody calls any more."""


@dataclass(slots=True)
class Result:
    """What came of a run."""

    kind: str
    seed: int
    faults: int
    seconds: float = 0.0
    figures: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    kept: str = ""
    """Where the daemon's files are, if anything was wrong."""

    def __str__(self) -> str:
        told = ", ".join(f"{count} {name}" for name, count in self.figures.items())
        verdict = "nothing wrong" if not self.wrong else f"{len(self.wrong)} WRONG, see {self.kept}"
        return f"{self.kind} x {self.faults}, seed {self.seed}, {self.seconds:.0f} s: {told}: {verdict}"


async def endure(kind: str, faults: int, seed: int) -> Result:
    """Have so many faults happen under load, and look what came of it."""
    began = time.monotonic()
    result = Result(kind, seed, faults)
    watch = Watch()
    async with AsyncExitStack() as stack:
        pbx = await stack.enter_async_context(Pbx(PHONES, verbose=0))
        broker = await stack.enter_async_context(Broker())
        link = await stack.enter_async_context(Link(pbx))
        people = [Person(pbx, name, Seeded(seed * 100 + number), watch) for number, name in enumerate(PHONES)]
        for person in people:
            await stack.enter_async_context(person)
            await person.registers()
        wall = Wall(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        daemon = Daemon(
            pbx,
            configuration(),
            broker_url=broker.url,
            link=link if kind == "link" else None,
            environment=wall.environment if kind == "clock" else {},
        )
        await stack.enter_async_context(daemon)
        house = House(pbx=pbx, broker=broker, link=link, daemon=daemon, wall=wall, people=people, dice=Seeded(seed))
        load = Load(pbx, watch, seed)
        load.begins()
        wandering = asyncio.create_task(comes_and_goes(people, Seeded(seed + 1), load.may_call))
        try:
            await house.faults(kind, faults, load, watch)
        finally:
            wandering.cancel()
            await asyncio.gather(wandering, return_exceptions=True)
        for person in people:
            await person.registers()
        await load.ends()
        try:
            await _settles(house)
        except AssertionError as error:
            result.wrong.append(str(error))
        await _judge(house, load, result)
        if result.wrong:
            result.kept = tempfile.mkdtemp(prefix=f"huntgroup-faults-{kind}-{seed}-")
            shutil.copytree(daemon.home, result.kept, dirs_exist_ok=True, ignore=shutil.ignore_patterns("notify"))
            await asyncio.to_thread(Path(result.kept, "wrong.txt").write_text, "\n\n".join(result.wrong))
    result.seconds = time.monotonic() - began
    return result


async def _settles(house: House) -> None:
    """Nobody calls, everything works: until nothing is left to do."""
    await house.pbx.idle(within=SETTLED_WITHIN)
    await until(lambda: _open_inquiries(house) == 0, "no inquiry is open in the store", SETTLED_WITHIN)
    await until(lambda: _is_at_rest(house), "no operator is busy in the store", SETTLED_WITHIN)


def _open_inquiries(house: House) -> int:
    with closing(sqlite3.connect(f"file:{house.store}?mode=ro", uri=True)) as database:
        return int(database.execute("SELECT count(*) FROM state WHERE kind = 'inquiry'").fetchone()[0])


def _is_at_rest(house: House) -> bool:
    return not list(Kept(house.store).wrong_in_general())


async def _judge(house: House, load: Load, result: Result) -> None:
    daemon = house.daemon
    resident = _resident(daemon)
    daemon.send(signal.SIGTERM)
    status = await daemon.exited()
    if status != 0:
        result.wrong.append(f"the daemon ended with {status}: {daemon.log()[-3:]}")
    kept = Kept(house.store, house.deaths)
    legs = legs_of(house.people)
    result.wrong += kept.wrong_in_general()
    for story in load.stories:
        mine = legs.get(story.number, [])
        found = [*wrong_at_the_phones(story, mine), *kept.wrong_in_the_record(story, mine)]
        words = story.call.in_words() if story.call is not None else ""
        result.wrong += (f"{story.number} for {story.group} {each} {words}" for each in found)
    lines = (daemon.home / "log.jsonl").read_bytes().split(b"\n")
    result.wrong += told_twice(lines)
    await asyncio.to_thread(_ask_the_commands, house, kept, result)
    answered = [story for story in load.stories if story.was_answered]
    result.figures = {
        "calls": len(load.stories),
        "answered": len(answered),
        "given up": sum(not each.was_answered and not each.is_lost for each in load.stories),
        "lost with the exchange": sum(each.is_lost for each in load.stories),
        "answers too late": sum(b'"inquiry.late_answer"' in line for line in lines),
        "events": kept.events,
        "served by the fallback": sum(b"served by the PBX itself" in line for line in lines),
        "ended before a kill was noticed": kept.unheard,
        "MB resident": resident,
        "torn writes kept": len(list(house.store.parent.glob("*.torn-*"))),
    }


def _resident(daemon: Daemon) -> int:
    """MB of memory."""
    words = Path(f"/proc/{daemon.pid}/statm").read_text().split()
    return int(words[1]) * os.sysconf("SC_PAGE_SIZE") // 1_000_000


def _ask_the_commands(house: House, kept: Kept, result: Result) -> None:
    """`replay` of everything, and `explain` of some."""
    config = house.daemon.config
    replayed = command(config, "replay")
    if replayed.returncode != 0:
        result.wrong.append(f"replay: {replayed.stdout[-3000:]} {replayed.stderr[-2000:]}")
    every = [inquiry for inquiries in kept.of_number.values() for inquiry in inquiries]
    for inquiry in random.Random(result.seed).sample(every, min(EXPLAINED, len(every))):
        explained = command(config, "explain", inquiry, "--json")
        told = [json.loads(line) for line in explained.stdout.splitlines()]
        if explained.returncode != 0 or told != kept.facts(inquiry):
            result.wrong.append(f"explain {inquiry}: {explained.stdout} {explained.stderr}")
