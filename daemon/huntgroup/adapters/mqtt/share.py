"""How the broker's messages share the event loop with telephony.

Messages are handled in short slices of time, and the loop turns in between. While there are calls, a slice is followed
by a real pause that is longer: only then does the thread that commits a call's events get the interpreter, for
which it would wait up to 5 ms at each statement (`sys.getswitchinterval`, CPython 3.11). Where nothing waits behind a
slice, nothing pauses.
"""

import asyncio
import math
import time
from collections.abc import Callable

SLICE_SECONDS = 0.001
"""Maximum work before the event loop gets its turn. A call takes some six turns from its first event to the phone."""
PAUSE = 3.0
"""The pause behind a slice while there are calls, in units of the slice: messages get a quarter of the time."""
CALL_SECONDS = 2.0
"""How long after an event of a PBX its calls count as going on."""


class Share:
    """Knows whether calls are going on, and counts how often messages waited for them."""

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        """``now``: a clock in seconds that nobody sets."""
        self.now = now
        self.pauses = 0
        self._call_at = -math.inf

    def call_noted(self) -> None:
        """A PBX reported something."""
        self._call_at = self.now()

    @property
    def has_calls(self) -> bool:
        """Whether calls need the loop."""
        return self.now() - self._call_at < CALL_SECONDS

    def slice(self) -> "Slice":
        """For one task that handles messages."""
        return Slice(self)


class Slice:
    """The time of one task. `begin` it after each wait; when it `is_over`, `pause`."""

    def __init__(self, share: Share) -> None:
        self._share = share
        self._began = share.now()

    def now(self) -> float:
        """Seconds on the share's clock."""
        return self._share.now()

    def begin(self) -> None:
        """Others had their turn."""
        self._began = self._share.now()

    @property
    def is_over(self) -> bool:
        """Whether others are to have a turn."""
        return self._share.now() - self._began >= SLICE_SECONDS

    def rest(self) -> float:
        """Seconds to leave to others now: 0 is one turn of the loop."""
        self._share.pauses += 1
        return PAUSE * (self._share.now() - self._began) if self._share.has_calls else 0.0

    async def pause(self) -> None:
        """Let others have their turn, and begin anew."""
        await asyncio.sleep(self.rest())
        self.begin()
