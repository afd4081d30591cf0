"""A short run of `make hour`: the same code, less of it."""

import pytest

from tests.endurance.hour.run import mixed_hour

pytestmark = pytest.mark.live


@pytest.mark.timeout(240)
async def test_after_everything_that_people_do_with_telephones_nothing_is_left() -> None:
    result = await mixed_hour(45.0, seed=1)

    assert result.wrong == [], result
