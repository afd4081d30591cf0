"""What is really there, held against what was believed. One path for a start, a reconnect and the PBX's restart.

A pure comparison: the client asks the PBX, this says what follows.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from panoramisk.message import Message

from huntgroup.adapters.ami.translate import OFFER_CONTEXTS, Call, Translator, attempt_of
from huntgroup.engine.events import (
    AttemptFailed,
    CustomerLeft,
    Departure,
    Event,
    PhoneAnswered,
)
from huntgroup.engine.ids import AttemptNo

HOLD_CONTEXT = "huntgroup-hold"


@dataclass(frozen=True, slots=True)
class SeenChannel:
    """One line of CoreShowChannels, as far as it matters."""

    uniqueid: str
    channel: str
    context: str
    exten: str
    bridge: str


def seen_channels(messages: Iterable[Message]) -> tuple[SeenChannel, ...]:
    """The channels of an answer to CoreShowChannels."""
    return tuple(
        SeenChannel(m["uniqueid"], m["channel"], m.context, m.exten, m.bridgeid)
        for m in messages
        if m.event == "CoreShowChannel"
    )


def reconcile(channels: Iterable[SeenChannel], translator: Translator) -> list[Event]:
    """The events that were missed, one answer for every call that was known.

    Gone: the customer left unseen. Bridged with a phone of ours: it was answered meanwhile. On hold: whatever was being
    tried came to nothing. Still ringing: nothing to say. Callers who came meanwhile announce themselves, because the
    session has changed.
    """
    seen = {channel.uniqueid: channel for channel in channels}
    events: list[Event] = []
    for call in translator.known_calls():
        channel = seen.get(call.uniqueid)
        if channel is None:
            translator.forget(call)
            events.append(CustomerLeft(inquiry=call.inquiry, departure=Departure.VANISHED))
        else:
            call.channel = channel.channel
            events.extend(_what_became(call, channel, seen.values(), translator))
    return events


def _what_became(
    call: Call, channel: SeenChannel, channels: Iterable[SeenChannel], translator: Translator
) -> list[Event]:
    if channel.context in OFFER_CONTEXTS and channel.bridge:
        for other in channels:
            phone = translator.phone_of(other.channel)
            if phone is not None and other.bridge == channel.bridge and other.uniqueid != call.uniqueid:
                return [PhoneAnswered(inquiry=call.inquiry, attempt=attempt_of(channel.exten), phone=phone)]
    if channel.context == HOLD_CONTEXT and call.ordered_attempt:
        return [
            AttemptFailed(
                inquiry=call.inquiry, attempt=AttemptNo(call.ordered_attempt), detail="the link to the PBX was lost"
            )
        ]
    return []
