"""Runs a target, and keeps the smallest input that it can find for each kind of failure.

A report names the seed and the number of the input: together they reproduce the failure.
"""

import pprint
import signal
import time
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, Protocol, TextIO

from tests.fuzz.dice import Dice
from tests.fuzz.silence import no_logs

Case = Any
"""One input: lists, dicts, texts, bytes and numbers, which can be printed and reduced. Tuples are kept as they are."""

SECONDS_MOST = 10.0
"""The processor time limit of one input in seconds. Not elapsed time: a busy machine is not a finding."""
WAYS_MOST = 20
"""A run ends after this number of different failures."""
SHRINK_SECONDS = 10.0
SHOWN_MOST = 6_000
PROGRESS_SECONDS = 1.0
REPORT_SECONDS = 60.0
"""The interval between two progress lines without a terminal."""


class Violation(AssertionError):  # noqa: N818 - reads as what happened
    """An input violates a rule of its target. ``rule`` is the same text for every violation of one rule."""

    def __init__(self, rule: str, detail: object = "") -> None:
        super().__init__(f"{rule}: {detail}" if detail != "" else rule)
        self.rule = rule


class TookTooLong(Exception):  # noqa: N818
    """An input exceeds the processor time limit."""


class Target(Protocol):
    """One part of the daemon that reads input. ``check`` raises `Violation`, or passes on what the daemon raises."""

    name: str

    def make(self, dice: Dice) -> Case:
        """Generate an input."""

    def check(self, case: Case) -> None:
        """Run the daemon's code on an input and check the rules."""

    def weight(self, case: Case) -> int:
        """The number of inputs that a case counts for."""

    def close(self) -> None:
        """Release all resources."""


@dataclass(slots=True)
class Finding:
    """One kind of failure."""

    target: str
    seed: int
    number: int
    """The first case that failed in this way."""
    where: str
    trace: str
    case: Case
    """The smallest input found."""
    times: int = 1

    def __str__(self) -> str:
        shown = pprint.pformat(self.case, width=110)
        if len(shown) > SHOWN_MOST:
            shown = f"{shown[:SHOWN_MOST]}\n… {len(shown) - SHOWN_MOST} more characters"
        return (
            f"{self.target}: {self.where}\n  input {self.number} of seed {self.seed}, seen {self.times} times\n"
            f"{self.trace}\nsmallest input:\n{shown}"
        )


@dataclass(slots=True)
class Result:
    """The result of a run."""

    target: str
    seed: int
    inputs: int = 0
    seconds: float = 0.0
    slowest: tuple[float, int] = (0.0, 0)
    """The longest elapsed time of a case in seconds, and the number of that case."""
    findings: dict[str, Finding] = field(default_factory=dict)

    def __str__(self) -> str:
        rate = self.inputs / self.seconds if self.seconds else 0.0
        slowest, number = self.slowest
        return (
            f"{self.target}: {self.inputs} inputs of seed {self.seed} in {self.seconds:.1f} s, {rate:.0f} a second; "
            f"slowest case {slowest * 1000:.0f} ms (number {number}); {len(self.findings)} findings"
        )


def run(target: Target, *, seed: int, count: int, begin: int = 0, progress: TextIO | None = None) -> Result:
    """Run at least ``count`` inputs, starting with case number ``begin``."""
    result = Result(target.name, seed)
    began = shown_at = time.monotonic()
    every = PROGRESS_SECONDS if progress is not None and progress.isatty() else REPORT_SECONDS
    number = begin
    with _bounded() as bound:
        while result.inputs < count and len(result.findings) < WAYS_MOST:
            case = target.make(Dice(f"{seed}/{target.name}/{number}"))
            before = time.monotonic()
            found = _tried(target, case, bound)
            now = time.monotonic()
            result.slowest = max(result.slowest, (now - before, number))
            result.inputs += target.weight(case)
            result.seconds = now - began
            if found is not None:
                new = _note(result, target, (number, case), found, bound)
                if new is not None and progress is not None:
                    progress.write(f"\n{new}\n\n")
            if progress is not None and now - shown_at >= every:
                shown_at = now
                _show(progress, result, count)
            number += 1
    return result


def repeat(target: Target, *, seed: int, number: int) -> Result:
    """Run the case of a report again."""
    return run(target, seed=seed, count=1, begin=number)


def _show(progress: TextIO, result: Result, count: int) -> None:
    is_terminal = progress.isatty()
    rate = result.inputs / result.seconds
    line = f"{result.target}: {result.inputs} of {count}, {rate:.0f} a second, {len(result.findings)} findings"
    progress.write(f"\r{line}\x1b[K" if is_terminal else f"{line}\n")
    progress.flush()


def _note(
    result: Result, target: Target, tried: tuple[int, Case], error: BaseException, bound: "_Bound"
) -> Finding | None:
    """Count a failure; the finding if it is the first of its kind."""
    (number, case), where = tried, _where(error)
    known = result.findings.get(where)
    if known is not None:
        known.times += 1
        return None
    small = _smallest(target, case, where, bound)
    trace = "".join(traceback.format_exception(error)[-12:]).rstrip()
    found = result.findings[where] = Finding(result.target, result.seed, number, where, trace, small)
    return found


def _tried(target: Target, case: Case, bound: "_Bound") -> BaseException | None:
    bound.begin()
    try:
        target.check(case)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001 - any exception is a finding
        return error
    finally:
        bound.end()
    return None


def _where(error: BaseException) -> str:
    """Identifies a kind of failure: the rule, or the exception and the line of the daemon that raised it."""
    if isinstance(error, Violation):
        return error.rule
    frames = traceback.extract_tb(error.__traceback__)
    ours = next((each for each in reversed(frames) if "daemon/huntgroup" in each.filename), frames[-1])
    return f"{type(error).__name__} at {ours.filename.rpartition('huntgroup/')[2]}:{ours.lineno} in {ours.name}"


def assert_survives(target: Target, case: Case) -> None:
    """As a test: an input of an earlier report does not fail any more."""
    try:
        with no_logs():
            target.check(case)
    finally:
        target.close()


# -- reducing an input -----------------------------------------------------------------------------------------------


def _smallest(target: Target, case: Case, where: str, bound: "_Bound") -> Case:
    """The smallest input that fails in the same way, within a time limit."""
    until = time.monotonic() + SHRINK_SECONDS
    is_smaller = True
    while is_smaller:
        is_smaller = False
        for other in smaller(case):
            if time.monotonic() > until:
                return case
            error = _tried(target, other, bound)
            if error is not None and _where(error) == where:
                case, is_smaller = other, True
                break
    return case


def smaller(case: Case) -> Iterator[Case]:
    """Every case with one piece removed, large pieces first."""
    if isinstance(case, dict):
        yield from ({name: each for name, each in case.items() if name != gone} for gone in case)
        for name, each in case.items():
            yield from ({**case, name: other} for other in smaller(each))
    elif isinstance(case, list):
        yield from _without_pieces(case)
        for place, each in enumerate(case):
            yield from ([*case[:place], other, *case[place + 1 :]] for other in smaller(each))
    elif isinstance(case, str | bytes):
        yield from _without_pieces(case)
    elif isinstance(case, bool) or case is None:
        return
    elif isinstance(case, int | float) and case not in (0, 1):
        yield from (0, 1)


def _without_pieces(case: Any) -> Iterable[Any]:
    size = len(case)
    while size:
        for begin in range(0, len(case), size):
            yield case[:begin] + case[begin + size :]
        size //= 2


# -- time -------------------------------------------------------------------------------------------------------------


class _Bound:
    """The timer of one input."""

    def begin(self) -> None:
        """Start the timer."""
        signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS_MOST)

    def end(self) -> None:
        """Stop the timer."""
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


@contextmanager
def _bounded() -> Iterator[_Bound]:
    def too_long(_number: int, _frame: FrameType | None) -> None:
        raise TookTooLong(f"more than {SECONDS_MOST:g} s of processor time")

    before = signal.signal(signal.SIGVTALRM, too_long)
    try:
        yield _Bound()
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def report(result: Result) -> str:
    """The result with all its findings, as text."""
    return "\n\n".join(map(str, (result, *result.findings.values())))


def assert_nothing_breaks(target: Target, *, count: int = 10_000) -> None:
    """As a test: run ``count`` inputs of seed 1. It fails with the report of all findings."""
    try:
        with no_logs():
            result = run(target, seed=1, count=count)
    finally:
        target.close()
    assert not result.findings, report(result)
