"""Bugs that somebody might make, put in on purpose: what does not find them is no check."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from huntgroup.engine import eligibility, overflow, routing
from huntgroup.engine.comings import Comings
from huntgroup.engine.deadlines import DeadlineKind, Deadlines
from huntgroup.engine.effects import Reason
from huntgroup.engine.ids import AttemptNo, OperatorId
from huntgroup.engine.policy import Channel, Policy
from huntgroup.engine.state import FallbackRead, Inquiry, Operator
from huntgroup.engine.world import World


@dataclass(frozen=True)
class Mutant:
    """A bug with a name, and how it gets in."""

    name: str
    put_in: Callable[[pytest.MonkeyPatch], None]


def _capacity_off_by_one(patch: pytest.MonkeyPatch) -> None:
    original = eligibility.why_no_work

    def mutated(operator: Operator, channel: Channel, policy: Policy, *, pbx_is_up: bool) -> Reason | None:
        reason = original(operator, channel, policy, pbx_is_up=pbx_is_up)
        is_full = reason in {Reason.AT_CAPACITY, Reason.OFFERED_OTHERS}
        has_room = operator.load[channel] + operator.pending[channel] <= operator.policy.capacity.get(channel, 0)
        return None if is_full and has_room else reason

    patch.setattr("huntgroup.engine.house.why_no_work", mutated)


def _lost_deadline(patch: pytest.MonkeyPatch) -> None:
    original = Deadlines.set

    def mutated(self: Deadlines, at: float, kind: DeadlineKind, inquiry: Inquiry, attempt: AttemptNo) -> None:
        if kind is not DeadlineKind.REST:
            original(self, at, kind, inquiry, attempt)

    patch.setattr(Deadlines, "set", mutated)


def _forgotten_freed_operator(patch: pytest.MonkeyPatch) -> None:
    original = World.touch

    def mutated(self: World, operator: Operator, *, is_freed: bool = False) -> None:
        original(self, operator, is_freed=is_freed and not operator.pending[Channel.CHAT])

    patch.setattr(World, "touch", mutated)


def _offers_not_taken_back(patch: pytest.MonkeyPatch) -> None:
    def mutated(_world: World, _operator: Operator) -> None:
        return

    for module in ("requests", "phones", "changes"):
        patch.setattr(f"huntgroup.engine.{module}.trim_offers", mutated)


def _put_back_twice_counted(patch: pytest.MonkeyPatch) -> None:
    original = World.put_back

    def mutated(self: World, inquiry: Inquiry) -> None:
        original(self, inquiry)
        self.unanswered[inquiry.group] += 1

    patch.setattr(World, "put_back", mutated)


def _left_out_of_the_line(patch: pytest.MonkeyPatch) -> None:
    original = overflow.rejoin

    def mutated(world: World, inquiry: Inquiry) -> None:
        if inquiry.channel is not Channel.MAIL:
            original(world, inquiry)

    patch.setattr(overflow, "rejoin", mutated)


def _only_the_first_candidate(patch: pytest.MonkeyPatch) -> None:
    original = routing.candidates

    def mutated(world: World, inquiry: Inquiry) -> tuple[OperatorId, ...]:
        return original(world, inquiry)[:1]

    patch.setattr(routing, "candidates", mutated)


def _time_passes_for_calls_whose_pbx_is_away(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(World, "stands_still", lambda _world, _inquiry: False)


def _served_calls_not_remembered(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(FallbackRead, "note", lambda _read, _number, _inquiry: True)


def _the_same_inquiry_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Comings, "another", lambda _comings, call: call)


def _attempt_not_rearmed(patch: pytest.MonkeyPatch) -> None:
    original = World.rearm

    def mutated(self: World, inquiry: Inquiry) -> None:
        if inquiry.attempt is None:
            original(self, inquiry)

    patch.setattr(World, "rearm", mutated)


MUTANTS = (
    Mutant("capacity is off by one", _capacity_off_by_one),
    Mutant("a deadline is lost", _lost_deadline),
    Mutant("an operator who frees up is forgotten", _forgotten_freed_operator),
    Mutant("offers that no longer fit are not taken back", _offers_not_taken_back),
    Mutant("what is put back is counted twice", _put_back_twice_counted),
    Mutant("what is put back joins no line", _left_out_of_the_line),
    Mutant("only the first of a group is looked at", _only_the_first_candidate),
    Mutant("time passes for calls whose PBX is away", _time_passes_for_calls_whose_pbx_is_away),
    Mutant("calls that the PBX served are not remembered", _served_calls_not_remembered),
    Mutant("who comes in again is the same inquiry again", _the_same_inquiry_again),
    Mutant("an attempt is not woken when the PBX is found", _attempt_not_rearmed),
)
