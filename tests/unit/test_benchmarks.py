"""The benchmark's arithmetic and words; what it measures is measured on the real thing only."""

import io
import json

import pytest
from rich.console import Console

from tests.benchmarks.figures import (
    ANSWER,
    GAP,
    OFFER,
    RING_ERRORS,
    Record,
    Verdict,
    Way,
    percentile,
    ratio,
    summarise,
    verdicts,
)
from tests.benchmarks.report import as_json, show, verdict_line


def record(**samples: list[float]) -> Record:
    """A record of these samples in ms."""
    made = Record()
    made.samples.update(samples)
    return made


def shown(ours: Record, theirs: Record) -> str:
    """What a person reads."""
    console = Console(file=io.StringIO(), width=160)
    show(console, {Way.APP_QUEUE: theirs, Way.HUNTGROUP: ours}, {"machine": "2 CPUs"})
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize(
    ("share", "expected"), [(0.0, 1.0), (0.01, 1.0), (0.5, 50.0), (0.99, 99.0), (0.995, 100.0), (1.0, 100.0)]
)
def test_a_percentile_is_a_sample_that_was_really_measured(share: float, expected: float) -> None:
    assert percentile([float(number) for number in range(100, 0, -1)], share) == expected


def test_one_sample_is_every_percentile() -> None:
    assert [percentile([7.0], share) for share in (0.0, 0.5, 0.99, 1.0)] == [7.0] * 4


@pytest.mark.parametrize(("samples", "share"), [([], 0.5), ([1.0], -0.1), ([1.0], 1.1)])
def test_no_percentile_of_nothing_or_beyond_all(samples: list[float], share: float) -> None:
    with pytest.raises(ValueError, match="no percentile"):
        percentile(samples, share)


def test_a_ringing_too_short_is_as_wrong_as_one_too_long() -> None:
    summary = summarise([-600.0, 2.0, -4.0, 3.0])

    assert (summary.count, summary.median, summary.p99, summary.worst) == (4, 3.5, 600.0, 600.0)


def test_samples_are_taken_in_seconds_and_kept_in_milliseconds_with_their_sign() -> None:
    made = Record()
    made.add(GAP, -0.0025)

    assert made.samples == {GAP.key: [-2.5]}


def test_the_ratio_is_of_the_medians() -> None:
    assert ratio(summarise([4.0, 5.0, 90.0]), summarise([2.0, 4.0, 80.0])) == 1.25


def test_there_is_no_ratio_without_both() -> None:
    one = summarise([1.0])

    assert (ratio(None, one), ratio(one, None), ratio(one, summarise([0.0]))) == (None, None, None)


def test_the_targets_are_met_up_to_their_limits() -> None:
    ours = record(offer=[5.0], gap=[-10.0], **{figure.key: [-30.0] for figure in RING_ERRORS})

    assert [verdict.is_met for verdict in verdicts(ours, record(offer=[4.0]))] == [True] * 5


def test_a_target_is_missed_by_the_99th_percentile_not_by_the_worst() -> None:
    good, bad = [9.0] * 99 + [50.0], [9.0] * 98 + [50.0] * 2

    assert verdicts(record(gap=good), Record())[1].is_met
    assert not verdicts(record(gap=bad), Record())[1].is_met


def test_what_was_not_measured_is_not_met_and_says_so() -> None:
    missing = verdicts(Record(), Record())

    assert not any(verdict.is_met for verdict in missing)
    assert all("not measured" in verdict_line(verdict) for verdict in missing)


def test_a_verdict_says_what_was_measured_against_what() -> None:
    line = verdict_line(Verdict("p99 of the gap", 10.456, 10.0))

    assert "not met" in line
    assert line.endswith("p99 of the gap <= 10 ms: 10.46 ms")


def test_the_table_has_every_figure_of_both_and_the_ratio() -> None:
    rows = shown(record(offer=[6.0], answer=[2.0], gap=[3.0]), record(offer=[5.0], answer=[2.5], gap=[1000.0]))

    offer, answer, gap = (
        next(row for row in rows.splitlines() if figure.title in row) for figure in (OFFER, ANSWER, GAP)
    )
    assert ("5.00" in offer, "6.00" in offer, "1.2" in offer) == (True, True, True)
    assert "0.8" in answer
    assert "0.003" in gap
    assert "2 CPUs" in rows


def test_no_failed_call_is_kept_quiet() -> None:
    ours = Record(failures=["8000: [anna] was not rung"])

    rows = shown(ours, Record())

    assert "Huntgroup, calls that failed: 1" in rows
    assert "8000: [anna] was not rung" in rows
    assert "app_queue, calls that failed: 0" in rows


def test_the_raw_samples_can_be_read_back() -> None:
    records = {Way.APP_QUEUE: record(gap=[1000.0]), Way.HUNTGROUP: Record(failures=["no answer"])}

    told = json.loads(as_json(records, {"machine": "2 CPUs"}))

    assert told["about"] == {"machine": "2 CPUs"}
    assert told["ways"]["app_queue"] == {"samples_ms": {"gap": [1000.0]}, "failures": []}
    assert told["ways"]["Huntgroup"]["failures"] == ["no answer"]
