"""A real call to one of the numbers, told step by step: what the caller hears, and what the PBX tells the daemon.

The second is heard by the daemon's own AMI user, so a call that rings while nothing is heard shows what keeps the
events away: a privilege, a filter, a trunk that leads elsewhere.
"""

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

from aiosipua import SipResponse

from huntgroup.adapters.clock import Clock
from huntgroup.doctor import pbx
from huntgroup.doctor.exam import settings_of
from huntgroup.doctor.findings import Finding, Outcome, failed, fine
from huntgroup.doctor.session import Session
from huntgroup.doctor.sip import Call, Socket
from huntgroup.doctor.watch import Watch
from huntgroup.doctor.wish import SIP_PORT, Wish
from huntgroup.settings.models import Pbx

SILENT_AFTER = 8.0
"""Seconds without any answer: a PBX says 100 within milliseconds."""
TALK_SECONDS = 1.0
END_WITHIN = 5.0
NOT_TRUNKS = (
    "call from an address that is the trunk's (`--source`), or make this one a trunk's: pjsip.conf, `type=identify`, "
    "`endpoint=…`, `match={address}`"
)
REFUSALS = {
    401: ("the PBX takes us for a phone and wants a password", NOT_TRUNKS),
    403: ("the PBX lets this address call nobody", NOT_TRUNKS),
    404: (
        "nobody serves the number: it does not come to huntgroup-inbound, or is in no [[numbers]]",
        '`context=huntgroup-inbound` for the trunk\'s endpoint, and `number = "{number}"` in [[numbers]]',
    ),
    480: ("nobody answered", "`huntgroup explain` tells who was not chosen and why"),
    486: ("the group is busy", "its `on_full` or `on_closed` says so"),
    488: ("the PBX and this caller have no codec in common", "`allow=ulaw` for the trunk's endpoint"),
    503: (
        "the daemon is away, and never told the PBX whom to ring for this number",
        "`systemctl start huntgroup`; `huntgroup doctor` says what keeps it away",
    ),
}
"""What a status means here, and what mends it."""


async def place(path: Path, wish: Wish) -> AsyncIterator[Finding]:
    """The steps, each as it happens, and what it came to."""
    settings, findings = settings_of(path)
    for finding in findings:
        if finding.outcome is not Outcome.OK:
            yield finding
    if settings is None:
        return
    one = called(settings.pbx, wish)
    caller = wish.caller or f"doctor-{secrets.token_hex(3)}"
    watch = Watch(caller, {phone: each.name for each in settings.operators for phone in each.phones})
    async with AsyncExitStack() as stack:
        session = Session(one, watch.take)
        stack.push_async_exit(session.__aexit__)
        login = await pbx.reach(session)
        if login.outcome is Outcome.OK:
            login = await pbx.login(session)
        if login.outcome is not Outcome.OK:
            yield login
        attempt = Attempt(wish, wish.to or (one.host, SIP_PORT), watch, is_watching=login.outcome is Outcome.OK)
        async for finding in attempt.steps(caller):
            yield finding


def called(pbxs: Sequence[Pbx], wish: Wish) -> Pbx:
    """The PBX that is called, and so the one to be heard beside it; the first, unless the wish names another's host."""
    return next((each for each in pbxs if wish.to is not None and each.host == wish.to[0]), pbxs[0])


class Attempt:
    """The call itself, beside what the PBX tells of it. Not ``is_watching``: the caller's ear has to do."""

    def __init__(self, wish: Wish, server: tuple[str, int], watch: Watch, *, is_watching: bool) -> None:
        self._wish = wish
        self._server = server
        self._watch = watch
        self._is_watching = is_watching
        self._is_heard = asyncio.Event()
        self._last = 0
        """The status that was heard last."""

    async def steps(self, caller: str) -> AsyncIterator[Finding]:
        """Call, tell, hang up."""
        clock = Clock()
        media = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            transport = await self._open()
            media.bind((transport.local_addr[0], 0))  # nobody listens to what comes there
        except OSError as error:
            media.close()
            where = f"--to {self._server[0]}:{self._server[1]}, --source"
            yield failed("call.sent", f"no call can be placed from here: {error}", where, "name addresses that exist")
            return
        address, port = transport.local_addr
        call = Call(transport, self._server, self._heard)
        begun = clock.now()
        try:
            call.dial(self._wish.number, caller, media)
            yield fine("call.sent", f"+0.000 s  {caller} calls {self._wish.number} from {address}:{port}")
            async for step in self._until_over(asyncio.ensure_future(self._live(call))):
                yield replace(step, said=f"+{clock.now() - begun:.3f} s  {step.said}")
            yield self._result(address)
        finally:
            await call.close()
            await transport.stop()
            media.close()

    async def _open(self) -> Socket:
        host, port = self._wish.source
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(*self._server, family=socket.AF_INET, type=socket.SOCK_DGRAM)
        self._server = (str(found[0][4][0]), int(found[0][4][1]))
        if not host:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                probe.connect(self._server)
                host = probe.getsockname()[0]
        transport = Socket(local_addr=(host, port))
        await transport.start()
        return transport

    def _heard(self, response: SipResponse) -> None:
        self._last = response.status_code
        said = f"the caller hears {response.status_code} {response.reason_phrase}"
        self._watch.steps.put_nowait(fine("call.heard", said))
        self._is_heard.set()
        if not self._is_watching:
            self._watch.has_rung = self._watch.has_rung or self._last == 180
            if 200 <= self._last < 300:
                self._watch.is_taken.set()

    async def _live(self, call: Call) -> None:
        """Last as long as is wished, or until somebody has talked for a moment; then hang up."""
        over, heard = asyncio.ensure_future(call.ended.wait()), asyncio.ensure_future(self._is_heard.wait())
        taken = asyncio.ensure_future(self._watch.is_taken.wait())
        try:
            await asyncio.wait({heard}, timeout=SILENT_AFTER)
            if not heard.done():
                return
            await asyncio.wait({over, taken}, timeout=self._wish.seconds, return_when=asyncio.FIRST_COMPLETED)
            if taken.done():
                await asyncio.wait({over}, timeout=TALK_SECONDS)
            call.hang_up()
            await asyncio.wait({over}, timeout=END_WITHIN)
        finally:
            for each in (over, heard, taken):
                each.cancel()

    async def _until_over(self, life: "asyncio.Task[None]") -> AsyncIterator[Finding]:
        steps = self._watch.steps
        while not (life.done() and steps.empty()):
            step = asyncio.ensure_future(steps.get())
            await asyncio.wait([step, life], return_when=asyncio.FIRST_COMPLETED)
            if step.done():
                yield step.result()
            else:
                step.cancel()
        life.result()

    def _result(self, address: str) -> Finding:
        """What it came to."""
        watch = self._watch
        if watch.is_taken.is_set():
            return fine("call.result", "the call was taken: everything from the trunk to the phone works")
        if watch.has_rung:
            return fine(
                "call.result", "a phone rang: everything from the trunk to the phone works; nobody took the call"
            )
        if self._last in REFUSALS:
            said, mend = REFUSALS[self._last]
            return failed("call.result", said, "the PBX", mend.format(number=self._wish.number, address=address))
        return self._silence()

    def _silence(self) -> Finding:
        if not self._is_heard.is_set():
            at = f"{self._server[0]}:{self._server[1]}"
            mend = (
                "`--to HOST:PORT` must be where the PBX takes calls over UDP, and no firewall stand between: "
                '`asterisk -rx "pjsip set logger on"` shows what arrives there'
            )
            return failed("call.result", f"nothing at all came back from {at}", "--to", mend)
        if self._is_watching and not self._watch.is_told:
            mend = (
                "`context=huntgroup-inbound` for the trunk's endpoint; and see what `huntgroup doctor` says of `read`"
            )
            said = "the PBX took the call, and told the daemon nothing of it"
            return failed("call.result", said, "the trunk's endpoint; manager.conf", mend)
        mend = "the daemon's log (`journalctl -u huntgroup`) says who was not chosen and why"
        return failed("call.result", f"no phone rang within {self._wish.seconds:g} s", "the daemon", mend)
