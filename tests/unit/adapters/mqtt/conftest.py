"""The daemon's side of the broker without one: what it wants published, beside a real engine."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from huntgroup.adapters.mqtt.board import Board
from huntgroup.adapters.mqtt.history import Closed, Counted
from huntgroup.adapters.mqtt.incoming import Delivery, Reception
from huntgroup.adapters.mqtt.outbox import Outbox
from huntgroup.adapters.mqtt.replies import Replies
from huntgroup.adapters.mqtt.topics import Topics
from huntgroup.engine.effects import Answered, Order, Tidings
from huntgroup.engine.engine import Engine
from huntgroup.engine.events import Event
from huntgroup.engine.ids import InquiryId, SourceId
from huntgroup.engine.policy import Policy
from huntgroup.errors import StoreError


class Records:
    """A history to be filled by hand."""

    def __init__(self) -> None:
        self.past: dict[InquiryId, Closed] = {}
        self.sources: dict[InquiryId, SourceId] = {}
        self.error: StoreError | None = None
        self.asked: list[list[str]] = []

    async def outcomes_of(self, inquiries: Collection[InquiryId]) -> Mapping[InquiryId, Closed]:
        self.asked.append(sorted(inquiries))
        if self.error is not None:
            raise self.error
        return {each: self.past[each] for each in inquiries if each in self.past}

    async def sources_of(self, inquiries: Collection[InquiryId]) -> Mapping[InquiryId, SourceId]:
        return {each: self.sources[each] for each in inquiries if each in self.sources}

    async def counted(self, since: float, until: float) -> Sequence[Counted]:
        assert since <= until
        return []


class House:
    """An engine, and everything between it and the broker; ``is_held``: nothing is durable until `becomes_durable`."""

    def __init__(self, policy: Policy, *, at: float = 1_000.0, engine: Engine | None = None) -> None:
        self.now = at
        self.engine = engine or Engine(policy)
        self.topics = Topics("huntgroup")
        self.outbox = Outbox()
        self.outbox.linked()
        self.board = Board(self.topics, self.outbox, policy, lambda: self.now)
        self.records = Records()
        self.is_full = False
        self.is_degraded = False
        self.is_held = False
        self.acknowledged: list[str] = []
        self._held: list[tuple[Sequence[Order | Tidings], Callable[[], None] | None]] = []
        self.reception = Reception(
            self.board, Replies(self.topics, self.outbox), policy, intake=self, history=self.records
        )
        self._tell(self.engine.start(at))
        self.published()

    def put(self, event: Event, at: float, then: Callable[[], None] | None = None) -> None:
        """As the shell does it: the engine runs ahead, what it says waits until that is written."""
        assert at <= self.now
        self._held.append((self.engine.handle(event, self.now), then))
        if not self.is_held:
            self.becomes_durable()

    def becomes_durable(self) -> None:
        """Everything that was put."""
        self.is_held = False
        held, self._held = self._held, []
        for effects, _ in held:
            self._tell(effects)
        for _, then in held:
            if then is not None:
                then()

    def _tell(self, effects: Sequence[Order | Tidings]) -> None:
        for each in effects:
            if isinstance(each, Answered):
                self.reception.answered(each)
            elif isinstance(each, Tidings):
                self.board.tell(each)

    async def gets(self, topic: str, payload: Any, **more: Any) -> list[tuple[str, Any]]:
        """A message, and what is published because of it."""
        await self.reception.take([self.delivery(topic, payload, **more)])
        return self.published()

    def delivery(self, topic: str, payload: Any, **more: Any) -> Delivery:
        """A message below the prefix."""
        data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return Delivery(
            topic=f"huntgroup/{topic}",
            payload=data,
            at=self.now,
            acknowledge=lambda: self.acknowledged.append(topic),
            **more,
        )

    def published(self) -> list[tuple[str, Any]]:
        """What was to be published since the last look: (topic below the prefix, payload)."""
        found = []
        while (letter := self.outbox.take()) is not None:
            data = letter.build()
            found.append((letter.topic.removeprefix("huntgroup/"), json.loads(data) if data else None))
        return found


def at(topic: str, published: list[tuple[str, Any]]) -> list[Any]:
    """What was published at one topic."""
    return [payload for where, payload in published if where == topic]
