"""A real call to one of the numbers, told step by step: what the caller hears of it, and what the PBX tells the daemon.

The second is heard by the daemon's own AMI user, so a call that rings while nothing is heard shows what keeps the events
away: a privilege, a filter, a trunk that leads elsewhere.
"""

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

from huntgroup.adapters.ami.wire import Message
from huntgroup.adapters.clock import Clock
from huntgroup.doctor import pbx
from huntgroup.doctor.exam import settings_of
from huntgroup.doctor.findings import Finding, Outcome, failed, fine, note
from huntgroup.doctor.session import Session
from huntgroup.doctor.sip import Call, Socket
from huntgroup.settings import Settings

SILENT_AFTER = 8.0
"""Seconds without any answer: a PBX says 100 within milliseconds."""
TALK_SECONDS = 1.0
END_WITHIN = 5.0
LOOK = '`asterisk -rx "pjsip set logger on"` shows what arrives there'
REFUSALS = {
    401: ("the PBX takes us for a phone, and wants a password", "call from an address that is the trunk's: {identify}"),
    403: ("the PBX lets this address call nobody", "call from an address that is the trunk's: {identify}"),
    404: (
        "nobody serves the number: it does not come to `huntgroup-inbound`, or is in no [[numbers]]",
        "`context=huntgroup-inbound` for the trunk's endpoint, and `number = \"{number}\"` in [[numbers]]",
    ),
    480: ("nobody answered", "the `on_unanswered` of the group says so"),
    486: ("the group is busy", "its `on_full` or `on_closed` says so"),
    488: ("the PBX and this caller have no codec in common", "`allow=ulaw` for the trunk's endpoint"),
    503: (
        "the daemon is away, and never told the PBX whom to ring for this number",
        "`systemctl start huntgroup`; `huntgroup doctor` says what keeps it away",
    ),
}
IDENTIFY = "pjsip.conf, `type=identify`, `match={address}`"


class Wish(NamedTuple):
    """What call it is to be."""

    number: str
    to: tuple[str, int] | None
    """Where the PBX takes calls; None: at the host of [[pbx]], port 5060."""
    caller: str | None
    """The number that is shown; None: a word that nobody else is called by."""
    source: tuple[str, int]
    """Where to call from; no host: what the way there is; port 0: any."""
    seconds: float
    """How long it may ring."""


class Watch:
    """What the PBX tells of this one call."""

    def __init__(self, caller: str, owners: Mapping[str, str]) -> None:
        self.is_told = False
        self.has_rung = False
        self.is_taken = asyncio.Event()
        self.steps: asyncio.Queue[Finding] = asyncio.Queue()
        self._caller = caller
        self._owners = owners
        self._uniqueid: str | None = None

    def take(self, message: Message) -> None:
        """One event of any call."""
        if message.event == "UserEvent" and message.userevent == "HuntgroupWaiting":
            if message.calleridnum == self._caller and self._uniqueid is None:
                self._uniqueid, self.is_told = message.uniqueid, True
                self._tell(fine("call.announced", f"the PBX tells the daemon: a caller for {message.number}"))
        elif message.uniqueid == self._uniqueid or message.linkedid == self._uniqueid:
            self._dial(message)

    def _dial(self, message: Message) -> None:
        who = self._who(message.destchannel)
        if message.event == "DialBegin":
            self._tell(fine("call.dialled", f"the PBX dials {who}"))
        elif message.event == "DialState" and message.dialstatus == "RINGING":
            self.has_rung = True
            self._tell(fine("call.rung", f"{who} rings"))
        elif message.event == "DialEnd" and message.dialstatus == "ANSWER":
            self._tell(fine("call.taken", f"{who} answers"))
            self.is_taken.set()
        elif message.event == "DialEnd":
            self._tell(note("call.dialled", f"{who} is over: {message.dialstatus}"))

    def _who(self, channel: str) -> str:
        phone = channel.rpartition("-")[0]
        return f"{phone} ({self._owners[phone]})" if phone in self._owners else phone

    def _tell(self, finding: Finding) -> None:
        self.steps.put_nowait(finding)


async def place(path: Path, wish: Wish) -> AsyncIterator[Finding]:
    """The steps, each as it happens, and what it came to."""
    settings, findings = settings_of(path)
    for finding in findings:
        yield finding
    if settings is None:
        return
    one = settings.pbx[0]
    caller = wish.caller or f"doctor-{secrets.token_hex(3)}"
    watch = Watch(caller, {phone: each.name for each in settings.operators for phone in each.phones})
    session = Session(one, watch.take)
    async with AsyncExitStack() as stack:
        is_watching = False
        for step in (pbx.reach, pbx.login):
            finding = await step(session)
            is_watching = finding.outcome is Outcome.OK
            if not is_watching:
                yield finding
                break
            if step is pbx.reach:
                stack.push_async_exit(session.__aexit__)
        server = wish.to or (one.host, 5060)
        async for finding in _Attempt(wish, server, caller, watch, is_watching=is_watching).steps():
            yield finding


class _Attempt:
    """The call itself, beside what the PBX tells of it."""

    def __init__(
        self, wish: Wish, server: tuple[str, int], caller: str, watch: Watch, *, is_watching: bool
    ) -> None:
        self._wish = wish
        self._server = server
        self._caller = caller
        self._watch = watch
        self._is_watching = is_watching
        self._clock = Clock()
        self._status = 0
        self._final = 0
        self._answer = asyncio.Event()

    async def steps(self) -> AsyncIterator[Finding]:
        """Call, tell, hang up."""
        try:
            transport = await self._open()
        except OSError as error:
            where = f"--to {self._server[0]}:{self._server[1]}, --source"
            yield failed("call.sent", f"no way to call from here: {error}", where, "name addresses that exist")
            return
        media = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        media.bind((transport.local_addr[0], 0))  # what is heard there is not listened to
        call = Call(transport, self._server, self._heard)
        begun = self._clock.now()
        try:
            call.dial(self._wish.number, self._caller, media.getsockname()[1])
            ours = "{}:{}".format(*transport.local_addr)
            yield fine("call.sent", f"+0.000 s  {self._caller} calls {self._wish.number} from {ours}")
            life = asyncio.ensure_future(self._live(call))
            async for finding in self._told_until(life):
                yield Finding(
                    finding.check,
                    finding.outcome,
                    f"+{self._clock.now() - begun:.3f} s  {finding.said}",
                    finding.where,
                    finding.mend,
                )
            yield self._result(transport.local_addr[0])
        finally:
            await call.close()
            await transport.stop()
            media.close()

    async def _open(self) -> Socket:
        host, port = self._wish.source
        loop = asyncio.get_running_loop()
        server = await loop.getaddrinfo(*self._server, family=socket.AF_INET, type=socket.SOCK_DGRAM)
        self._server = server[0][4][0], server[0][4][1]  # type: ignore[assignment]
        if not host:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                probe.connect(self._server)
                host = probe.getsockname()[0]
        transport = Socket(local_addr=(host, port))
        await transport.start()
        return transport

    def _heard(self, response: object) -> None:
        status: int = response.status_code  # type: ignore[attr-defined]
        reason: str = response.reason_phrase  # type: ignore[attr-defined]
        self._status = status
        if status >= 300:
            self._final = status
        check = "call.answered" if 200 <= status < 300 else "call.progress"
        self._watch.steps.put_nowait(fine(check, f"the caller hears {status} {reason}"))
        self._answer.set()

    async def _live(self, call: Call) -> None:
        """Ring as long as is wished, talk for a moment, hang up."""
        if not await _within(self._answer, SILENT_AFTER):
            return
        over = asyncio.ensure_future(call.ended.wait())
        taken = asyncio.ensure_future(self._taken(call))
        await asyncio.wait({over, taken}, timeout=self._wish.seconds, return_when=asyncio.FIRST_COMPLETED)
        if taken.done():
            await asyncio.wait({over}, timeout=TALK_SECONDS)
        taken.cancel()
        call.hang_up()
        await asyncio.wait({over}, timeout=END_WITHIN)
        over.cancel()

    async def _taken(self, call: Call) -> None:
        """Until somebody talks. Where the PBX tells us nothing, its 200 is all that there is to go by."""
        await self._watch.is_taken.wait()

    async def _told_until(self, life: "asyncio.Future[None]") -> AsyncIterator[Finding]:
        steps = self._watch.steps
        while not (life.done() and steps.empty()):
            step = asyncio.ensure_future(steps.get())
            await asyncio.wait({step, life}, return_when=asyncio.FIRST_COMPLETED)
            if step.done():
                yield step.result()
            else:
                step.cancel()
        life.result()

    def _result(self, address: str) -> Finding:
        at = "{}:{}".format(*self._server)
        watch, identify = self._watch, IDENTIFY.format(address=address)
        if not self._status:
            mend = f"`--to HOST:PORT` must be where the PBX takes calls over UDP; no firewall may stand between; {LOOK}"
            return failed("call.result", f"nothing at all came back from {at}", "--to", mend)
        if not watch.has_rung and self._final in REFUSALS:
            said, mend = REFUSALS[self._final]
            return failed("call.result", said, "the PBX", mend.format(number=self._wish.number, identify=identify))
        if not watch.is_told and self._is_watching:
            mend = "give the trunk's endpoint `context=huntgroup-inbound`, and see what `huntgroup doctor` says of `read`"
            said = "the PBX took the call, but told the daemon nothing of it"
            return failed("call.result", said, "the trunk's context; manager.conf", mend)
        if watch.is_taken.is_set():
            return fine("call.result", "the call was taken: everything between the trunk and the phone works")
        if watch.has_rung:
            return fine("call.result", "a phone rang: everything up to the phone works; nobody took it")
        mend = "`huntgroup status` says who is there, the daemon's log (`journalctl -u huntgroup`) who was not chosen and why"
        return failed("call.result", f"no phone rang within {self._wish.seconds:g} s", "the daemon", mend)


async def _within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False


def owners_of(settings: Settings) -> dict[str, str]:
    """Phone to the name of whose it is."""
    return {phone: each.name for each in settings.operators for phone in each.phones}
