"""What is really there, held against what was believed. One path for a start, a reconnect and the PBX's restart.

A pure comparison: the client asks the PBX, this says what follows.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

import structlog

from huntgroup.adapters.ami import across, callbacks, handovers, hidden
from huntgroup.adapters.ami.bridges import Bridges
from huntgroup.adapters.ami.calls import Call
from huntgroup.adapters.ami.dialling import FALLBACK_CONTEXT, OFFER_CONTEXTS
from huntgroup.adapters.ami.directory import is_elsewhere
from huntgroup.adapters.ami.handovers import attempt_of
from huntgroup.adapters.ami.joining import CALLER_INHERITED, is_far_end
from huntgroup.adapters.ami.texts import device_of
from huntgroup.adapters.ami.translate import Translator
from huntgroup.adapters.ami.unheard import Wanted
from huntgroup.adapters.ami.wire import REPEATED, Message, shown
from huntgroup.engine.events import (
    AttemptFailed,
    CallMoved,
    CustomerAlone,
    CustomerLeft,
    Departure,
    Event,
    FallbackRings,
    InquiryReceived,
)
from huntgroup.engine.ids import NO_ATTEMPT, AttemptNo, InquiryId, PhoneId

log = structlog.get_logger(__name__)

RINGING = "5"
"""The state of a channel whose phone rings."""
UP = "6"
"""Of one that was answered."""
A_MOMENT = 0.9
"""Seconds within which what a caller who came in causes has been heard, if it is ever to be."""
LINK_LOST = "the link to the PBX was lost"
_DIGITS = re.compile(r"[0-9]+")

WAITING_CONTEXTS = frozenset(
    {"huntgroup-inbound", "huntgroup-hold", "huntgroup-offer-over", handovers.ANNOUNCE_CONTEXT, "huntgroup-leave"}
)
ENDING_CONTEXTS = frozenset({"huntgroup-remember", "huntgroup-served"})
"""Where a channel is that hangs up: called from the extension h of the others."""
NUMBER = "HUNTGROUP_NUMBER"
ORDER = "HUNTGROUP_ORDER"
CAME = "HUNTGROUP_CAME"
PEER = hidden.PEER
"""Asterisk's own: with whom a channel is in a bridge. In a parking lot, where many are and nobody talks, it is taken
away (seen on 16.28 and 22.10); no answer to Status tells the kind of a bridge."""
VARIABLES = (NUMBER, ORDER, CAME, across.OFFER, across.TARGET, CALLER_INHERITED)
"""What is asked of every channel beside that."""
NOT_SET = "(null)"
"""What Status says of a variable that the channel does not have (seen on 16.28 and 22.10)."""


class Repair(NamedTuple):
    """What was believed of a call, and what is there."""

    inquiry: InquiryId
    believed: str
    found: str


class Found(NamedTuple):
    """What is there. ``missed`` is to be told before the PBX counts as found and ``waiting`` after it, or each of these
    would first be ordered to wait and in the same instant to be rung for: two Redirects that overtake one another."""

    missed: list[Event]
    waiting: list[Event]
    repairs: list[Repair]


def around_found(found: Found, meanwhile: Iterable[Event]) -> tuple[list[Event], list[Event]]:
    """What is to be told before the PBX counts as found, and what after it. ``meanwhile``: what has happened since.

    Callers who wait come after it with all that concerns them, everything else before.
    """
    before, after = list(found.missed), list(found.waiting)
    late = {inquiry_of(event) for event in after}
    for event in meanwhile:
        if isinstance(event, InquiryReceived):
            late.add(event.inquiry)
        is_late = inquiry_of(event) in late - {None}
        (after if is_late else before).append(event)
    return before, after


def not_overtaken(buffered: Sequence[Message], before: int, translator: Translator) -> Iterator[Message]:
    """Without the words of callers that they wait, among those that are older than what Status said of them: they are
    in conversation since, and no order may part them. ``before``: so many of the messages are older."""
    for number, message in enumerate(buffered):
        call = translator.known_call(message.uniqueid) if number < before else None
        if call is None or not call.is_answered or message.userevent != "HuntgroupWaiting":
            yield message


def inquiry_of(event: Event) -> InquiryId | None:
    """The inquiry that an event is about, if it is about one."""
    return getattr(event, "inquiry", None)


class Seen:
    """The channels of an answer to Status, and what follows from them all together."""

    def __init__(
        self, messages: Iterable[Message], translator: Translator, over: Collection[str], bridges: Bridges
    ) -> None:
        """``over``: Uniqueids of calls that ended since. ``bridges`` takes who is joined to whom."""
        self.channels = {each["uniqueid"]: each for each in _channels(messages) if each["uniqueid"] not in over}
        self.variables = {uniqueid: _variables(channel) for uniqueid, channel in self.channels.items()}
        self._joined = bridges
        self._translator = translator
        self._across = dict(self._trunk_legs())
        self._is_conversation: dict[str, bool] = {}
        self._far_ends: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
        self._linked: dict[str, list[tuple[PhoneId, Message]]] = defaultdict(list)
        for uniqueid, channel in self.channels.items():
            if is_far_end(channel["channel"]):
                caller = self.variables[uniqueid].get(CALLER_INHERITED, "")
                self._far_ends[caller, channel["exten"]][uniqueid] = channel["channel"]
            phone = self._phone_of(channel["channel"])
            if phone is not None:
                self._linked[channel["linkedid"]].append((phone, channel))
        self._joined.seen(self._by_bridge())

    def _by_bridge(self) -> Iterator[tuple[Message, str]]:
        """Who is in which bridge. Operators who only ask somebody in between are in none, and may be again."""
        bridges: dict[str, list[Message]] = defaultdict(list)
        for channel in self.channels.values():
            if channel.bridgeid:
                bridges[channel.bridgeid].append(channel)
            elif self._phone_of(channel["channel"]):
                yield channel, ""
        for bridge, members in bridges.items():
            is_conversation = len(members) == 1 or any(_variables(each).get(PEER) for each in members)
            self._is_conversation[bridge] = is_conversation
            for each in members:
                yield each, bridge if is_conversation else ""

    def _trunk_legs(self) -> Iterator[tuple[str, PhoneId]]:
        for uniqueid, channel in self.channels.items():
            name = channel["channel"]
            phone = self._translator.at_end_of(name, self.variables[uniqueid].get(across.TARGET, ""))
            if phone is not None:
                yield name, phone

    def _phone_of(self, name: str) -> PhoneId | None:
        return self._translator.phone_of(name) or self._across.get(name)

    def talking_to(self, channel: Message) -> PhoneId | None:
        """The phone of ours in the same bridge, where the caller's own channel may be one."""
        return next((phone for name in self._others(channel) if (phone := self._phone_of(name))), None)

    def somebody_with(self, channel: Message) -> PhoneId | None:
        """Whoever else is in the same bridge."""
        return next((device_of(name) for name in self._others(channel)), None)

    def company_of(self, channel: Message) -> Iterator[tuple[str, str, str]]:
        """Uniqueid, name and bridge of each channel in the same bridge, itself first."""
        bridge = channel.bridgeid
        yield channel["uniqueid"], channel["channel"], bridge if self._is_conversation.get(bridge) else ""
        for each in self.channels.values() if bridge else ():
            if each.bridgeid == bridge and each is not channel:
                yield each["uniqueid"], each["channel"], bridge if self._is_conversation.get(bridge) else ""

    def _others(self, channel: Message) -> Iterator[str]:
        return (name for _, name in self._joined.company(channel["uniqueid"]))

    def leg_of(self, channel: Message, phone: PhoneId | None) -> str | None:
        """The Uniqueid of a channel of this phone that belongs to the same call."""
        legs = self._linked[channel["linkedid"]]
        return next((leg["uniqueid"] for other, leg in legs if other == phone and leg is not channel), None)

    def has_leg(self, channel: Message, phone: PhoneId | None) -> bool:
        """Whether a channel of this phone, None: of any, belongs to the same call, wherever it is."""
        return any(phone in {None, other} for other, leg in self._linked[channel["linkedid"]] if leg is not channel)

    def far_ends(self, channel: Message) -> dict[str, str]:
        """Uniqueid and name of the Local channels by which others joined what rings for this caller, or may have."""
        return self._far_ends.get((channel["uniqueid"], channel["exten"]), {})

    def ringing(self, channel: Message) -> list[tuple[PhoneId, str]]:
        """The phones of ours that ring for the same call, and the channels on which they do.

        One that answered counts as ringing until it is joined to the caller, which the bridge will tell: Asterisk takes
        its time from the answer to there, and may still decide otherwise (options U and D of Dial).
        """
        linked = self._linked[channel["linkedid"]]
        return [(phone, str(leg["channel"])) for phone, leg in linked if leg is not channel and _is_rung(leg)]


def reconcile(messages: Iterable[Message], translator: Translator, over: Collection[str] = ()) -> Found:
    """The events that were missed, from the items of an answer to Status. ``over``: Uniqueids that ended since then.

    A call that is gone: the customer left unseen. One that is joined to a phone of ours is a conversation, whoever rang
    for it. One for which the dialplan rings by itself is left to it. One that waits, or rings for an earlier attempt:
    whatever was ordered came to nothing. One that had been answered and is with nobody of ours has moved. Who waits is
    told of in any case, first come, first told: the engine may have given them up. Who rings and was not known is
    remembered, to be told of as soon as somebody answers.
    """
    seen = Seen(messages, translator, over, translator.bridges)
    translator.keep_legs({channel["channel"] for channel in seen.channels.values()})
    found = Found([], [], [])
    if translator.arrivals is not None:
        translator.arrivals.resync(seen.channels, seen.variables)
    _reached_unseen(seen, translator, found)
    for call in translator.known_calls():
        if call.uniqueid not in seen.channels:
            if call.is_told:
                _repaired(found, call, "gone")
            translator.forget(call)
            found.missed.extend(_gone(call))
    for uniqueid in sorted(seen.channels, key=_instant):
        try:
            _look_at(seen.channels[uniqueid], seen, translator, found)
        except ValueError as error:
            shown_channel = shown(seen.channels[uniqueid])
            log.warning("ami.message_not_understood", error=repr(error), message=shown_channel)
    return found


class Looked(NamedTuple):
    """What a look has found; ``is_settled`` is False while something that was to be looked at is under way."""

    events: list[Event]
    repairs: list[Repair]
    is_settled: bool


def look(messages: Iterable[Message], translator: Translator, wanted: Wanted, now: float) -> Looked:
    """The same as `reconcile` while the link is up and nearly all is heard: only what may have gone unheard.

    ``now`` in seconds since the epoch, on our clock. Nothing is believed to be as it is that may just be changing: a
    call that an order was sent for since, and a caller who came in this moment.
    """
    bridges = Bridges()
    seen = Seen(messages, translator, (), bridges)
    found, events = Found([], [], []), [*_gone_unheard(seen, translator, wanted)]
    repairs = [Repair(each, "there", "gone") for each in dict.fromkeys(map(inquiry_of, events)) if each is not None]
    is_settled = True
    for uniqueid in sorted(seen.channels, key=_instant):
        channel = seen.channels[uniqueid]
        if not _is_to_be_looked_at(channel, seen, translator, wanted):
            continue
        call = translator.known_call(uniqueid)
        if call is None:
            is_settled &= _found_unheard(channel, seen, translator, found, now)
        elif wanted.sent.get(call.uniqueid) == call.sent:
            for other, name, bridge in seen.company_of(channel):
                translator.bridges.found(other, name, bridge)
            _reached_unseen(seen, translator, found, call)
            _look_at(channel, seen, translator, found)
        else:
            is_settled = False
    events += [*found.missed, *found.waiting]
    return Looked(events, [*repairs, *found.repairs], is_settled)


def _gone_unheard(seen: Seen, translator: Translator, wanted: Wanted) -> Iterator[Event]:
    """What happened to channels that existed when a message was refused, and have ended since."""
    names = {channel["channel"] for channel in seen.channels.values()}
    for call in translator.known_calls():
        if call.is_answered or call.uniqueid not in seen.channels or seen.talking_to(seen.channels[call.uniqueid]):
            continue
        for leg in [each for each in call.legs if each not in names and wanted.mentions(each)]:
            yield from translator.leg_hung_up_unheard(leg)
    for uniqueid, name in translator.known_channels().items():
        was_there = wanted.mentions(uniqueid, name) or (wanted.mentioned is None and uniqueid in wanted.sent)
        if was_there and uniqueid not in seen.channels:
            yield from translator.hung_up_unheard(uniqueid, name)


def _is_to_be_looked_at(channel: Message, seen: Seen, translator: Translator, wanted: Wanted) -> bool:
    names = {channel["uniqueid"], channel["channel"], channel["linkedid"], channel.bridgeid}
    call = translator.known_call(channel["uniqueid"])
    names.update(call.legs if call is not None else ())
    for uniqueid, name, _ in seen.company_of(channel):
        names |= {uniqueid, name}
    return wanted.is_meant(*(names - {""}))


def _found_unheard(channel: Message, seen: Seen, translator: Translator, found: Found, now: float) -> bool:
    """A channel that is nobody's yet: of a caller who is with us, or of one from another PBX. False: it is too new."""
    variables = seen.variables[channel["uniqueid"]]
    if channel.context == across.CONTEXT and translator.arrivals is not None:
        translator.arrivals.found(channel["uniqueid"], seen.channels, variables.get(across.OFFER, ""))
        return True
    if not _is_in_our_hands(channel):
        return True
    came = variables.get(CAME, "")
    if not came or now - translator.our_time(float(came)) < A_MOMENT:
        return False
    _look_at(channel, seen, translator, found)
    return True


def _is_rung(leg: Message) -> bool:
    return leg.channelstate == RINGING or (leg.channelstate == UP and not leg.bridgeid)


def _gone(call: Call) -> list[Event]:
    """When a caller left nobody saw. Whether a customer was reached who was being called back nobody can know: they are
    called again rather than never."""
    if call.callback is not None and not call.callback.is_reached:
        return callbacks.hung_up(call)
    return [CustomerLeft(inquiry=call.inquiry, departure=Departure.VANISHED)]


def _look_at(channel: Message, seen: Seen, translator: Translator, found: Found) -> None:
    """A channel that is, perhaps, a caller's of ours."""
    variables = seen.variables[channel["uniqueid"]]
    number, attempts = variables.get(NUMBER, ""), variables.get(ORDER, "").partition("|")[0]
    call = translator.known_call(channel["uniqueid"])
    if number and (call is not None or _is_in_our_hands(channel) or seen.talking_to(channel)):
        was_known = call is not None
        call = translator.found(channel, number, variables.get(CAME, ""))
        attempt = _ringing_attempt(channel)
        if attempt and not channel.bridgeid:
            translator.may_answer_behind(call, attempt, seen.far_ends(channel))
        if was_known or channel.context not in WAITING_CONTEXTS:
            found.missed.extend(_what_became(call, channel, seen, translator, found))
        if channel.context in WAITING_CONTEXTS and not channel.bridgeid:
            _waits(call, channel, attempts, translator, found)
    elif call is not None and (call.callback is None or channel["uniqueid"] == call.callback.operator_end):
        call.channel = channel["channel"]
        found.missed.extend(_what_became(call, channel, seen, translator, found))


def _is_in_our_hands(channel: Message) -> bool:
    return channel.context in WAITING_CONTEXTS | OFFER_CONTEXTS | {FALLBACK_CONTEXT}


def concerns_us(channel: Message, translator: Translator) -> bool:
    """Whether a channel is a caller's who is with us, or a phone's of ours."""
    is_known = translator.known_call(channel["uniqueid"]) is not None
    return is_known or _is_in_our_hands(channel) or translator.is_phone(channel["channel"])


def _waits(call: Call, channel: Message, attempts: str, translator: Translator, found: Found) -> None:
    if not call.is_told:
        _repaired(found, call, "waiting")
    number = call.source
    found.waiting.append(translator.arrival(channel, number, attempts, call.came_at))


def _reached_unseen(seen: Seen, translator: Translator, found: Found, only: Call | None = None) -> None:
    """Customers who are called back and have answered meanwhile, and before each the operator who called them."""
    for call in translator.known_calls() if only is None else (only,):
        leg = callbacks.reached_unseen(call, seen.channels.values(), translator.is_phone)
        if leg is None or call.callback is None:
            continue
        end = seen.channels.get(call.callback.operator_end)
        if end is not None:
            found.missed.extend(_what_became(call, end, seen, translator, found))
        found.missed.extend(translator.reached(call, leg["uniqueid"], leg["channel"]))


def _instant(uniqueid: str) -> tuple[int, ...]:
    """When a channel came to be: a Uniqueid is, behind the system's name, seconds since the epoch and a count."""
    return tuple(int(digits) for digits in _DIGITS.findall(uniqueid))


def _channels(messages: Iterable[Message]) -> Iterator[Message]:
    return (message for message in messages if message.event == "Status")


def _what_became(call: Call, channel: Message, seen: Seen, translator: Translator, found: Found) -> list[Event]:
    somebody = seen.talking_to(channel) or (None if call.is_answered else _stranger(call, channel, seen))
    if channel.context in handovers.CONTEXTS and _is_latest(call, channel):
        is_through = channel.context == handovers.OUTSIDE_CONTEXT and somebody is not None
        return handovers.number_answered(call, channel) if is_through else []
    if somebody is not None:
        return _in_conversation(call, channel, somebody, translator, found)
    if call.is_answered:
        return _after_an_answer(call, channel, seen, translator, found)
    return _unanswered(call, channel, seen, translator, found)


def _unanswered(call: Call, channel: Message, seen: Seen, translator: Translator, found: Found) -> list[Event]:
    """It rings for somebody, waits, or is elsewhere at the PBX by an order before the last."""
    attempt = _ringing_attempt(channel)
    if attempt and attempt == call.ordered_attempt:
        return [translator.rings(call, attempt, phone, leg) for phone, leg in seen.ringing(channel)]
    if channel.context == FALLBACK_CONTEXT or (attempt and channel.bridgeid):
        _repaired(found, call, "rung for by the PBX itself")
        for phone, leg in seen.ringing(channel):
            translator.rings(call, NO_ATTEMPT, phone, leg)
        return [FallbackRings(inquiry=call.inquiry)]
    is_behind = attempt or channel.context in WAITING_CONTEXTS | handovers.CONTEXTS
    if call.ordered_attempt and is_behind and channel["exten"] != "h":
        _repaired(found, call, f"attempt {attempt}" if attempt else "waiting")
        attempt = AttemptNo(call.ordered_attempt)
        return [AttemptFailed(inquiry=call.inquiry, attempt=attempt, detail=LINK_LOST, is_unheard=True)]
    return []


def _is_latest(call: Call, channel: Message) -> bool:
    """Whether what goes on there is what was last ordered."""
    return str(channel["exten"]) == str(call.ordered_attempt)


def _stranger(call: Call, channel: Message, seen: Seen) -> PhoneId | None:
    """Somebody with a device that is none of our phones: the mobile that was ordered to ring looks like any other."""
    stranger = seen.somebody_with(channel)
    is_mobile = stranger is not None and call.mobile is not None and _ringing_attempt(channel) == call.ordered_attempt
    return call.mobile if is_mobile else stranger


def _in_conversation(
    call: Call, channel: Message, somebody: PhoneId, translator: Translator, found: Found
) -> list[Event]:
    """Joined to a phone of ours; or to another device, such as a phone that is configured no more: to ring for the
    caller would end that as well."""
    if not call.is_answered or call.phone != somebody:
        _repaired(found, call, f"talking to {somebody}")
    event = translator.conversation(call, somebody, _ringing_attempt(channel) or NO_ATTEMPT)
    return [event, *translator.look_at(call)]


def _after_an_answer(call: Call, channel: Message, seen: Seen, translator: Translator, found: Found) -> list[Event]:
    """It was answered and is not with a phone of ours. While the one that answered is still in the call, it was set
    aside for a moment; one that is in no bridge and still with us is just being sent on, or hanging up."""
    is_ours = _is_in_our_hands(channel) or channel.context in ENDING_CONTEXTS
    is_on_its_way = not channel.bridgeid and is_ours
    stranger = seen.somebody_with(channel)
    # A mobile looks like any other channel of its trunk: while the caller talks to somebody there, it is believed.
    is_still_there = seen.has_leg(channel, call.phone) or (
        stranger is not None and call.phone is not None and (stranger == call.phone or is_elsewhere(call.phone))
    )
    if is_on_its_way or is_still_there:
        call.with_channel = seen.leg_of(channel, call.phone)
        if call.with_channel is not None:
            translator.bridges.serves(call.with_channel, call.uniqueid)
        return []
    is_among_strangers = stranger is not None
    if call.alone is is_among_strangers:
        return []
    _repaired(found, call, "with nobody of ours")
    call.alone = is_among_strangers
    if is_among_strangers:
        return [CallMoved(inquiry=call.inquiry, operator=None)]
    return [CustomerAlone(inquiry=call.inquiry)]


def _repaired(found: Found, call: Call, what: str) -> None:
    if not call.is_told:
        believed = "unknown"
    elif call.is_answered:
        believed = f"talking to {call.phone}" if call.phone else "talking"
    else:
        believed = f"attempt {call.ordered_attempt}" if call.ordered_attempt else "waiting"
    found.repairs.append(Repair(call.inquiry, believed, what))


def _ringing_attempt(channel: Message) -> AttemptNo | None:
    """The attempt that rings for this channel, or rang until it was answered."""
    if channel.context not in OFFER_CONTEXTS:
        return None
    try:
        return attempt_of(channel["exten"])
    except ValueError:
        return None  # it is hanging up: the extension is h


def _variables(channel: Message) -> dict[str, str]:
    """The channel variables that were asked for, from headers of the form ``Variable: NAME=value``.

    Asterisk's own stand last, behind what a caller may have got into the message.
    """
    pairs = [text.partition("=") for text in channel.variable.split(REPEATED)]
    return {name: "" if value == NOT_SET else value for name, _, value in pairs}
