"""What the engine keeps from one event to the next, whole: to be written down, and to go on from.

Whatever follows from something else (the lines, the deadlines, who owns which phone) is not kept but made anew, so that
it cannot contradict it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from huntgroup.engine.effects import Outcome
from huntgroup.engine.ids import GroupId, InquiryId, OperatorId, PbxId
from huntgroup.engine.pace import Sample
from huntgroup.engine.policy import GroupPolicy, Policy
from huntgroup.engine.state import Coming, FallbackRead, Inquiry, Operator


@dataclass(slots=True, kw_only=True)
class Changed:
    """What one event may have changed. Dicts for their order; what is named and no longer there is over."""

    inquiries: dict[InquiryId, None] = field(default_factory=dict)
    operators: dict[OperatorId, None] = field(default_factory=dict)
    groups: dict[GroupId, None] = field(default_factory=dict)
    """Groups that offered something to somebody."""
    paces: dict[GroupId, None] = field(default_factory=dict)
    """Groups of which somebody was answered who had waited."""
    fallback: dict[PbxId, None] = field(default_factory=dict)
    comings: dict[InquiryId, None] = field(default_factory=dict)
    """Calls that outlived an inquiry."""
    is_policy: bool = False
    is_unconfirmed: bool = False

    def clear(self) -> None:
        """Nothing has changed yet."""
        self.inquiries.clear()
        self.operators.clear()
        self.groups.clear()
        self.paces.clear()
        self.fallback.clear()
        self.comings.clear()
        self.is_policy = self.is_unconfirmed = False

    def add(self, other: "Changed") -> None:
        """And what another event changed."""
        self.inquiries |= other.inquiries
        self.operators |= other.operators
        self.groups |= other.groups
        self.paces |= other.paces
        self.fallback |= other.fallback
        self.comings |= other.comings
        self.is_policy |= other.is_policy
        self.is_unconfirmed |= other.is_unconfirmed


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """What is counted over everything. ``now`` is the instant of the last event, in seconds."""

    now: float
    received: int
    offers_made: int
    closed: Mapping[Outcome, int]
    pbxs_up: tuple[PbxId, ...] = ()
    pbxs_late: tuple[PbxId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """All of it, between two events."""

    policy: Policy
    retired_groups: Mapping[GroupId, GroupPolicy]
    counters: Counters
    last_offered: Mapping[GroupId, OperatorId]
    paces: Mapping[GroupId, Sequence[Sample]]
    fallback: Mapping[PbxId, FallbackRead]
    comings: Mapping[InquiryId, Coming]
    unconfirmed: Iterable[InquiryId]
    operators: Iterable[Operator]
    inquiries: Iterable[Inquiry]
