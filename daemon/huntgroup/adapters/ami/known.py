"""What is known of the calls at one PBX: which channel is which inquiry, and which leg rings which phone for it."""

from collections.abc import Collection, Iterable, Mapping

from huntgroup.adapters.ami.calls import Call, Callback, Leg, OpenCall, to_be_heard_of
from huntgroup.adapters.ami.directory import Directory
from huntgroup.adapters.ami.genuine import reported
from huntgroup.adapters.ami.joining import Joining
from huntgroup.adapters.ami.texts import device_at, device_of, dialled_number, known, name_prefix, unescape
from huntgroup.adapters.ami.wire import Message
from huntgroup.engine.events import Customer, PhoneRang
from huntgroup.engine.ids import AttemptNo, InquiryId, PbxId, PhoneId


class KnownCalls:
    """Calls and legs that have not ended. What a message means for them is the translator's affair."""

    def __init__(self, pbx: PbxId, phones: Iterable[PhoneId], directory: Directory, joining: Joining) -> None:
        self._pbx = pbx
        self.follow(phones)
        self.directory = directory
        """What the PBX calls things; may be exchanged."""
        self.clock_ahead = 0.0
        """Seconds by which our clock is ahead of the PBX's."""
        self._joining = joining
        self._calls: dict[str, Call] = {}
        """By the Uniqueid of the caller's channel; a callback's by those of both its ends."""
        self._by_inquiry: dict[InquiryId, Call] = {}
        self._legs: dict[str, Leg] = {}
        self._unexplained: dict[str, Leg] = {}
        """Legs of which Dial has said that they went unanswered, and nobody yet why."""

    def follow(self, phones: Iterable[PhoneId]) -> None:
        """These are the phones whose states and legs matter from now on."""
        self._phone_at = {device_at(phone): phone for phone in phones}

    def phone_of(self, channel: str) -> PhoneId | None:
        """The configured phone whose channel this is: the name without what makes it unique."""
        return self.phone_at(device_of(channel))

    def phone_at(self, device: PhoneId) -> PhoneId | None:
        """The configured phone that Asterisk calls by this name."""
        return self._phone_at.get(device)

    def is_phone(self, channel: str) -> bool:
        """Whether this is the channel of a configured phone."""
        return self.phone_of(channel) is not None

    def at_end_of(self, channel: str, dialled: str) -> PhoneId | None:
        """Whose phones were dialled by this leg of a trunk to another PBX."""
        return self.directory.behind(channel, f"{dialled}@{device_of(channel).partition('/')[2]}") if dialled else None

    def who_answered(self, channel: str) -> PhoneId | None:
        """The phone of a channel; behind a trunk, what was dialled there stands behind its name."""
        name, across, dialled = (*channel.split("~"), "", "")[:3]
        return self.phone_of(name) or self.at_end_of(name, across) or self.directory.mobile_at(name, dialled)

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

    def ringing_legs(self, inquiry: InquiryId) -> list[tuple[PhoneId, str]]:
        """Phone and channel of each leg of the last attempt that has not hung up."""
        call = self._by_inquiry.get(inquiry)
        legs = call.legs.items() if call else ()
        return [(leg.phone, channel) for channel, leg in legs if call and leg.attempt == call.ordered_attempt]

    def ordered(
        self,
        inquiry: InquiryId,
        attempt: AttemptNo,
        *,
        phones: Iterable[PhoneId] = (),
        mobile: PhoneId | None = None,
        may_be_joined: bool = False,
    ) -> None:
        """This attempt is on its way to the PBX, to ring these phones; a mobile among them looks like any channel."""
        call = self._by_inquiry.get(inquiry)
        if call is not None:
            call.ordered_attempt = attempt
            call.is_answered = False
            call.with_channel = call.alone = None
            call.mobile = mobile
            call.unheard = to_be_heard_of(phones)
            self._joining.begins(inquiry, attempt, may_be_joined=may_be_joined)

    def rings(self, call: Call, attempt: AttemptNo, phone: PhoneId, channel: str) -> PhoneRang:
        """A phone that was found ringing for this attempt."""
        self._legs[channel] = call.legs[channel] = Leg(call.inquiry, attempt, phone, has_rung=True)
        return PhoneRang(inquiry=call.inquiry, attempt=attempt, phone=phone)

    def may_answer_behind(self, call: Call, attempt: AttemptNo, far_ends: Mapping[str, str]) -> None:
        """By these Local channels, far end's Uniqueid to name, others were found to have joined this attempt."""
        self._joining.there_are(call.inquiry, attempt, far_ends)

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

    def waits_itself(self, call: Call, uniqueid: str) -> None:
        """The channel that stood for a customer was transferred to a line of ours, and is a caller's like any other."""
        callback = call.callback
        if callback is None:
            return
        is_calling = uniqueid == callback.operator_end and not (callback.is_told or callback.is_reached)
        if not is_calling:
            for end in {callback.operator_end, callback.customer_end} - {uniqueid}:
                self._calls.pop(end, None)
        call.uniqueid, call.callback, call.sent_on = uniqueid, None, callback if is_calling else None

    def orders_sent(self) -> dict[str, int]:
        """How many orders each call had, by the Uniqueid of its channel."""
        return {call.uniqueid: call.sent for call in self.known_calls()}

    def call_of(self, inquiry: InquiryId) -> Call | None:
        """The call of this inquiry, or None when it is over."""
        return self._by_inquiry.get(inquiry)

    def is_on_another(self, call: Call, uniqueid: str, channel: str) -> bool:
        """The caller of a conversation is on this channel from now on; False: that is a caller of ours already."""
        if uniqueid in self._calls:
            return False
        del self._calls[call.uniqueid]
        call.uniqueid, call.channel = uniqueid, channel
        self._calls[uniqueid] = call
        return True

    def forget(self, call: Call) -> None:
        """The call is over, and with it all that is known of its legs: nothing outlives its call here."""
        self._calls.pop(call.uniqueid, None)
        for callback in (call.callback, call.sent_on):
            if callback is not None:
                self._calls.pop(callback.customer_end, None)
        if self._by_inquiry.get(call.inquiry) is call:
            del self._by_inquiry[call.inquiry]
            self._joining.forget(call.inquiry)
        for channel in list(call.legs):
            self._forget_leg(channel)

    def keep_legs(self, channels: Collection[str]) -> None:
        """Forget the legs that are not among these channels: they hung up unseen."""
        for channel in [channel for channel in self._legs if channel not in channels]:
            self._forget_leg(channel)
        for call in self._calls.values():
            call.unheard.clear()  # what Dial said of them may have gone unheard

    def size(self) -> int:
        """How many calls and legs are known: 0 when nobody calls."""
        own = len(self._calls) + len(self._by_inquiry) + len(self._legs) + len(self._unexplained)
        return own + self._joining.size()

    def _forget_leg(self, channel: str) -> Leg | None:
        """Returns the leg when Dial has said that it went unanswered and nobody yet why."""
        leg = self._legs.pop(channel, None)
        call = self._by_inquiry.get(leg.inquiry) if leg else None
        if call is not None:
            call.legs.pop(channel, None)
        return self._unexplained.pop(channel, None)

    def _customer(self, message: Message) -> Customer:
        label = name_prefix(reported(message, "prefix")) if "userevent" in message.names else ""
        return self.directory.customer(unescape(message.calleridname), known(message.calleridnum), label)
