"""A daemon that is killed while somebody rings who joined what rang already: who answers is on record as who did."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import pytest
from tests.lab.daemon import Daemon
from tests.lab.outgoing import OutgoingCall
from tests.lab.pbx import Pbx
from tests.lab.phones import Phone
from tests.live.configuration import NUMBER, UNREACHABLE_AFTER, configuration, group
from tests.live.conftest import StartDaemon
from tests.live.exchanges import on_both_versions

pytestmark = pytest.mark.live

TOGETHER = configuration(
    group("sales", "anna", "ben", "cleo", distribution='"all_at_once"', rings="100"),
).replace(f'"{UNREACHABLE_AFTER}s"', '"30s"')
"""They ring, and may be slow to begin, for as long as a story takes."""
BY_ITSELF = "served by the PBX itself"
FOUND = "found in conversation"
OVERDUE = 2.0
"""Seconds of talk after which the PBX has missed a beat of a daemon that was killed before them: it keeps what ends."""

pbx = on_both_versions()


@dataclass(slots=True)
class Round:
    """Anna rings for a caller; the phones of Ben and Cleo are not there yet."""

    anna: Phone
    ben: Phone
    cleo: Phone
    running: Daemon
    call: OutgoingCall
    inquiry: str

    async def joins(self, name: str) -> None:
        """Somebody's phone is there, and they are offered it as well."""
        await getattr(self, name).registers()
        await self.running.logs("inquiry.offered", operator=name)

    async def joins_and_rings(self, name: str) -> None:
        """The same, and the daemon has heard their phone."""
        await self.joins(name)
        await self.running.logs("inquiry.ringing", operator=name)

    async def accepted(self) -> tuple[str, str]:
        """Who has it, and how that is known."""
        line = await self.running.logs("inquiry.accepted", inquiry=self.inquiry)
        return line["operator"], line.get("detail", "")

    async def closed(self) -> tuple[str, str]:
        """Who had it, and what became of it."""
        line = await self.running.logs("inquiry.closed", inquiry=self.inquiry)
        return line.get("operator", ""), line["detail"]


@pytest.fixture
async def begun(pbx: Pbx, daemon: StartDaemon) -> AsyncIterator[Round]:
    """A round with Anna alone."""
    async with begins(pbx, daemon, audio=True) as begun:
        yield begun


@pytest.fixture
async def in_silence(pbx: Pbx, daemon: StartDaemon) -> AsyncIterator[Round]:
    """The same, but no word is said: Asterisk then leaves the Local channels in the middle of a call to its end."""
    async with begins(pbx, daemon, audio=False) as begun:
        yield begun


@asynccontextmanager
async def begins(pbx: Pbx, daemon: StartDaemon, *, audio: bool) -> AsyncIterator[Round]:
    """A caller comes when one of three has a phone."""
    async with AsyncExitStack() as stack:
        anna, ben, cleo = [
            await stack.enter_async_context(pbx.phone(name, audio=audio)) for name in ("anna-desk", "ben", "cleo")
        ]
        caller = await stack.enter_async_context(pbx.caller(audio=audio))
        await anna.registers()
        running = await daemon(TOGETHER)
        call = await caller.dials(NUMBER)
        inquiry = (await running.logs("inquiry.ringing", operator="anna"))["inquiry"]
        yield Round(anna, ben, cleo, running, call, inquiry)
        await pbx.hangs_up_all()
        for each in (anna, ben, cleo):
            await each.is_offline()


# -- only what the PBX kept tells who it was -------------------------------------------------------------------------


async def test_who_joined_and_talked_while_the_daemon_was_away_is_on_record(pbx: Pbx, begun: Round) -> None:
    await begun.joins_and_rings("ben")

    begun.running.kill()
    begun.ben.hangs_up(after=OVERDUE).answers()
    await begun.call.answered()
    await begun.call.hears(begun.ben)
    await begun.call.ended()
    await pbx.idle()
    await begun.running.start()

    assert await begun.accepted() == ("ben", BY_ITSELF)
    assert await begun.closed() == ("ben", "answered")


async def test_so_is_who_joined_behind_somebody_who_had_joined(pbx: Pbx, begun: Round) -> None:
    await begun.joins_and_rings("ben")
    await begun.joins_and_rings("cleo")

    begun.running.kill()
    begun.cleo.hangs_up(after=OVERDUE).answers()
    await begun.call.answered()
    await begun.call.hears(begun.cleo)
    await begun.call.ended()
    await pbx.idle()
    await begun.running.start()

    assert await begun.accepted() == ("cleo", BY_ITSELF)
    assert await begun.closed() == ("cleo", "answered")


async def test_so_is_who_was_rung_when_others_had_joined(pbx: Pbx, begun: Round) -> None:
    await begun.joins_and_rings("ben")

    begun.running.kill()
    begun.anna.hangs_up(after=OVERDUE).answers()
    await begun.call.answered()
    await begun.call.hears(begun.anna)
    await begun.call.ended()
    await pbx.idle()
    await begun.running.start()

    assert await begun.accepted() == ("anna", BY_ITSELF)
    assert await begun.closed() == ("anna", "answered")


async def test_so_is_who_joined_and_rang_only_when_the_daemon_was_gone(pbx: Pbx, begun: Round) -> None:
    begun.ben.rings_after(60)
    await begun.joins("ben")
    await begun.ben.invited()

    begun.running.kill()
    begun.ben.hangs_up(after=OVERDUE).answers().rings_after(0)
    await begun.call.answered()
    await begun.call.ended()
    await pbx.idle()
    await begun.running.start()

    assert await begun.accepted() == ("ben", BY_ITSELF)
    assert await begun.closed() == ("ben", "answered")


async def test_so_is_who_joined_while_not_a_word_was_said(pbx: Pbx, in_silence: Round) -> None:
    begun = in_silence
    await begun.joins_and_rings("ben")
    await begun.joins_and_rings("cleo")

    begun.running.kill()
    begun.cleo.hangs_up(after=OVERDUE).answers()
    await begun.call.ended()
    await pbx.idle()
    await begun.running.start()

    assert await begun.accepted() == ("cleo", BY_ITSELF)
    assert await begun.closed() == ("cleo", "answered")


# -- the daemon comes back while it goes on -------------------------------------------------------------------------


async def test_who_joined_and_answers_in_the_instant_of_the_kill_has_it(begun: Round) -> None:
    await begun.joins_and_rings("ben")

    begun.ben.answers()
    await begun.ben.talking()
    begun.running.kill()
    await begun.call.answered()
    await begun.running.start()

    # Whether the log of the first has told of the answer or that of the second: the kill may fall in between.
    await begun.call.hears(begun.ben)
    await begun.call.hangs_up()
    assert await begun.closed() == ("ben", "answered")


async def test_who_joined_and_answered_while_the_daemon_was_away_is_found_talking(begun: Round) -> None:
    await begun.joins_and_rings("ben")

    begun.running.kill()
    begun.ben.answers()
    await begun.call.answered()
    await begun.running.start()

    assert await begun.accepted() == ("ben", FOUND)
    await begun.call.hears(begun.ben)
    await begun.ben.call.hangs_up()
    assert await begun.closed() == ("ben", "answered")


async def test_who_joined_and_answers_when_the_daemon_is_back_has_it_and_may_give_it_away(begun: Round) -> None:
    await begun.joins_and_rings("ben")

    begun.running.kill()
    await begun.running.start()
    begun.ben.answers()
    await begun.call.answered()
    assert (await begun.accepted())[0] == "ben"
    await begun.call.hears(begun.ben)
    (await begun.cleo.registers()).answers()
    await begun.ben.calls[-1].transfers("103")
    await begun.call.hears(await begun.cleo.talking())

    assert (await begun.running.logs("inquiry.transferred"))["detail"] == "to cleo"
    await begun.call.hangs_up()
    assert await begun.closed() == ("cleo", "answered")


async def test_who_joined_is_found_talking_while_not_a_word_was_said(in_silence: Round) -> None:
    begun = in_silence
    await begun.joins_and_rings("ben")
    await begun.joins_and_rings("cleo")

    begun.running.kill()
    begun.cleo.answers()
    await begun.call.answered()
    await begun.running.start()

    assert await begun.accepted() == ("cleo", FOUND)
    await begun.call.hangs_up()
    assert await begun.closed() == ("cleo", "answered")


async def test_who_answers_after_a_daemon_was_started_that_knows_nothing_is_adopted_then(begun: Round) -> None:
    await begun.joins_and_rings("ben")

    begun.running.kill()
    begun.running.forgets()
    await begun.running.start()
    begun.ben.answers()
    await begun.call.answered()

    assert await begun.accepted() == ("ben", FOUND)
    await begun.call.hears(begun.ben)
    await begun.call.hangs_up()
    assert await begun.closed() == ("ben", "answered")


async def test_of_two_who_answer_in_the_same_instant_when_it_is_back_who_talks_is_on_record(
    pbx: Pbx, begun: Round
) -> None:
    await begun.joins_and_rings("ben")
    await begun.joins_and_rings("cleo")

    begun.running.kill()
    await begun.running.start()
    for each in (begun.ben, begun.cleo, begun.anna):
        each.answers()
    await begun.call.answered()

    has_it = (await begun.accepted())[0]
    await begun.call.hears({"anna": begun.anna, "ben": begun.ben, "cleo": begun.cleo}[has_it])
    await begun.call.hangs_up()
    assert await begun.closed() == (has_it, "answered")
    await pbx.idle()
