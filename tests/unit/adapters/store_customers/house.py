"""A store with customers, and words for what happens to them: the facts go the way that the daemon's go."""

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from huntgroup.adapters.store.customers import book, desk, leads, merging
from huntgroup.adapters.store.customers.book import Change, Row
from huntgroup.adapters.store.customers.following import Follower
from huntgroup.adapters.store.customers.for_crm import ForCrm
from huntgroup.adapters.store.customers.weighing import known, weigh
from huntgroup.adapters.store.journal import write_batch
from huntgroup.adapters.store.opening import begin_run, connect, open_store
from huntgroup.adapters.store.rows import Batch, Entry
from huntgroup.customers.identities import Identity, identities
from huntgroup.customers.words import Happening, Known

NOW = 1_790_000_000.0
MINE = "+48600700800"
HERS = "+48600700801"


def known_by(phone: str = "", email: str = "", **handles: str) -> tuple[Identity, ...]:
    """Identities, as the edge makes them in Poland."""
    return identities("pl", phone_text=phone, email_text=email, handles=tuple(handles.items()))


class House:
    """What comes in is written and followed at once, unless `is_following` says otherwise."""

    def __init__(self, path: Path) -> None:
        opened = open_store(path)
        begin_run(path, opened, [("policy", "", "{}")], NOW)
        self.path = path
        self.database: sqlite3.Connection = connect(path)
        self.follower = Follower(tell=lambda _: None, for_crm=ForCrm("http"))
        self.crc, self.sequence, self.now = opened.crc, opened.sequence, NOW
        self.told: list[Happening] = []
        self.is_following = True

    # -- what happens -------------------------------------------------------------------------------------------------

    def comes(self, inquiry: str, channel: str = "call", phone: str = "", email: str = "", **more: Any) -> Known | None:
        """An inquiry; who the edge took them for. ``more``: name, track, create, and handles by network."""
        name, track = more.pop("name", ""), more.pop("track", channel != "call")
        create, crm, responsible = more.pop("create", ""), more.pop("crm", ""), more.pop("responsible", None)
        found = known_by(phone, email, **more)
        at_the_edge = known(weigh(self.database, found, name, channel), is_tracked=track)
        self.fact(
            "received",
            inquiry,
            channel=channel,
            source="here",
            identities=found,
            name=name,
            known_as="",
            crm=crm,
            crm_of="http",
            responsible=responsible,
            track=track,
            create=create,
        )
        return at_the_edge

    def fact(self, kind: str, inquiry: str, operator: str | None = None, **more: Any) -> list[Happening]:
        """Something is told of an inquiry, a second after what was told before."""
        self.now += 1
        self.sequence += 1
        body = {"inquiry": inquiry, "at": self.now, "operator": operator, **more}
        entry = Entry(self.sequence, self.now, "TimePassed", "{}")
        batch = Batch(entries=[entry], follow=[(self.sequence, kind, json.dumps(body))])
        self.crc = write_batch(self.database, batch, self.crc, self.sequence - 1)
        return self.follow() if self.is_following else []

    def follow(self) -> list[Happening]:
        """Apply what waits."""
        self.told, more = [], True
        while more:
            told, more = self.follower.step(self.database)
            self.told += told
        return self.told

    def talks(self, inquiry: str, operator: str, phone: str = MINE, **more: Any) -> None:
        """A whole call: it comes in, is answered, and ends."""
        self.comes(inquiry, "call", phone, **more)
        self.fact("accepted", inquiry, operator)
        self.fact("closed", inquiry, operator, outcome="answered")

    def by_hand(self) -> Change:
        """Somebody changes something now."""
        self.now += 1
        return Change(self.now, "supervisor")

    def undoes(self, change: int) -> None:
        """Somebody takes a change back."""
        merging.undo(self.database, change, self.by_hand())

    # -- what came of it ----------------------------------------------------------------------------------------------

    def who(self, **identity: str) -> Row | None:
        """The customer who has this identity."""
        (one,) = known_by(**identity)
        holder = book.held(self.database, one)
        return None if holder is None else book.current(self.database, holder.customer)

    def of(self, inquiry: str) -> Row | None:
        """Whose inquiry it is."""
        found = leads.activity(self.database, inquiry)
        return None if found is None else book.current(self.database, found.customer)

    def shown(self, **identity: str) -> dict[str, Any]:
        """All that is known of who has this identity."""
        return desk.shown(self.database, desk.found_by(self.database, known_by(**identity)))

    def kinds(self) -> Sequence[str]:
        """What happened last."""
        return [each.kind.value for each in self.told]

    def leads(self) -> list[tuple[str, str, str | None]]:
        """Everything that was created: kind, inquiry, responsible."""
        return self.database.execute("SELECT kind, inquiry, responsible FROM lead ORDER BY id").fetchall()

    def change(self, what: str) -> int:
        """The number of the last change of this kind."""
        found = self.database.execute("SELECT max(id) FROM trail WHERE what = ?", (what,)).fetchone()
        return int(found[0])


JAN_CONFIG = """
[telephony]
country = "pl"
[[pbx]]
id = "main"
host = "127.0.0.1"
username = "huntgroup"
secret_env = "AMI_SECRET"
[[operators]]
id = "anna"
phones = ["PJSIP/anna"]
[[operators]]
id = "ben"
phones = ["PJSIP/ben"]
[[groups]]
id = "sales"
operators = ["ben"]
"""
"""A configuration for commands beside the store, huntgroup.db in the same folder."""
