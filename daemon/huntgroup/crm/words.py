"""What every CRM is asked for, and how it may fail: the interface that a connector fills."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from huntgroup.crm.deeds import Create, RegisterCall, SetResponsible
from huntgroup.errors import HuntgroupError

Identity = tuple[str, str]
"""One way to know a customer: ``phone``, ``email`` or ``handle``, and the value in its one form."""

LONGEST_NAME = 200
LONGEST_REFERENCE = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Somebody whom the CRM knows. ``user`` is who is responsible, as the CRM calls them; empty: nobody."""

    reference: str
    """What the CRM calls them, in the connector's own writing."""
    name: str
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """The same for the house: ``responsible`` is an operator's id, or None."""

    reference: str
    name: str
    responsible: str | None


async def _nowhere(_: Mapping[str, str]) -> None:
    """Keeps nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What comes with a deed on its way. ``key`` is the same at every try: by it a CRM knows what it has done."""

    key: str
    reference: str = ""
    """What the CRM calls the customer, where that is known."""
    user: str = ""
    """What it calls the operator; empty: it knows none for them."""
    is_again: bool = False
    """It may have been done before, and the answer been lost."""
    done: Mapping[str, str] = field(default_factory=dict)
    """How far an earlier try came."""
    keep: Callable[[Mapping[str, str]], Awaitable[None]] = _nowhere
    """Make durable how far this one came."""


class Crm(Protocol):
    """A connector. Each call ends within the time-out of the settings, or raises a CrmError.

    Every deed may come twice, after a crash or a lost answer: a connector sees to it that it is done once.
    """

    settles_within: float
    """Seconds after which a request without an answer is certainly over, and what it did can be seen; 0: no matter."""

    async def look_up(self, identities: Sequence[Identity]) -> Contact | None:
        """Who that is; None: nobody whom the CRM knows."""

    async def create(self, deed: Create, errand: Errand) -> str:
        """Create what the deed says; what the CRM calls the customer from now on, empty where it does not say."""

    async def register_call(self, deed: RegisterCall, errand: Errand) -> None:
        """Write a call down at the customer."""

    async def set_responsible(self, deed: SetResponsible, errand: Errand) -> None:
        """Have the customer belong to the operator."""

    async def examine(self) -> str:
        """Try the address and the secret, and change nothing; what was found, in words."""

    async def close(self) -> None:
        """Let its connections go."""


class CrmError(HuntgroupError):
    """A CRM did not do what it was asked."""

    code = "crm_failed"


class CrmAway(CrmError):  # noqa: N818 - reads as what happened, and so the next ones
    """It cannot be reached, does not answer, or has a fault of its own: another time it may."""

    code = "crm_away"


class CrmShut(CrmAway):
    """It does not let us in. Somebody has to mend that, and what is meant for it waits meanwhile."""

    code = "crm_shut"


class CrmBusy(CrmError):  # noqa: N818
    """It has had enough of us for so many seconds."""

    code = "crm_busy"

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class CrmRefused(CrmError):  # noqa: N818
    """It will never do this: trying again would change nothing."""

    code = "crm_refused"


class NotForCrm(CrmError):  # noqa: N818
    """There is nothing to be done there: nobody to tell it of, or no user for the operator."""

    code = "crm_not_needed"
