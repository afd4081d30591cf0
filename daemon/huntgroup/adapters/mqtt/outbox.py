"""What is to be published, in order. State is folded by topic; everything else is bounded."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import structlog

from huntgroup.adapters.mqtt.telling import Stream, Stretch

log = structlog.get_logger(__name__)

Build = Callable[[], bytes]
PASSING_MOST = 20_000
"""Answers and events that wait for a broker which is away; the oldest go first, and how many is logged."""
PASSING_BYTES = 32 << 20
"""The same in bytes, as far as their size is known before they are built."""
LETTER_BYTES = 1_024
"""Assumed size of a letter, besides what is said of it."""
CROWDED = 4_000
"""While so much waits, nothing more is read: what the broker does not take from us it keeps from others."""


@dataclass(slots=True)
class Letter:
    """One message to be sent; it is built only then, so that what is overtaken costs nothing."""

    topic: str
    build: Build
    is_retained: bool = False
    correlation: bytes | None = None
    of: Stretch | None = None
    """What it is acknowledged with, if it must be heard."""
    size: int = LETTER_BYTES
    """Bytes that it takes, about."""


class Outbox:
    """A queue in which a topic's state stands at most once, and the newest state of every topic ever kept."""

    def __init__(self) -> None:
        self.kept: dict[str, Build] = {}
        """By topic, what the broker is to hold."""
        self._is_linked = False
        self._waiting: dict[str | int, Letter] = {}
        self._passing = 0
        self._passing_bytes = 0
        self._number = 0
        self._lost = 0
        self._changed = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()

    def keep(self, topic: str, build: Build) -> None:
        """The broker is to hold this from now on. What waits for the topic is replaced in its place."""
        self.kept[topic] = build
        if not self._is_linked:
            return
        known = self._waiting.get(topic)
        if known is None:
            self._put(topic, Letter(topic, build, is_retained=True))
        else:
            known.build = build

    def clear(self, topic: str) -> None:
        """The broker is to hold nothing of this topic any more: an empty payload says so, after what came before."""
        self.kept.pop(topic, None)
        self._waiting.pop(topic, None)
        if self._is_linked:
            self._put(topic, Letter(topic, bytes, is_retained=True))

    def send(
        self,
        topic: str,
        build: Build,
        correlation: bytes | None = None,
        *,
        of: Stretch | None = None,
        size: int = 0,
    ) -> None:
        """To whoever listens now; with ``of`` it is told again until the broker has it. ``size``: bytes of its text."""
        self._number += 1
        letter = Letter(topic, build, correlation=correlation, of=of, size=LETTER_BYTES + size)
        self._count(letter, 1)
        self._put(self._number, letter)
        self._bound()

    def unlinked(self, letters: Iterable[Letter]) -> None:
        """The broker is away. ``letters`` were taken and, for all we know, not delivered; state is told anew anyway."""
        self._is_linked = False
        again: dict[str | int, Letter] = {}
        for letter in letters:
            if not letter.is_retained:
                self._number += 1
                self._count(letter, 1)
                again[self._number] = letter
        self._waiting = {**again, **{key: each for key, each in self._waiting.items() if isinstance(key, int)}}
        self._bound()

    def linked(self) -> None:
        """The broker is there, and may hold something else or nothing: all state is to be published, first of all."""
        self._is_linked = True
        state: dict[str | int, Letter] = {
            topic: Letter(topic, build, is_retained=True) for topic, build in self.kept.items()
        }
        self._waiting = {**state, **self._waiting}
        self._changed.set()

    def take(self) -> Letter | None:
        """The next one; None: nothing waits."""
        if not self._waiting:
            return None
        key = next(iter(self._waiting))
        letter = self._waiting.pop(key)
        if isinstance(key, int):
            self._count(letter, -1)
        if len(self._waiting) < CROWDED:
            self._has_room.set()
        return letter

    async def something(self) -> None:
        """Return once something waits."""
        while not self._waiting:
            self._changed.clear()
            await self._changed.wait()

    async def room(self) -> None:
        """Return once not too much waits, or once whoever waits is to go on all the same."""
        await self._has_room.wait()

    def room_for_one(self) -> None:
        """Whoever waits for room goes on."""
        self._has_room.set()

    def __len__(self) -> int:
        return len(self._waiting)

    def _put(self, key: str | int, letter: Letter) -> None:
        self._waiting[key] = letter
        self._changed.set()
        if len(self._waiting) >= CROWDED:
            self._has_room.clear()

    def _count(self, letter: Letter, one: int) -> None:
        self._passing += one
        self._passing_bytes += one * letter.size

    def _bound(self) -> None:
        while self._passing > PASSING_MOST or (self._passing_bytes > PASSING_BYTES and self._passing > 1):
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        oldest = next(key for key in self._waiting if isinstance(key, int))
        stretch = self._waiting[oldest].of
        if stretch is not None:
            self._leave_to_the_store(stretch.stream)
            return
        self._count(self._waiting.pop(oldest), -1)
        self._lost += 1
        if self._lost in (1, PASSING_MOST) or self._lost % PASSING_MOST == 0:
            log.error("broker.messages_lost", count=self._lost)

    def _leave_to_the_store(self, stream: Stream) -> None:
        """It has all of the kind, and is asked for it when there is room."""
        gone = [key for key, each in self._waiting.items() if each.of is not None and each.of.stream is stream]
        for key in gone:
            self._count(self._waiting.pop(key), -1)
        stream.fall_behind()
        log.warning("broker.left_to_the_store", count=len(gone))
        if len(self._waiting) < CROWDED:
            self._has_room.set()
