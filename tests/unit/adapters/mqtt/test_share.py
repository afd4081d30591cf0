"""Messages leave the loop to telephony: in slices, and with pauses while there are calls."""

from huntgroup.adapters.mqtt.share import CALL_SECONDS, PAUSE, SLICE_SECONDS, Share


class Hand:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def test_a_slice_is_over_after_its_time_and_not_before() -> None:
    hand = Hand()
    turn = Share(hand).slice()
    assert not turn.is_over
    hand.at += SLICE_SECONDS
    assert turn.is_over
    turn.begin()
    assert not turn.is_over


def test_without_calls_nothing_pauses_longer_than_a_turn_of_the_loop() -> None:
    hand = Hand()
    turn = Share(hand).slice()
    hand.at += 0.01
    assert turn.rest() == 0.0


def test_while_there_are_calls_the_pause_is_longer_than_the_work() -> None:
    hand = Hand()
    share = Share(hand)
    turn = share.slice()
    share.call_noted()
    hand.at += 0.01
    assert round(turn.rest(), 6) == 0.01 * PAUSE
    assert share.pauses == 1
    hand.at += CALL_SECONDS
    assert turn.rest() == 0.0
