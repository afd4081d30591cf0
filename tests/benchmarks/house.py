"""One Asterisk for the load: the same many operators, the same waiting lines and the same shared operator both ways."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.figures import Way
from tests.lab.pbx import Pbx
from tests.live.configuration import group

LOAD, RINGING, MUSIC, LEFT, RIGHT = "load", "ringing", "music", "left", "right"
GROUPS = (LOAD, RINGING, MUSIC, LEFT, RIGHT)
HOLDS = (RINGING, MUSIC)
_PREFIX = {Way.APP_QUEUE: "queue", Way.HUNTGROUP: "group"}


@dataclass(frozen=True, slots=True)
class House:
    """So many operators take the load; each waiting line has one, who talks; two groups share one."""

    operators: int

    def members(self, name: str) -> list[str]:
        """The operators of a group."""
        if name == LOAD:
            return [f"load-{index}" for index in range(self.operators)]
        return ["shared"] if name in (LEFT, RIGHT) else [name]

    def people(self) -> list[str]:
        """Everybody once."""
        return list(dict.fromkeys(member for name in GROUPS for member in self.members(name)))

    def phones(self, way: Way) -> list[str]:
        """Their phones: nobody serves both ways."""
        return [phone_of(way, member) for member in self.people()]

    def exchange(self) -> Pbx:
        """All phones, app_queue's queues, and Huntgroup's dialplan."""
        phones = [phone for way in Way for phone in self.phones(way)]
        extensions = {phone: str(1000 + index) for index, phone in enumerate(phones)}
        return Pbx(extensions, queues="".join(self._queues()), dialplan=_dialplan(), verbose=0)

    def _queues(self) -> Iterator[str]:
        """As fast as app_queue can be; leastrecent is what `evenly` does too, and costs less than rrmemory."""
        for name in GROUPS:
            members = "".join(f"member => PJSIP/{phone_of(Way.APP_QUEUE, each)}\n" for each in self.members(name))
            yield (
                f"[{name}]\nstrategy=leastrecent\ntimeout=20\nretry=1\nringinuse=no\nautofill=yes\nwrapuptime=0\n"
                f"joinempty=yes\nleavewhenempty=no\nannounce-frequency=0\nmusicclass=default\n{members}"
            )

    def configuration(self) -> str:
        """The same for Huntgroup."""
        return "".join(self._configuration())

    def _configuration(self) -> Iterator[str]:
        for person in self.people():
            yield f'[[operators]]\nid = "{person}"\nphones = ["PJSIP/{phone_of(Way.HUNTGROUP, person)}"]\n'
        for name in GROUPS:
            hold = "music" if name == MUSIC else "ringing"
            yield group(name, *self.members(name), rings="4", distribution='"evenly"', hold=f'"{hold}"')
            yield f'[[numbers]]\nnumber = "{number_of(Way.HUNTGROUP, name)}"\ngroup = "{name}"\n'


def phone_of(way: Way, person: str) -> str:
    """The endpoint."""
    return f"{_PREFIX[way]}-{person}"


def number_of(way: Way, name: str) -> str:
    """What is dialled."""
    return f"{'700' if way is Way.APP_QUEUE else '800'}{GROUPS.index(name)}"


def _dialplan() -> str:
    """Ringback without an answer, and music behind one, as Huntgroup's two ways to wait."""
    numbers = "".join(
        f"exten => {number_of(Way.APP_QUEUE, name)},1,"
        + (f"Answer()\n same => n,Queue({name})\n" if name == MUSIC else f"Queue({name},r)\n")
        + " same => n,Hangup()\n"
        for name in GROUPS
    )
    return f"[huntgroup-inbound](+)\n{numbers}"


def cpu_of(pid: int) -> float:
    """Seconds of CPU of a process and all its threads so far: /proc/<pid>/stat has the same, in hundredths."""
    return time.clock_gettime((~pid << 3) | 2)  # CPUCLOCK_SCHED of a process, as clock_getcpuclockid(3) makes it


def queued_of(pid: int) -> float:
    """Seconds that the main thread of a process could have run and had no CPU, so far."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
