"""Where an answer goes, and what it says."""

from dataclasses import dataclass
from typing import Any

from huntgroup.adapters.mqtt.outbox import Outbox
from huntgroup.adapters.mqtt.payloads import AccountSubmitted, Done, ErrorOut, Payload, Refused, Rejected, Submitted
from huntgroup.adapters.mqtt.topics import Address, Topics, default_replies

SHOWN_MOST = 4_096
"""Characters of a message that could not be understood which are told on."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Whoever is to be answered: at ``topic``, None when they can be answered nowhere; with their own mark."""

    topic: str | None
    correlation: bytes | None = None


class Replies:
    """Answers to whoever wrote to the daemon."""

    def __init__(self, topics: Topics, outbox: Outbox) -> None:
        self._topics = topics
        self._outbox = outbox

    def writer(
        self, address: Address, inquiry: str | None, wanted: str | None, correlation: bytes | None
    ) -> tuple[Writer, bool]:
        """Who is answered where; False when they may not be answered where they want it. ``inquiry`` is the id in a
        submitted message, as far as it could be read."""
        default = default_replies(self._topics, address, inquiry)
        if wanted is None:
            return Writer(default, correlation), True
        if self._topics.may_answer_at(wanted, default, address):
            return Writer(wanted, correlation), True
        return Writer(default, correlation), False

    def done(self, writer: Writer, kind: str, inquiry: str | None) -> None:
        """A command was done."""
        self.say(writer, Done(type=kind, inquiry=inquiry))

    def submitted(self, writer: Writer, status: dict[str, Any]) -> None:
        """An inquiry is taken, now or earlier."""
        self.say(writer, Submitted(**status))

    def submitted_by_account(self, writer: Writer, status: dict[str, Any]) -> None:
        """An account's inquiry is taken, now or earlier."""
        self.say(writer, AccountSubmitted(**status))

    def refused(self, writer: Writer, code: str, message: str, at: str = "") -> None:
        """What was asked is not done, and why."""
        self.say(writer, Refused(error=ErrorOut(code=code, message=message, at=at)))

    def rejected(self, writer: Writer, topic: str, payload: bytes, error: ErrorOut, not_reported: int = 0) -> None:
        """What came could not be understood: so it is told to everyone who cares, and to who wrote it.

        ``not_reported``: how many were rejected since the last one that was published.
        """
        text = payload[: 4 * SHOWN_MOST].decode("utf-8", "replace")[:SHOWN_MOST]
        report = Rejected(
            topic=topic, payload=text, payload_bytes=len(payload), error=error, not_reported=not_reported or None
        )
        self._outbox.send(self._topics.rejected, report.encode, size=len(text))
        self.say(writer, Refused(error=error))

    def say(self, writer: Writer, answer: Payload) -> None:
        """Any answer."""
        if writer.topic is not None:
            self._outbox.send(writer.topic, answer.encode, writer.correlation)
