"""What happened in a call and when: facts with monotonic times, that a test can await and compare."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

WITHIN = 10.0
"""Seconds that a test waits for a fact, unless it says otherwise."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened: *at* is `time.monotonic`, taken at the socket."""

    at: float
    what: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.what} {self.detail}".rstrip()


class Timeline:
    """The facts of one call in order."""

    def __init__(self, title: str, on_fact: Callable[[], None] | None = None) -> None:
        self.title = title
        self.facts: list[Fact] = []
        self._on_fact = on_fact
        self._waiting: list[tuple[tuple[str, ...], asyncio.Future[Fact]]] = []

    def add(self, what: str, detail: str = "", at: float | None = None) -> Fact:
        """Record a fact, and wake who waits for it."""
        fact = Fact(time.monotonic() if at is None else at, what, detail)
        self.facts.append(fact)
        for whats, waiter in self._waiting:
            if what in whats and not waiter.done():
                waiter.set_result(fact)
        if self._on_fact is not None:
            self._on_fact()
        return fact

    def first(self, *whats: str) -> Fact | None:
        """The first fact of these names, if it has happened."""
        return next((fact for fact in self.facts if fact.what in whats), None)

    def at(self, what: str) -> float:
        """When it first happened; AssertionError with the story when it did not."""
        fact = self.first(what)
        if fact is None:
            raise AssertionError(f"{self.title}: no {what}. {self.in_words()}")
        return fact.at

    async def wait(self, *whats: str, within: float = WITHIN) -> Fact:
        """The first of these facts, now or in at most *within* seconds; else AssertionError."""
        if (fact := self.first(*whats)) is not None:
            return fact
        waiter: asyncio.Future[Fact] = asyncio.get_running_loop().create_future()
        entry = (whats, waiter)
        self._waiting.append(entry)
        try:
            return await asyncio.wait_for(waiter, within)
        except TimeoutError:
            wanted = " or ".join(whats)
            raise AssertionError(f"{self.title}: no {wanted} in {within} s. {self.in_words()}") from None
        finally:
            self._waiting.remove(entry)

    def in_words(self) -> str:
        """The story with times relative to the first fact."""
        if not self.facts:
            return "Nothing happened at all."
        start = self.facts[0].at
        told = ", ".join(f"{fact} at +{fact.at - start:.3f} s" for fact in self.facts)
        return f"What happened: {told}."


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call ended."""

    how: str
    """rejected, cancelled, bye (by the other side) or bye_sent (by this side)."""
    status: int | None = None
    """SIP status of a rejection."""
    cause: int | None = None
    """Q.850 cause out of the Reason header."""
    reason: str = ""
    """The Reason header(s) as they came."""
