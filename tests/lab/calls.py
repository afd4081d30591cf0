"""One call at a station, from either side: what the wire did is a fact, what the test wants is a verb."""

import re
import statistics
import time
from typing import TYPE_CHECKING, Self

from aiosipua import Dialog, SipRequest, SipResponse

from tests.lab.names import user_part
from tests.lab.record import WITHIN, Ending, Timeline
from tests.lab.rtp import Audio
from tests.lab.station import ALLOW

if TYPE_CHECKING:
    from tests.lab.phones import Phone
    from tests.lab.station import Station

SDP_TYPE = "application/sdp"
GAP = 0.15
"""Seconds without a packet that nobody hears: three or four of 20 ms, and the machine's own load."""
STALL = 0.6
"""What a machine with three times the load that it can carry may make of one of them."""
_CAUSE = re.compile(r"Q\.850\s*;\s*cause=(\d+)", re.IGNORECASE)


class Call:
    """A call seen from one side. Its facts stay awaitable after they happened."""

    def __init__(self, station: "Station", dialog: Dialog, title: str) -> None:
        self.station = station
        self.dialog = dialog
        self.timeline = Timeline(title, station.tell)
        self.ending: Ending | None = None
        self.is_talking = False
        self._audio: Audio | None = None
        station.legs.append(self)
        station.live[dialog.call_id] = station.dialogs[dialog.call_id] = self

    # --- verbs ---

    async def hangs_up(self) -> Self:
        """Send BYE: the call is over on this side at once."""
        self.send_bye()
        return self

    def send_bye(self) -> None:
        """BYE now; nothing when the call is over or not yet answered."""
        if self.ending is None and self.is_talking:
            self.timeline.add("bye_sent", at=self.station.send_request(self.request("BYE")))
            self.end(Ending("bye_sent"))

    def presses(self, key: str) -> Self:
        """Press a key, told by INFO."""
        info = self.request("INFO")
        info.text = f"Signal={key}\r\nDuration=160\r\n"
        info.headers.set_single("Content-Type", "application/dtmf-relay")
        self.timeline.add("pressed", key, self.station.send_request(info))
        return self

    async def transfers(self, to: "str | Call") -> Self:
        """REFER the other side to a number (blind), or to the far end of another call (attended).

        Done by hand this comes seconds after the answer; within milliseconds of it Asterisk may refuse.
        The call ends by this side's BYE once the other side reports success.
        """
        target = f"sip:{user_part(to)}@{self.station.server[0]}" if isinstance(to, str) else to.replaces_uri()
        refer = self.request("REFER")
        refer.headers.set_single("Refer-To", f"<{target}>")
        refer.headers.set_single("Referred-By", f"<{self.station.uri}>")

        def take(response: SipResponse, at: float) -> None:
            self.timeline.add("transfer_answered", str(response.status_code), at)

        self.timeline.add("transfer_sent", at=self.station.send_request(refer, take))
        answer = await self.timeline.wait("transfer_answered")
        if not answer.detail.startswith("2"):
            raise AssertionError(f"{self.timeline.title} was not transferred. {self.in_words()}")
        return self

    async def holds(self) -> Self:
        """Put the other side on hold, as a phone's key does: a re-INVITE that only sends."""
        return await self._renews("sendonly")

    async def takes_up_again(self) -> Self:
        """End the hold."""
        return await self._renews("sendrecv")

    async def _renews(self, direction: str) -> Self:
        invite = self.request("INVITE")
        invite.headers.set_single("Content-Type", SDP_TYPE)
        invite.text = self.audio.sdp(direction=direction)

        def take(response: SipResponse, at: float) -> None:
            if response.status_code < 200:
                return
            ack = self.request("ACK")
            self.dialog.local_cseq -= 1
            ack.headers.set_single("CSeq", (response.get_header("cseq") or "").replace("INVITE", "ACK"))
            self.station.send(ack)
            self.timeline.add(f"{direction}_answered", str(response.status_code), at)

        self.timeline.add(f"{direction}_sent", at=self.station.send_request(invite, take))
        answer = await self.timeline.wait(f"{direction}_answered")
        if not answer.detail.startswith("2"):
            raise AssertionError(f"{self.timeline.title} was not renewed. {self.in_words()}")
        return self

    # --- facts to await ---

    async def ended(self, within: float = WITHIN) -> Ending:
        """How the call ended."""
        await self.timeline.wait("ended", within=within)
        assert self.ending is not None
        return self.ending

    async def talking(self, within: float = WITHIN) -> Self:
        """Answered and acknowledged."""
        await self.timeline.wait("talking", within=within)
        return self

    async def hears(self, other: "Call | Phone", within: float = WITHIN) -> Self:
        """Wait for audio that the other side says from now on; proves the path, not the past."""
        call = other if isinstance(other, Call) else other.call
        try:
            await self.audio.hears(call.audio, within)
        except TimeoutError:
            title = self.timeline.title
            raise AssertionError(
                f"{title} did not hear {call.timeline.title} in {within} s. {self.in_words()}"
            ) from None
        return self

    # --- audio in retrospect ---

    @property
    def audio(self) -> Audio:
        """The RTP side of the call."""
        if self._audio is None:
            self._audio = Audio(self.station.address, is_live=self.station.audio, every=self.station.says_every)
        return self._audio

    def hears_audio(self, since: float | None = None) -> bool:
        """Whether any packet came (since an instant)."""
        return any(since is None or at >= since for at in self.audio.arrivals)

    def audio_gaps(self, since: float | None = None, until: float | None = None) -> list[float]:
        """The times without a packet, in seconds, longest first.

        Counted from *since* (default: the first packet) to *until* (default: the call's end, else now),
        so a silence at either end counts as well.
        """
        ended = self.timeline.first("ended")
        last = until if until is not None else ended.at if ended else time.monotonic()
        first = since if since is not None else self.audio.arrivals[0] if self.audio.arrivals else None
        if first is None:
            raise AssertionError(f"{self.timeline.title}: no audio at all. {self.in_words()}")
        return self.audio.pauses(first, last)

    def heard_no_break(self, times: int, since: float | None = None, until: float | None = None) -> None:
        """Whatever happened so many *times* to the caller meanwhile, they heard no break; AssertionError otherwise.

        What breaks the sound does so every time, so it is the middle one of as many of the longest gaps that counts:
        a machine that stands still for a moment makes one of them longer, and is no fault of the exchange's.
        """
        longest = self.audio_gaps(since, until)[:times]
        if statistics.median(longest) > GAP or longest[0] > STALL:
            raise AssertionError(f"{self.timeline.title} heard nothing for {longest} s. {self.in_words()}")

    def in_words(self) -> str:
        """The story of the call."""
        return self.timeline.in_words()

    # --- the wire ---

    def request(self, method: str) -> SipRequest:
        """A request within the dialog."""
        request = self.dialog.create_request(method, via_host=self.station.address, via_port=self.station.port)
        request.headers.set_single("Contact", self.station.contact)
        return request

    def response(
        self, request: SipRequest, status: int, reason: str = "", sdp: str = "", *, contact: str = ""
    ) -> float:
        """Answer a request of this call; the `time.monotonic` of sending. *contact* is another than the station's."""
        response = self.dialog.create_response(request, status, reason, contact=contact or self.station.contact)
        if sdp:
            response.text = sdp
            response.headers.set_single("Content-Type", SDP_TYPE)
            response.headers.set_single("Allow", ALLOW)
        return self.station.send(response)

    def take_request(self, request: SipRequest, now: float) -> None:
        """A request within this call. Unknown methods get 405."""
        method = request.method
        if method == "BYE":
            self._take_bye(request, now)
        elif method in ("INVITE", "UPDATE"):
            self._take_renewal(request, now)
        elif method in ("INFO", "NOTIFY", "MESSAGE", "OPTIONS", "PRACK"):
            self.response(request, 200, "OK")
            if method == "NOTIFY":
                self._take_news(request.text.strip(), now)
        elif method not in ("ACK", "CANCEL"):
            self.response(request, 405, "Method Not Allowed")

    def _take_bye(self, request: SipRequest, now: float) -> None:
        self.response(request, 200, "OK")
        self.timeline.add("bye_received", at=now)
        self.end(read_ending("bye", request), now)

    def _take_news(self, news: str, now: float) -> None:
        """How a transfer goes on; a phone leaves the call once it has worked."""
        self.timeline.add("notify", news, now)
        if news.startswith("SIP/2.0 200"):
            self.send_bye()

    def _take_renewal(self, request: SipRequest, now: float) -> None:
        """A re-INVITE or UPDATE: a new media address, hold, or a connected line; agreed to."""
        offer = request.text if request.content_type == SDP_TYPE else ""
        sdp = self.audio.sdp(offer) if offer or request.method == "INVITE" else ""
        self.response(request, 200, "OK", sdp)
        what = "reinvite_received" if request.method == "INVITE" else "update_received"
        self.timeline.add(what, request.get_header("p-asserted-identity") or request.get_header("from") or "", now)
        if offer:
            self.audio.set_remote(offer)

    def start_talking(self, at: float) -> None:
        """Both sides agreed: audio flows."""
        self.is_talking = True
        self.audio.speak()
        self.timeline.add("talking", at=at)

    def end(self, ending: Ending, at: float | None = None) -> None:
        """The call is over; stray messages of its dialog are still answered."""
        if self.ending is None:
            self.ending = ending
            self.is_talking = False
            self.station.live.pop(self.dialog.call_id, None)
            if self._audio is not None:
                self._audio.close()
            self.timeline.add("ended", ending.how, at)

    async def close(self) -> None:
        """The station goes away: end what is left."""
        self.send_bye()
        if self._audio is not None:
            self._audio.close()

    def replaces(self) -> str:
        """A Replaces header that takes this side's place, as a phone's pickup key writes it (RFC 3891)."""
        dialog = self.dialog
        return f"{dialog.call_id};to-tag={dialog.remote_tag};from-tag={dialog.local_tag}"

    def replaces_uri(self) -> str:
        """A URI that lets someone take this side's place (RFC 3891), escaped for a Refer-To."""
        dialog = self.dialog
        tags = f"{dialog.call_id};to-tag={dialog.remote_tag};from-tag={dialog.local_tag}"
        escaped = tags.replace(";", "%3B").replace("=", "%3D").replace("@", "%40")
        return f"{dialog.remote_uri}?Replaces={escaped}"


def read_ending(how: str, message: SipRequest | SipResponse, status: int | None = None) -> Ending:
    """An ending with the cause that the message gives."""
    reason = "\n".join(message.headers.get("reason"))
    cause = _CAUSE.search(reason)
    return Ending(how, status, int(cause[1]) if cause else None, reason)
