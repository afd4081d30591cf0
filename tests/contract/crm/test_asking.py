"""Who is it? Within the budget, whatever the CRM does."""

import asyncio
import time
from collections.abc import Coroutine
from typing import TypeVar

import pytest
from structlog.testing import capture_logs
from tests.contract.crm.conftest import JAN, PHONE, House, turns
from tests.lab.crm import LIES, Mood

BUDGET = 0.15
PATIENT = 30.0
"""A budget that a busy machine does not use up."""
KNOWN_SECONDS, UNKNOWN_SECONDS = 300, 60


T = TypeVar("T")


async def within(seconds: float, asking: Coroutine[None, None, T]) -> T:
    """It must end no later than who sleeps for so long, and a moment, on the same loop: however busy the machine is."""
    asked = asyncio.create_task(asking)
    await asyncio.sleep(seconds + 0.05)
    await turns()
    assert asked.done()
    return asked.result()


async def test_a_known_customer_is_told_with_their_operator(house: House) -> None:
    reference = house.side.knows("Jan Kowalski", "12", phone=PHONE)

    found = await house.desk.look_up(JAN, PATIENT)

    assert found is not None
    assert (found.reference, found.name, found.responsible) == (reference, "Jan Kowalski", "anna")


@pytest.mark.parametrize("mood", LIES)
async def test_whatever_the_crm_does_nobody_waits_longer_than_the_budget(house: House, mood: Mood) -> None:
    house.side.server.mood = mood

    assert await within(BUDGET, house.desk.look_up(JAN, BUDGET)) is None


async def test_the_budget_is_the_settings_where_nobody_says_another(house: House) -> None:
    house.side.server.mood = Mood.HANGS

    assert await within(house.side.settings.budget, house.desk.look_up(JAN)) is None


async def test_an_answer_that_comes_too_late_is_there_the_next_time(house: House) -> None:
    house.side.knows("Jan", "12", phone=PHONE)
    assert await house.desk.look_up(JAN, 0.000_001) is None
    await house.side.server.until(lambda: house.side.server.requests == 1)

    async with asyncio.timeout(2):
        while await house.desk.look_up(JAN, 1.0) is None:
            pass

    assert house.side.server.requests == 1


async def test_who_was_asked_for_a_moment_ago_is_not_asked_for_again(house: House) -> None:
    house.side.knows("Jan", "12", phone=PHONE)
    await house.desk.look_up(JAN, PATIENT)
    await house.desk.look_up(JAN, PATIENT)
    await house.desk.look_up([("phone", "+48600700999")], PATIENT)
    await house.desk.look_up([("phone", "+48600700999")], PATIENT)

    assert house.side.server.requests == 2


async def test_answers_do_not_hold_for_ever(house: House) -> None:
    assert await house.desk.look_up(JAN, PATIENT) is None
    house.side.knows("Jan", "12", phone=PHONE)
    house.side.clock.ahead += UNKNOWN_SECONDS + 1
    assert await house.desk.look_up(JAN, PATIENT) is not None
    house.side.clock.ahead += KNOWN_SECONDS - 2
    await house.desk.look_up(JAN, PATIENT)
    assert house.side.server.requests == 2
    house.side.clock.ahead += 3
    await house.desk.look_up(JAN, PATIENT)
    assert house.side.server.requests == 3


async def test_two_who_ask_for_the_same_share_one_question(house: House) -> None:
    house.side.knows("Jan", "12", phone=PHONE)

    found = await asyncio.gather(*(house.desk.look_up(JAN, PATIENT) for _ in range(10)))

    assert all(each is not None for each in found)
    assert house.side.server.requests == 1


async def test_a_crm_that_hangs_is_soon_waited_for_by_nobody(house: House) -> None:
    house.side.server.mood = Mood.HANGS
    for number in range(5):
        await house.desk.look_up([("phone", f"+4860070080{number}")], 0.01)
    begun = time.monotonic()

    for number in range(100):
        assert await house.desk.look_up([("phone", f"+486007009{number:02}")], 5.0) is None

    assert time.monotonic() - begun < 5
    assert house.side.server.requests <= 5


async def test_who_stops_waiting_by_themselves_has_found_it_late_too(house: House) -> None:
    house.side.server.mood = Mood.HANGS
    for number in range(5):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await house.desk.look_up([("phone", f"+4860070080{number}")], PATIENT)

    assert await house.desk.look_up(JAN, PATIENT) is None


async def test_a_crm_that_is_well_again_is_asked_again(house: House) -> None:
    house.side.server.mood = Mood.FAILS
    for number in range(6):
        await house.desk.look_up([("phone", f"+4860070080{number}")], PATIENT)
    house.side.server.mood = Mood.WELL
    house.side.knows("Jan", "12", phone=PHONE)
    assert await house.desk.look_up(JAN, PATIENT) is None

    house.side.clock.ahead += 10

    assert await house.desk.look_up(JAN, PATIENT) is not None


async def test_a_user_whom_nobody_here_is_is_nobody_and_told_of_once(house: House) -> None:
    house.side.knows("Jan", "4711", phone=PHONE)
    house.side.knows("Ola", "4711", phone="+48600700801")

    with capture_logs() as logs:
        first = await house.desk.look_up(JAN, PATIENT)
        second = await house.desk.look_up([("phone", "+48600700801")], PATIENT)

    assert first is not None
    assert second is not None
    assert first.responsible is second.responsible is None
    assert [each["event"] for each in logs].count("crm.unknown_user") == 1


async def test_without_a_budget_or_anything_to_ask_by_nobody_is_asked(house: House) -> None:
    assert await house.desk.look_up(JAN, 0) is None
    assert await house.desk.look_up([]) is None
    assert await house.desk.look_up([("handle", "telegram:jan")]) is None

    assert house.side.server.requests == 0
