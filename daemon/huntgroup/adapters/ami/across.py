"""Calls between two PBXs: a caller at one, an operator's phone at the other, and one leg of a trunk in between.

The PBX that has the caller decides what becomes of the call, and its word about the leg is what counts. The other one
knows more of it: whose phone rings there, and who answered, where somebody picked the call up. `Crossings` is what both
know together; it is the one thing that the links to several PBXs share.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from huntgroup.adapters.ami.directory import ACROSS
from huntgroup.adapters.ami.fallback import NO_LIST, setvar
from huntgroup.adapters.ami.genuine import reported
from huntgroup.adapters.ami.handovers import attempt_of
from huntgroup.adapters.ami.wire import Message, SafeAction
from huntgroup.engine.events import CallMoved, Event
from huntgroup.engine.ids import AttemptNo, InquiryId, OperatorId, PbxId, PhoneId
from huntgroup.engine.policy import Policy

CONTEXT = "huntgroup-across"
OFFER = "HUNTGROUP_OFFER"
"""A channel that arrived has our header in it."""
TARGET = "HUNTGROUP_ACROSS"
"""A leg over a trunk has in it what was dialled there."""
_CALL = re.compile(r"call-[A-Za-z0-9._-]{1,200}")
_INSTANCE = re.compile(r"-[0-9a-f]{8,}$")


@dataclass(slots=True)
class Arrival:
    """A channel that came over a trunk to ring an operator, as the PBX sees it where it arrived."""

    inquiry: InquiryId
    attempt: AttemptNo
    wanted: OperatorId
    uniqueid: str
    channel: str
    legs: dict[str, PhoneId] = field(default_factory=dict)
    """Channel to phone, of those that ring."""
    taken_by: OperatorId | None = None
    is_taken_by_a_stranger: bool = False
    """By somebody there who is no operator."""


NOBODY_OF_OURS = PhoneId(ACROSS)
"""At another PBX, and none of ours."""


class Crossings:
    """Every arrival, by the leg that it is the other end of."""

    def __init__(self) -> None:
        self._arrivals: dict[tuple[InquiryId, AttemptNo, OperatorId], Arrival] = {}
        self._told: dict[tuple[InquiryId, AttemptNo, OperatorId], None] = {}

    def add(self, arrival: Arrival) -> None:
        """A leg has arrived."""
        self._arrivals[_name(arrival)] = arrival

    def drop(self, arrival: Arrival) -> None:
        """It is over."""
        name = _name(arrival)
        if self._arrivals.get(name) is arrival:
            del self._arrivals[name]
        self._told.pop(name, None)

    def answered(self, inquiry: InquiryId, attempt: AttemptNo, phone: PhoneId) -> PhoneId:
        """A leg was answered, so the caller's PBX says: who it was that did, as far as it is known."""
        if not phone.startswith(ACROSS):
            return phone
        wanted = OperatorId(phone.removeprefix(ACROSS))
        arrival = self._arrivals.get((inquiry, attempt, wanted))
        if arrival is None:
            return phone
        self._told[inquiry, attempt, wanted] = None
        if arrival.is_taken_by_a_stranger:
            return NOBODY_OF_OURS
        return PhoneId(f"{ACROSS}{arrival.taken_by or wanted}")

    def is_told(self, arrival: Arrival) -> bool:
        """Whether the caller's PBX has said already that it was answered."""
        return _name(arrival) in self._told

    def size(self) -> int:
        """How much is remembered: 0 when nobody calls."""
        return len(self._arrivals) + len(self._told)


def _name(arrival: Arrival) -> tuple[InquiryId, AttemptNo, OperatorId]:
    return arrival.inquiry, arrival.attempt, arrival.wanted


class Arrivals:
    """What arrived at one PBX. ``policy`` is that PBX's own view of the house."""

    def __init__(self, pbx: PbxId, policy: Policy, crossings: Crossings) -> None:
        self._pbx = pbx
        self._crossings = crossings
        self._arrivals: dict[str, Arrival] = {}
        self.reconfigure(policy)

    def reconfigure(self, policy: Policy) -> None:
        """Other operators, phones or extensions from now on."""
        here = [each for each in policy.operators.values() if policy.home(each) == self._pbx]
        self._wanted = {each.extension: each.id for each in here if each.extension}
        self._owner = {phone: each.id for each in here for phone in each.phones}

    def is_one(self, message: Message) -> bool:
        """Whether a message is about a channel that arrived, or just does: our own legs bear their trunk's context."""
        return message["uniqueid"] in self._arrivals or message.userevent == "HuntgroupAcross"

    def heard(self, message: Message) -> list[Event]:
        """A message about a channel in our context for arrivals."""
        if message.event == "UserEvent":
            self._arrived(message, reported(message, "offer"), reported(message, "extension"))
            return []
        arrival = self._arrivals.get(message["uniqueid"])
        if arrival is None:
            return []
        if message.event == "DialBegin":
            arrival.legs[message["destchannel"]] = _device_of(message["destchannel"])
        elif message.event == "DialEnd":
            arrival.legs.pop(message["destchannel"], None)
            if message["dialstatus"] == "ANSWER":
                return self._answered(arrival, message["destchannel"])
        elif message.event == "Hangup":
            self._drop(arrival)
        return []

    def hung_up(self, uniqueid: str) -> None:
        """A channel is gone, perhaps one that arrived and was transferred elsewhere."""
        arrival = self._arrivals.get(uniqueid)
        if arrival is not None:
            self._drop(arrival)

    def ringing_legs(self, inquiry: InquiryId) -> list[tuple[PhoneId, str]]:
        """Phone and channel of each leg that rings here for a caller of another PBX."""
        return [
            (phone, channel)
            for arrival in self._arrivals.values()
            if arrival.inquiry == inquiry
            for channel, phone in arrival.legs.items()
        ]

    def resync(self, channels: Mapping[str, Message], variables: Mapping[str, Mapping[str, str]]) -> None:
        """Begin anew from the channels that there are, by Uniqueid, and what stands in their variables."""
        for arrival in [each for each in self._arrivals.values() if each.uniqueid not in channels]:
            self._drop(arrival)
        for uniqueid, channel in channels.items():
            if channel.context == CONTEXT and uniqueid not in self._arrivals:
                self._arrived(channel, variables[uniqueid].get(OFFER, ""), channel["exten"])
        for arrival in self._arrivals.values():
            self._look_at(arrival, channels.values())

    def channels(self) -> dict[str, str]:
        """Every channel that arrived, Uniqueid to name."""
        return {uniqueid: each.channel for uniqueid, each in self._arrivals.items()}

    def found(self, uniqueid: str, channels: Mapping[str, Message], offer: str) -> None:
        """A channel in our context of which something was not heard; ``offer`` is what stands in its variable."""
        if uniqueid not in self._arrivals:
            self._arrived(channels[uniqueid], offer, channels[uniqueid]["exten"])
        if uniqueid in self._arrivals:
            self._look_at(self._arrivals[uniqueid], channels.values())

    def size(self) -> int:
        """How much is remembered: 0 when nobody calls."""
        return len(self._arrivals)

    def _look_at(self, arrival: Arrival, channels: Iterable[Message]) -> None:
        own = next(each for each in channels if each["uniqueid"] == arrival.uniqueid)
        arrival.legs.clear()
        for each in channels:
            name = each["channel"]
            if each["uniqueid"] == arrival.uniqueid or _device_of(name) not in self._owner:
                continue
            if own.bridgeid and each.bridgeid == own.bridgeid:
                arrival.taken_by = self._owner[_device_of(name)]
            elif each["linkedid"] == own["linkedid"] and each.channelstate == "5":
                arrival.legs[name] = _device_of(name)

    def _arrived(self, message: Message, offer: str, extension: str) -> None:
        inquiry, _, rest = offer.partition("/")
        wanted = self._wanted.get(extension)
        if wanted is None or _CALL.fullmatch(inquiry) is None:
            return  # a PBX that serves by itself names no call
        attempt = attempt_of(rest.partition("/")[0])
        arrival = Arrival(InquiryId(inquiry), attempt, wanted, message["uniqueid"], message["channel"])
        self._arrivals[arrival.uniqueid] = arrival
        self._crossings.add(arrival)

    def _answered(self, arrival: Arrival, channel: str) -> list[Event]:
        arrival.legs.clear()
        arrival.taken_by = self._owner.get(_device_of(channel))
        arrival.is_taken_by_a_stranger = arrival.taken_by is None
        if arrival.taken_by != arrival.wanted and self._crossings.is_told(arrival):
            return [CallMoved(inquiry=arrival.inquiry, operator=arrival.taken_by, is_pickup=True)]
        return []

    def _drop(self, arrival: Arrival) -> None:
        self._arrivals.pop(arrival.uniqueid, None)
        self._crossings.drop(arrival)


def _device_of(channel: str) -> PhoneId:
    return PhoneId(_INSTANCE.sub("", channel))


def header(inquiry: InquiryId, attempt: AttemptNo, seconds: float) -> str:
    """What a leg over a trunk says of itself."""
    return f"{inquiry}/{attempt}/{max(1, round(seconds))}"


def leg_option(text: str, channel: str) -> str:
    """The option of Dial by which each of its legs says so, and its dialplan remembers what was dialled."""
    return f"b(huntgroup-across-leg^s^1({text}^{channel}))"


def phones_by_extension(policy: Policy, pbx: PbxId) -> Mapping[str, str]:
    """What an extension stands for that is dialled over a trunk: each operator's phones here."""
    return {
        each.extension: "&".join(each.phones)
        for each in policy.operators.values()
        if policy.home(each) == pbx and each.extension and each.phones and len(policy.pbxs) > 1
    }


def publish(phones: Mapping[str, str], gone: Iterable[str]) -> list[SafeAction]:
    """Tell the dialplan; ``gone``: whom it knew and should not any more, nor by its older copy."""
    told = {**dict.fromkeys(gone, NO_LIST), **phones}
    return [setvar(f"GLOBAL(HUNTGROUP_PHONES_{extension})", text) for extension, text in told.items()]
