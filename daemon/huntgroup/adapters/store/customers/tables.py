"""The tables. Numbers of customers are never used twice; who was merged into another stays, and points there."""

TABLES = """
-- What is known of a customer. provisional: the inquiry that somebody works on who is responsible only as long as that.
-- crm: what the CRM calls them; crm_of: which CRM, where that is known; crm_is_made: made there because we said so.
CREATE TABLE customer (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    responsible TEXT,
    provisional TEXT,
    crm TEXT NOT NULL DEFAULT '',
    crm_of TEXT NOT NULL DEFAULT '',
    crm_is_made INTEGER NOT NULL DEFAULT 0,
    created_at REAL NOT NULL,
    merged_into INTEGER,
    erased_at REAL
);
CREATE INDEX customer_of_responsible ON customer (responsible) WHERE responsible IS NOT NULL;
CREATE INDEX customer_merged ON customer (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX customer_provisional ON customer (provisional) WHERE provisional IS NOT NULL;
-- By what they are known. is_own: a channel vouched for it once; before that somebody only said so.
CREATE TABLE identity (
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    customer INTEGER NOT NULL,
    is_own INTEGER NOT NULL,
    is_shared INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, value)
) WITHOUT ROWID;
CREATE INDEX identity_of_customer ON identity (customer);
-- Other names that were given along with an identity; with enough of them it is nobody's own.
CREATE TABLE stranger (
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (kind, value, name)
) WITHOUT ROWID;
-- What people took apart is not put together again by itself. other: a customer's number, or kind and value.
CREATE TABLE apart (
    customer INTEGER NOT NULL,
    other TEXT NOT NULL,
    PRIMARY KEY (customer, other)
) WITHOUT ROWID;
-- Everything that was changed, by whom and why, with what it takes to undo it.
CREATE TABLE trail (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at REAL NOT NULL,
    customer INTEGER NOT NULL,
    what TEXT NOT NULL,
    who TEXT NOT NULL,
    why TEXT NOT NULL,
    body TEXT NOT NULL,
    undone_at REAL
);
CREATE INDEX trail_of_customer ON trail (customer, id);
-- One inquiry of theirs: who, when, how long, how it ended. creates: what is still to be created of it. number: of a
-- call, from where; nothing when it was withheld.
CREATE TABLE activity (
    inquiry TEXT PRIMARY KEY,
    customer INTEGER NOT NULL,
    channel TEXT NOT NULL,
    source TEXT NOT NULL,
    creates TEXT NOT NULL,
    received_at REAL NOT NULL,
    number TEXT NOT NULL DEFAULT '',
    accepted_at REAL,
    operator TEXT,
    talked_until REAL,
    ended_at REAL,
    outcome TEXT NOT NULL DEFAULT '',
    recording TEXT NOT NULL DEFAULT '',
    is_callback INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX activity_of_customer ON activity (customer, received_at);
CREATE INDEX activity_ended ON activity (ended_at) WHERE ended_at IS NOT NULL;
CREATE TABLE lead (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    customer INTEGER NOT NULL,
    inquiry TEXT NOT NULL UNIQUE,
    responsible TEXT,
    at REAL NOT NULL
);
CREATE INDEX lead_of_customer ON lead (customer);
-- Facts of the journal whose meaning for customers is still to be applied: written with the journal, gone when it is.
CREATE TABLE follow (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL
);
-- The last event of the journal up to which a follower has done its work.
CREATE TABLE mark (
    name TEXT PRIMARY KEY,
    event INTEGER NOT NULL
) WITHOUT ROWID;
"""
CLAIMS = """
-- When another name was last given: it ages. Those of earlier versions begin to age now.
ALTER TABLE stranger ADD COLUMN at REAL NOT NULL DEFAULT 0;
UPDATE stranger SET at = CAST(strftime('%s', 'now') AS REAL);
-- The name came with an identity that somebody only typed: it gives way to the one that comes with a proven identity.
ALTER TABLE customer ADD COLUMN name_is_typed INTEGER NOT NULL DEFAULT 0;
"""
