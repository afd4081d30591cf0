"""Who waits for long is still reached by every order, and by the fallback once the daemon is dead."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from tests.lab.ami import Ami
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller
from tests.live.configuration import NUMBER, configuration, group
from tests.live.conftest import OpenPhone, StartDaemon
from tests.live.exchanges import PHONES

pytestmark = pytest.mark.live

LOOKS = "WaitForCondition"
"""The application that a caller is in who has waited for a while; an older Asterisk lacks it."""
LOOKS_EVERY = 5.0
ALIVE_SECONDS = 6.0


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["22", "16", "older"])
async def pbx(request: pytest.FixtureRequest) -> AsyncIterator[Pbx]:
    """The two versions, and one from before there was a condition to wait for."""
    version, lacks = ("16", ["app_waitforcond"]) if request.param == "older" else (request.param, [])
    async with Pbx(PHONES, version=version, without_modules=lacks) as pbx:
        yield pbx


async def settled(ami: Ami) -> None:
    """Await that the one caller is beyond the steps of their first turn; *ami* was there when they called."""
    await ami.first(lambda event: f"TryExec({LOOKS}(" in event.get("AppData", ""))
    if "not registered" in await ami.command(f"core show application {LOOKS}"):
        await ami.event("Newexten", Context="huntgroup-hold", Application="Wait")


async def test_who_waits_long_is_rung_for_at_once(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    await daemon(configuration(group("sales", "anna")))

    async with pbx.ami("dialplan") as ami:
        call = await caller.dials(NUMBER)
        await settled(ami)
    anna = (await phone("anna-desk")).answers()
    await call.answered()

    await call.hears(anna)


async def test_who_waits_long_and_gives_up_leaves_nothing_behind(pbx: Pbx, caller: Caller, daemon: StartDaemon) -> None:
    running = await daemon(configuration(group("sales", "anna")))

    async with pbx.ami("dialplan") as ami:
        call = await caller.dials(NUMBER)
        await settled(ami)
    await call.hangs_up()

    await running.logs("inquiry.abandoned")
    await pbx.idle()


async def test_who_waits_long_is_served_by_the_list_when_the_daemon_dies(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = await phone("anna-desk")
    running = await daemon(configuration(group("sales", "anna")))
    talking = await caller.dials(NUMBER)
    (await anna.ringing()).answer()
    await talking.answered()

    async with pbx.ami("dialplan") as ami:
        call = await caller.dials(NUMBER)
        await settled(ami)
    running.kill()
    anna.answers()
    await talking.hangs_up()

    await call.answered(within=ALIVE_SECONDS + LOOKS_EVERY)
    await call.hears(anna)


async def test_who_waits_long_is_known_to_the_next_daemon(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    running = await daemon(configuration(group("sales", "anna")))

    async with pbx.ami("dialplan") as ami:
        call = await caller.dials(NUMBER)
        await settled(ami)
    running.kill()
    await running.start()
    await running.logs("daemon.recovered", detail="1 open: 1 waiting, 0 active, 0 in wrap-up, 0 closed")
    anna = (await phone("anna-desk")).answers()

    await call.answered()
    await call.hears(anna)
