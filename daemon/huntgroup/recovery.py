"""The engine as it was when the last run ended, however it did."""

from pathlib import Path

import structlog

from huntgroup.adapters.store.opening import Opened, begin_run, open_store
from huntgroup.adapters.store.reading import history
from huntgroup.codec import UnreadableError, event_from, memory_from, rows_of
from huntgroup.engine.engine import Engine
from huntgroup.engine.policy import Policy
from huntgroup.engine.restoring import memory_of
from huntgroup.errors import StoreError

log = structlog.get_logger(__name__)


def recovered(path: Path, policy: Policy, now: float) -> tuple[Engine, Opened]:
    """Open the store, and make the engine that it tells of; ``policy`` is for one that tells of none.

    What was decided is taken as it was decided then, by whatever version: it is read, not computed again. The policy
    in force then is in force still; a changed one comes as an event.

    Raises StoreError when the store cannot be used, or not be understood.
    """
    opened = open_store(path)
    try:
        memory = memory_from(opened.state) if opened.is_state_whole else None
        engine = Engine(policy, memory) if opened.is_state_whole else _rebuilt(path)
    except UnreadableError as error:
        raise StoreError(path, f"cannot be understood: {error}") from None
    is_as_found = opened.is_state_whole and memory is not None
    begin_run(path, opened, None if is_as_found else rows_of(memory_of(engine.world)), now)
    if engine.world.inquiries:
        log.info("daemon.recovered", inquiries=len(engine.world.inquiries), events=opened.sequence)
    return engine, opened


def _rebuilt(path: Path) -> Engine:
    """From the last snapshot and what the journal has after it: the one case in which decisions are made again."""
    with history(path) as past:
        snapshots = past.snapshots()
        memory = memory_from(past.snapshot(snapshots[-1]).state) if snapshots else None
        if memory is None:
            raise StoreError(path, "what was open is damaged, and there is no snapshot to make it from")
        engine = Engine(memory.policy, memory)
        for entry in past.entries(snapshots[-1]):
            engine.handle(event_from(entry.type, entry.body), entry.at)
    return engine
