"""The house as the store has it, for ``huntgroup status`` where there is no broker to read it from.

The daemon writes its memory with every event, in the same transaction; so what is read here is how things stood after
the last event. Reads only, and asks the daemon nothing.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from huntgroup.adapters.clock import Clock
from huntgroup.adapters.mqtt.figures import Figures
from huntgroup.adapters.mqtt.payloads import InquiryStatus, Payload, inquiry_status, instant, operator_state
from huntgroup.adapters.mqtt.reader import House
from huntgroup.adapters.store.history import History
from huntgroup.adapters.store.holding import holder_of
from huntgroup.adapters.store.opening import connect
from huntgroup.adapters.store.reading import state_of
from huntgroup.codec import UnreadableError, memory_from
from huntgroup.engine.effects import InquiryChanged, OperatorChanged
from huntgroup.engine.engine import Engine
from huntgroup.errors import StoreError

LOOK_SECONDS = 1.0
"""Between two looks whether something was written: SQLite tells nobody."""


async def houses_on_record(path: Path) -> AsyncGenerator[House, None]:
    """The house now, and again whenever something was written.

    Raises:
        StoreError: when there is no store, or it cannot be read.
    """
    yield await _house(path)
    with closing(connect(path, is_for_reading=True)) as database:
        seen = None
        while True:
            version = database.execute("PRAGMA data_version").fetchone()[0]
            if seen not in (None, version):
                yield await _house(path)
            seen = version
            await asyncio.sleep(LOOK_SECONDS)


async def _house(path: Path) -> House:
    try:
        memory = memory_from(state_of(path))
    except UnreadableError as error:
        raise StoreError(path, f"cannot be understood: {error}") from None
    if memory is None:
        raise StoreError(path, "has nothing yet: no daemon has run with this [store]")
    engine = Engine(memory.policy, memory)
    at = memory.counters.now
    house = House()
    house.daemon = {"state": "online" if holder_of(path) is not None else "offline", "as_of": _instant(at)}
    house.pbxs = {
        pbx: {"state": "connected" if engine.world.pbxs.is_up(pbx) else "lost"} for pbx in memory.policy.every_pbx
    }
    figures = Figures(memory.policy, at)
    changes = engine.start(at)
    _take(house, figures, changes)
    now = Clock().now()
    async with History(path) as history:
        figures.remember(await history.counted(figures.today_began(now), now))
    figures.due(now)
    house.groups = {group: _as_data(figures.state(group, now)) for group in memory.policy.groups}
    return house


def _take(house: House, figures: Figures, changes: Iterable[object]) -> None:
    found = [each for each in changes if isinstance(each, InquiryChanged)]
    for inquiry in found:
        figures.inquiry(inquiry)
    for inquiry in found:
        status = InquiryStatus(**inquiry_status(inquiry, figures.position(inquiry.inquiry)))
        house.inquiries[inquiry.inquiry] = _as_data(status)
    for operator in (each for each in changes if isinstance(each, OperatorChanged)):
        figures.operator(operator)
        house.operators[operator.operator] = _as_data(operator_state(operator))


def _as_data(payload: Payload) -> dict[str, Any]:
    """As a reader of the broker would have it."""
    data: dict[str, Any] = payload.model_dump(mode="json", exclude_none=True)
    return data


def _instant(seconds: float) -> str:
    return instant(seconds).isoformat().replace("+00:00", "Z")
