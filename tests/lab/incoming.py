"""A call that came in at a phone."""

from typing import TYPE_CHECKING, Self

from aiosipua import Dialog, SipRequest, generate_tag

from tests.lab.calls import Call, read_ending
from tests.lab.names import number_of, read_name_addr, user_part
from tests.lab.record import WITHIN, Ending

if TYPE_CHECKING:
    from tests.lab.station import Station

FORWARDED = 302
_REASONS = {
    404: "Not Found",
    480: "Temporarily Unavailable",
    486: "Busy Here",
    603: "Decline",
    500: "Server Error",
}


class IncomingCall(Call):
    """A call that came in. Facts: invite_received, ringing_sent, ok_sent, ack_received, cancel_received, …"""

    def __init__(self, phone: "Station", invite: SipRequest, now: float) -> None:
        self.caller_name, from_uri, tag = read_name_addr(invite.get_header("from") or "")
        self.caller_number = number_of(from_uri)
        to_uri = read_name_addr(invite.get_header("to") or "")[1]
        dialog = Dialog(
            call_id=invite.call_id or "",
            local_tag=generate_tag(),
            remote_tag=tag,
            local_uri=to_uri,
            remote_uri=from_uri,
            remote_target=read_name_addr(invite.get_header("contact") or "")[1],
        )
        super().__init__(phone, dialog, f"{phone.user}'s call from {self.caller_number}")
        self.dialled = number_of(invite.uri)
        self.invite = invite
        self.cancel_reason = ""
        """The CANCEL's Reason header(s), e.g. ``SIP;cause=200;text="Call completed elsewhere"``."""
        self.timeline.add("invite_received", at=now)

    # --- what the phone does ---

    def try_(self) -> None:
        """100: got it, not ringing yet. Without it Asterisk repeats the INVITE and cannot CANCEL it."""
        self.timeline.add("trying_sent", at=self.response(self.invite, 100, "Trying"))

    def ring(self) -> None:
        """180, once. The audio socket comes after it: it is not to cost the 180 any time."""
        if self.is_pending and self.timeline.first("ringing_sent") is None:
            self.timeline.add("ringing_sent", at=self.response(self.invite, 180, "Ringing"))
            _ = self.audio

    def send_early_media(self) -> None:
        """183 with SDP: sound before anybody answers, such as a ringing tone of its own."""
        if self.is_pending:
            offer = self.invite.text
            sdp = self.audio.sdp(offer)
            self.timeline.add("progress_sent", at=self.response(self.invite, 183, "Session Progress", sdp))
            self.audio.set_remote(offer)

    def answer(self) -> None:
        """200 with SDP."""
        if self.is_pending:
            offer = self.invite.text
            self.timeline.add("ok_sent", at=self.response(self.invite, 200, "OK", self.audio.sdp(offer)))
            self.audio.set_remote(offer)

    def reject(self, status: int) -> None:
        """Refuse with a final status."""
        if self.is_pending:
            at = self.response(self.invite, status, _REASONS.get(status, "Rejected"))
            self.timeline.add("rejection_sent", str(status), at)
            self.end(Ending("rejected", status), at)

    def forward(self, to: str) -> None:
        """302: whoever calls is to call *to* instead."""
        if self.is_pending:
            contact = f"<sip:{user_part(to)}@{self.station.server[0]}>"
            at = self.response(self.invite, FORWARDED, "Moved Temporarily", contact=contact)
            self.timeline.add("forwarding_sent", to, at)
            self.end(Ending("rejected", FORWARDED), at)

    @property
    def is_pending(self) -> bool:
        """Neither answered nor over."""
        return self.ending is None and self.timeline.first("ok_sent") is None

    @property
    def is_ringing(self) -> bool:
        """Rings now."""
        return self.is_pending and self.timeline.first("ringing_sent") is not None

    # --- when ---

    @property
    def invite_received(self) -> float:
        """When the INVITE came in."""
        return self.timeline.at("invite_received")

    @property
    def ringing_sent(self) -> float:
        """When the 180 went out."""
        return self.timeline.at("ringing_sent")

    @property
    def ok_sent(self) -> float:
        """When the 200 went out."""
        return self.timeline.at("ok_sent")

    @property
    def ack_received(self) -> float:
        """When the ACK of the 200 came in."""
        return self.timeline.at("ack_received")

    @property
    def cancel_received(self) -> float:
        """When the CANCEL came in."""
        return self.timeline.at("cancel_received")

    async def cancelled(self, within: float = WITHIN) -> Self:
        """The caller's side took the call back; see `cancel_reason`."""
        await self.timeline.wait("cancel_received", within=within)
        return self

    # --- the wire ---

    def take_request(self, request: SipRequest, now: float) -> None:
        """ACK and CANCEL of the INVITE, its repetition, or what both kinds of call have in common."""
        if request.method == "ACK":
            self._take_ack(now)
        elif request.method == "CANCEL":
            self._take_cancel(request, now)
        elif request.method == "INVITE" and request.get_header("cseq") == self.invite.get_header("cseq"):
            self.timeline.add("invite_repeated", at=now)
        else:
            super().take_request(request, now)

    def _take_ack(self, now: float) -> None:
        if self.timeline.first("ok_sent") is None or self.timeline.first("ack_received") is not None:
            return
        self.timeline.add("ack_received", at=now)
        self.start_talking(now)

    def _take_cancel(self, request: SipRequest, now: float) -> None:
        """487 unless it was answered before: then the 200 stands, and the other side must end it with BYE."""
        self.cancel_reason = "\n".join(request.headers.get("reason"))
        self.timeline.add("cancel_received", self.cancel_reason, now)
        self.response(request, 200, "OK")
        if self.is_pending:
            self.response(self.invite, 487, "Request Terminated")
            self.end(read_ending("cancelled", request), now)
