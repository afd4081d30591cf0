"""What is to be published: state folded by topic, the rest in order and bounded."""

import asyncio

import pytest

from huntgroup.adapters.mqtt import outbox as module
from huntgroup.adapters.mqtt.outbox import Outbox


def linked() -> Outbox:
    box = Outbox()
    box.linked()
    return box


def taken(box: Outbox) -> list[tuple[str, bytes]]:
    found = []
    while (letter := box.take()) is not None:
        found.append((letter.topic, letter.build()))
    return found


def test_of_a_state_only_the_newest_is_published_in_its_first_place() -> None:
    box = linked()
    box.keep("a", lambda: b"1")
    box.send("e", lambda: b"x")
    box.keep("a", lambda: b"2")
    assert taken(box) == [("a", b"2"), ("e", b"x")]


def test_what_is_cleared_is_cleared_after_its_last_word() -> None:
    box = linked()
    box.keep("a", lambda: b"1")
    box.send("a", lambda: b"closed")
    box.clear("a")
    assert taken(box) == [("a", b"closed"), ("a", b"")]


def test_a_new_link_is_told_all_state_and_then_what_could_not_be_delivered() -> None:
    box = linked()
    box.keep("a", lambda: b"1")
    box.send("e", lambda: b"x")
    under_way = [letter for letter in (box.take(), box.take()) if letter is not None]
    box.unlinked(under_way)
    box.keep("b", lambda: b"2")
    box.send("e", lambda: b"y")
    box.linked()
    assert taken(box) == [("a", b"1"), ("b", b"2"), ("e", b"x"), ("e", b"y")]


def test_what_passes_is_bounded_and_the_newest_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PASSING_MOST", 3)
    box = Outbox()
    for number in range(5):
        box.send("e", str(number).encode)
    box.linked()
    assert [payload for _, payload in taken(box)] == [b"2", b"3", b"4"]


async def test_while_it_is_crowded_nothing_more_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CROWDED", 2)
    box = linked()
    box.send("e", bytes)
    await box.room()
    box.send("e", bytes)
    assert not box._has_room.is_set()
    box.take()
    await box.room()


def test_what_passes_is_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PASSING_BYTES", 10 * module.LETTER_BYTES)
    box = Outbox()
    for number in range(20):
        box.send("e", str(number).encode, size=4 * module.LETTER_BYTES)
    box.linked()
    assert [payload for _, payload in taken(box)] == [b"18", b"19"]


async def test_whoever_waits_for_room_goes_on_when_no_acknowledgement_can_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CROWDED", 2)
    box = linked()
    for _ in range(3):
        box.send("e", bytes)
    waiting = asyncio.ensure_future(box.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    box.room_for_one()
    await asyncio.wait_for(waiting, 10)
