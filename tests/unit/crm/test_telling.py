"""What happened to customers becomes what a CRM is told."""

from typing import Any

from huntgroup.crm.deeds import Create, Deed, RegisterCall, SetResponsible, decoded, encoded
from huntgroup.crm.telling import deed_of

AT = 1_790_000_000.0
JAN = (("phone", "+48600700800"), ("handle", "telegram:jan"))


def deed(kind: str, data: dict[str, Any], customer: str = "customer-17") -> Deed | None:
    return deed_of(kind, at=AT, customer=customer, inquiry="call-1", data=data, name="Jan", identities=JAN)


def test_what_was_created_is_created_there() -> None:
    made = deed("lead.created", {"kind": "deal", "responsible": "anna", "channel": "call", "source": "+48221234567"})

    assert isinstance(made, Create)
    assert (made.kind, made.operator, made.name_given, made.source) == ("deal", "anna", "Jan", "+48221234567")
    assert [each.value for each in made.identities] == ["+48600700800", "telegram:jan"]
    assert decoded(encoded(made)) == made


def test_a_call_is_registered_with_the_number_that_it_came_from() -> None:
    data: dict[str, Any] = {"channel": "call", "source": "101", "received_at": AT - 60, "waited": 5.0, "talked": 50.0}
    data["number"] = "+48600700801"
    made = deed("call.registered", data | {"operator": "ben", "outcome": "answered"})

    assert isinstance(made, RegisterCall)
    assert (made.number, made.line, made.operator, made.started_at) == ("+48600700801", "101", "ben", AT - 60)
    assert (made.waited, made.talked, made.outcome, made.direction) == (5.0, 50.0, "answered", "in")


def test_a_call_of_nobody_who_can_be_known_is_registered_without_a_number() -> None:
    made = deed_of(
        "call.registered", at=AT, customer="", inquiry="call-1", data={"channel": "call", "outcome": "abandoned"}
    )

    assert isinstance(made, RegisterCall)
    assert (made.customer, made.number, made.operator) == ("", "", None)


def test_a_change_of_hands_is_told() -> None:
    made = deed("customer.responsible_changed", {"operator": "ben", "was": "anna"})

    assert isinstance(made, SetResponsible)
    assert made.operator == "ben"


def test_nothing_else_is_told() -> None:
    assert deed("customer.recognised", {}) is None
    assert deed("call.registered", {"channel": "chat"}) is None
    assert deed("customer.responsible_changed", {"operator": "ben"}, customer="") is None
