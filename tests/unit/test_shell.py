"""The shell: one loop between the inbox and the adapters."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from huntgroup.adapters.clock import Clock
from huntgroup.engine.effects import Decision, Fact, FactType, OperatorChanged, Order, RingPhones, Tidings
from huntgroup.engine.engine import Engine
from huntgroup.engine.events import (
    ClockStepped,
    Customer,
    CustomerLeft,
    Event,
    InquiryReceived,
    PbxFound,
    PhoneAnswered,
    PhoneRang,
    PhoneState,
    PhoneStateChanged,
)
from huntgroup.engine.ids import AttemptNo, InquiryId, OperatorId, PbxId, SourceId
from huntgroup.engine.lifecycle import IllegalTransitionError
from huntgroup.engine.policy import Channel
from huntgroup.engine.state import Attempt
from huntgroup.engine.world import World
from huntgroup.errors import InvariantBroken
from huntgroup.shell import INBOX_MOST, NEAR_SECONDS, PULSE_SECONDS, Done, Group, Moment, Outside, Shell, nap
from tests.unit.engine.scenario import PBX, group, phone, policy

ARRIVAL = InquiryReceived(inquiry=InquiryId("c1"), channel=Channel.CALL, source=SourceId("sales"), customer=Customer())
FIRST = AttemptNo(1)


class Paper:
    """A journal that takes down what it is given, at once or when it is told to."""

    def __init__(self) -> None:
        self.groups: list[list[Event]] = []
        self.is_slow = False
        self.is_degraded = False
        self.last: Group
        self._waiting: tuple[Done, Done] | None = None

    def write(self, group: Group, world: World, release: Done, durable: Done) -> None:  # noqa: ARG002
        self.groups.append([handled.event for handled in group.handled])
        self.last = group
        assert self._waiting is None, "a group was written before the one before it was released"
        if self.is_slow:
            self._waiting = release, durable
        else:
            release()
            durable()

    def comes_through(self) -> tuple[Done, Done]:
        """What is being written is on the disk."""
        assert self._waiting is not None
        (release, durable), self._waiting = self._waiting, None
        del self.last
        release()
        durable()
        return release, durable


class Desk:
    """A shell whose orders and tidings are collected instead of carried out."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.done: list[Order | Tidings] = []
        self.pulses = 0
        self.changed = asyncio.Event()
        self.running: asyncio.Task[None]
        plan = policy(group("sales", "anna", "ben", rings=1))
        self.engine = Engine(plan)
        self.journal = Paper()
        self.is_far_away = False
        self.asked = asyncio.Event()
        self.catches_up: Done = lambda: None
        outside = Outside(
            carry_out=self._note, notices=(self._note,), pulse=self._pulse, catch_up=self._is_asked_to_catch_up
        )
        self.shell = Shell(self.engine, self.journal, self.clock, outside)

    def put(self, event: Event, at: float | None = None) -> None:
        self.shell.put(event, self.clock.now() if at is None else at)

    async def until(self, kind: FactType) -> Fact:
        """The first fact of this kind."""
        async with asyncio.timeout(10):
            while True:
                for each in self.done:
                    if isinstance(each, Fact) and each.type is kind:
                        return each
                self.changed.clear()
                await self.changed.wait()

    def missed(self) -> list[Fact]:
        """Offers that expired."""
        return [each for each in self.done if isinstance(each, Fact) and each.type is FactType.MISSED]

    def _is_asked_to_catch_up(self, _pbx: PbxId, done: Done) -> None:
        self.catches_up = done
        self.asked.set()
        if not self.is_far_away:
            done()

    def _note(self, what: Order | Tidings) -> None:
        self.done.append(what)
        self.changed.set()

    def _pulse(self) -> None:
        self.pulses += 1
        self.changed.set()


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """Running, with both phones free."""
    desk = Desk()
    desk.running = running = asyncio.create_task(desk.shell.run())
    for name in ("anna", "ben"):
        desk.put(PhoneStateChanged(phone=phone(name), state=PhoneState.NOT_INUSE))
    desk.put(PbxFound(pbx=PBX))
    yield desk
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_orders_are_carried_out_before_anybody_is_told(desk: Desk) -> None:
    desk.put(ARRIVAL)
    await desk.until(FactType.OFFERED)

    kinds = [type(each) for each in desk.done]
    assert kinds.index(RingPhones) < kinds.index(Decision)


async def test_every_operator_is_told_of_at_the_start(desk: Desk) -> None:
    desk.put(ARRIVAL)
    await desk.until(FactType.OFFERED)

    first = [each.operator for each in desk.done if isinstance(each, OperatorChanged)][:2]
    assert first == ["anna", "ben"]


async def test_a_deadline_fires_by_itself(desk: Desk) -> None:
    desk.put(ARRIVAL)
    desk.put(PhoneRang(inquiry=ARRIVAL.inquiry, attempt=FIRST, phone=phone("anna")), desk.clock.now() - 4.9)

    missed = await desk.until(FactType.MISSED)

    assert missed.operator == "anna"


async def test_an_answer_in_the_inbox_beats_a_deadline_that_the_loop_came_too_late_for(desk: Desk) -> None:
    desk.put(ARRIVAL)
    await desk.until(FactType.OFFERED)
    then = desk.clock.now()
    desk.put(PhoneRang(inquiry=ARRIVAL.inquiry, attempt=FIRST, phone=phone("anna")), then)
    desk.put(PhoneAnswered(inquiry=ARRIVAL.inquiry, attempt=FIRST, phone=phone("anna")), then + 5.0)

    assert (await desk.until(FactType.ACCEPTED)).operator == "anna"


async def test_a_deadline_waits_until_all_is_heard_that_happened_before_it(desk: Desk) -> None:
    desk.is_far_away = True
    desk.put(ARRIVAL)
    await desk.until(FactType.OFFERED)
    rang_at = desk.clock.now() - 4.9
    desk.put(PhoneRang(inquiry=ARRIVAL.inquiry, attempt=FIRST, phone=phone("anna")), rang_at)
    deadline = attempt_of(desk).deadline
    await desk.asked.wait()
    desk.put(PhoneStateChanged(phone=phone("ben"), state=PhoneState.INUSE))  # of something else, and heard of later
    desk.put(PhoneAnswered(inquiry=ARRIVAL.inquiry, attempt=FIRST, phone=phone("anna")))
    accepted = await desk.until(FactType.ACCEPTED)

    assert accepted.operator == "anna"
    assert accepted.at < deadline < desk.clock.now()
    desk.catches_up()
    assert desk.missed() == []


async def test_a_deadline_that_nothing_came_before_fires_once_that_is_known(desk: Desk) -> None:
    desk.is_far_away = True
    desk.put(ARRIVAL)
    await desk.until(FactType.OFFERED)
    desk.put(PhoneRang(inquiry=ARRIVAL.inquiry, attempt=FIRST, phone=phone("anna")), desk.clock.now() - 4.9)
    await desk.asked.wait()
    assert desk.missed() == []

    desk.catches_up()

    assert [each.operator for each in desk.missed()] == ["anna"]


async def test_an_event_that_is_older_than_the_last_does_not_turn_the_clock_back(desk: Desk) -> None:
    desk.put(ARRIVAL, desk.clock.now())
    await desk.until(FactType.OFFERED)
    desk.put(PhoneRang(inquiry=ARRIVAL.inquiry, attempt=FIRST, phone=phone("anna")), 0.0)

    assert (await desk.until(FactType.RINGING)).at > 1.0


async def test_the_loop_turns_even_when_nothing_happens(desk: Desk) -> None:
    desk.put(ARRIVAL)
    await desk.until(FactType.OFFERED)
    before = desk.pulses

    async with asyncio.timeout(PULSE_SECONDS * 5):
        while desk.pulses < before + 2:
            desk.changed.clear()
            await desk.changed.wait()


async def test_work_does_not_make_the_pulse_faster(desk: Desk) -> None:
    desk.put(ARRIVAL)
    await desk.until(FactType.OFFERED)
    before = desk.pulses

    for _ in range(50):
        desk.put(PhoneStateChanged(phone=phone("ben"), state=PhoneState.NOT_INUSE))
        await asyncio.sleep(0)

    assert desk.pulses <= before + 1


@pytest.mark.parametrize("left", [-1.0, 0.0, NEAR_SECONDS])
def test_a_near_deadline_is_waited_for_in_one_go(left: float) -> None:
    assert nap(left) == left


def test_a_far_deadline_is_approached_from_before() -> None:
    left, naps = 20.0, 0
    while left > NEAR_SECONDS:
        left, naps = left - nap(left), naps + 1

    assert 0 < left <= NEAR_SECONDS
    assert naps <= 4


async def test_a_broken_invariant_ends_the_shell_and_tells_what_led_there(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.put(ARRIVAL)
    await desk.until(FactType.OFFERED)
    desk.engine.world.operators[OperatorId("anna")].load[Channel.CALL] = 7
    desk.put(PhoneRang(inquiry=ARRIVAL.inquiry, attempt=FIRST, phone=phone("anna")))

    with pytest.raises(InvariantBroken, match="anna counts 7 calls and handles 0"):
        await desk.running
    assert "InquiryReceived" in capsys.readouterr().out


# -- writing ahead --------------------------------------------------------------------------------------------------


async def test_nothing_leaves_before_what_it_came_of_is_written(desk: Desk) -> None:
    desk.journal.is_slow = True
    desk.done.clear()
    desk.put(ARRIVAL)

    assert desk.done == []
    desk.journal.comes_through()
    assert [type(each) for each in desk.done][:1] == [RingPhones]


async def test_the_first_event_of_an_idle_house_is_written_alone_and_those_that_gather_meanwhile_together(
    desk: Desk,
) -> None:
    desk.journal.is_slow = True
    desk.journal.groups.clear()
    desk.put(ARRIVAL)
    for _ in range(3):
        desk.put(PhoneRang(inquiry=ARRIVAL.inquiry, attempt=FIRST, phone=phone("anna")))

    assert [len(group) for group in desk.journal.groups] == [1]
    desk.put(replace(ARRIVAL, inquiry=InquiryId("c2")))
    desk.journal.comes_through()
    assert [len(group) for group in desk.journal.groups] == [1, 4]
    desk.journal.comes_through()
    assert desk.done


async def test_what_nobody_waits_for_is_written_together_with_what_comes_soon_after_it(desk: Desk) -> None:
    rang = PhoneRang(inquiry=ARRIVAL.inquiry, attempt=FIRST, phone=phone("anna"))
    busy = PhoneStateChanged(phone=phone("anna"), state=PhoneState.RINGING)
    desk.put(ARRIVAL)
    desk.journal.groups.clear()
    desk.put(rang)
    desk.put(busy)

    assert desk.journal.groups == []
    await desk.until(FactType.RINGING)
    assert desk.journal.groups == [[rang, busy]]


async def test_what_somebody_waits_for_takes_along_what_waited_to_be_written(desk: Desk) -> None:
    rang = PhoneRang(inquiry=ARRIVAL.inquiry, attempt=FIRST, phone=phone("anna"))
    second, safe = replace(ARRIVAL, inquiry=InquiryId("c2")), asyncio.Event()
    desk.put(ARRIVAL)
    desk.journal.groups.clear()
    desk.put(rang)
    desk.put(second)
    desk.shell.put(PbxFound(pbx=PBX), desk.clock.now(), safe.set)

    assert desk.journal.groups == [[rang, second], [PbxFound(pbx=PBX)]]
    assert safe.is_set()


async def test_what_still_gathers_is_written_before_the_end(desk: Desk) -> None:
    rang = PhoneRang(inquiry=ARRIVAL.inquiry, attempt=FIRST, phone=phone("anna"))
    desk.put(ARRIVAL)
    desk.put(rang)
    desk.running.cancel()
    await asyncio.gather(desk.running, return_exceptions=True)

    assert desk.journal.groups[-1] == [rang]


async def test_who_put_a_fact_in_hears_that_it_is_safe_after_what_came_of_it_was_told(desk: Desk) -> None:
    desk.journal.is_slow = True
    seen: list[int] = []
    desk.done.clear()
    desk.shell.put(ARRIVAL, desk.clock.now(), lambda: seen.append(len(desk.done)))

    assert seen == []
    desk.journal.comes_through()
    assert seen == [len(desk.done)]
    assert seen[0] > 0


async def test_what_was_taken_in_before_the_end_is_written_behind_what_is_being_written(desk: Desk) -> None:
    desk.journal.is_slow = True
    desk.journal.groups.clear()
    desk.put(ARRIVAL)
    desk.put(CustomerLeft(inquiry=ARRIVAL.inquiry))
    desk.running.cancel()
    await asyncio.gather(desk.running, return_exceptions=True)

    desk.journal.comes_through()
    desk.journal.comes_through()

    assert [type(event) for group in desk.journal.groups for event in group] == [InquiryReceived, CustomerLeft]


async def test_what_broke_the_engine_is_not_written(desk: Desk) -> None:
    desk.journal.is_slow = True
    desk.put(ARRIVAL)
    desk.engine.world.operators[OperatorId("anna")].load[Channel.CALL] = 7
    desk.journal.groups.clear()
    desk.put(PhoneRang(inquiry=ARRIVAL.inquiry, attempt=FIRST, phone=phone("anna")))
    with pytest.raises(InvariantBroken):
        await desk.running
    desk.journal.comes_through()

    assert desk.journal.groups == []


async def test_an_engine_that_fails_tells_what_led_there(
    desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise IllegalTransitionError

    monkeypatch.setattr(desk.engine, "handle", fails)
    desk.put(ARRIVAL)

    with pytest.raises(IllegalTransitionError):
        await desk.running
    assert "InquiryReceived" in capsys.readouterr().out


async def test_what_is_owed_to_the_disk_keeps_no_more_of_an_event_than_who_waits_for_it(desk: Desk) -> None:
    desk.journal.is_slow = True
    desk.put(ARRIVAL)
    written = desk.journal.last
    _, durable = desk.journal.comes_through()

    assert sys.getrefcount(written) == 2  # here, and for the question
    durable()


async def test_while_the_disk_is_slow_repeated_states_of_a_phone_fold_and_hangups_always_get_in(desk: Desk) -> None:
    desk.journal.is_slow = True
    desk.put(ARRIVAL)
    for _ in range(INBOX_MOST):
        desk.put(PhoneStateChanged(phone=phone("ben"), state=PhoneState.INUSE))
        desk.put(PhoneStateChanged(phone=phone("ben"), state=PhoneState.NOT_INUSE))
    assert not desk.shell.is_full

    for number in range(INBOX_MOST * 2):
        desk.put(CustomerLeft(inquiry=InquiryId(f"gone-{number}")))
    assert desk.shell.is_full

    desk.put(CustomerLeft(inquiry=ARRIVAL.inquiry))
    desk.journal.is_slow = False
    desk.journal.comes_through()

    assert not desk.shell.is_full
    assert ARRIVAL.inquiry not in desk.engine.world.inquiries


async def test_a_step_of_the_wall_clock_moves_what_waits_along_with_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.put(ARRIVAL)
    desk.put(PhoneRang(inquiry=ARRIVAL.inquiry, attempt=FIRST, phone=phone("anna")))
    left = attempt_of(desk).deadline - desk.clock.now()
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 7_200)

    async with asyncio.timeout(PULSE_SECONDS * 5):
        while not any(isinstance(event, ClockStepped) for group in desk.journal.groups for event in group):
            desk.changed.clear()
            await desk.changed.wait()

    assert desk.clock.now() == pytest.approx(time.time(), abs=1.0)
    assert attempt_of(desk).deadline - desk.clock.now() == pytest.approx(left, abs=PULSE_SECONDS * 3)
    assert await desk.until(FactType.MISSED)


async def test_a_clock_that_was_set_back_while_the_daemon_was_away_is_a_step_too() -> None:
    desk = Desk()
    ahead = desk.clock.now() + 86_400
    outside = Outside(carry_out=lambda _: None, notices=(), pulse=lambda: None)
    shell = Shell(desk.engine, desk.journal, desk.clock, outside, Moment(41, ahead))
    running = asyncio.create_task(shell.run())
    await asyncio.sleep(0)

    (stepped,) = desk.journal.groups[0]
    assert isinstance(stepped, ClockStepped)
    assert stepped.by == pytest.approx(-86_400, abs=1)
    assert desk.engine.world.now == pytest.approx(desk.clock.now(), abs=1)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def attempt_of(desk: Desk) -> Attempt:
    attempt = desk.engine.world.inquiries[ARRIVAL.inquiry].attempt
    assert attempt is not None
    return attempt
