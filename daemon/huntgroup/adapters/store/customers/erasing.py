"""A customer is forgotten: what is left counts and lasts, and says of nobody who it was.

At once go the name and all identities, what the trail says, and name and number in the record of each of their
inquiries. The journal is a chain in which no link can be changed: what came in stays there, as in its snapshots, until
it is older than `[store] keep`. So does what an open inquiry holds, until its end.
"""

import json
import sqlite3
from typing import Any

from huntgroup.adapters.store import crm_outbox
from huntgroup.adapters.store.customers import book
from huntgroup.adapters.store.customers.book import Change, Row
from huntgroup.adapters.store.records import ERASED
from huntgroup.adapters.store.untold import erase_untold
from huntgroup.customers.words import CustomersError, Happened, Happening, public_id

RECEIVED = "inquiry.received"


def erase(database: sqlite3.Connection, who: Row, change: Change) -> tuple[dict[str, Any], list[Happening]]:
    """Forget a customer, and everybody merged into them. Raises CustomersError while an inquiry of theirs is open.

    The answer names the recordings that lie at the PBX: they are not ours to delete.
    """
    everyone = book.everyone_in(database, who.id)
    marks = ", ".join("?" * len(everyone))
    open_ones = database.execute(
        f"SELECT inquiry FROM activity WHERE customer IN ({marks}) AND ended_at IS NULL", everyone
    ).fetchall()
    if open_ones:
        names = ", ".join(name for (name,) in open_ones[:5])
        raise CustomersError("inquiry_open", f"wait until their inquiries are over: {names}", "id")
    recordings = database.execute(
        f"SELECT recording FROM activity WHERE customer IN ({marks}) AND recording != ''", everyone
    ).fetchall()
    _forget(database, everyone, marks, change)
    told = Happening(kind=Happened.ERASED, at=change.at, customer=who.id)
    return {"id": public_id(who.id), "recordings": [file for (file,) in recordings]}, [told]


def _forget(database: sqlite3.Connection, everyone: list[int], marks: str, change: Change) -> None:
    theirs = f"SELECT inquiry FROM activity WHERE customer IN ({marks})"
    database.execute(
        f"UPDATE record SET more = ? WHERE type = ? AND more != '' AND inquiry IN ({theirs})",
        (json.dumps(ERASED), RECEIVED, *everyone),
    )
    database.execute(
        "DELETE FROM stranger WHERE EXISTS (SELECT 1 FROM identity AS i WHERE i.kind = stranger.kind"
        f" AND i.value = stranger.value AND i.customer IN ({marks}))",
        everyone,
    )
    crm_outbox.forget(database, [public_id(each) for each in everyone])
    erase_untold(database, everyone)
    database.execute(
        f"DELETE FROM apart WHERE other IN (SELECT kind || ':' || value FROM identity WHERE customer IN ({marks}))",
        everyone,
    )
    database.execute(f"DELETE FROM identity WHERE customer IN ({marks})", everyone)
    database.execute(f"DELETE FROM apart WHERE customer IN ({marks})", everyone)
    database.execute(f"UPDATE trail SET body = '', who = '' WHERE customer IN ({marks})", everyone)
    database.execute(f"UPDATE activity SET recording = '', number = '' WHERE customer IN ({marks})", everyone)
    database.execute(
        "UPDATE customer SET name = '', responsible = NULL, provisional = NULL, crm = '', crm_of = '',"
        f" erased_at = ? WHERE id IN ({marks})",
        (change.at, *everyone),
    )
    for each in everyone:
        book.note(database, each, "erased", change, {})
