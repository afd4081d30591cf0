"""A day of chaos that is written into a real store as it happens, as the daemon would."""

from contextlib import closing
from pathlib import Path
from types import TracebackType

from huntgroup.adapters.store import upkeep
from huntgroup.adapters.store.journal import write_batch
from huntgroup.adapters.store.opening import connect
from huntgroup.codec import rows_of
from huntgroup.engine.effects import Effect
from huntgroup.engine.engine import Engine
from huntgroup.engine.events import Event
from huntgroup.engine.restoring import memory_of
from huntgroup.recorder import batch_of
from huntgroup.recovery import recovered
from huntgroup.shell import Group, Handled
from tests.simulation.chaos import Chaos
from tests.simulation.dice import Seeded


class KeptChaos(Chaos):
    """``with KeptChaos(seed, path) as day:`` events are written in groups of ``group_most``; ``ends`` is the crash."""

    def __init__(self, seed: int, path: Path, *, group_most: int = 5) -> None:
        self.path = path
        self._most = group_most
        self._group = Group()
        self._effects: list[Effect] = []
        self.sequence = self._crc = self._last = 0
        self._is_begun = self._is_inside = self._must_restart = False
        super().__init__(Seeded(seed), full_check_every=101)

    def __enter__(self) -> "KeptChaos":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._write()

    def happens(self, event: Event) -> None:
        if not self._is_begun:
            self._begin()
        self._effects = []
        self._is_inside = True
        super().happens(event)
        self._is_inside = False
        self.sequence += 1
        self._group.handled.append(Handled(self.sequence, self.now, event, self._effects, None))
        self._group.changed.add(self.engine.world.changed)
        if len(self._group.handled) >= self._most:
            self._write()
        if self._must_restart:
            self._must_restart = False
            self.restarts()

    def goes_on(self, steps: int) -> None:
        for _ in range(steps):
            self.step()

    def restarts(self) -> None:
        """Another process, which has nothing but the store; only what was written counts."""
        if self._is_inside:
            self._must_restart = True
            return
        self._write()
        self.engine, opened = recovered(self.path, self.policy, self.now)
        assert opened.sequence == self.sequence
        assert self.mirror.differences(self.engine.world) == []
        self._crc = opened.crc

    def takes_snapshot(self) -> None:
        self._write()
        with closing(connect(self.path)) as database:
            upkeep.take_snapshot(database, self.sequence, self.now, self._crc)

    def _begin(self) -> None:
        self._is_begun = True
        self.engine, opened = recovered(self.path, self.policy, self.now)
        self.engine.start(self.now)
        self._crc = opened.crc

    def _take(self, effect: Effect) -> None:
        self._effects.append(effect)
        super()._take(effect)

    def _write(self) -> None:
        group, self._group = self._group, Group()
        if group.handled:
            with closing(connect(self.path)) as database:
                batch = batch_of(group, self.engine.world)
                self._crc = write_batch(database, batch, self._crc, self._last)
            self._last = self.sequence


def same(one: Engine, other: Engine) -> bool:
    """Whether two engines remember the same."""
    return set(rows_of(memory_of(one.world))) == set(rows_of(memory_of(other.world)))
