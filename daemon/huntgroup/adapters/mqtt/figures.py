"""The live figures of each group, from what the engine tells. It publishes nothing itself."""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from typing import Literal, TypeVar

from huntgroup.adapters.mqtt.history import Counted
from huntgroup.adapters.mqtt.payloads import GroupState, instant
from huntgroup.engine.effects import Fact, FactType, InquiryChanged, OperatorChanged, OperatorRemoved, Outcome, Reason
from huntgroup.engine.ids import GroupId, InquiryId, OperatorId
from huntgroup.engine.policy import Channel, Policy, Presence

EVERY_SECONDS = 1.0
"""A group's figures are published no more often."""
WAIT_EVERY_SECONDS = 5.0
"""While somebody waits, the longest wait is told anew so often."""
SERVICE_LEVEL_SECONDS = 20.0
POSITIONS_MOST = 100
"""So many at the head of a line are told their position whenever it changes; who is further behind, when they come."""

Place = tuple[int, float, int, str]
PlaceT = TypeVar("PlaceT", Place, tuple[float, InquiryId])
Doing = Literal["available", "busy", "wrapup", "paused", "logged_out"]


@dataclass(slots=True)
class Day:
    """What is counted from midnight to midnight."""

    date: date
    received: int = 0
    answered: int = 0
    in_time: int = 0
    abandoned: int = 0
    unanswered: int = 0


@dataclass(slots=True)
class _Group:
    zone: tzinfo
    operators: tuple[OperatorId, ...]
    day: Day
    waiting: Counter[Channel] = field(default_factory=Counter)
    arrivals: list[tuple[float, InquiryId]] = field(default_factory=list)
    line: list[Place] = field(default_factory=list)
    told_positions: dict[InquiryId, int] = field(default_factory=dict)
    told_at: float = float("-inf")
    is_changed: bool = True


@dataclass(slots=True)
class _Case:
    group: GroupId
    channel: Channel
    received_at: float
    is_waiting: bool = False
    place: Place | None = None
    is_answered: bool = False


class Figures:
    """Counts by group. ``now`` is in seconds since the epoch, everywhere."""

    def __init__(self, policy: Policy, now: float) -> None:
        self._groups: dict[GroupId, _Group] = {}
        self._cases: dict[InquiryId, _Case] = {}
        self._live: set[tuple[FactType, InquiryId]] | None = set()
        """What was counted as it happened, until what was recorded before is known; None: it is."""
        self._doing: dict[OperatorId, Doing] = {}
        self._groups_of: dict[OperatorId, list[GroupId]] = {}
        self.follow(policy, now)

    def follow(self, policy: Policy, now: float) -> list[GroupId]:
        """Another configuration: who is in which group, and which groups there are. Those that are no more."""
        gone = [name for name in self._groups if name not in policy.groups]
        for name in gone:
            del self._groups[name]
        self._groups_of = {}
        for group in policy.groups.values():
            zone = group.hours.zone if group.hours else UTC
            known = self._groups.get(group.id)
            if known is None:
                known = self._groups[group.id] = _Group(zone, group.operators, Day(_date(now, zone)))
            known.zone, known.operators, known.is_changed = zone, group.operators, True
            for operator in group.operators:
                self._groups_of.setdefault(operator, []).append(group.id)
        return gone

    # -- what the engine tells ------------------------------------------------------------------------------------

    def fact(self, fact: Fact) -> None:
        """Count what happened to an inquiry."""
        if fact.inquiry is None or fact.group is None:
            return
        case = self._cases.get(fact.inquiry)
        if fact.type is FactType.RECEIVED:
            # Facts are told before states: what is assigned at once is answered before anything else is known of it.
            self._cases[fact.inquiry] = _Case(fact.group, Channel.CALL, fact.at)
            self._today(fact.group, fact.at).received += 1
        elif fact.type is FactType.ACCEPTED and case is not None and not case.is_answered:
            case.is_answered = True
            self.answered(fact.group, fact.at, fact.at - case.received_at)
        elif fact.type is FactType.CLOSED:
            self.closed(fact.group, fact.at, fact.detail)
            if case is not None:  # of what began and ended elsewhere nothing more is told
                self._leave(fact.inquiry, self._cases.pop(fact.inquiry))
        else:
            return
        if self._live is not None:
            self._live.add((fact.type, fact.inquiry))

    def answered(self, group: GroupId, at: float, wait: float) -> None:
        """An operator took an inquiry for the first time, after ``wait`` seconds."""
        day = self._today(group, at)
        day.answered += 1
        day.in_time += wait <= SERVICE_LEVEL_SECONDS

    def closed(self, group: GroupId, at: float, outcome: str) -> None:
        """An inquiry ended."""
        day = self._today(group, at)
        day.abandoned += outcome == Outcome.ABANDONED
        day.unanswered += outcome == Outcome.UNANSWERED

    def remember(self, counted: Iterable[Counted]) -> None:
        """What was recorded today before this daemon began; what comes of it from now on is told as ever.

        What is heard of late may be in both: it happened before, and was told and recorded since.
        """
        live, self._live = self._live or set(), None
        for each in counted:
            if (FactType.RECEIVED, each.inquiry) not in live:
                self._today(each.group, each.received_at).received += 1
            if each.answered_at is not None and (FactType.ACCEPTED, each.inquiry) not in live:
                self.answered(each.group, each.answered_at, each.answered_at - each.received_at)
                if each.inquiry in self._cases:
                    self._cases[each.inquiry].is_answered = True
            if each.closed_at is not None and (FactType.CLOSED, each.inquiry) not in live:
                self.closed(each.group, each.closed_at, each.outcome)

    def inquiry(self, changed: InquiryChanged) -> None:
        """Where an inquiry is now."""
        case = self._cases.get(changed.inquiry)
        if case is None:
            case = self._cases[changed.inquiry] = _Case(changed.group, changed.channel, changed.received_at)
        self._leave(changed.inquiry, case)
        if changed.state == "closed":
            del self._cases[changed.inquiry]
            return
        case.group, case.channel, case.received_at = changed.group, changed.channel, changed.received_at
        case.is_answered |= changed.operator is not None
        case.is_waiting = changed.state in {"waiting", "offered"}
        case.place = changed.place
        self._join(changed.inquiry, case)

    def operator(self, changed: OperatorChanged) -> None:
        """What an operator is doing now."""
        self._doing[changed.operator] = _doing(changed)
        self._touch(changed.operator)

    def removed(self, removed: OperatorRemoved) -> None:
        """Somebody is an operator no longer."""
        self._doing.pop(removed.operator, None)
        self._touch(removed.operator)

    # -- what is to be published ----------------------------------------------------------------------------------

    def position(self, inquiry: InquiryId) -> int | None:
        """Where an inquiry stands in the line of its group, from 1; None: in none."""
        case = self._cases.get(inquiry)
        group = self._groups.get(case.group) if case is not None else None
        if case is None or group is None or case.place is None:
            return None
        position = bisect_left(group.line, case.place) + 1
        if position <= POSITIONS_MOST:
            group.told_positions[inquiry] = position
        return position

    def moved(self, name: GroupId) -> Iterator[InquiryId]:
        """Who, at the head of a group's line, stands elsewhere than they were told."""
        group = self._groups[name]
        for index, place in enumerate(group.line[:POSITIONS_MOST]):
            inquiry = InquiryId(place[-1])
            if group.told_positions.get(inquiry) != index + 1:
                yield inquiry

    def due(self, now: float) -> list[GroupId]:
        """Whose figures are to be published now."""
        for group in self._groups.values():
            if _date(now, group.zone) != group.day.date:
                group.day, group.is_changed = Day(_date(now, group.zone)), True
        return [name for name, group in self._groups.items() if self._due_at(group) <= now]

    def next_due(self, now: float) -> float:
        """The instant of the next time, in seconds; a new day is noticed within a minute."""
        return min([now + 60.0, *(self._due_at(group) for group in self._groups.values())])

    def state(self, name: GroupId, now: float) -> GroupState:
        """A group's figures; they count as told."""
        group = self._groups[name]
        group.is_changed, group.told_at = False, now
        oldest = group.arrivals[0][0] if group.arrivals else None
        doing = Counter(self._doing[each] for each in group.operators if each in self._doing)
        day = group.day
        counted = day.answered + day.abandoned
        return GroupState(
            waiting={channel: group.waiting[channel] for channel in Channel},
            longest_wait=0.0 if oldest is None else round(max(0.0, now - oldest), 3),
            waiting_since=None if oldest is None else instant(oldest),
            operators={each: doing[each] for each in ("available", "busy", "wrapup", "paused", "logged_out")},
            received_today=day.received,
            answered_today=day.answered,
            abandoned_today=day.abandoned,
            unanswered_today=day.unanswered,
            service_level_today=round(day.in_time / counted, 4) if counted else None,
            service_level_seconds=SERVICE_LEVEL_SECONDS,
            at=instant(now),
        )

    def today_began(self, now: float) -> float:
        """The earliest midnight of all groups, in seconds."""
        zones = {group.zone for group in self._groups.values()}
        midnights = [datetime.combine(_date(now, zone), datetime.min.time(), zone).timestamp() for zone in zones]
        return min(midnights, default=now)

    def _due_at(self, group: _Group) -> float:
        if group.is_changed:
            return group.told_at + EVERY_SECONDS
        return group.told_at + WAIT_EVERY_SECONDS if group.arrivals else float("inf")

    def _today(self, name: GroupId, at: float) -> Day:
        group = self._groups.get(name)
        if group is None:
            return Day(date.min)
        today = _date(at, group.zone)
        if today > group.day.date:
            group.day = Day(today)
        elif today < group.day.date:
            return Day(today)
        group.is_changed = True
        return group.day

    def _touch(self, operator: OperatorId) -> None:
        for name in self._groups_of.get(operator, ()):
            self._groups[name].is_changed = True

    def _leave(self, inquiry: InquiryId, case: _Case) -> None:
        group = self._groups.get(case.group)
        if group is None:
            return
        if case.is_waiting:
            group.waiting[case.channel] -= 1
            _discard(group.arrivals, (case.received_at, inquiry))
            group.is_changed = True
        if case.place is not None:
            _discard(group.line, case.place)
        group.told_positions.pop(inquiry, None)
        case.is_waiting, case.place = False, None

    def _join(self, inquiry: InquiryId, case: _Case) -> None:
        group = self._groups.get(case.group)
        if group is None:
            case.is_waiting, case.place = False, None
            return
        if case.is_waiting:
            group.waiting[case.channel] += 1
            insort(group.arrivals, (case.received_at, inquiry))
            group.is_changed = True
        if case.place is not None:
            insort(group.line, case.place)


def _discard(line: list[PlaceT], what: PlaceT) -> None:
    index = bisect_left(line, what)
    if index < len(line) and line[index] == what:
        del line[index]


def _date(at: float, zone: tzinfo) -> date:
    return datetime.fromtimestamp(at, zone).date()


def _doing(changed: OperatorChanged) -> Doing:
    if changed.presence is Presence.LOGGED_OUT:
        return "logged_out"
    if Reason.WRAPUP in changed.reasons.values():
        return "wrapup"
    if any(changed.load.values()) or changed.reasons.get(Channel.CALL) is Reason.BUSY:
        return "busy"
    return "paused" if changed.presence is Presence.PAUSED else "available"
