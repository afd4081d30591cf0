"""What a scenario file may say, and in which words its mistakes are told."""

from datetime import UTC

import pytest
from tests.unit.simulation.conftest import CONFIG, HEAD, LOAD, Read, Told

INLINE = """
start = 2026-11-23T08:00:00
duration = "1h"
[[load]]
number = "1"
per_hour = 60
talk = "1m"
[[config.operators]]
id = "anna"
phones = ["PJSIP/anna"]
[[config.groups]]
id = "line"
operators = ["anna"]
[[config.numbers]]
number = "1"
group = "line"
"""


def test_a_configuration_needs_no_secret_to_be_simulated(planned: Read) -> None:
    plan = planned(HEAD + LOAD)
    assert list(plan.policy.operators) == ["anna", "ben"]


def test_what_only_the_engine_has_yet_can_be_simulated(planned: Read) -> None:
    config = CONFIG.replace("rings = 2", 'rings = 2\nwrapup = "10s"\ndistribution = "evenly"\npickup = true')
    (sales,) = planned(HEAD + LOAD, config).policy.groups.values()
    assert (sales.wrapup, sales.pickup) == (10.0, True)


def test_the_configuration_may_stand_in_the_scenario_and_needs_no_pbx_then(planned: Read) -> None:
    assert list(planned(INLINE).policy.numbers) == ["1"]


def test_a_mistake_in_a_configuration_inside_is_told_at_its_line_here(told: Told) -> None:
    assert told(INLINE.replace('operators = ["anna"]', 'operators = ["ana"]')) == [
        'scenario.toml:13: config.groups[0].operators[0]: there is no operator "ana"; did you mean `anna`?'
    ]


def test_mistakes_of_the_scenario_and_of_its_configuration_are_told_together_each_in_its_file(told: Told) -> None:
    wrong = told(HEAD.replace("rings_after", "ring_after") + LOAD, CONFIG.replace("rings = 2", "ring = 2"))
    assert [line.split(": ")[0] for line in wrong] == ["scenario.toml:5", "huntgroup.toml:18"]
    assert wrong[0] == "scenario.toml:5: ring_after: unknown key `ring_after`; did you mean `rings_after`?"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (LOAD, ["config: is missing", "start: is missing", "duration: is missing"]),
        (HEAD, ["load: is missing; add a `[[load]]` table"]),
        (f"load = []\n{HEAD}", ["load: is empty"]),
        (HEAD.replace('"huntgroup.toml"', "3") + LOAD, ["config: is a number, not a configuration"]),
        (HEAD.replace("2026-11-23T08:00:00", '"monday"') + LOAD, ['start: "monday" is not a date with a time']),
        (HEAD.replace("08:00:00", "08:00:00Z") + LOAD, ["start: names an offset"]),
        (f'timezone = "Europe/Warszawa"{HEAD}{LOAD}', ['timezone: "Europe/Warszawa" is no time zone; did you mean']),
        (HEAD + LOAD.replace('"1m"', "60"), ["load[0].talk: 60 has no unit"]),
        (HEAD + LOAD.replace('talk = "1m"', ""), ['load[0].talk: is missing; add `talk = "3m"`']),
        (HEAD + LOAD.replace("per_hour = 60", "per_hour = -1"), ["load[0].per_hour: is -1; an hour brings from 0"]),
        (HEAD + LOAD.replace("per_hour = 60", 'per_hour = "x"'), ['load[0].per_hour: "x" is not a number']),
        (HEAD + LOAD.replace("60", "[1, 2]"), ["load[0].per_hour: is a list of 2; give one number, or 24, or 1"]),
        (
            HEAD + LOAD.replace('"101"', '"102"'),
            ['load[0].number: the configuration has no number "102"; did you mean'],
        ),
        (HEAD + LOAD.replace("number", "source"), ['load[0].source: the configuration has no source "101"']),
        (f'{HEAD}{LOAD}source = "post"', ["load[0].source: stands beside `number`"]),
        (HEAD + LOAD.replace('number = "101"', ""), ["load[0]: says not where they come in"]),
        (f'{HEAD}{LOAD}talk_deviation = "1m"', ["load[0].talk_deviation: has no use with this distribution"]),
        (f'{HEAD}{LOAD}talk_distribution = "normal"', ['load[0].talk_distribution: "normal" is not one of']),
        (f'{HEAD}{LOAD}[[staff]]\noperators = ["ana"]', ["staff[0].operators[0]: the configuration has no operator"]),
        (f"{HEAD}{LOAD}[[staff]]\noperators = []", ["staff[0].operators: is empty"]),
        (f'{HEAD}{LOAD}[[staff]]\noperators = ["ben"]\nfrom = "8"', ['staff[0].from: "8" is not a time of day']),
        (
            f'{HEAD}{LOAD}[[staff]]\noperators = ["ben"]\nfrm = "8"',
            ["staff[0].frm: unknown key `frm`; did you mean `from`"],
        ),
        (f'{HEAD}{LOAD}[[staff]]\noperators = ["ben"]\ndays = "may"', ['staff[0].days: "may" names no days']),
        (f'{HEAD}{LOAD}[[staff]]\noperators = ["ben"]\nmisses = 5', ["staff[0].misses: is 5; it must be at most 1"]),
    ],
)
def test_every_mistake_is_told_with_its_key_and_what_would_be_right(told: Told, text: str, words: list[str]) -> None:
    found = [line.split(": ", 1)[1] for line in told(text)]
    assert len(found) == len(words)
    assert all(line.startswith(start) for line, start in zip(sorted(found), sorted(words), strict=True)), found


def test_a_configuration_that_is_not_there_is_a_problem_of_its_own(told: Told) -> None:
    (line,) = told(HEAD.replace("huntgroup.toml", "none.toml") + LOAD)
    assert line.startswith("none.toml:1: file: ")


def test_times_are_of_the_zone_that_is_named_or_of_the_first_group_with_hours_or_utc(planned: Read) -> None:
    hours = 'rings = 2\nhours = { timezone = "Asia/Tokyo", mon = "08:00-18:00" }'
    assert planned(HEAD + LOAD).zone is UTC
    assert str(planned(HEAD + LOAD, CONFIG.replace("rings = 2", hours)).zone) == "Asia/Tokyo"
    named = planned(f'timezone = "Europe/Warsaw"{HEAD}{LOAD}')
    assert named.start - planned(HEAD + LOAD).start == -3600
