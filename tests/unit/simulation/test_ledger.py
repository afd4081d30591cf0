"""What is written down while the floor is at work."""

from huntgroup.engine.effects import Outcome
from huntgroup.engine.ids import GroupId, InquiryId, OperatorId
from huntgroup.engine.policy import Channel
from huntgroup.simulation.ledger import Attendance, Ledger, Line

KEY = (GroupId("sales"), Channel.CALL)
ONE = InquiryId("one")
ANNA = OperatorId("anna")


def ledger() -> Ledger:
    """An empty one that starts at 1000, with the service level at 20 s."""
    made = Ledger(1000.0, 20.0, 60.0, [KEY])
    made.meets(ANNA, 1000.0, is_in=True)
    return made


def test_the_line_is_a_mean_over_time_and_the_most_at_once_for_each_step() -> None:
    line = Line(100.0, 10.0)
    line.change(105.0, 2)
    line.change(107.0, -1)
    line.change(125.0, -1)
    line.finish(135.0)
    assert list(line.means) == [(2 * 2 + 3 * 1) / 10, 1.0, 0.5, 0.0]
    assert list(line.most) == [2, 1, 1, 0]


def test_a_step_that_ends_with_the_run_is_not_there_twice() -> None:
    line = Line(0.0, 10.0)
    line.finish(20.0)
    assert list(line.means) == [0.0, 0.0]


def test_the_wait_that_counts_is_the_first() -> None:
    book = ledger()
    book.came(ONE, KEY, 1010.0)
    book.taken(ONE, ANNA, 1030.0)
    book.put_back(ONE, 1100.0)
    book.taken(ONE, ANNA, 1200.0)
    book.closed(ONE, Outcome.ANSWERED, 1300.0)
    assert list(book.tallies[KEY].answered) == [20.0]
    assert (book.half_hours[0], book.in_time[0]) == (1, 1)
    assert book.people[ANNA].handled[Channel.CALL] == 2


def test_who_was_taken_once_is_answered_however_it_ends() -> None:
    book = ledger()
    book.came(ONE, KEY, 1010.0)
    book.taken(ONE, ANNA, 1030.0)
    book.put_back(ONE, 1100.0)
    book.closed(ONE, Outcome.ABANDONED, 1300.0)
    assert book.tallies[KEY].gone == {}


def test_whoever_is_moved_on_twice_is_counted_once() -> None:
    book = ledger()
    book.came(ONE, KEY, 1010.0)
    book.overflowed(ONE)
    book.overflowed(ONE)
    assert book.tallies[KEY].overflowed == 1


def test_time_on_duty_is_that_logged_in_and_that_at_work_after_logging_out() -> None:
    person = Attendance(is_in=True, since=0.0)
    person.until(10.0)
    person.channels = frozenset({Channel.CALL, Channel.CHAT})
    person.until(15.0)
    person.is_in = False
    person.until(18.0)
    person.channels = frozenset()
    person.until(100.0)
    assert (person.on_duty, person.at_work) == (18.0, 8.0)
    assert (person.work[Channel.CALL], person.work[Channel.CHAT], person.work[Channel.MAIL]) == (8.0, 8.0, 0.0)
