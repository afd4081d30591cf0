"""What the http connector posts and takes for an answer, as models: docs/crm.md is made from them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from huntgroup.crm.deeds import Instant, Known
from huntgroup.crm.words import LONGEST_NAME, LONGEST_REFERENCE

Reference = Annotated[str, Field(max_length=LONGEST_REFERENCE)]


class Message(BaseModel):
    """The envelope of everything that is posted."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    type: str
    """`customer.look_up`, `customer.create`, `call.register`, `customer.responsible` or `huntgroup.test`."""

    timestamp: Instant
    """When it was said, not when it is sent: a second try says the same."""

    data: dict[str, Any]

    def encode(self) -> bytes:
        """As it is sent, and signed."""
        return self.model_dump_json().encode()


class LookUp(BaseModel):
    """`customer.look_up`: who is that? One of the identities is enough."""

    model_config = ConfigDict(frozen=True)

    identities: tuple[Known, ...]


class Found(BaseModel):
    """Somebody whom the CRM knows."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    id: Reference
    """What the CRM calls them. It comes back as `reference` with all that is told of them."""

    name: Annotated[str, Field(max_length=LONGEST_NAME)] = ""
    responsible: Reference | None = None
    """The user who is responsible, as `[crm.users]` names them; without that table the operator's id."""


class LookUpAnswer(BaseModel):
    """The answer to `customer.look_up`."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    customer: Found | None
    """null: nobody whom the CRM knows."""


class CreateAnswer(BaseModel):
    """The answer to `customer.create`; it may as well be empty."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    id: Reference = ""
    """What the CRM calls the customer."""


class Told(BaseModel):
    """What is put beside a deed's own data."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    reference: str
    """What the CRM calls the customer; empty when that is not known."""

    user: str
    """What the CRM calls the operator, by `[crm.users]`; empty when there is no operator."""


TestKind = Literal["huntgroup.test"]
"""Posted by `huntgroup doctor`, and to be answered with 2xx."""
