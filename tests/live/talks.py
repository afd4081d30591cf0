"""Callers who talk to somebody, for the tests of what becomes of them then."""

import asyncio
import subprocess
import sys

from tests.endurance.hour.verdict import command, wrong_in_the_record
from tests.lab.daemon import Daemon
from tests.lab.incoming import IncomingCall
from tests.lab.outgoing import OutgoingCall
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller, Phone
from tests.live.configuration import NUMBER, configuration, group
from tests.live.conftest import StartDaemon

SUPPORT = "+48221234568"
SALES_AND_SUPPORT = {NUMBER: "sales", SUPPORT: "support"}
MORE = """
[globals]
HUNTGROUP_FEATURES=tk
[lab-phones](+)
include => parkedcalls
exten => 600,1,ConfBridge(room)
exten => 603,1,Set(CONFBRIDGE(bridge,record_conference)=yes)
 same => n,ConfBridge(recorded)
exten => 601,1,Answer()
 same => n,Wait(60)
exten => 604,1,Dial(Local/+48221234567@lab-numbers)
exten => 602,1,Dial(PJSIP/ben,1)
 same => n,Dial(PJSIP/anna-desk,30)
"""
"""The PBX's transfer codes for operators, conferences, a voice menu, a colleague whom a caller comes back from soon."""

BY_LOCAL = "604"
"""Leads to the number of the lab by a Local channel, which Asterisk drops once both sides talk."""


async def conversation(
    anna: Phone, caller: Caller, daemon: StartDaemon, text: str | None = None, broker_url: str = ""
) -> tuple[Daemon, OutgoingCall, IncomingCall, str]:
    """A caller who talks to anna: the daemon, both sides of the call, and its inquiry."""
    running = await daemon(text or configuration(group("sales", "anna")), broker_url=broker_url)
    anna.answers()
    call = await caller.dials(NUMBER)
    await call.answered()
    hers = await anna.talking()
    accepted = await running.logs("inquiry.accepted", operator="anna")
    await call.hears(anna)
    return running, call, hers, accepted["inquiry"]


async def is_free_for_another(anna: Phone, pbx: Pbx) -> None:
    """The next caller rings her."""
    async with pbx.caller() as another:
        ringing = await another.dials(NUMBER)
        await ringing.answered()
        await ringing.hears(anna)
        await ringing.hangs_up()


async def hangs_up(call: OutgoingCall, running: Daemon, inquiry: str) -> tuple[str | None, str]:
    """The caller hangs up: to whose account the inquiry was closed, and as what."""
    await call.hangs_up()
    closed = await running.logs("inquiry.closed", inquiry=inquiry)
    assert ends(running, inquiry) == 1
    return closed["operator"], closed["detail"]


async def explained(running: Daemon, inquiry: str) -> str:
    """What `huntgroup explain` tells of it."""
    command = (sys.executable, "-m", "huntgroup", "explain", inquiry, "--config", str(running.config))
    explaining = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return (await explaining.communicate())[0].decode()


def ends(running: Daemon, inquiry: str) -> int:
    """How many ends of it were told of."""
    return sum(line["event"] == "inquiry.closed" and line["inquiry"] == inquiry for line in running.log())


async def is_as_recorded(running: Daemon) -> None:
    """Each has one beginning and one end, and the journal makes the same decisions again."""
    await running.stop()
    assert list(wrong_in_the_record(running.store)) == []
    status, out, error = await command(running.config, "replay")
    assert status == 0, out + error
