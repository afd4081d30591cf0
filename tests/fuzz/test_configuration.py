"""Ten thousand inputs for a door, see `tests.fuzz.configuration`."""

from tests.fuzz.configuration import Configuration
from tests.fuzz.driver import holds


def test_ten_thousand_configuration_files_break_nothing() -> None:
    holds(Configuration())
