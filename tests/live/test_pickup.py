"""An operator takes the call that rings at a colleague, by our codes and by every way that the PBX has of its own."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from tests.lab.daemon import Daemon
from tests.lab.incoming import IncomingCall
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller
from tests.live.configuration import NUMBER, configuration, group
from tests.live.conftest import PHONES, OpenPhone, StartDaemon

pytestmark = pytest.mark.live

OWN_CODES = """
[lab-numbers]
exten => _**X!,1,Pickup(${EXTEN:2}@PICKUPMARK)
exten => *97,1,Hangup(17)
exten => *119,1,Hangup(17)
"""
"""What an administrator may have of their own behind ours."""


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["22", "16"])
async def pbx(request: pytest.FixtureRequest) -> AsyncIterator[Pbx]:
    """The newest Asterisk that is supported, and the oldest; everyone may pick up by the PBX's own *8."""
    options = "call_group=1\npickup_group=1"
    async with Pbx(PHONES, version=request.param, dialplan=OWN_CODES, endpoint_options=options) as pbx:
        yield pbx


def completed_elsewhere(call: IncomingCall) -> bool:
    """Whether the phone that stopped was told that nobody missed anything."""
    return 'cause=200;text="Call completed elsewhere"' in call.cancel_reason


async def is_credited(running: Daemon, taker: str, robbed: str) -> None:
    """The taker has it, the colleague has not missed it, and so it stays until the end."""
    picked_up = await running.logs("inquiry.picked_up")
    assert (picked_up["operator"], picked_up["detail"]) == (taker, f"from {robbed}")
    assert (await running.logs("inquiry.accepted"))["operator"] == taker
    await running.logs("inquiry.closed", operator=taker, detail="answered")
    assert "inquiry.missed" not in [line["event"] for line in running.log()]


@pytest.mark.parametrize("code", ["*11", "*11101"])
async def test_a_code_takes_a_colleagues_call(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon, pbx: Pbx, code: str
) -> None:
    anna, ben = await phone("anna-desk"), await phone("ben")
    running = await daemon(configuration(group("sales", "anna", "ben", rings="100")))

    call = await caller.dials(NUMBER)
    await anna.ringing()
    picking = await ben.dials(code)
    await call.answered()
    await call.hears(picking)
    await picking.hears(call)
    await call.hangs_up()

    assert completed_elsewhere(await anna.cancelled())
    await is_credited(running, taker="ben", robbed="anna")
    await pbx.idle()


async def test_x(phone: OpenPhone, caller: Caller, daemon: StartDaemon, pbx: Pbx) -> None:
    ben = await phone("ben")
    running = await daemon(configuration(group("sales", "anna", "ben", rings="100")))
    for code in ("*45", "*45", "*46", "*46", "*45102", "*45101", "*11", "*97", "*119", "*12","777"):
        call = await ben.dials(code)
        print(code, await call.ended(), call.hears_audio(), call.timeline.first("answered"))
    print([x for x in running.log() if x["event"].startswith(("code","oper", "pbx"))])
    print([l for l in pbx.log_text().splitlines() if "Playing" in l or "WARN" in l])
    assert 0
