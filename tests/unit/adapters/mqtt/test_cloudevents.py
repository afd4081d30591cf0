"""Facts as CloudEvents."""

import json

import pytest

from huntgroup.adapters.mqtt.cloudevents import announcement, cloud_event
from huntgroup.engine.effects import Fact, FactType, TransferredTo
from huntgroup.engine.events import Customer
from huntgroup.engine.ids import AttemptNo, GroupId, InquiryId, OperatorId

OFFERED = Fact(
    type=FactType.OFFERED,
    at=1_000_000_000.25,
    inquiry=InquiryId("chat-1"),
    group=GroupId("sales"),
    operator=OperatorId("anna"),
    attempt=AttemptNo(1),
)


def test_it_has_what_the_standard_wants_and_nothing_that_says_nothing() -> None:
    event = json.loads(cloud_event(OFFERED, "acme/huntgroup").encode())
    assert event.pop("id")
    assert event == {
        "specversion": "1.0",
        "source": "/acme/huntgroup",
        "type": "inquiry.offered",
        "time": "2001-09-09T01:46:40.250000Z",
        "subject": "chat-1",
        "datacontenttype": "application/json",
        "data": {"inquiry": "chat-1", "group": "sales", "operator": "anna", "attempt": 1},
    }


def test_a_fact_that_is_told_twice_is_one_event_and_another_fact_another() -> None:
    ben = Fact(
        type=FactType.OFFERED,
        at=OFFERED.at,
        inquiry=OFFERED.inquiry,
        group=OFFERED.group,
        operator=OperatorId("ben"),
        attempt=AttemptNo(1),
    )
    assert cloud_event(OFFERED, "h").id == cloud_event(OFFERED, "h").id
    assert cloud_event(OFFERED, "h").id != cloud_event(ben, "h").id
    assert cloud_event(OFFERED, "h").id != cloud_event(OFFERED, "other").id


def test_the_customer_comes_with_the_first_fact() -> None:
    customer = Customer(name="Jan", handles=(("telegram", "@jan"),))
    fact = Fact(type=FactType.RECEIVED, at=1.0, inquiry=InquiryId("c"), customer=customer)
    assert cloud_event(fact, "h").data["customer"] == {"name": "Jan", "handles": {"telegram": "@jan"}}


def test_the_daemon_speaks_of_itself_too() -> None:
    event = announcement("configuration.changed", 5.0, "h", {"operators": 3})
    assert (event.type, event.subject, event.data) == ("configuration.changed", None, {"operators": 3})


@pytest.mark.parametrize(
    ("to", "said"),
    [
        (TransferredTo(operator=OperatorId("ben")), {"operator": "ben"}),
        (TransferredTo(group=GroupId("support")), {"group": "support"}),
        (TransferredTo(), {"outside": True}),
    ],
)
def test_a_transfer_says_from_whom_to_whom(to: TransferredTo, said: dict[str, object]) -> None:
    fact = Fact(type=FactType.TRANSFERRED, at=1.0, inquiry=InquiryId("c1"), operator=OperatorId("anna"), to=to)

    data = cloud_event(fact, "huntgroup").data

    assert (data["operator"], data["to"]) == ("anna", said)
