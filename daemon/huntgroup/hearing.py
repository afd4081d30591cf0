"""Until when it is known what happened at each PBX: a deadline of a call waits for its own PBX's word, and no other's.

An answer beats its own timeout on a slow link too: what was decided without it would be carried out on a conversation.
Where there are several PBXs, one that takes its time must not hold up the others' callers: it is told of as late, and
its own calls stand still until it has said everything.
"""

import asyncio
import math
from collections.abc import Callable
from functools import partial

from huntgroup.engine.ids import PbxId

PATIENCE = 0.02
"""Seconds for which everybody waits for one PBX, beyond what it takes to answer at its best."""

Done = Callable[[], None]
CatchUp = Callable[[PbxId, Done], None]


class Hearing:
    """Asks, and remembers. All instants are on the event loop's clock.

    ``catch_up`` calls back once everything was told that happened at a PBX before it was called; ``heard`` is called
    when a PBX has answered, ``late`` when it has not in time, ``made_up`` when such a one has said everything.
    """

    def __init__(self, catch_up: CatchUp, heard: Done, late: Callable[[PbxId], None], made_up: Callable[[PbxId], None]):
        self._catch_up = catch_up
        self._heard = heard
        self._late = late
        self._made_up = made_up
        self._until: dict[PbxId, float] = {}
        self._at_best: dict[PbxId, float] = {}
        self._asked: dict[PbxId, asyncio.TimerHandle | None] = {}
        self._are_late: set[PbxId] = set()

    @property
    def is_waiting(self) -> bool:
        """Whether everybody waits for an answer."""
        return bool(self._asked.keys() - self._are_late)

    def until(self, pbx: PbxId) -> float:
        """Of what happened there before this, everything has been told."""
        return self._until.get(pbx, -math.inf)

    def ask(self, pbx: PbxId, *, is_one_of_several: bool) -> None:
        """Have it say what happened up to now, unless it is being asked."""
        if pbx in self._asked:
            return
        loop = asyncio.get_running_loop()
        self._asked[pbx] = None
        self._catch_up(pbx, partial(self._answered, pbx, loop.time(), is_one_of_several))
        if pbx in self._asked and is_one_of_several and pbx not in self._are_late:
            self._asked[pbx] = loop.call_later(self._patience(pbx), self._is_late, pbx)

    def close(self) -> None:
        """Nobody waits any more."""
        for timer in self._asked.values():
            if timer is not None:
                timer.cancel()

    def _patience(self, pbx: PbxId) -> float:
        return PATIENCE + 2 * self._at_best.get(pbx, 0.0)

    def _is_late(self, pbx: PbxId) -> None:
        self._are_late.add(pbx)
        self._late(pbx)

    def _answered(self, pbx: PbxId, asked: float, is_one_of_several: bool) -> None:
        took = asyncio.get_running_loop().time() - asked
        timer = self._asked.pop(pbx, None)
        if timer is not None:
            timer.cancel()
        self._until[pbx] = asked
        self._at_best[pbx] = min(took, self._at_best.get(pbx, math.inf))
        if pbx not in self._are_late:
            self._heard()
        elif took > self._patience(pbx):
            self.ask(pbx, is_one_of_several=is_one_of_several)  # what happened since is still on its way
        else:
            self._are_late.discard(pbx)
            self._made_up(pbx)
