"""What is told of customers, between the rooms: plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from huntgroup.customers.identities import Identity
from huntgroup.errors import HuntgroupError


class Happened(StrEnum):
    """What may happen to a customer, under its public name."""

    RECOGNISED = "customer.recognised"
    CREATED = "customer.created"
    IDENTITY_LINKED = "customer.identity_linked"
    IDENTITY_SHARED = "customer.identity_shared"
    RESPONSIBLE_CHANGED = "customer.responsible_changed"
    MERGED = "customer.merged"
    MERGE_SUGGESTED = "customer.merge_suggested"
    UNDONE = "customer.undone"
    ERASED = "customer.erased"
    LEAD_CREATED = "lead.created"
    CALL_REGISTERED = "call.registered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something happened to a customer. ``at`` in seconds; ``customer`` 0: nobody knows who it was.

    Two that are equal are the same, also when they are told again by another life of the daemon.
    """

    kind: Happened
    at: float
    customer: int
    inquiry: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    number: int = field(default=0, compare=False)
    """Under which it is kept until the broker has it; 0: it is not."""


class Known(NamedTuple):
    """What is known of a customer when they come. ``by`` is what they were recognised by."""

    id: int
    name: str
    responsible: str | None
    by: Identity
    crm: str = ""
    """What the CRM calls them; empty: it has not been told of them, or there is none."""


class CustomersError(HuntgroupError):
    """Something cannot be done with customers. ``code`` is stable; ``at`` is the part of the message it is about."""

    def __init__(self, code: str, message: str, at: str = "") -> None:
        super().__init__(message)
        self.why = code
        self.at = at


PREFIX = "customer-"


def public_id(number: int) -> str:
    """What others call a customer."""
    return f"{PREFIX}{number}"


def number_of(text: str, at: str = "id") -> int:
    """The number in a public id. Raises CustomersError."""
    digits = text.removeprefix(PREFIX)
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
        raise CustomersError("invalid", f"{text!r} is no customer; they are called as in {PREFIX}17", at)
    return int(digits)
