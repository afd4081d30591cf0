"""Ten thousand customer lists; see `tests.fuzz.lists`."""

from tests.fuzz.driver import assert_nothing_breaks
from tests.fuzz.lists import Lists


def test_ten_thousand_customer_lists_break_nothing() -> None:
    assert_nothing_breaks(Lists())
