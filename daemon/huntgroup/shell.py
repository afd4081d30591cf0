"""Where the engine turns: inbox -> engine -> journal -> effects -> adapters. Owns the inbox and the one timer.

The engine runs ahead of the journal, what it says does not: effects leave once the events that they came of are
written. While one group of events is being written the next one gathers; the first event in an idle house waits for
nobody.
"""

import asyncio
import math
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple, Protocol

import structlog

from huntgroup.adapters.clock import STEP_LEAST, Clock
from huntgroup.barrier import carefully, shown
from huntgroup.codec import event_text
from huntgroup.engine.effects import Answered, Effect, ErrorCode, Order, Tidings
from huntgroup.engine.engine import Engine
from huntgroup.engine.events import (
    ClockStepped,
    Event,
    InquiryReceived,
    PbxHeard,
    PbxLate,
    PhoneStateChanged,
    TimePassed,
)
from huntgroup.engine.ids import PbxId, PhoneId
from huntgroup.engine.invariants import check_touched
from huntgroup.engine.memory import Changed
from huntgroup.engine.requested import ChannelRequest, Request
from huntgroup.engine.world import World
from huntgroup.errors import InvariantBroken
from huntgroup.hearing import Hearing

log = structlog.get_logger(__name__)

PULSE_SECONDS = 1.0
"""The loop says so often that it turns, so that a watchdog sees it live; not more often, whatever there is to do."""
NEAR_SECONDS = 0.02
NAP_SHARE = 0.9
"""A wait ends late by a share of its length: epoll may round up by a thousandth, a virtual machine's clock added a
hundredth (seen: 13 ms in 1 s). So a far deadline is approached in naps of this share of what is left."""
GATHER_SECONDS = 0.02
"""What orders nothing, and what nobody waits for, is written this long after the last group at the soonest: in a busy
house with what follows it. A transaction for each word about a phone cost a third of all that a call did."""
GROUP_MOST = 2_000
"""Events that are handled while others are being written; more wait in the inbox."""
INTERNAL_ERROR = "this cannot be done because of a fault in Huntgroup; its log has it as shell.event_set_aside"
INBOX_MOST = 5_000
"""Events that wait in the inbox before new work is refused."""

RECENT = 50
"""Events that are told when an invariant breaks: what led there."""

Notice = Callable[[Tidings], None]
Done = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Handled:
    """An event that the engine has taken, and what it said to it."""

    sequence: int
    at: float
    event: Event
    effects: list[Effect]
    then: Done | None
    text: tuple[str, str] | None = None
    """The event's type and body as they are written; None: whoever writes them encodes it."""


@dataclass(slots=True)
class Group:
    """Events that are written together, and what they changed."""

    handled: list[Handled] = field(default_factory=list)
    changed: Changed = field(default_factory=Changed)
    is_awaited: bool = False
    """Somebody waits for what came of it: a caller, a phone, or who put it in."""

    def add(self, handled: Handled, changed: Changed) -> None:
        """And another event, and what it changed."""
        self.handled.append(handled)
        self.changed.add(changed)
        if handled.then is not None or any(isinstance(effect, Order | Answered) for effect in handled.effects):
            self.is_awaited = True


class Journal(Protocol):
    """Where groups are written. See `huntgroup.recorder`."""

    @property
    def is_degraded(self) -> bool:
        """It cannot be written at the moment."""

    def write(self, group: Group, world: World, release: Done, durable: Done) -> None:
        """``release``: effects may leave; ``durable``: it is safe. The next one comes only after ``release``."""


class Moment(NamedTuple):
    """An event of the journal: its number and its instant."""

    sequence: int
    at: float


BEGINNING = Moment(0, 0.0)


class Suspects(Protocol):
    """Events that ended earlier lives of the daemon. See `huntgroup.suspects`."""

    def is_set_aside(self, event: Event) -> bool:
        """Whether it ended so many that it is not tried again."""
        ...

    def ended_by(self, event: Event) -> None:
        """This life ends by it."""
        ...


class NoSuspects:
    """Every event is tried."""

    def is_set_aside(self, _event: Event) -> bool:
        """Never."""
        return False

    def ended_by(self, event: Event) -> None:
        """Nobody remembers."""


def at_once(_pbx: PbxId, done: Done) -> None:
    """There is nothing to catch up with."""
    done()


def nobody(_sequence: int) -> None:
    """It matters to nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Orders go to ``carry_out``, everything else to each of ``notices``; ``pulse`` hears that the loop turns.

    ``catch_up`` calls back once everything was put in that happened at a PBX before it was called. ``told`` hears up to
    which event of the journal all was told, each time something was.
    """

    carry_out: Callable[[Order], None]
    notices: Iterable[Notice]
    pulse: Callable[[], None]
    catch_up: Callable[[PbxId, Done], None] = at_once
    told: Callable[[int], None] = nobody


class Shell:
    """Adapters put events in; what comes of them goes outside."""

    def __init__(  # noqa: PLR0913 - each is another side of it
        self,
        engine: Engine,
        journal: Journal,
        clock: Clock,
        outside: Outside,
        after: Moment = BEGINNING,
        *,
        suspects: Suspects | None = None,
    ) -> None:
        """``after``: the last event before this run."""
        self._suspects = suspects or NoSuspects()
        self._engine = engine
        self._journal = journal
        self._clock = clock
        self._outside = outside
        self._sequence = after.sequence
        self._inbox = Inbox()
        self._ended: asyncio.Future[None] | None = None
        self._is_turning = False
        self._timer: asyncio.TimerHandle | None = None
        self._armed_for = 0.0
        self._last = after.at
        self._recent: deque[tuple[Event, float]] = deque(maxlen=RECENT)
        self._pulse_at = clock.now()
        self._group = Group()
        self._writing: Group | None = None
        self._gathers_until = -math.inf
        """What nobody waits for is written no sooner, on the event loop's clock."""
        self._hearing = Hearing(outside.catch_up, self._heard, self._is_late, self._has_made_up)

    def put(self, event: Event, at: float, then: Done | None = None) -> None:
        """Take a fact with the instant, in seconds, at which it reached the daemon.

        It is handled before this returns, unless it comes of what is being handled: a hop through the event loop would
        cost the caller of a call that comes in another pass of it. What goes wrong ends `run`, not who told the fact.
        ``then`` is called once the fact is safe and what came of it was told.
        """
        self._inbox.put(event, at, then)
        if not self._is_turning and self._ended is not None:
            self._go_on()

    @property
    def is_full(self) -> bool:
        """There is more to do than can be done: no new work should be put in. What is under way always may be."""
        return len(self._inbox) >= INBOX_MOST

    @property
    def is_degraded(self) -> bool:
        """What is put in cannot be made safe at the moment."""
        return self._journal.is_degraded

    async def run(self) -> None:
        """Turn until cancelled, or until a turn fails: then with what it failed of."""
        self._ended = asyncio.get_running_loop().create_future()
        behind = self._last - self._clock.now()
        if behind > STEP_LEAST:
            log.warning("clock.stepped", seconds=-round(behind, 3), hint="while the daemon was away")
            self._handle(ClockStepped(by=-behind), self._clock.now(), None)
        self._dispatch(self._engine.start(self._clock.now()))
        self._go_on()
        try:
            await self._ended
        finally:
            self._is_turning = True  # what is still told stays in the inbox
            self._hearing.close()
            if self._timer is not None:
                self._timer.cancel()
            if self._ended.cancelled() and self._writing is None:
                self._write()

    def _go_on(self) -> None:
        self._is_turning = True
        try:
            self._beat()
            self._work()
            self._arm()
        except Exception as error:  # noqa: BLE001 - it is handed to whoever awaits run
            self._fail(error)
            return
        self._is_turning = False

    def _fail(self, error: Exception) -> None:
        if self._ended is not None and not self._ended.done():
            for event, at in self._recent:
                log.error("shell.led_there", at=at, what=repr(event))
            self._ended.set_exception(error)

    def _work(self) -> None:
        """Until nothing more can be done before something else is written."""
        while True:
            self._turn()
            if self._writing is not None or not self._group.handled or self._may_gather():
                return
            self._write()

    def _may_gather(self) -> bool:
        """Whether what was handled may wait for more that is to be written."""
        if self._group.is_awaited or len(self._group.handled) >= GROUP_MOST:
            return False
        return asyncio.get_running_loop().time() < self._gathers_until

    def _turn(self) -> None:
        """Everything in the inbox, then what is due. Facts go first: an answer beats its own timeout."""
        while len(self._group.handled) < GROUP_MOST:
            taken = self._inbox.take()
            if taken is not None:
                self._handle(*taken)
                continue
            deadline = self._engine.next_deadline()
            now = self._clock.now()
            if deadline is None or deadline > now or not self._has_heard(deadline):
                return
            self._handle(TimePassed(), self._until_when(now, deadline), None)

    def _has_heard(self, deadline: float) -> bool:
        """Whether all is known that happened before the next deadline, where it is a call's; if not it is asked for."""
        pbx = self._engine.next_pbx()
        if pbx is None:
            return True
        instant = self._clock.monotonic(deadline)
        if self._hearing.until(pbx) < instant:
            self._hearing.ask(pbx, is_one_of_several=len(self._engine.world.policy.pbxs) > 1)
        return self._hearing.until(pbx) >= instant

    def _heard(self) -> None:
        if not self._is_turning:
            self._go_on()

    def _is_late(self, pbx: PbxId) -> None:
        self.put(PbxLate(pbx=pbx), self._clock.now())

    def _has_made_up(self, pbx: PbxId) -> None:
        self.put(PbxHeard(pbx=pbx), self._clock.now())

    def _not_before_its_time(self, event: Event, at: float) -> float:
        """Until all is heard that happened before a deadline, time stands still before it."""
        deadline = self._engine.next_deadline()
        is_early = deadline is not None and deadline <= at and not isinstance(event, TimePassed | ClockStepped)
        if deadline is None or not is_early:
            return at
        return self._until_when(at, deadline) if self._has_heard(deadline) else math.nextafter(deadline, -math.inf)

    def _until_when(self, at: float, deadline: float) -> float:
        """No later deadline fires along with this one before its own time is heard of."""
        policy = self._engine.world.policy
        until = min(map(self._hearing.until, policy.every_pbx))
        heard = self._clock.now() - asyncio.get_running_loop().time() + until
        return min(at, max(deadline, heard))

    def _handle(self, event: Event, at: float, then: Done | None) -> None:
        try:
            text = event_text(event)
        except Exception as error:  # noqa: BLE001 - what cannot be written must not change anything
            self._set_aside(event, then, f"cannot be written: {error}")
            return
        if self._suspects.is_set_aside(event):
            self._set_aside(event, then, "ended the daemon before")
            return
        if isinstance(event, ClockStepped):
            self._last += event.by
        self._last = max(self._last, self._not_before_its_time(event, at))
        self._recent.append((event, self._last))
        try:
            self._apply(event, text, then)
        except Exception:
            # Half of it may have been applied, so only what the store has can be trusted: the next start reads that.
            self._suspects.ended_by(event)
            raise

    def _apply(self, event: Event, text: tuple[str, str], then: Done | None) -> None:
        effects = self._engine.handle(event, self._last)
        self._sequence += 1
        self._group.add(Handled(self._sequence, self._last, event, effects, then, text), self._engine.world.changed)
        broken = check_touched(self._engine.world, effects)
        if broken:
            raise InvariantBroken("; ".join(broken))

    def _set_aside(self, event: Event, then: Done | None, why: str) -> None:
        """Leave an event out before it changes anything. Its sender is answered; at a PBX it stays what it is there."""
        log.error("shell.event_set_aside", error=why, what=shown(event))
        if isinstance(event, Request | ChannelRequest):
            self._tell(Answered(request=event.request, error=ErrorCode.INTERNAL_ERROR, message=INTERNAL_ERROR))
        if then is not None and isinstance(event, InquiryReceived | Request | ChannelRequest):
            carefully(then)

    # -- writing, and what follows --------------------------------------------------------------------------------

    def _write(self) -> None:
        group, self._group = self._group, Group()
        if not group.handled:
            return
        self._writing = group
        self._gathers_until = asyncio.get_running_loop().time() + GATHER_SECONDS
        # What may have to wait for a disk for days keeps nothing else of the group.
        waiting = [handled.then for handled in group.handled if handled.then is not None]
        durable = partial(_all_of, waiting) if waiting else _nothing
        self._journal.write(group, self._engine.world, self._released, durable)

    def _released(self) -> None:
        """What was written may be told; then the next group, and whatever had no room in it, has its turn."""
        group, self._writing = self._writing, None
        was_turning, self._is_turning = self._is_turning, True  # what is put in meanwhile waits for its turn
        try:
            for handled in group.handled if group is not None else ():
                self._dispatch(handled.effects)
            if group is not None:
                self._outside.told(group.handled[-1].sequence)
        except Exception as error:  # noqa: BLE001 - it is handed to whoever awaits run
            self._fail(error)
            return
        self._is_turning = was_turning
        if self._ended is not None and self._ended.cancelled():
            self._write()  # told to stop: what was taken in meanwhile is written, and nothing more is taken in
        elif not self._is_turning:
            self._go_on()

    def _dispatch(self, effects: list[Effect]) -> None:
        """Orders first: nobody's telephone waits for a line in a log."""
        tidings: list[Tidings] = []
        for effect in effects:
            if isinstance(effect, Order):
                carefully(self._outside.carry_out, effect)
            else:
                tidings.append(effect)
        for each in tidings:
            self._tell(each)

    def _tell(self, tidings: Tidings) -> None:
        for notice in self._outside.notices:
            carefully(notice, tidings)

    # -- time -----------------------------------------------------------------------------------------------------

    def _beat(self) -> None:
        now = self._clock.now()
        if now >= self._pulse_at:
            self._pulse_at = now + PULSE_SECONDS
            self._outside.pulse()
            step = self._clock.follow()
            if step:
                log.warning("clock.stepped", seconds=round(step, 3))
                self._pulse_at += step
                self._inbox.put(ClockStepped(by=step), self._clock.now(), None)

    def _arm(self) -> None:
        """Have the loop come back for what is due next. Coming back too early does no harm, and is cheaper than to plan
        anew with every event."""
        when = self._pulse_at
        deadline = self._engine.next_deadline()
        if deadline is not None and len(self._group.handled) < GROUP_MOST and not self._hearing.is_waiting:
            now = self._clock.now()
            when = min(when, now + nap(deadline - now))
        if self._group.handled and self._writing is None:
            when = min(when, self._clock.now() - asyncio.get_running_loop().time() + self._gathers_until)
        if self._timer is not None and self._armed_for <= when:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._armed_for = when
        self._timer = asyncio.get_running_loop().call_at(self._clock.monotonic(when), self._time_is_up)

    def _time_is_up(self) -> None:
        self._timer = None
        if not self._is_turning:
            self._go_on()


def _all_of(waiting: list[Done]) -> None:
    for then in waiting:
        carefully(then)


def _nothing() -> None:
    """Nobody waits for it."""


class Inbox:
    """What waits to be handled, in order. Of a phone's states only the last one waits: the others are over."""

    def __init__(self) -> None:
        self._events: OrderedDict[PhoneId | int, tuple[Event, float, Done | None]] = OrderedDict()
        self._number = 0

    def put(self, event: Event, at: float, then: Done | None) -> None:
        """At the end."""
        self._number += 1
        key: PhoneId | int = self._number
        if isinstance(event, PhoneStateChanged):
            key = event.phone
            self._events.pop(key, None)
        self._events[key] = (event, at, then)

    def take(self) -> tuple[Event, float, Done | None] | None:
        """The first one, if there is any."""
        return self._events.popitem(last=False)[1] if self._events else None

    def __len__(self) -> int:
        return len(self._events)


def nap(left: float) -> float:
    """How long to sleep, in seconds, while a deadline is ``left`` seconds away."""
    return left if left <= NEAR_SECONDS else left * NAP_SHARE
