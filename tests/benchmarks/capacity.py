"""What load, waiting and sharing come to, and the search for the rate that is just kept up with. Pure: no I/O."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from tests.benchmarks.figures import Verdict, Way, percentile

LAG = 0.25
"""Seconds from when a call was due to its answer, that 95 of 100 must keep within: some 10 ms are normal."""
LAG_SHARE = 0.95
RATE_AT_LEAST = 0.9
WAITING_AT_MOST = 1.5
_FIRST_RATE, _CLIMB, _STEP = 40.0, 1.3, 1.07


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """Calls offered at one steady rate; CPU in seconds."""

    rate: float
    offered: int
    delays: Sequence[float]
    """Seconds from when each answered call was due to its answer."""
    seconds: float
    """From the first call due to the last answer, which may come late."""
    asterisk: float
    daemon: float
    endpoints: float
    """This process: callers and phones."""
    daemon_queued: float
    """Seconds that the daemon's main thread could have run but had no CPU: with much of that, the rate says little."""
    system_load: float

    @property
    def answered(self) -> int:
        """Calls that were answered at all."""
        return len(self.delays)

    @property
    def late(self) -> float | None:
        """The delay that 95 of 100 answered calls keep within."""
        return percentile(self.delays, LAG_SHARE) if self.delays else None

    @property
    def is_kept_up(self) -> bool:
        """Every call answered, and nearly all of them at once."""
        late = self.late
        return late is not None and self.answered == self.offered and late <= LAG


@dataclass(slots=True)
class Search:
    """Up until the answers first lag, then up and down around the rate at which half of the bursts do.

    One burst that something else on the machine spoils moves it by one step, not for good.
    """

    rate: float = _FIRST_RATE
    tried: list[float] = field(default_factory=list)
    """The rates since it first lagged, and the one that comes next."""

    def judge(self, is_kept_up: bool) -> None:
        """Choose the next rate."""
        if not self.tried and is_kept_up:
            self.rate *= _CLIMB
            return
        if not self.tried:
            self.rate /= math.sqrt(_CLIMB)
        else:
            self.rate *= _STEP if is_kept_up else 1 / _STEP
        self.tried.append(self.rate)

    @property
    def sustained(self) -> float | None:
        """Calls a second; None when nothing ever lagged."""
        return math.exp(math.fsum(map(math.log, self.tried)) / len(self.tried)) if self.tried else None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallCost:
    """Milliseconds of CPU for each answered call."""

    asterisk: float
    daemon: float
    endpoints: float

    @property
    def routing(self) -> float:
        """What the way itself costs."""
        return self.asterisk + self.daemon


def call_cost(bursts: Iterable[Burst]) -> CallCost | None:
    """Over the bursts that were kept up with, for one that is not does other work too; None without any."""
    good = [burst for burst in bursts if burst.is_kept_up]
    calls = sum(burst.answered for burst in good)
    if not calls:
        return None
    return CallCost(
        asterisk=sum(burst.asterisk for burst in good) / calls * 1000,
        daemon=sum(burst.daemon for burst in good) / calls * 1000,
        endpoints=sum(burst.endpoints for burst in good) / calls * 1000,
    )


def rate_by_cpu(bursts: Iterable[Burst], cpus: int) -> float | None:
    """Calls a second that so many CPUs would give if nothing else ran there; None without a cost."""
    cost = call_cost(bursts)
    return cpus * 1000 / (cost.routing + cost.endpoints) if cost else None


def queued_share(bursts: Iterable[Burst]) -> float | None:
    """Percent of the time that the daemon waited for a CPU; None without any."""
    taken = list(bursts)
    seconds = sum(burst.seconds for burst in taken)
    return sum(burst.daemon_queued for burst in taken) / seconds * 100 if seconds else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """CPU while so many callers waited; seconds."""

    hold: str
    waiting: int
    seconds: float
    asterisk: float
    daemon: float
    system_load: float


def share_of_a_core(waits: Iterable[Wait]) -> tuple[float, float] | None:
    """Asterisk's and the daemon's CPU while callers wait, in percent of a core; None without any."""
    taken = list(waits)
    seconds = sum(wait.seconds for wait in taken)
    if not seconds:
        return None
    return sum(wait.asterisk for wait in taken) / seconds * 100, sum(wait.daemon for wait in taken) / seconds * 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """Calls to two groups at once whose one operator is the same."""

    calls: int
    answered: int
    invites: int
    second_invites: int
    """Those that came while the phone rang or talked."""
    seconds: float


@dataclass(slots=True)
class Capacity:
    """All that was measured of one way."""

    search: Search = field(default_factory=Search)
    bursts: list[Burst] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    shared: list[Sharing] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def waited(self, hold: str) -> tuple[float, float] | None:
        """See `share_of_a_core`."""
        return share_of_a_core(wait for wait in self.waits if wait.hold == hold)


Capacities = Mapping[Way, Capacity]


def quotient(ours: float | None, theirs: float | None) -> float | None:
    """Ours in units of theirs; None where either is missing or theirs is 0."""
    return ours / theirs if ours is not None and theirs else None


def verdicts(measured: Capacities, holds: Sequence[str], cpus: int) -> list[Verdict]:
    """Every target, met or not."""
    ours, theirs = measured[Way.HUNTGROUP], measured[Way.APP_QUEUE]
    rates = quotient(ours.search.sustained, theirs.search.sustained)
    by_cpu = quotient(rate_by_cpu(ours.bursts, cpus), rate_by_cpu(theirs.bursts, cpus))
    told = [
        Verdict(f"{what}, in units of app_queue's", ratio, RATE_AT_LEAST, " x", is_floor=True)
        for what, ratio in (("sustained calls a second", rates), ("calls a second by CPU", by_cpu))
    ]
    for hold in holds:
        mine, other = ours.waited(hold), theirs.waited(hold)
        share = quotient(sum(mine) if mine else None, sum(other) if other else None)
        told.append(Verdict(f"CPU while callers wait ({hold}), in units of app_queue's", share, WAITING_AT_MOST, " x"))
    doubled = sum(each.second_invites for each in ours.shared) if ours.shared else None
    told.append(Verdict("second calls at the shared operator's phone", doubled, 0, ""))
    return told


def raw(measured: Capacities) -> dict[str, object]:
    """Everything, for JSON."""
    return {
        way: {
            "sustained_calls_per_second": capacity.search.sustained,
            "cpu_ms_per_call": asdict(cost) if (cost := call_cost(capacity.bursts)) else None,
            "bursts": [{**asdict(burst), "is_kept_up": burst.is_kept_up} for burst in capacity.bursts],
            "waiting": [asdict(wait) for wait in capacity.waits],
            "shared_operator": [asdict(each) for each in capacity.shared],
            "failures": capacity.failures,
        }
        for way, capacity in measured.items()
    }
