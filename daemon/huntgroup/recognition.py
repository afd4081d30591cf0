"""Who is calling: every new inquiry goes by here on its way to the engine, and takes along what is known of who asks.

The store is asked at once. Only when it knows nobody, and there is somebody else to ask, does an inquiry wait, and no
longer than they have time for; what is told of it meanwhile waits behind it, and everything else passes.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol

import structlog

from huntgroup.customers.identities import Identity
from huntgroup.customers.names import is_name
from huntgroup.customers.rules import RuleBook
from huntgroup.customers.words import Known, public_id
from huntgroup.engine.events import Customer, Event, InquiryReceived
from huntgroup.engine.ids import InquiryId, OperatorId
from huntgroup.plain import clean

log = structlog.get_logger(__name__)

Done = Callable[[], None]


class Wanted(NamedTuple):
    """Whom somebody else is asked for."""

    identities: tuple[Identity, ...]
    name: str
    channel: str
    source: str


class Told(NamedTuple):
    """What they know of them: their own name for the customer, and who is responsible, by our id; None: nobody."""

    crm: str
    name: str
    responsible: str | None


class SomebodyElse(Protocol):
    """Who is asked for a customer whom the store does not know, as a CRM; ``budget``: for so many seconds."""

    @property
    def budget(self) -> float: ...
    async def look_up(self, wanted: Wanted) -> Told | None:
        """None: they do not know them either. Whatever it raises counts as that."""
        ...


class Inner(Protocol):
    """Where events go on to: the shell."""

    @property
    def is_full(self) -> bool: ...
    @property
    def is_degraded(self) -> bool: ...
    def put(self, event: Event, at: float, then: Done | None = None) -> None: ...


class Store(Protocol):
    """Who is known already."""

    def known(self, identities: Sequence[Identity], name: str, channel: str, *, is_tracked: bool) -> Known | None: ...


class Recognition:
    """Stands before the shell, and looks like it."""

    def __init__(
        self,
        shell: Inner,
        store: Store,
        rules: RuleBook,
        is_open: Callable[[InquiryId], bool],
        somebody_else: SomebodyElse | None = None,
    ) -> None:
        """``is_open``: whether an inquiry is known already; nobody is looked up for it again."""
        self._shell = shell
        self._store = store
        self._is_open = is_open
        self._somebody_else = somebody_else
        self._behind: dict[InquiryId, list[tuple[Event, float, Done | None]]] = {}
        """By inquiry for which somebody is being asked, what is to follow it."""
        self._asking: set[asyncio.Task[None]] = set()
        self._rules = rules

    @property
    def is_full(self) -> bool:
        """As the shell says."""
        return self._shell.is_full

    @property
    def is_degraded(self) -> bool:
        """As the shell says."""
        return self._shell.is_degraded

    def put(self, event: Event, at: float, then: Done | None = None) -> None:
        """Hand an event on; a new inquiry with its customer, as far as anybody knows them."""
        about = getattr(event, "inquiry", None)
        if about in self._behind:
            self._behind[about].append((event, at, then))
        elif isinstance(event, InquiryReceived) and not self._is_open(event.inquiry):
            self._recognise(event, at, then)
        else:
            self._shell.put(event, at, then)

    async def close(self) -> None:
        """Ask nobody any more. What waits is told again by who told it: nothing was said to be durable."""
        for task in self._asking:
            task.cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)

    def _recognise(self, event: InquiryReceived, at: float, then: Done | None) -> None:
        """Whatever goes wrong in it, the customer is served."""
        try:
            known = self._known(event, at, then)
        except Exception:
            log.exception("customer.not_recognised", inquiry=event.inquiry)
            known = event
        if known is not None:
            self._shell.put(known, at, then)

    def _known(self, event: InquiryReceived, at: float, then: Done | None) -> InquiryReceived | None:
        """The event with its customer; None: somebody else is asked for them first."""
        rule = self._rules.of(event.channel, event.source)
        customer = event.customer
        known_by = self._rules.known_by(rule, customer)
        if not known_by:
            return event
        known = self._store.known(known_by, customer.name, event.channel, is_tracked=rule.track)
        if known is None and self._somebody_else is not None:
            self._behind[event.inquiry] = []
            wanted = Wanted(known_by, customer.name, event.channel, event.source)
            task = asyncio.create_task(self._ask(self._somebody_else, wanted, event, (at, then)), name="look-up")
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)
            return None
        return event if known is None else recognised(event, known)

    async def _ask(
        self, whom: SomebodyElse, wanted: Wanted, event: InquiryReceived, when: tuple[float, Done | None]
    ) -> None:
        told: Told | None = None
        try:
            async with asyncio.timeout(whom.budget):
                told = await whom.look_up(wanted)
        except TimeoutError:
            log.warning("customer.look_up_too_slow", inquiry=event.inquiry, seconds=whom.budget)
        except Exception as error:  # noqa: BLE001 - whatever fails there, the customer is served
            log.warning("customer.look_up_failed", inquiry=event.inquiry, error=str(error))
        self._shell.put(event if told is None else told_of(event, told), *when)
        for each in self._behind.pop(event.inquiry):
            self._shell.put(*each)


def recognised(event: InquiryReceived, known: Known) -> InquiryReceived:
    """An inquiry of a customer whom the store knows."""
    customer = _named(replace(event.customer, id=public_id(known.id), crm=known.crm), clean(known.name))
    return replace(event, customer=customer, responsible=_operator(known.responsible))


def told_of(event: InquiryReceived, told: Told) -> InquiryReceived:
    """An inquiry of a customer whom only somebody else knows."""
    customer = _named(replace(event.customer, crm=told.crm), clean(told.name))
    return replace(event, customer=customer, responsible=_operator(told.responsible))


def _named(customer: Customer, name: str) -> Customer:
    """What they give for a name and is none ("Guest") says less than the name by which they are known."""
    if not name or name == customer.name:
        return customer
    return replace(customer, name=name) if not is_name(customer.name) else replace(customer, known_as=name)


def _operator(name: str | None) -> OperatorId | None:
    return OperatorId(name) if name else None
