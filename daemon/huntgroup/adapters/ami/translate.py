"""AMI messages -> events. Knows which channel is which inquiry and which leg is which phone; decides nothing.

What it relies on, seen on Asterisk 16.28 and 22.10:

* ``DialBegin``, ``DialState`` and ``DialEnd`` carry the caller's ``Exten``. Our dialplan rings in a context whose
  extension is the number of the attempt, so every word about a leg says which attempt it belongs to, however late.
* ``DialState`` with ``RINGING`` or ``PROGRESS`` is the phone's own 180 or 183.
* A phone that declines (603) ends in ``DialEnd`` with ``NOANSWER``; only the leg's ``Hangup`` tells the cause, 21.
* A phone without a contact gets no leg at all: ``Dial`` comes back at once, and our dialplan says ``HuntgroupDialed``.
* Names come escaped as in C (a line break is ``\\n``), numbers as they are.
"""

import codecs
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import structlog
from panoramisk.message import Message

from huntgroup.engine.events import (
    AttemptFailed,
    Customer,
    CustomerLeft,
    Event,
    InquiryReceived,
    PhoneAnswered,
    PhoneRang,
    PhoneRefused,
    PhoneState,
    PhoneStateChanged,
    Refusal,
)
from huntgroup.engine.ids import AttemptNo, InquiryId, PbxId, PhoneId
from huntgroup.engine.policy import Channel

log = structlog.get_logger(__name__)

OFFER_CONTEXTS = frozenset({"huntgroup-offer", "huntgroup-offer-music"})
CALL_REJECTED = 21
"""Q.850 cause of a leg whose phone said 603 Decline."""
NO_PRIOR_WORD = "Dial ended and said nothing of its phones"

_INSTANCE = re.compile(r"-[0-9a-f]{8,}(?:;[12])?$")
_NUMBER = re.compile(r"\+?[0-9]+")
_ESCAPE = re.compile(r"\\(?:[abfnrtv\\'\"?])")


@dataclass(slots=True)
class Call:
    """A caller's channel: its name changes when Asterisk masquerades it, its Uniqueid does not."""

    inquiry: InquiryId
    uniqueid: str
    channel: str
    ordered_attempt: int = 0
    """The last attempt that was sent to the PBX, 0 for none."""


@dataclass(slots=True, frozen=True)
class Leg:
    """A channel that Dial made to ring one phone."""

    inquiry: InquiryId
    attempt: AttemptNo
    phone: PhoneId


class Translator:
    """The state of the translation of one PBX. ``phones`` are those whose states and legs matter."""

    def __init__(self, pbx: PbxId, phones: Iterable[PhoneId]) -> None:
        self._pbx = pbx
        self._phones = frozenset(phones)
        self._calls: dict[str, Call] = {}
        self._by_inquiry: dict[InquiryId, Call] = {}
        self._legs: dict[str, Leg] = {}
        self._unexplained: dict[str, Leg] = {}
        self._handlers: dict[str, Callable[[Message], list[Event]]] = {
            "UserEvent": self._user_event,
            "DialBegin": self._dial_begin,
            "DialState": self._dial_state,
            "DialEnd": self._dial_end,
            "Hangup": self._hangup,
            "DeviceStateChange": self._device_state_change,
        }

    # -- looking up for orders and resync ------------------------------------------------------------------------

    def channel_of(self, inquiry: InquiryId) -> str | None:
        """The caller's channel, or None when it is gone."""
        call = self._by_inquiry.get(inquiry)
        return call.channel if call else None

    def leg_channel(self, inquiry: InquiryId, attempt: AttemptNo, phone: PhoneId) -> str | None:
        """The channel that rings, or talks to, this phone for this attempt, or None when it is gone."""
        wanted = Leg(inquiry, attempt, phone)
        return next((channel for channel, leg in self._legs.items() if leg == wanted), None)

    def known_calls(self) -> tuple[Call, ...]:
        """Every call that is not known to have ended."""
        return tuple(self._calls.values())

    def known_call(self, uniqueid: str) -> Call | None:
        """The call of this caller's channel."""
        return self._calls.get(uniqueid)

    def phone_of(self, channel: str) -> PhoneId | None:
        """The configured phone whose channel this is: the name without what makes it unique."""
        phone = PhoneId(_INSTANCE.sub("", channel))
        return phone if phone in self._phones else None

    def ordered(self, inquiry: InquiryId, attempt: AttemptNo) -> None:
        """This attempt is on its way to the PBX."""
        call = self._by_inquiry.get(inquiry)
        if call is not None:
            call.ordered_attempt = attempt

    def forget(self, call: Call) -> None:
        """The call is over."""
        self._calls.pop(call.uniqueid, None)
        self._by_inquiry.pop(call.inquiry, None)
        for channel in [name for name, leg in self._legs.items() if leg.inquiry == call.inquiry]:
            del self._legs[channel]

    # -- translating ----------------------------------------------------------------------------------------------

    def translate(self, message: Message) -> list[Event]:
        """What this message means, often nothing. A message that lacks what it must have is logged and left out."""
        handler = self._handlers.get(message.event)
        if handler is None:
            return []
        try:
            return handler(message)
        except (KeyError, ValueError) as error:
            log.warning("ami.message_not_understood", error=repr(error), message=dict(message))
            return []

    def arrival(self, message: Message, number: str, attempts: str) -> InquiryReceived:
        """A caller waits for us, newly or still; ``message`` describes their channel, ``attempts`` may be empty."""
        uniqueid = message["uniqueid"]
        call = Call(InquiryId(f"call-{self._pbx}-{uniqueid}"), uniqueid, message["channel"])
        call = self._calls.setdefault(uniqueid, call)
        self._by_inquiry[call.inquiry] = call
        return InquiryReceived(
            inquiry=call.inquiry,
            channel=Channel.CALL,
            number=dialled_number(number),
            customer=Customer(name=unescape(message.calleridname), phone=known(message.calleridnum)),
            attempts=attempt_of(attempts or "0"),
        )

    def _user_event(self, message: Message) -> list[Event]:
        match message["userevent"]:
            case "HuntgroupWaiting":
                return [self.arrival(message, message["number"], message.attempts)]
            case "HuntgroupDialed":
                call = self._calls.get(message["uniqueid"])
                if call is None:
                    return []
                return self._dialed(call, attempt_of(message["attempt"]), message)
        return []

    def _dialed(self, call: Call, attempt: AttemptNo, message: Message) -> list[Event]:
        """Dial came back without an answer, with the cause of the last leg. It may overtake that leg's Hangup."""
        events: list[Event] = []
        for channel, leg in list(self._unexplained.items()):
            if leg.inquiry == call.inquiry and leg.attempt == attempt:
                del self._unexplained[channel]
                events.append(unanswered(leg, message.cause))
        detail = message.status or NO_PRIOR_WORD
        return [*events, AttemptFailed(inquiry=call.inquiry, attempt=attempt, detail=detail)]

    def _leg(self, message: Message) -> Leg | None:
        if message.context not in OFFER_CONTEXTS:
            return None
        call = self._calls.get(message.uniqueid)
        phone = self.phone_of(message["destchannel"])
        if call is None or phone is None:
            return None
        return Leg(call.inquiry, attempt_of(message["exten"]), phone)

    def _dial_begin(self, message: Message) -> list[Event]:
        leg = self._leg(message)
        if leg is not None:
            self._legs[message["destchannel"]] = leg
        return []

    def _dial_state(self, message: Message) -> list[Event]:
        leg = self._legs.get(message["destchannel"])
        if leg is None or message["dialstatus"] not in {"RINGING", "PROGRESS"}:
            return []
        return [PhoneRang(inquiry=leg.inquiry, attempt=leg.attempt, phone=leg.phone)]

    def _dial_end(self, message: Message) -> list[Event]:
        leg = self._legs.get(message["destchannel"])
        if leg is None:
            return []
        match message["dialstatus"]:
            case "ANSWER":
                return [PhoneAnswered(inquiry=leg.inquiry, attempt=leg.attempt, phone=leg.phone)]
            case "CANCEL":
                # Ours, or the caller's doing, or another phone was faster: told by what did it.
                return []
            case "NOANSWER":
                self._unexplained[message["destchannel"]] = leg
                return []
            case "BUSY":
                return [refused(leg, Refusal.BUSY)]
            case _:
                return [refused(leg, Refusal.UNREACHABLE)]

    def _hangup(self, message: Message) -> list[Event]:
        channel = message["channel"]
        self._legs.pop(channel, None)
        leg = self._unexplained.pop(channel, None)
        if leg is not None:
            return [unanswered(leg, message.cause)]
        call = self._calls.get(message["uniqueid"])
        if call is None:
            return []
        self.forget(call)
        return [CustomerLeft(inquiry=call.inquiry)]

    def _device_state_change(self, message: Message) -> list[Event]:
        phone = PhoneId(message["device"])
        return [phone_state(phone, message["state"])] if phone in self._phones else []


def refused(leg: Leg, refusal: Refusal) -> PhoneRefused:
    """The event of a leg that ended without an answer."""
    return PhoneRefused(inquiry=leg.inquiry, attempt=leg.attempt, phone=leg.phone, refusal=refusal)


def unanswered(leg: Leg, cause: str) -> PhoneRefused:
    """The event of a leg that Dial calls unanswered; only the Q.850 cause tells a decline."""
    return refused(leg, Refusal.DECLINED if cause == str(CALL_REJECTED) else Refusal.NO_ANSWER)


def phone_state(phone: PhoneId, state: str) -> PhoneStateChanged:
    """The event of a device state. Raises ValueError for a state that Asterisk does not have."""
    return PhoneStateChanged(phone=phone, state=PhoneState(state))


def attempt_of(exten: str) -> AttemptNo:
    """The attempt that an extension of our ringing contexts names. Raises ValueError for anything else."""
    return AttemptNo(int(exten))


def dialled_number(text: str) -> str:
    """What was dialled, without what a trunk may hang on to it (``;npdi=yes``); "" when it is no number."""
    found = _NUMBER.match(text)
    return found.group() if found else ""


def known(text: str) -> str:
    """A caller id field, where Asterisk says ``<unknown>`` for an empty one."""
    return "" if text == "<unknown>" else text


def unescape(text: str) -> str:
    """Undo the C escapes that Asterisk writes names with, so that the text is again what the caller sent."""
    return _ESCAPE.sub(lambda found: codecs.decode(found.group(), "unicode_escape"), known(text))
