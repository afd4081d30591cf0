"""What a phone's hold key does, and what a phone does that loses its power."""

from aiosipua import SipResponse

from tests.lab.calls import SDP_TYPE, Call
from tests.lab.record import Ending
from tests.lab.station import Station


async def holds(call: Call) -> None:
    """Put the other side on hold, by a re-INVITE; return once the exchange has agreed."""
    await _renews(call, "sendonly")


async def resumes(call: Call) -> None:
    """Talk to them again."""
    await _renews(call, "sendrecv")


async def _renews(call: Call, direction: str) -> None:
    invite = call.request("INVITE")
    invite.headers.set_single("Content-Type", SDP_TYPE)
    invite.text = call.audio.sdp().replace("a=sendrecv", f"a={direction}")
    number = call.dialog.local_cseq
    what = f"{direction}_{number}"

    def take(response: SipResponse, at: float) -> None:
        if response.status_code < 200:
            return
        following = call.dialog.local_cseq
        ack = call.request("ACK")
        ack.headers.set_single("CSeq", f"{number} ACK")
        call.dialog.local_cseq = following
        call.station.send(ack)
        call.timeline.add(what, str(response.status_code), at)

    call.station.send_request(invite, take)
    answer = await call.timeline.wait(what, "ended")
    if answer.what == what and answer.detail != "200":
        raise AssertionError(f"{call.timeline.title}: {direction} was not agreed to. {call.in_words()}")


def vanishes(station: Station) -> None:
    """Be gone without a word: no BYE, no audio, nothing that comes in is answered. `open` brings it back."""
    for call in list(station.live.values()):
        call.end(Ending("vanished"))
    station.dialogs.clear()
    if station.transport is not None:
        station.transport.close()
        station.transport = None
