"""Many phones and many callers in one process, each crowd behind one socket: as cheap as Python can answer SIP.

The lab's own phones prove what one call does, and parse each message in full; hundreds of calls a second would measure
them. These know the few messages that Asterisk sends in a plain call, and nothing of audio.
"""

import asyncio
import itertools
import socket
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from tests.lab.addresses import inside_address, outside_address
from tests.lab.pbx import Pbx
from tests.lab.phones import Phone

_RECEIVE_BUFFER = 4_000_000
"""Bytes: a burst must not be lost because this process was not scheduled for a moment."""
_REPEAT_AFTER = 0.5
"""Seconds: SIP's T1."""
_PACE = 0.003
_REFUSALS = {486: "Busy Here", 487: "Request Terminated"}


@dataclass(frozen=True, slots=True)
class Message:
    """A request or a response; headers by their lower-case name, the last of each."""

    start: str
    headers: dict[str, str]

    @property
    def method(self) -> str:
        """INVITE, 200's INVITE and so on: what CSeq says."""
        return self.headers["cseq"].rpartition(" ")[2]

    @property
    def status(self) -> int | None:
        """None for a request."""
        return int(self.start[8:11]) if self.start.startswith("SIP/2.0 ") else None

    @property
    def user(self) -> str:
        """Who a request is meant for."""
        return self.start.partition("sip:")[2].partition("@")[0]


def read(data: bytes) -> Message:
    """A message as Asterisk writes it: each header on one line, with its long name."""
    start, *lines = data.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return Message(start, {name.lower(): value.strip() for name, _, value in pairs})


def write(start: str, headers: dict[str, str], body: str = "") -> bytes:
    """A message with its length."""
    lines = [start, *(f"{name}: {value}" for name, value in headers.items()), f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode("latin-1")


class Endpoint(asyncio.DatagramProtocol):
    """One socket, and beside it a deaf one that all audio goes to."""

    def __init__(self, pbx: Pbx, address: str) -> None:
        self.server, self.address, self.port = pbx.sip_address, address, 5060
        self._transport: asyncio.DatagramTransport | None = None
        self._deaf = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        self._deaf.bind((address, 0))
        self.sdp = (
            f"v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n"
            f"m=audio {self._deaf.getsockname()[1]} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=sendrecv\r\n"
        )

    async def __aenter__(self) -> Self:
        mine = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        mine.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        mine.setblocking(False)
        mine.bind((self.address, self.port))
        self._transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, sock=mine)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._transport is not None:
            self._transport.close()
        self._deaf.close()
        await asyncio.sleep(0)  # the transport closes its socket in the loop's next turn

    def send(self, data: bytes) -> None:
        """To the exchange."""
        if self._transport is not None:
            self._transport.sendto(data, self.server)

    def answer(self, request: Message, status: str, tag: str = "", body: str = "") -> None:
        """Respond; *tag* is ours, where the request has none."""
        headers = {name: request.headers[name.lower()] for name in ("Via", "From", "To", "Call-ID", "CSeq")}
        if tag and ";tag=" not in headers["To"]:
            headers["To"] += f";tag={tag}"
        headers["Contact"] = f"<sip:{request.user}@{self.address}:{self.port}>"
        if body:
            headers["Content-Type"] = "application/sdp"
        self.send(write(f"SIP/2.0 {status}", headers, body))


class Desks(Endpoint):
    """Phones that ring at once, and then answer. Each has one line: a second call is refused, and counted."""

    def __init__(self, pbx: Pbx, users: list[str]) -> None:
        super().__init__(pbx, inside_address())
        self.ring_for = 0.0
        """Seconds from a 180 to its 200."""
        self.invited: Counter[str] = Counter()
        """User to the calls that came."""
        self.engaged_when_invited: Counter[str] = Counter()
        """User to those of them that came while the phone rang or talked."""
        self.picked_up = 0
        """Calls that were answered, of all phones."""
        self._pbx, self._users = pbx, users
        self._calls: dict[str, str] = {}
        """User to the Call-ID of their present call."""
        self._unconfirmed: set[str] = set()
        """Call-IDs of those that were answered and not acknowledged yet."""

    async def __aenter__(self) -> Self:
        """Register one after another, each as the lab's own phone does, and then take their place."""
        for user in self._users:
            async with Phone(self.server, user, password=self._pbx.password, address=self.address) as phone:
                await phone.registers()
        return await super().__aenter__()

    @property
    def engaged(self) -> int:
        """Phones in use."""
        return len(self._calls)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:  # noqa: ARG002
        """Asterisk's requests; it gets no other from here than answers."""
        request = read(data)
        if request.status is not None or request.method == "ACK":
            self._unconfirmed.discard(request.headers["call-id"])
            return
        if request.method == "INVITE":
            self._take_invite(request)
            return
        user, call = request.user, request.headers["call-id"]
        self.answer(request, "200 OK", call)
        if request.method in ("BYE", "CANCEL") and self._calls.get(user) == call:
            del self._calls[user]

    def _take_invite(self, request: Message) -> None:
        user, call = request.user, request.headers["call-id"]
        present = self._calls.get(user)
        if present is None:
            self.invited[user] += 1
            self._calls[user] = call
            self.answer(request, "180 Ringing", call)
            asyncio.get_running_loop().call_later(self.ring_for, self._pick_up, request)
        elif present == call:  # Asterisk repeats it
            self.answer(request, "180 Ringing", call)
        else:
            self.invited[user] += 1
            self.engaged_when_invited[user] += 1
            self.answer(request, f"486 {_REFUSALS[486]}", call)

    def _pick_up(self, request: Message) -> None:
        """200, or 487 when the call was taken back before."""
        call = request.headers["call-id"]
        if self._calls.get(request.user) == call:
            self.picked_up += 1
            self._unconfirmed.add(call)
            self._say_ok(request, _REPEAT_AFTER)
        else:
            self.answer(request, f"487 {_REFUSALS[487]}", call)

    def _say_ok(self, request: Message, repeat_after: float) -> None:
        """200, and again until its ACK comes (RFC 3261 13.3.1.4): an overloaded Asterisk drops it."""
        call = request.headers["call-id"]
        if call in self._unconfirmed and self._calls.get(request.user) == call:
            self.answer(request, "200 OK", call, self.sdp)
            asyncio.get_running_loop().call_later(repeat_after, self._say_ok, request, repeat_after * 2)


class Placed:
    """One call of a caller's: when it was due, answered and over, by the loop's clock."""

    def __init__(self, number: str, due: float, talk: float | None) -> None:
        self.number, self.due, self.talk = number, due, talk
        self.answered_at: float | None = None
        self.is_heard = False
        """Whether anything came back."""
        self.is_given_up = False
        self.answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.contact = self.to = ""


class Callers(Endpoint):
    """Everybody outside: dial, talk for a while, hang up."""

    _numbers = itertools.count(1)

    def __init__(self, pbx: Pbx) -> None:
        super().__init__(pbx, outside_address())
        self.live: dict[str, Placed] = {}
        """Call-ID to call."""

    def dials(self, number: str, *, talk: float | None, due: float | None = None) -> Placed:
        """Call *number*, which was *due* then, and hang up after *talk* seconds of conversation; None is never."""
        placed = Placed(number, asyncio.get_running_loop().time() if due is None else due, talk)
        key = f"{next(self._numbers)}@{self.address}"
        self.live[key] = placed
        headers = self._headers(key, placed, "INVITE", 1)
        headers["Contact"], headers["Content-Type"] = f"<sip:outside@{self.address}:{self.port}>", "application/sdp"
        self._invite(key, write(f"INVITE {self._uri(number)} SIP/2.0", headers, self.sdp), _REPEAT_AFTER)
        return placed

    def _invite(self, key: str, invite: bytes, repeat_after: float) -> None:
        """Send it, and again until something comes back (RFC 3261 17.1.1.2): an overloaded Asterisk drops it."""
        placed = self.live.get(key)
        if placed is not None and not placed.is_heard:
            self.send(invite)
            asyncio.get_running_loop().call_later(repeat_after, self._invite, key, invite, repeat_after * 2)

    async def hang_up(self) -> None:
        """End all calls, answered or not, the latest first, and not so fast that Asterisk has to drop events."""
        for key, placed in reversed(list(self.live.items())):
            await asyncio.sleep(_PACE)
            placed.is_given_up = True
            if placed.answered_at is None:
                self._request("CANCEL", key, placed, 1)
            else:
                self._bye(key)

    def forget(self) -> int:
        """Drop what never came to an end; how many there were."""
        left = len(self.live)
        self.live.clear()
        return left

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:  # noqa: ARG002
        """A response to one of ours, or the other side's BYE."""
        message = read(data)
        key = message.headers["call-id"]
        placed = self.live.get(key)
        status = message.status
        if status is None:
            self._take_request(message, key)
        elif placed is not None and message.method == "BYE":
            self._is_over(key)
        elif placed is not None and message.method == "INVITE":
            self._take_response(message, status, key, placed)

    def _take_request(self, request: Message, key: str) -> None:
        if request.method == "ACK":
            return
        self.answer(request, "200 OK", body=self.sdp if request.method == "INVITE" else "")
        if request.method == "BYE":
            self._is_over(key)

    def _take_response(self, response: Message, status: int, key: str, placed: Placed) -> None:
        placed.is_heard, placed.to = True, response.headers["to"]
        if status >= 300:
            self._request("ACK", key, placed, 1)
            self._is_over(key)
        elif status >= 200:
            self._take_answer(response, key, placed)

    def _take_answer(self, response: Message, key: str, placed: Placed) -> None:
        loop = asyncio.get_running_loop()
        placed.contact = response.headers["contact"].partition("<")[2].partition(">")[0]
        self.send(write(f"ACK {placed.contact} SIP/2.0", self._headers(key, placed, "ACK", 1, is_new=True)))
        if placed.answered_at is not None:
            return
        placed.answered_at = loop.time()
        if not placed.answered.done():
            placed.answered.set_result(None)
        if placed.is_given_up:
            self._bye(key)
        elif placed.talk is not None:
            loop.call_later(placed.talk, self._bye, key)

    def _bye(self, key: str) -> None:
        placed = self.live.get(key)
        if placed is not None:
            self.send(write(f"BYE {placed.contact} SIP/2.0", self._headers(key, placed, "BYE", 2, is_new=True)))

    def _request(self, method: str, key: str, placed: Placed, number: int) -> None:
        """In the INVITE's own transaction."""
        self.send(write(f"{method} {self._uri(placed.number)} SIP/2.0", self._headers(key, placed, method, number)))

    def _is_over(self, key: str) -> None:
        self.live.pop(key, None)

    def _uri(self, number: str) -> str:
        return f"sip:{number}@{self.server[0]}:{self.server[1]}"

    def _headers(self, key: str, placed: Placed, method: str, number: int, *, is_new: bool = False) -> dict[str, str]:
        serial = key.partition("@")[0]
        branch = f"z9hG4bK{serial}{method if is_new else ''}"
        to = placed.to if method != "CANCEL" and placed.to else f"<{self._uri(placed.number)}>"
        return {
            "Via": f"SIP/2.0/UDP {self.address}:{self.port};branch={branch}",
            "From": f"<sip:+48600700800@{self.address}>;tag=c{serial}",
            "To": to,
            "Call-ID": key,
            "CSeq": f"{number} {method}",
            "Max-Forwards": "70",
        }


async def holds(is_so: Callable[[], bool], within: float) -> bool:
    """Whether it becomes so in that many seconds; looked at often, for it costs next to nothing."""
    loop = asyncio.get_running_loop()
    until = loop.time() + within
    while not is_so():
        if loop.time() > until:
            return False
        await asyncio.sleep(0.01)
    return True
