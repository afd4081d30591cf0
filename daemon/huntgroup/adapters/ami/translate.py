"""AMI messages -> events. Knows which channel is which inquiry and which leg is which phone; decides nothing.

Names come escaped as in C (a line break is ``\\n``), numbers as they are.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

import structlog

from huntgroup.adapters.ami import across, callbacks, handovers, served
from huntgroup.adapters.ami.bridges import LOCAL, Bridges, look_at
from huntgroup.adapters.ami.calls import Call
from huntgroup.adapters.ami.dialling import Dialling, refused, unanswered
from huntgroup.adapters.ami.directory import Directory
from huntgroup.adapters.ami.genuine import reported, swapped
from huntgroup.adapters.ami.handovers import attempt_of
from huntgroup.adapters.ami.inuse import InUse
from huntgroup.adapters.ami.joining import Joining
from huntgroup.adapters.ami.texts import dialled_number
from huntgroup.adapters.ami.wire import Message, shown
from huntgroup.engine.events import (
    AttemptFailed,
    CustomerLeft,
    Event,
    FallbackServed,
    InquiryReceived,
    PhoneState,
    PhoneStateChanged,
    Refusal,
)
from huntgroup.engine.ids import NO_ATTEMPT, AttemptNo, InquiryId, PbxId, PhoneId
from huntgroup.engine.policy import Channel

log = structlog.get_logger(__name__)

FAILURES = {
    handovers.NO_MAILBOX: "the PBX has no such mailbox",
    handovers.MAILBOX_FAILED: "the mailbox took no message",
}
"""What our dialplan says in one word."""
NO_PRIOR_WORD = "Dial ended and said nothing of its phones"

_INSTANT = re.compile(r"[0-9]{1,11}\.[0-9]{1,6}")
OnCode = Callable[[Message], list[Event]]


class Translator(Dialling):
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
        crossings = crossings or across.Crossings()
        super().__init__(pbx, phones, directory or Directory(), joining or Joining(lambda _: None), crossings)
        self.in_use = InUse()
        self.on_code = on_code
        self.arrivals = arrivals
        """What came over trunks from other PBXs, if there are any."""
        self.bridges = Bridges()
        """Who is joined to whom."""
        self.entries_read = 0
        """The number of the last entry of a served call that was told of."""
        self.entries_kept: dict[int, str] = {}
        """Entries that were told of and are not known to be on record yet, by number: what the PBX keeps of them."""
        self._handlers: dict[str, Callable[[Message], list[Event]]] = {
            "UserEvent": self._user_event,
            "DialBegin": self._dial_begin,
            "DialState": self._dial_state,
            "DialEnd": self._dial_end,
            "Hangup": self._hangup,
            "BridgeEnter": self._bridge_enter,
            "DeviceStateChange": self._device_state_change,
        }

    def size(self) -> int:
        """How much is known: 0 when nobody calls."""
        return super().size() + self.in_use.size() + len(self.bridges)

    def known_channels(self) -> dict[str, str]:
        """Every channel by whose end something changes, Uniqueid to name; "" for one whose name is not known."""
        arrived = self.arrivals.channels() if self.arrivals is not None else {}
        return {
            **dict.fromkeys(self.in_use.channels(), ""),
            **self.bridges.channels(),
            **self._joining.channels(),
            **arrived,
            **{uniqueid: call.channel for uniqueid, call in self._calls.items()},
        }

    def hung_up_unheard(self, uniqueid: str, channel: str) -> list[Event]:
        """A channel is gone, and nobody said so."""
        headers = {"Event": "Hangup", "Channel": channel, "Uniqueid": uniqueid, "Cause": "0"}
        return self._hangup(Message({name.lower(): (name, value) for name, value in headers.items()}))

    def leg_hung_up_unheard(self, channel: str) -> list[Event]:
        """A leg is gone, and nobody said so: whether it was declined nobody can know."""
        leg = self._legs.get(channel)
        self._forget_leg(channel)
        return [refused(leg, Refusal.NO_ANSWER)] if leg is not None else []

    # -- translating ----------------------------------------------------------------------------------------------

    def translate(self, message: Message) -> list[Event]:
        """What this message means, often nothing: Asterisk's own, see `Wire` for what is not.

        One that lacks what it must have is logged and left out.
        """
        handler = self._handlers.get(message.event)
        if handler is None or ("destchannel" in message and "channel" not in message):
            return []  # the latter: somebody originates a call, and no channel of a caller's dials
        try:
            if message.context == across.CONTEXT and self.arrivals is not None and self.arrivals.is_one(message):
                return self.arrivals.heard(message)
            return handler(message)
        except (KeyError, ValueError) as error:
            log.warning("ami.message_not_understood", error=repr(error), message=shown(message))
            return []

    def arrival(self, message: Message, number: str, attempts: str, came_at: float | None = None) -> InquiryReceived:
        """A caller waits for us, newly or still; ``message`` describes their channel, ``attempts`` may be empty.
        ``came_at`` in seconds, where the PBX had them before.

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
            inquiry=call.inquiry,
            channel=Channel.CALL,
            source=call.source,
            customer=call.customer,
            attempts=made,
            came_at=came_at,
        )

    def served(self, text: str) -> FallbackServed:
        """A call that the PBX served by itself, from an entry's text. Raises ValueError for what is none."""
        found = served.entry(text)
        self.entries_read = found.number
        self.entries_kept[found.number] = text
        itself, known = self._inquiry(found.uniqueid), self.known_call(found.uniqueid)
        return FallbackServed(
            pbx=self._pbx,
            entry=found.number,
            inquiry=itself,
            stands_for=known.inquiry if known is not None and known.inquiry != itself else None,
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
                came = reported(message, "came")
                came_at = self.our_time(float(came)) if _INSTANT.fullmatch(came) else None
                return [self.arrival(message, message["number"], reported(message, "attempts"), came_at)]
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
        elif status == handovers.MAILBOX_FAILED:
            log.warning("pbx.mailbox_failed", inquiry=call.inquiry, hint="too short a message; or is it full?")
        failed = AttemptFailed(
            inquiry=call.inquiry,
            attempt=attempt,
            detail=FAILURES.get(status, status) or NO_PRIOR_WORD,
            cause=int(cause) if cause.isdecimal() else 0,
        )
        return [*events, failed]

    def _bridge_enter(self, message: Message) -> list[Event]:
        """Who takes the place of a caller in conversation is the caller from now on: somebody asked at a group's number
        and then passes on who waited for it, or Asterisk drops a Local channel that stood between."""
        call = self._calls.get(swapped(message))
        if call is not None and self._may_be_followed(call):
            self.is_on_another(call, message["uniqueid"], message["channel"])
        return self._company_changed(self.bridges.enter(message))

    def _may_be_followed(self, call: Call) -> bool:
        return call.is_answered and call.callback is None and call.sent_on is None

    def _hangup(self, message: Message) -> list[Event]:
        if self.arrivals is not None:  # one that was transferred here is in another context by now
            self.arrivals.hung_up(message["uniqueid"])
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
        if message["channel"].startswith(LOCAL) and self._may_be_followed(call):
            behind = [each for each in self.bridges.company(call.with_channel or "") if not self.is_phone(each[1])]
            if len(behind) == 1 and self.is_on_another(call, *behind[0]):  # Asterisk has joined them without it
                return self.look_at(call)
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


def phone_state(phone: PhoneId, state: str) -> PhoneStateChanged:
    """The event of a device state. Raises ValueError for a state that Asterisk does not have."""
    return PhoneStateChanged(phone=phone, state=PhoneState(state))
