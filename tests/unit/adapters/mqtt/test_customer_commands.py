"""What integrators ask about customers: understood or told why not, and answered only once it is done."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.adapters.mqtt.conftest import House, at
from tests.unit.engine.scenario import group, policy

from huntgroup.adapters.mqtt.customer_commands import AboutCustomers
from huntgroup.customers.words import CustomersError, Happened, Happening

WHERE, ANSWERS = "customers/commands", "customers/replies"
LOOK_UP = {"type": "look_up", "customer": {"id": "customer-1"}}


class Desk:
    """Takes what is asked, and answers when it is told to."""

    def __init__(self) -> None:
        self.asked: list[AboutCustomers] = []
        self.answer: Callable[[dict[str, Any] | CustomersError], None] = lambda _: None

    def ask(self, command: AboutCustomers, answer: Callable[[dict[str, Any] | CustomersError], None]) -> None:
        self.asked.append(command)
        self.answer = answer


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def here(desk: Desk) -> House:
    house = House(policy(group("sales", "anna")))
    house.reception.customers = desk
    return house


async def test_a_change_is_answered_and_acknowledged_once_it_is_done(here: House, desk: Desk) -> None:
    assert await here.gets(WHERE, {"type": "undo", "change": 3}) == []
    assert here.acknowledged == []
    desk.answer({})
    assert at(ANSWERS, here.published()) == [{"ok": True, "type": "undo"}]
    assert here.acknowledged == [WHERE]


async def test_one_that_cannot_be_done_is_answered_with_why(here: House, desk: Desk) -> None:
    await here.gets(WHERE, LOOK_UP)
    desk.answer(CustomersError("unknown_customer", "there is no customer-1", "customer.id"))
    (answer,) = at(ANSWERS, here.published())
    assert answer["error"] == {"code": "unknown_customer", "message": "there is no customer-1", "at": "customer.id"}
    assert here.acknowledged == [WHERE]


@pytest.mark.parametrize(
    ("command", "code", "place"),
    [
        ({"type": "marry"}, "unknown_type", "type"),
        ({"type": "look_up"}, "missing", "customer"),
        ({"type": "look_up", "customer": {"shoe_size": 41}}, "unknown_key", "customer.shoe_size"),
        ({"type": "undo", "change": 2**70}, "invalid", "change"),
        ({"type": "undo", "change": "3"}, "invalid", "change"),
        ({"type": "set_responsible", "customer": {}, "operator": "zoe"}, "unknown_operator", "operator"),
        ({"type": "create", "customer": {}, "responsible": "zoe"}, "unknown_operator", "responsible"),
    ],
)
async def test_what_cannot_be_is_refused_with_its_place(
    here: House, desk: Desk, command: dict[str, Any], code: str, place: str
) -> None:
    (answer,) = at(ANSWERS, await here.gets(WHERE, command))
    assert (answer["ok"], answer["error"]["code"], answer["error"]["at"]) == (False, code, place)
    assert (desk.asked, here.acknowledged) == ([], [WHERE])


async def test_what_happens_to_a_customer_is_an_event_that_is_the_same_however_often_it_is_told(here: House) -> None:
    told = Happening(kind=Happened.CREATED, at=5.0, customer=17, inquiry="c1", data={"responsible": None})
    here.board.happened(told)
    here.board.happened(told)
    first, second = at("events/customer.created", here.published())
    assert first == second
    assert (first["subject"], first["data"]) == ("customer-17", {"customer": "customer-17", "inquiry": "c1"})
