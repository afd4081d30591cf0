"""Which rejected messages are reported one by one. The others are counted, so that a flood of them costs little."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable

import structlog

from huntgroup.adapters.mqtt.topics import Address, Kind

log = structlog.get_logger(__name__)

WRITER_BURST, WRITER_RATE = 500, 10.0
ALL_BURST, ALL_RATE = 1_000, 20.0
"""Messages reported at once, and then a second: of one writer, and of all together."""
WRITERS_MOST = 1_000
"""Writers that are told apart. The longest silent one is forgotten first."""
SUMMARY_SECONDS = 10.0
"""How often the number of those that were only counted is logged."""
NOBODY = ""


class Allowance:
    """So many at once, and so many a second after that."""

    __slots__ = ("_at", "_burst", "_left", "_rate")

    def __init__(self, burst: int, rate: float, now: float) -> None:
        self._burst = burst
        self._rate = rate
        self._left = float(burst)
        self._at = now

    def take(self, now: float) -> bool:
        """Whether one more is allowed."""
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


class Rejections:
    """Counts all of them, and picks those that are reported."""

    def __init__(self, now: Callable[[], float]) -> None:
        """``now``: a clock in seconds that nobody sets."""
        self._now = now
        self._all = Allowance(ALL_BURST, ALL_RATE, now())
        self._writers: OrderedDict[str, Allowance] = OrderedDict()
        self._unreported = 0
        self._unlogged = 0
        self._last_topic = ""
        self._timer: asyncio.TimerHandle | None = None
        self.count = 0
        """Rejected messages so far."""

    def report(self, address: Address | None, topic: str) -> int | None:
        """Take one more. How many were not reported since the last one that was; None: this one is not, either."""
        self.count += 1
        now = self._now()
        if self._of(writer_of(address), now).take(now) and self._all.take(now):
            unreported, self._unreported = self._unreported, 0
            return unreported
        self._unreported += 1
        self._unlogged += 1
        self._last_topic = topic
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(SUMMARY_SECONDS, self._log)
        return None

    def _of(self, writer: str, now: float) -> Allowance:
        allowance = self._writers.get(writer)
        if allowance is None:
            allowance = self._writers[writer] = Allowance(WRITER_BURST, WRITER_RATE, now)
            if len(self._writers) > WRITERS_MOST:
                self._writers.popitem(last=False)
        self._writers.move_to_end(writer)
        return allowance

    def _log(self) -> None:
        self._timer = None
        count, self._unlogged = self._unlogged, 0
        log.warning("broker.messages_rejected", count=count, last_topic=self._last_topic)


def writer_of(address: Address | None) -> str:
    """The account that a topic names, where the broker can bind it to one; else the kind of topic, which all share."""
    if address is None:
        return NOBODY
    if address.account:
        return f"account/{address.account}"
    account = address.name if address.kind in {Kind.OPERATOR, Kind.ADMIN} else NOBODY
    return f"{address.kind}/{account}"
