"""Ten thousand inputs for a door, see `tests.fuzz.ami`."""

from tests.fuzz.ami import Ami
from tests.fuzz.driver import holds


def test_ten_thousand_ami_streams_break_nothing() -> None:
    holds(Ami())
