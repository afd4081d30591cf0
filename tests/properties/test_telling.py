"""A process that dies anywhere between the commit and the mark leaves no event untold, and none out of order."""

import asyncio
import json
import random
import sqlite3
import tempfile
from collections import deque
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from huntgroup.adapters.mqtt import outbox as outboxes
from huntgroup.adapters.mqtt import telling as tellings
from huntgroup.adapters.mqtt.board import Board
from huntgroup.adapters.mqtt.cloudevents import cloud_event, customer_event
from huntgroup.adapters.mqtt.outbox import Letter, Outbox
from huntgroup.adapters.mqtt.telling import Telling
from huntgroup.adapters.mqtt.topics import Topics
from huntgroup.adapters.store import telling as store
from huntgroup.adapters.store.customers.following import Follower
from huntgroup.adapters.store.journal import write_batch
from huntgroup.adapters.store.opening import begin_run, connect, open_store
from huntgroup.adapters.store.records import record_of
from huntgroup.adapters.store.rows import Batch, Entry
from huntgroup.adapters.store.telling import Untold, begin_telling, end_telling
from huntgroup.adapters.store.untold import Told, apart
from huntgroup.customers.words import Happened, Happening
from huntgroup.engine.effects import Fact, FactType, TransferredTo
from huntgroup.engine.events import Customer, Recording
from huntgroup.engine.ids import AttemptNo, GroupId, InquiryId, OperatorId
from tests.unit.engine.scenario import group, policy

NOW = 1_790_000_000.0
PREFIX = "huntgroup"
PLAN = policy(group("sales", "anna"))
ANNA = OperatorId("anna")
WHOLE = Customer(name="Ją\n", phone="+48600", email="a@b.example", handles=(("telegram", "@j"),), id="customer-7")

about = st.sampled_from((None, Customer(), Customer(name="Jan", phone="+48600"), WHOLE))
facts = st.builds(
    lambda kind, number, customer, recording, to: Fact(
        type=kind,
        at=0.0,
        inquiry=None if kind in (FactType.PRESENCE_CHANGED, FactType.RECOVERED) else InquiryId(f"c-{number}"),
        group=GroupId("sales"),
        operator=ANNA,
        attempt=AttemptNo(number),
        customer=customer if kind is FactType.RECEIVED else None,
        recording=recording if kind is FactType.RECEIVED else None,
        to=to if kind is FactType.TRANSFERRED else None,
    ),
    st.sampled_from(
        (FactType.RECEIVED, FactType.CLOSED, FactType.TRANSFERRED, FactType.PRESENCE_CHANGED, FactType.RECOVERED)
    ),
    st.integers(0, 9),
    about,
    st.sampled_from((None, Recording(file="m/1", seconds=2.5, mailbox="sales"))),
    st.sampled_from((TransferredTo(operator=ANNA), TransferredTo(group=GroupId("sales")), TransferredTo())),
)
happenings = st.builds(
    lambda kind, number: Happening(kind=kind, at=0.0, customer=number, data={"by": ["phone", "+48"], "n": number}),
    st.sampled_from((Happened.CREATED, Happened.LEAD_CREATED)),
    st.integers(0, 9),
)
steps = st.one_of(
    st.tuples(st.just("event"), st.lists(facts, max_size=4)),
    st.tuples(st.just("happens"), st.lists(happenings, min_size=1, max_size=3)),
    st.tuples(st.just("publish"), st.integers(1, 8)),
    st.tuples(st.just("acknowledge"), st.integers(1, 8)),
    st.tuples(st.sampled_from(("note", "turn", "part", "meet", "die", "stop")), st.just(0)),
)


class Life:
    """A daemon and its broker, by hand: each step of the way from the commit to the mark is one call."""

    def __init__(self, path: Path, heard: list[tuple[str, bytes]]) -> None:
        opened = open_store(path)
        begin_run(path, opened, None if opened.state else [("policy", "", "{}")], NOW)
        self.path = path
        self.heard = heard
        self.database = connect(path)
        self.crc, self.sequence = opened.crc, opened.sequence
        told, last = begin_telling(path, opened.sequence)
        self.follower = Follower(tell=lambda _: None, has_broker=True)
        self.telling = Telling(Untold(path, self._note), (told.facts, opened.sequence), (told.happenings, last))
        self.outbox = Outbox()
        self.board = Board(Topics(PREFIX), self.outbox, PLAN, lambda: NOW, self.telling)
        self.under_way: deque[Letter] = deque()
        self.tasks: list[asyncio.Task[None]] = []
        self.noted: Told | None = None
        self.meet()

    def _note(self, told: Told) -> None:
        self.noted = told

    # -- the way of an event ----------------------------------------------------------------------------------------

    def event(self, found: list[Fact]) -> None:
        """One of the journal: written, and told."""
        self.sequence += 1
        batch = Batch(entries=[Entry(self.sequence, NOW, "TimePassed", "{}")])
        for fact in found:
            record = record_of(fact)
            if record is not None:
                batch.records.append((self.sequence, record))
        batch.apart = list(apart(self.sequence, found))
        batch.told, self.noted = self.noted, None
        self.crc = write_batch(self.database, batch, self.crc, self.sequence - 1)

    def tell(self, found: list[Fact]) -> None:
        """What was written."""
        for fact in found:
            self.board.tell(fact)
        self.telling.facts.until(self.sequence)

    def happens(self, found: list[Happening]) -> list[Happening]:
        """To customers: written."""
        self.database.execute("BEGIN IMMEDIATE")
        kept = self.follower.keep(self.database, found)
        self.database.execute("COMMIT")
        return kept

    # -- the broker -------------------------------------------------------------------------------------------------

    def publish(self, count: int) -> None:
        """So many, if the broker is there."""
        for _ in range(count if self.tasks else 0):
            letter = self.outbox.take()
            if letter is not None:
                self.under_way.append(letter)

    def acknowledge(self, count: int) -> None:
        """The broker has them."""
        for _ in range(min(count, len(self.under_way))):
            letter = self.under_way.popleft()
            self.heard.append((letter.topic, letter.build()))
            if letter.of is not None:
                letter.of.acknowledged()

    def meet(self) -> None:
        """The broker is there."""
        if not self.tasks:
            self.outbox.linked()
            waits = self.telling.catching_up(self.board.publish_fact, self.board.publish_happening)
            self.tasks = [asyncio.ensure_future(each) for each in waits]

    async def part(self) -> None:
        """The broker is gone; of what was under way it may have had some."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.tasks = []
        self.heard += [(each.topic, each.build()) for each in list(self.under_way)[: len(self.under_way) // 2]]
        self.outbox.unlinked(self.under_way)
        self.under_way = deque()

    async def die(self) -> None:
        """Nothing of it is left but the file."""
        await self.part()
        self.database.close()

    async def goes_on(self, what: str, count: int) -> None:
        """Without anything new."""
        if what == "publish":
            self.publish(count)
        elif what == "acknowledge":
            self.acknowledge(count)
        elif what == "note":
            self.telling._note()
        elif what == "turn":
            await asyncio.sleep(0)
        elif what == "meet":
            self.meet()
        else:
            await self.part()

    async def settle(self) -> None:
        """Until the broker has all."""
        self.meet()
        async with asyncio.timeout(20):
            while not self.is_done():
                self.publish(100)
                self.acknowledge(100)
                await asyncio.sleep(0)

    def is_done(self) -> bool:
        """Whether nothing is left to be told."""
        streams = (self.telling.facts, self.telling.happenings)
        return not len(self.outbox) and not self.under_way and all(each.is_live for each in streams)


class Story:
    """Lives one after the other on the same file, and all that the broker should have heard."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.heard: list[tuple[str, bytes]] = []
        self.facts: list[dict[str, Any]] = []
        self.happened: list[dict[str, Any]] = []
        self.at = NOW
        self.life = Life(path, self.heard)

    def made(self, told: Any, make: Callable[[Any, str], Any], wanted: list[dict[str, Any]]) -> Any:
        """The same, at an instant of its own."""
        self.at += 1 / 3
        told = replace(told, at=self.at)
        wanted.append(json.loads(make(told, PREFIX).encode()))
        return told

    async def step(self, what: str, value: Any, dice: random.Random) -> None:
        """One; what is written may die before it is told."""
        life = self.life
        if what == "event":
            found = [self.made(each, cloud_event, self.facts) for each in value]
            life.event(found)
            if dice.random() < 0.2:
                await self.again()
            else:
                life.tell(found)
        elif what == "happens":
            kept = life.happens([self.made(each, customer_event, self.happened) for each in value])
            if dice.random() < 0.2:
                await self.again()
            else:
                for each in kept:
                    life.board.happened(each)
        elif what in ("die", "stop"):
            await self.again(is_clean=what == "stop")
        else:
            await life.goes_on(what, value)

    async def again(self, *, is_clean: bool = False) -> None:
        """Another life."""
        told = Told(self.life.telling.facts.told, self.life.telling.happenings.told)
        await self.life.die()
        if is_clean:
            end_telling(self.path, told)
        self.life = Life(self.path, self.heard)

    def check(self) -> None:
        """Everything was heard, as it was, and first heard in its order."""
        events = [json.loads(payload) for topic, payload in self.heard if topic.startswith(f"{PREFIX}/events/")]
        by_id = {each["id"]: each for each in events}
        assert all(by_id[each["id"]] == each for each in events), "the same event, told otherwise"
        first = list(dict.fromkeys(each["id"] for each in events))
        for wanted in (self.facts, self.happened):
            ids = {each["id"] for each in wanted}
            assert [by_id[name] for name in first if name in ids] == wanted


async def told(path: Path, plan: list[tuple[str, Any]], dice: random.Random) -> None:
    """This plan, and then everything to its end."""
    story = Story(path)
    for what, value in plan:
        await story.step(what, value, dice)
    await story.again()
    await story.life.settle()
    story.check()
    life = story.life
    life.telling._note()
    life.event([])
    await life.die()
    with closing(sqlite3.connect(path)) as database:
        left = [database.execute(f"SELECT count(*) FROM {name}").fetchone() for name in ("untold", "untold_happening")]
    assert left == [(0,), (0,)], "what was told is kept no longer"


@given(st.lists(steps, max_size=40), st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_each_event_is_heard_whole_and_in_order_wherever_the_process_dies(
    plan: list[tuple[str, Any]], dice: random.Random
) -> None:
    small = (
        mock.patch.object(outboxes, "PASSING_MOST", 9),
        mock.patch.object(store, "EVENTS_AT_ONCE", 2),
        mock.patch.object(store, "HAPPENINGS_AT_ONCE", 3),
        mock.patch.object(tellings, "AGAIN_SECONDS", 0.001),
    )
    with tempfile.TemporaryDirectory() as folder, small[0], small[1], small[2], small[3]:
        asyncio.run(told(Path(folder) / "huntgroup.db", plan, dice))
