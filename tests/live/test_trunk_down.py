"""Two Asterisk servers, and the trunk between them is down: Dial says nothing of a leg that it cannot even ask for."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from tests.lab.addresses import inside_address
from tests.lab.pbx import Pbx
from tests.live.configuration import NUMBER, group
from tests.live.two_pbxs import BRANCH_PHONES, MAIN_PHONES, House

pytestmark = pytest.mark.live

EVERYBODY = group("sales", "anna", "bea", distribution='"all_at_once"', rings="100")


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["22", "16"])
async def offices(request: pytest.FixtureRequest) -> AsyncIterator[House]:
    """The head office's trunk leads to where nobody is."""
    nowhere, there = inside_address(), inside_address()
    async with (
        Pbx(MAIN_PHONES, version=request.param, offices={"to-branch": (nowhere, 5060)}) as main,
        Pbx(BRANCH_PHONES, version=request.param, address=there) as branch,
    ):
        yield House(main, branch)


@pytest.fixture
async def both(offices: House) -> AsyncIterator[House]:
    """With nobody there."""
    await offices.main.reaches("to-branch", in_vain=True)
    yield offices
    await offices.clear()


async def test_who_is_behind_it_is_unreachable_while_the_others_still_ring(both: House) -> None:
    anna = await both.phone("anna-desk")
    await both.phone("bea-desk")
    running = await both.daemon(EVERYBODY, trunks=("branch",))

    call = await both.caller(both.main).dials(NUMBER)
    failed = await running.logs("inquiry.offer_failed", operator="bea")
    await anna.ringing()
    anna.answers()
    await call.answered()

    assert failed["detail"] == "unreachable"
    assert (await running.logs("inquiry.accepted"))["operator"] == "anna"


async def test_so_is_who_frees_up_behind_it_and_the_next_one_may_join_all_the_same(both: House) -> None:
    anna, bea, ben = await both.phone("anna-desk"), await both.phone("bea-desk"), await both.phone("ben")
    bob, abel = (await both.phone("bob")).answers(), (await both.phone("main/shared")).answers()
    everybody = group("sales", "anna", "bea", "ben", distribution='"all_at_once"', rings="100")
    running = await both.daemon(everybody, trunks=("branch",))
    in_branch, in_main = await bea.dials("202"), await ben.dials("109")
    await bob.talking()
    await abel.talking()
    await running.knows_of("branch:PJSIP/bea-desk", "INUSE")
    await running.knows_of("PJSIP/ben", "INUSE")

    call = await both.caller(both.main).dials(NUMBER)
    await anna.ringing()
    await in_branch.hangs_up()
    failed = await running.logs("inquiry.offer_failed", operator="bea")
    await in_main.hangs_up()
    await ben.ringing()
    ben.answers()
    await call.answered()

    assert failed["detail"] == "unreachable"
    assert (await running.logs("inquiry.accepted"))["operator"] == "ben"
