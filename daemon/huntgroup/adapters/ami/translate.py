"""AMI messages -> events. Knows which channel is which inquiry and which leg is which phone; decides nothing.

What it relies on, seen on Asterisk 16.28 and 22.10:

* ``DialBegin``, ``DialState`` and ``DialEnd`` carry the caller's ``Exten``. Our dialplan rings in a context whose
  extension is the number of the attempt, so every word about a leg says which attempt it belongs to, however late.
* ``DialState`` with ``RINGING`` or ``PROGRESS`` is the phone's own 180 or 183; a 180 may follow a 183.
* A phone that declines (603) ends in ``DialEnd`` with ``NOANSWER``; only the leg's ``Hangup`` tells the cause, 21.
* Whoever picks a ringing call up, by our code, by the PBX's own (``*8``, Pickup()) or by a phone's key (INVITE with
  Replaces): in the end Dial's ``DialEnd`` with ``ANSWER`` names their channel in the place of the leg that rang. Before
  it that leg may hang up without a ``DialEnd`` of its own, which means nothing.
* A phone without a contact gets no leg at all: ``Dial`` rings the others, if there are any; or else it comes back at
  once, and our dialplan says ``HuntgroupDialed``.
* Names come escaped as in C (a line break is ``\\n``), numbers as they are.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

import structlog

from huntgroup.adapters.ami import across, callbacks, handovers, served
from huntgroup.adapters.ami.bridges import Bridges, look_at
from huntgroup.adapters.ami.calls import Call, Leg
from huntgroup.adapters.ami.directory import Directory
from huntgroup.adapters.ami.genuine import is_genuine, reported
from huntgroup.adapters.ami.handovers import attempt_of
from huntgroup.adapters.ami.inuse import InUse
from huntgroup.adapters.ami.joining import RINGING_CONTEXT, Joining, is_near_end
from huntgroup.adapters.ami.known import KnownCalls
from huntgroup.adapters.ami.texts import device_of, dialled_number
from huntgroup.adapters.ami.wire import Message, shown
from huntgroup.engine.events import (
    AttemptFailed,
    ConversationFound,
    CustomerLeft,
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


OnCode = Callable[[Message], list[Event]]


class Translator(KnownCalls):
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
        super().__init__(pbx, phones, directory or Directory(), joining or Joining(lambda _: None))
        self.in_use = InUse()
        self.on_code = on_code
        self._crossings = crossings or across.Crossings()
        self.arrivals = arrivals
        """What came over trunks from other PBXs, if there are any."""
        self.bridges = Bridges()
        """Who is joined to whom."""
        self.entries_read = 0
        """The number of the last entry of a served call that was told of."""
        self._handlers: dict[str, Callable[[Message], list[Event]]] = {
            "UserEvent": self._user_event,
            "DialBegin": self._dial_begin,
            "DialState": self._dial_state,
            "DialEnd": self._dial_end,
            "Hangup": self._hangup,
            "BridgeEnter": lambda message: self._company_changed(self.bridges.enter(message)),
            "DeviceStateChange": self._device_state_change,
        }

    def size(self) -> int:
        """How much is known: 0 when nobody calls."""
        return super().size() + self.in_use.size() + len(self.bridges)

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
        call.is_answered, call.with_channel, call.alone = False, None, None  # perhaps they were transferred to a group
        self.bridges.left(uniqueid)
        call.source = self.directory.source(dialled_number(number))
        if call.callback is None or not call.customer.phone:  # on a callback's own channel stands what it is
            call.customer = self._customer(message)
        self.waits_itself(call, uniqueid)
        return InquiryReceived(
            inquiry=call.inquiry, channel=Channel.CALL, source=call.source, customer=call.customer, attempts=made
        )

    def conversation(self, call: Call, phone: PhoneId, attempt: AttemptNo) -> ConversationFound:
        """The caller is joined to this phone."""
        call.is_answered = call.is_told = True
        call.alone = None
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
            phone=self.who_answered(found.channel),
            ended_at=self.our_time(found.ended_at),
        )

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
        leg = self._new_leg(message)
        if leg is not None:
            unheard = self._unheard(message, leg.attempt)
            if leg.phone in unheard:
                unheard.remove(leg.phone)
        elif is_near_end(message["destchannel"]):  # which Dial is given behind all phones
            return self._not_even_dialled(message, attempt_of(message["exten"]))
        return []

    def _unheard(self, message: Message, attempt: AttemptNo) -> list[PhoneId]:
        """The phones that the Dial of this attempt, of a caller's or of who joined, has said nothing of yet."""
        far_end = self._joining.far_end(message["uniqueid"])
        if far_end is not None:
            return far_end.unheard
        call = self._calls.get(message["uniqueid"])
        return call.unheard if call is not None and call.ordered_attempt == attempt else []

    def _not_even_dialled(self, message: Message, attempt: AttemptNo) -> list[Event]:
        """Of a phone that it cannot ask for, such as one behind a trunk that is down, Dial says nothing at all. But it
        asks for all of them in their order before it hears of any (app_dial.c): who was not begun by then is not."""
        call, unheard = self._caller(message), self._unheard(message, attempt)
        if call is None or not unheard:
            return []
        never = [refused(Leg(call.inquiry, attempt, phone), Refusal.UNREACHABLE) for phone in unheard]
        unheard.clear()
        return [*never]

    def _note_trunk_leg(self, call: Call, message: Message) -> None:
        """Only here it is said whom the PBX rings by itself over a trunk."""
        phone = self.directory.behind(message["destchannel"], message.dialstring)
        if phone is not None:
            self.rings(call, NO_ATTEMPT, phone, message["destchannel"])

    def _dial_state(self, message: Message) -> list[Event]:
        if message["dialstatus"] not in {"RINGING", "PROGRESS"}:
            return []
        leg = self._legs.get(message["destchannel"]) or self._new_leg(message)
        if leg is None:
            return []
        is_early = message["dialstatus"] == "PROGRESS"
        rang = PhoneRang(inquiry=leg.inquiry, attempt=leg.attempt, phone=leg.phone, is_early_media=is_early)
        return [rang, *self._not_even_dialled(message, leg.attempt)]

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
        if self._is_in_anothers_place(message):
            return []
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

    def _is_in_anothers_place(self, message: Message) -> bool:
        """Whether a caller in conversation was put, by an attended transfer, where somebody else rang a phone of ours:
        who answers there was rung for somebody else, and the bridge will tell."""
        call, leg = self._calls.get(message["uniqueid"]), self._legs.get(message["destchannel"])
        is_theirs = leg is not None and call is not None and leg.inquiry == call.inquiry
        return call is not None and call.is_answered and call.callback is None and not is_theirs

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
        if call.sent_on is not None:
            self._calls.pop(call.sent_on.customer_end, None)
            return callbacks.reached_where_sent(call)
        if call.callback is not None:
            self._calls.pop(call.callback.operator_end, None)
            self._calls.pop(call.callback.customer_end, None)
            self._calls[uniqueid] = call
        return callbacks.reached(call, uniqueid, channel)

    def _hangup(self, message: Message) -> list[Event]:
        left_behind = self.bridges.gone(message["uniqueid"])
        return [*self._hung_up(message), *self._company_changed(left_behind)]

    def _company_changed(self, uniqueids: Iterable[str]) -> list[Event]:
        """What became of the conversations of these channels, so far as they are callers'."""
        calls = [call for each in uniqueids if (call := self._calls.get(each)) is not None and call.uniqueid == each]
        return [event for call in calls for event in self.look_at(call)]

    def redirected(self, inquiry: InquiryId) -> None:
        """A caller is sent elsewhere, out of whatever bridge they are in."""
        call = self.call_of(inquiry)
        if call is not None:
            self.bridges.left(call.uniqueid)

    def look_at(self, call: Call) -> list[Event]:
        """What became of a conversation, by who is joined to its caller now."""

        def phone_of(channel: str) -> PhoneId | None:
            leg = call.legs.get(channel)
            return leg.phone if leg is not None else self.phone_of(channel)

        def talks(call: Call, phone: PhoneId) -> Event:
            if call.is_answered:
                return replace(self.conversation(call, phone, NO_ATTEMPT), is_told_again=True)
            attempts = (leg.attempt for leg in call.legs.values() if leg.phone == phone)
            return self.conversation(call, phone, max(attempts, default=NO_ATTEMPT))

        return look_at(call, self.bridges, phone_of, talks)

    def _hung_up(self, message: Message) -> list[Event]:
        uniqueid = message["uniqueid"]
        self._joining.hung_up(uniqueid)
        leg = self._forget_leg(message["channel"])
        if leg is not None:
            return [unanswered(leg, message["cause"])]
        call = self._calls.get(uniqueid)
        if call is None:
            return self.in_use.hung_up(uniqueid)
        if call.sent_on is not None and uniqueid == call.sent_on.customer_end:
            return callbacks.not_reached(call, callbacks.ENDED)
        is_theirs = self.call_of(call.inquiry) is call  # or they are being called back again, on another line
        self.forget(call)
        return [each for each in callbacks.hung_up(call) if is_theirs or not isinstance(each, CustomerLeft)]

    def _device_state_change(self, message: Message) -> list[Event]:
        phone = self.phone_at(PhoneId(message["device"]))
        if phone is None:
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
