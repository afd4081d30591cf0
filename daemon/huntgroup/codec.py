"""The engine's events and memory as text, and back: what the store keeps. It must not know how or where.

JSON, with the names that the engine's own dataclasses have. What has its default is left out of a memory, so that a row
is short; so a default may not change its meaning without a migration of the store.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, get_args

from pydantic import TypeAdapter, ValidationError

from huntgroup.engine.events import Event
from huntgroup.engine.ids import GroupId, InquiryId, OperatorId, PbxId
from huntgroup.engine.memory import Changed, Counters, Memory
from huntgroup.engine.pace import Sample
from huntgroup.engine.policy import Channel, GroupPolicy, Policy
from huntgroup.engine.restoring import counters_of
from huntgroup.engine.state import Coming, FallbackRead, Handover, Inquiry, Operator
from huntgroup.engine.world import World
from huntgroup.errors import HuntgroupError

POLICY, RETIRED, COUNTERS, LAST_OFFERED, PACE, FALLBACK, COMING, UNCONFIRMED, OPERATOR, INQUIRY = (
    "policy",
    "retired_groups",
    "counters",
    "last_offered",
    "pace",
    "fallback",
    "coming",
    "unconfirmed",
    "operator",
    "inquiry",
)
_EVENTS: dict[str, TypeAdapter[Any]] = {each.__name__: TypeAdapter(each) for each in get_args(Event)}
_POLICY = TypeAdapter(Policy)
_GROUPS = TypeAdapter(dict[GroupId, GroupPolicy])
_COUNTERS = TypeAdapter(Counters)
_PACE = TypeAdapter(tuple[Sample, ...])
_FALLBACK = TypeAdapter(FallbackRead)
_COMING = TypeAdapter(Coming)
_UNCONFIRMED = TypeAdapter(list[InquiryId])
_OPERATOR = TypeAdapter(Operator)
_INQUIRY = TypeAdapter(Inquiry)
_HANDOVER = TypeAdapter(Handover)
_DERIVED = {"no_work", "unfit", "share"}
"""What an operator's row leaves out: conclusions, drawn again when they are needed."""


class UnreadableError(HuntgroupError):
    """A text is not what this version, or any earlier one, writes."""

    code = "row_unreadable"


class Row(NamedTuple):
    """A part of the memory under its name; no body: it is over."""

    kind: str
    id: str
    body: str | None


# -- events ---------------------------------------------------------------------------------------------------------


def event_text(event: Event) -> tuple[str, str]:
    """Its type's name and its body."""
    name = type(event).__name__
    return name, _EVENTS[name].dump_json(event).decode()


def event_from(name: str, body: str) -> Event:
    """The event of a name and a body. Raises UnreadableError."""
    try:
        event: Event = _EVENTS[name].validate_json(body)
    except (KeyError, ValidationError) as error:
        raise UnreadableError(f"an event {name!r}: {error}") from None
    return event


# -- memory ---------------------------------------------------------------------------------------------------------


def rows_of(memory: Memory) -> list[Row]:
    """All of a memory."""
    return [
        _policy(memory.policy),
        _retired(memory.retired_groups),
        _counters(memory.counters),
        *(Row(LAST_OFFERED, group, operator) for group, operator in memory.last_offered.items()),
        *map(_pace, memory.paces.items()),
        *map(_fallback, memory.fallback.items()),
        *(_coming(call, each) for call, each in memory.comings.items()),
        _unconfirmed(memory.unconfirmed),
        *map(_operator, memory.operators),
        *map(_inquiry, memory.inquiries),
    ]


def changed_rows(world: World, changed: Changed) -> Iterator[Row]:
    """The parts of a world's memory that changed, as they are now."""
    if changed.is_policy:
        yield _policy(world.policy)
        yield _retired(world.retired_groups)
        changed.operators |= dict.fromkeys(world.operators)
    yield _counters(counters_of(world))
    for group in changed.groups:
        yield Row(LAST_OFFERED, group, world.last_offered.get(group))
    for group in changed.paces:
        yield _pace((group, world.paces.samples(group)))
    for pbx in changed.fallback:
        yield _fallback((pbx, world.fallback[pbx]))
    for call in changed.comings:
        yield _coming(call, world.comings.of(call))
    if changed.is_unconfirmed:
        yield _unconfirmed(world.unconfirmed)
    for name in changed.operators:
        operator = world.operators.get(name)
        yield Row(OPERATOR, name, None) if operator is None else _operator(operator)
    for inquiry_id in changed.inquiries:
        inquiry = world.inquiries.get(inquiry_id)
        yield Row(INQUIRY, inquiry_id, None) if inquiry is None else _inquiry(inquiry)


def _policy(policy: Policy) -> Row:
    return Row(POLICY, "", _POLICY.dump_json(policy).decode())


def _retired(groups: Mapping[GroupId, GroupPolicy]) -> Row:
    return Row(RETIRED, "", _GROUPS.dump_json(dict(groups)).decode())


def _counters(counters: Counters) -> Row:
    return Row(COUNTERS, "", _COUNTERS.dump_json(counters).decode())


def _pace(known: tuple[GroupId, Sequence[Sample]]) -> Row:
    return Row(PACE, known[0], _PACE.dump_json(tuple(known[1])).decode())


def _fallback(known: tuple[PbxId, FallbackRead]) -> Row:
    return Row(FALLBACK, known[0], _FALLBACK.dump_json(known[1]).decode())


def _coming(call: InquiryId, known: Coming | None) -> Row:
    return Row(COMING, call, None if known is None else _COMING.dump_json(known).decode())


def _unconfirmed(inquiries: Iterable[InquiryId]) -> Row:
    return Row(UNCONFIRMED, "", _UNCONFIRMED.dump_json(list(inquiries)).decode())


def _operator(operator: Operator) -> Row:
    return Row(OPERATOR, operator.policy.id, _OPERATOR.dump_json(operator, exclude=_DERIVED).decode())


def _inquiry(inquiry: Inquiry) -> Row:
    if inquiry.handover is None:
        return Row(INQUIRY, inquiry.id, _INQUIRY.dump_json(inquiry, exclude_defaults=True).decode())
    # What follows it is told from other actions by what it is called, which is a default.
    whole = _INQUIRY.dump_python(inquiry, mode="json", exclude_defaults=True)
    whole["handover"] = _HANDOVER.dump_python(inquiry.handover, mode="json")
    return Row(INQUIRY, inquiry.id, json.dumps(whole))


def _counters_from(body: str, policy: Policy) -> Counters:
    """Versions that knew one PBX say only whether it was up."""
    counters = _COUNTERS.validate_json(body)
    return replace(counters, pbxs_up=(policy.pbx,)) if json.loads(body).get("pbx_is_up") else counters


def _inquiry_from(body: str, policy: Policy) -> Inquiry:
    """And of a call not which one has its caller."""
    inquiry: Inquiry = _INQUIRY.validate_json(body)
    if inquiry.channel is Channel.CALL and inquiry.pbx is None:
        inquiry.pbx = policy.pbx
    return inquiry


def memory_from(rows: Iterable[tuple[str, str, str]]) -> Memory | None:
    """The memory that these rows are; None when there are none at all. Raises UnreadableError."""
    by_kind: dict[str, dict[str, str]] = defaultdict(dict)
    for kind, name, body in rows:
        by_kind[kind][name] = body
    if not by_kind:
        return None
    try:
        policy = _POLICY.validate_json(by_kind[POLICY][""])
        return Memory(
            policy=policy,
            retired_groups=_GROUPS.validate_json(by_kind[RETIRED][""]),
            counters=_counters_from(by_kind[COUNTERS][""], policy),
            last_offered={GroupId(group): OperatorId(who) for group, who in by_kind[LAST_OFFERED].items()},
            paces={GroupId(group): _PACE.validate_json(body) for group, body in by_kind[PACE].items()},
            fallback={PbxId(pbx): _FALLBACK.validate_json(body) for pbx, body in by_kind[FALLBACK].items()},
            comings={InquiryId(call): _COMING.validate_json(body) for call, body in by_kind[COMING].items()},
            unconfirmed=_UNCONFIRMED.validate_json(by_kind[UNCONFIRMED][""]),
            operators=[_OPERATOR.validate_json(body) for body in by_kind[OPERATOR].values()],
            inquiries=[_inquiry_from(body, policy) for body in by_kind[INQUIRY].values()],
        )
    except (KeyError, ValidationError) as error:
        raise UnreadableError(f"what was open: {error}") from None
