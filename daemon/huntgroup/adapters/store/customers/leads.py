"""What is registered of each inquiry, and what an unknown customer's inquiry creates."""

import sqlite3
from typing import Any, NamedTuple

from huntgroup.customers.words import Happened, Happening


class Activity(NamedTuple):
    """One inquiry, as far as it is registered. Instants in seconds; None: it has not come to that."""

    inquiry: str
    customer: int
    channel: str
    source: str
    creates: str
    received_at: float
    number: str
    accepted_at: float | None
    operator: str | None
    talked_until: float | None
    ended_at: float | None
    outcome: str
    recording: str
    is_callback: bool

    @property
    def waited(self) -> float:
        """Seconds until somebody took it, or until its end."""
        until = self.accepted_at if self.accepted_at is not None else self.ended_at
        return max(0.0, (until if until is not None else self.received_at) - self.received_at)

    @property
    def talked(self) -> float:
        """Seconds for which somebody had it: of a call, how long they talked."""
        until = self.talked_until if self.talked_until is not None else self.ended_at
        if self.accepted_at is None or until is None:
            return 0.0
        return max(0.0, until - self.accepted_at)


_COLUMNS = ", ".join(Activity._fields)


def activity(database: sqlite3.Connection, inquiry: str) -> Activity | None:
    """What is registered of an inquiry."""
    found = database.execute(f"SELECT {_COLUMNS} FROM activity WHERE inquiry = ?", (inquiry,)).fetchone()
    return None if found is None else Activity(*found)


class Begun(NamedTuple):
    """An inquiry that came in. ``customer`` 0: of nobody who can be known; ``number``: where a call comes from."""

    inquiry: str
    customer: int
    channel: str
    source: str
    creates: str
    received_at: float
    number: str


def begin(database: sqlite3.Connection, begun: Begun) -> None:
    """An inquiry came in."""
    database.execute(
        "INSERT INTO activity (inquiry, customer, channel, source, creates, received_at, number)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        begun,
    )


def accepted(database: sqlite3.Connection, inquiry: str, operator: str | None, at: float) -> None:
    """Somebody has it; that they waited ends with the first who took it."""
    database.execute(
        "UPDATE activity SET accepted_at = coalesce(accepted_at, ?), operator = ?, talked_until = NULL"
        " WHERE inquiry = ?",
        (at, operator, inquiry),
    )


def moved(database: sqlite3.Connection, inquiry: str, operator: str | None) -> None:
    """Another operator has it."""
    database.execute("UPDATE activity SET operator = ? WHERE inquiry = ?", (operator, inquiry))


def ended(database: sqlite3.Connection, inquiry: str, outcome: str, operator: str | None, at: float) -> None:
    """It is over."""
    database.execute(
        "UPDATE activity SET ended_at = ?, outcome = ?, operator = coalesce(?, operator) WHERE inquiry = ?",
        (at, outcome, operator, inquiry),
    )


def create(database: sqlite3.Connection, of: Activity, responsible: str | None, at: float) -> list[Happening]:
    """What this inquiry is to create, once: when somebody takes it, so that it has its responsible operator, or else
    when it ends. Whatever follows, an inquiry creates one thing."""
    if not of.creates:
        return []
    made = database.execute(
        "INSERT OR IGNORE INTO lead (kind, customer, inquiry, responsible, at) VALUES (?, ?, ?, ?, ?)",
        (of.creates, of.customer, of.inquiry, responsible, at),
    )
    database.execute("UPDATE activity SET creates = '' WHERE inquiry = ?", (of.inquiry,))
    if made.rowcount != 1:
        return []
    data = {
        "kind": of.creates,
        "id": f"{of.creates}-{made.lastrowid}",
        "responsible": responsible,
        "channel": of.channel,
        "source": of.source,
    }
    return [Happening(kind=Happened.LEAD_CREATED, at=at, customer=of.customer, inquiry=of.inquiry, data=data)]


def registered(database: sqlite3.Connection, inquiry: str, customer: int) -> Happening:
    """A call is over: everything about it."""
    found = activity(database, inquiry)
    if found is None or found.ended_at is None:
        raise LookupError(f"{inquiry} is not over")
    return Happening(
        kind=Happened.CALL_REGISTERED, at=found.ended_at, customer=customer, inquiry=inquiry, data=as_data(found)
    )


def as_data(of: Activity) -> dict[str, Any]:
    """An activity for others to read. Instants and durations in seconds."""
    data: dict[str, Any] = {
        "channel": of.channel,
        "source": of.source,
        "number": of.number or None,
        "operator": of.operator,
        "received_at": round(of.received_at, 3),
        "waited": round(of.waited, 3),
        "talked": round(of.talked, 3),
        "outcome": of.outcome or None,
        "recording": of.recording or None,
        "is_callback": bool(of.is_callback) or None,
    }
    return {name: value for name, value in data.items() if value is not None}


def activities_of(database: sqlite3.Connection, customers: list[int], most: int) -> list[Activity]:
    """The last inquiries of these customers, newest first."""
    marks = ", ".join("?" * len(customers))
    rows = database.execute(
        f"SELECT {_COLUMNS} FROM activity WHERE customer IN ({marks}) ORDER BY received_at DESC LIMIT ?",
        (*customers, most),
    )
    return [Activity(*each) for each in rows]


def leads_of(database: sqlite3.Connection, customers: list[int]) -> list[dict[str, Any]]:
    """What the inquiries of these customers created, in order."""
    marks = ", ".join("?" * len(customers))
    rows = database.execute(
        f"SELECT kind, id, inquiry, responsible, at FROM lead WHERE customer IN ({marks}) ORDER BY id", customers
    )
    return [
        {"id": f"{kind}-{number}", "kind": kind, "inquiry": inquiry, "responsible": who, "at": round(at, 3)}
        for kind, number, inquiry, who, at in rows
    ]
