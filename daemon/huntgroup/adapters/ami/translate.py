"""AMI messages -> events. Knows which channel is which inquiry and which leg is which phone; decides nothing.

What it relies on, seen on Asterisk 16.28 and 22.10:

* ``DialBegin``, ``DialState`` and ``DialEnd`` carry the caller's ``Exten``. Our dialplan rings in a context whose
  extension is the number of the attempt, so every word about a leg says which attempt it belongs to, however late.
* ``DialState`` with ``RINGING`` or ``PROGRESS`` is the phone's own 180 or 183.
* A phone that declines (603) ends in ``DialEnd`` with ``NOANSWER``; only the leg's ``Hangup`` tells the cause, 21.
* Whoever picks a ringing call up, by our code, by the PBX's own (``*8``, Pickup()) or by a phone's key (INVITE with
  Replaces): in the end Dial's ``DialEnd`` with ``ANSWER`` names their channel in the place of the leg that rang. Before
  it that leg may hang up without a ``DialEnd`` of its own, which means nothing.
* A phone without a contact gets no leg at all: ``Dial`` comes back at once, and our dialplan says ``HuntgroupDialed``.
* Names come escaped as in C (a line break is ``\\n``), numbers as they are.
"""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

import structlog

from huntgroup.adapters.ami.genuine import is_genuine, reported
from huntgroup.adapters.ami.inuse import InUse
from huntgroup.adapters.ami.joining import RINGING_CONTEXT, Joining
from huntgroup.adapters.ami.wire import Message, shown
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
from huntgroup.engine.ids import AttemptNo, InquiryId, PbxId, PhoneId, SourceId
from huntgroup.engine.policy import Channel

log = structlog.get_logger(__name__)

OFFER_CONTEXTS = frozenset({"huntgroup-offer", "huntgroup-offer-music"})
LEG_CONTEXTS = OFFER_CONTEXTS | {RINGING_CONTEXT}
"""Where Dial rings phones, for a caller or for who joined."""
CALL_REJECTED = 21
"""Q.850 cause of a leg whose phone said 603 Decline."""
NO_PRIOR_WORD = "Dial ended and said nothing of its phones"

_INSTANCE = re.compile(r"-[0-9a-f]{8,}(?:;[12])?$")
_NUMBER = re.compile(r"\+?[0-9]+")
_ESCAPE = re.compile(r"\\([abfnrtv\\'\"?])")
_ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


@dataclass(slots=True, frozen=True)
class Leg:
    """A channel that Dial made to ring one phone."""

    inquiry: InquiryId
    attempt: AttemptNo
    phone: PhoneId


@dataclass(slots=True)
class Call:
    """A caller's channel: its name changes when Asterisk masquerades it, its Uniqueid does not."""

    inquiry: InquiryId
    uniqueid: str
    channel: str
    ordered_attempt: int = 0
    """The last attempt that was sent to the PBX, 0 for none."""
    is_answered: bool = False
    """A phone's answer was told of: it is not told again after a resync, or it would pass for a late one."""
    legs: dict[str, Leg] = field(default_factory=dict)
    """Channel to leg, of those that have not hung up."""


OnCode = Callable[[Message], list[Event]]


class Translator:
    """The state of the translation of one PBX. ``phones`` are those whose states and legs matter.

    ``joining`` knows the Local channels by which phones join; ``on_code`` takes what operators dial.
    """

    def __init__(
        self, pbx: PbxId, phones: Iterable[PhoneId], joining: Joining | None = None, on_code: OnCode = lambda _: []
    ) -> None:
        self._pbx = pbx
        self._joining = joining or Joining(lambda _: None)
        self.in_use = InUse()
        self.on_code = on_code
        self.phones = frozenset(phones)
        """Those whose states and legs matter; may be exchanged."""
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
        call = self._by_inquiry.get(inquiry)
        return next((channel for channel, leg in call.legs.items() if leg == wanted), None) if call else None

    def known_calls(self) -> tuple[Call, ...]:
        """Every call that is not known to have ended."""
        return tuple(self._calls.values())

    def known_call(self, uniqueid: str) -> Call | None:
        """The call of this caller's channel."""
        return self._calls.get(uniqueid)

    def phone_of(self, channel: str) -> PhoneId | None:
        """The configured phone whose channel this is: the name without what makes it unique."""
        phone = PhoneId(_INSTANCE.sub("", channel))
        return phone if phone in self.phones else None

    def ringing_legs(self, inquiry: InquiryId) -> list[tuple[PhoneId, str]]:
        """Phone and channel of each leg of the last attempt that has not hung up."""
        call = self._by_inquiry.get(inquiry)
        legs = call.legs.items() if call else ()
        return [(leg.phone, channel) for channel, leg in legs if call and leg.attempt == call.ordered_attempt]

    def uniqueid_of(self, inquiry: InquiryId) -> str | None:
        """The Uniqueid of the caller's channel, or None when it is gone."""
        call = self._by_inquiry.get(inquiry)
        return call.uniqueid if call else None

    def ordered(self, inquiry: InquiryId, attempt: AttemptNo, *, may_be_joined: bool = False) -> None:
        """This attempt is on its way to the PBX."""
        call = self._by_inquiry.get(inquiry)
        if call is not None:
            call.ordered_attempt = attempt
            call.is_answered = False
            self._joining.begins(inquiry, attempt, may_be_joined=may_be_joined)

    def forget(self, call: Call) -> None:
        """The call is over, and with it all that is known of its legs: nothing outlives its call here."""
        self._calls.pop(call.uniqueid, None)
        self._by_inquiry.pop(call.inquiry, None)
        self._joining.forget(call.inquiry)
        for channel in list(call.legs):
            self._forget_leg(channel)

    def keep_legs(self, channels: Collection[str]) -> None:
        """Forget the legs that are not among these channels: they hung up unseen."""
        for channel in [channel for channel in self._legs if channel not in channels]:
            self._forget_leg(channel)

    def size(self) -> int:
        """How many calls and legs are known: 0 when nobody calls."""
        own = len(self._calls) + len(self._by_inquiry) + len(self._legs) + len(self._unexplained)
        return own + self._joining.size() + self.in_use.size()

    def _forget_leg(self, channel: str) -> Leg | None:
        """Returns the leg when Dial has said that it went unanswered and nobody yet why."""
        leg = self._legs.pop(channel, None)
        call = self._by_inquiry.get(leg.inquiry) if leg else None
        if call is not None:
            call.legs.pop(channel, None)
        return self._unexplained.pop(channel, None)

    # -- translating ----------------------------------------------------------------------------------------------

    def translate(self, message: Message) -> list[Event]:
        """What this message means, often nothing. A message that lacks what it must have is logged and left out."""
        handler = self._handlers.get(message.event)
        if handler is None or ("destchannel" in message and "channel" not in message):
            return []  # the latter: somebody originates a call, and no channel of a caller's dials
        if not is_genuine(message):
            log.warning("ami.message_refused", reason="not as Asterisk writes it", message=shown(message))
            return []
        try:
            return handler(message)
        except (KeyError, ValueError) as error:
            log.warning("ami.message_not_understood", error=repr(error), message=shown(message))
            return []

    def arrival(self, message: Message, number: str, attempts: str) -> InquiryReceived:
        """A caller waits for us, newly or still; ``message`` describes their channel, ``attempts`` may be empty.

        Raises ValueError when it does not make sense; nothing is remembered then.
        """
        uniqueid, channel = message["uniqueid"], message["channel"]
        made = attempt_of(attempts or "0")
        if not uniqueid or not channel.isprintable():
            raise ValueError(f"no channel of Asterisk's: {channel!r}")
        call = self._calls.get(uniqueid)
        if call is None:
            call = self._calls[uniqueid] = Call(InquiryId(f"call-{self._pbx}-{uniqueid}"), uniqueid, channel)
            self._by_inquiry[call.inquiry] = call
        call.channel = channel
        return InquiryReceived(
            inquiry=call.inquiry,
            channel=Channel.CALL,
            source=SourceId(dialled_number(number)),
            customer=Customer(name=unescape(message.calleridname), phone=printable(known(message.calleridnum))),
            attempts=made,
        )

    def _user_event(self, message: Message) -> list[Event]:
        match message["userevent"]:
            case "HuntgroupWaiting":
                return [self.arrival(message, message["number"], reported(message, "attempts"))]
            case "HuntgroupDialed":
                call = self._calls.get(message["uniqueid"])
                if call is None:
                    return []
                return self._dialed(call, attempt_of(message["attempt"]), message)
            case "HuntgroupJoinable":
                call = self._calls.get(reported(message, "caller"))
                if call is not None:
                    attempt = attempt_of(message["attempt"])
                    self._joining.waits(call.inquiry, attempt, message["uniqueid"], message["channel"])
            case "HuntgroupCode":
                phone = self.phone_of(message["channel"])
                in_use = self.in_use.dials(phone, message["uniqueid"]) if phone else []
                return [*in_use, *self.on_code(message)]
        return []

    def _dialed(self, call: Call, attempt: AttemptNo, message: Message) -> list[Event]:
        """Dial came back without an answer, with the cause of the last leg. It may overtake that leg's Hangup."""
        events: list[Event] = []
        for channel, leg in call.legs.items():
            if leg.attempt == attempt and self._unexplained.pop(channel, None) is not None:
                events.append(unanswered(leg, message["cause"]))
        detail = message["status"] or NO_PRIOR_WORD
        return [*events, AttemptFailed(inquiry=call.inquiry, attempt=attempt, detail=detail)]

    def _caller(self, message: Message) -> Call | None:
        """The call that a message about a leg is about; the channel is the caller's, or one by which phones join."""
        far_end = self._joining.far_end(message["uniqueid"])
        return self._by_inquiry.get(far_end.inquiry) if far_end else self._calls.get(message["uniqueid"])

    def _new_leg(self, message: Message, *, of_anybody: bool = False) -> Leg | None:
        """The leg that a message about a phone is about, if the phone rings for a call of ours.

        ``of_anybody``: also when the phone is nobody's.
        """
        if message["context"] not in LEG_CONTEXTS:
            return None
        call = self._caller(message)
        channel = message["destchannel"]
        phone = self._joining.answered_behind(channel) or self.phone_of(channel)
        if phone is None and of_anybody:
            phone = PhoneId(_INSTANCE.sub("", channel))
        if call is None or phone is None:
            return None
        leg = Leg(call.inquiry, attempt_of(message["exten"]), phone)
        self._legs[channel] = call.legs[channel] = leg
        return leg

    def _dial_begin(self, message: Message) -> list[Event]:
        self._new_leg(message)
        return []

    def _dial_state(self, message: Message) -> list[Event]:
        if message["dialstatus"] not in {"RINGING", "PROGRESS"}:
            return []
        leg = self._legs.get(message["destchannel"]) or self._new_leg(message)
        return [PhoneRang(inquiry=leg.inquiry, attempt=leg.attempt, phone=leg.phone)] if leg else []

    def _dial_end(self, message: Message) -> list[Event]:
        leg = self._legs.get(message["destchannel"])
        if leg is None and message["dialstatus"] == "ANSWER":
            # Somebody picked it up, or it began to ring while the link was down.
            leg = self._new_leg(message, of_anybody=True)
        if leg is None:
            return []
        match message["dialstatus"]:
            case "ANSWER":
                return self._answered(leg, message)
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

    def _answered(self, leg: Leg, message: Message) -> list[Event]:
        """It counts once the caller's own Dial says so."""
        far_end = self._joining.far_end(message["uniqueid"])
        if far_end is not None:
            far_end.answered_by = leg.phone
            return []
        self._by_inquiry[leg.inquiry].is_answered = True
        return [PhoneAnswered(inquiry=leg.inquiry, attempt=leg.attempt, phone=leg.phone)]

    def _hangup(self, message: Message) -> list[Event]:
        uniqueid = message["uniqueid"]
        self._joining.hung_up(uniqueid)
        leg = self._forget_leg(message["channel"])
        if leg is not None:
            return [unanswered(leg, message["cause"])]
        call = self._calls.get(uniqueid)
        if call is None:
            return self.in_use.hung_up(uniqueid)
        self.forget(call)
        return [CustomerLeft(inquiry=call.inquiry)]

    def _device_state_change(self, message: Message) -> list[Event]:
        phone = PhoneId(message["device"])
        if phone not in self.phones:
            return []
        changed = phone_state(phone, message["state"])
        self.in_use.told(phone, changed.state)
        return [changed]


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
    if not (exten.isascii() and exten.isdigit()):
        raise ValueError(f"no number of an attempt: {exten!r}")
    return AttemptNo(int(exten))


def dialled_number(text: str) -> str:
    """What was dialled, without what a trunk may hang on to it (``;npdi=yes``); "" when it is no number."""
    found = _NUMBER.match(text)
    return found.group() if found else ""


def known(text: str) -> str:
    """A caller id field, where Asterisk says ``<unknown>`` for an empty one."""
    return "" if text == "<unknown>" else text


def printable(text: str) -> str:
    """Without line breaks and the like, which Asterisk leaves in a number as they came."""
    return text if text.isprintable() else "".join(sign for sign in text if sign.isprintable())


def unescape(text: str) -> str:
    """Undo the C escapes that Asterisk writes names with, so that the text is again what the caller sent."""
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), known(text))
