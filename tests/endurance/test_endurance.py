"""Short runs of `make faults` and `make hour`: the same code, few faults."""

import pytest

from tests.endurance.hour.run import mixed_hour
from tests.endurance.run import endure

pytestmark = pytest.mark.live


@pytest.mark.parametrize(("kind", "faults"), [("kill", 2), ("disk", 1)])
async def test_faults_under_load_drop_nobody_lose_nobody_and_leave_nothing_over(kind: str, faults: int) -> None:
    result = await endure(kind, faults, seed=1)

    assert result.wrong == [], result


@pytest.mark.timeout(240)
async def test_after_everything_that_people_do_with_telephones_nothing_is_left() -> None:
    result = await mixed_hour(45.0, seed=1)

    assert result.wrong == [], result
