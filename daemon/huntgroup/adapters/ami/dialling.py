"""What Dial says of the legs it makes: which phone rings, refuses or answers for which call.

What it relies on, seen on Asterisk 16.28 and 22.10:

* ``DialBegin``, ``DialState`` and ``DialEnd`` carry the caller's ``Exten``. Our dialplan rings in a context whose
  extension is the number of the attempt, so every word about a leg says which attempt it belongs to, however late.
* ``DialState`` with ``RINGING`` or ``PROGRESS`` is the phone's own 180 or 183; a 180 may follow a 183.
* A phone that declines (603) ends in ``DialEnd`` with ``NOANSWER``; only the leg's ``Hangup`` tells the cause, 21.
  One that stops ringing with another status ends likewise: 404 and 604 with cause 1, 408 with 18, 410 with 22, 480
  with 19, 484 with 28, 488 and 606 with 58, 500 with 38; with 503 ``DialEnd`` says ``CONGESTION``.
* Whoever picks a ringing call up, by our code, by the PBX's own (``*8``, Pickup()) or by a phone's key (INVITE with
  Replaces): in the end Dial's ``DialEnd`` with ``ANSWER`` names their channel in the place of the leg that rang. Before
  it that leg may hang up without a ``DialEnd`` of its own, which means nothing.
* A phone without a contact gets no leg at all: ``Dial`` rings the others, if there are any; or else it comes back at
  once, and our dialplan says ``HuntgroupDialed``.
"""

from collections.abc import Iterable

from huntgroup.adapters.ami import across, callbacks, handovers
from huntgroup.adapters.ami.calls import Call, Leg
from huntgroup.adapters.ami.directory import Directory, is_elsewhere
from huntgroup.adapters.ami.handovers import attempt_of
from huntgroup.adapters.ami.joining import RINGING_CONTEXT, Joining, is_near_end
from huntgroup.adapters.ami.known import KnownCalls
from huntgroup.adapters.ami.texts import device_of
from huntgroup.adapters.ami.wire import Message
from huntgroup.engine.events import (
    ConversationFound,
    Event,
    FallbackRings,
    PhoneAnswered,
    PhoneRang,
    PhoneRefused,
    Refusal,
)
from huntgroup.engine.ids import NO_ATTEMPT, AttemptNo, PbxId, PhoneId

OFFER_CONTEXTS = frozenset({"huntgroup-offer", "huntgroup-offer-music", callbacks.OPERATOR_CONTEXT})
FALLBACK_CONTEXT = "huntgroup-fallback"
LEG_CONTEXTS = OFFER_CONTEXTS | {RINGING_CONTEXT}
"""Where Dial rings phones, for a caller or for who joined."""
CALL_REJECTED = "21"
"""Q.850 cause of a leg whose phone said 603 Decline."""
STOPPED = frozenset({"", "0", "16", "26"})
"""Causes of a leg that was stopped from our side: Dial's time was over, or it was answered elsewhere."""
OUTSIDE_CONTEXTS = frozenset({handovers.OUTSIDE_CONTEXT, callbacks.CUSTOMER_CONTEXT})


class Dialling(KnownCalls):
    """The calls of one PBX, and what Dial says of their legs. ``crossings`` are those into other PBXs."""

    def __init__(
        self, pbx: PbxId, phones: Iterable[PhoneId], directory: Directory, joining: Joining, crossings: across.Crossings
    ) -> None:
        super().__init__(pbx, phones, directory, joining)
        self._crossings = crossings

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
            return self.directory.behind(message["destchannel"], message.dialstring, call.mobile)
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
        leg.has_rung = True
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
                return [refused(leg, Refusal.DECLINED if _is_rung_device(leg) else Refusal.UNREACHABLE)]

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


def refused(leg: Leg, refusal: Refusal) -> PhoneRefused:
    """The event of a leg that ended without an answer."""
    return PhoneRefused(inquiry=leg.inquiry, attempt=leg.attempt, phone=leg.phone, refusal=refusal)


def unanswered(leg: Leg, cause: str) -> PhoneRefused:
    """The event of a leg that Dial calls unanswered; only the Q.850 cause tells whether the phone ended it itself."""
    has_ended_itself = cause == CALL_REJECTED or (cause not in STOPPED and _is_rung_device(leg))
    return refused(leg, Refusal.DECLINED if has_ended_itself else Refusal.NO_ANSWER)


def _is_rung_device(leg: Leg) -> bool:
    """A phone of the PBX itself that rang. At the end of a trunk it may be the network that gives up."""
    return leg.has_rung and not is_elsewhere(leg.phone)
