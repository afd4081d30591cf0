"""What the PBX tells the daemon's AMI user of one call, as steps."""

import asyncio
from collections.abc import Mapping

from huntgroup.adapters.ami.genuine import SHAPES, is_genuine, reported
from huntgroup.adapters.ami.wire import Message
from huntgroup.doctor.findings import Finding, fine, note


class Watch:
    """``take`` gets every event; what concerns the call of ``caller`` becomes a step. ``owners``: whose a phone is."""

    def __init__(self, caller: str, owners: Mapping[str, str]) -> None:
        self.steps: asyncio.Queue[Finding] = asyncio.Queue()
        self.is_told = False
        """The PBX has told of the call."""
        self.has_rung = False
        self.is_taken = asyncio.Event()
        """An operator has answered."""
        self._caller = caller
        self._owners = owners
        self._uniqueid = ""

    def take(self, message: Message) -> None:
        """One event of any call. Another caller's may say anything: only what Asterisk itself writes counts."""
        if message.event not in SHAPES or not is_genuine(message):
            return
        if message.event == "UserEvent":
            self._announced(message)
        elif self._uniqueid and self._uniqueid in (message.uniqueid, message.destlinkedid):
            self._dial(message)

    def _announced(self, message: Message) -> None:
        is_ours = message.userevent == "HuntgroupWaiting" and message.calleridnum == self._caller
        if is_ours and not self.is_told:
            self.is_told, self._uniqueid = True, message.uniqueid
            self.steps.put_nowait(
                fine("call.told", f"the PBX tells the daemon of a caller for {reported(message, 'number')}")
            )

    def _dial(self, message: Message) -> None:
        who = self._who(message.destchannel)
        match message.event, message.dialstatus:
            case "DialBegin", _:
                step = fine("call.dialled", f"the PBX dials {who}")
            case "DialState", "RINGING":
                self.has_rung = True
                step = fine("call.rings", f"{who} rings")
            case "DialEnd", "ANSWER":
                self.is_taken.set()
                step = fine("call.taken", f"{who} answers")
            case "DialEnd", how:
                step = note("call.dialled", f"{who} rings no more: {how}")
            case _:
                return
        self.steps.put_nowait(step)

    def _who(self, channel: str) -> str:
        phone = channel.rpartition("-")[0]
        return f"{phone} ({self._owners[phone]})" if phone in self._owners else phone
