"""A SIP user agent on an address of its own: sockets, transactions, registration.

It works with aiosipua's messages, dialogs and digest authentication but not with its UAS and UAC: these
answer 100 to everything (a dead phone must be silent), never ACK a rejection (Asterisk would repeat it
for 32 s), drop a 200 that crosses a CANCEL, and take a repeated INVITE for a new call.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

from aiosipua import (
    SipDigestAuth,
    SipMessage,
    SipRequest,
    SipResponse,
    create_dialog_from_request,
    generate_branch,
    generate_call_id,
    generate_tag,
)
from aiosipua.auth import answer_challenge

from tests.lab.addresses import inside_address
from tests.lab.record import WITHIN

if TYPE_CHECKING:
    from tests.lab.calls import Call
    from tests.lab.lamps import Lamp

log = logging.getLogger(__name__)

ResponseHandler = Callable[[SipResponse, float], None]
"""Takes a response and the `time.monotonic` of its arrival."""
ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO, NOTIFY, REFER, MESSAGE"
_EXPIRES = 3600
NO_UTF8 = "\uf8ff"
"""Written into a message it is sent as a byte that begins no character: an old exchange's e with an accent."""


class RegistrationError(AssertionError):
    """The exchange did not take the registration; the text has its status."""


class Station(asyncio.DatagramProtocol):
    """What phones and callers have in common. Open it with ``async with`` or `open` and `close`.

    *server* is the exchange; *user* the name in this side's URI; *login* its credentials, if any. With
    *audio* false its calls neither send nor read RTP.
    """

    def __init__(
        self,
        server: tuple[str, int],
        user: str,
        *,
        login: SipDigestAuth | None = None,
        address: str | None = None,
        port: int = 5060,
        audio: bool = True,
    ) -> None:
        self.server = server
        self.user = user
        self.login = login
        self.address = address or inside_address()
        self.port = port
        self.audio = audio
        self.says_every: float | None = None
        """Seconds between two packets that it sends in a call, if that is to differ; see `Audio`."""
        self.legs: list[Call] = []
        """Every call of this station, incoming and outgoing, in order."""
        self.live: dict[str, Call] = {}
        """Call-ID to call: those that are not over."""
        self.dialogs: dict[str, Call] = {}
        """Call-ID to call: all that may still get a message."""
        self.lamps: dict[str, Lamp] = {}
        """Call-ID to what shows the state of an extension."""
        self.transport: asyncio.DatagramTransport | None = None
        self._awaited: dict[tuple[str, str], ResponseHandler] = {}
        self._register_id = generate_call_id(self.address)
        self._register_count = 0
        self._news: list[asyncio.Future[None]] = []
        self.contact = f"<sip:{quote(user)}@{self.address}:{port}>"
        self.uri = f"sip:{quote(user)}@{server[0]}:{server[1]}"

    async def open(self) -> Self:
        """Bind the socket; does nothing when it is open."""
        if self.transport is None:
            loop = asyncio.get_running_loop()
            self.transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(self.address, self.port))
        return self

    async def close(self) -> None:
        """Hang up what is left and close the socket. Stays registered, as a phone without power does."""
        for call in list(self.legs):
            await call.close()
        self.dialogs.clear()
        if self.transport is not None:
            self.transport.close()
            self.transport = None
            await asyncio.sleep(0)  # the transport closes its socket in the loop's next turn

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # --- out ---

    def send(self, message: SipMessage) -> float:
        """Send to the exchange; the `time.monotonic` right before the bytes went out."""
        if self.transport is None:
            raise AssertionError(f"{self.user} is not open")
        data = bytes(message).replace(NO_UTF8.encode(), b"\xe9")
        now = time.monotonic()
        self.transport.sendto(data, self.server)
        return now

    def send_request(self, request: SipRequest, on_response: ResponseHandler | None = None) -> float:
        """Send a request; *on_response* gets every response until the final one to a non-INVITE."""
        if on_response is not None:
            self._awaited[(branch_of(request), request.method)] = on_response
        return self.send(request)

    def via(self) -> str:
        """A Via with a fresh branch."""
        return f"SIP/2.0/UDP {self.address}:{self.port};branch={generate_branch()}"

    def reply(self, request: SipRequest, status: int, reason: str = "") -> float:
        """Answer a request outside of any call."""
        return self.send(create_dialog_from_request(request).create_response(request, status, reason))

    # --- registration ---

    async def register(self, expires: int = _EXPIRES, within: float = WITHIN) -> None:
        """Register for *expires* seconds (0: no more), with digest; RegistrationError otherwise."""
        await self.open()
        response = await self._register(expires, {}, within)
        if response.status_code == 401 and self.login is not None:
            answer = answer_challenge(self.login, response, 401, "REGISTER", f"sip:{self.server[0]}")
            response = await self._register(expires, dict([answer] if answer else []), within)
        if response.status_code != 200:
            raise RegistrationError(f"{self.user}: {response.status_code} {response.reason_phrase}")

    async def _register(self, expires: int, headers: dict[str, str], within: float) -> SipResponse:
        self._register_count += 1
        request = SipRequest(method="REGISTER", uri=f"sip:{self.server[0]}")
        request.headers.append("Via", self.via())
        values = {
            "From": f"<{self.uri}>;tag={generate_tag()}",
            "To": f"<{self.uri}>",
            "Call-ID": self._register_id,
            "CSeq": f"{self._register_count} REGISTER",
            "Max-Forwards": "70",
            "Contact": self.contact,
            "Expires": str(expires),
        }
        for name, value in {**values, **headers}.items():
            request.headers.set_single(name, value)
        final: asyncio.Future[SipResponse] = asyncio.get_running_loop().create_future()

        def take(response: SipResponse, at: float) -> None:
            if response.status_code >= 200 and not final.done():
                final.set_result(response)

        self.send_request(request, take)
        try:
            return await asyncio.wait_for(final, within)
        except TimeoutError:
            raise RegistrationError(f"{self.user}: no answer in {within} s") from None

    # --- in ---

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:  # noqa: ARG002
        """Note the time first, then hand the message to its call."""
        now = time.monotonic()
        if not data.strip():
            return
        message = SipMessage.parse(data)
        if isinstance(message, SipRequest):
            self._take_request(message, now)
        else:
            self._take_response(message, now)

    def error_received(self, exc: Exception) -> None:
        """An exchange that is down refuses packets: a test sees that by what does not happen."""
        log.debug("%s: %s", self.user, exc)

    def _take_response(self, response: SipResponse, now: float) -> None:
        method = (response.get_header("cseq") or "").rpartition(" ")[2]
        key = (branch_of(response), method)
        handler = self._awaited.get(key)
        if handler is None:
            return
        if response.status_code >= 200 and method != "INVITE":
            del self._awaited[key]
        handler(response, now)

    def _take_request(self, request: SipRequest, now: float) -> None:
        call = self.dialogs.get(request.call_id or "")
        lamp = self.lamps.get(request.call_id or "")
        if call is not None:
            call.take_request(request, now)
        elif lamp is not None and request.method == "NOTIFY":
            lamp.take_request(request, now)
        elif request.method == "INVITE":
            self.take_invite(request, now)
        elif request.method in ("OPTIONS", "NOTIFY", "MESSAGE"):
            self.reply(request, 200, "OK")
        elif request.method != "ACK":
            self.reply(request, 481, "Call/Transaction Does Not Exist")

    def take_invite(self, request: SipRequest, now: float) -> None:  # noqa: ARG002
        """A new call comes in; a station that takes none says so."""
        self.reply(request, 480, "Temporarily Unavailable")

    # --- news of any call ---

    def tell(self) -> None:
        """Wake who waits for something to happen in any of the calls."""
        waiting, self._news = self._news, []
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)

    async def news(self) -> None:
        """Return at the next fact of any call."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._news.append(waiter)
        await waiter

    def in_words(self) -> str:
        """The story of all its calls, for an assertion's text."""
        told = [f"{call.timeline.title}: {call.timeline.in_words()}" for call in self.legs]
        return " ".join(told) or "It had no call at all."


def branch_of(message: SipMessage) -> str:
    """The branch of the topmost Via."""
    via = message.get_header("via") or ""
    return next((part[7:] for part in via.split(";") if part.startswith("branch=")), "")
