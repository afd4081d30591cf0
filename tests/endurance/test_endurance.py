"""A short run of `make faults`: the same code, few faults."""

import pytest

from tests.endurance.run import endure

pytestmark = pytest.mark.live


@pytest.mark.parametrize(("kind", "faults"), [("kill", 2), ("disk", 1)])
async def test_faults_under_load_drop_nobody_lose_nobody_and_leave_nothing_over(kind: str, faults: int) -> None:
    result = await endure(kind, faults, seed=1)

    assert result.wrong == [], result
