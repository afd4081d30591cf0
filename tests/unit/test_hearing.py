"""Who waits for whose word: a deadline for its own PBX's, and everybody else only a moment."""

import asyncio
from collections.abc import Callable

from huntgroup.engine.ids import PbxId
from huntgroup.hearing import Hearing

MAIN, BRANCH = PbxId("main"), PbxId("branch")


class Peers:
    """PBXs that answer when they are told to."""

    def __init__(self) -> None:
        self.asked: list[PbxId] = []
        self.answers: dict[PbxId, Callable[[], None]] = {}
        self.happened: asyncio.Queue[str] = asyncio.Queue()
        self.hearing = Hearing(
            self._catch_up,
            lambda: self.happened.put_nowait("heard"),
            lambda pbx: self.happened.put_nowait(f"{pbx} is late"),
            lambda pbx: self.happened.put_nowait(f"{pbx} made up"),
        )

    def _catch_up(self, pbx: PbxId, done: Callable[[], None]) -> None:
        self.asked.append(pbx)
        self.answers[pbx] = done

    async def next(self) -> str:
        """What is told next."""
        async with asyncio.timeout(5):
            return await self.happened.get()


async def test_what_happened_before_it_was_asked_is_known_once_it_answers() -> None:
    peers = Peers()
    before = asyncio.get_running_loop().time()

    peers.hearing.ask(MAIN, is_one_of_several=True)
    assert peers.hearing.is_waiting
    peers.answers[MAIN]()

    assert await peers.next() == "heard"
    assert peers.hearing.until(MAIN) >= before > peers.hearing.until(BRANCH)
    assert not peers.hearing.is_waiting


async def test_nobody_is_asked_twice_at_once() -> None:
    peers = Peers()

    peers.hearing.ask(MAIN, is_one_of_several=True)
    peers.hearing.ask(MAIN, is_one_of_several=True)
    peers.hearing.close()

    assert peers.asked == [MAIN]


async def test_one_that_takes_its_time_is_late_and_nobody_waits_for_it_any_more() -> None:
    peers = Peers()

    peers.hearing.ask(BRANCH, is_one_of_several=True)

    assert await peers.next() == "branch is late"
    assert not peers.hearing.is_waiting


async def test_it_has_made_up_once_it_answers_in_time_again() -> None:
    peers = Peers()
    peers.hearing.ask(MAIN, is_one_of_several=True)
    peers.answers[MAIN]()  # so it is known to be quick
    assert await peers.next() == "heard"
    peers.hearing.ask(MAIN, is_one_of_several=True)
    assert await peers.next() == "main is late"

    late = peers.answers.pop(MAIN)
    late()
    assert peers.happened.empty()  # what has happened since is still on its way
    peers.answers[MAIN]()

    assert await peers.next() == "main made up"


async def test_the_only_one_is_waited_for_as_long_as_it_takes() -> None:
    peers = Peers()

    peers.hearing.ask(MAIN, is_one_of_several=False)
    await asyncio.sleep(0)

    assert peers.hearing.is_waiting
    peers.answers[MAIN]()
    assert await peers.next() == "heard"
