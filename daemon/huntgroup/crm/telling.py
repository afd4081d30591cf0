"""What happened to customers, as deeds for a CRM. Knows the public names of what happens, and not who says so."""

from collections.abc import Mapping, Sequence
from typing import Any

from huntgroup.crm.deeds import Create, Deed, Known, RegisterCall, SetResponsible
from huntgroup.crm.words import Identity

LEAD_CREATED, CALL_REGISTERED = "lead.created", "call.registered"
RESPONSIBLE_CHANGED = "customer.responsible_changed"
TOLD = frozenset({LEAD_CREATED, CALL_REGISTERED, RESPONSIBLE_CHANGED})
"""What a CRM hears of."""
CALL = "call"


def deed_of(  # noqa: PLR0913 - each is another part of what happened
    kind: str,
    *,
    at: float,
    customer: str,
    inquiry: str,
    data: Mapping[str, Any],
    name: str = "",
    identities: Sequence[Identity] = (),
) -> Deed | None:
    """What a CRM is told of it; None: nothing. ``customer`` is their public id, empty for nobody who can be known;
    ``name`` and ``identities`` are theirs."""
    known = tuple(Known.model_validate({"kind": str(each), "value": value}) for each, value in identities)
    about = {"customer": customer, "inquiry": inquiry}
    if kind == LEAD_CREATED:
        table = {"kind": data["kind"], "operator": data.get("responsible"), "name": name, "identities": known}
        where = {"channel": data.get("channel", ""), "source": data.get("source", "")}
        return Create.model_validate(about | table | where | {"at": at})
    if kind == CALL_REGISTERED and data.get("channel", CALL) == CALL:
        return RegisterCall(
            **about,
            operator=data.get("operator"),
            direction="callback" if data.get("is_callback") else "in",
            number=data.get("number", ""),
            line=data.get("source", ""),
            started_at=data.get("received_at", at),
            waited=data.get("waited", 0.0),
            talked=data.get("talked", 0.0),
            outcome=data.get("outcome") or "",
            recording=data.get("recording") or "",
        )
    if kind == RESPONSIBLE_CHANGED and customer:
        return SetResponsible(**about, operator=data.get("operator"), identities=known, at=at)
    return None
