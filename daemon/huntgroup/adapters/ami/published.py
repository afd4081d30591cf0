"""By which names a PBX was told of us, kept at the PBX itself: what an earlier run told, a later one can take back.

The names stand in as many global variables as one line of AMI each can carry, the first empty one behind them.
"""

from collections.abc import Iterable, Iterator
from itertools import count
from typing import NamedTuple

from huntgroup.adapters.ami.asking import Asking
from huntgroup.adapters.ami.fallback import setvar
from huntgroup.adapters.ami.wire import SafeAction

INDEX_MOST = 900
"""Bytes of names in one variable."""


class Names(NamedTuple):
    """What a PBX knows of us."""

    lists: frozenset[str] = frozenset()
    """The numbers whose group it rings by itself while we are away, in every form of them."""
    phones: frozenset[str] = frozenset()
    """The extensions that stand for phones of operators, for who calls over a trunk."""
    codes: frozenset[str] = frozenset()
    """All that is a code when it is dialled."""
    lamps: frozenset[str] = frozenset()
    """The extensions of which lamps tell who is logged in and who pauses."""

    def with_those(self, others: "Names") -> "Names":
        """Both."""
        return Names(*(one | other for one, other in zip(self, others, strict=True)))

    def without(self, others: "Names") -> "Names":
        """These, and not those."""
        return Names(*(one - other for one, other in zip(self, others, strict=True)))


async def read(asking: Asking) -> Names:
    """What the PBX says that it was told. Raises PeerError."""
    found: dict[str, set[str]] = {kind: set() for kind in Names._fields}
    for number in count(1):
        text = await asking.value(_variable(number))
        listed = [(kind, name) for kind, _, name in (each.partition(":") for each in text.split("|")) if kind in found]
        if not listed:
            break
        for kind, name in listed:
            found[kind].add(name)
    return Names(*map(frozenset, found.values()))


def write(names: Names) -> list[SafeAction]:
    """Have the PBX remember these, and no others."""
    every = (f"{kind}:{name}" for kind, of_kind in zip(Names._fields, names, strict=True) for name in sorted(of_kind))
    texts = [*_in_pieces(every), ""]
    return [setvar(_variable(number), text) for number, text in enumerate(texts, 1)]


def _variable(number: int) -> str:
    return f"GLOBAL(HUNTGROUP_PUBLISHED_{number})"


def _in_pieces(names: Iterable[str]) -> Iterator[str]:
    piece = ""
    for name in names:
        if piece and len(piece) + len(name) >= INDEX_MOST:
            yield piece
            piece = ""
        piece = f"{piece}|{name}" if piece else name
    if piece:
        yield piece
