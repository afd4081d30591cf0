"""Orders about callers whom the PBX gets for a while, as actions; and what our dialplan reports of them, as events.

Each has a number of its own, like an offer: it is the extension in which the order is carried out, and what is reported
of it names it. What goes into a channel's variables comes from the configuration alone.
"""

import math
import re

import structlog

from huntgroup.adapters.ami.calls import Call
from huntgroup.adapters.ami.directory import Directory
from huntgroup.adapters.ami.wire import Field, Message, SafeAction
from huntgroup.engine.effects import (
    AnnounceToCustomer,
    DialOut,
    PromiseCallback,
    ReplyToCustomer,
    SendToVoicemail,
)
from huntgroup.engine.events import Customer, Event, KeyPressed, MessageLeft, NumberAnswered, Recording, ReplyPlayed
from huntgroup.engine.ids import AttemptNo, InquiryId, SourceId

log = structlog.get_logger(__name__)

ORDER = "HUNTGROUP_ORDER"
SAY = "HUNTGROUP_SAY"
VOICEMAIL_CONTEXT = "huntgroup-voicemail"
OUTSIDE_CONTEXT = "huntgroup-out"
REPLY_CONTEXT = "huntgroup-reply"
PROMISE_CONTEXT = "huntgroup-promise"
ANNOUNCE_CONTEXT = "huntgroup-announce"
CONTEXTS = frozenset({VOICEMAIL_CONTEXT, OUTSIDE_CONTEXT, REPLY_CONTEXT, PROMISE_CONTEXT})
"""Whose extensions are the numbers of orders."""
NO_MAILBOX = "NOMAILBOX"
MAILBOX_FAILED = "MAILBOXFAILED"
"""What our dialplan says for a mailbox that the PBX does not have."""
NO_WAY_OUT = "[telephony] has no `outbound`"

_SECONDS = re.compile(r"[0-9]{1,6}")
_KEY = re.compile(r"[0-9]")
ATTEMPT_DIGITS = 9

Handover = SendToVoicemail | DialOut | ReplyToCustomer | PromiseCallback


class NotPossibleError(Exception):
    """An order that cannot be carried out as things are configured; the text says why."""


def setvar(channel: str, variable: str, value: str) -> SafeAction:
    """Set a variable of a channel."""
    fields: dict[str, Field] = {"Action": "Setvar", "Channel": channel, "Variable": variable, "Value": value}
    return SafeAction(fields)


def redirect(channel: str, context: str, exten: str) -> SafeAction:
    """Send a caller's channel to another place in the dialplan; it leaves whatever it is doing at once."""
    return SafeAction({"Action": "Redirect", "Channel": channel, "Context": context, "Exten": exten, "Priority": 1})


def handover_actions(order: Handover, channel: str, directory: Directory) -> list[SafeAction]:
    """The order stands in the variable first: the dialplan finds it there if a Goto of its own overwrites the Redirect.

    Raises NotPossibleError for one that cannot be carried out at all.
    """
    match order:
        case SendToVoicemail(mailbox=mailbox):
            context, rest = VOICEMAIL_CONTEXT, mailbox
        case DialOut(number=number, limit=limit):
            way_out = directory.way_out(number)
            if way_out is None:
                raise NotPossibleError(NO_WAY_OUT)
            context, rest = OUTSIDE_CONTEXT, f"{way_out},{max(1, round(limit))},r"
        case ReplyToCustomer(sound=sound, hold=hold):
            context, rest = REPLY_CONTEXT, f"{sound}|{hold}"
        case PromiseCallback(sound=sound):
            context, rest = PROMISE_CONTEXT, sound or ""
    text = f"{order.attempt}|{context}|{rest}"
    return [setvar(channel, ORDER, text), redirect(channel, context, str(order.attempt))]


def announcement_actions(order: AnnounceToCustomer, channel: str) -> list[SafeAction]:
    """Position, minutes (0: less than one) and sound, each empty when it is not said."""
    position = "" if order.position is None else order.position
    minutes = "" if order.wait is None else spoken_minutes(order.wait)
    return [
        setvar(channel, SAY, f"{position}|{minutes}|{order.sound or ''}"),
        redirect(channel, ANNOUNCE_CONTEXT, "say"),
    ]


def spoken_minutes(seconds: float) -> int:
    """A wait as it is said: rather too long than too short, 0 for less than a minute."""
    return 0 if seconds < 60 else math.ceil(seconds / 60)


# -- what is reported -----------------------------------------------------------------------------------------------


def played(call: Call, message: Message) -> list[Event]:
    """A reply was played to its end, or could not be."""
    return [ReplyPlayed(inquiry=call.inquiry, attempt=attempt_of(message["attempt"]))]


def key_pressed(call: Call, message: Message) -> list[Event]:
    """A waiting caller pressed the key that they were offered."""
    key = message["key"]
    if _KEY.fullmatch(key) is None:
        raise ValueError(f"no key that is offered: {key!r}")
    return [KeyPressed(inquiry=call.inquiry, key=key)]


def number_answered(call: Call, message: Message) -> list[Event]:
    """The number outside answered a caller who was sent on to it."""
    return [NumberAnswered(inquiry=call.inquiry, attempt=attempt_of(message["exten"]))]


def message_left(inquiry: InquiryId, source: SourceId, customer: Customer, message: Message) -> list[Event]:
    """A caller left a message; the daemon may never have heard of them."""
    recording = recorded(message["mailbox"], message["seconds"], message["file"])
    return [message_of(inquiry, source, customer, recording)]


def message_of(inquiry: InquiryId, source: SourceId, customer: Customer, recording: Recording) -> MessageLeft:
    """The event of a message, which is an inquiry of its own."""
    name = InquiryId(f"message-{inquiry}")
    return MessageLeft(inquiry=inquiry, message=name, source=source, customer=customer, recording=recording)


def recorded(mailbox: str, seconds: str, file: str) -> Recording:
    """A recording, as our dialplan describes it. Raises ValueError for what can be none.

    The length comes out of the mailbox's own file about the message, in which a caller's name stands, too: it is 0
    when it is no number.
    """
    if not file.isprintable() or not mailbox.isprintable():
        raise ValueError(f"no file of a mailbox: {file!r}")
    return Recording(file=file, seconds=float(seconds) if _SECONDS.fullmatch(seconds) else 0.0, mailbox=mailbox)


def attempt_of(exten: str) -> AttemptNo:
    """The attempt that an extension of our contexts names. Raises ValueError for anything else."""
    if not (exten.isascii() and exten.isdigit() and len(exten) <= ATTEMPT_DIGITS):
        raise ValueError(f"no number of an attempt: {exten!r}")
    return AttemptNo(int(exten))
