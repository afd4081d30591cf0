"""Ten thousand inputs for a door, see `tests.fuzz.administration`."""

from tests.fuzz.administration import Administration
from tests.fuzz.driver import holds


def test_ten_thousand_admin_commands_break_nothing() -> None:
    holds(Administration())
