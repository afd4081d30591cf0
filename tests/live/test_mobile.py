"""An operator's mobile behind a real trunk, rung by the AMI link as the engine orders it for a responsible operator."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tests.lab.daemon import SECRET_VARIABLE
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller
from tests.live.configuration import NUMBER
from tests.live.exchanges import on_both_versions

from huntgroup.adapters.ami.client import AmiClient
from huntgroup.adapters.ami.directory import Directory
from huntgroup.adapters.clock import Clock
from huntgroup.engine.effects import Ring, RingPhones
from huntgroup.engine.events import (
    AttemptFailed,
    Event,
    FallbackServed,
    InquiryReceived,
    PbxFound,
    PhoneAnswered,
    PhoneRang,
    PhoneRefused,
)
from huntgroup.engine.ids import AttemptNo, InquiryId, OperatorId, PbxId, PhoneId
from huntgroup.engine.policy import Hold, Policy
from huntgroup.settings import Pbx as PbxSettings

pytestmark = pytest.mark.live

ANNA, MOBILE = OperatorId("anna"), "+48600100200"
HERS = PhoneId("mobile:anna")
DIRECTORY = Directory(country="pl", outbound="PJSIP/{number}@trunk", mobiles={ANNA: MOBILE})
NOBODY = Policy(operators={}, groups={}, numbers={}, pbx=PbxId("main"))

pbx = on_both_versions()


class Link:
    """The AMI link alone, with the test in the place of the engine."""

    def __init__(self, client: AmiClient, told: "asyncio.Queue[Event]") -> None:
        self.client = client
        self._told = told

    async def tells(self, kind: type[Event]) -> Event:
        """The next event of that kind; others are passed over."""
        async with asyncio.timeout(10):
            while True:
                event = await self._told.get()
                if isinstance(event, kind):
                    return event


@pytest.fixture
async def link(pbx: Pbx, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Link]:
    """Up, and ended after the test."""
    monkeypatch.setenv(SECRET_VARIABLE, pbx.ami_secret)
    async with linked(pbx) as link:
        yield link
        await pbx.hangs_up_all()


@asynccontextmanager
async def linked(pbx: Pbx) -> AsyncIterator[Link]:
    """A link of its own, which ends in order."""
    settings = PbxSettings(
        id="main", host=pbx.address, port=pbx.ami_port, username=pbx.ami_username, secret_env=SECRET_VARIABLE
    )
    told: asyncio.Queue[Event] = asyncio.Queue()
    is_found = asyncio.Event()

    def put(event: Event, at: float, then: object = None) -> None:
        told.put_nowait(event)
        if isinstance(event, PbxFound):
            is_found.set()

    client = AmiClient(settings, NOBODY, put, Clock(), directory=DIRECTORY)
    running = asyncio.create_task(client.run())
    await asyncio.wait_for(is_found.wait(), 10)
    yield Link(client, told)
    await client.close()
    await running


def mobile_rings(inquiry: InquiryId) -> RingPhones:
    """Ring Anna's mobile."""
    ring = Ring(operator=ANNA, phones=(HERS,))
    return RingPhones(inquiry=inquiry, attempt=AttemptNo(1), rings=(ring,), hold=Hold.RINGING, limit=30.0)


async def a_call_waits(link: Link, caller: Caller) -> InquiryId:
    await caller.dials(NUMBER)
    received = await link.tells(InquiryReceived)
    assert isinstance(received, InquiryReceived)
    return received.inquiry


async def test_it_rings_and_answers_as_her_phone(pbx: Pbx, caller: Caller, link: Link) -> None:
    async with pbx.mobile() as mobile:
        mobile.answers(after=0.2)
        inquiry = await a_call_waits(link, caller)

        link.client.carry_out(mobile_rings(inquiry))

        assert (await mobile.invited()).dialled == MOBILE
        assert await link.tells(PhoneRang) == PhoneRang(inquiry=inquiry, attempt=AttemptNo(1), phone=HERS)
        assert await link.tells(PhoneAnswered) == PhoneAnswered(inquiry=inquiry, attempt=AttemptNo(1), phone=HERS)
        await caller.legs[0].hears(await mobile.talking())
        await caller.legs[0].hangs_up()


async def test_a_mobile_that_is_switched_off_is_told_as_a_refusal(pbx: Pbx, caller: Caller, link: Link) -> None:
    async with pbx.mobile() as mobile:
        mobile.declines(480)
        inquiry = await a_call_waits(link, caller)

        link.client.carry_out(mobile_rings(inquiry))

        refused = await link.tells(PhoneRefused)
        assert isinstance(refused, PhoneRefused)
        assert (refused.phone, refused.attempt) == (HERS, 1)
        assert isinstance(await link.tells(AttemptFailed), AttemptFailed)


async def test_who_answered_on_it_while_nobody_looked_is_known_by_what_was_dialled(
    pbx: Pbx, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SECRET_VARIABLE, pbx.ami_secret)
    await pbx.cli(f"dialplan set global HUNTGROUP_LIST_{NUMBER} none")  # so that it is known for one of the daemon's
    async with pbx.mobile() as mobile:
        async with linked(pbx) as link:
            inquiry = await a_call_waits(link, caller)
            link.client.carry_out(mobile_rings(inquiry))
            await mobile.ringing()
        mobile.answers()
        await mobile.talking()
        await caller.legs[0].hangs_up()
        await pbx.idle()

    async with linked(pbx) as link:
        served = await link.tells(FallbackServed)

    assert isinstance(served, FallbackServed)
    assert (served.inquiry, served.phone) == (inquiry, HERS)
