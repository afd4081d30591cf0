"""What the engine tells, as the broker is to show it: state that is kept there, and events that pass."""

import asyncio
import contextlib
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from huntgroup.adapters.mqtt.cloudevents import announcement, cloud_event, customer_event
from huntgroup.adapters.mqtt.figures import Figures
from huntgroup.adapters.mqtt.history import Closed, Past
from huntgroup.adapters.mqtt.outbox import Build, Outbox
from huntgroup.adapters.mqtt.payloads import InquiryStatus, Payload, desk, inquiry_status, operator_state, pbx_state
from huntgroup.adapters.mqtt.telling import Stream, Telling
from huntgroup.adapters.mqtt.topics import Topics
from huntgroup.customers.words import Happening
from huntgroup.engine.effects import (
    DeskChanged,
    Fact,
    FactType,
    InquiryChanged,
    OperatorChanged,
    OperatorRemoved,
    PbxChanged,
    Tidings,
)
from huntgroup.engine.ids import InquiryId, SourceId
from huntgroup.engine.policy import Policy

CLOSED_MOST = 50_000
"""So many that closed are known by heart: longer than the record needs to be on disk."""


class Board:
    """The mirror of the engine at the broker. It decides nothing."""

    def __init__(
        self,
        topics: Topics,
        outbox: Outbox,
        policy: Policy,
        now: Callable[[], float],
        telling: Telling | None = None,
    ) -> None:
        """``telling``: who sees to it that what passes is heard; without them it is told once."""
        self.topics = topics
        self._telling = telling
        self._outbox = outbox
        self._now = now
        self._open: dict[InquiryId, InquiryChanged] = {}
        self._open_of: Counter[SourceId] = Counter()
        self._closed: OrderedDict[InquiryId, Closed] = OrderedDict()
        self._changed = asyncio.Event()
        self.figures = Figures(policy, now())
        for pbx in policy.every_pbx:
            self._keep_pbx(PbxChanged(at=now(), pbx=pbx, is_up=False))

    # -- told -----------------------------------------------------------------------------------------------------

    def tell(self, tidings: Tidings) -> None:
        """Take what the engine told."""
        self._changed.set()
        match tidings:
            case Fact():
                self.figures.fact(tidings)
                if self._telling is None or self._telling.facts.is_live:
                    self.publish_fact(tidings)
            case InquiryChanged():
                self._inquiry(tidings)
            case OperatorChanged(operator=operator):
                self.figures.operator(tidings)
                self._outbox.keep(self.topics.operator_state(operator), partial(_encoded, operator_state, tidings))
            case DeskChanged(operator=operator):
                self._outbox.keep(self.topics.operator_desk(operator), partial(_encoded, desk, tidings))
            case OperatorRemoved(operator=operator):
                self.figures.removed(tidings)
                self._outbox.clear(self.topics.operator_state(operator))
                self._outbox.clear(self.topics.operator_desk(operator))
            case PbxChanged():
                self._keep_pbx(tidings)

    def happened(self, happening: Happening) -> None:
        """Something happened to a customer."""
        if self._telling is None or not happening.number:
            self._publish(happening.kind, partial(_encoded, customer_event, happening, self.topics.prefix))
            return
        if self._telling.happenings.is_live:
            self.publish_happening(happening)
        self._telling.happenings.until(happening.number)

    def publish_fact(self, fact: Fact) -> None:
        """As an event. Whose responsible operator changed only the store knows: `happened` tells it."""
        if fact.type is not FactType.RESPONSIBLE_CHANGED:
            build = partial(_encoded, cloud_event, fact, self.topics.prefix)
            self._publish(fact.type, build, self._telling.facts if self._telling is not None else None)

    def publish_happening(self, happening: Happening) -> None:
        """As an event."""
        build = partial(_encoded, customer_event, happening, self.topics.prefix)
        self._publish(happening.kind, build, self._telling.happenings if self._telling is not None else None)

    def _publish(self, kind: str, build: Build, stream: Stream | None = None) -> None:
        self._outbox.send(self.topics.event(kind), build, of=stream.one_more() if stream is not None else None)

    def announce(self, kind: str, data: dict[str, Any]) -> None:
        """An event about the daemon itself."""
        self._publish(kind, partial(_encoded, announcement, kind, self._now(), self.topics.prefix, data))

    def follow(self, policy: Policy) -> None:
        """Another configuration."""
        self._changed.set()
        for group in self.figures.follow(policy, self._now()):
            self._outbox.clear(self.topics.group_state(group))

    def publish_figures(self) -> float:
        """Whatever is due now; in how many seconds to come again."""
        now = self._now()
        for group in self.figures.due(now):
            self._outbox.keep(self.topics.group_state(group), self.figures.state(group, now).encode)
            for inquiry in list(self.figures.moved(group)):
                self._keep_status(self._open[inquiry])
        return max(0.01, self.figures.next_due(now) - now)

    async def something_changed(self, within: float) -> None:
        """Return when the engine tells something, or after so many seconds."""
        self._changed.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._changed.wait()

    # -- asked ----------------------------------------------------------------------------------------------------

    def is_open(self, inquiry: InquiryId) -> bool:
        """Whether an inquiry is open."""
        return inquiry in self._open

    def open_of(self, source: SourceId) -> int:
        """Number of open inquiries of a source."""
        return self._open_of[source]

    def is_known(self, inquiry: InquiryId) -> bool:
        """Whether what became of an inquiry is known without a look at the record."""
        return inquiry in self._open or inquiry in self._closed

    def status_of(self, inquiry: InquiryId) -> dict[str, Any] | None:
        """The fields of an inquiry's state; None when it is neither open nor closed lately."""
        changed = self._open.get(inquiry)
        if changed is not None:
            return inquiry_status(changed, self.figures.position(inquiry))
        closed = self._closed.get(inquiry)
        return closed_status(inquiry, closed) if closed is not None else None

    def clear_leftover(self, topic: str, past: Mapping[InquiryId, Past]) -> None:
        """Take away what an earlier life left at a topic. An inquiry that was open there and ended since is told of:
        the process may have died between writing its end down and telling it."""
        if topic in self._outbox.kept:
            return
        inquiry = self.topics.inquiry_of(topic)
        if inquiry is not None and inquiry in past:
            status = closed_status(inquiry, past[inquiry])
            self._outbox.send(topic, InquiryStatus(**status).encode)
        self._outbox.clear(topic)

    def _inquiry(self, changed: InquiryChanged) -> None:
        self.figures.inquiry(changed)
        if changed.state != "closed":
            if changed.inquiry not in self._open:
                self._open_of[changed.source] += 1
            self._open[changed.inquiry] = changed
            self._keep_status(changed)
            return
        if self._open.pop(changed.inquiry, None) is not None:
            self._open_of[changed.source] -= 1
        self._closed[changed.inquiry] = Closed(changed.outcome or "", changed.group, changed.operator)
        if len(self._closed) > CLOSED_MOST:
            self._closed.popitem(last=False)
        topic = self.topics.inquiry_status(changed.inquiry)
        self._outbox.send(topic, partial(_status, changed, None))
        self._outbox.clear(topic)

    def _keep_pbx(self, changed: PbxChanged) -> None:
        self._outbox.keep(self.topics.pbx_state(changed.pbx), partial(_encoded, pbx_state, changed))

    def _keep_status(self, changed: InquiryChanged) -> None:
        topic = self.topics.inquiry_status(changed.inquiry)
        self._outbox.keep(topic, partial(_status, changed, self.figures.position(changed.inquiry)))


def closed_status(inquiry: InquiryId, closed: Past) -> dict[str, Any]:
    """The fields of the state of an inquiry that is over."""
    return {
        "id": inquiry,
        "state": "closed",
        "outcome": closed.outcome,
        "group": closed.group,
        "operator": closed.operator,
    }


def _status(changed: InquiryChanged, position: int | None) -> bytes:
    return InquiryStatus(**inquiry_status(changed, position)).encode()


def _encoded(make: Callable[..., Payload], *arguments: object) -> bytes:
    return make(*arguments).encode()
