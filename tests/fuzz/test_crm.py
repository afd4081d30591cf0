"""Ten thousand inputs for a door, see `tests.fuzz.crm`."""

from tests.fuzz.crm import CrmAnswers
from tests.fuzz.driver import holds


def test_ten_thousand_crm_answers_break_nothing() -> None:
    holds(CrmAnswers())
