"""Calling a customer back: an operator's phone first, then the customer.

There is no caller's channel, so one is originated that stands for the customer: a Local channel, kept (``/n``), with
two ends. At one of them the dialplan rings the operators' phones as it would for a caller; when one answers, it rings
the customer at the other. Once the customer answers, their leg is the call, like any other.

Both ends get Uniqueids of ours, so that every event about them is known for what it is.
"""

from collections.abc import Callable, Iterable
from dataclasses import fields

from huntgroup.adapters.ami.calls import Call, Callback, to_be_heard_of
from huntgroup.adapters.ami.directory import Directory
from huntgroup.adapters.ami.handovers import NO_WAY_OUT, NotPossibleError
from huntgroup.adapters.ami.wire import Message, SafeAction
from huntgroup.engine.effects import RingPhones
from huntgroup.engine.events import AttemptFailed, CustomerLeft, CustomerNotReached, CustomerReached, Event
from huntgroup.engine.policy import CallBack, GroupPolicy, OverflowAction, Policy, Reply

OPERATOR_CONTEXT = "huntgroup-callback"
CUSTOMER_CONTEXT = "huntgroup-callback-customer"
LABEL = "Callback"
"""Stands before the customer's number on the operator's phone."""
PRIVILEGE = "customers are called back by Originate: `write = call,originate` for the AMI user: see config/manager.conf"
ENDED = "the call ended before they answered"
CODECS = "ulaw,alaw"
"""What the channel that stands for a customer may carry. Unasked Originate gives it slin alone, so that either side is
transcoded; and through an operator at another PBX one callback in five was then heard by nobody at the customer's end
(seen on 22.10: 29 of 126, and 0 of 42 with these). What not every Asterisk can transcode must not be among them."""


def are_needed(policy: Policy) -> bool:
    """Whether any group calls its customers back."""
    return any(_calls_back(action) for group in policy.groups.values() for action in _actions(group))


def _actions(group: GroupPolicy) -> Iterable[OverflowAction | None]:
    return [getattr(group, each.name) for each in fields(group) if each.name.startswith("on_")]


def _calls_back(action: OverflowAction | None) -> bool:
    while isinstance(action, Reply):
        action = action.then
    return isinstance(action, CallBack)


def allowed_action() -> SafeAction:
    """Asks for what the AMI user may do, by the names of the actions."""
    return SafeAction({"Action": "ListCommands"})


def begun(order: RingPhones) -> Call:
    """What is remembered of the call that this order begins."""
    callback = Callback.of(order.inquiry, order.attempt)
    call = Call(order.inquiry, callback.operator_end, callback.customer_end, callback=callback)
    call.ordered_attempt = order.attempt
    call.unheard = to_be_heard_of(order.phones)
    call.customer = order.customer or call.customer
    return call


def originate(order: RingPhones, callback: Callback, phones: str, directory: Directory, leg: str = "") -> SafeAction:
    """Ring the operators' phones for a customer to be called back; ``leg`` is for those at another PBX.

    Raises NotPossibleError when the customer cannot be dialled.
    """
    customer = order.customer
    way_out = directory.way_out(customer.phone) if customer is not None and customer.can_be_called_back else None
    if customer is None or way_out is None:
        raise NotPossibleError(NO_WAY_OUT)
    seconds = max(1, round(order.limit))
    return SafeAction(
        {
            "Action": "Originate",
            "Channel": f"Local/{order.attempt}@{OPERATOR_CONTEXT}/n",
            "Context": CUSTOMER_CONTEXT,
            "Exten": str(order.attempt),
            "Priority": 1,
            "Async": "true",
            "Codecs": CODECS,
            "Timeout": (seconds + 1) * 1000,
            "CallerID": f'"{LABEL}" <{customer.phone}>',
            "ChannelId": callback.customer_end,
            "OtherChannelId": callback.operator_end,
            "Variable": (
                f"HUNTGROUP_PHONES={phones}",
                f"HUNTGROUP_LIMIT={seconds}",
                f"HUNTGROUP_CUSTOMER={way_out}",
                f"HUNTGROUP_SHOWN={order.dialled or ''}",
                *((f"HUNTGROUP_OFFER={leg}",) if leg else ()),
            ),
        }
    )


def give_up(call: Call) -> list[SafeAction]:
    """End what rings for an earlier attempt, if anything does."""
    if call.callback is None:
        return []
    return [SafeAction({"Action": "Hangup", "Channel": call.callback.customer_end, "Cause": 16})]


def reached(call: Call, uniqueid: str, channel: str) -> list[Event]:
    """The customer answered: from now on their leg is the call."""
    if call.callback is None:
        return []
    attempt, was_told = call.callback.attempt, call.callback.is_reached
    call.uniqueid, call.channel, call.callback = uniqueid, channel, None
    return [] if was_told else [CustomerReached(inquiry=call.inquiry, attempt=attempt)]


def not_reached(call: Call, detail: str) -> list[Event]:
    """The customer did not answer; told once."""
    callback = call.callback or call.sent_on
    if callback is None or callback.is_told:
        return []
    callback.is_told = True
    return [CustomerNotReached(inquiry=call.inquiry, attempt=callback.attempt, detail=detail)]


def hung_up(call: Call) -> list[Event]:
    """The channel that stands for a customer is gone, and so is who answered it, if anybody did."""
    if call.callback is None or call.callback.is_reached:
        return [*not_reached(call, ENDED), CustomerLeft(inquiry=call.inquiry)]
    if call.is_answered:
        return not_reached(call, ENDED)
    return [AttemptFailed(inquiry=call.inquiry, attempt=call.callback.attempt, detail=ENDED)]


def reached_where_sent(call: Call) -> list[Event]:
    """The customer answered on a line that was sent on: that stays the call."""
    callback, call.sent_on = call.sent_on, None
    if callback is None or callback.is_told:
        return []
    return [CustomerReached(inquiry=call.inquiry, attempt=callback.attempt)]


def reached_unseen(call: Call, channels: Iterable[Message], is_phone: Callable[[str], bool]) -> Message | None:
    """The customer's leg, found joined to the customer's end while the link was down; None: there is none."""
    if call.callback is None:
        return None
    seen = list(channels)
    end = next((each for each in seen if each["uniqueid"] == call.callback.customer_end), None)
    if end is None or not end.bridgeid:
        return None
    ends = {call.callback.customer_end, call.callback.operator_end}
    return next(
        (
            each
            for each in seen
            if each.bridgeid == end.bridgeid and each["uniqueid"] not in ends and not is_phone(each["channel"])
        ),
        None,
    )
