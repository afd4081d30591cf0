"""Whatever an administrator has Asterisk add to its events or leave out, a caller is served and their call ends."""

from typing import Any

import pytest
from tests.lab.daemon import Daemon
from tests.lab.doctor import examine
from tests.lab.pbx import Pbx
from tests.live.configuration import NUMBER, configuration, group
from tests.live.exchanges import PHONES

pytestmark = pytest.mark.live

PLAIN = configuration(group("sales", "anna", wrapup='"0s"'))
OPTIONS: dict[str, dict[str, Any]] = {
    "one channel variable": {"manager_options": "channelvars=HUNTGROUP_NUMBER"},
    "two channel variables": {"manager_options": "channelvars=HUNTGROUP_NUMBER,HUNTGROUP_ORDER"},
    "five with a caller's words": {
        "manager_options": "channelvars=HUNTGROUP_NUMBER,CALLERID(num),CALLERID(name),CHANNEL(state),NOT_THERE"
    },
    "timestamps": {"manager_options": "timestampevents=yes"},
    "debug": {"manager_options": "debug=on"},
    "all that is added": {
        "manager_options": "timestampevents=yes\ndebug=on\nchannelvars=HUNTGROUP_NUMBER,CALLERID(num)",
        "asterisk_options": "systemname = pbx-a",
    },
    "a system name": {"asterisk_options": "systemname = pbx-a"},
    "no connections shown": {"manager_options": "displayconnects=no\nbrokeneventsaction=yes"},
    "no event filter": {"ami_options": "eventfilter="},
    "an event filter of before": {"ami_options": "eventfilter=![[:cntrl:]]{4}."},
    "other names and limits": {
        "asterisk_options": "hideconnect = yes\nlight_background = yes\nhide_messaging_ami_events = yes\nmaxload = 50"
    },
}


@pytest.mark.parametrize("version", ["22", "16"])
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
async def test_a_call_is_served_under_every_option_of_the_manager(options: dict[str, Any], version: str) -> None:
    async with Pbx(PHONES, version=version, **options) as pbx, pbx.caller() as caller:
        anna = await pbx.phone("anna-desk").registers()
        running = Daemon(pbx, PLAIN)
        try:
            await running.start()
            exam = await examine(running)
            call = await caller.dials(NUMBER, name='"Zażółć", x')
            rung = await anna.ringing()
            rung.answer()
            await call.answered()
            await call.hears(anna)
            await call.hangs_up()
            closed = await running.logs("inquiry.closed")
        finally:
            await running.close()
            await anna.close()

    assert closed["detail"] == "answered"
    assert [line for line in running.log() if line["event"].startswith("ami.message_")] == []
    assert exam.of("pbx.heard")["outcome"] == "ok", exam.of("pbx.heard")


async def test_the_doctor_finds_an_event_that_the_pbx_does_not_send() -> None:
    async with Pbx(PHONES, manager_options="disabledevents=Hangup") as pbx:
        idle = Daemon(pbx, PLAIN)
        found = (await examine(idle)).failed("pbx.heard")
        await idle.close()

    assert found["said"] == "an event that was caused was not sent: Hangup"
