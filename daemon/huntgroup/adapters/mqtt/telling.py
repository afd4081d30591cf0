"""What passes once and must be heard: facts, and what happened to customers. It knows how far the broker has them.

What is told waits in the outbox. Where that is too small, since the broker is away, nothing of the kind waits there any
more: it is read from the store when the broker is back, as at a start, from the first that was not acknowledged on.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Protocol, TypeVar

import structlog

from huntgroup.customers.words import Happening
from huntgroup.engine.effects import Fact
from huntgroup.errors import StoreError

log = structlog.get_logger(__name__)
T = TypeVar("T")

NOTE_SECONDS = 1.0
"""How far the broker is is written so often at most. What was told since then is told again to whoever outlives us."""
AGAIN_SECONDS = 1.0
"""After so long the store is asked again for what it did not have."""


class Untold(Protocol):
    """What is kept until it was told."""

    async def facts(self, after: int, until: int) -> tuple[Sequence[Fact], int]:
        """Some behind an event of the journal, in order, and up to which event these are all. Raises StoreError."""
        ...

    async def happenings(self, after: int, until: int) -> tuple[Sequence[Happening], int]:
        """Some behind a number, in order, and up to which these are all. Raises StoreError."""
        ...

    def told(self, facts: int, happenings: int) -> None:
        """The broker has all up to here."""
        ...

    def linked(self, until: float | None) -> None:
        """Nobody has read at the broker since this instant; None: somebody reads."""
        ...


class Stretch:
    """What is acknowledged together: ``left`` of it are still to be."""

    __slots__ = ("left", "stream", "up_to")

    def __init__(self, stream: "Stream") -> None:
        self.stream = stream
        self.left = 0
        self.up_to = 0

    def acknowledged(self) -> None:
        """The broker has one of it."""
        self.left -= 1
        if not self.left:
            self.stream.advance()


class Stream:
    """One kind of it, numbered in the order in which it happened. It is live, or behind: then what happens is not put
    in, since it is read from the store in its turn."""

    def __init__(self, told: int, heard: int, moved: Callable[[], None]) -> None:
        """``told``: the broker has all up to there; ``heard``: the last there is. ``moved`` hears that it has more."""
        self.told = told
        self.heard = heard
        self.read = told
        """All up to here is told, or waits to be."""
        self.is_live = told >= heard
        self.falls = 0
        self._moved = moved
        self._stretches: deque[Stretch] = deque()
        self._open = Stretch(self)
        self._fell_behind = asyncio.Event()
        self._settled = asyncio.Event()

    def one_more(self) -> Stretch:
        """Something is put in."""
        self._open.left += 1
        return self._open

    def until(self, number: int) -> None:
        """All that happened up to here was put in, or left to the store."""
        self.heard = number
        if self.is_live:
            self._close(number)

    def caught_up(self, number: int) -> None:
        """All up to here was put in, as it was read from the store."""
        self._close(number)
        self.is_live = number >= self.heard

    def fall_behind(self) -> None:
        """What was put in and not acknowledged will be read from the store."""
        self.is_live = False
        self.falls += 1
        self.read = self.told
        self._stretches.clear()
        self._open = Stretch(self)
        self._fell_behind.set()
        self._settled.set()

    def advance(self) -> None:
        """As far as all before it is acknowledged, too."""
        before = self.told
        while self._stretches and not self._stretches[0].left:
            self.told = self._stretches.popleft().up_to
        if not self._stretches:
            self._settled.set()
        if self.told != before:
            self._moved()

    async def falls_behind(self) -> None:
        """Return once it is behind."""
        while self.is_live:
            self._fell_behind.clear()
            await self._fell_behind.wait()

    async def settles(self) -> None:
        """Return once the broker has all that was put in, or that is left to the store."""
        while self._stretches:
            self._settled.clear()
            await self._settled.wait()

    def _close(self, number: int) -> None:
        self.read = number
        if self._open.left:
            self._open.up_to = number
            self._stretches.append(self._open)
            self._open = Stretch(self)
        elif self._stretches:
            self._stretches[-1].up_to = number
        else:
            self.told = number


Read = Callable[[int, int], Awaitable[tuple[Sequence[T], int]]]


class Telling:
    """Both streams, and who keeps what is to be told."""

    def __init__(
        self, untold: Untold, facts: tuple[int, int], happenings: tuple[int, int], linked_until: float = 0.0
    ) -> None:
        """Of each stream up to where it was told, and the last there is. ``linked_until``: when an earlier life last
        read at the broker, in seconds since the epoch."""
        self.linked_until: float | None = linked_until
        """None: we read there now."""
        self.facts = Stream(*facts, self._moved)
        self.happenings = Stream(*happenings, self._moved)
        self._untold = untold
        self._timer: asyncio.TimerHandle | None = None

    def catching_up(
        self, tell: Callable[[Fact], None], happened: Callable[[Happening], None]
    ) -> list[Coroutine[Any, Any, None]]:
        """What puts in, for ever, what is behind; ``tell`` and ``happened`` put in one."""
        return [
            _catch_up(self.facts, self._untold.facts, tell),
            _catch_up(self.happenings, self._untold.happenings, happened),
        ]

    def linked(self, until: float | None) -> None:
        """Nobody has read at the broker since this instant; None: somebody reads."""
        self.linked_until = until
        self._untold.linked(until)

    def _moved(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(NOTE_SECONDS, self._note)

    def _note(self) -> None:
        self._timer = None
        self._untold.told(self.facts.told, self.happenings.told)


async def _catch_up(stream: Stream, read: Read[T], put: Callable[[T], None]) -> None:
    while True:
        await stream.falls_behind()
        try:
            has_more = await _put_some(stream, read, put)
        except StoreError as error:
            log.error("broker.untold_unknown", error=str(error))  # noqa: TRY400 - the disk's word
            has_more = False
        if not has_more:
            await asyncio.sleep(AGAIN_SECONDS)  # the disk does not take it, or not give it: nobody says when it does


async def _put_some(stream: Stream, read: Read[T], put: Callable[[T], None]) -> bool:
    """Whether there was anything; then the broker has it, or it is left to the store once more."""
    after, until, falls = stream.read, stream.heard, stream.falls
    found, up_to = await read(after, until)
    if stream.falls != falls:
        return True
    for each in found:
        put(each)
        if stream.falls != falls:
            return True
    stream.caught_up(up_to)
    await stream.settles()
    return up_to > after
