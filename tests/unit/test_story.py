"""The story of an inquiry, as a person would tell it."""

import time
from collections.abc import Iterator

import pytest

from huntgroup.adapters.store.records import Record, record_of
from huntgroup.engine.effects import Decision, Effect, Fact, FactType, Reason
from huntgroup.engine.events import (
    ConversationFound,
    Customer,
    CustomerReached,
    InquiryReceived,
    MessageLeft,
    Recording,
    Refusal,
)
from huntgroup.engine.ids import AttemptNo, InquiryId, OperatorId, SourceId
from huntgroup.engine.policy import CallBack, Channel, ToVoicemail
from huntgroup.story import WHY_NOT, WORDS, Names, summary, told
from tests.unit.engine.scenario import RING, Story, entrance, group, phone, policy

NAMES = Names({"anna": "Anna Nowak", "ben": "Ben Okafor"}, {"sales": "Sales"})


def records(effects: list[Effect]) -> list[Record]:
    found = [record_of(each) for each in effects if isinstance(each, Fact | Decision)]
    return [record for record in found if record is not None]


def test_a_missed_and_then_answered_call_is_told_from_its_arrival_to_its_end() -> None:
    story = Story(policy(group("sales", "anna", "ben")))
    story.calls("c1")
    story.rings("c1", "anna")
    story.later(2 * RING)
    story.rings("c1", "ben")
    story.answers("c1", "ben")
    story.later(60)
    story.hangs_up("c1")

    lines = [line.split("s  ", 1)[1] for line in told(records(story.history), NAMES)]

    assert lines == [
        "Jan (+48600700800) comes in by sales, for Sales",
        "chosen: Anna Nowak",
        "  not Ben Okafor, who could have had it, but was not first [behind_in_line]",
        "Anna Nowak is offered it",
        "Anna Nowak's phone rings",
        "Anna Nowak misses it",
        "chosen: Ben Okafor",
        "  not Anna Nowak, who had missed it in this round [missed_this_round]",
        "Ben Okafor is offered it",
        "Ben Okafor's phone rings",
        "Ben Okafor takes it",
        "it ends, answered by Ben Okafor",
    ]


def test_how_an_operator_came_to_a_call_that_nobody_offered_is_told() -> None:
    story = Story(policy(group("sales", "anna")))
    customer = Customer(name="Jan", phone="+48600700800")
    story.happens(
        ConversationFound(
            inquiry=InquiryId("c1"),
            phone=phone("anna"),
            source=SourceId("sales"),
            customer=customer,
            came_at=story.now - 30,
        )
    )

    lines = list(told(records(story.history), NAMES))

    assert [line.split("  ", 1)[1] for line in lines] == [
        "+  0.000 s  Jan (+48600700800) comes in by sales, for Sales",
        "+ 30.000 s  Anna Nowak takes it (served by the PBX itself)",
    ]


@pytest.fixture
def in_warsaw(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The machine's clocks show Warsaw's time."""
    monkeypatch.setenv("TZ", "Europe/Warsaw")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("in_warsaw")
def test_times_are_local_with_their_date() -> None:
    story = Story(policy(group("sales", "anna")), at=1_795_282_117.5)
    story.calls("c1")
    story.later(2.25)
    story.refuses("c1", "anna", Refusal.DECLINED)

    lines = list(told(records(story.history), NAMES))

    assert lines[0].startswith("2026-11-21 18:28:37.500+01:00  +  0.000 s  ")
    assert any(line.startswith("2026-11-21 18:28:39.750+01:00  +  2.250 s  Anna Nowak declines it") for line in lines)


def test_why_a_caller_waited_is_told() -> None:
    story = Story(policy(group("sales", "anna")))
    story.calls("c1")
    story.answers("c1", "anna")
    story.calls("c2")

    lines = list(told([each for each in records(story.history) if each.inquiry == "c2"], NAMES))

    assert lines[1].endswith("nobody could have it, so it waits")
    assert lines[2].endswith("  not Anna Nowak, who was on a call [busy]")


def test_a_message_is_told_with_its_recording() -> None:
    story = Story(policy(group("sales", "anna", max_waiting=0, on_full=ToVoicemail(mailbox="sales"))))
    story.calls("c1")
    story.happens(
        MessageLeft(
            inquiry=InquiryId("c1"),
            message=InquiryId("m1"),
            source=SourceId("sales"),
            customer=Customer(name="Jan"),
            recording=Recording(file="/spool/msg0000", seconds=12.0, mailbox="sales"),
        )
    )

    lines = [line.split("s  ", 1)[1] for line in told(records(story.history), NAMES)]

    assert lines == [
        "Jan (+48600700800) comes in by sales, for Sales",
        "the line is full: 0 wait already",
        "it goes on to mailbox sales",
        "the customer leaves a message, m1",
        "it ends in voicemail",
        "Jan comes in by voicemail, for Sales, and said 12 s: /spool/msg0000",
        "chosen: Anna Nowak",
        "Anna Nowak takes it (assigned)",
    ]


def test_a_callback_is_told_with_both_its_ends() -> None:
    story = Story(policy(group("sales", "anna", max_waiting=0, on_full=CallBack())))
    story.calls("c1")
    story.hangs_up("c1")
    story.answers("c1", "anna")
    story.happens(CustomerReached(inquiry=InquiryId("c1"), attempt=AttemptNo(2)))
    story.hangs_up("c1")

    lines = [line.split("s  ", 1)[1] for line in told(records(story.history), NAMES)]

    assert "the customer will be called back" in lines
    assert lines[-3:] == [
        "Anna Nowak takes it",
        "the customer answers, and talks to Anna Nowak",
        "it ends, answered by Anna Nowak",
    ]


def test_there_are_words_for_every_reason_and_every_fact_of_an_inquiry() -> None:
    about_none = {FactType.PRESENCE_CHANGED, FactType.PAUSE_WITHHELD, FactType.NOBODY_LEFT, FactType.RECOVERED}
    elsewhere = {FactType.RECEIVED, FactType.CLOSED, FactType.HANDED_OFF, *about_none}

    assert set(WHY_NOT) == set(Reason) - {Reason.CHOSEN}
    assert set(WORDS) == set(FactType) - elsewhere


def test_a_customers_name_is_shown_and_never_an_instruction_to_the_terminal() -> None:
    story = Story(policy(group("sales", "anna")))
    story.happens(
        InquiryReceived(
            inquiry=InquiryId("c1"),
            channel=Channel.CHAT,
            source=SourceId("sales-chat"),
            customer=Customer(name="Żółć\n\x1b[31m\u202e\x9b2J客服", phone=""),
        )
    )

    first, *_ = told(records(story.history), NAMES)

    assert first.endswith("s  Żółć��[31m��2J客服 comes in by sales-chat, for Sales")


def test_that_the_responsible_came_first_is_told_and_why_they_did_not() -> None:
    number = entrance("sales", "sales", responsible_first=True)
    story = Story(policy(group("sales", "anna", "cleo"), entrances=[number]))
    customer = Customer(name="Jan", phone="+48600700800", id="customer-17")
    for inquiry in ("c1", "c2"):
        event = InquiryReceived(
            inquiry=InquiryId(inquiry),
            channel=Channel.CALL,
            source=SourceId("sales"),
            customer=customer,
            responsible=OperatorId("cleo"),
        )
        story.happens(event)
    lines = [line.split("s  ", 1)[1] for line in told(records(story.history), Names({"cleo": "Cleo Martin"}))]
    assert lines[0] == "Jan (+48600700800), known as customer-17, comes in by sales, for sales"
    assert lines[1] == "first comes Cleo Martin, who is responsible for this customer"
    reason = "not Cleo Martin, who is responsible for this customer, but was being rung for another call [ringing]"
    assert reason in lines


@pytest.mark.usefixtures("in_warsaw")
def test_one_line_sums_an_inquiry_up() -> None:
    story = Story(policy(group("sales", "anna")), at=1_795_282_117.5)
    story.calls("c1")
    so_far = records(story.history)
    story.answers("c1", "anna")
    story.hangs_up("c1")

    assert summary(so_far, NAMES) == "2026-11-21 18:28:37+01:00  c1  Jan (+48600700800), for Sales, still open"
    assert summary(records(story.history), NAMES).endswith("for Sales, it ends, answered by Anna Nowak")
