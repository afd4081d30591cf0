"""From what the engine has open to what the link to a PBX is to look for there, when a daemon starts anew."""

from huntgroup.adapters.ami.calls import OpenCall
from huntgroup.adapters.ami.directory import is_elsewhere
from huntgroup.engine.ids import AttemptNo, PbxId, PhoneId
from huntgroup.engine.lifecycle import InquiryState
from huntgroup.engine.policy import Channel
from huntgroup.engine.state import Inquiry
from huntgroup.engine.world import World


def open_calls(world: World, pbx: PbxId | None = None) -> list[OpenCall]:
    """Every call that has channels at a PBX, None: at any, as far as is known: not in wrap-up, nor for a callback to
    come. By the names that the PBX knows; and those that may come in again, though an inquiry of theirs is over."""
    found = [
        OpenCall(
            inquiry=world.comings.call_of(inquiry.id),
            attempts=AttemptNo(inquiry.attempts),
            is_active=inquiry.state is InquiryState.ACTIVE,
            phone=inquiry.answered[1] if inquiry.answered and inquiry.state is InquiryState.ACTIVE else None,
            mobile=_mobile(inquiry),
            called_back_in=_called_back_in(inquiry),
            is_reached=inquiry.was_called_back and not inquiry.is_reaching,
        )
        for inquiry in world.inquiries.values()
        if inquiry.channel is Channel.CALL and _is_somebody_there(inquiry) and pbx in {None, world.pbx_of(inquiry)}
    ]
    over = [
        OpenCall(inquiry=call, attempts=AttemptNo(each.attempts), is_active=True)
        for call, each in world.comings.items()
        if world.comings.latest(call) not in world.inquiries and pbx in {None, each.pbx}
    ]
    return found + over


def _is_somebody_there(inquiry: Inquiry) -> bool:
    """Whoever hears that they will be called back is there still, and so is the operator who rings to call them."""
    if inquiry.is_callback:
        return inquiry.handover is not None or inquiry.state is InquiryState.OFFERED
    return inquiry.state is not InquiryState.WRAPUP


def _called_back_in(inquiry: Inquiry) -> AttemptNo | None:
    if inquiry.was_called_back:
        # An older version did not note in which.
        return inquiry.called_back_in or (inquiry.answered[0] if inquiry.answered is not None else None)
    is_rung_for = inquiry.is_callback and inquiry.attempt is not None
    return AttemptNo(inquiry.attempts) if is_rung_for else None


def _mobile(inquiry: Inquiry) -> PhoneId | None:
    """The one mobile, or operator of another PBX, that is rung by a trunk."""
    offers = inquiry.attempt.offers.values() if inquiry.attempt is not None else ()
    elsewhere = [phone for offer in offers for phone in offer.open_phones if is_elsewhere(phone)]
    return elsewhere[0] if len(elsewhere) == 1 else None


def entries_read(world: World, pbx: PbxId) -> int:
    """The number of the last call that this PBX served by itself and the engine was told of."""
    known = world.fallback.get(pbx)
    return known.number if known is not None else 0
