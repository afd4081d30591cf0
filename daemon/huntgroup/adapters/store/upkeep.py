"""What keeps the store small and quick to start from: snapshots, and dropping what is older than it is to be kept."""

import sqlite3

SNAPSHOT_EVERY = 20_000
"""Events after which a snapshot is taken, as soon as there is nothing else to write."""
SNAPSHOT_AT_LAST = 100_000
"""Events after which one is taken in any case: what a start looks through is never more."""
SNAPSHOT_SECONDS = 86_400.0
"""Seconds after which one is taken in any case: what is older than it is to be kept goes only as far as a snapshot."""
DROP_AT_ONCE = 2_000
"""Rows that are dropped in one transaction, so that no event waits long for it."""

DROP_JOURNAL = "DELETE FROM journal WHERE sequence IN (SELECT sequence FROM journal WHERE sequence <= ? LIMIT ?)"
DROP_SNAPSHOT = "DELETE FROM snapshot WHERE sequence IN (SELECT sequence FROM snapshot WHERE sequence < ? LIMIT ?)"
DROP_COPIES = """
DELETE FROM snapshot_state WHERE (snapshot, kind, id) IN
    (SELECT snapshot, kind, id FROM snapshot_state WHERE snapshot < ? LIMIT ?)
"""
DROP_RECORD = """
DELETE FROM record WHERE sequence IN (SELECT sequence FROM record WHERE at < ? AND coalesce(event, 0) <= ?
    AND inquiry NOT IN (SELECT id FROM state WHERE kind = 'inquiry') LIMIT ?)
"""
DROP_ACTIVITY = "DELETE FROM activity WHERE inquiry IN (SELECT inquiry FROM activity WHERE ended_at < ? LIMIT ?)"
DROP_UNTOLD = """
DELETE FROM untold WHERE (event, nth) IN
    (SELECT event, nth FROM (SELECT event, nth, at FROM untold ORDER BY 1, 2 LIMIT ?2) WHERE at < ?1)
"""
DROP_HAPPENINGS = """
DELETE FROM untold_happening WHERE id IN
    (SELECT id FROM (SELECT id, at FROM untold_happening ORDER BY 1 LIMIT ?2) WHERE at < ?1)
"""
BEGIN = "SELECT sequence, at FROM snapshot ORDER BY at < ?1, CASE WHEN at < ?1 THEN -sequence ELSE sequence END LIMIT 1"
SNAPSHOTS = "SELECT max(sequence), max(at) FROM snapshot"
GAPS = "SELECT max(last) FROM gap"


def take_snapshot(database: sqlite3.Connection, sequence: int, now: float, crc: int) -> int:
    """Copy the state as it is after the last event; how many snapshots there are."""
    database.execute("BEGIN IMMEDIATE")
    try:
        database.execute("INSERT OR IGNORE INTO snapshot VALUES (?, ?, ?)", (sequence, now, crc))
        database.execute("INSERT OR IGNORE INTO snapshot_state SELECT ?, kind, id, body, crc FROM state", (sequence,))
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise
    return int(database.execute("SELECT count(*) FROM snapshot").fetchone()[0])


def is_snapshot_due(database: sqlite3.Connection, sequence: int, now: float) -> bool:
    """Whether a run had better begin with a snapshot, after this event.

    Not every one does: a daemon that starts again and again would fill the disk. Copies grow with the journal only.
    """
    last, at = database.execute(SNAPSHOTS).fetchone()
    if last is None:
        return True
    gap = database.execute(GAPS).fetchone()[0]
    parts = database.execute("SELECT count(*) FROM state").fetchone()[0]
    is_old = abs(now - at) >= SNAPSHOT_SECONDS and sequence > last
    return bool(is_old or (gap is not None and gap > last) or sequence - last >= max(parts, 1))


def tidy(database: sqlite3.Connection, oldest: float) -> int:
    """Drop some of what is older than ``oldest`` (seconds since the epoch); how much was, 0 when nothing is left.

    A journal without its beginning is of use only from a snapshot on, so the oldest snapshot that is young enough is
    where it begins; the last one stays whatever its age. What is told of an inquiry stays as long as it is open, and
    as long as the event that it came of.
    """
    begin, taken_at = database.execute(BEGIN, (oldest,)).fetchone() or (0, 0.0)
    dropped = 0
    for drop, *limits in (
        (DROP_JOURNAL, begin),
        (DROP_SNAPSHOT, begin),
        (DROP_COPIES, begin),
        (DROP_RECORD, min(oldest, taken_at), begin),
        (DROP_ACTIVITY, oldest),
        (DROP_UNTOLD, oldest),
        (DROP_HAPPENINGS, oldest),
    ):
        dropped += database.execute(drop, (*limits, DROP_AT_ONCE)).rowcount
    database.execute("DELETE FROM gap WHERE last < ?", (begin,))
    database.execute("PRAGMA wal_checkpoint(PASSIVE)")
    return dropped
