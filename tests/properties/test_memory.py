"""A process may end between any two events: what goes on from its memory decides as it would have."""

import pytest

from huntgroup.engine.effects import Effect
from huntgroup.engine.engine import Engine
from huntgroup.engine.events import Event
from tests.simulation.chaos import Chaos
from tests.simulation.dice import Seeded

STEPS = 1_200
RENEWED_EVERY = 37


class Twins(Chaos):
    """Beside the engine runs one that is made anew, of the memory alone, again and again."""

    def __init__(self, seed: int) -> None:
        self.said: list[Effect] = []
        self.twin: Engine | None = None
        super().__init__(Seeded(seed), full_check_every=RENEWED_EVERY)

    def happens(self, event: Event) -> None:
        self.said.clear()
        if self.events % RENEWED_EVERY == 0:
            self.twin = Engine(self.policy, self.mirror.memory())
            self.twin.start(self.now)
        twins = self.twin.handle(event, self.now) if self.twin is not None else []
        super().happens(event)
        assert twins == self.said

    def restarts(self) -> None:
        """The twin does."""

    def _take(self, effect: Effect) -> None:
        self.said.append(effect)
        super()._take(effect)


@pytest.mark.parametrize("seed", range(21, 27))
def test_who_goes_on_from_the_memory_decides_the_same(seed: int) -> None:
    twins = Twins(seed)
    for _ in range(STEPS):
        twins.step()
    assert twins.events > STEPS / 2
