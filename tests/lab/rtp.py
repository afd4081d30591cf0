"""One end of a conversation's audio: says a frame that only it says, and notes when it hears what."""

import array
import asyncio
import itertools
import os
import socket
import struct
import time

FRAME = 0.02
"""Seconds of audio in one packet: 160 bytes of u-law."""
_TOKEN = 8
_OTHER_ZERO = b"\x7f"
"""u-law has two zeros; where Asterisk decodes and encodes a stream, both come out as one."""
_HEADER = struct.Struct("!BBHII")
_SO_TIMESTAMPNS = 35
"""Linux: the kernel says when each packet came (socket(7)). A loaded machine lets us read it much later."""
_TIMESPEC = struct.Struct("@qq")
_SDP_MEDIA = "m=audio"
_MIRRORED = {"sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}


class Audio:
    """A UDP socket for RTP. Its frames repeat eight random bytes, so that who hears them can be sure.

    With *is_live* false it sends and reads nothing: the socket only takes the packets, which saves a
    benchmark 50 wake-ups per second and call. With *every* it sends all the same, but only so often: enough for an
    exchange that hangs up on who is silent for too long (``rtp_timeout``).
    """

    def __init__(self, address: str, *, is_live: bool = True, every: float | None = None) -> None:
        self.token = os.urandom(_TOKEN).replace(_OTHER_ZERO, b"\xff")
        self.arrivals = array.array("d")
        """`time.monotonic` of every packet received, when the kernel got it."""
        self._address = address
        self._is_live = is_live
        self._every = every if every is not None else FRAME if is_live else None
        self._heard: dict[bytes, float] = {}
        self._waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._sequence, self._stream = 0, int.from_bytes(os.urandom(4), "big")
        self._remote: tuple[str, int] | None = None
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        if not is_live:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        self._socket.bind((address, 0))
        self.port: int = self._socket.getsockname()[1]
        self._loop = asyncio.get_running_loop()
        if is_live:
            self._loop.add_reader(self._socket, self._read)

    def sdp(self, offer: str = "", *, direction: str = "") -> str:
        """An SDP offer, or the answer to *offer*: u-law, at this socket."""
        direction = direction or _MIRRORED.get(_direction(offer), "sendrecv")
        return (
            f"v=0\r\no=- {self._stream} {time.monotonic_ns()} IN IP4 {self._address}\r\ns=-\r\n"
            f"c=IN IP4 {self._address}\r\nt=0 0\r\n{_SDP_MEDIA} {self.port} RTP/AVP 0\r\n"
            f"a=rtpmap:0 PCMU/8000\r\na=ptime:20\r\na={direction}\r\n"
        )

    def set_remote(self, sdp: str) -> None:
        """Where to send, out of the other side's SDP."""
        address = port = ""
        for line in sdp.splitlines():
            if line.startswith("c=IN IP4 "):
                address = line.removeprefix("c=IN IP4 ").strip()
            elif line.startswith(_SDP_MEDIA):
                port = line.split()[1]
        if address and port:
            self._remote = (address, int(port))

    def speak(self) -> None:
        """Send a frame every 20 ms from now on, or as often as it was told to, until `close`."""
        if self._every is not None and self._timer is None:
            self._say(self._loop.time(), self._every)

    def _say(self, due: float, every: float) -> None:
        self._timer = self._loop.call_at(due + every, self._say, due + every, every)
        if self._remote is None:
            return
        self._sequence = (self._sequence + 1) & 0xFFFF
        head = _HEADER.pack(0x80, 0, self._sequence, self._sequence * 160 & 0xFFFFFFFF, self._stream)
        try:
            self._socket.sendto(head + self.token * (160 // _TOKEN), self._remote)
        except OSError:  # the other side's port is gone: its BYE is on the way
            self._remote = None

    def _read(self) -> None:
        now = time.monotonic()
        try:
            packet, said, *_ = self._socket.recvmsg(2048, socket.CMSG_SPACE(_TIMESPEC.size))
        except OSError:
            return
        self.arrivals.append(now - _waited(said))
        token = packet[12 : 12 + _TOKEN]
        if packet[12 + _TOKEN : 12 + 2 * _TOKEN] == token:
            self._heard[token] = now
            for wanted, waiter in self._waiting:
                if wanted == token and not waiter.done():
                    waiter.set_result(None)

    async def hears(self, other: "Audio", within: float) -> None:
        """Wait for a frame of *other* that arrives from now on; TimeoutError."""
        waiter: asyncio.Future[None] = self._loop.create_future()
        entry = (other.token, waiter)
        self._waiting.append(entry)
        try:
            await asyncio.wait_for(waiter, within)
        finally:
            self._waiting.remove(entry)

    def pauses(self, since: float, until: float) -> list[float]:
        """The times without a packet between two instants, in seconds, longest first; their whole span if none came."""
        marks = [since, *(at for at in self.arrivals if since < at < until), until]
        return sorted((later - earlier for earlier, later in itertools.pairwise(marks)), reverse=True)

    def close(self) -> None:
        """Stop speaking and listening."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._socket.fileno() >= 0:
            if self._is_live:
                self._loop.remove_reader(self._socket)
            self._socket.close()


def _waited(said: list[tuple[int, int, bytes]]) -> float:
    """How many seconds ago the kernel got a packet, by what it says along with it."""
    for level, kind, data in said:
        if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS):
            seconds, nanoseconds = _TIMESPEC.unpack(data[: _TIMESPEC.size])
            came = int(seconds) * 1_000_000_000 + int(nanoseconds)
            return max(0.0, (time.time_ns() - came) / 1e9)
    return 0.0


def _direction(sdp: str) -> str:
    return next((word for word in _MIRRORED if f"a={word}" in sdp), "")
