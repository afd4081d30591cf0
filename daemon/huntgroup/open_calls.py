"""From what the engine has open to what the link to a PBX is to look for there, when a daemon starts anew."""

from huntgroup.adapters.ami.calls import OpenCall
from huntgroup.engine.ids import AttemptNo, PbxId
from huntgroup.engine.lifecycle import InquiryState
from huntgroup.engine.policy import Channel
from huntgroup.engine.world import World


def open_calls(world: World) -> list[OpenCall]:
    """Every call with a caller on the line, as far as is known. In wrap-up and callbacks there is none."""
    return [
        OpenCall(
            inquiry=inquiry.id,
            attempts=AttemptNo(inquiry.attempts),
            is_active=inquiry.state is InquiryState.ACTIVE,
            phone=inquiry.answered[1] if inquiry.answered and inquiry.state is InquiryState.ACTIVE else None,
        )
        for inquiry in world.inquiries.values()
        if inquiry.channel is Channel.CALL and not inquiry.is_callback and inquiry.state is not InquiryState.WRAPUP
    ]


def entries_read(world: World, pbx: PbxId) -> int:
    """The number of the last call that this PBX served by itself and the engine was told of."""
    known = world.fallback.get(pbx)
    return known.number if known is not None else 0
