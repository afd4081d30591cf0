"""When everybody has gone home: what is still there that should not be, at the exchange, the broker and the daemon."""

import asyncio
import json
import os
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.endurance.hour.desks import Desks
from tests.endurance.hour.world import World
from tests.lab.daemon import Daemon

REPLAYED_WITHIN = 1800.0
REFUSED = "refused:%"
"""The end of who dialled the number of a group that is not there: they were never an inquiry."""
ENDS = "SELECT inquiry, count(*) FROM record WHERE type = 'inquiry.closed' GROUP BY inquiry"
NEVER_CAME = "SELECT DISTINCT inquiry FROM record WHERE type = 'inquiry.closed' AND detail LIKE ?"
ARRIVALS = "SELECT inquiry, count(*) FROM record WHERE type = 'inquiry.received' GROUP BY inquiry"
GROWS_MOST = 0.25
"""The share by which a daemon's memory may grow, once it is warm."""


@dataclass(frozen=True, slots=True)
class Size:
    """What a process takes of the machine."""

    resident: float
    """MB."""
    descriptors: int

    def __str__(self) -> str:
        return f"{self.resident:.1f} MB and {self.descriptors} descriptors"

    @classmethod
    def of(cls, daemon: Daemon) -> "Size":
        """Now."""
        words = Path(f"/proc/{daemon.pid}/statm").read_text().split()
        return cls(
            int(words[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6, len(list(Path(f"/proc/{daemon.pid}/fd").iterdir()))
        )


async def left_over(world: World, desks: Desks) -> list[str]:
    """What is still there, in words, while everything runs."""
    house = await _said_by(world, "status", "--json")
    return [
        *[f"channel {each}" for each in await world.pbx.channels()],
        *[f"bridge {each}" for each in await _bridges(world)],
        *_in_the_store(world.daemon.store),
        *_at_the_broker(desks.kept),
        *(f"waiting by status: {each}" for each in house.get("waiting", ["no status at all"])),
    ]


async def _bridges(world: World) -> list[str]:
    lines = (await world.pbx.cli("bridge show all")).splitlines()
    return [line for line in lines if line.strip() and not line.startswith("Bridge-ID")]


def _in_the_store(path: Path) -> Iterator[str]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        rows = database.execute("SELECT kind, id, body FROM state WHERE kind IN ('inquiry', 'operator')").fetchall()
    for kind, name, text in rows:
        body = json.loads(text)
        if kind == "inquiry":
            yield f"inquiry {name} is open in the store: {text[:1000]}"
            continue
        busy = [f"{key} {body[key]}" for key in ("offers", "active", "wrapups") if body[key]]
        busy += [f"{phone} {state}" for phone, state in body["phones"].items() if state != "NOT_INUSE"]
        busy += [f"{key} {body[key]}" for key in ("load", "pending", "by_source") if any(body[key].values())]
        if busy:
            yield f"operator {name} still has {busy}"


def _at_the_broker(kept: Mapping[str, Any]) -> Iterator[str]:
    for topic, data in kept.items():
        if topic.startswith("inquiries/"):
            yield f"{topic} is kept: {data}"
        elif topic.endswith("/desk") and (data["offers"] or data["inquiries"]):
            yield f"{topic} is not empty: {data}"
        elif topic.startswith("operators/") and topic.endswith("/state") and _is_busy(data):
            yield f"{topic} is busy: {data}"
        elif topic.startswith("groups/") and _is_waited_for(data):
            yield f"{topic} is not at rest: {data}"


def _is_busy(state: Mapping[str, Any]) -> bool:
    reasons = {each["reason"] for each in state["reasons"]}
    return bool(any(state["load"].values()) or state["inquiries"] or reasons)


def _is_waited_for(state: Mapping[str, Any]) -> bool:
    others = {name: count for name, count in state["operators"].items() if name != "available"}
    return any(state["waiting"].values()) or any(others.values())


async def _said_by(world: World, *words: str) -> dict[str, Any]:
    status, out, _ = await command(world.daemon.config, *words)
    found: dict[str, Any] = json.loads(out) if status == 0 else {}
    return found


async def command(config: Path, *words: str) -> tuple[int, str, str]:
    """Exit status, output and errors of one of the daemon's commands."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "huntgroup", *words, "--config", str(config)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, error = await asyncio.wait_for(process.communicate(), REPLAYED_WITHIN)
    return process.returncode or 0, out.decode(), error.decode()


def wrong_in_the_record(path: Path) -> Iterator[str]:
    """Every inquiry came in once and ended once: who comes in again does so under another id."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        came: dict[str, int] = dict(database.execute(ARRIVALS).fetchall())
        ended: dict[str, int] = dict(database.execute(ENDS).fetchall())
        refused = {name for (name,) in database.execute(NEVER_CAME, (REFUSED,))}
    yield from (f"{name} came {count} times" for name, count in came.items() if count != 1)
    yield from (f"{name} ended {count} times" for name, count in ended.items() if count != 1)
    yield from (f"{name} never ended" for name in came if name not in ended)
    yield from (f"{name} ended and never came" for name in ended if name not in came and name not in refused)
    yield from (f"{name} was refused, and came" for name in refused if name in came)


def outcomes(path: Path) -> Counter[str]:
    """How the inquiries ended, by channel: so that a run in which nothing much happened is seen as one."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        rows = database.execute("SELECT inquiry, detail FROM record WHERE type = 'inquiry.closed'").fetchall()
    return Counter(f"{'call' if name.startswith('call-') else 'other'} {detail}" for name, detail in rows)


def wrong_in_the_log(path: Path) -> Iterator[str]:
    """Errors, and what is no line of the log at all."""
    with path.open(errors="replace") as file:
        for line in file:
            if not line.startswith("{"):
                yield f"in the log: {line.rstrip()[:500]}"
            elif '"level": "error"' in line or '"level": "critical"' in line or '"exception"' in line:
                yield f"in the log: {line.rstrip()[:3000]}"


def grown(warm: Size, end: Size, say: Callable[[str], None]) -> Iterator[str]:
    """What a daemon took more at its end than when it was warm."""
    say(f"the daemon's last life: {warm} when it was warm, {end} at its end")
    if end.resident > warm.resident * (1 + GROWS_MOST):
        yield f"the daemon grew from {warm.resident:.1f} to {end.resident:.1f} MB"
    if end.descriptors > warm.descriptors + 2:
        yield f"the daemon had {warm.descriptors} descriptors, and has {end.descriptors}"
