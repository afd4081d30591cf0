"""Orders -> AMI actions. What goes into a channel's variables comes from the configuration alone.

A Redirect alone is not safe: it sets the channel's place in the dialplan while the channel's own thread may be at a
Goto, which then overwrites it (seen on 16.28: once in 50 calls the caller landed in the wrong context and was dropped).
So each order stands first in a variable, which the dialplan reads after every Goto and before it waits: an order whose
Redirect was overwritten is found there.
"""

from collections.abc import Iterable

import structlog

from huntgroup.adapters.ami.joining import CALLER, leg_to_join
from huntgroup.adapters.ami.translate import Translator
from huntgroup.adapters.ami.wire import SafeAction
from huntgroup.engine.effects import EndInquiry, HoldCustomer, Order, ReleaseLeg, RingPhones
from huntgroup.engine.ids import PhoneId
from huntgroup.engine.policy import Hold
from huntgroup.errors import InvariantBroken

log = structlog.get_logger(__name__)

DIAL_OPTIONS = {Hold.RINGING: "r", Hold.MUSIC: "m"}
"""What the caller hears while phones ring: Dial's own ringback from the first instant, or music on hold."""
PHONES_MOST = 870
"""Bytes that the phones of one order may take: the rest of a line of AMI is for what stands around them."""
OFFER_CONTEXT = {Hold.RINGING: "huntgroup-offer", Hold.MUSIC: "huntgroup-offer-music"}


def actions_for(order: Order, translator: Translator) -> list[SafeAction]:
    """The actions that carry out one order, to be sent in one write; none when the channel is gone."""
    if isinstance(order, ReleaseLeg):
        leg = translator.leg_channel(order.inquiry, order.attempt, order.phone)
        return [SafeAction({"Action": "Hangup", "Channel": leg, "Cause": 16})] if leg else []
    channel = translator.channel_of(order.inquiry)
    if channel is None:
        return []
    match order:
        case RingPhones():
            return [
                *who_may_join(order, channel, translator),
                SafeAction(
                    {
                        "Action": "Setvar",
                        "Channel": channel,
                        "Variable": "HUNTGROUP_ORDER",
                        "Value": order_text(order),
                    }
                ),
                redirect(channel, OFFER_CONTEXT[order.hold], str(order.attempt)),
            ]
        case HoldCustomer():
            return [
                SafeAction(
                    {
                        "Action": "Setvar",
                        "Channel": channel,
                        "Variable": "HUNTGROUP_ORDER",
                        "Value": str(order.attempt),
                    }
                ),
                redirect(channel, "huntgroup-hold", order.hold),
            ]
        case EndInquiry():
            return [SafeAction({"Action": "Hangup", "Channel": channel, "Cause": order.cause})]
        case _:
            raise InvariantBroken(f"the settings let through what no dialplan does yet: {type(order).__name__}")


def who_may_join(order: RingPhones, channel: str, translator: Translator) -> list[SafeAction]:
    """What the Local channel by which phones join must know: whose it is."""
    uniqueid = translator.uniqueid_of(order.inquiry) if order.may_be_joined else None
    if uniqueid is None:
        return []
    return [SafeAction({"Action": "Setvar", "Channel": channel, "Variable": CALLER, "Value": uniqueid})]


def order_text(order: RingPhones) -> str:
    """Attempt, context and Dial's arguments, as the dialplan takes them apart."""
    return f"{order.attempt}|{OFFER_CONTEXT[order.hold]}|{dial_arguments(order)}"


def dial_arguments(order: RingPhones) -> str:
    """The arguments of Dial: phones that ring together, a limit in whole seconds, what the caller hears."""
    phones = together(phone for ring in order.rings for phone in ring.phones)
    if order.may_be_joined:
        phones = f"{phones}&{leg_to_join(order.attempt)}"
    return f"{phones},{max(1, round(order.limit))},{DIAL_OPTIONS[order.hold]}"


def together(phones: Iterable[PhoneId]) -> str:
    """Phones that ring together, as many as a line of AMI holds: an order that is too long is thrown away whole."""
    every = "&".join(phones)
    if len(every.encode()) <= PHONES_MOST:
        return every
    fitting = every.encode()[: PHONES_MOST + 1].decode("utf-8", "ignore").rpartition("&")[0]
    log.warning("pbx.too_many_phones", left_out=every[len(fitting) + 1 :].split("&"), bytes_most=PHONES_MOST)
    return fitting


def redirect(channel: str, context: str, exten: str) -> SafeAction:
    """Send a caller's channel to another place in the dialplan; it leaves whatever it is doing at once."""
    return SafeAction({"Action": "Redirect", "Channel": channel, "Context": context, "Exten": exten, "Priority": 1})
