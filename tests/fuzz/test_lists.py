"""Ten thousand inputs for a door, see `tests.fuzz.lists`."""

from tests.fuzz.driver import holds
from tests.fuzz.lists import Lists


def test_ten_thousand_customer_lists_break_nothing() -> None:
    holds(Lists())
