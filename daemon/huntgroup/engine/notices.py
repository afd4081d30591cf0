"""What was last told of every operator, so that only what is new is told. It must not know the rules behind it."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from huntgroup.engine.effects import DeskChanged, InquiryChanged, OnDesk, OperatorChanged, OperatorRemoved, Reason
from huntgroup.engine.ids import InquiryId, OperatorId
from huntgroup.engine.lifecycle import OfferState
from huntgroup.engine.policy import Channel
from huntgroup.engine.state import Inquiry, Operator

News = OperatorChanged | OperatorRemoved | DeskChanged | InquiryChanged


class Notices:
    """Who and what changed since the last news, and each operator's state as it was told then."""

    def __init__(self) -> None:
        self._changed: dict[OperatorId, None] = {}
        self._inquiries: dict[InquiryId, Inquiry] = {}
        self._last_told: dict[OperatorId, tuple[OperatorChanged, DeskChanged]] = {}

    def note(self, operator: OperatorId) -> None:
        """Something about an operator may be other than it was told."""
        self._changed[operator] = None

    def note_inquiry(self, inquiry: Inquiry) -> None:
        """Something happened to an inquiry; if only now, it is told even when it is over by then."""
        self._inquiries[inquiry.id] = inquiry

    def begin_anew(self, operators: Iterable[OperatorId], inquiries: Mapping[InquiryId, Inquiry]) -> None:
        """Forget what was told."""
        self._last_told.clear()
        self._changed.update(dict.fromkeys(operators))
        self._inquiries.update(inquiries)

    def news(
        self,
        operators: Mapping[OperatorId, Operator],
        inquiries: Mapping[InquiryId, Inquiry],
        why_not: Callable[[Operator, Channel], Reason | None],
    ) -> Iterator[News]:
        """Each inquiry that was noted, and each operator and desk that is not as last told."""
        concerned: set[OperatorId] = set()
        for inquiry in self._inquiries.values():
            yield _public_inquiry(inquiry)
            for operator_id in _concerned(inquiry):
                self._changed[operator_id] = None
                concerned.add(operator_id)
        self._inquiries.clear()
        for operator_id in self._changed:
            operator = operators.get(operator_id)
            if operator is None:
                if self._last_told.pop(operator_id, None) is not None:
                    yield OperatorRemoved(operator=operator_id)
                continue
            state = _public_state(operator, why_not)
            last_state, last_desk = self._last_told.get(operator_id, (None, None))
            if state != last_state:
                yield state
            desk = last_desk
            # What lies on it is another only when it is of other inquiries, or when something was told of one of them.
            if (
                desk is None
                or operator_id in concerned
                or last_state is None
                or state.inquiries != last_state.inquiries
            ):
                desk = _public_desk(operator, inquiries)
                if desk != last_desk:
                    yield desk
            self._last_told[operator_id] = state, desk
        self._changed.clear()


def _concerned(inquiry: Inquiry) -> Iterator[OperatorId]:
    """On whose desks it lies."""
    if inquiry.operator is not None:
        yield inquiry.operator
    yield from _offered_to(inquiry)


def _offered_to(inquiry: Inquiry) -> tuple[OperatorId, ...]:
    if inquiry.attempt is None:
        return ()
    return tuple(name for name, offer in inquiry.attempt.offers.items() if offer.state is OfferState.PENDING)


def _public_inquiry(inquiry: Inquiry) -> InquiryChanged:
    return InquiryChanged(
        inquiry=inquiry.id,
        channel=inquiry.channel,
        source=inquiry.entrance.source,
        state=inquiry.state,
        outcome=inquiry.outcome,
        group=inquiry.group,
        operator=inquiry.operator,
        offered_to=_offered_to(inquiry),
        customer=inquiry.customer,
        received_at=inquiry.arrived_at,
        is_on_hold=inquiry.is_set_aside,
        replies=inquiry.replies,
        place=inquiry.place,
        account=inquiry.entrance.account,
    )


def _public_state(operator: Operator, why_not: Callable[[Operator, Channel], Reason | None]) -> OperatorChanged:
    reasons = {}
    for channel, most in operator.policy.capacity.items():
        if most and (reason := why_not(operator, channel)) is not None:
            reasons[channel] = reason
    return OperatorChanged(
        operator=operator.policy.id,
        presence=operator.presence,
        pause_reason=operator.pause_reason,
        reasons=reasons,
        load=operator.load.copy(),
        capacity=operator.policy.capacity,
        inquiries=(*operator.active, *operator.wrapups, *operator.offers),
    )


def _public_desk(operator: Operator, inquiries: Mapping[InquiryId, Inquiry]) -> DeskChanged:
    return DeskChanged(
        operator=operator.policy.id,
        offers=tuple(_offered(inquiries[each]) for each in operator.offers),
        inquiries=(
            *(_in_hand(inquiries[each]) for each in operator.active),
            *(_after_work(inquiries[each], until) for each, until in operator.wrapups.items()),
        ),
    )


def _offered(inquiry: Inquiry) -> OnDesk:
    attempt = inquiry.attempt
    if attempt is None:
        return _on_desk(inquiry, "offered", inquiry.arrived_at, None)
    return _on_desk(inquiry, "offered", attempt.began_at, attempt.deadline)


def _in_hand(inquiry: Inquiry) -> OnDesk:
    return _on_desk(inquiry, "held" if inquiry.is_set_aside else "active", inquiry.taken_at, None)


def _after_work(inquiry: Inquiry, until: float) -> OnDesk:
    return _on_desk(inquiry, "wrapup", inquiry.taken_at, until)


def _on_desk(inquiry: Inquiry, state: str, since: float, expires_at: float | None) -> OnDesk:
    return OnDesk(
        inquiry=inquiry.id,
        channel=inquiry.channel,
        group=inquiry.group,
        source=inquiry.entrance.source,
        state=state,
        since=since,
        expires_at=expires_at,
        customer=inquiry.customer,
        content=inquiry.content,
        messages=inquiry.messages,
        messages_dropped=inquiry.messages_dropped,
        recording=inquiry.recording,
    )
