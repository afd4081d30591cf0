"""Who is there when: the roster as instants at which somebody comes or goes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from huntgroup.engine.ids import OperatorId
from huntgroup.settings.hours import MINUTES_A_DAY, days_of
from huntgroup.simulation.reader import Plan
from huntgroup.simulation.scenario import Staff


@dataclass(frozen=True, slots=True)
class Shift:
    """One operator is there from ``begin`` until ``end``, seconds since the epoch, in the way that ``staff`` says."""

    operator: OperatorId
    begin: float
    end: float
    staff: Staff


def shifts(plan: Plan) -> list[Shift]:
    """Every shift that touches the run, in the order of the file."""
    if not plan.scenario.staff:
        everybody = Staff.model_validate({"operators": list(plan.policy.operators)})
        return [Shift(operator, plan.start, plan.end, everybody) for operator in plan.policy.operators]
    return [
        Shift(OperatorId(operator), begin, end, staff)
        for staff in plan.scenario.staff
        for begin, end in _times(plan, staff)
        for operator in staff.operators
    ]


def _times(plan: Plan, staff: Staff) -> Iterator[tuple[float, float]]:
    first = datetime.fromtimestamp(plan.start, UTC).astimezone(plan.zone).date() - timedelta(days=1)
    last = datetime.fromtimestamp(plan.end, UTC).astimezone(plan.zone).date()
    weekdays = days_of(staff.days)
    for ahead in range((last - first).days + 1):
        day = first + timedelta(days=ahead)
        if day.weekday() not in weekdays:
            continue
        begin = _instant(plan, day, staff.begin)
        end = _instant(plan, day, staff.end + (MINUTES_A_DAY if staff.end <= staff.begin else 0))
        # A shift that clocks skip as a whole would end before it begins.
        if begin < plan.end and plan.start < end and begin < end:
            yield begin, end


def _instant(plan: Plan, day: date, minute: int) -> float:
    """When clocks show so many minutes after the midnight that ``day`` begins with."""
    days, rest = divmod(minute, MINUTES_A_DAY)
    local = datetime.combine(day + timedelta(days=days), time(rest // 60, rest % 60), plan.zone)
    return local.timestamp()
