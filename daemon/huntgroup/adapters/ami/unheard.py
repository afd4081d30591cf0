"""What Asterisk said and could not be believed: counted, logged, and a reason to look at what is really there.

A caller can spoil the messages about their own channel by what they write into them. So that this hides nothing, their
call's end first of all, each such message leads to a look. A flood of them leads to no flood of looks.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from huntgroup.adapters.ami.wire import MAX_LOGGED, Refused

log = structlog.get_logger(__name__)

SETTLE = 1.0
"""Seconds from what was not heard to the look: what is under way then has arrived, and orders are carried out."""
APART = 2.0
"""Seconds from one look to the next; twice as many after one that found nothing."""
APART_MOST = 16.0
WITH_FILTERS_APART = 30.0
"""Seconds between two looks where the PBX keeps messages from us: nobody says what is missing."""
TRIES = 5
"""Looks in a row for what is under way at each of them."""
MENTIONED_MOST = 5000
"""Values that are remembered; with more, everything is looked at."""
LOGGED_APART = 60.0
"""Seconds from one line in the log to the next."""
_VALUE = re.compile(r": ([^\r\n]{1,200})")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look at: ``mentioned`` are values of headers, None for everything; ``sent`` is, by Uniqueid, how many
    orders each call had when it was noticed: what has had one since is not settled."""

    mentioned: frozenset[str] | None
    sent: Mapping[str, int]
    tries: int = TRIES

    def mentions(self, *names: str) -> bool:
        """Whether what was not heard had one of these names in it."""
        return self.mentioned is not None and not self.mentioned.isdisjoint(names)

    def is_meant(self, *names: str) -> bool:
        """Whether something with one of these names is to be looked at."""
        return self.mentioned is None or self.mentions(*names)


class Unheard:
    """``now`` is a clock in seconds that nobody sets; ``sent`` as in `Wanted`."""

    def __init__(self, pbx: str, now: Callable[[], float], sent: Callable[[], Mapping[str, int]]) -> None:
        self._pbx = pbx
        self._now = now
        self._sent = sent
        self.has_filters = False
        """Whether the PBX keeps messages from us by an event filter that excludes."""
        self._unlogged = 0
        self._last: Refused | None = None
        self._logged_at = float("-inf")
        self._looked_at = float("-inf")
        self._apart = APART
        self.forget()

    def forget(self) -> None:
        """Everything is looked at, by a resync."""
        self._mentioned: set[str] | None = set()
        self._before: Mapping[str, int] | None = None
        self._since = 0.0
        self._tries = TRIES

    def note(self, refused: Refused) -> None:
        """This was not believed."""
        self._last = refused
        self._unlogged += 1
        self._log()
        self._want(set(_VALUE.findall(refused.text)), TRIES)

    def again(self, wanted: Wanted) -> None:
        """The look failed, or found what is not settled."""
        if wanted.tries > 1:
            self._want(None if wanted.mentioned is None else set(wanted.mentioned), wanted.tries - 1)

    def _want(self, mentioned: set[str] | None, tries: int) -> None:
        if self._before is None:
            self._before, self._since, self._tries = self._sent(), self._now(), tries
        self._tries = max(self._tries, tries)
        if mentioned is None or self._mentioned is None or len(self._mentioned) > MENTIONED_MOST:
            self._mentioned = None
        else:
            self._mentioned |= mentioned

    def due(self) -> Wanted | None:
        """What to look at now, if anything; asked with every beat."""
        self._log()
        now = self._now()
        if self._before is None and self.has_filters and now - self._looked_at >= WITH_FILTERS_APART:
            self._looked_at = now
            return Wanted(None, self._sent())
        if self._before is None or now - self._since < SETTLE or now - self._looked_at < self._apart:
            return None
        wanted = Wanted(None if self._mentioned is None else frozenset(self._mentioned), self._before, self._tries)
        self.forget()
        self._looked_at = now
        return wanted

    def looked(self, *, found: bool) -> None:
        """What the look has found: nothing time and again is no reason to look as often."""
        self._apart = APART if found else min(self._apart * 2, APART_MOST)

    def _log(self) -> None:
        """One line for what is many, as a caller decides how many there are."""
        if self._last is None or not self._unlogged or self._now() - self._logged_at < LOGGED_APART:
            return
        log.error(
            "ami.message_refused",
            pbx=self._pbx,
            reason=self._last.reason,
            text=self._last.text[:MAX_LOGGED],
            refused=self._unlogged,
            hint="somebody writes line breaks into a number, or manager.conf makes messages other than they are read",
        )
        self._logged_at, self._unlogged = self._now(), 0
