"""One call into the PBX, as from outside. Needs the extra `doctor`: the SIP is aiosipua's.

Its client is used for the dialog; what it leaves out is here: to repeat over UDP what was not answered, to acknowledge
a refusal (or Asterisk would repeat that for 32 s), and a CANCEL that an answer may cross.
"""

import asyncio
import contextlib
import itertools
import secrets
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from aiosipua import SipMessage, SipRequest, SipResponse, SipTransport, SipUAC, build_sdp
from aiosipua.dialog import Dialog, DialogState

REPEAT_AFTER = (0.5, 1.0, 2.0, 4.0)
"""Seconds of silence before something is sent again (RFC 3261, 17.1.1.2)."""
ULAW = 0
ULAW_SILENCE = b"\xff" * 160
FRAME_SECONDS = 0.02
Heard = Callable[[SipResponse], None]


@dataclass
class Socket(SipTransport, asyncio.DatagramProtocol):
    """Where we send from and hear answers. What cannot be read is passed over: anybody may send us something."""

    endpoint: asyncio.DatagramTransport | None = field(default=None, repr=False)

    async def start(self) -> None:
        """Bind. Raises OSError."""
        loop = asyncio.get_running_loop()
        endpoint, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=self.local_addr)
        self.endpoint = endpoint
        self.local_addr = endpoint.get_extra_info("sockname")[:2]

    async def stop(self) -> None:
        """Close it."""
        if self.endpoint is not None:
            self.endpoint.close()

    def send(self, message: SipRequest | SipResponse, addr: tuple[str, int]) -> None:
        """Send one."""
        if self.endpoint is not None:
            self.endpoint.sendto(bytes(message), addr)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Called by the loop."""
        with contextlib.suppress(ValueError):
            message = SipMessage.parse(data)
            if self.on_message is not None:
                self.on_message(message, addr)


class Call:
    """One call. ``heard`` gets every answer to the INVITE once; `ended` is set when nothing more can come."""

    def __init__(self, transport: Socket, server: tuple[str, int], heard: Heard) -> None:
        self.ended = asyncio.Event()
        self.is_answered = False
        self._is_cancelled = False
        self._transport = transport
        self._server = server
        self._heard = heard
        self._uac = SipUAC(transport)
        self._answered: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._statuses: set[int] = set()
        transport.on_message = self._received

    def dial(self, number: str, caller: str, media: socket.socket) -> None:
        """Send the INVITE; once it is answered, ``media`` carries silence."""
        host, port = self._server
        ours = self._transport.local_addr[0]
        self._media = media
        offer = build_sdp(ours, media.getsockname()[1], ULAW, "PCMU")
        self._call = self._uac.send_invite(
            f"sip:{caller}@{ours}", f"sip:{number}@{host}:{port}", self._server, offer, user_agent="huntgroup-doctor"
        )
        self._repeat(self._call.invite)

    def hang_up(self) -> None:
        """BYE when it was answered, CANCEL before; `ended` follows."""
        if self.ended.is_set():
            return
        if self.is_answered:
            self._repeat(self._uac.send_bye(self._call.dialog, self._server))
        else:
            self._is_cancelled = True
            cancel = self._in_the_invites_transaction("CANCEL")
            self._transport.send(cancel, self._server)
            self._repeat(cancel)

    async def close(self) -> None:
        """Nothing is repeated any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._uac.close()

    def _repeat(self, request: SipRequest) -> None:
        self._tasks.add(asyncio.ensure_future(self._until_answered(request)))

    async def _until_answered(self, request: SipRequest) -> None:
        for pause in REPEAT_AFTER:
            await asyncio.sleep(pause)
            if request.method in self._answered:
                return
            self._transport.send(request, self._server)

    async def _say_nothing(self) -> None:
        """Asterisk's Answer() waits half a second for a caller who is not heard at all (seen on 22.10)."""
        answer = self._call.sdp_answer
        if answer is None or not answer.media:
            return
        line = answer.media[0].connection or answer.connection
        if line is None:
            return
        to, source = (line.address, answer.media[0].port), secrets.randbits(32)
        for count in itertools.count():
            head = struct.pack("!BBHII", 0x80, ULAW, count & 0xFFFF, count * len(ULAW_SILENCE) & 0xFFFFFFFF, source)
            with contextlib.suppress(OSError):
                self._media.sendto(head + ULAW_SILENCE, to)
            await asyncio.sleep(FRAME_SECONDS)

    def _received(self, message: SipRequest | SipResponse, addr: tuple[str, int]) -> None:
        if message.call_id != self._call.call_id:
            return
        if isinstance(message, SipRequest):
            self._requested(message, addr)
        else:
            self._responded(message, addr)

    def _requested(self, request: SipRequest, addr: tuple[str, int]) -> None:
        """The other side hangs up, or wants something else that we do not do."""
        if request.method == "ACK":
            return
        status = 200 if request.method in {"BYE", "OPTIONS", "UPDATE", "INFO", "NOTIFY"} else 488
        answer = Dialog.create_response(self._call.dialog, request, status)
        self._transport.send(answer, addr)
        if request.method == "BYE":
            self.ended.set()

    def _responded(self, response: SipResponse, addr: tuple[str, int]) -> None:
        method, status = response.cseq.method if response.cseq else "", response.status_code
        self._answered.add(method)
        if method == "BYE":
            self.ended.set()
        if method != "INVITE":
            return
        if status >= 300:
            ack = self._in_the_invites_transaction("ACK")
            ack.headers.set_single("To", response.get_header("to") or "")
            self._transport.send(ack, self._server)
        self._uac.handle_response(response, addr)
        self.is_answered = self._call.dialog.state is DialogState.CONFIRMED
        if status not in self._statuses:
            self._statuses.add(status)
            self._heard(response)
            if self.is_answered:
                self._tasks.add(asyncio.ensure_future(self._say_nothing()))
        if status >= 300:
            self.ended.set()
        elif self.is_answered and self._is_cancelled:
            self.hang_up()

    def _in_the_invites_transaction(self, method: str) -> SipRequest:
        """Same branch and number as the INVITE (RFC 3261, 9.1 and 17.1.1.3)."""
        invite = self._call.invite
        request = SipRequest(method=method, uri=invite.uri)
        for name in ("Via", "From", "To", "Call-ID"):
            request.headers.set_single(name, invite.get_header(name) or "")
        request.headers.set_single("CSeq", f"{invite.cseq.seq if invite.cseq else 1} {method}")
        request.headers.set_single("Max-Forwards", "70")
        return request
