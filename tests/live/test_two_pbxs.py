"""One daemon, two Asterisk servers, operators on either; calls ring across the trunk between them."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from tests.live.configuration import NUMBER, RING_SECONDS, group
from tests.live.two_pbxs import House, house

pytestmark = pytest.mark.live
TOLERANCE = 0.15


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=[("22", "22"), ("22", "16"), ("16", "22")])
async def offices(request: pytest.FixtureRequest) -> AsyncIterator[House]:
    """Two of the newest, and the newest with the oldest."""
    async with house(*request.param) as both:
        yield both


@pytest.fixture
async def both(offices: House) -> AsyncIterator[House]:
    """With nobody there."""
    yield offices
    await offices.clear()


async def test_a_caller_at_the_head_office_rings_in_the_branch_and_talks_to_who_answers(both: House) -> None:
    bea = (await both.phone("bea-desk")).answers(after=0.1)
    running = await both.daemon(group("sales", "bea"))

    call = await both.caller(both.main).dials(NUMBER, name="Jan Kowalski", number="+48600700800")
    await call.answered()
    rung = await bea.talking()
    await call.hears(bea)
    await bea.hears(call)
    await call.hangs_up()
    await bea.ended()

    assert rung.caller_number == "+48600700800"
    closed = await running.logs("inquiry.closed")
    assert (closed["operator"], closed["detail"]) == ("bea", "answered")
    facts = [line["event"] for line in running.log() if line["event"].startswith("inquiry.")]
    assert facts == [
        "inquiry.received",
        "inquiry.decided",
        "inquiry.offered",
        "inquiry.ringing",
        "inquiry.accepted",
        "inquiry.closed",
    ] or facts[-2:] == ["inquiry.accepted", "inquiry.closed"]


async def test_the_rings_in_the_branch_count_from_its_phones_own_ringing_and_the_next_rings_without_a_gap(
    both: House,
) -> None:
    bea = (await both.phone("bea-desk")).rings_after(0.3)
    anna = (await both.phone("anna-desk")).answers(after=0.1)
    running = await both.daemon(group("sales", "bea", "anna"))

    call = await both.caller(both.main).dials(NUMBER)
    missed = await bea.cancelled()
    await call.answered()
    taken = await anna.talking()

    assert missed.cancel_received - missed.ringing_sent == pytest.approx(2 * RING_SECONDS, abs=TOLERANCE)
    assert taken.invite_received - missed.cancel_received < TOLERANCE
    assert "elsewhere" not in missed.cancel_reason.lower()
    assert (await running.logs("inquiry.missed"))["operator"] == "bea"


async def test_everybody_in_both_offices_rings_at_once_and_the_branch_sees_no_missed_call(both: House) -> None:
    bea, bob = await both.phone("bea-desk"), await both.phone("bob")
    anna = (await both.phone("anna-desk")).answers(after=0.3)
    running = await both.daemon(group("sales", "bea", "anna", "bob", distribution='"all_at_once"'))

    call = await both.caller(both.main).dials(NUMBER)
    await call.answered()
    await anna.talking()

    for loser in (bea, bob):
        assert "elsewhere" in (await loser.cancelled()).cancel_reason.lower()
    assert (await running.logs("inquiry.accepted"))["operator"] == "anna"
    assert "inquiry.missed" not in [line["event"] for line in running.log()]
