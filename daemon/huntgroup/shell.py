"""Where the engine turns: inbox -> engine -> effects -> adapters. Owns the inbox, the engine and the one timer."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

import structlog

from huntgroup.adapters.clock import Clock
from huntgroup.engine.effects import Effect, Order, Tidings
from huntgroup.engine.engine import Engine
from huntgroup.engine.events import Event, TimePassed
from huntgroup.engine.invariants import check_touched
from huntgroup.errors import InvariantBroken

log = structlog.get_logger(__name__)

PULSE_SECONDS = 1.0
"""The loop says so often that it turns, so that a watchdog sees it live; not more often, whatever there is to do."""
NEAR_SECONDS = 0.02
NAP_SHARE = 0.9
"""A wait ends late by a share of its length: epoll may round up by a thousandth, a virtual machine's clock added a
hundredth (seen: 13 ms in 1 s). So a far deadline is approached in naps of this share of what is left."""

RECENT = 50
"""Events that are told when an invariant breaks: what led there."""

Notice = Callable[[Tidings], None]


class Shell:
    """Adapters put events in; orders go to ``carry_out``, everything else to each of ``notices``."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        carry_out: Callable[[Order], None],
        notices: Iterable[Notice],
        pulse: Callable[[], None],
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._carry_out = carry_out
        self._notices = tuple(notices)
        self._pulse = pulse
        self._inbox: deque[tuple[Event, float, Callable[[], None] | None]] = deque()
        self._ended: asyncio.Future[None] | None = None
        self._is_turning = False
        self._timer: asyncio.TimerHandle | None = None
        self._last = clock.now()
        self._recent: deque[tuple[Event, float]] = deque(maxlen=RECENT)
        self._pulse_at = clock.now()

    @property
    def is_full(self) -> bool:
        """Whether more waits to be handled than should: then what can be refused is to be."""
        return False

    @property
    def is_degraded(self) -> bool:
        """Whether what is told here cannot be made durable."""
        return False

    def put(self, event: Event, at: float, then: Callable[[], None] | None = None) -> None:
        """Take a fact with the instant, in seconds, at which it reached the daemon.

        ``then`` is called once the fact is durable and all that it led to has been told.

        It is handled before this returns, unless it comes of what is being handled: a hop through the event loop would
        cost the caller of a call that comes in another pass of it. What goes wrong ends `run`, not who told the fact.
        """
        self._inbox.append((event, at, then))
        if not self._is_turning and self._ended is not None:
            self._go_on()

    async def run(self) -> None:
        """Turn until cancelled, or until a turn fails: then with what it failed of."""
        self._ended = asyncio.get_running_loop().create_future()
        self._dispatch(self._engine.start(self._clock.now()))
        self._go_on()
        try:
            await self._ended
        finally:
            self._is_turning = True  # what is still told stays in the inbox
            if self._timer is not None:
                self._timer.cancel()

    def _go_on(self) -> None:
        self._is_turning = True
        try:
            self._turn()
            self._beat()
            self._arm()
        except Exception as error:  # noqa: BLE001 - it is handed to whoever awaits run
            if self._ended is not None and not self._ended.done():
                self._ended.set_exception(error)
            return
        self._is_turning = False

    def _turn(self) -> None:
        """Everything in the inbox, then what is due. Facts go first: an answer beats its own timeout."""
        while True:
            while self._inbox:
                event, at, then = self._inbox.popleft()
                self._handle(event, at)
                if then is not None:
                    then()
            deadline = self._engine.next_deadline()
            now = self._clock.now()
            if deadline is None or deadline > now:
                return
            self._handle(TimePassed(), now)

    def _handle(self, event: Event, at: float) -> None:
        self._last = max(self._last, at)
        self._recent.append((event, self._last))
        effects = self._engine.handle(event, self._last)
        self._dispatch(effects)
        broken = check_touched(self._engine.world, effects)
        if broken:
            for earlier, then in self._recent:
                log.error("shell.led_there", at=then, what=repr(earlier))
            raise InvariantBroken("; ".join(broken))

    def _dispatch(self, effects: list[Effect]) -> None:
        """Orders first: nobody's telephone waits for a line in a log."""
        tidings: list[Tidings] = []
        for effect in effects:
            if isinstance(effect, Order):
                self._carry_out(effect)
            else:
                tidings.append(effect)
        for each in tidings:
            for notice in self._notices:
                notice(each)

    def _beat(self) -> None:
        now = self._clock.now()
        if now >= self._pulse_at:
            self._pulse_at = now + PULSE_SECONDS
            self._pulse()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        when = self._pulse_at
        deadline = self._engine.next_deadline()
        if deadline is not None:
            now = self._clock.now()
            when = min(when, now + nap(deadline - now))
        self._timer = asyncio.get_running_loop().call_at(self._clock.monotonic(when), self._go_on)


def nap(left: float) -> float:
    """How long to sleep, in seconds, while a deadline is ``left`` seconds away."""
    return left if left <= NEAR_SECONDS else left * NAP_SHARE
