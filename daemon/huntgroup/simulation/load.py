"""Who comes when: each load as a stream of arrivals in the order of time.

A described load is a Poisson process whose rate may change with each hour: many people who decide by themselves, and
none of them often, come like that. Gaps are exponential, which have no memory, so that at a change of the rate the
next gap may simply be drawn anew.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from huntgroup.engine.ids import SourceId
from huntgroup.engine.policy import Channel
from huntgroup.simulation.arrivals import FOR_EVER, Arrival
from huntgroup.simulation.chance import Chance
from huntgroup.simulation.checks import HOURS_A_DAY
from huntgroup.simulation.reader import Plan
from huntgroup.simulation.scenario import Load

HOUR = 3600.0

Stretch = tuple[float, float, float]
"""From an instant until another, in seconds, so many customers come in an hour."""


def arrivals(plan: Plan, seed: int) -> list[Iterator[Arrival]]:
    """The customers of each load, in the order of time."""
    return [
        iter(plan.recorded[position]) if load.recorded is not None else _described(plan, load, seed, position)
        for position, load in enumerate(plan.scenario.load)
    ]


def _described(plan: Plan, load: Load, seed: int, position: int) -> Iterator[Arrival]:
    chance = Chance(seed, f"load {position}")
    channel, entrance = _entrance(plan, load)
    talk = _talk(load, chance)
    for begin, end, per_hour in stretches(plan, load.per_hour):
        at = begin
        while per_hour > 0 and (at := at + chance.exponential(HOUR / per_hour)) < end:
            patience = FOR_EVER if load.patience is None else chance.exponential(load.patience)
            yield Arrival(at, channel, entrance, talk(), patience, load.priority)


def _entrance(plan: Plan, load: Load) -> tuple[Channel, SourceId]:
    if load.number is not None:
        return Channel.CALL, SourceId(plan.numbers[load.number])
    entrance = SourceId(load.source or "")
    return plan.policy.sources[entrance].channel, entrance


def _talk(load: Load, chance: Chance) -> Callable[[], float]:
    mean = load.talk or 0.0
    match load.talk_distribution:
        case "fixed":
            return lambda: mean
        case "lognormal":
            return lambda: chance.lognormal(mean, load.talk_deviation or mean)
        case "exponential":
            return lambda: chance.exponential(mean)


def stretches(plan: Plan, rates: Sequence[float]) -> Iterator[Stretch]:
    """The run in stretches of one rate each: the whole of it, or hours of the clock, or hours since its start."""
    if len(rates) == 1:
        yield plan.start, plan.end, rates[0]
    elif len(rates) == HOURS_A_DAY:
        begin = plan.start
        while begin < plan.end:
            local = datetime.fromtimestamp(begin, UTC).astimezone(plan.zone)
            end = begin + HOUR - local.minute * 60 - local.second - local.microsecond / 1e6
            yield begin, min(end, plan.end), rates[local.hour]
            begin = end
    else:
        for hour in range(math.ceil((plan.end - plan.start) / HOUR)):
            begin = plan.start + hour * HOUR
            yield begin, min(begin + HOUR, plan.end), rates[hour]
