"""Replaying the journal: the same decisions come of the same events, and where they do not, it is shown where."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from huntgroup.adapters.store import upkeep
from huntgroup.adapters.store.opening import connect
from huntgroup.codec import event_from
from huntgroup.engine import strategies
from huntgroup.engine.effects import Effect
from huntgroup.engine.engine import Engine
from huntgroup.engine.events import Event
from huntgroup.engine.policy import Distribution
from huntgroup.errors import StoreError
from huntgroup.replay import replay
from huntgroup.retelling import as_it_stood, outcome
from tests.simulation.kept import KeptChaos, same
from tests.unit.adapters.store.conftest import ask, spoil


@pytest.fixture
def day(tmp_path: Path) -> KeptChaos:
    """A day of everything, with restarts and snapshots in it."""
    with KeptChaos(6, tmp_path / "huntgroup.db") as day:
        for _ in range(4):
            day.goes_on(150)
            day.restarts()
            day.goes_on(50)
            day.takes_snapshot()
    return day


def test_every_decision_of_a_day_with_restarts_is_made_again(day: KeptChaos) -> None:
    done = replay(day.path)

    assert done.difference is None
    assert done.events == day.sequence
    assert same(done.engine, day.engine)
    assert list(outcome(done))[-1].endswith("every decision is as it was recorded.")


def test_another_rule_is_found_at_the_first_event_that_it_decides_otherwise(
    day: KeptChaos, monkeypatch: pytest.MonkeyPatch
) -> None:
    for distribution in Distribution:
        monkeypatch.setitem(strategies.STRATEGIES, distribution, lambda eligible, *_: [eligible[-1]])

    done = replay(day.path)

    assert done.difference is not None
    *_, at = done.difference.led_there
    assert at.sequence < day.sequence
    text = "\n".join(outcome(done))
    assert f"first difference is at event {at.sequence}" in text
    assert "Recorded then:" in text
    assert "Decided now:" in text


def test_a_record_that_is_missing_is_a_difference(day: KeptChaos) -> None:
    ((event,),) = ask(day.path, "SELECT event FROM record WHERE type = 'decision' LIMIT 1 OFFSET 9")
    spoil(day.path, "DELETE FROM record WHERE event = ? AND type = 'decision'", event)

    done = replay(day.path)

    assert done.difference is not None
    assert done.difference.led_there[-1].sequence == event


def test_a_moment_can_be_looked_at(day: KeptChaos) -> None:
    ((at,),) = ask(day.path, "SELECT at FROM journal WHERE sequence = ?", day.sequence // 2)
    instants = [row[0] for row in ask(day.path, "SELECT max(at) OVER (ORDER BY sequence) FROM journal")]

    done = replay(day.path, until=at)

    assert done.difference is None
    assert 0 < done.events < day.sequence
    assert instants[0] <= done.last_at <= at
    told = "\n".join(as_it_stood(done.engine.world))
    assert all(operator in told for operator in done.engine.world.operators)
    assert all(inquiry in told for inquiry in done.engine.world.inquiries)


def test_events_that_are_missing_are_passed_over_and_counted(day: KeptChaos) -> None:
    spoil(day.path, "DELETE FROM journal WHERE sequence BETWEEN 30 AND 40")
    spoil(day.path, "INSERT INTO gap VALUES (30, 40, 'not_written')")

    done = replay(day.path)

    assert done.difference is None
    assert done.skipped > 0
    assert same(done.engine, day.engine)
    assert "could not be compared" in list(outcome(done))[-1]


def test_a_store_in_which_nothing_was_recorded_says_so(tmp_path: Path) -> None:
    from huntgroup.adapters.store.opening import open_store  # noqa: PLC0415

    open_store(tmp_path / "huntgroup.db")

    with pytest.raises(StoreError, match="nothing was recorded"):
        replay(tmp_path / "huntgroup.db")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 1.1])
def test_whatever_has_become_too_old_what_is_left_can_be_replayed(day: KeptChaos, share: float) -> None:
    spoil(day.path, "DELETE FROM snapshot WHERE sequence NOT IN (SELECT min(sequence) FROM snapshot)")
    begin, end = ask(day.path, "SELECT min(at), max(at) FROM journal")[0]
    with closing(connect(day.path)) as database:
        while upkeep.tidy(database, begin + share * (end - begin)):
            continue

    done = replay(day.path)

    assert done.difference is None
    assert done.events == day.sequence


def test_what_was_erased_from_the_record_is_no_difference(day: KeptChaos) -> None:
    spoil(day.path, "UPDATE record SET more = '{\"erased\": true}' WHERE type = 'inquiry.received'")

    assert replay(day.path).difference is None


# -- a journal that an earlier version wrote ------------------------------------------------------------------------


def without(value: Any, name: str) -> Any:
    """A row's body as a version wrote it that did not know this field."""
    if isinstance(value, dict):
        return {key: without(each, name) for key, each in value.items() if key != name}
    return [without(each, name) for each in value] if isinstance(value, list) else value


def written_before(path: Path, kind: str, name: str) -> int:
    """All snapshots as if this field were new; in how many rows it was."""
    question = "SELECT snapshot, id, body FROM snapshot_state WHERE kind = ?"
    count = 0
    for snapshot, row, body in ask(path, question, kind):
        before = json.dumps(without(json.loads(body), name))
        count += json.dumps(json.loads(body)) != before
        statement = "UPDATE snapshot_state SET body = ? WHERE snapshot = ? AND kind = ? AND id = ?"
        spoil(path, statement, before, snapshot, kind, row)
    return count


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("inquiry", "was_let_in"),
        ("inquiry", "queued"),
        ("inquiry", "taken_at"),
        ("operator", "last_offer"),
        ("operator", "missed_in_row"),
        ("counters", "pbxs_late"),
        ("coming", "count"),
    ],
)
def test_field_that_an_earlier_version_did_not_keep_is_no_difference(day: KeptChaos, kind: str, name: str) -> None:
    assert written_before(day.path, kind, name)
    first = ask(day.path, "SELECT min(sequence) FROM snapshot")[0][0]
    spoil(day.path, "DELETE FROM snapshot WHERE sequence NOT IN (?, ?)", first, day.sequence)

    done = replay(day.path)

    assert done.difference is None
    assert (done.events, done.differing) == (day.sequence, 0)
    assert "every decision is as it was recorded." in "\n".join(outcome(done))


def test_what_this_version_tells_in_addition_of_a_customer_is_no_difference(day: KeptChaos) -> None:
    told_before = "json_remove(more, '$.customer.phone')"
    spoil(day.path, f"UPDATE record SET more = {told_before} WHERE type = 'inquiry.received'")

    done = replay(day.path)

    assert done.difference is None
    assert done.fields["inquiry.received.customer.phone"] > 0
    assert "keeps more, by which nothing was decided otherwise: inquiry.received.customer.phone" in "\n".join(
        outcome(done)
    )


def test_verdict_on_an_operator_that_is_missing_is_a_difference(day: KeptChaos) -> None:
    ((event, more),) = ask(day.path, "SELECT event, more FROM record WHERE type = 'decision' LIMIT 1 OFFSET 5")
    verdicts = json.loads(more)["verdicts"]
    verdicts.popitem()
    question = "UPDATE record SET more = ? WHERE event = ? AND type = 'decision'"
    spoil(day.path, question, json.dumps({"verdicts": verdicts}), event)

    done = replay(day.path)

    assert done.difference is not None
    assert done.difference.led_there[-1].sequence == event


def test_field_that_both_versions_keep_and_that_differs_is_told_in_words(day: KeptChaos) -> None:
    snapshots = [row[0] for row in ask(day.path, "SELECT sequence FROM snapshot ORDER BY 1")]
    (row, body), *_ = ask(
        day.path, "SELECT id, body FROM snapshot_state WHERE kind = 'operator' AND snapshot = ?", snapshots[-1]
    )
    changed = json.dumps({**json.loads(body), "last_offer": 1_000_000})
    statement = "UPDATE snapshot_state SET body = ? WHERE kind = 'operator' AND snapshot = ? AND id = ?"
    spoil(day.path, statement, changed, snapshots[-1], row)

    done = replay(day.path)

    assert (done.events, done.differing) == (day.sequence, 1)
    assert f"operator {row}: last_offer was 1000000, and is " in "\n".join(outcome(done))


def test_replay_goes_on_behind_a_difference_and_counts(day: KeptChaos) -> None:
    snapshots = [row[0] for row in ask(day.path, "SELECT sequence FROM snapshot ORDER BY 1")]
    events = []
    for after in (snapshots[0], snapshots[2]):
        question = "SELECT event FROM record WHERE type = 'inquiry.accepted' AND event > ? ORDER BY event LIMIT 1"
        events += [row[0] for row in ask(day.path, question, after)]
    for event in events:
        spoil(day.path, "UPDATE record SET operator = 'nobody-at-all' WHERE event = ?", event)

    done = replay(day.path)

    assert done.events == day.sequence
    assert [each.led_there[-1].sequence for each in done.differences] == events
    assert done.differing == 2
    told = list(outcome(done))
    assert f"The first difference is at event {events[0]}" in told[0]
    assert any("nobody-at-all takes it" in line for line in told)
    assert any(line.startswith(f"  event {events[1]}, ") for line in told)
    assert "2 of them differ" in "\n".join(told)


def test_version_that_fails_at_an_event_shows_it_and_goes_on(day: KeptChaos, monkeypatch: pytest.MonkeyPatch) -> None:
    ((event,),) = ask(day.path, "SELECT sequence FROM journal WHERE type = 'PhoneRang' LIMIT 1 OFFSET 2")
    handled = Engine.handle

    def fails(engine: Engine, happened: Event, now: float) -> list[Effect]:
        if happened == event_from(*ask(day.path, "SELECT type, body FROM journal WHERE sequence = ?", event)[0]):
            raise KeyError("no such line")
        return handled(engine, happened, now)

    monkeypatch.setattr(Engine, "handle", fails)

    done = replay(day.path)

    assert done.difference is not None
    assert done.events + done.skipped == day.sequence
    assert "this version fails at it: KeyError" in "\n".join(outcome(done))


def test_events_are_shown_without_control_characters_and_short(day: KeptChaos) -> None:
    ((event, body),) = ask(day.path, "SELECT sequence, body FROM journal WHERE type = 'InquiryReceived' LIMIT 1")
    said = json.loads(body)
    said["customer"]["name"] = "\x1b[2J" + "x" * 1000
    spoil(day.path, "UPDATE journal SET body = ? WHERE sequence = ?", json.dumps(said), event)

    told = list(outcome(replay(day.path)))

    assert any(f"  {event}  " in line for line in told)
    assert all(line.isprintable() and len(line) < 300 for line in told)
