"""What must be heard: how far the broker has it, and what is left to the store meanwhile."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.unit.engine.scenario import group, policy

from huntgroup.adapters.mqtt import outbox as outboxes
from huntgroup.adapters.mqtt import telling as tellings
from huntgroup.adapters.mqtt.board import Board
from huntgroup.adapters.mqtt.outbox import Letter, Outbox
from huntgroup.adapters.mqtt.telling import Telling
from huntgroup.adapters.mqtt.topics import Topics
from huntgroup.customers.words import Happened, Happening
from huntgroup.engine.effects import Fact, FactType
from huntgroup.engine.ids import InquiryId
from huntgroup.errors import StoreError


class Store:
    """Has a fact for each event up to ``written``."""

    def __init__(self) -> None:
        self.written = 0
        self.is_broken = False
        self.was_told: list[tuple[int, int]] = []
        self.noted = asyncio.Event()
        self.asked = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def facts(self, after: int, until: int) -> tuple[Sequence[Fact], int]:
        self.asked.set()
        await self.may_answer.wait()
        if self.is_broken:
            raise StoreError(Path("huntgroup.db"), "is locked")
        last = max(after, min(until, self.written, after + 2))
        return [fact(number) for number in range(after + 1, last + 1)], last

    async def happenings(self, after: int, until: int) -> tuple[Sequence[Happening], int]:
        assert after <= until
        return [], until

    def told(self, facts: int, happenings: int) -> None:
        self.was_told.append((facts, happenings))
        self.noted.set()

    def linked(self, until: float | None) -> None:
        pass


def fact(number: int) -> Fact:
    return Fact(type=FactType.CLOSED, at=float(number), inquiry=InquiryId(f"c{number}"))


class Desk:
    """A board, its outbox, and a store that is asked."""

    def __init__(self, told: int = 0, heard: int = 0) -> None:
        self.store = Store()
        self.outbox = Outbox()
        self.outbox.linked()
        self.telling = Telling(self.store, (told, heard), (0, 0))
        self.board = Board(Topics("huntgroup"), self.outbox, policy(group("sales", "anna")), lambda: 0.0, self.telling)
        while self.outbox.take() is not None:
            pass  # state, which is told whether or not anything is made up for
        self.tasks: list[asyncio.Task[None]] = []
        self.heard: list[str] = []

    def happens(self, number: int) -> None:
        """An event that tells one fact."""
        self.board.tell(fact(number))
        self.store.written = number
        self.telling.facts.until(number)

    def links(self) -> None:
        """The broker is there."""
        self.tasks = [
            asyncio.ensure_future(each)
            for each in self.telling.catching_up(self.board.publish_fact, self.board.publish_happening)
        ]

    async def unlinks(self) -> None:
        """And gone."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def hears(self, count: int) -> list[str]:
        """The broker takes so many, and acknowledges each; whose they are."""
        async with asyncio.timeout(5):
            while len(self.heard) < count:
                letter = self.outbox.take()
                if letter is None:
                    await asyncio.sleep(0)
                    continue
                self.heard.append(letter.build().decode().partition('"subject":"')[2].partition('"')[0])
                if letter.of is not None:
                    letter.of.acknowledged()
        return self.heard


def acknowledge(letter: Letter | None) -> None:
    assert letter is not None
    assert letter.of is not None
    letter.of.acknowledged()


async def test_the_mark_stands_before_the_first_that_is_not_acknowledged() -> None:
    desk = Desk()
    for number in (1, 2, 3):
        desk.happens(number)
    first, second, third = desk.outbox.take(), desk.outbox.take(), desk.outbox.take()
    acknowledge(second)
    assert desk.telling.facts.told == 0
    acknowledge(first)
    assert desk.telling.facts.told == 2
    desk.telling.facts.until(9)
    acknowledge(third)
    assert desk.telling.facts.told == 9


async def test_the_mark_is_written_lazily_and_only_when_it_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tellings, "NOTE_SECONDS", 0.01)
    desk = Desk()
    for number in range(1, 50):
        desk.happens(number)
    await desk.hears(49)
    await desk.store.noted.wait()
    desk.telling.facts.until(60)
    await asyncio.sleep(0.03)
    assert desk.store.was_told == [(49, 0)]


async def test_what_an_earlier_life_left_comes_first_and_what_happens_meanwhile_in_its_turn() -> None:
    desk = Desk(told=3, heard=8)
    desk.store.written = 8
    desk.happens(9)
    desk.links()
    await desk.hears(2)
    desk.happens(10)
    assert await desk.hears(7) == [f"c{number}" for number in range(4, 11)]
    await asyncio.sleep(0)
    assert desk.telling.facts.is_live
    assert desk.telling.facts.told == 10
    await desk.unlinks()


async def test_more_than_can_wait_for_the_broker_is_left_to_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outboxes, "PASSING_MOST", 3)
    desk = Desk()
    for number in range(1, 12):
        desk.happens(number)
    assert len(desk.outbox) == 0
    desk.links()
    assert await desk.hears(11) == [f"c{number}" for number in range(1, 12)]
    await desk.unlinks()


async def test_answers_are_kept_when_facts_are_left_to_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outboxes, "PASSING_MOST", 3)
    desk = Desk()
    desk.happens(1)
    for _ in range(3):
        desk.outbox.send("replies", lambda: b"")
    assert len(desk.outbox) == 3
    assert not desk.telling.facts.is_live


async def test_what_is_left_to_the_store_while_it_is_being_asked_is_asked_for_again() -> None:
    desk = Desk(told=0, heard=4)
    desk.store.written = 4
    desk.links()
    await desk.hears(2)
    desk.store.asked.clear()
    desk.store.may_answer.clear()
    await desk.store.asked.wait()
    desk.telling.facts.told = 1  # as if the broker had gone before it took the second
    desk.telling.facts.fall_behind()
    desk.store.may_answer.set()
    assert await desk.hears(5) == ["c1", "c2", "c2", "c3", "c4"]
    await desk.unlinks()


async def test_a_disk_that_does_not_give_it_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tellings, "AGAIN_SECONDS", 0.001)
    desk = Desk(told=0, heard=2)
    desk.store.is_broken = True
    desk.links()
    await desk.store.asked.wait()
    desk.store.is_broken = False
    desk.store.asked.clear()
    await desk.store.asked.wait()
    assert desk.heard == [], "what waits for the disk is told once it is written"
    desk.store.written = 2
    assert await desk.hears(2) == ["c1", "c2"]
    await desk.unlinks()


async def test_what_happens_to_a_customer_is_told_once_where_nothing_is_kept() -> None:
    desk = Desk()
    desk.board.happened(Happening(kind=Happened.CREATED, at=1.0, customer=7))
    letter = desk.outbox.take()
    assert letter is not None
    assert letter.of is None
