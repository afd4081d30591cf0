"""What others may ask about customers, and what they are answered, as models."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, TypeAdapter

from huntgroup.adapters.mqtt.commands import HANDLES_MOST, CustomerIn, Incoming, Name
from huntgroup.adapters.mqtt.payloads import Payload

Phone = Annotated[str, StringConstraints(max_length=40)]
Email = Annotated[str, StringConstraints(max_length=254)]
MOST = 2**62
"""The store counts no further."""


class Who(Incoming):
    """One customer: by id, or by what they are known by."""

    id: Annotated[str, StringConstraints(max_length=40)] = ""
    phone: Phone = ""
    email: Email = ""
    handles: Annotated[
        dict[Annotated[str, StringConstraints(min_length=1, max_length=40)], Name], Field(max_length=HANDLES_MOST)
    ] = Field(default_factory=dict)


class AboutCustomers(Incoming):
    """What all of them have in common."""

    by: Name = ""
    """Who asks for it, for the trail; by default it says `mqtt`."""


class LookUp(AboutCustomers):
    """All that is known of one customer."""

    type: Literal["look_up"]
    customer: Who


class CreateCustomer(AboutCustomers):
    """A new customer, whom nobody knows yet."""

    type: Literal["create"]
    customer: CustomerIn
    responsible: Annotated[str, StringConstraints(max_length=200)] = ""
    """An operator's id; empty: nobody yet."""


class LinkIdentity(AboutCustomers):
    """A customer is known by this, too."""

    type: Literal["link"]
    customer: Who
    identity: Who


class MergeCustomers(AboutCustomers):
    """Two customers are one: `other` becomes a part of `customer`."""

    type: Literal["merge"]
    customer: Who
    other: Who


class UndoChange(AboutCustomers):
    """Take a change back, by its number."""

    type: Literal["undo"]
    change: Annotated[int, Field(ge=1, le=MOST)]


class SetResponsible(AboutCustomers):
    """Who is responsible for a customer from now on."""

    type: Literal["set_responsible"]
    customer: Who
    operator: Annotated[str, StringConstraints(max_length=200)]
    """An operator's id; empty: nobody, until somebody serves them."""


class EraseCustomer(AboutCustomers):
    """Forget a customer; what counts and lasts stays, and says of nobody who it was."""

    type: Literal["erase"]
    customer: Who


CustomerCommand = Annotated[
    LookUp | CreateCustomer | LinkIdentity | MergeCustomers | UndoChange | SetResponsible | EraseCustomer,
    Field(discriminator="type"),
]
CUSTOMERS: TypeAdapter[
    LookUp | CreateCustomer | LinkIdentity | MergeCustomers | UndoChange | SetResponsible | EraseCustomer
] = TypeAdapter(CustomerCommand)
COMMANDS: tuple[type[AboutCustomers], ...] = (
    LookUp,
    CreateCustomer,
    LinkIdentity,
    MergeCustomers,
    UndoChange,
    SetResponsible,
    EraseCustomer,
)


class IdentityOut(Payload):
    """By what a customer is known."""

    kind: Literal["phone", "email", "handle"]
    value: str
    """A number in E.164, an address, or `network:name`."""
    is_proven: bool
    """A channel vouched for it once; else somebody only typed it."""
    is_shared: bool
    """Many people use it, so it tells nothing."""


class CustomerShown(Payload):
    """A customer; to a look-up, with all that is known of them."""

    id: str
    name: str
    responsible: str | None = None
    """An operator's id."""
    is_provisional: bool
    """Responsible only as long as they have an inquiry in hand that nobody has answered yet."""
    crm: str | None = None
    """What the CRM calls them."""
    identities: tuple[IdentityOut, ...]
    created_at: str | None = None
    merged: tuple[str, ...] | None = None
    """Who became a part of them."""
    leads: tuple[dict[str, Any], ...] | None = None
    inquiries: tuple[dict[str, Any], ...] | None = None
    """The newest 20, each with when, how long they waited and talked, and how it ended."""
    changes: tuple[dict[str, Any], ...] | None = None
    """The newest 20, each with its number for `undo`."""


class CustomerAnswer(Payload):
    """The answer to a command about customers that was done."""

    ok: Literal[True] = True
    type: str
    customer: CustomerShown | None = None
    change: int | None = None
    """Of a merge, its number for `undo`."""
    id: str | None = None
    """Who was erased."""
    recordings: tuple[str, ...] | None = None
    """Of who was erased, the messages that still lie at the PBX."""
    remains_until: str | None = None
    """Of who was erased, until when what came in stays in the journal."""
