"""What is known of inquiries that are over, kept by somebody else."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from huntgroup.engine.ids import GroupId, InquiryId, OperatorId, SourceId


class Past(Protocol):
    """How an inquiry ended."""

    @property
    def outcome(self) -> str: ...
    @property
    def group(self) -> GroupId | None: ...
    @property
    def operator(self) -> OperatorId | None: ...


@dataclass(frozen=True, slots=True)
class Closed:
    """How an inquiry ended, as we saw it ourselves."""

    outcome: str
    group: GroupId | None
    operator: OperatorId | None
    account: str = ""
    """Which account brought it in."""


class Counted(Protocol):
    """One inquiry as far as it is recorded. Instants in seconds; None: it did not come to that."""

    @property
    def inquiry(self) -> InquiryId: ...
    @property
    def group(self) -> GroupId: ...
    @property
    def received_at(self) -> float: ...
    @property
    def answered_at(self) -> float | None: ...
    @property
    def closed_at(self) -> float | None: ...
    @property
    def outcome(self) -> str: ...


class History(Protocol):
    """The record of inquiries."""

    async def outcomes_of(self, inquiries: Collection[InquiryId]) -> Mapping[InquiryId, Past]:
        """How those of them ended that are over. Raises StoreError when that cannot be known now."""
        ...

    async def sources_of(self, inquiries: Collection[InquiryId]) -> Mapping[InquiryId, SourceId]:
        """By which source those of them came in of which that is recorded. Raises StoreError when that cannot be known
        now."""
        ...

    async def counted(self, since: float, until: float) -> Sequence[Counted]:
        """What happened between two instants, in seconds. Raises StoreError when that cannot be known now."""
        ...
