"""How fast the engine decides: one core, no I/O, a full house and a long line.

    python -m tests.benchmarks.engine

A house of so many operators and groups, everyone busy, a backlog waiting. Then a day goes by: a conversation ends, its
operator is rung for the next in line, rings, answers, and another customer comes. Four events of five make a decision.
"""

import argparse
import gc
import random
import statistics
import time
import tracemalloc
from dataclasses import dataclass

from huntgroup.engine.effects import RingPhones
from huntgroup.engine.engine import Engine
from huntgroup.engine.events import (
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
from huntgroup.engine.ids import GroupId, InquiryId, OperatorId, PbxId, PhoneId, SourceId
from huntgroup.engine.policy import Channel, Distribution, Entrance, GroupPolicy, OperatorPolicy, Policy

PBX = PbxId("main")
GROUPS_OF_AN_OPERATOR = 3


@dataclass(frozen=True)
class House:
    """How large it is."""

    operators: int
    groups: int
    backlog: int


def policy_of(house: House) -> Policy:
    """Every operator is in three groups; the distributions take turns."""
    chance = random.Random(1)
    members: dict[int, list[OperatorId]] = {group: [] for group in range(house.groups)}
    operators = {}
    for number in range(house.operators):
        name = OperatorId(f"op{number}")
        phones = (PhoneId(f"PJSIP/{name}"),)
        operators[name] = OperatorPolicy(
            id=name,
            name=name,
            phones=phones,
            capacity={Channel.CALL: 1, Channel.CHAT: 3, Channel.MAIL: 20, Channel.FORM: 20},
        )
        for group in chance.sample(range(house.groups), min(GROUPS_OF_AN_OPERATOR, house.groups)):
            members[group].append(name)
    kinds = (Distribution.IN_ORDER, Distribution.IN_TURN, Distribution.EVENLY)
    groups = {
        GroupId(f"g{number}"): GroupPolicy(
            id=GroupId(f"g{number}"), name="", operators=tuple(names), distribution=kinds[number % len(kinds)]
        )
        for number, names in members.items()
    }
    numbers = {SourceId(group): Entrance(source=SourceId(group), channel=Channel.CALL, group=group) for group in groups}
    return Policy(operators=operators, groups=groups, numbers=numbers, pbx=PBX)


class Day:
    """The engine of a full house, and the events that go on."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.policy = policy_of(house)
        self.engine = Engine(self.policy)
        self.now = 1_000.0
        self.came = 0
        self.active: list[InquiryId] = []
        self.took: list[float] = []
        self._chance = random.Random(2)
        self.engine.start(self.now)
        self.happens(PbxFound(pbx=PBX))
        for operator in self.policy.operators.values():
            self.happens(PhoneStateChanged(phone=operator.phones[0], state=PhoneState.NOT_INUSE))
        while len(self.active) < house.operators:
            self.arrives()

    def happens(self, event: Event) -> list[RingPhones]:
        """One event; the orders to ring that come of it."""
        self.now += 0.001
        began = time.perf_counter()
        effects = self.engine.handle(event, self.now)
        self.took.append(time.perf_counter() - began)
        return [effect for effect in effects if isinstance(effect, RingPhones)]

    def arrives(self) -> None:
        """Somebody calls; whoever is rung answers."""
        self.came += 1
        group = SourceId(f"g{self._chance.randrange(self.house.groups)}")
        name = InquiryId(f"call-main-1795282117.{self.came}")
        customer = Customer(name="Jan Kowalski", phone="+48600700800")
        self.answer(self.happens(InquiryReceived(inquiry=name, channel=Channel.CALL, source=group, customer=customer)))

    def answer(self, orders: list[RingPhones]) -> None:
        """The phones ring and are picked up."""
        for order in orders:
            phone = order.rings[0].phones[0]
            self.happens(PhoneRang(inquiry=order.inquiry, attempt=order.attempt, phone=phone))
            self.happens(PhoneAnswered(inquiry=order.inquiry, attempt=order.attempt, phone=phone))
            self.active.append(order.inquiry)

    def ends(self) -> None:
        """A conversation ends, and its operator takes the next in line."""
        index = self._chance.randrange(len(self.active))
        self.active[index], self.active[-1] = self.active[-1], self.active[index]
        self.answer(self.happens(CustomerLeft(inquiry=self.active.pop())))


def measure(house: House, turns: int) -> tuple[float, float, float, float]:
    """Events a second, p50 and p99 in µs, and bytes for each inquiry that waits."""
    day = Day(house)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    already = len(day.engine.world.lines)
    while len(day.engine.world.lines) < house.backlog:
        day.arrives()
    size = (tracemalloc.get_traced_memory()[0] - before) / (len(day.engine.world.lines) - already)
    tracemalloc.stop()
    gc.collect()
    gc.freeze()
    day.took.clear()
    began = time.process_time()
    for _ in range(turns):
        day.ends()
        day.arrives()
    seconds = time.process_time() - began  # of this process alone, whatever else the machine does
    took = sorted(day.took)
    p50, p99 = took[len(took) // 2], took[int(len(took) * 0.99)]
    return len(took) / seconds, p50 * 1e6, p99 * 1e6, size


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="how fast the engine decides")
    parser.add_argument("--turns", type=int, default=20_000)
    turns = parser.parse_args().turns
    small, large = House(100, 10, 1_000), House(1_000, 100, 10_000)
    columns = ("operators", "groups", "waiting", "events/s", "p50 µs", "p99 µs", "bytes/waiting")
    print("  ".join(columns))
    rates = []
    for house in (small, large):
        runs = [measure(house, turns) for _ in range(3)]
        rate, p50, p99, size = (statistics.median(run[i] for run in runs) for i in range(4))
        rates.append(rate)
        figures = (house.operators, house.groups, house.backlog, round(rate), f"{p50:.1f}", f"{p99:.1f}", round(size))
        print("  ".join(f"{figure:>{len(name)}}" for name, figure in zip(columns, figures, strict=True)))
    print(f"ten times the house costs {rates[0] / rates[1]:.2f} x an event")


if __name__ == "__main__":
    main()
