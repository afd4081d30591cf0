"""The exchanges of live tests: one for each module, or one of each version, in place of the one that everybody gets.

``pbx = on_both_versions()`` in a module is all that it takes.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import pytest_asyncio
from tests.lab.pbx import Pbx

PHONES = {"anna-desk": "101", "anna-soft": "101", "ben": "102", "cleo": "103"}


def exchange(phones: Mapping[str, str] = PHONES, **options: Any) -> Any:
    """A running exchange with Huntgroup's dialplan, for the tests of one module; *options* as of `Pbx`."""

    @pytest_asyncio.fixture(scope="module", loop_scope="module", name="pbx")
    async def pbx() -> AsyncIterator[Pbx]:
        async with Pbx(phones, **options) as pbx:
            yield pbx

    return pbx


def on_both_versions(phones: Mapping[str, str] = PHONES, **options: Any) -> Any:
    """The same, once with the newest Asterisk that is supported and once with the oldest."""

    @pytest_asyncio.fixture(scope="module", loop_scope="module", name="pbx", params=["22", "16"])
    async def pbx(request: pytest.FixtureRequest) -> AsyncIterator[Pbx]:
        async with Pbx(phones, version=request.param, **options) as pbx:
            yield pbx

    return pbx
