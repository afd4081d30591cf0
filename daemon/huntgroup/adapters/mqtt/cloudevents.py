"""Facts as CloudEvents 1.0, structured JSON."""

import uuid
from typing import Any

from huntgroup.adapters.mqtt.payloads import CloudEvent, customer_out, instant, recording_out
from huntgroup.customers.words import Happening, public_id
from huntgroup.engine.effects import Fact, FactType, TransferredTo

_NAMESPACE = uuid.UUID("5b0a1c5e-6f0d-5d0e-9d55-0b3f6e0c9b11")


def cloud_event(fact: Fact, prefix: str) -> CloudEvent:
    """The event of a fact. Its id follows from the fact alone: told twice, it is the same event."""
    data: dict[str, Any] = {
        "inquiry": fact.inquiry,
        "group": fact.group,
        "operator": fact.operator,
        "attempt": fact.attempt,
        "detail": fact.detail or None,
    }
    if fact.customer is not None:
        data["customer"] = customer_out(fact.customer).model_dump(exclude_none=True)
    if fact.recording is not None:
        data["recording"] = recording_out(fact.recording).model_dump()
    if fact.to is not None:
        data["to"] = transferred_to(fact.to)
    return CloudEvent(
        id=_id(fact, prefix),
        source=f"/{prefix}",
        type=fact.type,
        time=instant(fact.at),
        subject=fact.inquiry or (fact.group if fact.type is FactType.NOBODY_LEFT else fact.operator),
        data={name: value for name, value in data.items() if value is not None},
    )


def transferred_to(to: TransferredTo) -> dict[str, Any]:
    """As in the command that transfers; outside, which that does not know, by itself."""
    if to.operator is not None:
        return {"operator": to.operator}
    return {"group": to.group} if to.group is not None else {"outside": True}


def customer_event(happening: Happening, prefix: str) -> CloudEvent:
    """The event of what happened to a customer. Its id follows from what happened, as a fact's does."""
    who = public_id(happening.customer) if happening.customer else None
    data = {"customer": who, "inquiry": happening.inquiry or None, **happening.data}
    name = (prefix, happening.kind, who, happening.inquiry, repr(happening.at), sorted(happening.data.items()))
    return CloudEvent(
        id=str(uuid.uuid5(_NAMESPACE, "\n".join(str(each) for each in name))),
        source=f"/{prefix}",
        type=happening.kind,
        time=instant(happening.at),
        subject=who or happening.inquiry,
        data={key: value for key, value in data.items() if value is not None},
    )


def announcement(kind: str, at: float, prefix: str, data: dict[str, Any]) -> CloudEvent:
    """An event about the daemon itself."""
    name = "\n".join((prefix, kind, repr(at)))
    return CloudEvent(
        id=str(uuid.uuid5(_NAMESPACE, name)), source=f"/{prefix}", type=kind, time=instant(at), subject=None, data=data
    )


def _id(fact: Fact, prefix: str) -> str:
    name = (prefix, fact.type, fact.inquiry, fact.operator, fact.attempt, repr(fact.at), fact.detail)
    return str(uuid.uuid5(_NAMESPACE, "\n".join(str(each) for each in name)))
