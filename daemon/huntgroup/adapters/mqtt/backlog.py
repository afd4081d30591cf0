"""Separates messages that may have waited at the broker from new ones.

A broker gives no time of publication. But it delivers what it kept for a session, and what is published after that, in
order (seen with Mosquitto 2.0.11, also over its restart). So the daemon publishes a mark to itself right after it has
subscribed: what arrives before the mark may have waited since the daemon was last linked.
"""

import secrets
from collections.abc import Callable

from huntgroup.adapters.mqtt.payloads import BacklogEnd

JITTER_SECONDS = 60.0
"""A wall clock that is behind the last instant by more than this is wrong, and nobody knows how long we were away."""


class Backlog:
    """How long a message has waited at most, over all links of this run."""

    def __init__(
        self, away: float, going: Callable[[], float], note: Callable[[float | None], None] = lambda _: None
    ) -> None:
        """``away``: seconds since the daemon was last linked, as of now; ``going``: a clock in seconds that nobody
        sets, and that goes on while the machine sleeps. ``note`` gets the seconds since the daemon was last linked
        whenever a link is lost, and None once all that waited has arrived."""
        self._going = going
        self._note = note
        self._heard_at = going()
        self._linked_until = self._heard_at - away
        self._is_linked = False
        self._mark: bytes | None = None
        """What was published, and did not arrive yet."""

    def begins(self, *, is_resumed: bool) -> bytes | None:
        """There is a link. What to publish as the mark; None: the session is a new one, for which nothing waited."""
        self.heard()
        self._is_linked = True
        self._mark = BacklogEnd(mark=secrets.token_hex(16)).encode() if is_resumed else None
        if self._mark is None:
            self.is_over()
        return self._mark

    def heard(self) -> None:
        """The broker is there now."""
        self._heard_at = self._going()

    def arrived(self, payload: bytes) -> None:
        """Something arrived where the mark is published. Nobody can guess a mark, so it is the daemon's own."""
        if self._mark is not None and secrets.compare_digest(payload, self._mark):
            self.is_over()

    def is_over(self) -> None:
        """All that waited has arrived."""
        self._mark = None
        self._note(None)

    def waited(self) -> float:
        """Seconds that a message which arrives now has waited at most while the daemon was away."""
        return 0.0 if self._mark is None else self._going() - self._linked_until

    def ends(self) -> None:
        """The link is gone. What did not arrive by it waits as long as before."""
        if self._is_linked and self._mark is None:
            self._linked_until = self._heard_at
        self._is_linked = False
        self._mark = None
        self._note(self._going() - self._linked_until)


def away_since(instant: float, now: float) -> float:
    """Seconds since a wall clock showed an instant; infinite when that cannot be known."""
    return max(0.0, now - instant) if now - instant > -JITTER_SECONDS else float("inf")
