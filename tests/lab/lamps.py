"""A lamp on a telephone (a BLF key): watches an extension at the exchange and shows what its hint says."""

import asyncio
import re
from typing import TYPE_CHECKING, Self

from aiosipua import Dialog, SipRequest, SipResponse, generate_call_id, generate_tag
from aiosipua.auth import answer_challenge

from tests.lab.names import read_name_addr, user_part
from tests.lab.record import WITHIN, Timeline

if TYPE_CHECKING:
    from tests.lab.station import Station

ON, OFF, FLASHING = "confirmed", "terminated", "early"
"""The states of RFC 4235 that Asterisk makes of a hint: in use, idle, ringing."""
_STATE = re.compile(r"<state>\s*(\w+)\s*</state>")
_EXPIRES = "600"


class Lamp:
    """One subscription. ``state`` is what was told last, "" before anything was."""

    def __init__(self, phone: "Station", extension: str) -> None:
        uri = f"sip:{user_part(extension)}@{phone.server[0]}:{phone.server[1]}"
        self.dialog = Dialog(
            call_id=generate_call_id(phone.address),
            local_tag=generate_tag(),
            local_uri=phone.uri,
            remote_uri=uri,
            remote_target=uri,
        )
        self.timeline = Timeline(f"{phone.user}'s lamp of {extension}", phone.tell)
        self.state = ""
        self._phone = phone
        phone.lamps[self.dialog.call_id] = self
        self._subscribe({})

    async def shows(self, state: str, within: float = WITHIN) -> Self:
        """Await that it is in this state; AssertionError with its story, at once when it may not be watched."""
        try:
            async with asyncio.timeout(within):
                while self.state != state:
                    if self.timeline.first("refused") is not None:
                        raise AssertionError(f"{self.timeline.title} was refused. {self.timeline.in_words()}")
                    await self._phone.news()
        except TimeoutError:
            told = self.timeline.in_words()
            raise AssertionError(f"{self.timeline.title} is not {state!r} in {within} s. {told}") from None
        return self

    def take_request(self, request: SipRequest, now: float) -> None:
        """A NOTIFY: what the lamp is to show from now on."""
        self._phone.send(self.dialog.create_response(request, 200, "OK", contact=self._phone.contact))
        found = _STATE.search(request.text)
        if found:
            self.state = found[1]
            self.timeline.add("shows", found[1], now)

    def _subscribe(self, headers: dict[str, str]) -> None:
        phone = self._phone
        request = self.dialog.create_request("SUBSCRIBE", via_host=phone.address, via_port=phone.port)
        values = {
            "From": f"<{phone.uri}>;tag={self.dialog.local_tag}",
            "Contact": phone.contact,
            "Event": "dialog",
            "Accept": "application/dialog-info+xml",
            "Expires": _EXPIRES,
        }
        for name, value in {**values, **headers}.items():
            request.headers.set_single(name, value)
        phone.send_request(request, lambda response, now: self._take_response(request, response, now))

    def _take_response(self, request: SipRequest, response: SipResponse, now: float) -> None:
        status, login = response.status_code, self._phone.login
        if status == 401 and login is not None and self.timeline.first("challenged") is None:
            self.timeline.add("challenged", at=now)
            answer = answer_challenge(login, response, status, "SUBSCRIBE", request.uri)
            self._subscribe(dict([answer] if answer else []))
        elif status >= 300:
            self.timeline.add("refused", str(status), now)
        elif status >= 200:
            self.dialog.remote_tag = read_name_addr(response.get_header("to") or "")[2]
            self.timeline.add("subscribed", at=now)
