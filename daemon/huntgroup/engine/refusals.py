"""Why a request cannot be done: raised before anything has changed, and told to who asked."""

from collections.abc import Collection

from huntgroup.engine.effects import ErrorCode, Reason
from huntgroup.engine.eligibility import why_no_call
from huntgroup.engine.ids import InquiryId
from huntgroup.engine.requested import Request
from huntgroup.engine.state import Inquiry, Operator
from huntgroup.engine.world import World

NO_PHONE = frozenset({Reason.PHONE_UNREACHABLE, Reason.PBX_UNREACHABLE, Reason.NO_TRUNK})
"""Why a call cannot ring at somebody, nor in a moment: no caller is taken from their operator for it. Whose phones are
busy is waited for."""


class RefusedError(Exception):
    """The request cannot be done; raised before anything has changed."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code


def who_asks(world: World, event: Request) -> Operator:
    """The operator who asked. Raises RefusedError."""
    operator = world.operators.get(event.operator)
    if operator is None or operator.is_removed:
        raise RefusedError(ErrorCode.UNKNOWN_OPERATOR, f"there is no operator {event.operator}")
    return operator


def open_inquiry(world: World, inquiry: InquiryId) -> Inquiry:
    """The inquiry that was named. Raises RefusedError."""
    known = world.inquiries.get(inquiry)
    if known is None:
        raise RefusedError(ErrorCode.UNKNOWN_INQUIRY, f"there is no open inquiry {inquiry}")
    return known


def must_be_able_to_ring(world: World, inquiry: Inquiry, operator: Operator, against: Collection[Reason]) -> None:
    """Refuse for one of these reasons; others may be over in a moment, and are waited for."""
    is_up = world.pbxs.is_up(world.policy.home(operator.policy))
    reason = world.no_way(operator, inquiry) or why_no_call(operator, pbx_is_up=is_up)
    if reason in against:
        raise RefusedError(ErrorCode.PHONE_NOT_FREE, f"no call can ring at {operator.policy.id} now: {reason}")
