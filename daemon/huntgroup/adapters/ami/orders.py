"""Orders -> AMI actions. What goes into a channel's variables comes from the configuration alone.

A Redirect alone is not safe: it sets the channel's place in the dialplan while the channel's own thread may be at a
Goto, which then overwrites it (seen on 16.28: once in 50 calls the caller landed in the wrong context and was dropped).
So each order stands first in a variable, which the dialplan reads after every Goto and before it waits: an order whose
Redirect was overwritten is found there.
"""

from collections.abc import Iterable

import structlog

from huntgroup.adapters.ami import across, callbacks
from huntgroup.adapters.ami.calls import Call
from huntgroup.adapters.ami.directory import ACROSS, Directory
from huntgroup.adapters.ami.handovers import (
    NO_WAY_OUT,
    ORDER,
    NotPossibleError,
    announcement_actions,
    handover_actions,
    redirect,
    setvar,
)
from huntgroup.adapters.ami.joining import CALLER, Joiner, leg_to_join
from huntgroup.adapters.ami.translate import Translator
from huntgroup.adapters.ami.wire import SafeAction
from huntgroup.engine.effects import (
    AnnounceToCustomer,
    DialOut,
    EndInquiry,
    HoldCustomer,
    JoinRinging,
    Order,
    PromiseCallback,
    ReleaseLeg,
    ReplyToCustomer,
    RingPhones,
    SendToVoicemail,
    StopRinging,
)
from huntgroup.engine.policy import Hold
from huntgroup.errors import InvariantBroken

log = structlog.get_logger(__name__)

DIAL_OPTIONS = {Hold.RINGING: "ri", Hold.MUSIC: "mi"}
"""What the caller hears while phones ring: Dial's own ringback from the first instant, or music on hold. And no phone
forwards a caller (302) whom it was to ring for: whoever is at the other end, a mailbox say, would have them. It counts
as busy."""
JOINED_SECONDS = 600.0
"""Who joins what rings already rings as long as that, and no longer than this where a PBX goes away meanwhile."""
PHONES_MOST = 870
"""Bytes that the phones of one order may take: the rest of a line of AMI is for what stands around them."""
OFFER_CONTEXT = {Hold.RINGING: "huntgroup-offer", Hold.MUSIC: "huntgroup-offer-music"}


def actions_for(order: Order, translator: Translator) -> list[SafeAction]:
    """The actions that carry out one order, to be sent in one write; none when the channel is gone.

    Raises NotPossibleError for an order that the configuration gives no means to carry out.
    """
    if isinstance(order, ReleaseLeg):
        leg = translator.leg_channel(order.inquiry, order.attempt, order.phone)
        return [SafeAction({"Action": "Hangup", "Channel": leg, "Cause": 16})] if leg else []
    if isinstance(order, RingPhones) and order.is_callback:
        return call_back(order, translator)
    call = translator.call_of(order.inquiry)
    return _of_call(order, call, translator.directory) if call is not None else []


def _of_call(order: Order, call: Call, directory: Directory) -> list[SafeAction]:
    match order:
        case RingPhones():
            text = order_text(order, directory, call.channel)
            ring = _sent(call, OFFER_CONTEXT[order.hold], str(order.attempt), text, order.leave_key)
            return [*who_may_join(order, call), *ring]
        case StopRinging():
            return callbacks.give_up(call)
        case HoldCustomer():
            return _sent(call, "huntgroup-hold", order.hold, str(order.attempt), order.leave_key)
        case AnnounceToCustomer():
            return announcement_actions(order, call.channel)
        case EndInquiry():
            return [SafeAction({"Action": "Hangup", "Channel": call.channel, "Cause": order.cause})]
        case SendToVoicemail() | DialOut() | ReplyToCustomer() | PromiseCallback():
            key = leave_key(call, order.leave_key) if isinstance(order, ReplyToCustomer) else []
            return key + handover_actions(order, call.channel, directory)
        case _:
            raise InvariantBroken(f"the settings let through what no dialplan does yet: {type(order).__name__}")


def _sent(call: Call, context: str, exten: str, text: str, key: str) -> list[SafeAction]:
    return [*leave_key(call, key), setvar(call.channel, ORDER, text), redirect(call.channel, context, exten)]


def who_may_join(order: RingPhones, call: Call) -> list[SafeAction]:
    """What the Local channel by which phones join must know: whose it is."""
    return [setvar(call.channel, CALLER, call.uniqueid)] if order.may_be_joined else []


def leave_key(call: Call, key: str) -> list[SafeAction]:
    """Tell the dialplan by which key the caller may leave the line, if that is not what it was told last."""
    if call.leave_key == key:
        return []
    call.leave_key = key
    return [setvar(call.channel, "HUNTGROUP_KEY", key)]


def call_back(order: RingPhones, translator: Translator) -> list[SafeAction]:
    """Ring for a customer who is to be called back; what rang for them before, as the link was down say, stops."""
    before = translator.call_of(order.inquiry)
    call = callbacks.begun(order)
    phones = together(_dialled(order, translator.directory))
    if call.callback is None or not phones:
        raise NotPossibleError(NO_WAY_OUT)
    leg = across.header(order.inquiry, order.attempt, order.limit) if rings_across(order) else ""
    action = callbacks.originate(order, call.callback, phones, translator.directory, leg)
    translator.calls_back(call)
    return [*(callbacks.give_up(before) if before is not None else ()), action]


def order_text(order: RingPhones, directory: Directory, channel: str = "") -> str:
    """Attempt, context and Dial's arguments, as the dialplan takes them apart."""
    return f"{order.attempt}|{OFFER_CONTEXT[order.hold]}|{dial_arguments(order, directory, channel)}"


def dial_arguments(order: RingPhones, directory: Directory, channel: str = "") -> str:
    """The arguments of Dial: phones that ring together, a limit in whole seconds, what the caller hears and may press.

    ``channel`` is the caller's, which those are told that are rung at another PBX.

    Raises NotPossibleError when there is no way to any of the phones.
    """
    leg = ""
    if rings_across(order):
        leg = across.leg_option(across.header(order.inquiry, order.attempt, order.limit), channel)
    phones = together(_dialled(order, directory), PHONES_MOST - len(leg.encode()))
    if not phones:
        raise NotPossibleError(NO_WAY_OUT)
    if order.may_be_joined:
        phones = f"{phones}&{leg_to_join(order.attempt)}"
    options = DIAL_OPTIONS[order.hold] + ("d" if order.leave_key else "") + leg
    return f"{phones},{max(1, round(order.limit))},{options}"


def joiner(order: JoinRinging, translator: Translator) -> Joiner:
    """How one operator more is rung."""
    phones = order.ring.phones
    ways = [way for phone in phones if (way := translator.directory.dialled_as(phone)) is not None]
    if not any(phone.startswith(ACROSS) for phone in phones):
        return Joiner(phones, ways)
    text = across.header(order.inquiry, order.attempt, JOINED_SECONDS)
    return Joiner(phones, ways, across.leg_option(text, translator.channel_of(order.inquiry) or ""))


def rings_across(order: RingPhones) -> bool:
    """Whether somebody is rung whose phones are at another PBX."""
    return any(phone.startswith(ACROSS) for phone in order.phones)


def _dialled(order: RingPhones, directory: Directory) -> Iterable[str]:
    for phone in order.phones:
        dialled = directory.dialled_as(phone)
        if dialled is not None:
            yield dialled


def together(phones: Iterable[str], most: int = PHONES_MOST) -> str:
    """Phones that ring together, as many as a line of AMI holds: an order that is too long is thrown away whole."""
    every = "&".join(phones)
    if len(every.encode()) <= most:
        return every
    fitting = every.encode()[: most + 1].decode("utf-8", "ignore").rpartition("&")[0]
    log.warning("pbx.too_many_phones", left_out=every[len(fitting) + 1 :].split("&"), bytes_most=most)
    return fitting
