"""A customer who is known, for the tests of what becomes of their inquiries."""

from typing import Any

from tests.lab.mqtt import Party

JAN, MAIL = "+48600700800", "jan@shop.example"


async def asks(anyone: Party, kind: str, **more: Any) -> dict[str, Any]:
    """A command about customers, and its answer."""
    return await anyone.asks("customers/commands", {"type": kind, **more})


async def is_known(anyone: Party, responsible: str = "cleo") -> dict[str, Any]:
    """Jan Kowalski, by number, address and handle, with somebody responsible for him."""
    who = {"name": "Jan Kowalski", "phone": "600 700 800", "email": MAIL, "handles": {"telegram": "@jan"}}
    answer = await asks(anyone, "create", customer=who, responsible=responsible)
    assert answer["ok"], answer
    customer: dict[str, Any] = answer["customer"]
    return customer


async def happened(anyone: Party, kind: str, /, **data: Any) -> dict[str, Any]:
    """The first event of this kind with these data."""

    def is_it(topic: str, event: Any) -> bool:
        return topic.endswith(f"/events/{kind}") and all(event["data"].get(key) == data[key] for key in data)

    found = await anyone.until(lambda each: bool(each.payload) and is_it(each.topic, each.data), f"{kind} {data}")
    told: dict[str, Any] = found.data["data"]
    return told


async def responsible(anyone: Party) -> str | None:
    """Who is responsible for Jan, by what was followed so far."""
    customer = (await asks(anyone, "look_up", customer={"email": MAIL}))["customer"]
    operator: str | None = customer.get("responsible")
    return operator
