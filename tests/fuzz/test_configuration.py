"""Ten thousand configuration files and the inputs that failed earlier; see `tests.fuzz.configuration`."""

import pytest

from tests.fuzz.configuration import Configuration
from tests.fuzz.driver import assert_nothing_breaks, assert_survives

HUGE = "0x" + "f" * 4_000
"""Python reads it, and does not print it."""


def test_ten_thousand_configuration_files_break_nothing() -> None:
    assert_nothing_breaks(Configuration())


@pytest.mark.parametrize(
    "text",
    [
        f"[[sources]]\nchannel = {HUGE}\n",
        f"[[groups]]\ndistribution = {HUGE}\n",
        f"[[groups]]\non_full = {{ action = {HUGE} }}\n",
        f"[[groups]]\nrings = {HUGE}\n",
        f"[telephony]\nring_seconds = -{HUGE}\n",
        f"[[groups]]\noperators = {HUGE}\n",
        f"[crm]\nlook_up = [{HUGE}]\n",
        f"[[pbx]]\nport = {HUGE}\n",
    ],
)
def test_number_of_thousands_of_digits_is_refused_in_words(text: str) -> None:
    assert_survives(Configuration(), text.encode())
