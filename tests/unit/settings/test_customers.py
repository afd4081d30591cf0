"""Which sources look their customers up, and what makes no sense without."""

import pytest
from tests.unit.settings.conftest import Accept, Told
from tests.unit.settings.test_described import SOURCE


@pytest.mark.parametrize("needs", ["track_customer = true", "responsible_first = true", 'create = "lead"'])
def test_a_source_whose_settings_need_to_know_the_customer_looks_them_up(accept: Accept, needs: str) -> None:
    assert accept(f"{SOURCE}{needs}").sources[0].identify_customer


def test_any_other_looks_nobody_up_unless_told_to(accept: Accept) -> None:
    assert not accept(SOURCE).sources[0].identify_customer
    assert accept(f"{SOURCE}identify_customer = true").sources[0].identify_customer


@pytest.mark.parametrize("name", ["track_customer", "responsible_first"])
def test_nobody_is_recognised_whose_identities_are_not_to_be_looked_at(told: Told, name: str) -> None:
    assert told(f"{SOURCE}identify_customer = false\n{name} = true # here") == [
        f"sources[0].{name}: needs customers to be looked up; set `identify_customer = true`, or leave it out"
    ]
