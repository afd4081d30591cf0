"""A call that a phone or a caller placed."""

import contextlib
from typing import TYPE_CHECKING, Self

from aiosipua import Dialog, SipRequest, SipResponse, generate_call_id, generate_tag
from aiosipua.auth import answer_challenge

from tests.lab.calls import SDP_TYPE, Call, read_ending
from tests.lab.names import name_addr, read_name_addr, user_part
from tests.lab.record import WITHIN, Ending
from tests.lab.station import ALLOW

if TYPE_CHECKING:
    from tests.lab.station import Station

_CLOSE_WITHIN = 1.0


class OutgoingCall(Call):
    """A call that this side placed. Facts: invite_sent, trying, ringing, progress, answered, rejected, …"""

    def __init__(self, station: "Station", number: str, from_header: str | None, headers: dict[str, str]) -> None:
        uri = f"sip:{user_part(number)}@{station.server[0]}:{station.server[1]}"
        dialog = Dialog(
            call_id=generate_call_id(station.address),
            local_tag=generate_tag(),
            local_uri=station.uri,
            remote_uri=uri,
            remote_target=uri,
        )
        super().__init__(station, dialog, f"{station.user}'s call to {number}")
        self.number = number
        self._from = from_header or name_addr(None, station.uri)
        self._headers = headers
        self._is_cancelled = False
        self._invite = self._send_invite({})

    # --- verbs and facts ---

    async def ringing(self, within: float = WITHIN) -> Self:
        """A 180 came. AssertionError at once when the call ends without."""
        return await self._came("ringing", within)

    async def answered(self, within: float = WITHIN) -> Self:
        """A 200 came. AssertionError at once when the call ends without."""
        return await self._came("answered", within)

    async def cancels(self) -> Ending:
        """CANCEL before an answer, and await how it ends: an answer that crosses it is hung up on."""
        self.timeline.add("cancel_sent", at=self._send_cancel())
        return await self.ended()

    async def hangs_up(self) -> Self:
        """BYE when answered, CANCEL before."""
        if self.is_talking or self.ending is not None:
            return await super().hangs_up()
        await self.cancels()
        return self

    async def close(self) -> None:
        """The station goes away: take back a call that nobody has answered."""
        if self.ending is None and not self.is_talking:
            with contextlib.suppress(AssertionError):  # the exchange may be down
                self.timeline.add("cancel_sent", at=self._send_cancel())
                await self.ended(within=_CLOSE_WITHIN)
        await super().close()

    @property
    def invite_sent(self) -> float:
        """When the (first) INVITE went out."""
        return self.timeline.at("invite_sent")

    @property
    def ringing_at(self) -> float:
        """When the first 180 came in."""
        return self.timeline.at("ringing")

    @property
    def answered_at(self) -> float:
        """When the 200 came in."""
        return self.timeline.at("answered")

    async def _came(self, what: str, within: float) -> Self:
        fact = await self.timeline.wait(what, "ended", within=within)
        if fact.what != what and self.timeline.first(what) is None:
            raise AssertionError(f"{self.timeline.title} ended without {what}. {self.in_words()}")
        return self

    # --- the wire ---

    def _send_invite(self, headers: dict[str, str]) -> SipRequest:
        invite = self.dialog.create_request("INVITE", via_host=self.station.address, via_port=self.station.port)
        invite.headers.set_single("From", f"{self._from};tag={self.dialog.local_tag}")
        invite.headers.set_single("Contact", self.station.contact)
        invite.headers.set_single("Allow", ALLOW)
        invite.headers.set_single("Content-Type", SDP_TYPE)
        for name, value in {**self._headers, **headers}.items():
            invite.headers.set_single(name, value)
        invite.text = self.audio.sdp()
        self.timeline.add("invite_sent", at=self.station.send_request(invite, self._take_response))
        return invite

    def _send_cancel(self) -> float:
        self._is_cancelled = True
        cancel = self._with_invites_transaction("CANCEL")
        return self.station.send_request(cancel)

    def _with_invites_transaction(self, method: str) -> SipRequest:
        """A CANCEL, or the ACK of a rejection: same branch and number as the INVITE (RFC 3261 9.1)."""
        request = SipRequest(method=method, uri=self._invite.uri)
        for name in ("Via", "From", "To", "Call-ID"):
            request.headers.set_single(name, self._invite.get_header(name) or "")
        request.headers.set_single("CSeq", f"{self.dialog.local_cseq} {method}")
        request.headers.set_single("Max-Forwards", "70")
        return request

    def _take_response(self, response: SipResponse, now: float) -> None:
        status = response.status_code
        if status >= 300:
            self._take_rejection(response, now)
        elif status >= 200:
            self._take_answer(response, now)
        elif status == 100:
            self.timeline.add("trying", at=now)
        else:
            self.dialog.remote_tag = read_name_addr(response.get_header("to") or "")[2] or self.dialog.remote_tag
            what = "ringing" if status == 180 else "progress"
            self.timeline.add(what, "" if status in (180, 183) else str(status), now)
            if response.content_type == SDP_TYPE:
                self.audio.set_remote(response.text)

    def _take_answer(self, response: SipResponse, now: float) -> None:
        """ACK every 200; begin to talk at the first, or hang up when it crossed our CANCEL."""
        is_first = self.timeline.first("answered") is None
        self.dialog.remote_tag = read_name_addr(response.get_header("to") or "")[2]
        self.dialog.remote_target = read_name_addr(response.get_header("contact") or "")[1]
        ack = self.request("ACK")
        self.dialog.local_cseq -= 1
        ack.headers.set_single("CSeq", (response.get_header("cseq") or "").replace("INVITE", "ACK"))
        self.station.send(ack)
        if not is_first:
            return
        if response.content_type == SDP_TYPE:
            self.audio.set_remote(response.text)
        self.timeline.add("answered", at=now)
        self.start_talking(now)
        if self._is_cancelled:
            self.send_bye()

    def _take_rejection(self, response: SipResponse, now: float) -> None:
        ack = self._with_invites_transaction("ACK")
        ack.headers.set_single("To", response.get_header("to") or "")
        self.station.send(ack)
        status, login = response.status_code, self.station.login
        is_challenge = status in (401, 407) and self.timeline.first("challenged") is None
        if is_challenge and login is not None and not self._is_cancelled:
            answer = answer_challenge(login, response, status, "INVITE", self._invite.uri)
            self.timeline.add("challenged", str(status), now)
            self._invite = self._send_invite(dict([answer] if answer else []))
            return
        self.timeline.add("rejected", f"{status} {response.reason_phrase}", now)
        how = "cancelled" if self._is_cancelled and status == 487 else "rejected"
        self.end(read_ending(how, response, status), now)
