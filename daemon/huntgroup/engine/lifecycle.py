"""The life of an inquiry and of an offer: literal, complete tables. A pair that is not here cannot happen."""

from enum import StrEnum
from typing import TypeVar


class IllegalTransitionError(Exception):
    """A transition that the tables do not have: a fault of ours, raised before anything has changed."""


class InquiryState(StrEnum):
    """Where an inquiry is; exactly one at a time."""

    WAITING = "waiting"
    OFFERED = "offered"
    ACTIVE = "active"
    WRAPUP = "wrapup"
    CLOSED = "closed"


class InquiryStep(StrEnum):
    """What moves an inquiry."""

    OFFER = "offer"
    RETURN = "return"
    ACCEPT = "accept"
    ASSIGN = "assign"
    PUT_BACK = "put_back"
    FINISH = "finish"
    RESUME = "resume"
    CLOSE = "close"


class OfferState(StrEnum):
    """What came of one inquiry at one operator."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    FAILED = "failed"


class OfferStep(StrEnum):
    """What ends an offer."""

    ACCEPT = "accept"
    DECLINE = "decline"
    EXPIRE = "expire"
    WITHDRAW = "withdraw"
    FAIL = "fail"


INQUIRY_STEPS: dict[tuple[InquiryState, InquiryStep], InquiryState] = {
    (InquiryState.WAITING, InquiryStep.OFFER): InquiryState.OFFERED,
    (InquiryState.WAITING, InquiryStep.ASSIGN): InquiryState.ACTIVE,
    (InquiryState.WAITING, InquiryStep.CLOSE): InquiryState.CLOSED,
    (InquiryState.OFFERED, InquiryStep.RETURN): InquiryState.WAITING,
    (InquiryState.OFFERED, InquiryStep.ACCEPT): InquiryState.ACTIVE,
    (InquiryState.OFFERED, InquiryStep.CLOSE): InquiryState.CLOSED,
    (InquiryState.ACTIVE, InquiryStep.PUT_BACK): InquiryState.WAITING,
    (InquiryState.ACTIVE, InquiryStep.FINISH): InquiryState.WRAPUP,
    (InquiryState.ACTIVE, InquiryStep.CLOSE): InquiryState.CLOSED,
    (InquiryState.WRAPUP, InquiryStep.RESUME): InquiryState.ACTIVE,
    (InquiryState.WRAPUP, InquiryStep.CLOSE): InquiryState.CLOSED,
}

OFFER_STEPS: dict[tuple[OfferState, OfferStep], OfferState] = {
    (OfferState.PENDING, OfferStep.ACCEPT): OfferState.ACCEPTED,
    (OfferState.PENDING, OfferStep.DECLINE): OfferState.DECLINED,
    (OfferState.PENDING, OfferStep.EXPIRE): OfferState.EXPIRED,
    (OfferState.PENDING, OfferStep.WITHDRAW): OfferState.WITHDRAWN,
    (OfferState.PENDING, OfferStep.FAIL): OfferState.FAILED,
}

State = TypeVar("State", bound=StrEnum)
Step = TypeVar("Step", bound=StrEnum)


def step(table: dict[tuple[State, Step], State], state: State, trigger: Step) -> State:
    """The state after ``trigger``. Raises IllegalTransitionError where the table has no such pair."""
    try:
        return table[state, trigger]
    except KeyError:
        raise IllegalTransitionError(f"{type(state).__name__} {state} has no step {trigger}") from None
