"""Calls that an operator handles at their screen, over the broker."""

from collections.abc import AsyncIterator

import pytest
from tests.lab.broker import Broker
from tests.lab.mqtt import Party
from tests.lab.phones import Caller
from tests.live.configuration import NUMBER, configuration, group
from tests.live.conftest import OpenPhone, StartDaemon

pytestmark = pytest.mark.live


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    """A broker of each test's own: nothing is left of the one before."""
    async with Broker() as broker:
        yield broker


async def test_a_call_picked_up_by_command_rings_at_the_own_phone_and_is_credited(
    broker: Broker, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna, ben = await phone("anna-desk"), await phone("ben")
    await daemon(configuration(group("sales", "anna", "ben", rings="100")), broker_url=broker.url)
    async with Party(broker) as anyone:
        await anyone.sees("status", state="online")
        call = await caller.dials(NUMBER)
        at_anna = await anna.ringing()
        (offer,) = (
            await anyone.until(
                lambda each: each.topic.endswith("/anna/desk") and bool(each.data["offers"]), "the call on the desk"
            )
        ).data["offers"]

        assert (await anyone.commands("ben", "pickup", inquiry=offer["inquiry"]))["ok"]
        at_ben = await ben.ringing()
        await at_anna.cancelled()
        at_ben.answer()
        await call.answered()
        await anyone.sees_desk("ben", inquiries=[offer["inquiry"]])
        await call.hangs_up()
        await anyone.sees_status(offer["inquiry"], state="closed", outcome="answered", operator="ben")
        facts = anyone.facts()
    assert [kind for kind, _ in facts if kind in {"inquiry.picked_up", "inquiry.missed", "inquiry.accepted"}] == [
        "inquiry.picked_up",
        "inquiry.accepted",
    ]
