"""Feeds a door its inputs, and keeps for each way in which something broke the smallest input that it can find.

The report names the seed and the number of the input, which is all that it takes to repeat it.
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
"""One input: lists, dicts, texts, bytes and numbers, so that it can be shown, and made smaller."""

SECONDS_MOST = 10.0
"""Processor seconds that one input may take. Not seconds of the clock: a busy machine is no finding."""
WAYS_MOST = 20
"""Ways of breaking that are told apart; after so many a run ends."""
SHRINK_SECONDS = 10.0
SHOWN_MOST = 6_000
PROGRESS_SECONDS = 1.0
REPORT_SECONDS = 60.0
"""Between two progress lines where there is no terminal."""


class Broken(AssertionError):  # noqa: N818 - reads as what happened
    """A rule of a door does not hold. ``rule`` is the same for every input that breaks it in the same way."""

    def __init__(self, rule: str, detail: object = "") -> None:
        super().__init__(f"{rule}: {detail}" if detail != "" else rule)
        self.rule = rule


class TookTooLong(Exception):  # noqa: N818
    """An input takes more processor time than any input may."""


class Door(Protocol):
    """What is fed. ``check`` raises `Broken` for what must not be, and whatever the daemon itself raises."""

    name: str

    def make(self, dice: Dice) -> Case:
        """The next input."""

    def check(self, case: Case) -> None:
        """Feed it, and look at what came of it."""

    def weight(self, case: Case) -> int:
        """How many inputs it counts for."""

    def close(self) -> None:
        """Let go of everything."""


@dataclass(slots=True)
class Finding:
    """One way in which something broke."""

    door: str
    seed: int
    number: int
    """Of the input with which it was seen first."""
    where: str
    trace: str
    case: Case
    """As small as it could be made."""
    times: int = 1

    def __str__(self) -> str:
        shown = pprint.pformat(self.case, width=110)
        if len(shown) > SHOWN_MOST:
            shown = f"{shown[:SHOWN_MOST]}\n… {len(shown) - SHOWN_MOST} more characters"
        return (
            f"{self.door}: {self.where}\n  input {self.number} of seed {self.seed}, seen {self.times} times\n"
            f"{self.trace}\nsmallest input:\n{shown}"
        )


@dataclass(slots=True)
class Ran:
    """What came of a run."""

    door: str
    seed: int
    inputs: int = 0
    seconds: float = 0.0
    slowest: tuple[float, int] = (0.0, 0)
    """Seconds of the clock that one case took at most, and its number."""
    findings: dict[str, Finding] = field(default_factory=dict)

    def __str__(self) -> str:
        rate = self.inputs / self.seconds if self.seconds else 0.0
        slowest, number = self.slowest
        return (
            f"{self.door}: {self.inputs} inputs of seed {self.seed} in {self.seconds:.1f} s, {rate:.0f} a second; "
            f"slowest case {slowest * 1000:.0f} ms (number {number}); {len(self.findings)} findings"
        )


def run(door: Door, *, seed: int, count: int, begin: int = 0, progress: TextIO | None = None) -> Ran:
    """Feed at least ``count`` inputs, from the case with the number ``begin`` on."""
    ran = Ran(door.name, seed)
    began = shown_at = time.monotonic()
    every = PROGRESS_SECONDS if progress is not None and progress.isatty() else REPORT_SECONDS
    number = begin
    with _bounded() as bound:
        while ran.inputs < count and len(ran.findings) < WAYS_MOST:
            case = door.make(Dice(f"{seed}/{door.name}/{number}"))
            before = time.monotonic()
            found = _tried(door, case, bound)
            now = time.monotonic()
            ran.slowest = max(ran.slowest, (now - before, number))
            ran.inputs += door.weight(case)
            ran.seconds = now - began
            if found is not None:
                _note(ran, door, (number, case), found, bound)
            if progress is not None and now - shown_at >= every:
                shown_at = now
                _show(progress, ran, count)
            number += 1
    return ran


def repeat(door: Door, *, seed: int, number: int) -> Ran:
    """Feed the one case of a report again."""
    return run(door, seed=seed, count=1, begin=number)


def _show(progress: TextIO, ran: Ran, count: int) -> None:
    is_terminal = progress.isatty()
    line = f"{ran.door}: {ran.inputs} of {count}, {ran.inputs / ran.seconds:.0f} a second, {len(ran.findings)} findings"
    progress.write(f"\r{line}\x1b[K" if is_terminal else f"{line}\n")
    progress.flush()


def _note(ran: Ran, door: Door, tried: tuple[int, Case], error: BaseException, bound: "_Bound") -> None:
    (number, case), where = tried, _where(error)
    known = ran.findings.get(where)
    if known is not None:
        known.times += 1
        return
    small = _smallest(door, case, where, bound)
    trace = "".join(traceback.format_exception(error)[-12:]).rstrip()
    ran.findings[where] = Finding(ran.door, ran.seed, number, where, trace, small)


def _tried(door: Door, case: Case, bound: "_Bound") -> BaseException | None:
    bound.begin()
    try:
        door.check(case)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is what we look for
        return error
    finally:
        bound.end()
    return None


def _where(error: BaseException) -> str:
    """What tells one way of breaking from another: the rule, or the exception and where the daemon raised it."""
    if isinstance(error, Broken):
        return error.rule
    frames = traceback.extract_tb(error.__traceback__)
    ours = next((each for each in reversed(frames) if "daemon/huntgroup" in each.filename), frames[-1])
    return f"{type(error).__name__} at {ours.filename.rpartition('huntgroup/')[2]}:{ours.lineno} in {ours.name}"


def feeds(door: Door, case: Case) -> None:
    """Feed one input, as a test: that of a report, which is to break nothing any more."""
    try:
        with no_logs():
            door.check(case)
    finally:
        door.close()


# -- a smaller input --------------------------------------------------------------------------------------------------


def _smallest(door: Door, case: Case, where: str, bound: "_Bound") -> Case:
    """The smallest input that still breaks in the same way, within some seconds."""
    until = time.monotonic() + SHRINK_SECONDS
    is_smaller = True
    while is_smaller:
        is_smaller = False
        for other in smaller(case):
            if time.monotonic() > until:
                return case
            error = _tried(door, other, bound)
            if error is not None and _where(error) == where:
                case, is_smaller = other, True
                break
    return case


def smaller(case: Case) -> Iterator[Case]:
    """Everything that has a piece less, the largest pieces first."""
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
    """A limit on the processor time of one input."""

    def begin(self) -> None:
        """From now on."""
        signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS_MOST)

    def end(self) -> None:
        """It was in time."""
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


def told(ran: Ran) -> str:
    """What came of a run, in words."""
    return "\n\n".join(map(str, (ran, *ran.findings.values())))


def holds(door: Door, *, count: int = 10_000) -> None:
    """Feed so many inputs of the first seed, as a test; it fails with the report of what broke."""
    try:
        with no_logs():
            ran = run(door, seed=1, count=count)
    finally:
        door.close()
    assert not ran.findings, told(ran)
