"""What is really there, held against what was believed. One path for a start, a reconnect and the PBX's restart.

A pure comparison: the client asks the PBX, this says what follows.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import structlog

from huntgroup.adapters.ami import callbacks
from huntgroup.adapters.ami.calls import Call
from huntgroup.adapters.ami.genuine import is_genuine
from huntgroup.adapters.ami.handovers import attempt_of
from huntgroup.adapters.ami.translate import OFFER_CONTEXTS, Translator
from huntgroup.adapters.ami.wire import REPEATED, Message, SafeAction, shown
from huntgroup.engine.events import (
    AttemptFailed,
    CustomerLeft,
    Departure,
    Event,
    PhoneAnswered,
)
from huntgroup.engine.ids import AttemptNo, PhoneId

log = structlog.get_logger(__name__)

_DIGITS = re.compile(r"[0-9]+")

WAITING_CONTEXTS = frozenset({"huntgroup-inbound", "huntgroup-hold", "huntgroup-offer-over"})
FALLBACK_CONTEXT = "huntgroup-fallback"
NUMBER = "HUNTGROUP_NUMBER"
ORDER = "HUNTGROUP_ORDER"
NOT_SET = "(null)"
"""What Status says of a variable that the channel does not have (seen on 16.28 and 22.10)."""


def status_action() -> SafeAction:
    """Asks for every channel. Status needs ``call``; CoreShowChannels needs ``system`` (seen on 16.28 and 22.10)."""
    return SafeAction({"Action": "Status", "Variables": f"{NUMBER},{ORDER}"})


class Found(NamedTuple):
    """What is there. ``missed`` is to be told before the PBX counts as found and ``waiting`` after it, or each of these
    would first be ordered to wait and in the same instant to be rung for: two Redirects that overtake one another."""

    missed: list[Event]
    waiting: list[Event]


def reconcile(messages: Iterable[Message], translator: Translator) -> Found:
    """The events that were missed, from the items of an answer to Status.

    Of a call that was known: gone, the customer left unseen; bridged with a phone of ours, it was answered meanwhile;
    waiting, or ringing for an earlier attempt, whatever was ordered came to nothing; still ringing, nothing to say. One
    that the dialplan's own fallback got answered is let be. Of a call that was not known: when it waits, it is taken
    over, first come, first told.
    """
    seen = {channel["uniqueid"]: channel for channel in _channels(messages)}
    translator.keep_legs({channel["channel"] for channel in seen.values()})
    bridges = _phones_in_bridges(seen.values(), translator)
    missed: list[Event] = _reached_unseen(seen, bridges, translator)
    for call in translator.known_calls():
        channel = seen.get(call.uniqueid)
        if channel is None or (channel.context == FALLBACK_CONTEXT and channel.bridgeid):
            translator.forget(call)
            missed.append(CustomerLeft(inquiry=call.inquiry, departure=Departure.VANISHED))
        else:
            call.channel = channel["channel"]
            missed.extend(_what_became(call, channel, bridges.get(channel.bridgeid, ())))
    waiting: list[Event] = []
    for uniqueid in sorted(seen, key=_instant):
        if translator.known_call(uniqueid) is None:
            waiting.extend(_taken_over(seen[uniqueid], translator))
    return Found(missed, waiting)


def _reached_unseen(
    seen: Mapping[str, Message], bridges: Mapping[str, list[tuple[str, PhoneId]]], translator: Translator
) -> list[Event]:
    """Customers who are called back and have answered meanwhile, and before each the operator who called them."""
    events: list[Event] = []
    for call in translator.known_calls():
        leg = callbacks.reached_unseen(call, seen.values(), translator.is_phone)
        if leg is None or call.callback is None:
            continue
        end = seen.get(call.callback.operator_end)
        if end is not None and not call.is_answered:
            for _, phone in bridges.get(end.bridgeid, ())[:1]:
                events.append(PhoneAnswered(inquiry=call.inquiry, attempt=call.callback.attempt, phone=phone))
            call.is_answered = True
        events += translator.reached(call, leg["uniqueid"], leg["channel"])
    return events


def _instant(uniqueid: str) -> tuple[int, ...]:
    """When a channel came to be: a Uniqueid is, behind the system's name, seconds since the epoch and a count."""
    return tuple(int(digits) for digits in _DIGITS.findall(uniqueid))


def _channels(messages: Iterable[Message]) -> Iterator[Message]:
    """The channels of the answer. No filter of the PBX's looks at answers, so a caller's lines may be in them."""
    for message in messages:
        if message.event == "Status":
            if is_genuine(message):
                yield message
            else:
                log.warning("ami.message_refused", reason="not as Asterisk writes it", message=shown(message))


def _phones_in_bridges(channels: Iterable[Message], translator: Translator) -> Mapping[str, list[tuple[str, PhoneId]]]:
    """Bridge to the Uniqueid and the phone of each channel in it that is one of our phones'."""
    bridges: dict[str, list[tuple[str, PhoneId]]] = defaultdict(list)
    for channel in channels:
        phone = translator.phone_of(channel["channel"]) if channel.bridgeid else None
        if phone is not None:
            bridges[channel.bridgeid].append((channel["uniqueid"], phone))
    return bridges


def _what_became(call: Call, channel: Message, talking: Iterable[tuple[str, PhoneId]]) -> list[Event]:
    """``talking``: Uniqueid and phone of those in the same bridge, where the caller's own channel may be one."""
    attempt = _ringing_attempt(channel)
    phone = next((phone for uniqueid, phone in talking if uniqueid != call.uniqueid), None)
    if attempt and phone is not None:
        was_told, call.is_answered = call.is_answered, True
        return [] if was_told else [PhoneAnswered(inquiry=call.inquiry, attempt=attempt, phone=phone)]
    is_ours = attempt or channel.context in WAITING_CONTEXTS or channel.context == FALLBACK_CONTEXT
    if is_ours and call.ordered_attempt and attempt != call.ordered_attempt:
        return [
            AttemptFailed(
                inquiry=call.inquiry,
                attempt=AttemptNo(call.ordered_attempt),
                detail="the link to the PBX was lost",
            )
        ]
    return []


def _ringing_attempt(channel: Message) -> AttemptNo | None:
    """The attempt that rings for this channel, or rang until it was answered."""
    if channel.context not in OFFER_CONTEXTS:
        return None
    try:
        return attempt_of(channel["exten"])
    except ValueError:
        return None  # it is hanging up: the extension is h


def _taken_over(channel: Message, translator: Translator) -> list[Event]:
    variables = _variables(channel)
    if channel.context not in WAITING_CONTEXTS or not variables.get(NUMBER):
        return []
    try:
        return [translator.arrival(channel, variables[NUMBER], variables.get(ORDER, "").partition("|")[0])]
    except ValueError as error:
        log.warning("ami.message_not_understood", error=repr(error), message=shown(channel))
        return []


def _variables(channel: Message) -> dict[str, str]:
    """The channel variables that were asked for, from headers of the form ``Variable: NAME=value``.

    Asterisk's own stand last, behind what a caller may have got into the message.
    """
    pairs = [text.partition("=") for text in channel.variable.split(REPEATED)]
    return {name: "" if value == NOT_SET else value for name, _, value in pairs}
