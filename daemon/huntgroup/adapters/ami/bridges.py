"""Who is joined to whom at the PBX, and what follows for the conversations of our callers.

Asterisk tells of every transfer, parking place, conference and redirect in the same few words (seen on 16.28 and
22.10): who enters a bridge (``BridgeEnter``), and who hangs up. Nothing else is read. That a channel leaves a bridge is
known when it enters another one, gives up its place to who swaps with it, or hangs up; of a caller, also when we send
them elsewhere, or they wait again. A channel that does none of it is about to, or its operator only asks somebody in
between. So a conversation stays its operator's until their channel is gone, or the caller is joined to another phone of
ours.
"""

from collections.abc import Callable, Iterable, Iterator

from huntgroup.adapters.ami.calls import Call
from huntgroup.adapters.ami.genuine import swapped
from huntgroup.adapters.ami.wire import Message
from huntgroup.engine.events import CustomerAlone, Event
from huntgroup.engine.ids import PhoneId

HOLDING = "holding_bridge"
"""A parking lot, or a waiting room: whoever else is in it, nobody there talks to anybody."""
LOCAL = "Local/"
NOBODY = (LOCAL, "CBAnn/", "CBRec/", "Announcer/", "Recorder/", "Snoop/")
"""Channels of Asterisk's own: they join, announce, record or listen, and nobody talks on them."""
HALVES = {";1": ";2", ";2": ";1"}

PhoneOf = Callable[[str], PhoneId | None]
Talks = Callable[[Call, PhoneId], Event]


class Bridges:
    """The channels that are known to live, by Uniqueid, and the bridge that each entered last."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._by_name: dict[str, str] = {}
        self._bridge: dict[str, str] = {}
        self._members: dict[str, dict[str, None]] = {}
        self._callers: dict[str, dict[str, None]] = {}

    def __len__(self) -> int:
        """How many channels are known."""
        return len(self._names) + len(self._callers)

    # -- what is told -------------------------------------------------------------------------------------------------

    def enter(self, message: Message) -> list[str]:
        """A channel is in a bridge now. The channels whose company may have changed by that."""
        uniqueid, channel, bridge = message["uniqueid"], message["channel"], message["bridgeuniqueid"]
        if not uniqueid or not bridge:
            raise ValueError("a bridge or a channel without a name")
        swaps = swapped(message)
        concerned = dict.fromkeys(self.gone(swaps) if swaps else ())
        concerned |= dict.fromkeys(self._leave(uniqueid))
        self._note(uniqueid, channel, "" if message.bridgetechnology == HOLDING else bridge)
        return list(concerned | dict.fromkeys((uniqueid, *self._reached_from(uniqueid))))

    def gone(self, uniqueid: str) -> list[str]:
        """A channel hung up, or somebody took its place. The channels that were joined to it, and its callers."""
        concerned = [*self._leave(uniqueid), *self._callers.pop(uniqueid, ())]
        name = self._names.pop(uniqueid, "")
        if self._by_name.get(name) == uniqueid:
            del self._by_name[name]
        return list(dict.fromkeys(concerned))

    def left(self, uniqueid: str) -> None:
        """A channel is back in the dialplan or on its way there, and so in no bridge."""
        self._leave(uniqueid)

    def serves(self, uniqueid: str, caller: str) -> None:
        """On this channel an operator talks to a caller, who is concerned when it ends, wherever they are by then."""
        self._callers.setdefault(uniqueid, {})[caller] = None

    def seen(self, channels: Iterable[tuple[Message, str]]) -> None:
        """These are all there are, each with its bridge or "": what was known before is void."""
        for known in (self._names, self._by_name, self._bridge, self._members, self._callers):
            known.clear()
        for each, bridge in channels:
            self._note(each["uniqueid"], each["channel"], bridge)

    def found(self, uniqueid: str, channel: str, bridge: str) -> None:
        """A channel is in this bridge, "" for none, and nobody said so."""
        self._leave(uniqueid)
        if bridge:
            self._note(uniqueid, channel, bridge)

    # -- what is asked ------------------------------------------------------------------------------------------------

    def channels(self) -> dict[str, str]:
        """Every channel that is known to live, Uniqueid to name."""
        return dict(self._names)

    def lives(self, uniqueid: str) -> bool:
        """Whether this channel entered a bridge and has not hung up."""
        return uniqueid in self._names

    def company(self, uniqueid: str) -> list[tuple[str, str]]:
        """Uniqueid and name of who is joined to this channel, be it through Local channels."""
        found = ((each, self._names[each]) for each in self._reached_from(uniqueid))
        return [(each, name) for each, name in found if not name.startswith(NOBODY)]

    def _note(self, uniqueid: str, channel: str, bridge: str) -> None:
        self._names[uniqueid] = channel
        self._by_name[channel] = uniqueid
        if bridge:
            self._bridge[uniqueid] = bridge
            self._members.setdefault(bridge, {})[uniqueid] = None

    def _leave(self, uniqueid: str) -> list[str]:
        concerned = list(self._reached_from(uniqueid))
        bridge = self._bridge.pop(uniqueid, None)
        if bridge is not None:
            del self._members[bridge][uniqueid]
            if not self._members[bridge]:
                del self._members[bridge]
        return concerned

    def _reached_from(self, uniqueid: str) -> Iterator[str]:
        """Everybody in the same bridge, and in the bridges at the other ends of its Local channels."""
        reached, ahead = {uniqueid}, [uniqueid]
        for each in ahead:
            half = self._other_half(each) if each != uniqueid else None
            for other in (*self._members.get(self._bridge.get(each, ""), ()), *([half] if half else ())):
                if other not in reached:
                    reached.add(other)
                    ahead.append(other)
        yield from ahead[1:]

    def _other_half(self, uniqueid: str) -> str | None:
        name = self._names.get(uniqueid, "")
        half = HALVES.get(name[-2:]) if name.startswith(LOCAL) else None
        return self._by_name.get(name[:-2] + half) if half else None


def look_at(call: Call, bridges: Bridges, phone_of: PhoneOf, talks: Talks) -> list[Event]:
    """What became of a conversation, by who is joined to its caller now; often nothing.

    ``phone_of``: the phone of ours whose channel this is; ``talks`` makes the event of a conversation with it.

    Whoever is joined to a caller has answered, even if the answer went unheard: it may have come in the moment before
    the link was up, and Asterisk may take a while from there to the bridge (option D of Dial, say).
    """
    if call.callback is not None:
        return []
    company = bridges.company(call.uniqueid)
    ours = {phone: uniqueid for uniqueid, name in reversed(company) if (phone := phone_of(name)) is not None}
    if ours:
        return _with_us(call, ours, bridges, talks)
    if not call.is_answered:
        return []
    if call.alone is None and (call.with_channel is None or bridges.lives(call.with_channel)):
        return []
    return _with_nobody_of_ours(call, is_among_strangers=bool(company))


def _with_us(call: Call, ours: dict[PhoneId, str], bridges: Bridges, talks: Talks) -> list[Event]:
    phone = call.phone if call.phone in ours else next(reversed(ours))
    was_alone, call.alone = call.alone, None
    call.with_channel = ours[phone]
    bridges.serves(ours[phone], call.uniqueid)
    is_known = call.is_answered and phone == call.phone and was_alone is None
    return [] if is_known else [talks(call, phone)]


def _with_nobody_of_ours(call: Call, *, is_among_strangers: bool) -> list[Event]:
    if call.alone is is_among_strangers:
        return []
    call.alone = is_among_strangers
    return [CustomerAlone(inquiry=call.inquiry, is_among_strangers=is_among_strangers)]
