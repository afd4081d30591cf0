"""The house on a screen: PBXs, operators, groups and who waits."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from huntgroup.adapters.clock import Clock
from huntgroup.adapters.mqtt.reader import House
from huntgroup.local_time import local_from_iso
from huntgroup.plain import as_json as shown_as_json
from huntgroup.plain import plain

WAITING_MOST = 40
"""So many of those who wait have a line of their own."""

Beside = Callable[[], dict[str, Any]]


def show(
    reading: AsyncGenerator[House, None],
    *,
    as_json: bool,
    is_watching: bool,
    say: Callable[[str], None],
    beside: Beside,
) -> bool:
    """Once, or again whenever something changes; ``beside`` gives what programs are told in addition.

    Whether a daemon runs. Raises PeerError or StoreError when there is nothing to show.
    """
    return asyncio.run(_show(reading, as_json=as_json, is_watching=is_watching, say=say, beside=beside))


async def _show(
    reading: AsyncGenerator[House, None],
    *,
    as_json: bool,
    is_watching: bool,
    say: Callable[[str], None],
    beside: Beside,
) -> bool:
    console = Console()
    live = Live(console=console, auto_refresh=False) if is_watching and not as_json else None
    is_online = False
    try:
        async for house in reading:
            is_online = house.daemon.get("state") == "online"
            if as_json:
                say(shown_as_json(house.as_data() | beside()))
            elif live is None:
                console.print(picture(house))
            else:
                if not live.is_started:
                    live.start()
                live.update(picture(house), refresh=True)
            if not is_watching:
                break
    finally:
        await reading.aclose()
        if live is not None:
            live.stop()
    return is_online


def picture(house: House) -> RenderableType:
    """A table of each kind. Names and texts are shown as they are, and never as instructions to the terminal."""
    now = datetime.fromtimestamp(Clock().now(), UTC)
    as_of = house.daemon.get("as_of")
    head = [Text(f"As of {local_from_iso(as_of)}, from the store: there is no broker to read from.")] if as_of else []
    return Group(*head, _pbxs(house, now), _groups(house), _operators(house), _waiting(house, now))


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        table.add_column(column)
    return table


def _row(table: Table, *cells: object) -> None:
    table.add_row(*(Text(plain(each)) for each in cells))


def _pbxs(house: House, now: datetime) -> Table:
    table = _table("PBXs", "PBX", "link", "for")
    for name, pbx in sorted(house.pbxs.items()):
        _row(table, name, pbx.get("state", ""), _since(pbx.get("since"), now))
    return table


def _groups(house: House) -> Table:
    table = _table("Groups", "group", "waiting", "longest", "operators", "answered", "abandoned", "service level")
    for name, group in sorted(house.groups.items()):
        level = group.get("service_level_today")
        _row(
            table,
            name,
            _counts(group.get("waiting", {})),
            f"{group.get('longest_wait', 0):.0f} s",
            _counts(group.get("operators", {})),
            group.get("answered_today", 0),
            group.get("abandoned_today", 0),
            "-" if level is None else f"{level:.0%}",
        )
    return table


def _operators(house: House) -> Table:
    table = _table("Operators", "operator", "presence", "has", "gets nothing of")
    for name, operator in sorted(house.operators.items()):
        presence, why = operator.get("presence", ""), operator.get("pause_reason")
        reasons = [f"{each['channel']}: {each['reason']}" for each in operator.get("reasons", ())]
        _row(
            table,
            name,
            f"{presence} ({why})" if why else presence,
            _counts(operator.get("load", {})),
            ", ".join(reasons),
        )
    return table


def _waiting(house: House, now: datetime) -> Table:
    waiting = house.waiting()
    table = _table(f"Waiting: {len(waiting)}", "inquiry", "channel", "group", "state", "for", "customer")
    for each in waiting[:WAITING_MOST]:
        _row(
            table,
            each.get("id"),
            each.get("channel"),
            each.get("group"),
            each.get("state"),
            _since(each.get("received_at"), now),
            _customer(each.get("customer", {})),
        )
    return table


def _since(instant: str | None, now: datetime) -> str:
    return "" if instant is None else f"{(now - datetime.fromisoformat(instant)).total_seconds():.0f} s"


def _customer(customer: dict[str, Any]) -> str:
    return str(customer.get("name") or customer.get("phone") or customer.get("email") or "")


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count)
