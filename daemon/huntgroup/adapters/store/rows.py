"""The checks that a row carries, and what is written in one go."""

import zlib
from dataclasses import dataclass, field
from typing import NamedTuple

from huntgroup.adapters.store.records import Record


class Entry(NamedTuple):
    """An event of the journal. ``at`` in seconds since the epoch, ``type`` and ``body`` as the codec gave them."""

    sequence: int
    at: float
    type: str
    body: str


def entry_crc(before: int, entry: Entry) -> int:
    """The check of a row of the journal, which includes that of the row before it."""
    return zlib.crc32(f"{entry.sequence}|{entry.at!r}|{entry.type}|{entry.body}".encode(), before)


def state_crc(kind: str, name: str, body: str) -> int:
    """The check of a part of the memory."""
    return zlib.crc32(f"{kind}|{name}|{body}".encode())


@dataclass(slots=True)
class Batch:
    """What is written in one transaction: events, what they changed, what was told of them."""

    entries: list[Entry] = field(default_factory=list)
    state: dict[tuple[str, str], str | None] = field(default_factory=dict)
    """Kind and id to body; None: it is over."""
    records: list[tuple[int, Record]] = field(default_factory=list)
    """With the sequence of the event that each came of."""
    follow: list[tuple[int, str, str]] = field(default_factory=list)
    """What is to be followed for customers, with the sequence of its event: kind and body."""
    apart: list[tuple[int, int, float, str, str, str]] = field(default_factory=list)
    """What the broker is to be told and the record has not all of; see `untold.Apart`."""
    told: tuple[int, int] | None = None
    """Up to where the broker has all by now; see `untold.Told`."""
    linked: tuple[float | None] | None = None
    """Since when nobody has read at the broker, None: somebody reads; see `untold.write_link`."""
    waits_for_disk: bool = True
    """What came of it may not leave with the commit, but only when it is on the disk itself."""

    def add(self, later: "Batch") -> None:
        """What came behind this, to be written with it."""
        self.waits_for_disk = later.waits_for_disk or (bool(self) and self.waits_for_disk)
        self.entries += later.entries
        self.state |= later.state
        self.records += later.records
        self.follow += later.follow
        self.apart += later.apart
        self.told = later.told or self.told
        self.linked = later.linked or self.linked

    def __bool__(self) -> bool:
        return bool(self.entries or self.state or self.records)
