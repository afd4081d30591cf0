"""A recorded day: what its lines may say, and every line that says something else."""

from tests.unit.simulation.conftest import HEAD, Read, Told

from huntgroup.engine.policy import Channel
from huntgroup.simulation.arrivals import FOR_EVER

TEXT = f'{HEAD}[[load]]\nrecorded = "day.csv"\n'


def test_each_line_is_a_customer_in_the_order_of_time_whatever_that_of_the_file(planned: Read) -> None:
    plan = planned(
        TEXT,
        day="time,entrance,talk,patience\n08:10:00,site-chat,600,30.5\n2026-11-23 08:05:00,1-0-1,12.5,\n\n",
    )
    first, second = plan.recorded[0]
    assert (first.at - plan.start, first.channel, first.entrance) == (300.0, Channel.CALL, "101")
    assert (first.talk, first.patience) == (12.5, FOR_EVER)
    assert (second.channel, second.entrance, second.patience) == (Channel.CHAT, "site-chat", 30.5)


def test_without_the_column_everybody_is_patient(planned: Read) -> None:
    (only,) = planned(TEXT, day="talk,time,entrance\n5,08:10,101\n").recorded[0]
    assert only.patience == FOR_EVER


def test_who_came_outside_the_time_of_the_run_is_left_out_and_counted(planned: Read) -> None:
    plan = planned(TEXT, day="time,entrance,talk\n07:59:59,101,5\n08:00:00,101,5\n09:00:00,101,5\n")
    assert (len(plan.recorded[0]), plan.left_out) == (1, 2)


def test_every_bad_cell_of_every_line_is_told_with_its_line(told: Told) -> None:
    rows = (
        "time,entrance,talk,patience\nnoon,101,5,\n08:10:00,site-chta,-5,soon\n08:10:00,101,5,6,7\n08:10:00Z,101,nan,\n"
    )
    assert told(TEXT, day=rows) == [
        'day.csv:2: time: "noon" is not a time; write it as in "2026-11-23 08:00:12" or "08:00:12"',
        ('day.csv:3: entrance: the configuration has no number or source "site-chta"; did you mean `site-chat`?'),
        'day.csv:3: talk: "-5" is not a time in seconds; write a number, such as 184 or 12.5',
        'day.csv:3: patience: "soon" is not a time in seconds; write a number, such as 184 or 12.5',
        "day.csv:4: row: has 5 cells, and there are 4 columns; take out a comma, or quote the cell that holds it",
        'day.csv:5: time: "08:10:00Z" names an offset; write local time, in the scenario\'s `timezone`',
        'day.csv:5: talk: "nan" is not a time in seconds; write a number, such as 184 or 12.5',
    ]


def test_a_header_without_the_columns_is_told_once(told: Told) -> None:
    assert told(TEXT, day="time,number,talk\n08:00,101,5\n") == [
        'day.csv:1: header: unknown column "number"; use `time`, `entrance`, `talk` or `patience`',
        "day.csv:1: header: there is no column `entrance`; begin the file with the line `time,entrance,talk,patience`",
    ]


def test_a_file_that_is_not_there_or_no_csv_is_told(told: Told) -> None:
    (missing,) = told(TEXT)
    assert missing.startswith("day.csv:1: file: ")
    (torn,) = told(TEXT, day='time,entrance,talk\n08:00,"101,5\n')
    assert torn.startswith("day.csv:2: row: is not CSV")


def test_what_the_file_says_is_not_said_beside_it(told: Told) -> None:
    (line,) = told(f'{TEXT}talk = "1m"\n', day="time,entrance,talk\n")
    assert line.startswith("scenario.toml:8: load[0].talk: has no use beside `recorded`")
