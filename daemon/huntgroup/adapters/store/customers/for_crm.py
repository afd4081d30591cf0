"""What a CRM is to be told of what happened to customers, written down along with it.

It is in the same transaction as what it comes of: a process that dies has done both or neither.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import structlog

from huntgroup.adapters.store import crm_outbox
from huntgroup.adapters.store.customers import book
from huntgroup.crm.deeds import Deed
from huntgroup.crm.telling import TOLD, deed_of
from huntgroup.customers.words import Happened, Happening, public_id

log = structlog.get_logger(__name__)

MANUAL = ""
"""In place of an inquiry: somebody did it by hand."""


@dataclass(frozen=True, slots=True)
class ForCrm:
    """Keeps it for a CRM of this name."""

    connector: str

    def __call__(self, database: sqlite3.Connection, told: Sequence[Happening]) -> None:
        """Write it down, in the transaction that the caller has begun."""
        for each in in_order(told):
            deed = _deed(database, each)
            if deed is not None:
                crm_outbox.enqueue(database, self.connector, [deed], each.at)


def in_order(told: Sequence[Happening]) -> Iterator[Happening]:
    """What a CRM hears of. Who is created there is created with their responsible operator: that is no news of its own,
    though the house knows it a moment before."""
    created = {(each.inquiry, each.data["responsible"], each.at) for each in told if each.kind is Happened.LEAD_CREATED}
    for each in told:
        is_in_it = each.kind is Happened.RESPONSIBLE_CHANGED and each.inquiry != MANUAL
        if each.kind in TOLD and not (is_in_it and (each.inquiry, each.data["operator"], each.at) in created):
            yield each


def _deed(database: sqlite3.Connection, each: Happening) -> Deed | None:
    """One that cannot be told is told of and left out: no customer, and no call, waits for a CRM."""
    who = book.current(database, each.customer)
    held = book.identities_of(database, who.id) if who is not None else []
    try:
        return deed_of(
            each.kind,
            at=each.at,
            customer="" if who is None else public_id(who.id),
            inquiry=each.inquiry,
            data=each.data,
            name="" if who is None else who.name,
            identities=[known.identity for known in held if not known.is_shared],
        )
    except ValueError as error:
        log.error("crm.not_tellable", kind=each.kind, inquiry=each.inquiry, error=str(error))  # noqa: TRY400
        return None
