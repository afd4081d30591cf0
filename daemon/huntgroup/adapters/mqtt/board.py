"""What the engine tells, as the broker is to show it: state that is kept there, and events that pass."""

import asyncio
import contextlib
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from huntgroup.adapters.mqtt.cloudevents import announcement, cloud_event, customer_event
from huntgroup.adapters.mqtt.figures import Figures
from huntgroup.adapters.mqtt.history import Closed, Past
from huntgroup.adapters.mqtt.outbox import Build, Outbox
from huntgroup.adapters.mqtt.payloads import (
    AccountStatus,
    InquiryStatus,
    Payload,
    desk,
    for_account,
    inquiry_status,
    operator_state,
    pbx_state,
)
from huntgroup.adapters.mqtt.telling import Stream, Telling
from huntgroup.adapters.mqtt.topics import Topics, own_name
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
from huntgroup.engine.policy import Channel, Policy

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
        self._policy = policy
        self._open: dict[InquiryId, InquiryChanged] = {}
        self._shown_to: dict[InquiryId, str] = {}
        """The account that is shown the state of an open inquiry."""
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
        self._policy = policy
        for changed in list(self._open.values()):
            if self._account(changed) != self._shown_to.get(changed.inquiry, ""):
                self._keep_status(changed)
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

    def account_of(self, inquiry: InquiryId) -> str | None:
        """Which account brought in an inquiry that is open or closed lately; empty: none in particular; None: there is
        no such inquiry."""
        changed = self._open.get(inquiry)
        if changed is not None:
            return self._account(changed)
        closed = self._closed.get(inquiry)
        return closed.account if closed is not None else None

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
            account = self.topics.account_of(topic)
            told = AccountStatus(**for_account(status, own_name(account, inquiry))) if account else None
            self._outbox.send(topic, (told or InquiryStatus(**status)).encode)
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
        account = self._account(changed)
        self._closed[changed.inquiry] = Closed(changed.outcome or "", changed.group, changed.operator, account)
        if len(self._closed) > CLOSED_MOST:
            self._closed.popitem(last=False)
        self._show_to(changed, account)
        for topic, build in self._states(changed, None):
            self._outbox.send(topic, build)
            self._outbox.clear(topic)
        self._shown_to.pop(changed.inquiry, None)

    def _account(self, changed: InquiryChanged) -> str:
        """Who brings its source in by the configuration in force; what is told may be older. Of a source that was taken
        out of it who brought it in last."""
        if changed.channel is Channel.CALL:
            return ""
        entrance = self._policy.sources.get(changed.source)
        return entrance.account if entrance is not None else changed.account

    def _show_to(self, changed: InquiryChanged, account: str) -> None:
        """From now on this account is shown the state, and no other."""
        before = self._shown_to.pop(changed.inquiry, "")
        if before and before != account:
            self._outbox.clear(self.topics.account_status(before, changed.inquiry))
        if account:
            self._shown_to[changed.inquiry] = account

    def _states(self, changed: InquiryChanged, position: int | None) -> Iterator[tuple[str, Build]]:
        """Where the state of an inquiry is told, and how."""
        yield self.topics.inquiry_status(changed.inquiry), partial(_status, changed, position)
        account = self._shown_to.get(changed.inquiry)
        if account:
            name = own_name(account, changed.inquiry)
            yield (
                self.topics.account_status(account, changed.inquiry),
                partial(_account_status, changed, position, name),
            )

    def _keep_pbx(self, changed: PbxChanged) -> None:
        self._outbox.keep(self.topics.pbx_state(changed.pbx), partial(_encoded, pbx_state, changed))

    def _keep_status(self, changed: InquiryChanged) -> None:
        self._show_to(changed, self._account(changed))
        for topic, build in self._states(changed, self.figures.position(changed.inquiry)):
            self._outbox.keep(topic, build)


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


def _account_status(changed: InquiryChanged, position: int | None, name: str) -> bytes:
    return AccountStatus(**for_account(inquiry_status(changed, position), name)).encode()


def _encoded(make: Callable[..., Payload], *arguments: object) -> bytes:
    return make(*arguments).encode()
