"""What earlier versions wrote down is read for what it meant then."""

import json

from huntgroup.codec import COUNTERS, INQUIRY, LAST_OFFERED, event_from, memory_from, rows_of
from huntgroup.engine.engine import Engine
from huntgroup.engine.events import InquiryReceived
from huntgroup.engine.restoring import memory_of
from tests.unit.engine.scenario import PBX, Story, group, policy


def test_a_memory_from_when_there_was_one_pbx_is_that_pbxs() -> None:
    story = Story(policy(group("sales", "anna")))
    story.calls("c1")
    story.calls("c2")
    story.chats("t1")
    now = rows_of(memory_of(story.engine.world))
    then = []
    for kind, name, body in now:
        text = body or ""
        if kind == COUNTERS:
            kept = {key: value for key, value in json.loads(text).items() if not key.startswith("pbxs")}
            text = json.dumps(kept | {"pbx_is_up": True})
        elif kind == INQUIRY:
            text = json.dumps({key: value for key, value in json.loads(text).items() if key != "pbx"})
        then.append((kind, name, text))

    memory = memory_from(then)

    assert memory is not None
    assert {each.id: each.pbx for each in memory.inquiries} == {"c1": PBX, "c2": PBX, "t1": None}
    again = Engine(memory.policy, memory)
    assert again.world.pbxs.is_up(PBX)
    assert sorted(rows_of(memory_of(again.world))) == sorted(now)
    assert LAST_OFFERED in {kind for kind, *_ in then}


def test_a_call_in_a_journal_from_when_there_was_one_pbx_came_in_there() -> None:
    body = '{"inquiry":"c1","channel":"call","source":"sales","customer":{"name":"","phone":"1"}}'
    event = event_from("InquiryReceived", body)
    assert isinstance(event, InquiryReceived)
    story = Story(policy(group("sales", "anna")))

    story.happens(event)

    assert story.engine.world.pbx_of(story.engine.world.inquiries[event.inquiry]) == PBX
