"""The figures for people (a table) and for programs (JSON)."""

import json
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from tests.benchmarks.figures import FIGURES, Figure, Record, Summary, Verdict, Way, ratio, verdicts

Records = Mapping[Way, Record]


def show(console: Console, records: Records, about: Mapping[str, str]) -> None:
    """The machine, the table, the targets, and every call that failed."""
    for name, value in about.items():
        console.print(f"{name}: {value}", highlight=False)
    console.print(_table(records))
    for verdict in verdicts(records[Way.HUNTGROUP], records[Way.APP_QUEUE]):
        console.print(verdict_line(verdict), highlight=False)
    for way, record in records.items():
        console.print(f"{way}, calls that failed: {len(record.failures)}", highlight=False)
        for failure in record.failures:
            console.print(f"  {failure}", highlight=False, markup=False)


def verdict_line(verdict: Verdict) -> str:
    """One target in words."""
    word = "[green]met    [/]" if verdict.is_met else "[red]not met[/]"
    measured = "not measured" if verdict.measured is None else f"{verdict.measured:.2f}{verdict.unit}"
    sign = ">=" if verdict.is_floor else "<="
    return f"{word} {verdict.target} {sign} {verdict.limit:g}{verdict.unit}: {measured}"


def as_json(records: Records, about: Mapping[str, str]) -> str:
    """Every sample in ms, with its sign, and every failure."""
    ways = {way: {"samples_ms": dict(record.samples), "failures": record.failures} for way, record in records.items()}
    return json.dumps({"about": dict(about), "ways": ways}, indent=1)


def _table(records: Records) -> Table:
    table = Table(title="Milliseconds: median, 99th percentile and worst of n calls", title_justify="left")
    table.add_column("")
    for way in records:
        for head in (f"{way}\nmedian", "\np99", "\nmax", "\nn"):
            table.add_column(head, justify="right", no_wrap=True)
    table.add_column("ratio of\nmedians", justify="right")
    for figure in FIGURES:
        table.add_row(*_row(records, figure))
    return table


def _row(records: Records, figure: Figure) -> Sequence[str]:
    summaries = {way: record.summary(figure) for way, record in records.items()}
    shares = ratio(summaries[Way.HUNTGROUP], summaries[Way.APP_QUEUE])
    cells = [cell for summary in summaries.values() for cell in _cells(summary)]
    return figure.title, *cells, "-" if shares is None else f"{shares:.3g}"


def _cells(summary: Summary | None) -> Sequence[str]:
    if summary is None:
        return "-", "-", "-", "0"
    return f"{summary.median:.2f}", f"{summary.p99:.2f}", f"{summary.worst:.2f}", str(summary.count)
