"""What a run comes to: the figures that people plan by, each with its definition.

All times are seconds; instants are local time with their offset, ISO 8601. A figure that nothing was measured for is
None, never 0.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from huntgroup.engine.effects import Outcome
from huntgroup.engine.policy import Channel
from huntgroup.simulation.ledger import HALF_HOUR, Attendance, Key, Ledger, Tally
from huntgroup.simulation.reader import Plan

T = TypeVar("T")

_SHORT_RUN = 2 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """Of some inquiries, how long they waited, in seconds; ``p90`` is what 9 of 10 did not exceed."""

    mean: float
    median: float
    p90: float
    max: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFigures:
    """The inquiries of one channel that came in for one group, wherever they ended. Shares are from 0 to 1."""

    group: str
    channel: str
    offered: int
    """All that came; the next six add up to it."""
    answered: int
    abandoned: int
    unanswered: int
    """Turned away: at closing time, with a full line, or because nobody took them."""
    voicemail: int
    forwarded: int
    open: int
    """Still waiting when the run ended."""
    overflowed: int
    """Those that a policy moved on, however they ended."""
    callbacks: int
    """Those that were promised to be called back."""
    wait_of_answered: Waits | None
    wait_of_all: Waits | None
    """Of all that did not still wait at the end; who was turned away at once waited 0."""
    service_level_of_offered: float | None
    """Answered within the time / all offered."""
    service_level_of_stayed: float | None
    """Answered within the time / (answered + abandoned after the time): who left sooner counts for nothing."""
    abandonment: float | None
    """Abandoned / offered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorFigures:
    """One operator's time, in seconds, and work."""

    operator: str
    on_duty: float
    """Logged in, or at work still with what was in hand at logout."""
    talk: float
    """In conversation on calls."""
    work: dict[str, float]
    """At work, by channel; wrap-up is work, ringing is not. Chats beside one another are counted once."""
    occupancy: float | None
    """The share of the time on duty at work, 0 to 1."""
    occupancy_by_channel: dict[str, float | None]
    handled: dict[str, int]
    missed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The waiting line from ``at`` on, for as long as ``Figures.line_step`` says: how many waited."""

    at: str
    mean: float
    max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfHour:
    """Who came in the half hour from ``at`` on; answered in time / all of them."""

    at: str
    offered: int
    service_level: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The whole run."""

    start: str
    end: str
    seed: int
    service_level_time: float
    events: int
    """What the engine was told."""
    left_out: int
    """The recorded customers who came before or after the time of the run."""
    groups: tuple[GroupFigures, ...]
    operators: tuple[OperatorFigures, ...]
    line_step: float
    line: tuple[Moment, ...]
    half_hours: tuple[HalfHour, ...]

    def as_data(self) -> dict[str, Any]:
        """Plain tables and lists, as JSON has them."""
        return asdict(self)


def line_step(plan: Plan) -> float:
    """How fine the waiting line is drawn: by 5 minutes, in a short run by one."""
    return 60.0 if plan.end - plan.start <= _SHORT_RUN else 300.0


def figures(plan: Plan, seed: int, ledger: Ledger, events: int) -> Figures:
    """The figures of a finished run."""
    level = plan.scenario.service_level
    return Figures(
        start=_local(plan, plan.start),
        end=_local(plan, plan.end),
        seed=seed,
        service_level_time=level,
        events=events,
        left_out=plan.left_out,
        groups=tuple(_group(key, tally, level) for key, tally in ledger.tallies.items()),
        operators=tuple(_operator(name, person) for name, person in ledger.people.items()),
        line_step=ledger.line.step,
        line=tuple(_line(plan, ledger)),
        half_hours=tuple(_half_hours(plan, ledger)),
    )


def _group(key: Key, tally: Tally, level: float) -> GroupFigures:
    answered = len(tally.answered)
    gone = {outcome: tally.gone.get(outcome, ()) for outcome in Outcome}
    everyone = sorted([*tally.answered, *(wait for waits in gone.values() for wait in waits)])
    in_time = sum(wait <= level for wait in tally.answered)
    left_late = sum(wait > level for wait in gone[Outcome.ABANDONED])
    abandoned = len(gone[Outcome.ABANDONED])
    return GroupFigures(
        group=key[0],
        channel=key[1],
        offered=tally.offered,
        answered=answered,
        abandoned=abandoned,
        unanswered=len(gone[Outcome.UNANSWERED]),
        voicemail=len(gone[Outcome.VOICEMAIL]),
        forwarded=len(gone[Outcome.FORWARDED]),
        open=tally.offered - len(everyone),
        overflowed=tally.overflowed,
        callbacks=tally.callbacks,
        wait_of_answered=waits(sorted(tally.answered)),
        wait_of_all=waits(everyone),
        service_level_of_offered=_share(in_time, tally.offered),
        service_level_of_stayed=_share(in_time, answered + left_late),
        abandonment=_share(abandoned, tally.offered),
    )


def waits(ordered: Sequence[float]) -> Waits | None:
    """Of waits in ascending order; percentiles are those of the nearest rank."""
    if not ordered:
        return None
    mean = round(sum(ordered) / len(ordered), 3)
    return Waits(mean=mean, median=_rank(ordered, 50), p90=_rank(ordered, 90), max=ordered[-1])


def _rank(ordered: Sequence[float], percent: int) -> float:
    """The smallest that so many percent do not exceed."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def _operator(name: str, person: Attendance) -> OperatorFigures:
    return OperatorFigures(
        operator=name,
        on_duty=round(person.on_duty, 3),
        talk=round(person.talk, 3),
        work=_by_channel({channel: round(person.work[channel], 3) for channel in Channel}),
        occupancy=_share(person.at_work, person.on_duty),
        occupancy_by_channel=_by_channel(
            {channel: _share(person.work[channel], person.on_duty) for channel in Channel}
        ),
        handled=_by_channel({channel: person.handled[channel] for channel in Channel}),
        missed=person.missed,
    )


def _by_channel(values: Mapping[Channel, T]) -> dict[str, T]:
    return {str(channel): value for channel, value in values.items()}


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 4) if whole else None


def _line(plan: Plan, ledger: Ledger) -> Iterable[Moment]:
    line = ledger.line
    for number, (mean, most) in enumerate(zip(line.means, line.most, strict=True)):
        yield Moment(at=_local(plan, line.start + number * line.step), mean=round(mean, 3), max=most)


def _half_hours(plan: Plan, ledger: Ledger) -> Iterable[HalfHour]:
    begin = plan.start
    number = 0
    while begin < plan.end:
        offered = ledger.half_hours[number]
        level = _share(ledger.in_time[number], offered)
        yield HalfHour(at=_local(plan, begin), offered=offered, service_level=level)
        number += 1
        begin = plan.start + number * HALF_HOUR


def _local(plan: Plan, at: float) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone(plan.zone).isoformat()
