"""The load benchmark's search, arithmetic, words and SIP; what it measures is measured on the real thing only."""

import io
import json

import pytest
from rich.console import Console

from tests.benchmarks.capacity import (
    LAG,
    Burst,
    Capacity,
    Search,
    Sharing,
    Wait,
    call_cost,
    queued_share,
    rate_by_cpu,
    raw,
    verdicts,
)
from tests.benchmarks.endpoints import read, write
from tests.benchmarks.figures import Way
from tests.benchmarks.house import HOLDS, House, number_of
from tests.benchmarks.load_report import show


def burst(*delays: float, offered: int | None = None, rate: float = 50.0, asterisk: float = 1.0) -> Burst:
    """A burst of two seconds with these delays."""
    return Burst(
        rate=rate,
        offered=len(delays) if offered is None else offered,
        delays=delays,
        seconds=2.0,
        asterisk=asterisk,
        daemon=0.5,
        endpoints=0.1,
        daemon_queued=0.4,
        system_load=3.0,
    )


def wait(asterisk: float, daemon: float, hold: str = "ringing") -> Wait:
    """A look of ten seconds at 300 who wait."""
    return Wait(hold=hold, waiting=300, seconds=10.0, asterisk=asterisk, daemon=daemon, system_load=3.0)


def shared(second_invites: int) -> Sharing:
    """Twenty calls for one operator."""
    return Sharing(calls=20, answered=20, invites=20, second_invites=second_invites, seconds=6.0)


def searched(capacity: float, judgements: int = 40) -> Search:
    """Somebody who can take so many calls a second, and not one more."""
    search = Search()
    for _ in range(judgements):
        search.judge(search.rate <= capacity)
    return search


def test_a_burst_is_kept_up_with_when_all_are_answered_and_nearly_all_at_once() -> None:
    assert burst(*[LAG] * 95, *[9.0] * 5).is_kept_up
    assert not burst(*[LAG] * 94, *[9.0] * 6).is_kept_up
    assert not burst(*[0.01] * 99, offered=100).is_kept_up
    assert not burst(offered=10).is_kept_up


@pytest.mark.parametrize("capacity", [25.0, 90.0, 300.0])
def test_the_search_finds_what_can_just_be_kept_up_with(capacity: float) -> None:
    assert searched(capacity).sustained == pytest.approx(capacity, rel=0.08)


def test_one_spoilt_burst_does_not_spoil_the_search() -> None:
    search = searched(90.0)
    search.judge(is_kept_up=False)
    for _ in range(10):
        search.judge(search.rate <= 90.0)

    assert search.sustained == pytest.approx(90.0, rel=0.08)


def test_there_is_no_sustained_rate_before_anything_lags() -> None:
    search = Search()
    search.judge(is_kept_up=True)

    assert search.sustained is None


def test_a_calls_cost_is_that_of_the_bursts_that_were_kept_up_with() -> None:
    cost = call_cost([burst(*[0.01] * 100), burst(*[5.0] * 100, asterisk=9.0)])

    assert cost is not None
    assert (cost.asterisk, cost.daemon, cost.routing) == (10.0, 5.0, 15.0)
    assert call_cost([burst(*[5.0] * 100)]) is None


def test_the_rate_by_cpu_counts_the_tests_own_phones_too() -> None:
    assert rate_by_cpu([burst(*[0.01] * 100)], 2) == pytest.approx(2000 / 16.0)
    assert rate_by_cpu([], 2) is None


def test_the_wait_for_a_cpu_is_told_as_a_share_of_the_time() -> None:
    assert queued_share([burst(0.01), burst(0.01)]) == pytest.approx(20.0)
    assert queued_share([]) is None


def measured(ours: Capacity, theirs: Capacity) -> dict[Way, Capacity]:
    """Both ways."""
    return {Way.APP_QUEUE: theirs, Way.HUNTGROUP: ours}


def test_every_target_can_be_met_up_to_its_limit() -> None:
    same = [burst(*[0.01] * 100)]
    ours = Capacity(
        search=searched(90.0), bursts=same, waits=[wait(1.0, 0.5, hold) for hold in HOLDS], shared=[shared(0)]
    )
    theirs = Capacity(
        search=searched(90.0), bursts=same, waits=[wait(1.0, 0.0, hold) for hold in HOLDS], shared=[shared(3)]
    )

    assert [verdict.is_met for verdict in verdicts(measured(ours, theirs), HOLDS, 2)] == [True] * 5


def test_every_target_can_be_missed() -> None:
    ours = Capacity(search=searched(70.0), waits=[wait(1.0, 0.6, hold) for hold in HOLDS], shared=[shared(1)])
    theirs = Capacity(search=searched(90.0), waits=[wait(1.0, 0.0, hold) for hold in HOLDS], shared=[shared(0)])

    assert [verdict.is_met for verdict in verdicts(measured(ours, theirs), HOLDS, 2)] == [False] * 5


def test_what_was_not_measured_is_not_met() -> None:
    assert not any(verdict.is_met for verdict in verdicts(measured(Capacity(), Capacity()), HOLDS, 2))


def test_a_person_reads_the_figures_the_targets_and_what_failed() -> None:
    ours = Capacity(bursts=[burst(*[0.01] * 100, rate=52.0)], shared=[shared(0)], failures=["the daemon is gone"])
    console = Console(file=io.StringIO(), width=160)

    show(console, measured(ours, Capacity()), {"machine": "2 CPUs"}, 2)

    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "2 CPUs" in text
    assert "52 (3.0)" in text
    assert "15.00" in next(line for line in text.splitlines() if "a call, both" in line)
    assert "while callers wait" not in text.partition("met")[0]
    assert "Huntgroup, failed: the daemon is gone" in text


def test_the_raw_figures_can_be_read_back() -> None:
    told = json.loads(json.dumps(raw(measured(Capacity(bursts=[burst(0.01)]), Capacity(waits=[wait(1.0, 0.0)])))))

    assert told["Huntgroup"]["bursts"][0]["is_kept_up"]
    assert told["app_queue"]["waiting"][0]["waiting"] == 300


def test_a_message_is_read_as_it_was_written() -> None:
    message = read(write("SIP/2.0 200 OK", {"CSeq": "1 INVITE", "To": "<sip:8000@127.0.0.1:5060>;tag=a"}, "v=0\r\n"))

    assert (message.status, message.method) == (200, "INVITE")
    assert message.headers["to"] == "<sip:8000@127.0.0.1:5060>;tag=a"
    assert message.headers["content-length"] == "5"


def test_a_request_says_whom_it_is_for() -> None:
    message = read(write("INVITE sip:group-load-7@127.0.0.1:5060 SIP/2.0", {"CSeq": "1 INVITE"}))

    assert (message.status, message.user) == (None, "group-load-7")


def test_no_number_serves_both_ways_and_only_the_shared_operator_two_groups() -> None:
    house = House(operators=3)
    numbers = {number_of(way, hold) for way in Way for hold in HOLDS}

    assert len(numbers) == 4
    assert house.members("left") == house.members("right")
    assert len(house.people()) == len(set(house.people())) == 6
    assert not set(house.phones(Way.APP_QUEUE)) & set(house.phones(Way.HUNTGROUP))
