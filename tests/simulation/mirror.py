"""Holds what the engine says that it changed against all that there is: what is written down must be what is."""

from collections.abc import Mapping

from huntgroup.codec import Row, changed_rows, memory_from, rows_of
from huntgroup.engine.ids import GroupId
from huntgroup.engine.memory import Memory
from huntgroup.engine.restoring import memory_of, restored
from huntgroup.engine.world import World


class Mirror:
    """What the store would have: the memory at the beginning, and after each event what changed."""

    def __init__(self, world: World) -> None:
        self._rows = _by_name(rows_of(memory_of(world)))

    def follow(self, world: World) -> None:
        """An event was handled."""
        for row in changed_rows(world, world.changed):
            if row.body is None:
                self._rows.pop(row[:2], None)
            else:
                self._rows[row[:2]] = row.body

    def memory(self) -> Memory:
        """What a new process would begin with."""
        memory = memory_from((kind, name, body) for (kind, name), body in self._rows.items())
        assert memory is not None
        return memory

    def differences(self, world: World) -> list[str]:
        """What was changed and not said to be, and what a world made of the rows has otherwise."""
        now = _by_name(rows_of(memory_of(world)))
        broken = [
            f"{name} is {now.get(name)}, and was kept as {self._rows.get(name)}" for name in _unlike(self._rows, now)
        ]
        if broken:
            return broken
        again = restored(self.memory())
        made = _by_name(rows_of(memory_of(again)))
        broken = [f"{name} was made {made.get(name)} of {now.get(name)}" for name in _unlike(made, now)]
        for what, one, other in (
            ("lines", sorted(world.lines.everyone()), sorted(again.lines.everyone())),
            ("owners", world.phone_owner, again.phone_owner),
            ("present", world.present, again.present),
            ("unanswered", _counted(world.unanswered), _counted(again.unanswered)),
            ("deadlines", _instants(world), _instants(again)),
            ("next", world.deadlines.next(), again.deadlines.next()),
        ):
            if one != other:
                broken.append(f"{what}: {other} was made of {one}")
        return broken


def _by_name(rows: list[Row]) -> dict[tuple[str, str], str]:
    return {(row.kind, row.id): row.body for row in rows if row.body is not None}


def _unlike(one: dict[tuple[str, str], str], other: dict[tuple[str, str], str]) -> list[tuple[str, str]]:
    return [name for name in one | other if one.get(name) != other.get(name)]


def _counted(counts: Mapping[GroupId, int]) -> dict[GroupId, int]:
    return {name: count for name, count in counts.items() if count}


def _instants(world: World) -> list[tuple[float, int, str, int]]:
    return sorted({(each.at, int(each.kind), each.inquiry, each.attempt) for each in world.deadlines.holding()})
