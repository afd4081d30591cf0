"""What the engine is told of a customer, and who waits while somebody else is asked."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from huntgroup.customers.identities import Identity, Kind
from huntgroup.customers.rules import RuleBook, Rules
from huntgroup.customers.words import Known
from huntgroup.engine.events import Customer, CustomerLeft, Event, InquiryReceived
from huntgroup.engine.ids import InquiryId, SourceId
from huntgroup.engine.policy import Channel
from huntgroup.recognition import Recognition, Told, Wanted

MINE = "+48600700800"
PHONE = Identity(Kind.PHONE, MINE)
LOOK = Rules(identify=True)


class Shell:
    """What reaches the engine."""

    is_full = is_degraded = False

    def __init__(self) -> None:
        self.taken: list[Event] = []
        self._came = asyncio.Event()

    def put(self, event: Event, *_: Any) -> None:
        self.taken.append(event)
        self._came.set()

    async def has(self, count: int) -> None:
        """Return once so many came."""
        async with asyncio.timeout(5):
            while len(self.taken) < count:
                self._came.clear()
                await self._came.wait()


class Store:
    """Knows one customer at most."""

    def __init__(self, known: Known | None = None) -> None:
        self.is_known = known
        self.asked: list[tuple[Identity, ...]] = []

    def known(self, identities: Sequence[Identity], *_: Any, **__: Any) -> Known | None:
        self.asked.append(tuple(identities))
        return self.is_known


class Book(RuleBook):
    """The same rules everywhere."""

    def __init__(self, rules: Rules) -> None:
        self.country = "pl"
        self._same = rules

    def of(self, *_: str) -> Rules:
        return self._same


class Crm:
    """Answers when it is let."""

    def __init__(self, told: Told | Exception | None, budget: float = 5.0) -> None:
        self.told = told
        self.budget = budget
        self.may_answer = asyncio.Event()
        self.wanted: list[Wanted] = []

    async def look_up(self, wanted: Wanted) -> Told | None:
        self.wanted.append(wanted)
        await self.may_answer.wait()
        if isinstance(self.told, Exception):
            raise self.told
        return self.told


def call(inquiry: str = "c1", phone: str = MINE, name: str = "") -> InquiryReceived:
    customer = Customer(name=name, phone=phone)
    return InquiryReceived(
        inquiry=InquiryId(inquiry), channel=Channel.CALL, source=SourceId("sales"), customer=customer
    )


def recognition(
    store: Store, crm: Crm | None = None, *, rules: Rules = LOOK, is_open: bool = False
) -> tuple[Recognition, Shell]:
    shell = Shell()
    return Recognition(shell, store, Book(rules), lambda _: is_open, crm), shell


async def test_a_known_caller_comes_with_who_they_are_and_who_is_responsible() -> None:
    here, shell = recognition(Store(Known(17, "Jan Kowalski", "anna", PHONE)))
    here.put(call(), 1.0)
    (event,) = shell.taken
    assert isinstance(event, InquiryReceived)
    assert (event.customer.id, event.customer.name, event.responsible) == ("customer-17", "Jan Kowalski", "anna")


async def test_who_gives_another_name_keeps_it_and_is_told_by_what_we_call_them() -> None:
    here, shell = recognition(Store(Known(17, "Jan Kowalski", None, PHONE)))
    here.put(call(name="J.K."), 1.0)
    (event,) = shell.taken
    assert isinstance(event, InquiryReceived)
    assert (event.customer.name, event.customer.known_as, event.responsible) == ("J.K.", "Jan Kowalski", None)


@pytest.mark.parametrize("given", ["", "Guest", "Visitor 17", "WIRELESS CALLER", MINE, "jan@example.org"])
async def test_who_gives_what_names_nobody_is_shown_by_the_name_that_is_known(given: str) -> None:
    here, shell = recognition(Store(Known(17, "Jan Kowalski", None, PHONE)))
    here.put(call(name=given), 1.0)
    (event,) = shell.taken
    assert isinstance(event, InquiryReceived)
    assert (event.customer.name, event.customer.known_as) == ("Jan Kowalski", "")


async def test_what_a_crm_says_is_one_line_of_plain_text() -> None:
    crm = Crm(Told("contact/7", "Jan\x1b[2J\nKowalski\u202e", None))
    here, shell = recognition(Store(), crm)
    crm.may_answer.set()
    here.put(call(), 1.0)
    await shell.has(1)
    (event,) = shell.taken
    assert isinstance(event, InquiryReceived)
    assert event.customer.name == "Jan[2J Kowalski"


@pytest.mark.parametrize(
    ("rules", "phone", "is_open"),
    [(Rules(), MINE, False), (LOOK, "anonymous", False), (LOOK, MINE, True)],
)
async def test_nobody_is_looked_up_who_cannot_or_need_not_be(rules: Rules, phone: str, is_open: bool) -> None:
    store = Store()
    here, shell = recognition(store, Crm(None), rules=rules, is_open=is_open)
    here.put(call(phone=phone), 1.0)
    assert (store.asked, shell.taken) == ([], [call(phone=phone)])


async def test_the_crm_is_not_asked_for_who_is_known() -> None:
    crm = Crm(None)
    here, shell = recognition(Store(Known(17, "Jan", "anna", PHONE)), crm)
    here.put(call(), 1.0)
    assert (len(shell.taken), crm.wanted) == (1, [])


async def test_while_the_crm_is_asked_the_inquiry_waits_with_all_that_follows_it_and_others_pass() -> None:
    crm = Crm(Told("contact/7", "Jan", "cleo"))
    here, shell = recognition(Store(), crm)
    here.put(call(), 1.0)
    here.put(CustomerLeft(inquiry=InquiryId("c1")), 2.0)
    other = CustomerLeft(inquiry=InquiryId("c0"))
    here.put(other, 3.0)
    assert shell.taken == [other]

    crm.may_answer.set()
    await shell.has(3)
    _, event, after = shell.taken
    assert isinstance(event, InquiryReceived)
    assert (event.customer.crm, event.customer.name, event.responsible) == ("contact/7", "Jan", "cleo")
    assert after == CustomerLeft(inquiry=InquiryId("c1"))
    assert crm.wanted == [Wanted((PHONE,), "", "call", "sales")]


@pytest.mark.parametrize("crm", [Crm(None, budget=0.0), Crm(RuntimeError("it is down"))])
async def test_a_crm_that_is_slow_or_down_holds_nobody_up_longer(crm: Crm) -> None:
    crm.may_answer = asyncio.Event()
    if crm.budget:
        crm.may_answer.set()
    here, shell = recognition(Store(), crm)
    here.put(call(), 1.0)
    await shell.has(1)
    assert shell.taken == [call()]


async def test_when_the_daemon_stops_nobody_is_asked_any_more() -> None:
    here, shell = recognition(Store(), Crm(None))
    here.put(call(), 1.0)
    await here.close()
    assert shell.taken == []
