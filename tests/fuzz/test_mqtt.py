"""Ten thousand inputs for a door, see `tests.fuzz.mqtt`."""

from tests.fuzz.driver import holds
from tests.fuzz.mqtt import Mqtt


def test_ten_thousand_messages_break_nothing() -> None:
    holds(Mqtt())
