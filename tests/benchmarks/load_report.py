"""The load's figures for people: three tables, the targets, and what failed."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from rich.console import Console
from rich.table import Table

from tests.benchmarks.capacity import Capacities, Capacity, call_cost, queued_share, quotient, rate_by_cpu, verdicts
from tests.benchmarks.figures import Way
from tests.benchmarks.house import HOLDS
from tests.benchmarks.report import verdict_line

Rows = Mapping[str, Callable[[Capacity], float | None]]


def show(console: Console, measured: Capacities, about: Mapping[str, str], cpus: int) -> None:
    """All of it; what neither has is left out."""
    for name, value in about.items():
        console.print(f"{name}: {value}", highlight=False)
    console.print(_table(measured, cpus))
    console.print(_loads(measured), highlight=False)
    for verdict in verdicts(measured, HOLDS, cpus):
        console.print(verdict_line(verdict), highlight=False)
    for way, capacity in measured.items():
        for failure in capacity.failures:
            console.print(f"{way}, failed: {failure}", highlight=False, markup=False)


def _rows(cpus: int) -> Rows:
    """What is told of either way, in order."""
    waits: dict[str, Callable[[Capacity], float | None]] = {}
    for hold in HOLDS:
        for who, part in (("Asterisk", 0), ("daemon", 1), ("both", None)):
            waits[f"% of a core while callers wait ({hold}), {who}"] = partial(_waited, hold=hold, part=part)
    return {
        "answered calls a second, sustained": lambda each: each.search.sustained,
        "answered calls a second, most kept up": lambda each: max(
            (burst.rate for burst in each.bursts if burst.is_kept_up), default=None
        ),
        f"calls a second that {cpus} idle CPUs give, by CPU a call": lambda each: rate_by_cpu(each.bursts, cpus),
        "% of the time that the daemon waited for a CPU": lambda each: queued_share(each.bursts),
        "CPU ms a call, Asterisk": lambda each: _cost(each, "asterisk"),
        "CPU ms a call, daemon": lambda each: _cost(each, "daemon"),
        "CPU ms a call, both": lambda each: _cost(each, "routing"),
        "CPU ms a call, the test's own phones": lambda each: _cost(each, "endpoints"),
        **waits,
        "shared operator: calls answered": lambda each: _sum(part.answered for part in each.shared),
        "shared operator: INVITEs to the phone": lambda each: _sum(part.invites for part in each.shared),
        "shared operator: of them while it rang or talked": lambda each: _sum(
            part.second_invites for part in each.shared
        ),
        "shared operator: seconds until all were served": lambda each: _sum(part.seconds for part in each.shared),
    }


def _cost(capacity: Capacity, part: str) -> float | None:
    cost = call_cost(capacity.bursts)
    return None if cost is None else float(getattr(cost, part))


def _waited(capacity: Capacity, hold: str, part: int | None) -> float | None:
    shares = capacity.waited(hold)
    if shares is None:
        return None
    return sum(shares) if part is None else shares[part]


def _sum(values: Iterable[float]) -> float | None:
    taken = list(values)
    return float(sum(taken)) if taken else None


def _table(measured: Capacities, cpus: int) -> Table:
    table = Table(title="In turn on one Asterisk", title_justify="left")
    table.add_column("")
    for way in measured:
        table.add_column(way, justify="right")
    table.add_column("ratio", justify="right")
    for title, figure in _rows(cpus).items():
        figures = {way: figure(capacity) for way, capacity in measured.items()}
        if all(value is None for value in figures.values()):
            continue
        ratio = quotient(figures[Way.HUNTGROUP], figures[Way.APP_QUEUE])
        table.add_row(title, *map(_cell, figures.values()), _cell(ratio))
    return table


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _loads(measured: Capacities) -> str:
    """The load average beside each rate, so that one can see what disturbed which."""
    lines = []
    for way, capacity in measured.items():
        told = [f"{each.rate:.0f}{'' if each.is_kept_up else '!'} ({each.system_load:.1f})" for each in capacity.bursts]
        lines.append(f"{way}, calls/s (load average), ! where answers lagged: {' '.join(told) or '-'}")
    return "\n".join(lines)
