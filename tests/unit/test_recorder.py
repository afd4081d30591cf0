"""What the shell handled as rows, and what of it may not leave before the disk has it."""

import pytest

from huntgroup.codec import INQUIRY, OPERATOR, event_from
from huntgroup.engine.engine import Engine
from huntgroup.engine.events import (
    Customer,
    CustomerLeft,
    Event,
    InquiryReceived,
    PbxFound,
    PhoneState,
    PhoneStateChanged,
    PolicyChanged,
    TimePassed,
)
from huntgroup.engine.ids import InquiryId, OperatorId, RequestId, SourceId
from huntgroup.engine.policy import Channel, Presence
from huntgroup.engine.requested import PresenceRequested
from huntgroup.recorder import batch_of
from huntgroup.shell import Group, Handled
from tests.unit.engine.scenario import PBX, group, phone, policy

PLAN = policy(group("sales", "anna"))
NOBODY = Customer()
CALL = InquiryReceived(inquiry=InquiryId("c1"), channel=Channel.CALL, source=SourceId("sales"), customer=NOBODY)
CHAT = InquiryReceived(inquiry=InquiryId("t1"), channel=Channel.CHAT, source=SourceId("sales-chat"), customer=NOBODY)
FREE = PhoneStateChanged(phone=phone("anna"), state=PhoneState.NOT_INUSE)
PAUSE = PresenceRequested(request=RequestId("r1"), operator=OperatorId("anna"), presence=Presence.PAUSED)


def handled(*events: Event) -> tuple[Engine, Group]:
    engine, done = Engine(PLAN), Group()
    for number, event in enumerate(events, 1):
        done.handled.append(Handled(number, 5.0, event, engine.handle(event, 5.0), None))
        done.changed.add(engine.world.changed)
    return engine, done


def test_a_group_has_its_events_what_they_changed_and_what_was_told_of_them() -> None:
    engine, done = handled(PbxFound(pbx=PBX), FREE, CALL)
    batch = batch_of(done, engine.world)

    assert [event_from(entry.type, entry.body) for entry in batch.entries] == [PbxFound(pbx=PBX), FREE, CALL]
    assert {(OPERATOR, "anna"), (INQUIRY, "c1")} < set(batch.state)
    assert [(event, record.type) for event, record in batch.records][:2] == [(3, "inquiry.received"), (3, "decision")]


def test_what_came_and_went_within_one_group_is_over() -> None:
    engine, done = handled(CALL, CustomerLeft(inquiry=CALL.inquiry))

    assert batch_of(done, engine.world).state[INQUIRY, "c1"] is None


@pytest.mark.parametrize("event", [CALL, FREE, CustomerLeft(inquiry=InquiryId("c1")), TimePassed()])
def test_what_the_pbx_remembers_anyway_need_not_wait_for_the_disk(event: Event) -> None:
    engine, done = handled(event)

    assert not batch_of(done, engine.world).waits_for_disk


@pytest.mark.parametrize("event", [CHAT, PAUSE, PolicyChanged(policy=PLAN)])
def test_what_nobody_else_remembers_waits_for_the_disk_and_so_does_what_is_written_with_it(event: Event) -> None:
    engine, done = handled(CALL, event)

    assert batch_of(done, engine.world).waits_for_disk


def test_what_somebody_wants_to_know_safe_waits_for_the_disk() -> None:
    engine, done = handled(CustomerLeft(inquiry=InquiryId("c1")))
    (first,) = done.handled
    done.handled[:] = [Handled(first.sequence, first.at, first.event, first.effects, lambda: None)]

    assert batch_of(done, engine.world).waits_for_disk
