"""Transfers by command that come to nothing: the caller keeps their operator, or goes, and each inquiry counts once."""

import pytest
from tests.lab.broker import Broker
from tests.lab.mqtt import Party
from tests.lab.phones import Caller
from tests.live.brokers import one_for_each_test
from tests.live.configuration import configuration, group
from tests.live.conftest import OpenPhone, StartDaemon
from tests.live.exchanges import exchange
from tests.live.talks import conversation, explained

pytestmark = pytest.mark.live

pbx = exchange()
broker = one_for_each_test()

HOUSE = configuration(group("sales", "anna", rings="100"), group("support", "ben", rings="100"))
NOBODY = dict.fromkeys(("call", "chat", "mail", "form"), 0)


async def test_no_caller_is_taken_from_their_operator_for_a_phone_that_is_not_registered(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon, anyone: Party, broker: Broker
) -> None:
    anna = await phone("anna-desk")
    _, call, _, inquiry = await conversation(anna, caller, daemon, HOUSE, broker.url)
    await anyone.sees("status", state="online")

    refused = await anyone.commands("anna", "transfer", inquiry=inquiry, to={"operator": "ben"})

    assert refused["error"] == {
        "code": "phone_not_free",
        "message": "no call can ring at ben now: phone_unreachable",
        "at": "to.operator",
    }
    await call.hears(anna)
    await call.hangs_up()
    await anyone.sees_status(inquiry, state="closed", outcome="answered", operator="anna")


@pytest.mark.parametrize("to", [{"operator": "ben"}, {"group": "support"}])
async def test_who_hangs_up_while_a_transfer_rings_was_answered_and_has_not_given_up(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon, anyone: Party, *, broker: Broker, to: dict[str, str]
) -> None:
    anna, ben = await phone("anna-desk"), await phone("ben")
    running, call, _, inquiry = await conversation(anna, caller, daemon, HOUSE, broker.url)
    await anyone.sees("status", state="online")
    assert (await anyone.commands("anna", "transfer", inquiry=inquiry, to=to))["ok"]
    await ben.ringing()
    so_far = len(anyone.seen)

    await call.hangs_up()

    await anyone.sees_status(inquiry, state="closed", outcome="answered", operator="anna")
    await anyone.sees(f"groups/{to.get('group', 'sales')}/state", waiting=NOBODY, after=so_far)
    counts = [anyone.latest(f"groups/{each}/state") for each in ("sales", "support")]
    assert [(each["received_today"], each["answered_today"], each["abandoned_today"]) for each in counts] == [
        (1, 1, 0),
        (0, 0, 0),
    ]
    assert anyone.facts("inquiry.abandoned") == []
    assert "it ends, answered by anna" in await explained(running, inquiry)
