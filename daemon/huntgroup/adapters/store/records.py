"""What is kept of each inquiry: the facts and decisions that the engine told, one row each."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from huntgroup.engine.effects import Decision, Fact

DECISION = "decision"
ERASED = {"erased": True}
"""In place of what the first fact of an inquiry said of its customer, who is to be forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One row. ``at`` in seconds since the epoch; ``type`` is a fact's public name, or ``decision``."""

    at: float
    inquiry: str
    type: str
    group: str | None
    operator: str | None
    attempt: int | None
    detail: str
    more: Mapping[str, Any]
    """Of a decision the ``verdicts``, operator to reason in listed order; of the first fact the ``customer``, and the
    ``recording`` if they left one."""

    def tells_the_same(self, other: "Record") -> bool:
        """Whether it is another's equal, except for what was erased since."""
        if ERASED in (self.more, other.more):
            return replace(self, more=ERASED) == replace(other, more=ERASED)
        return self == other

    def row(self) -> tuple[float, str, str, str | None, str | None, int | None, str, str]:
        """As the table takes it."""
        more = json.dumps(self.more, ensure_ascii=False) if self.more else ""
        return (self.at, self.inquiry, self.type, self.group, self.operator, self.attempt, self.detail, more)


def record_of(tidings: Fact | Decision) -> Record | None:
    """The record of a fact or a decision; None for a fact that is about no inquiry."""
    if isinstance(tidings, Decision):
        return Record(
            at=tidings.at,
            inquiry=tidings.inquiry,
            type=DECISION,
            group=tidings.group,
            operator=None,
            attempt=tidings.attempt,
            detail="",
            more={"verdicts": dict(tidings.verdicts)} | ({"responsible": True} if tidings.is_for_responsible else {}),
        )
    if tidings.inquiry is None:
        return None
    return Record(
        at=tidings.at,
        inquiry=tidings.inquiry,
        type=tidings.type,
        group=tidings.group,
        operator=tidings.operator,
        attempt=tidings.attempt,
        detail=tidings.detail,
        more=_first_told(tidings),
    )


def _first_told(fact: Fact) -> dict[str, Any]:
    """What the first fact of an inquiry says of its customer and of what they left."""
    more: dict[str, Any] = {}
    if fact.customer is not None:
        more["customer"] = {"name": fact.customer.name, "phone": fact.customer.phone}
        if fact.customer.id:
            more["customer"]["id"] = fact.customer.id
    if fact.recording is not None:
        recording = fact.recording
        more["recording"] = {"file": recording.file, "seconds": recording.seconds, "mailbox": recording.mailbox}
    return more


def from_row(row: tuple[float, str, str, str | None, str | None, int | None, str, str]) -> Record:
    """The record of a row."""
    at, inquiry, kind, group, operator, attempt, detail, more = row
    return Record(
        at=at,
        inquiry=inquiry,
        type=kind,
        group=group,
        operator=operator,
        attempt=attempt,
        detail=detail,
        more=json.loads(more) if more else {},
    )
