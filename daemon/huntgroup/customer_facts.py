"""Which facts mean something for customers, and what of each: the seam between the engine's words and the store's.

What a fact says is complete in itself, identities in their one form and rules as they were when it happened: it may be
applied by a later life of the daemon, under another configuration.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from huntgroup.customers.rules import CALL, RuleBook
from huntgroup.engine.effects import Fact, FactType
from huntgroup.engine.events import Event, InquiryReceived, MessageLeft
from huntgroup.shell import Handled


def customer_facts(handled: Handled, rules: RuleBook) -> Iterator[tuple[str, str]]:
    """Kind and body of each fact of an event, in order."""
    for effect in handled.effects:
        if not isinstance(effect, Fact) or effect.inquiry is None:
            continue
        if effect.type is FactType.RECEIVED:
            yield "received", _text(_received(effect, handled.event, rules))
        elif effect.type in _KINDS:
            kind, more = _KINDS[effect.type]
            body = {"inquiry": effect.inquiry, "at": effect.at, "operator": effect.operator}
            yield kind, _text(body | more(effect, handled.event))


def _text(body: dict[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False)


def _received(fact: Fact, event: Event, rules: RuleBook) -> dict[str, Any]:
    channel = _channel(event)
    rule = rules.of(channel, fact.detail)
    customer = fact.customer
    found = rules.known_by(rule, customer) if customer is not None else ()
    return {
        "inquiry": fact.inquiry,
        "at": fact.at,
        "channel": channel,
        "source": fact.detail,
        "identities": found,
        "name": customer.name if customer is not None else "",
        "known_as": customer.known_as if customer is not None else "",
        "crm": customer.crm if customer is not None else "",
        "crm_of": rules.crm,
        "responsible": event.responsible if isinstance(event, InquiryReceived) else None,
        "track": rule.track,
        "create": rule.create,
    }


def _channel(event: Event) -> str:
    """Of what an event admits: all but what a channel submits comes of a call."""
    if isinstance(event, InquiryReceived):
        return event.channel
    return "mail" if isinstance(event, MessageLeft) else CALL


def _nothing_more(_fact: Fact, _event: Event) -> dict[str, Any]:
    return {}


def _recording(_fact: Fact, event: Event) -> dict[str, Any]:
    return {"recording": event.recording.file if isinstance(event, MessageLeft) else ""}


def _outcome(fact: Fact, _event: Event) -> dict[str, Any]:
    return {"outcome": fact.detail.partition(":")[0]}


_KINDS: dict[FactType, tuple[str, Callable[[Fact, Event], dict[str, Any]]]] = {
    FactType.ACCEPTED: ("accepted", _nothing_more),
    FactType.CALLBACK_PROMISED: ("promised", _nothing_more),
    FactType.CUSTOMER_REACHED: ("reached", _nothing_more),
    FactType.RESPONSIBLE_CHANGED: ("moved", _nothing_more),
    FactType.PUT_BACK: ("put_back", _nothing_more),
    FactType.ENDED: ("talked", _nothing_more),
    FactType.MESSAGE_LEFT: ("message_left", _recording),
    FactType.CLOSED: ("closed", _outcome),
}
"""What each is called in the store, and what it says beside who, when and which."""
