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

import structlog

from huntgroup.adapters.ami import across, callbacks, handovers, served
from huntgroup.adapters.ami.calls import Call, Callback, Leg, OpenCall
from huntgroup.adapters.ami.directory import Directory
from huntgroup.adapters.ami.genuine import is_genuine, reported
from huntgroup.adapters.ami.handovers import attempt_of
from huntgroup.adapters.ami.inuse import InUse
from huntgroup.adapters.ami.joining import RINGING_CONTEXT, Joining, is_near_end
from huntgroup.adapters.ami.wire import Message, shown
from huntgroup.engine.events import (
    AttemptFailed,
    ConversationFound,
    Customer,
    Event,
    FallbackRings,
    FallbackServed,
    InquiryReceived,
    PhoneAnswered,
    PhoneRang,
    PhoneRefused,
    PhoneState,
    PhoneStateChanged,
    Refusal,
)
from huntgroup.engine.ids import NO_ATTEMPT, AttemptNo, InquiryId, PbxId, PhoneId
from huntgroup.engine.policy import Channel

log = structlog.get_logger(__name__)

OFFER_CONTEXTS = frozenset({"huntgroup-offer", "huntgroup-offer-music", callbacks.OPERATOR_CONTEXT})
FALLBACK_CONTEXT = "huntgroup-fallback"
LEG_CONTEXTS = OFFER_CONTEXTS | {RINGING_CONTEXT}
"""Where Dial rings phones, for a caller or for who joined."""
CALL_REJECTED = 21
"""Q.850 cause of a leg whose phone said 603 Decline."""
FAILURES = {handovers.NO_MAILBOX: "the PBX has no such mailbox"}
"""What our dialplan says in one word."""
NO_PRIOR_WORD = "Dial ended and said nothing of its phones"
OUTSIDE_CONTEXTS = frozenset({handovers.OUTSIDE_CONTEXT, callbacks.CUSTOMER_CONTEXT})

_INSTANCE = re.compile(r"-[0-9a-f]{8,}(?:;[12])?$")
_NUMBER = re.compile(r"\+?[0-9]+")
_ESCAPE = re.compile(r"\\([abfnrtv\\'\"?])")
_ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


OnCode = Callable[[Message], list[Event]]


class Translator:
    """The state of the translation of one PBX. ``phones`` are those whose states and legs matter.

    ``joining`` knows the Local channels by which phones join; ``on_code`` takes what operators dial.
    """

    def __init__(  # noqa: PLR0913 - what it is joined to
        self,
        pbx: PbxId,
        phones: Iterable[PhoneId],
        directory: Directory | None = None,
        joining: Joining | None = None,
        on_code: OnCode = lambda _: [],
        *,
        crossings: across.Crossings | None = None,
        arrivals: across.Arrivals | None = None,
    ) -> None:
        self._pbx = pbx
        self.directory = directory or Directory()
        """What the PBX calls things; may be exchanged."""
        self._joining = joining or Joining(lambda _: None)
        self.in_use = InUse()
        self.on_code = on_code
        self._crossings = crossings or across.Crossings()
        self.arrivals = arrivals
        """What came over trunks from other PBXs, if there are any."""
        self.phones = frozenset(phones)
        """Those whose states and legs matter; may be exchanged."""
        self._calls: dict[str, Call] = {}
        self._by_inquiry: dict[InquiryId, Call] = {}
        self._legs: dict[str, Leg] = {}
        self._unexplained: dict[str, Leg] = {}
        self.entries_read = 0
        """The number of the last entry of a served call that was told of."""
        self.clock_ahead = 0.0
        """Seconds by which our clock is ahead of the PBX's."""
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
        return call.channel or None if call else None

    def leg_channel(self, inquiry: InquiryId, attempt: AttemptNo, phone: PhoneId) -> str | None:
        """The channel that rings, or talks to, this phone for this attempt, or None when it is gone."""
        wanted = Leg(inquiry, attempt, phone)
        call = self._by_inquiry.get(inquiry)
        return next((channel for channel, leg in call.legs.items() if leg == wanted), None) if call else None

    def known_calls(self) -> tuple[Call, ...]:
        """Every call that is not known to have ended."""
        return tuple(call for uniqueid, call in self._calls.items() if uniqueid == call.uniqueid)

    def known_call(self, uniqueid: str) -> Call | None:
        """The call of this caller's channel."""
        return self._calls.get(uniqueid)

    def phone_of(self, channel: str) -> PhoneId | None:
        """The configured phone whose channel this is: the name without what makes it unique."""
        phone = device_of(channel)
        return phone if phone in self.phones else None

    def is_phone(self, channel: str) -> bool:
        """Whether this is the channel of a configured phone."""
        return self.phone_of(channel) is not None

    def ringing_legs(self, inquiry: InquiryId) -> list[tuple[PhoneId, str]]:
        """Phone and channel of each leg of the last attempt that has not hung up."""
        call = self._by_inquiry.get(inquiry)
        legs = call.legs.items() if call else ()
        return [(leg.phone, channel) for channel, leg in legs if call and leg.attempt == call.ordered_attempt]

    def ordered(
        self, inquiry: InquiryId, attempt: AttemptNo, *, mobile: PhoneId | None = None, may_be_joined: bool = False
    ) -> None:
        """This attempt is on its way to the PBX, perhaps to ring a mobile."""
        call = self._by_inquiry.get(inquiry)
        if call is not None:
            call.ordered_attempt = attempt
            call.is_answered = False
            call.mobile = mobile
            self._joining.begins(inquiry, attempt, may_be_joined=may_be_joined)

    def rings(self, call: Call, attempt: AttemptNo, phone: PhoneId, channel: str) -> PhoneRang:
        """A phone that was found ringing for this attempt."""
        self._legs[channel] = call.legs[channel] = Leg(call.inquiry, attempt, phone)
        return PhoneRang(inquiry=call.inquiry, attempt=attempt, phone=phone)

    def remember(self, calls: Iterable[OpenCall]) -> None:
        """Know these calls as if they had been told of here; where they are the next resync finds by their Uniqueid."""
        prefix = self._inquiry("")
        for each in calls:
            uniqueid = each.inquiry.removeprefix(prefix)
            if uniqueid == each.inquiry or uniqueid in self._calls:
                continue
            call = Call(each.inquiry, uniqueid, "", each.attempts, each.is_active, each.phone)
            call.mobile, call.leave_key = each.mobile, None
            if each.called_back_in is None:
                self._calls[uniqueid] = self._by_inquiry[each.inquiry] = call
                continue
            call.callback = callback = Callback.of(each.inquiry, each.called_back_in)
            callback.is_reached = each.is_reached
            call.uniqueid, call.channel = callback.operator_end, callback.customer_end
            self.calls_back(call)

    def found(self, message: Message, number: str, came: str) -> Call:
        """The call of a caller's channel that a resync saw; made known when it is not. ValueError as in `arrival`."""
        uniqueid, channel = message["uniqueid"], message["channel"]
        if not uniqueid or not channel.isprintable():
            raise ValueError(f"no channel of Asterisk's: {channel!r}")
        call = self._calls.get(uniqueid)
        if call is None:
            call = Call(self._inquiry(uniqueid), uniqueid, channel, is_told=False, leave_key=None)
            self._calls[uniqueid] = call
            self._by_inquiry[call.inquiry] = call
        call.channel = channel
        call.source = self.directory.source(dialled_number(number))
        call.customer = self._customer(message)
        call.came_at = self.our_time(float(came)) if came else None
        return call

    def our_time(self, instant: float) -> float:
        """An instant of the PBX's clock on ours, in seconds."""
        return instant + self.clock_ahead

    def _inquiry(self, uniqueid: str) -> InquiryId:
        return InquiryId(f"call-{self._pbx}-{uniqueid}")

    def sent(self, inquiry: InquiryId) -> None:
        """Another order about the caller is on its way to the PBX."""
        call = self._by_inquiry.get(inquiry)
        if call is not None:
            call.sent += 1

    def sent_last(self, inquiry: InquiryId) -> int:
        """The count of the last order that was sent; -1 when the call is over."""
        call = self._by_inquiry.get(inquiry)
        return call.sent if call is not None else -1

    def calls_back(self, call: Call) -> None:
        """A channel is originated that stands for a customer; an earlier one of theirs is no longer theirs."""
        if call.callback is not None:
            self._calls[call.callback.operator_end] = self._calls[call.callback.customer_end] = call
            self._by_inquiry[call.inquiry] = call

    def call_of(self, inquiry: InquiryId) -> Call | None:
        """The call of this inquiry, or None when it is over."""
        return self._by_inquiry.get(inquiry)

    def forget(self, call: Call) -> None:
        """The call is over, and with it all that is known of its legs: nothing outlives its call here."""
        self._calls.pop(call.uniqueid, None)
        if call.callback is not None:
            self._calls.pop(call.callback.customer_end, None)
        if self._by_inquiry.get(call.inquiry) is call:
            del self._by_inquiry[call.inquiry]
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
            if message.context == across.CONTEXT and self.arrivals is not None and self.arrivals.is_one(message):
                return self.arrivals.heard(message)
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
            call = self._calls[uniqueid] = Call(self._inquiry(uniqueid), uniqueid, channel)
            self._by_inquiry[call.inquiry] = call
        call.channel, call.is_told = channel, True
        call.source, call.customer = self.directory.source(dialled_number(number)), self._customer(message)
        return InquiryReceived(
            inquiry=call.inquiry, channel=Channel.CALL, source=call.source, customer=call.customer, attempts=made
        )

    def conversation(self, call: Call, phone: PhoneId, attempt: AttemptNo) -> ConversationFound:
        """The caller is joined to this phone."""
        call.is_answered = call.is_told = True
        call.phone = phone
        return ConversationFound(
            inquiry=call.inquiry,
            phone=phone,
            source=call.source,
            customer=call.customer,
            attempt=attempt,
            came_at=call.came_at,
        )

    def served(self, text: str) -> FallbackServed:
        """A call that the PBX served by itself, from an entry's text. Raises ValueError for what is none."""
        found = served.entry(text)
        self.entries_read = found.number
        return FallbackServed(
            pbx=self._pbx,
            entry=found.number,
            inquiry=self._inquiry(found.uniqueid),
            source=self.directory.source(found.dialled),
            customer=self.directory.customer(found.name, found.phone),
            came_at=self.our_time(found.came_at),
            answered_at=None if found.answered_at is None else self.our_time(found.answered_at),
            phone=self._who_answered(found.channel),
            ended_at=self.our_time(found.ended_at),
        )

    def _who_answered(self, channel: str) -> PhoneId | None:
        """The phone of a channel; behind a trunk, what was dialled there stands behind its name."""
        name, _, dialled = channel.partition("~")
        return self.phone_of(name) or self.at_end_of(name, dialled)

    def at_end_of(self, channel: str, dialled: str) -> PhoneId | None:
        """Whose phones were dialled by this leg of a trunk to another PBX."""
        return self.directory.behind(channel, f"{dialled}@{device_of(channel).partition('/')[2]}") if dialled else None

    def _customer(self, message: Message) -> Customer:
        return self.directory.customer(unescape(message.calleridname), known(message.calleridnum))

    def _user_event(self, message: Message) -> list[Event]:
        match message["userevent"]:
            case "HuntgroupWaiting":
                return [self.arrival(message, message["number"], reported(message, "attempts"))]
            case "HuntgroupMessage":
                inquiry = self._inquiry(message["uniqueid"])
                source = self.directory.source(dialled_number(message["number"]))
                return handovers.message_left(inquiry, source, self._customer(message), message)
            case "HuntgroupJoinable":
                return self._joinable(message)
            case "HuntgroupCode":
                phone = self.phone_of(message["channel"])
                in_use = self.in_use.dials(phone, message["uniqueid"]) if phone else []
                return [*in_use, *self.on_code(message)]
        call = self._calls.get(message["uniqueid"])
        return [] if call is None else self._of_call(call, message)

    def _of_call(self, call: Call, message: Message) -> list[Event]:
        match message["userevent"]:
            case "HuntgroupDialed":
                return self._dialed(call, attempt_of(message["attempt"]), message)
            case "HuntgroupServed":
                return [self.served(reported(message, "entry"))]
            case "HuntgroupPlayed":
                return handovers.played(call, message)
            case "HuntgroupKey":
                return handovers.key_pressed(call, message)
            case "HuntgroupCalledBack":
                return callbacks.not_reached(call, message["status"])
        return []

    def _joinable(self, message: Message) -> list[Event]:
        """The far end of a Local channel waits, by which phones join."""
        call = self._calls.get(reported(message, "caller"))
        if call is not None:
            attempt = attempt_of(message["attempt"])
            self._joining.waits(call.inquiry, attempt, message["uniqueid"], message["channel"])
        return []

    def _dialed(self, call: Call, attempt: AttemptNo, message: Message) -> list[Event]:
        """Dial came back without an answer, with the cause of the last leg. It may overtake that leg's Hangup."""
        events: list[Event] = []
        for channel, leg in call.legs.items():
            if leg.attempt == attempt and self._unexplained.pop(channel, None) is not None:
                events.append(unanswered(leg, message["cause"]))
        status, cause = message["status"], message["cause"]
        if status == handovers.NO_MAILBOX:
            log.error(
                "pbx.mailbox_missing", inquiry=call.inquiry, hint="is it in voicemail.conf, is app_voicemail loaded?"
            )
        failed = AttemptFailed(
            inquiry=call.inquiry,
            attempt=attempt,
            detail=FAILURES.get(status, status) or NO_PRIOR_WORD,
            cause=int(cause) if cause.isdecimal() else 0,
        )
        return [*events, failed]

    def _caller(self, message: Message) -> Call | None:
        """The call that a message about a leg is about; the channel is the caller's, or one by which phones join."""
        far_end = self._joining.far_end(message["uniqueid"])
        return self._by_inquiry.get(far_end.inquiry) if far_end else self._calls.get(message["uniqueid"])

    def _new_leg(self, message: Message, *, of_anybody: bool = False) -> Leg | None:
        """The leg that a message about a phone is about, if the phone rings for a call of ours.

        ``of_anybody``: also when the phone is nobody's.
        """
        call = self._caller(message) if message["context"] in LEG_CONTEXTS else None
        if call is None:
            return None
        channel = message["destchannel"]
        phone = self._joining.answered_behind(channel) or self.phone_of(channel) or self._mobile(call, message)
        if phone is None and of_anybody and not is_near_end(channel):
            phone = device_of(channel)
        if phone is None:
            return None
        leg = Leg(call.inquiry, attempt_of(message["exten"]), phone)
        self._legs[channel] = call.legs[channel] = leg
        return leg

    def _mobile(self, call: Call, message: Message) -> PhoneId | None:
        """The mobile that such a leg rings. Only DialBegin says what was dialled; one that began to ring unseen is the
        one that was ordered."""
        if message.event == "DialBegin":
            return self.directory.behind(message["destchannel"], message.dialstring)
        is_seen = any(leg.phone == call.mobile for leg in call.legs.values())
        return None if is_seen or is_near_end(message["destchannel"]) else call.mobile

    def _fallback(self, message: Message) -> Call | None:
        """The call for which the PBX rings by itself, if the message is about that."""
        return self._calls.get(message["uniqueid"]) if message["context"] == FALLBACK_CONTEXT else None

    def _dial_begin(self, message: Message) -> list[Event]:
        call = self._fallback(message)
        if call is not None:
            self._note_trunk_leg(call, message)
            return [FallbackRings(inquiry=call.inquiry)]
        self._new_leg(message)
        return []

    def _note_trunk_leg(self, call: Call, message: Message) -> None:
        """Only here it is said whom the PBX rings by itself over a trunk."""
        phone = self.directory.behind(message["destchannel"], message.dialstring)
        if phone is not None:
            self.rings(call, NO_ATTEMPT, phone, message["destchannel"])

    def _dial_state(self, message: Message) -> list[Event]:
        if message["dialstatus"] not in {"RINGING", "PROGRESS"}:
            return []
        leg = self._legs.get(message["destchannel"]) or self._new_leg(message)
        return [PhoneRang(inquiry=leg.inquiry, attempt=leg.attempt, phone=leg.phone)] if leg else []

    def _dial_end(self, message: Message) -> list[Event]:
        if message["context"] in OUTSIDE_CONTEXTS:
            return self._outside(message)
        return self._answered(message) if message["dialstatus"] == "ANSWER" else self._leg_end(message)

    def _leg_end(self, message: Message) -> list[Event]:
        leg = self._legs.get(message["destchannel"])
        if leg is None:
            return []
        match message["dialstatus"]:
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

    def _answered(self, message: Message) -> list[Event]:
        channel = message["destchannel"]
        call, phone = self._fallback(message), self.phone_of(channel)
        if call is not None and phone is None and channel in call.legs:
            phone = call.legs[channel].phone
        if call is not None and phone is not None:
            return [self.conversation(call, phone, NO_ATTEMPT)]
        # Without a leg somebody picked it up, or it began to ring while the link was down.
        leg = self._legs.get(channel) or self._new_leg(message, of_anybody=True)
        if leg is None:
            return []
        far_end = self._joining.far_end(message["uniqueid"])
        if far_end is not None:  # it counts once the caller's own Dial says so
            far_end.answered_by = leg.phone
            return []
        # Not the call of that inquiry: a callback of an earlier attempt may answer late.
        call = self._calls.get(message["uniqueid"])
        if call is not None:
            if not call.is_told:
                return [self.conversation(call, leg.phone, leg.attempt)]
            call.is_answered, call.phone = True, leg.phone
        phone = self._crossings.answered(leg.inquiry, leg.attempt, leg.phone)
        return [PhoneAnswered(inquiry=leg.inquiry, attempt=leg.attempt, phone=phone)]

    def _outside(self, message: Message) -> list[Event]:
        """A number outside answered; that it did not our dialplan tells."""
        call = self._calls.get(message["uniqueid"])
        if call is None or message["dialstatus"] != "ANSWER":
            return []
        if message["context"] == handovers.OUTSIDE_CONTEXT:
            return handovers.number_answered(call, message)
        return self.reached(call, message["destuniqueid"], message["destchannel"])

    def reached(self, call: Call, uniqueid: str, channel: str) -> list[Event]:
        """A customer who is called back answered on this channel, which is the call's from now on."""
        if call.callback is not None:
            self._calls.pop(call.callback.operator_end, None)
            self._calls.pop(call.callback.customer_end, None)
            self._calls[uniqueid] = call
        return callbacks.reached(call, uniqueid, channel)

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
        return callbacks.hung_up(call)

    def _device_state_change(self, message: Message) -> list[Event]:
        phone = PhoneId(message["device"])
        if phone not in self.phones:
            return []
        changed = phone_state(phone, message["state"])
        self.in_use.told(phone, changed.state)
        return [changed]


def device_of(channel: str) -> PhoneId:
    """The device whose channel this is, ours or not."""
    return PhoneId(_INSTANCE.sub("", channel))


def refused(leg: Leg, refusal: Refusal) -> PhoneRefused:
    """The event of a leg that ended without an answer."""
    return PhoneRefused(inquiry=leg.inquiry, attempt=leg.attempt, phone=leg.phone, refusal=refusal)


def unanswered(leg: Leg, cause: str) -> PhoneRefused:
    """The event of a leg that Dial calls unanswered; only the Q.850 cause tells a decline."""
    return refused(leg, Refusal.DECLINED if cause == str(CALL_REJECTED) else Refusal.NO_ANSWER)


def phone_state(phone: PhoneId, state: str) -> PhoneStateChanged:
    """The event of a device state. Raises ValueError for a state that Asterisk does not have."""
    return PhoneStateChanged(phone=phone, state=PhoneState(state))


def dialled_number(text: str) -> str:
    """What was dialled, without what a trunk may hang on to it (``;npdi=yes``); "" when it is no number."""
    found = _NUMBER.match(text)
    return found.group() if found else ""


def known(text: str) -> str:
    """A caller id field, where Asterisk says ``<unknown>`` for an empty one."""
    return "" if text == "<unknown>" else text


def unescape(text: str) -> str:
    """Undo the C escapes that Asterisk writes names with, so that the text is again what the caller sent."""
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), known(text))
