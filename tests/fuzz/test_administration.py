"""Ten thousand admin commands; see `tests.fuzz.administration`."""

from tests.fuzz.administration import Administration
from tests.fuzz.driver import assert_nothing_breaks


def test_ten_thousand_admin_commands_break_nothing() -> None:
    assert_nothing_breaks(Administration())
