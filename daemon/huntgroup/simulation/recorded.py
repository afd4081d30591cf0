"""A recorded day: a CSV file, one line for each customer who came.

    time,entrance,talk,patience
    2026-11-23 08:00:12,+12025550101,184,
    2026-11-23 08:00:40,site-chat,612,90

- ``time``: local date and time, ``2026-11-23 08:00:12``; or the time alone, ``08:00:12``, of the day the run begins on.
- ``entrance``: the number they dialled or the source they came in by, as the configuration has it.
- ``talk``: how many seconds an operator talks to them.
- ``patience``: after how many seconds they leave if nobody took them; empty, or no such column: never. Of somebody who
  was answered nothing better is known than that they waited as long as they did.

The lines need no order. Who came before or after the time of the run is left out.
"""

import csv
import io
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from pathlib import Path
from typing import TypeVar

from huntgroup.engine.ids import SourceId
from huntgroup.engine.policy import Channel
from huntgroup.errors import ConfigError, Problem
from huntgroup.settings.document import read_text
from huntgroup.settings.values import read_number
from huntgroup.settings.words import Complaint, listed, shown, suggestion
from huntgroup.simulation.arrivals import FOR_EVER, Arrival
from huntgroup.simulation.checks import Known

T = TypeVar("T")

REQUIRED = ("time", "entrance", "talk")
COLUMNS = (*REQUIRED, "patience")
_LONGEST = 7 * 86400.0


@dataclass(frozen=True, slots=True)
class Recording:
    """How to read a file: whose names count, and which day and zone its times are of."""

    path: Path
    names: Known
    zone: tzinfo
    day: date
    priority: int


def read_recorded(recording: Recording) -> tuple[list[Arrival], list[Problem]]:
    """Everybody in the file, by time, and every mistake in it by line."""
    try:
        text = read_text(recording.path)
    except ConfigError as error:
        return [], list(error.problems)
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    arrivals: list[Arrival] = []
    problems: list[Problem] = []
    try:
        columns = [name.strip() for name in next(rows, [])]
        problems += _header(recording.path, columns)
        if not problems:
            for row in rows:
                problems += _row(recording, columns, row, rows.line_num, arrivals)
    except csv.Error as error:
        problems.append(_problem(recording.path, rows.line_num, "row", f"is not CSV: {error}", "quote or mend it"))
    return sorted(arrivals, key=lambda arrival: arrival.at), problems


def _header(path: Path, columns: list[str]) -> Iterator[Problem]:
    for name in columns:
        if name not in COLUMNS:
            yield _problem(path, 1, "header", f"unknown column {shown(name)}", suggestion(name, COLUMNS, ""))
        elif columns.count(name) > 1:
            yield _problem(path, 1, "header", f"{shown(name)} is there twice", "name each column once")
    missing = [name for name in REQUIRED if name not in columns]
    if missing:
        right = f"begin the file with the line `{','.join(COLUMNS)}`"
        yield _problem(path, 1, "header", f"there is no column {listed(missing, 'and')}", right)


def _row(
    recording: Recording, columns: list[str], row: list[str], line: int, arrivals: list[Arrival]
) -> Iterator[Problem]:
    """Reads one line, all of it: each of its mistakes is told."""
    if not any(cell.strip() for cell in row):
        return
    if len(row) > len(columns):
        what = f"has {len(row)} cells, and there are {len(columns)} columns"
        yield _problem(recording.path, line, "row", what, "take out a comma, or quote the cell that holds it")
        return
    cells = dict(zip(columns, row, strict=False))
    wrong: list[Problem] = []

    def cell(name: str, read: Callable[[Recording, str], T]) -> T | None:
        try:
            return read(recording, cells.get(name, "").strip())
        except Complaint as complaint:
            wrong.append(_problem(recording.path, line, name, complaint.wrong, complaint.right))
            return None

    at, entrance = cell("time", _time), cell("entrance", _entrance)
    talk, patience = cell("talk", _seconds), cell("patience", _patience)
    yield from wrong
    if at is not None and entrance is not None and talk is not None and patience is not None:
        arrivals.append(Arrival(at, *entrance, talk, patience, recording.priority))


def _time(recording: Recording, text: str) -> float:
    try:
        if "-" in text:
            local = datetime.fromisoformat(text)
        else:
            local = datetime.combine(recording.day, time.fromisoformat(text))
    except ValueError:
        raise Complaint(f"{shown(text)} is not a time", 'write it as in "2026-11-23 08:00:12" or "08:00:12"') from None
    if local.tzinfo is not None:
        raise Complaint(f"{shown(text)} names an offset", "write local time, in the scenario's `timezone`")
    return local.replace(tzinfo=recording.zone).timestamp()


def _entrance(recording: Recording, text: str) -> tuple[Channel, SourceId]:
    names = recording.names
    if text in names.sources:
        return Channel(names.sources[text]), SourceId(text)
    try:
        number = read_number(text)
    except Complaint:
        number = text
    if number in names.numbers:
        return Channel.CALL, SourceId(names.numbers[number])
    real = (*dict.fromkeys(names.numbers.values()), *names.sources)
    right = suggestion(text, real, "describe it in the configuration")
    raise Complaint(f"the configuration has no number or source {shown(text)}", right)


def _seconds(_recording: Recording, text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= _LONGEST:
        raise Complaint(f"{shown(text)} is not a time in seconds", "write a number, such as 184 or 12.5")
    return seconds


def _patience(recording: Recording, text: str) -> float:
    return _seconds(recording, text) if text else FOR_EVER


def _problem(path: Path, line: int, key: str, wrong: str, right: str) -> Problem:
    return Problem(file=str(path), line=line, key=key, wrong=wrong, right=right)
