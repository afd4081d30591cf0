"""The tables of the store, and how each earlier version of them becomes today's."""

import sqlite3
from pathlib import Path

from huntgroup.adapters.store.crm_outbox import TABLES as _CRM
from huntgroup.adapters.store.customers.tables import CLAIMS as _CLAIMS
from huntgroup.adapters.store.customers.tables import TABLES as _CUSTOMERS
from huntgroup.adapters.store.untold import TABLES as _UNTOLD
from huntgroup.errors import StoreError

_RECORD = """
CREATE TABLE IF NOT EXISTS record (
    sequence INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    inquiry TEXT NOT NULL,
    type TEXT NOT NULL,
    "group" TEXT,
    operator TEXT,
    attempt INTEGER,
    detail TEXT NOT NULL,
    more TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS record_of_inquiry ON record (inquiry, sequence);
CREATE INDEX IF NOT EXISTS record_at ON record (at);
"""
_JOURNAL = """
-- What came in, in order. crc: of the row before it and of this one, so that one that is not as it was written is seen.
CREATE TABLE journal (
    sequence INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    type TEXT NOT NULL,
    body TEXT NOT NULL,
    crc INTEGER NOT NULL
);
-- The engine's memory after the last event of the journal, written with it.
CREATE TABLE state (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    crc INTEGER NOT NULL,
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;
-- Copies of it after an event, to begin a replay from.
CREATE TABLE snapshot (
    sequence INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    crc INTEGER NOT NULL
);
CREATE TABLE snapshot_state (
    snapshot INTEGER NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    crc INTEGER NOT NULL,
    PRIMARY KEY (snapshot, kind, id)
) WITHOUT ROWID;
-- Events that are not there: first and last, and why.
CREATE TABLE gap (
    first INTEGER PRIMARY KEY,
    last INTEGER NOT NULL,
    why TEXT NOT NULL
);
-- Which event of the journal a record came of.
ALTER TABLE record ADD COLUMN event INTEGER;
"""
MIGRATIONS = (_RECORD, _JOURNAL, _CUSTOMERS, _CRM, _UNTOLD, _CLAIMS)
"""From nothing to version 1, from 1 to 2, and so on. Never changed once released; only added to."""
VERSION = len(MIGRATIONS)


def migrate(database: sqlite3.Connection, path: Path) -> int:
    """Bring the tables to today's version, each step whole or not at all; the version they had.

    Raises StoreError for a file that a newer Huntgroup wrote.
    """
    found = int(database.execute("PRAGMA user_version").fetchone()[0])
    if found > VERSION:
        raise StoreError(
            path, f"has version {found} of the tables, and this Huntgroup knows {VERSION}: run the newer one again"
        )
    for number, steps in enumerate(MIGRATIONS[found:], found + 1):
        database.executescript(f"BEGIN IMMEDIATE;\n{steps}\nPRAGMA user_version = {number};\nCOMMIT;")
    return found
