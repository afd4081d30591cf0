"""What the telephones saw, held against one another and against what the daemon wrote down."""

import json
import sqlite3
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from huntgroup.adapters.store.reading import records_of
from huntgroup.story import as_data
from tests.endurance.people import Person, Story
from tests.lab.incoming import IncomingCall

CROSSED = 0.6
"""Seconds in which an answer that came too late must have been ended again by the exchange."""
TOGETHER = 1.5
"""Seconds between the two ends of one conversation."""
NOT_MISSED_YET = 1.9
"""Seconds after a kill in which the PBX cannot know yet that nobody listens: it misses a beat 0.5 to 1.5 s after the
kill, and keeps for the daemon only what ends later (huntgroup-served.conf)."""
EXPLAINED = 3
"""Of so many inquiries the command itself is asked."""

Facts = list[dict[str, Any]]


def legs_of(people: Sequence[Person]) -> Mapping[str, list[tuple[str, IncomingCall]]]:
    """By the caller's number, every call at a phone that was answered, with whose phone it was."""
    found: dict[str, list[tuple[str, IncomingCall]]] = defaultdict(list)
    for person in people:
        for call in person.calls:
            if call.timeline.first("ack_received") is not None:
                found[call.caller_number].append((person.user, call))
    return found


def ended_at(call: Any) -> float:
    """When a call was over."""
    return float(call.timeline.at("ended"))


def _clock(instant: float) -> str:
    """An instant of `time.monotonic` as the daemon's log tells it."""
    return datetime.fromtimestamp(instant + time.time() - time.monotonic(), UTC).strftime("%H:%M:%S.%f")


def crossed(leg: IncomingCall) -> bool:
    """Whether it was an answer too late: taken back by the exchange at once."""
    assert leg.ending is not None
    return leg.ending.how == "bye" and ended_at(leg) - leg.ok_sent < CROSSED


def conversation(story: Story, legs: Sequence[tuple[str, IncomingCall]]) -> tuple[str, IncomingCall] | None:
    """The phone that the caller talked to: the one whose end belongs to theirs."""
    assert story.call is not None
    end = ended_at(story.call)
    return min(legs, key=lambda each: abs(ended_at(each[1]) - end), default=None) if story.was_answered else None


def wrong_at_the_phones(story: Story, legs: Sequence[tuple[str, IncomingCall]]) -> Iterator[str]:
    """What of one call was not as it should be, by what the phones on both sides saw."""
    if story.trouble:
        yield story.trouble
    if story.is_lost or story.call is None:
        return
    if story.call.ending is None or any(leg.ending is None for _, leg in legs):
        yield "is not over"
        return
    spoken = conversation(story, legs)
    for who, leg in legs:
        if spoken is not None and leg is spoken[1]:
            continue
        if not crossed(leg):
            yield f"was answered by {who} too, at {_clock(leg.ok_sent)}, to {_clock(ended_at(leg))}. {leg.in_words()}"
    if spoken is not None:
        yield from _wrong_at_the_end(story, *spoken)


def _wrong_at_the_end(story: Story, who: str, leg: IncomingCall) -> Iterator[str]:
    assert story.call is not None
    assert story.call.ending is not None
    assert leg.ending is not None
    if crossed(leg) and story.call.ending.how == "bye_sent":
        return  # too late: they were sent on, and hung up while somebody else was rung
    hows = {story.call.ending.how, leg.ending.how}
    if "bye_sent" not in hows:
        yield f"lost {who} though neither hung up: {hows}"
    if abs(ended_at(story.call) - ended_at(leg)) > TOGETHER:
        yield f"and {who} did not part together. {leg.in_words()}"


class Kept:
    """What the store has when all is over."""

    def __init__(self, path: Path, deaths: Sequence[float] = ()) -> None:
        self.path = path
        self._deaths = deaths
        self.unheard = 0
        """Calls that ended when the daemon was gone and the PBX could not know it yet."""
        self.of_number: dict[str, list[str]] = defaultdict(list)
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            rows = database.execute("SELECT inquiry, more FROM record WHERE type = 'inquiry.received'").fetchall()
            self.open = [row[0] for row in database.execute("SELECT id FROM state WHERE kind = 'inquiry'")]
            self.operators: list[dict[str, Any]] = [
                json.loads(row[0]) for row in database.execute("SELECT body FROM state WHERE kind = 'operator'")
            ]
            self.events = database.execute("SELECT coalesce(max(sequence), 0) FROM journal").fetchone()[0]
        for inquiry, more in rows:
            self.of_number[json.loads(more)["customer"]["phone"]].append(inquiry)

    def facts(self, inquiry: str) -> Facts:
        """As `huntgroup explain --json` tells them."""
        return [as_data(each) for each in records_of(self.path, inquiry)]

    def wrong_in_general(self) -> Iterator[str]:
        """Nothing is left over when everybody is gone."""
        yield from (f"{name} is still open in the store" for name in self.open)
        for operator in self.operators:
            name = operator["policy"]["id"]
            busy = [key for key in ("offers", "active", "wrapups") if operator[key]]
            busy += [f"{phone} {state}" for phone, state in operator["phones"].items() if state != "NOT_INUSE"]
            busy += [key for key in ("load", "pending", "by_source") if any(operator[key].values())]
            if busy:
                yield f"{name} still has {busy}"

    def wrong_in_the_record(self, story: Story, legs: Sequence[tuple[str, IncomingCall]]) -> Iterator[str]:
        """What was written down of one call, against what its phones saw."""
        inquiries = self.of_number.get(story.number, [])
        if len(set(inquiries)) != 1 or len(inquiries) != 1:
            if inquiries or not (story.is_lost or self._was_unheard(story)):
                yield f"is in the record {len(inquiries)} times: {inquiries}"
            return
        facts = self.facts(inquiries[0])
        closed = [each for each in facts if each["type"] == "inquiry.closed"]
        if len(closed) != 1:
            yield f"{inquiries[0]} was closed {len(closed)} times"
        elif not story.is_lost:
            yield from self._wrong_outcome(story, legs, facts, closed[0])

    def _was_unheard(self, story: Story) -> bool:
        assert story.call is not None
        is_so = any(0 < ended_at(story.call) - death < NOT_MISSED_YET for death in self._deaths)
        self.unheard += is_so
        return is_so

    def _wrong_outcome(
        self, story: Story, legs: Sequence[tuple[str, IncomingCall]], facts: Facts, closed: Mapping[str, Any]
    ) -> Iterator[str]:
        spoken = conversation(story, legs)
        late = [each.get("operator") for each in facts if each["type"] == "inquiry.late_answer"]
        if spoken is not None and crossed(spoken[1]) and spoken[0] in late:
            return  # answered in the instant in which the next one was rung: they were sent on, whatever became of it
        by = [each.get("operator") for each in facts if each["type"] in {"inquiry.accepted", "inquiry.transferred"}]
        if spoken is not None and closed["detail"] == "abandoned" and not by and self._was_unheard(story):
            return
        if spoken is None and legs:
            return  # the answer and the caller's giving up crossed: both tellings are true
        if spoken is None and closed["detail"] != "abandoned":
            yield f"gave up, and is on record as {closed['detail']} by {by}"
        if spoken is not None and (closed["detail"] != "answered" or by[-1:] != [spoken[0]]):
            yield f"talked to {spoken[0]}, and is on record as {closed['detail']} by {by}: {facts}"


def told_twice(lines: Sequence[bytes]) -> Iterator[str]:
    """What the daemon said more than once of one inquiry, over all its lives."""
    said: Counter[tuple[str, str, Any, Any]] = Counter()
    for line in lines:
        if line.startswith(b'{"') and line.endswith(b"}") and b'"inquiry.' in line:  # on a full disk lines break off
            data = json.loads(line)
            if data["event"] in {"inquiry.received", "inquiry.accepted", "inquiry.offered", "inquiry.closed"}:
                said[data["event"], data["inquiry"], data.get("attempt"), data.get("operator")] += 1
    yield from (
        f"{event} of {inquiry} was told {count} times" for (event, inquiry, *_), count in said.items() if count > 1
    )


def command(config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """One of the daemon's other commands, as anybody would give it."""
    argv = [sys.executable, "-m", "huntgroup", *words, "--config", str(config)]
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=600)
