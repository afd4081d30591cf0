"""What must hold between the tables of a scenario, and between it and the configuration it names.

Works on the file as it was written, like the checks of the configuration: one misspelt value hides nothing else.
"""

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from huntgroup.numbering import table
from huntgroup.settings import Settings
from huntgroup.settings.outline import Data, items, tables, texts
from huntgroup.settings.values import read_duration, read_number
from huntgroup.settings.words import Complaint, Finding, Key, listed, shown, suggestion

HOURS_A_DAY = 24
_WHERE_TO = ("number", "source", "recorded")
_DESCRIBED = ("per_hour", "talk", "talk_distribution", "talk_deviation", "patience")
_EXAMPLES = {"per_hour": "120", "talk": '"3m"'}


@dataclass(frozen=True, slots=True)
class Known:
    """The names that the configuration has, for what a scenario may refer to."""

    numbers: Mapping[str, str]
    """For every form in which a number may be written the one that the engine knows."""
    sources: Mapping[str, str]
    """Their channels, by id."""
    operators: Collection[str]


def known(settings: Settings) -> Known:
    """The names of validated settings."""
    return Known(
        numbers=table((each.number for each in settings.numbers), settings.telephony.country),
        sources={each.id: each.channel for each in settings.sources},
        operators=tuple(each.id for each in settings.operators),
    )


def within(data: Data) -> Iterator[Finding]:
    """Everything wrong between the keys of the scenario."""
    if data.get("load") == []:
        yield Finding(("load",), "is empty", "add a `[[load]]` table: somebody has to come")
    for key, load in tables(data, "load"):
        yield from _one_way_in(key, load)
        yield from (_of_recorded if "recorded" in load else _of_described)(key, load)
        yield from _rates(key, load, data)
    for key, staff in tables(data, "staff"):
        if staff.get("operators") == []:
            yield Finding((*key, "operators"), "is empty", "name the operators who are there")


def against(data: Data, names: Known) -> Iterator[Finding]:
    """Every name in the scenario that the configuration does not have."""
    for key, number in texts(data, "load", "number"):
        try:
            plain = read_number(number)
        except Complaint:
            continue
        if plain not in names.numbers:
            yield from _unknown(key, plain, "number", tuple(dict.fromkeys(names.numbers.values())))
    for key, source in texts(data, "load", "source"):
        yield from _unknown(key, source, "source", names.sources)
    for key, operator in items(data, "staff", "operators"):
        yield from _unknown(key, operator, "operator", names.operators)


def _unknown(key: Key, name: str, what: str, real: Collection[str]) -> Iterator[Finding]:
    if name not in real:
        right = suggestion(name, real, f"describe it in the configuration's `[[{what}s]]`")
        yield Finding(key, f"the configuration has no {what} {shown(name)}", right)


def _one_way_in(key: Key, load: Data) -> Iterator[Finding]:
    given = [name for name in _WHERE_TO if name in load]
    if not given:
        yield Finding(key, "says not where they come in", f"give {listed(_WHERE_TO)}")
    for name in given[1:]:
        yield Finding((*key, name), f"stands beside `{given[0]}`", "keep one of the two, or add a second `[[load]]`")


def _of_described(key: Key, load: Data) -> Iterator[Finding]:
    for name, example in _EXAMPLES.items():
        if name not in load:
            yield Finding((*key, name), "is missing", f"add `{name} = {example}`")
    if "talk_deviation" in load and load.get("talk_distribution") != "lognormal":
        right = 'add `talk_distribution = "lognormal"`, or leave it out'
        yield Finding((*key, "talk_deviation"), "has no use with this distribution", right)


def _of_recorded(key: Key, load: Data) -> Iterator[Finding]:
    for name in _DESCRIBED:
        if name in load:
            yield Finding((*key, name), "has no use beside `recorded`", "leave it out: the file says it")


def _rates(key: Key, load: Data, data: Data) -> Iterator[Finding]:
    rates = load.get("per_hour")
    try:
        hours = math.ceil(read_duration(data.get("duration")) / 3600)
    except Complaint:
        return
    if isinstance(rates, list) and rates and len(rates) not in {HOURS_A_DAY, hours}:
        right = f"give one number, or {HOURS_A_DAY}" + (f", or {hours}" if hours != HOURS_A_DAY else "")
        yield Finding((*key, "per_hour"), f"is a list of {len(rates)}", f"{right}, as many as the run has hours")
