"""What comes of a caller whom the PBX has, and of a customer who is called back."""

from collections.abc import Callable

from huntgroup.engine import overflow
from huntgroup.engine.effects import FactType, Outcome
from huntgroup.engine.events import (
    AttemptFailed,
    CustomerNotReached,
    CustomerReached,
    InquiryReceived,
    KeyPressed,
    MessageLeft,
    NumberAnswered,
    ReplyPlayed,
)
from huntgroup.engine.handover import handed_over, receive_back
from huntgroup.engine.hours import is_open
from huntgroup.engine.ids import NO_ATTEMPT, AttemptNo, GroupId, InquiryId, SourceId
from huntgroup.engine.lifecycle import InquiryState
from huntgroup.engine.offers import take_back
from huntgroup.engine.policy import Channel, Entrance, Mode
from huntgroup.engine.state import Away, Inquiry
from huntgroup.engine.waiting import hold_on_after_reply
from huntgroup.engine.world import World

VOICEMAIL = SourceId("voicemail")
"""Where messages come in, as far as the configuration does not describe a source of this name of its own."""


def _message_left(world: World, event: MessageLeft) -> None:
    """The message is a mail to the group in which its caller was last, or to that of the number they had dialled.

    When neither is configured any more it stays in the mailbox, and only the call's record tells of it.
    """
    call = world.inquiries.get(event.inquiry)
    number = world.policy.entrance(Channel.CALL, event.source)
    groups = [number.group] if number else []
    if call is not None:
        if call.handover is None or call.handover.to is not Away.VOICEMAIL:
            return
        groups.insert(0, call.group)
        world.fact(FactType.MESSAGE_LEFT, call, detail=event.message)
        world.close(call, Outcome.VOICEMAIL)
    group = next((each for each in groups if each in world.policy.groups), None)
    if group is not None and event.message not in world.inquiries:
        _admit_message(world, event, group)


def _admit_message(world: World, event: MessageLeft, group: GroupId) -> None:
    """It is turned away by neither opening hours nor max_waiting: somebody has spoken already."""
    own = world.policy.entrance(Channel.MAIL, VOICEMAIL)
    entrance = own or Entrance(source=VOICEMAIL, channel=Channel.MAIL, group=group, mode=Mode.ASSIGN)
    received = InquiryReceived(inquiry=event.message, channel=Channel.MAIL, source=VOICEMAIL, customer=event.customer)
    inquiry = world.admit(received, entrance)
    inquiry.recording = event.recording
    world.fact(FactType.RECEIVED, inquiry, detail=VOICEMAIL)
    if is_open(world.group_of(inquiry).hours, world.now):
        world.join_line(inquiry)
    else:
        overflow.wait_for_opening(world, inquiry)


def _number_answered(world: World, event: NumberAnswered) -> None:
    inquiry = handed_over(world, event.inquiry, event.attempt)
    if inquiry is not None:
        world.close(inquiry, Outcome.FORWARDED)


def _reply_played(world: World, event: ReplyPlayed) -> None:
    inquiry = handed_over(world, event.inquiry, event.attempt)
    if inquiry is not None:
        overflow.reply_played(world, inquiry)
        return
    waits = world.inquiries.get(event.inquiry)
    if waits is not None and waits.customer_holds and waits.attempts == event.attempt:  # nothing was ordered since
        hold_on_after_reply(world, waits)


def _key_pressed(world: World, event: KeyPressed) -> None:
    """A caller leaves the line, where their group offers that by this key; whoever is being rung for them is not."""
    inquiry = world.inquiries.get(event.inquiry)
    if inquiry is None or inquiry.handover is not None or inquiry.is_callback or inquiry.is_at_fallback:
        return
    if inquiry.group not in world.policy.groups:
        return  # what it offered may lead to others that are gone as well
    group = world.group_of(inquiry)
    if group.on_leave is None or event.key != group.announce.leave_key:
        return
    if inquiry.state is InquiryState.OFFERED:
        take_back(world, inquiry, "the customer left the line")
    elif inquiry.state is not InquiryState.WAITING:
        return
    overflow.run(world, inquiry, group.on_leave, overflow.Hook.LEFT, f"by key {event.key}")


# -- calling back ---------------------------------------------------------------------------------------------------


def _customer_reached(world: World, event: CustomerReached) -> None:
    inquiry = _reaching(world, event.inquiry, event.attempt)
    if inquiry is not None:
        inquiry.is_reaching = False
        world.fact(FactType.CUSTOMER_REACHED, inquiry, inquiry.operator)


def customer_not_reached(world: World, event: CustomerNotReached | AttemptFailed) -> None:
    """Whoever had the line is free again at once. The customer is called again after a while, a few times in all."""
    inquiry = _reaching(world, event.inquiry, event.attempt)
    if inquiry is None:
        return
    world.fact(FactType.CUSTOMER_NOT_REACHED, inquiry, inquiry.operator, event.detail)
    inquiry.callbacks_made += 1
    if inquiry.callbacks_made >= world.policy.callback_tries:
        world.close(inquiry, Outcome.UNANSWERED)
        # Their operator hears why for some seconds, and may send the line that they hear it on to a group's number.
        world.outlived(inquiry.id, world.pbx_of(inquiry), inquiry.attempts)
        return
    _nobody_waits(world, inquiry)
    inquiry.is_callback = True
    if inquiry.group not in world.policy.groups:
        overflow.rejoin(world, inquiry)
        if inquiry.id not in world.inquiries:
            return
    inquiry.pauses_until = world.now + world.policy.callback_pause
    world.set_opening(inquiry, world.opening_for(inquiry))


def _nobody_waits(world: World, inquiry: Inquiry) -> None:
    """The line had no customer on it, wherever it was: with an operator, or where one had sent it on to."""
    if inquiry.state is InquiryState.ACTIVE:
        world.put_back(inquiry)
        return
    if inquiry.state is InquiryState.OFFERED:
        take_back(world, inquiry, "the customer was not reached")
    elif inquiry.handover is not None:
        receive_back(world, inquiry)
    inquiry.is_reaching = inquiry.was_called_back = inquiry.customer_holds = inquiry.is_at_fallback = False
    inquiry.passed_on_by = None
    world.enter(inquiry, inquiry.group)


def _reaching(world: World, inquiry: InquiryId, attempt: AttemptNo) -> Inquiry | None:
    known = world.inquiries.get(inquiry)
    if known is None or known.state is InquiryState.WRAPUP or not known.is_reaching:
        return None
    # An older version did not note in which.
    return known if known.called_back_in in {attempt, NO_ATTEMPT} else None


HANDLERS: dict[type, Callable[..., None]] = {
    MessageLeft: _message_left,
    NumberAnswered: _number_answered,
    ReplyPlayed: _reply_played,
    KeyPressed: _key_pressed,
    CustomerReached: _customer_reached,
    CustomerNotReached: customer_not_reached,
}
