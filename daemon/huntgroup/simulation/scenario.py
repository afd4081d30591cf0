"""The scenario file as validated, frozen models: one class for each table.

Durations are seconds. The text below a field says what it means and what holds when the file is silent.
"""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from huntgroup.settings.base import Section
from huntgroup.settings.hours import MINUTES_A_DAY, days_of, read_minute, read_timezone
from huntgroup.settings.outline import Data
from huntgroup.settings.values import Duration, FilePath, Id, Items, PhoneNumber, PositiveDuration, beside_the_file
from huntgroup.settings.words import Complaint, kind, shown

_RIGHT_CONFIG = 'name a file, as in `config = "huntgroup.toml"`, or write its tables here as `[[config.groups]]` …'
_RIGHT_START = "write it without quotes, as in `start = 2026-11-23T08:00:00`"
_RIGHT_RATE = "write one number, such as 120, or a list of one for each hour"
_MOST_PER_HOUR = 1_000_000.0


def _config(value: object, info: ValidationInfo) -> object:
    if isinstance(value, dict | Path):
        return value
    if not isinstance(value, str) or not value or not value.isprintable():
        raise Complaint(f"is {kind(value)}, not a configuration", _RIGHT_CONFIG)
    return beside_the_file(value, info)


def _start(value: object) -> object:
    if not isinstance(value, datetime):
        raise Complaint(f"{shown(value)} is not a date with a time", _RIGHT_START)
    if value.tzinfo is not None:
        raise Complaint("names an offset", f"{_RIGHT_START}; the zone is that of `timezone`")
    return value


def _rates(value: object) -> object:
    each = value if isinstance(value, list) else [value]
    if not each:
        raise Complaint("is empty", _RIGHT_RATE)
    return tuple(_rate(rate) for rate in each)


def _rate(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise Complaint(f"{shown(value)} is not a number", _RIGHT_RATE)
    if not 0 <= value <= _MOST_PER_HOUR:
        raise Complaint(f"is {shown(value)}", f"an hour brings from 0 to {_MOST_PER_HOUR:.0f}")
    return float(value)


def _days(value: str) -> str:
    try:
        days_of(value)
    except Complaint:
        raise Complaint(f"{shown(value)} names no days", 'write it as in "mon" or "mon-fri"') from None
    return value


TimeOfDay = Annotated[int, BeforeValidator(read_minute)]
"""Minutes since local midnight, written as in "08:00"; "24:00" is the day's end."""


class Load(Section):
    """Customers who come: as many an hour to one number or source, or those of a recorded day."""

    number: PhoneNumber | None = None
    """Calls: the number they dial."""

    source: Id | None = None
    """Chats, mails and forms: where they come in."""

    recorded: FilePath | None = None
    """Instead: a CSV file of those who came, with the columns time, entrance, talk and patience."""

    per_hour: Annotated[tuple[float, ...], BeforeValidator(_rates)] = ()
    """How many come in an hour, at random: one rate; or 24, by the hour of the day; or one for each hour of the run."""

    talk: PositiveDuration | None = None
    """The mean time that an operator talks to them, or works on what they wrote."""

    talk_distribution: Literal["exponential", "fixed", "lognormal"] = "exponential"
    """How the time varies. Measured calls are lognormal; the formulas of Erlang take it for exponential."""

    talk_deviation: PositiveDuration | None = None
    """lognormal: the standard deviation; by default as much as the mean."""

    patience: PositiveDuration | None = None
    """The mean time after which they leave if nobody took them, exponential; none: they wait for ever."""

    priority: Annotated[int, Field(ge=-100, le=100)] = 0
    """Added to their group's."""


class Staff(Section):
    """Operators who are there together, and how they are."""

    operators: Annotated[Items[Id], Field(examples=['["anna", "ben"]'])]
    """Who."""

    begin: Annotated[TimeOfDay, Field(alias="from")] = 0
    """When they log in, by default at 00:00."""

    end: Annotated[TimeOfDay, Field(alias="to")] = MINUTES_A_DAY
    """When they log out, by default at 24:00. Not after `from`: on the next day."""

    days: Annotated[str, AfterValidator(_days)] = "mon-sun"
    """On which days they come, as in `mon` or `mon-fri`; a night belongs to the day it begins on."""

    answers_after: Duration = 3.0
    """How long their phone rings before they answer."""

    accepts_after: Duration = 5.0
    """How long an offered chat, mail or form waits for them to accept it."""

    misses: Annotated[float, Field(ge=0, le=1)] = 0.0
    """The share of offers that they do not take."""

    returns_after: PositiveDuration = 300.0
    """How long they are away after `miss_limit` has paused them."""


class Scenario(Section):
    """The whole file."""

    config: Annotated[Path | Data, BeforeValidator(_config), Field(examples=['"huntgroup.toml"'])]
    """The configuration: a file, relative to this one, or its tables below `config`."""

    start: Annotated[datetime, BeforeValidator(_start), Field(examples=["2026-11-23T08:00:00"])]
    """When it begins, in local time."""

    timezone: Annotated[str, AfterValidator(read_timezone)] | None = None
    """The zone of all times here; by default that of the first group with hours, else UTC."""

    duration: Annotated[PositiveDuration, Field(examples=['"10h"'])]
    """How long it takes. What is still open then is counted as open."""

    seed: Annotated[int, Field(ge=0)] = 1
    """Another one is another day of the same kind."""

    service_level: PositiveDuration = 20.0
    """Who is answered within this time counts as served well."""

    rings_after: Duration = 0.2
    """How long the telephone network takes until a phone rings."""

    load: Items[Load]
    staff: Items[Staff] = ()
    """Who is there when; without any, everybody is there all the time."""
