"""Keeps the house busy: so many callers at a time, one after the other."""

import asyncio
import contextlib

from tests.endurance.house import NUMBERS
from tests.endurance.people import Person, Story, Watch
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller
from tests.lab.record import Ending
from tests.simulation.dice import Dice, Seeded

LEAST, MOST = 4, 8
"""Callers at a time."""
SERVED_WITHIN = 90.0
"""Seconds in which a patient caller must have been answered, whatever happens to the daemon."""


class Load:
    """``async with Load(...)``: people come, until `ends` is called."""

    def __init__(self, pbx: Pbx, watch: Watch, seed: int) -> None:
        self._pbx = pbx
        self._watch = watch
        self._seed = seed
        self._tasks: list[asyncio.Task[None]] = []
        self._is_ending = False
        self.may_call = asyncio.Event()
        """Cleared while there is no exchange to call."""
        self.stories: list[Story] = []

    def begins(self) -> None:
        """Let them come."""
        self.may_call.set()
        self._tasks = [asyncio.create_task(self._one(slot), name=f"caller-{slot}") for slot in range(MOST)]

    async def ends(self) -> None:
        """Nobody new comes; return once everybody was served or has given up."""
        self._is_ending = True
        await asyncio.gather(*self._tasks)

    def exchange_died(self) -> None:
        """Whoever is in a call now will never hear from the exchange again."""
        for story in self.stories:
            if story.call is not None and story.call.ending is None:
                story.is_lost = True
                story.call.end(Ending("lost"))

    async def _one(self, slot: int) -> None:
        """A telephone outside, from which one after the other calls; the later slots are not always taken."""
        dice = Seeded(self._seed * 1_000 + slot)
        async with self._pbx.caller(audio=False) as caller:
            while not self._is_ending:
                await self.may_call.wait()
                story = self._comes(dice)
                self.stories.append(story)
                try:
                    await self._lives(story, caller)
                except AssertionError as error:
                    story.trouble = story.trouble or str(error)
                idle = 0.0 if self._is_ending else 0.3 if slot < LEAST else 3.0
                await asyncio.sleep(dice.between(0, idle))  # chance, not patience: nobody is waited for

    def _comes(self, dice: Dice) -> Story:
        throw = dice.between(0, 1)
        gives_up = throw < 0.3
        at_ringing = throw < 0.15
        return Story(
            number=f"+4860{len(self.stories):07}",
            group=dice.choose(list(NUMBERS.values())),
            patience=dice.between(0, 0.8 if at_ringing else 5) if gives_up else None,
            gives_up_at_ringing=at_ringing,
            talk=dice.between(0.2, 4),
        )

    async def _lives(self, story: Story, caller: Caller) -> None:
        dialled = next(number for number, group in NUMBERS.items() if group == story.group)
        call = story.call = await caller.dials(dialled, number=story.number, name=None)
        gave_up = await self._waits(story)
        if story.is_lost:
            return
        if gave_up:
            await call.cancels()
        elif call.is_talking:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(story.talk):
                    await call.timeline.wait("ended", within=story.talk * 2)
            await call.hangs_up()
        elif story.patience is None and call.timeline.first("answered") is None and not story.is_lost:
            story.trouble = f"was sent away: {call.in_words()}"

    async def _waits(self, story: Story) -> bool:
        """Until answered or over; True when they give up before."""
        call = story.call
        assert call is not None
        if story.patience is None:
            await call.timeline.wait("answered", "ended", within=SERVED_WITHIN)
            return False
        try:
            async with asyncio.timeout(SERVED_WITHIN):
                over = asyncio.ensure_future(call.timeline.wait("answered", "ended", within=SERVED_WITHIN * 2))
                patience = asyncio.ensure_future(self._patience(story))
                done, _ = await asyncio.wait({over, patience}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in (over, patience):
                each.cancel()
            await asyncio.gather(over, patience, return_exceptions=True)
        return over not in done

    async def _patience(self, story: Story) -> None:
        assert story.patience is not None
        if story.gives_up_at_ringing:
            await self._watch.rang_for(story.number)
        await asyncio.sleep(story.patience)  # what they do, not what we wait for


async def comes_and_goes(people: list[Person], dice: Dice, may_call: asyncio.Event) -> None:
    """Now and then somebody's phone is not reachable at all for a while."""
    while True:
        await asyncio.sleep(dice.between(3, 8))
        await may_call.wait()
        person = dice.choose(people)
        with contextlib.suppress(AssertionError):  # the exchange may die in between
            await person.is_offline()
        await asyncio.sleep(dice.between(1, 4))
        await may_call.wait()
        with contextlib.suppress(AssertionError):
            await person.registers()
