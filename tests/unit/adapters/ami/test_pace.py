"""A link that has very much to say is read in fewer goes; on any other nothing waits."""

import pytest

from huntgroup.adapters.ami.pace import BUSY, REST, WINDOW, Pace


class Listened:
    """A link with events at an even pace, looked at after each, on a clock of its own."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.pace = Pace(lambda: self.now)

    def says(self, a_second: float, seconds: float) -> list[float]:
        """So many events a second for so long; how long the link was left alone after each."""
        rests = []
        for _ in range(int(a_second * seconds)):
            self.now += 1 / a_second
            rests.append(self.pace.rest(1))
        return rests


@pytest.fixture
def link() -> Listened:
    """One that has said nothing yet."""
    return Listened()


def test_a_link_with_less_to_say_never_waits(link: Listened) -> None:
    assert set(link.says(BUSY * 0.9, seconds=10 * WINDOW)) == {0.0}


def test_nor_does_one_that_tells_of_twenty_calls_at_once_and_no_more(link: Listened) -> None:
    assert link.pace.rest(20 * 11) == 0.0


def test_one_that_goes_on_is_left_alone_after_each_look_but_not_before_it_is_known_to_be_busy(link: Listened) -> None:
    rests = link.says(BUSY * 1.2, seconds=10 * WINDOW)
    first = rests.index(REST)
    assert first > WINDOW * BUSY
    assert set(rests[first:]) == {REST}


def test_once_it_has_calmed_down_nothing_waits_any_more(link: Listened) -> None:
    link.says(BUSY * 3, seconds=10 * WINDOW)
    link.now += 2 * WINDOW
    assert link.pace.rest(1) == 0.0
