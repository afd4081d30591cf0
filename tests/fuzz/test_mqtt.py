"""Ten thousand MQTT messages; see `tests.fuzz.mqtt`."""

from tests.fuzz.driver import assert_nothing_breaks
from tests.fuzz.mqtt import Mqtt


def test_ten_thousand_messages_break_nothing() -> None:
    assert_nothing_breaks(Mqtt())
