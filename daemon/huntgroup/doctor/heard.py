"""Whether real events of this PBX can be read: one is caused, and read as the daemon reads it.

Options of manager.conf, asterisk.conf and stasis.conf change which events are sent and what stands in them. A short
call from the PBX to itself, which rings nobody, makes a UserEvent and two Hangups as any call does.
"""

import asyncio
from collections.abc import AsyncIterator

from huntgroup.adapters.ami.wire import Message, Refused
from huntgroup.doctor.findings import Finding, failed, fine
from huntgroup.doctor.session import Session

CONTEXT = "huntgroup-heard"
EVENT = "HuntgroupHeard"
WITHIN = 3.0
"""Seconds until all of it has come; on a PBX at rest it takes some milliseconds."""
CALL = {
    "Channel": f"Local/s@{CONTEXT}/n",
    "Application": "Wait",
    "Data": "1",
    "Async": "true",
}
WANTED = frozenset({"UserEvent", "Hangup"})
MEND = (
    "in manager.conf: no `disabledevents`, `read = system,call,user`, the `eventfilter` of config/manager.conf; in "
    'stasis.conf no `decline`; then `asterisk -rx "core reload"`'
)


async def look(session: Session) -> AsyncIterator[Finding]:
    """Cause the events and wait for them."""
    if "Originate" not in await session.ask("ListCommands"):
        return  # who may place no call cannot try it, and is not to be given the right for this alone
    if await session.value(f"DIALPLAN_EXISTS({CONTEXT},s,1)") != "1":
        return  # which the look at the dialplan tells
    listening = _Listening()
    session.on_heard = listening.take
    await session.ask("Originate", **CALL)
    try:
        async with asyncio.timeout(WITHIN):
            await listening.over.wait()
    except TimeoutError:
        missing = ", ".join(sorted(WANTED - listening.heard))
        yield failed("pbx.heard", f"an event that was caused was not sent: {missing}", "manager.conf", MEND)
        return
    finally:
        session.on_heard = None
    if listening.refused is None:
        yield fine("pbx.heard", "the PBX's events are sent, and can be read")
    else:
        said = f"an event of the PBX's cannot be read, {listening.refused.reason}: no caller would be served"
        yield failed("pbx.heard", said, "manager.conf: [general]", "report it, with this file's [general]")


class _Listening:
    """What was caused, as it comes."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self.heard: set[str] = set()
        self.refused: Refused | None = None

    def take(self, said: Message | Refused) -> None:
        """A message of anybody's."""
        if isinstance(said, Refused):
            if CONTEXT in said.text:
                self.refused = said
                self.over.set()
        elif f"@{CONTEXT}-" in said.channel and (said.event != "UserEvent" or said.userevent == EVENT):
            self.heard.add(said.event)
            if self.heard >= WANTED:
                self.over.set()
