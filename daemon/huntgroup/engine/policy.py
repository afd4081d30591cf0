"""What the engine holds of the configuration: values, already validated, with every duration in seconds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from huntgroup.engine.ids import GroupId, OperatorId, PbxId, PhoneId


class Channel(StrEnum):
    """The ways an inquiry can come in."""

    CALL = "call"
    CHAT = "chat"
    MAIL = "mail"
    FORM = "form"


class Distribution(StrEnum):
    """How a group orders its eligible operators."""

    IN_ORDER = "in_order"
    ALL_AT_ONCE = "all_at_once"


class Hold(StrEnum):
    """What a caller hears while they wait."""

    RINGING = "ringing"
    MUSIC = "music"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepWaiting:
    """The inquiry stays in its line and is offered again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterGroup:
    """The inquiry joins another group's line, keeping its time of arrival."""

    group: GroupId


@dataclass(frozen=True, slots=True, kw_only=True)
class EndCall:
    """The call is ended with a Q.850 cause."""

    cause: int


OverflowAction = KeepWaiting | EnterGroup | EndCall


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorPolicy:
    """One operator: the phones ring together, capacity counts inquiries by channel."""

    id: OperatorId
    name: str
    phones: tuple[PhoneId, ...]
    capacity: Mapping[Channel, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPolicy:
    """One group: the order of ``operators`` is the queue's order; ``max_wait`` in seconds, None for ever."""

    id: GroupId
    name: str
    operators: tuple[OperatorId, ...]
    distribution: Distribution = Distribution.IN_ORDER
    rings: int = 4
    max_wait: float | None = None
    hold: Hold = Hold.RINGING
    on_unanswered: OverflowAction = field(default_factory=KeepWaiting)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The whole of it. ``numbers`` maps a dialled number in its normal form to a group.

    ``ring_seconds`` is one ring's cadence; ``unreachable_after`` how long a phone may take to begin to ring.
    """

    operators: Mapping[OperatorId, OperatorPolicy]
    groups: Mapping[GroupId, GroupPolicy]
    numbers: Mapping[str, GroupId]
    pbx: PbxId
    ring_seconds: float = 6.0
    unreachable_after: float = 5.0
