"""The brokers of live tests: one for each test, in place of the one that a module's tests share.

``broker = one_for_each_test()`` in a module is all that it takes.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.lab.broker import Broker


def one_for_each_test() -> Any:
    """A running broker at which nothing is left of the test before."""

    @pytest.fixture(name="broker")
    async def broker() -> AsyncIterator[Broker]:
        async with Broker() as broker:
            yield broker

    return broker
