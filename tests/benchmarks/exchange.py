"""One Asterisk that serves every line twice: by app_queue and by Huntgroup, with phones and numbers of their own.

A *place* is one line for one call at a time: two operators in order, and a number for either way. Figures that are a
few milliseconds are taken at one place; those that are mostly waiting at several places at once.
"""

from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass

from tests.benchmarks.figures import Way
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller, Phone
from tests.live.configuration import group

RING_SECONDS = 0.5
RINGS = 2
SET_RINGING = RING_SECONDS * RINGS
"""Seconds that each operator is to ring. One, for app_queue knows only whole seconds."""
PLACES = 4
SINGLE = "single"
"""The group with one operator only."""
PAIRS = tuple(f"pair{index}" for index in range(PLACES))
GROUPS: Mapping[str, tuple[str, ...]] = {SINGLE: ("first",), **dict.fromkeys(PAIRS, ("first", "second"))}
_PREFIX = {Way.APP_QUEUE: "queue", Way.HUNTGROUP: "group"}


@dataclass(frozen=True, slots=True)
class Line:
    """One way to reach the operators of one group: their phones in order, and somebody who calls."""

    number: str
    caller: Caller
    phones: tuple[Phone, ...]


def number_of(way: Way, name: str) -> str:
    """What the caller dials."""
    return f"{'700' if way is Way.APP_QUEUE else '800'}{list(GROUPS).index(name)}"


def endpoint_of(way: Way, name: str, operator: str) -> str:
    """The phone of an operator: nobody serves both ways, so that neither sees the other's calls."""
    return f"{_PREFIX[way]}-{name}-{operator}"


def exchange() -> Pbx:
    """The exchange with all phones, app_queue's queues and Huntgroup's dialplan."""
    endpoints = [
        endpoint_of(way, name, operator) for way in Way for name, operators in GROUPS.items() for operator in operators
    ]
    extensions = {endpoint: str(100 + index) for index, endpoint in enumerate(endpoints)}
    return Pbx(extensions, queues=_queues(), dialplan=_dialplan(), verbose=0)


def _queues() -> str:
    """app_queue at its best: its least pause between two tries is 1 s, for it takes retry=0 to mean 5 s."""
    return "".join(
        f"[{name}]\nstrategy=linear\ntimeout={SET_RINGING:.0f}\nretry=1\nringinuse=no\nautofill=yes\nwrapuptime=0\n"
        "joinempty=yes\nleavewhenempty=no\nannounce-frequency=0\n"
        + "".join(f"member => PJSIP/{endpoint_of(Way.APP_QUEUE, name, operator)}\n" for operator in operators)
        for name, operators in GROUPS.items()
    )


def _dialplan() -> str:
    """The queues beside Huntgroup's numbers, in the trunk's own context: no step more for either."""
    numbers = "".join(
        f"exten => {number_of(Way.APP_QUEUE, name)},1,Queue({name},r)\n same => n,Hangup()\n" for name in GROUPS
    )
    return f"[huntgroup-inbound](+)\n{numbers}"


def daemon_configuration() -> str:
    """The same lines for Huntgroup."""
    return "".join([f"[telephony]\nring_seconds = {RING_SECONDS}\n", *_operators(), *_groups()])


def _operators() -> Iterator[str]:
    for name, operators in GROUPS.items():
        for operator in operators:
            endpoint = endpoint_of(Way.HUNTGROUP, name, operator)
            yield f'[[operators]]\nid = "{name}-{operator}"\nphones = ["PJSIP/{endpoint}"]\n'


def _groups() -> Iterator[str]:
    for name, operators in GROUPS.items():
        listed = [f"{name}-{operator}" for operator in operators]
        yield group(name, *listed, rings=str(RINGS), distribution='"in_order"', hold='"ringing"')
        yield f'[[numbers]]\nnumber = "{number_of(Way.HUNTGROUP, name)}"\ngroup = "{name}"\n'


async def open_line(pbx: Pbx, stack: AsyncExitStack, way: Way, name: str) -> Line:
    """A caller and registered phones for one way into one group; closed with *stack*."""
    phones = []
    for operator in GROUPS[name]:
        phone = pbx.phone(endpoint_of(way, name, operator), audio=False)
        phones.append(await (await stack.enter_async_context(phone)).registers())
    caller = await stack.enter_async_context(pbx.caller(audio=False))
    return Line(number_of(way, name), caller, tuple(phones))
