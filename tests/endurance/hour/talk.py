"""What people do in a conversation, from either side."""

import asyncio
import contextlib

from tests.endurance.hour.house import NUMBERS, OUTSIDE, PHONES
from tests.endurance.hour.world import World
from tests.lab.calls import Call
from tests.lab.holding import holds, resumes, vanishes
from tests.lab.phones import Phone
from tests.simulation.dice import Dice

PATIENCE = 4.0
"""Seconds for which somebody waits for what a transfer leads to."""


async def lasts(call: Call, seconds: float) -> bool:
    """Go on for so long; False when it was over before."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await call.timeline.wait("ended", within=2 * seconds + 1)
    return call.ending is None


async def converses(phone: Phone, call: Call, dice: Dice, world: World) -> None:
    """One conversation of somebody in the house, to its end."""
    if not await lasts(call, dice.between(0, 2)):
        return
    throw = dice.between(0, 1)
    if throw < 0.55:
        await lasts(call, dice.between(0, 5))
    elif throw < 0.65:
        world.tally["holds"] += 1
        await holds(call)
        if await lasts(call, dice.between(0, 2)):
            await resumes(call)
            await lasts(call, dice.between(0, 2))
    elif throw < 0.78:
        await _blindly(call, dice, world)
    elif throw < 0.9:
        await _attended(phone, call, dice, world)
    elif throw < 0.94:
        world.tally["vanishes"] += 1
        vanishes(phone)
        await asyncio.sleep(dice.between(1, 8))
        await phone.open()
    else:
        await lasts(call, dice.between(5, 20))  # leaves it to the other side
    await hangs_up(call)


async def hangs_up(call: Call) -> None:
    """End it, if it is not over: an answer that nobody gives is waited for no longer than the lab does."""
    with contextlib.suppress(AssertionError):
        await call.hangs_up()


def someone(dice: Dice) -> str:
    """A number that somebody in the house may dial: a colleague, a group, outside, or nobody."""
    throw = dice.between(0, 1)
    if throw < 0.55:
        return dice.choose(sorted(set(PHONES.values())))
    if throw < 0.8:
        return dice.choose(list(NUMBERS.values()))
    return f"9{OUTSIDE}" if throw < 0.95 else "777"


async def _blindly(call: Call, dice: Dice, world: World) -> None:
    world.tally["blind transfers"] += 1
    await call.transfers(someone(dice))
    await lasts(call, PATIENCE)


async def _attended(phone: Phone, call: Call, dice: Dice, world: World) -> None:
    """The other side is put on hold, somebody is called, and they are joined; or not, after all."""
    await holds(call)
    consulting = await phone.dials(someone(dice))
    try:
        fact = await consulting.timeline.wait("answered", "ended", "ringing", within=PATIENCE)
        if fact.what == "ringing" and dice.chance(0.7):
            fact = await consulting.timeline.wait("answered", "ended", within=PATIENCE)
        if fact.what != "ended" and call.ending is None and dice.chance(0.85):
            world.tally["attended transfers" if fact.what == "answered" else "transfers to a ringing phone"] += 1
            await lasts(consulting, dice.between(0, 1))
            await call.transfers(consulting)
            await lasts(call, PATIENCE)
        elif call.ending is None:
            world.tally["transfers thought better of"] += 1
    finally:
        await hangs_up(consulting)
