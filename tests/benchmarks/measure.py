"""Single calls, timed at the sockets of caller and phones (`time.monotonic` of one process, in seconds)."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from tests.benchmarks.exchange import SET_RINGING, Line
from tests.benchmarks.figures import ANSWER, GAP, OFFER, Record, ring_error
from tests.lab.incoming import IncomingCall
from tests.lab.outgoing import OutgoingCall
from tests.lab.phones import Phone

WITHIN = 10.0
"""Seconds after which a call that does not go on has failed."""
REST = 0.15
"""Seconds between two calls of one line: both ways then know for sure that the phones are free again."""
ANSWER_AFTER = 0.1
"""Seconds that a phone rings before it is answered, so that an answer is measured on an exchange at rest."""


async def quick(line: Line, record: Record) -> None:
    """One operator, free: from INVITE to INVITE, and from 200 to 200."""
    (phone,) = line.phones
    phone.answers(after=ANSWER_AFTER)
    count = len(phone.calls)
    async with _call(line, record) as call:
        rung = await _next_call(phone, count)
        await rung.talking(within=WITHIN)
        await call.answered(within=WITHIN)
        record.add(OFFER, rung.invite_received - call.invite_sent)
        record.add(ANSWER, call.answered_at - rung.ok_sent)


async def handoff(line: Line, record: Record, delay: float) -> None:
    """Two operators: the first begins to ring *delay* seconds after its INVITE and never answers, the second does."""
    first, second = line.phones
    first.just_rings().rings_after(delay)
    second.answers()
    first_count, second_count = len(first.calls), len(second.calls)
    async with _call(line, record) as call:
        missed = await _next_call(first, first_count)
        taken = await _next_call(second, second_count)
        await call.answered(within=WITHIN)
        await missed.cancelled(within=WITHIN)
        if len(first.calls) != first_count + 1:
            raise AssertionError(f"{first.user} was rung {len(first.calls) - first_count} times. {call.in_words()}")
        record.add(GAP, taken.invite_received - missed.cancel_received)
        record.add(ring_error(delay), missed.cancel_received - missed.ringing_sent - SET_RINGING)


@contextlib.asynccontextmanager
async def _call(line: Line, record: Record) -> AsyncIterator[OutgoingCall]:
    """A call from its INVITE until every phone is free again. What fails in it becomes a line of the record."""
    call = await line.caller.dials(line.number)
    try:
        yield call
        await call.hangs_up()
        await _all_over(line)
    except (AssertionError, TimeoutError) as error:
        record.failures.append(f"{line.number}: {error or repr(error)}")
        await _give_up(line, call)
    await asyncio.sleep(REST)


async def _next_call(phone: Phone, count: int) -> IncomingCall:
    """The phone's call after its first *count* ones, as soon as it comes in."""
    try:
        async with asyncio.timeout(WITHIN):
            while len(phone.calls) <= count:
                await phone.news()
    except TimeoutError:
        raise AssertionError(f"{phone.user} was not rung in {WITHIN} s") from None
    return phone.calls[count]


async def _all_over(line: Line) -> None:
    for phone in line.phones:
        for call in list(phone.live.values()):
            await call.ended(within=WITHIN)


async def _give_up(line: Line, call: OutgoingCall) -> None:
    """Leave nothing behind that could spoil the next call."""
    with contextlib.suppress(AssertionError, TimeoutError):
        await call.hangs_up()
    with contextlib.suppress(AssertionError, TimeoutError):
        await _all_over(line)
    for phone in line.phones:
        for left in list(phone.live.values()):
            await left.close()
