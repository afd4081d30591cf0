"""A store on a real disk."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.adapters.store_customers.house import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path / "huntgroup.db")
    yield house
    house.database.close()
