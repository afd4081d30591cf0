"""Reads a scenario, the configuration it names and what it has recorded: all of it, or every problem in one error."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from huntgroup.engine.policy import Policy
from huntgroup.errors import ConfigError, Problem
from huntgroup.policies import policy_from
from huntgroup.settings import Settings, load_to_simulate
from huntgroup.settings.document import Document
from huntgroup.settings.reader import examine_without_secrets
from huntgroup.settings.wording import findings
from huntgroup.settings.words import Finding
from huntgroup.simulation import checks
from huntgroup.simulation.arrivals import Arrival
from huntgroup.simulation.recorded import Recording, read_recorded
from huntgroup.simulation.scenario import Scenario

Recorded = dict[int, list[Arrival]]
"""Who came, of each load that is recorded, by the load's position."""

_NOBODY = {"id": "virtual", "host": "127.0.0.1", "username": "nobody", "secret_env": "NONE"}
"""A configuration inside a scenario needs no PBX: nothing is ever connected to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that a run needs: validated, and with every name resolved. ``start`` and ``end`` in seconds since the epoch.

    ``recorded`` are the customers of each load that is recorded, by the load's position.
    """

    scenario: Scenario
    policy: Policy
    zone: tzinfo
    start: float
    end: float
    recorded: dict[int, tuple[Arrival, ...]]
    numbers: Mapping[str, str]
    """For every form of a number the one that the policy knows."""
    left_out: int = 0
    """How many of the recorded came before or after the time of the run."""


def read(path: Path) -> Plan:
    """The plan of a scenario file.

    Raises:
        ConfigError: with every problem in the scenario, in its configuration and in what it has recorded.
    """
    document = Document(path)
    scenario, found = _validate(document)
    found += checks.within(document.data)
    settings, problems, inside = _configuration(document)
    found += inside
    if settings is not None:
        found += checks.against(document.data, checks.known(settings))
    recorded: Recorded = {}
    if scenario is not None and settings is not None:
        recorded, wrong = _recorded(scenario, settings)
        problems += wrong
    if scenario is None or settings is None or found or problems:
        raise ConfigError(*document.problems(found), *problems)
    return _plan(scenario, settings, recorded)


def _validate(document: Document) -> tuple[Scenario | None, list[Finding]]:
    try:
        return Scenario.model_validate(document.data, context={"folder": document.folder}), []
    except ValidationError as error:
        return None, list(findings(error, document.data, Scenario))


def _configuration(document: Document) -> tuple[Settings | None, list[Problem], list[Finding]]:
    """The settings that the scenario names or holds; what is wrong with them in their own file, and in this one."""
    config = document.data.get("config")
    if isinstance(config, dict):
        settings, found = examine_without_secrets({"pbx": [_NOBODY], **config}, document.folder)
        inside = [Finding(("config", *finding.key), finding.wrong, finding.right) for finding in found]
        return (None if found else settings), [], inside
    if isinstance(config, str) and config and config.isprintable():
        try:
            return load_to_simulate(document.path.parent / config), [], []
        except ConfigError as error:
            return None, list(error.problems), []
    return None, [], []


def _plan(scenario: Scenario, settings: Settings, recorded: Recorded) -> Plan:
    zone = _zone(scenario, settings)
    start = scenario.start.replace(tzinfo=zone).timestamp()
    end = start + scenario.duration
    inside = {
        position: tuple(arrival for arrival in arrivals if start <= arrival.at < end)
        for position, arrivals in recorded.items()
    }
    return Plan(
        scenario=scenario,
        policy=policy_from(settings, scenario.start.date()),
        zone=zone,
        start=start,
        end=end,
        recorded=inside,
        numbers=checks.known(settings).numbers,
        left_out=sum(map(len, recorded.values())) - sum(map(len, inside.values())),
    )


def _zone(scenario: Scenario, settings: Settings) -> tzinfo:
    if scenario.timezone is not None:
        return ZoneInfo(scenario.timezone)
    named = next((group.hours.timezone for group in settings.groups if group.hours is not None), None)
    return ZoneInfo(named) if named else UTC


def _recorded(scenario: Scenario, settings: Settings) -> tuple[Recorded, list[Problem]]:
    names, zone = checks.known(settings), _zone(scenario, settings)
    found: Recorded = {}
    problems: list[Problem] = []
    for position, load in enumerate(scenario.load):
        if load.recorded is not None:
            recording = Recording(load.recorded, names, zone, scenario.start.date(), load.priority)
            found[position], wrong = read_recorded(recording)
            problems += wrong
    return found, problems
