"""What is measured, and what the samples come to. Milliseconds throughout; no I/O."""

import math
import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

P99 = 0.99
MEDIAN_RATIO_AT_MOST = 1.25
GAP_AT_MOST = 10.0
RING_ERROR_AT_MOST = 30.0
RING_DELAYS = (0.0, 0.3, 0.6)
"""Seconds from the INVITE until a phone begins to ring."""


class Way(StrEnum):
    """Who routes the call."""

    APP_QUEUE = "app_queue"
    HUNTGROUP = "Huntgroup"


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that is measured; *title* is its row in the table."""

    key: str
    title: str


def ring_error(delay: float) -> Figure:
    """How far the audible ringing is off the set time, for phones that begin to ring *delay* seconds late."""
    return Figure(f"ring_error_{delay * 1000:.0f}", f"|error of the ringing|, 180 after {delay:.1f} s")


OFFER = Figure("offer", "caller's INVITE -> operator's INVITE")
ANSWER = Figure("answer", "operator's 200 -> caller's 200")
GAP = Figure("gap", "dead time between two operators")
RING_ERRORS = tuple(ring_error(delay) for delay in RING_DELAYS)
FIGURES = (OFFER, ANSWER, GAP, *RING_ERRORS)


@dataclass(slots=True)
class Record:
    """All that was measured of one way. Samples keep their sign: a ringing that was too short is below zero."""

    samples: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Key of a figure to its samples in ms."""
    failures: list[str] = field(default_factory=list)
    """What went wrong in each call that gave no sample."""

    def add(self, figure: Figure, seconds: float) -> None:
        """Take one sample, measured in seconds."""
        self.samples[figure.key].append(seconds * 1000)

    def summary(self, figure: Figure) -> "Summary | None":
        """What the samples come to; None without any."""
        samples = self.samples.get(figure.key)
        return summarise(samples) if samples else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Samples in ms, by size and without their sign."""

    count: int
    median: float
    p99: float
    worst: float


def summarise(samples: Sequence[float]) -> Summary:
    """Median, 99th percentile and worst of the absolute values. Raises ValueError without samples."""
    sizes = sorted(map(abs, samples))
    return Summary(
        count=len(sizes), median=statistics.median(sizes), p99=percentile(sizes, P99), worst=percentile(sizes, 1.0)
    )


def percentile(samples: Sequence[float], share: float) -> float:
    """The smallest sample that at least this share of all do not exceed: always one that was really measured.

    Raises:
        ValueError: without samples, or for a share outside 0 to 1.
    """
    if not samples or not 0 <= share <= 1:
        raise ValueError(f"no percentile {share} of {len(samples)} samples")
    rank = math.ceil(share * len(samples))
    return sorted(samples)[max(rank, 1) - 1]


def ratio(ours: Summary | None, theirs: Summary | None) -> float | None:
    """Our median in units of theirs; None when either is missing or theirs is 0."""
    if ours is None or theirs is None or theirs.median == 0:
        return None
    return ours.median / theirs.median


@dataclass(frozen=True, slots=True)
class Verdict:
    """One target and what was measured against it; *measured* is None without samples, and then it is not met."""

    target: str
    measured: float | None
    limit: float
    unit: str = " ms"
    is_floor: bool = False
    """Whether *limit* is the least that will do, not the most."""

    @property
    def is_met(self) -> bool:
        """Whether it was measured and within the limit."""
        if self.measured is None:
            return False
        return self.measured >= self.limit if self.is_floor else self.measured <= self.limit


def verdicts(ours: Record, theirs: Record) -> list[Verdict]:
    """Every target of Huntgroup's, met or not."""
    offer = Verdict(
        f"median of {OFFER.title}, in units of app_queue's",
        ratio(ours.summary(OFFER), theirs.summary(OFFER)),
        MEDIAN_RATIO_AT_MOST,
        " x",
    )
    limits = {GAP: GAP_AT_MOST} | dict.fromkeys(RING_ERRORS, RING_ERROR_AT_MOST)
    return [offer, *(_within(ours, figure, limit) for figure, limit in limits.items())]


def _within(record: Record, figure: Figure, limit: float) -> Verdict:
    summary = record.summary(figure)
    return Verdict(f"p99 of {figure.title}", summary.p99 if summary else None, limit)
