"""What is really there, held against what was believed. One path for a start, a reconnect and the PBX's restart.

A pure comparison: the client asks the PBX, this says what follows.
"""

from collections.abc import Iterable

from panoramisk.message import Message

from huntgroup.adapters.ami.translate import OFFER_CONTEXTS, Call, Translator, attempt_of
from huntgroup.adapters.ami.wire import SafeAction
from huntgroup.engine.events import (
    AttemptFailed,
    CustomerLeft,
    Departure,
    Event,
    PhoneAnswered,
)
from huntgroup.engine.ids import AttemptNo

WAITING_CONTEXTS = frozenset({"huntgroup-inbound", "huntgroup-hold", "huntgroup-offer-over"})
NUMBER = "HUNTGROUP_NUMBER"
ORDER = "HUNTGROUP_ORDER"


def status_action() -> SafeAction:
    """Asks for every channel. Status needs ``call``, where CoreShowChannels needs ``system`` (on 16.28 and 22.10)."""
    return SafeAction({"Action": "Status", "Variables": f"{NUMBER},{ORDER}"})


def reconcile(messages: Iterable[Message], translator: Translator) -> list[Event]:
    """The events that were missed, from the items of an answer to Status.

    Of a call that was known: gone, the customer left unseen; bridged with a phone of ours, it was answered meanwhile;
    on hold, whatever was being tried came to nothing; still ringing, nothing to say. Of one that was not: when it waits
    it is taken over.
    """
    seen = {message["uniqueid"]: message for message in messages if message.event == "Status"}
    events: list[Event] = []
    for call in translator.known_calls():
        channel = seen.get(call.uniqueid)
        if channel is None:
            translator.forget(call)
            events.append(CustomerLeft(inquiry=call.inquiry, departure=Departure.VANISHED))
        else:
            call.channel = channel["channel"]
            events.extend(_what_became(call, channel, seen.values(), translator))
    for uniqueid, channel in seen.items():
        variables = _variables(channel)
        if channel.context in WAITING_CONTEXTS and NUMBER in variables and translator.known_call(uniqueid) is None:
            attempts = variables.get(ORDER, "").partition("|")[0]
            events.append(translator.arrival(channel, variables[NUMBER], attempts))
    return events


def _what_became(call: Call, channel: Message, channels: Iterable[Message], translator: Translator) -> list[Event]:
    if channel.context in OFFER_CONTEXTS and channel.bridgeid:
        for other in channels:
            phone = translator.phone_of(other["channel"])
            if phone is not None and other.bridgeid == channel.bridgeid and other["uniqueid"] != call.uniqueid:
                return [PhoneAnswered(inquiry=call.inquiry, attempt=attempt_of(channel["exten"]), phone=phone)]
    if channel.context in WAITING_CONTEXTS and call.ordered_attempt:
        return [
            AttemptFailed(
                inquiry=call.inquiry,
                attempt=AttemptNo(call.ordered_attempt),
                detail="the link to the PBX was lost",
            )
        ]
    return []


def _variables(channel: Message) -> dict[str, str]:
    """The channel variables that were asked for and are set, from headers of the form ``Variable: NAME=value``."""
    found = channel.variable or []
    pairs = [text.partition("=") for text in ([found] if isinstance(found, str) else found)]
    return {name: value for name, _, value in pairs if value}
