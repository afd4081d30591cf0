"""A flood of messages that cannot be understood is counted, and a few of them are reported."""

import asyncio
from typing import Any

import pytest
import structlog
from tests.unit.adapters.mqtt.conftest import House, at
from tests.unit.engine.scenario import group, policy

from huntgroup.adapters.mqtt import rejections as module
from huntgroup.adapters.mqtt.rejections import Rejections
from huntgroup.adapters.mqtt.topics import Address, Kind

SUBMIT = Address(Kind.SUBMIT)


class Hand:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


async def test_a_flood_of_junk_is_reported_in_samples_with_a_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WRITER_BURST", 3)
    house = House(policy(group("sales", "anna")))
    found: list[Any] = []
    for _ in range(1_000):
        found += await house.gets("inquiries/submit", b"")
    assert 3 <= len(at("rejected", found)) < 50
    assert len(house.acknowledged) == 1_000


async def test_the_next_report_says_how_many_were_not_reported() -> None:
    hand = Hand()
    rejections = Rejections(hand)
    reported = [rejections.report(SUBMIT, "t") for _ in range(module.WRITER_BURST + 40)]
    assert reported == [0] * module.WRITER_BURST + [None] * 40
    hand.at += 1.0
    assert rejections.report(SUBMIT, "t") == 40
    assert rejections.count == module.WRITER_BURST + 41


async def test_another_accounts_mistake_is_reported_during_a_flood() -> None:
    rejections = Rejections(Hand())
    flood = [rejections.report(Address(Kind.OPERATOR, "ben"), "t") for _ in range(5_000)]
    assert flood[-1] is None
    assert rejections.report(Address(Kind.OPERATOR, "anna"), "t") is not None


async def test_invented_names_do_not_raise_the_limit_nor_take_memory() -> None:
    rejections = Rejections(Hand())
    flood = [rejections.report(Address(Kind.OPERATOR, f"x-{number}"), "t") for number in range(5_000)]
    assert sum(each is not None for each in flood) == module.ALL_BURST
    assert len(rejections._writers) == module.WRITERS_MOST


async def test_those_that_were_only_counted_are_logged_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SUMMARY_SECONDS", 0.0)
    rejections = Rejections(Hand())
    for _ in range(module.WRITER_BURST + 40):
        rejections.report(SUBMIT, "huntgroup/inquiries/submit")
    with structlog.testing.capture_logs() as logged:
        await asyncio.sleep(0.01)
    assert [(each["event"], each["count"]) for each in logged] == [("broker.messages_rejected", 40)]
