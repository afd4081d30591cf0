"""Orders out: what each needs is sent now or never, and what came to nothing is told."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple, Protocol

import structlog

from huntgroup.adapters.ami.directory import is_elsewhere
from huntgroup.adapters.ami.handovers import NotPossibleError
from huntgroup.adapters.ami.orders import actions_for
from huntgroup.adapters.ami.translate import Translator
from huntgroup.adapters.ami.wire import Message, SafeAction, UnsafeFieldError, Wire
from huntgroup.adapters.clock import Clock
from huntgroup.barrier import shown
from huntgroup.engine.effects import DialOut, Order, PromiseCallback, ReplyToCustomer, RingPhones, SendToVoicemail
from huntgroup.engine.events import AttemptFailed, Event
from huntgroup.engine.ids import InquiryId, PhoneId
from huntgroup.errors import PeerError

log = structlog.get_logger(__name__)

ACTION_TIMEOUT = 5.0
NOT_UP = "Redirect failed, channel not up."
"""What Asterisk says of a channel that has hung up, and of one that has not yet carried out the Redirect before."""
GONE = "No such channel"
"""What it says of a channel that is to be hung up and has done so: then all is as it should be."""
REDIRECT_PAUSE = 0.005
REDIRECTS_MOST = 6
"""A channel carries out a Redirect within a millisecond or two, on a machine that has much to do later: each pause is
twice the one before. One that has hung up is told of by its Hangup."""
REDIRECTS_APART = 0.03
"""Seconds from one Redirect of a channel to the next. While a channel looks up the step that it was sent to it looks at
what a further Redirect writes at the same time: it seeks the extension of the second in the context of the first, finds
none and hangs up (seen on 16.28: one caller in 300 who was to wait and in the same instant to be told their place got
a 603; 22.10 looks up in the same way)."""
REPORTED = RingPhones | SendToVoicemail | DialOut | PromiseCallback | ReplyToCustomer
"""Orders of which the engine must hear when they come to nothing."""


class Put(Protocol):
    """Takes an event with its instant; ``then`` is called once it is safe."""

    def __call__(self, event: Event, at: float, then: Callable[[], None] | None = None) -> None:
        """Now."""


class Link(Protocol):
    """The way to the PBX."""

    @property
    def wire(self) -> Wire | None:
        """What there is of it, None when there is nothing."""

    def live(self) -> Wire | None:
        """The same once what is really there is known; what is ordered while it is not is not sent at all."""


class Sent(NamedTuple):
    """An order on its way: the count of orders for its caller, and the link that it went over."""

    order: Order
    number: int
    wire: Wire


class Sender:
    """Sends over one link. Nothing that was decided before the link went down is sent behind it."""

    def __init__(self, pbx: str, link: Link, put: Put, clock: Clock) -> None:
        self._pbx = pbx
        self._link = link
        self._put = put
        self._clock = clock
        self._resting: dict[InquiryId, list[tuple[Sent, Sequence[SafeAction]]]] = {}
        """What is to be sent once their channels have carried out the Redirect before."""

    def send(self, batch: Sequence[SafeAction]) -> None:
        """Actions whose failure is logged and nothing else; not sent while the link is down."""
        wire = self._link.wire
        if wire is not None and wire.is_open and batch:
            wire.send_actions(batch, ACTION_TIMEOUT)
            for action in batch:
                action.future.add_done_callback(partial(self._action_answered, str(action["action"])))

    def carry_out(self, order: Order, translator: Translator) -> None:
        """Send what the order needs. What comes of it returns as an event; a failure does too."""
        if isinstance(order, REPORTED):
            may_be_joined = isinstance(order, RingPhones) and order.may_be_joined
            rung, mobile = phones_of(order), mobile_of(order)
            translator.ordered(order.inquiry, order.attempt, phones=rung, mobile=mobile, may_be_joined=may_be_joined)
        wire = self._link.live()
        if wire is None:
            self.failed(order, "the AMI link is down")
            return
        try:
            batch = actions_for(order, translator)
        except (UnsafeFieldError, NotPossibleError) as error:
            self.failed(order, str(error))
            return
        except Exception:
            log.exception("pbx.order_not_understood", pbx=self._pbx, order=shown(order))
            self.failed(order, "a fault in Huntgroup")
            return
        if batch:
            translator.sent(order.inquiry)
            if _has_redirect(batch):
                translator.redirected(order.inquiry)
            self._send_apart(Sent(order, translator.sent_last(order.inquiry), wire), batch, translator)

    def failed(self, order: Order, why: str) -> None:
        """Over a link that broke nobody knows what became of an order: the resync will tell."""
        log.warning("pbx.order_failed", pbx=self._pbx, order=type(order).__name__, inquiry=order.inquiry, error=why)
        if isinstance(order, REPORTED) and self._link.live() is not None:
            event = AttemptFailed(inquiry=order.inquiry, attempt=order.attempt, detail=str(PeerError(self._pbx, why)))
            self._put(event, self._clock.now())

    def _send_apart(self, sent: Sent, batch: Sequence[SafeAction], translator: Translator) -> None:
        """At once; but a Redirect that follows another one of the same caller only when they are so far apart."""
        if _has_redirect(batch):
            inquiry = sent.order.inquiry
            if inquiry in self._resting:
                self._resting[inquiry].append((sent, batch))
                return
            self._resting[inquiry] = []
            asyncio.get_running_loop().call_later(REDIRECTS_APART, self._has_rested, inquiry, translator)
        self._send(sent, batch, translator, REDIRECTS_MOST)

    def _has_rested(self, inquiry: InquiryId, translator: Translator) -> None:
        """All that was ordered meanwhile, in its order; where the caller is to go only the last one says."""
        held = self._resting.pop(inquiry)
        if not held or self._link.live() is not held[-1][0].wire:
            return  # behind a resync it is void
        last = held[-1][0]
        told = [action for sent, batch in held[:-1] if sent.wire is last.wire for action in _without_redirect(batch)]
        self._send_apart(last, [*told, *held[-1][1]], translator)

    def _send(self, sent: Sent, batch: Sequence[SafeAction], translator: Translator, tries: int) -> None:
        sent.wire.send_actions(batch, ACTION_TIMEOUT)
        for action in batch:
            again = partial(self._redirect_again, sent, action, translator, tries - 1)
            answered = partial(self._answered, sent.order, action, translator, again)
            action.future.add_done_callback(answered)

    def _answered(
        self,
        order: Order,
        action: SafeAction,
        translator: Translator,
        again: Callable[[], bool],
        future: "asyncio.Future[list[Message]]",
    ) -> None:
        why = _what_went_wrong(future)
        if why is None or (why == NOT_UP and again()) or (why == GONE and action["action"] == "Hangup"):
            return
        call = translator.call_of(order.inquiry)
        is_refused = action["action"] == "Originate" and future.exception() is None
        if is_refused and isinstance(order, RingPhones) and call and call.ordered_attempt == order.attempt:
            translator.forget(call)  # what was refused makes no channel whose end would be told
        self.failed(order, why)

    def _redirect_again(self, sent: Sent, refused: SafeAction, translator: Translator, tries: int) -> bool:
        """Whether a Redirect that met another one is sent once more, or need not be, as something newer was ordered."""
        if refused["action"] != "Redirect":
            return False
        is_newest = translator.sent_last(sent.order.inquiry) == sent.number
        if is_newest and tries > 0:
            action = SafeAction({name: refused[name] for name in ("Action", "Channel", "Context", "Exten", "Priority")})
            loop = asyncio.get_running_loop()
            pause = REDIRECT_PAUSE * 2.0 ** (REDIRECTS_MOST - 1 - tries)
            loop.call_later(pause, self._send_again, sent, action, translator, tries)
        return not is_newest or tries > 0

    def _send_again(self, sent: Sent, action: SafeAction, translator: Translator, tries: int) -> None:
        """Only over the link on which it was sent: behind a resync it is void."""
        if translator.sent_last(sent.order.inquiry) == sent.number and self._link.live() is sent.wire:
            self._send(sent, [action], translator, tries)

    def _action_answered(self, name: str, future: "asyncio.Future[list[Message]]") -> None:
        why = _what_went_wrong(future)
        if why is not None:
            log.warning("pbx.action_failed", pbx=self._pbx, action=name, error=why)


def _has_redirect(batch: Sequence[SafeAction]) -> bool:
    return any(action["action"] == "Redirect" for action in batch)


def _without_redirect(batch: Sequence[SafeAction]) -> list[SafeAction]:
    return [action for action in batch if action["action"] != "Redirect"]


def _what_went_wrong(future: "asyncio.Future[list[Message]]") -> str | None:
    """With an action that is over; None: nothing, or nobody waits for it any more."""
    if future.cancelled():
        return None
    error = future.exception()
    if error is not None:
        return str(error)
    answer = future.result()[0]
    return None if answer.success else answer.message


def phones_of(order: Order) -> tuple[PhoneId, ...]:
    """Every phone that an order rings."""
    return order.phones if isinstance(order, RingPhones) else ()


def mobile_of(order: Order) -> PhoneId | None:
    """The one mobile, or the one operator of another PBX, that an order rings by a trunk."""
    elsewhere = [phone for phone in phones_of(order) if is_elsewhere(phone)]
    return elsewhere[0] if len(elsewhere) == 1 else None
