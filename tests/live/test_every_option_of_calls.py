"""Every option of calls that no other test here shows; docs/options.md says which test shows which.

Real phones at a real Asterisk, transfers as people make them: blindly, after asking, and by command.
"""

import pytest
from tests.lab.incoming import IncomingCall
from tests.lab.mqtt import Party
from tests.lab.outgoing import OutgoingCall
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller, Phone
from tests.live.brokers import one_for_each_test
from tests.live.configuration import NUMBER, OUTWARD, configuration, group
from tests.live.conftest import OpenPhone, Serve
from tests.live.exchanges import exchange
from tests.live.known import JAN, happened, is_known, responsible
from tests.live.talks import SUPPORT

pytestmark = pytest.mark.live

pbx = exchange()
broker = one_for_each_test()

SALES = group("sales", "anna", "ben", rings="100")
HELP = group("support", "ben", "cleo", rings="100")
NUMBERS = {SUPPORT: "support", NUMBER: "sales"}
"""The number of Sales last, so that more can be said of it."""


def house(sales: str = SALES, anna: str = "", **number: str) -> str:
    """Sales and Support, each with a number; *number* is more of that of Sales."""
    text = configuration(sales, HELP, numbers=NUMBERS, telephony=OUTWARD, anna=anna)
    return text + "".join(f"{key} = {value}\n" for key, value in number.items())


async def calls(caller: Caller) -> OutgoingCall:
    """Jan calls Sales."""
    return await caller.dials(NUMBER, number=JAN)


async def talks(caller: Caller, anna: Phone, anyone: Party) -> tuple[OutgoingCall, IncomingCall, str]:
    """Jan, for whom Anna is responsible, calls and talks to her: both sides of the call, and its inquiry."""
    await is_known(anyone, responsible="anna")
    call = await calls(caller)
    hers = await anna.ringing()
    hers.answer()
    await call.hears(anna)
    inquiry = (await happened(anyone, "inquiry.accepted", operator="anna"))["inquiry"]
    return call, hers, inquiry


async def responsible_afterwards(call: OutgoingCall, anyone: Party) -> str | None:
    """Jan hangs up: who is responsible for him once all that happened is known."""
    await call.hangs_up()
    await happened(anyone, "call.registered")
    return await responsible(anyone)


# -- who is rung ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("checks", "who"), [("true", "ben"), ("false", "anna")])
async def test_with_the_check_of_availability_a_call_leaves_out_who_pauses_and_without_it_does_not(
    phone: OpenPhone, caller: Caller, anyone: Party, serving: Serve, *, checks: str, who: str
) -> None:
    phones = {"anna": await phone("anna-desk"), "ben": await phone("ben")}
    await serving(house(group("sales", "anna", "ben", check_availability=checks)))
    assert (await anyone.commands("anna", "pause"))["ok"]

    await calls(caller)

    await phones[who].ringing()
    assert [name for name, each in phones.items() if each.calls] == [who]


async def test_where_the_number_does_not_ask_for_the_responsible_the_queue_begins_at_its_top(
    phone: OpenPhone, caller: Caller, anyone: Party, serving: Serve
) -> None:
    anna, ben = await phone("anna-desk"), await phone("ben")
    await serving(house(responsible_first="false"))
    await is_known(anyone, responsible="ben")

    await calls(caller)

    await anna.ringing()
    assert ben.calls == []


@pytest.mark.parametrize("allows", [True, False])
async def test_a_colleague_takes_a_ringing_call_only_where_the_group_allows_it(
    phone: OpenPhone, caller: Caller, anyone: Party, serving: Serve, *, allows: bool
) -> None:
    anna, ben = await phone("anna-desk"), await phone("ben")
    await serving(house(group("sales", "anna", "ben", rings="100", pickup=str(allows).lower())))
    call = await calls(caller)
    await anna.ringing()

    answer = await anyone.commands("ben", "pickup")

    assert answer["ok"] is allows
    if allows:
        (await ben.ringing()).answer()
        await call.hears(ben)
    else:
        assert answer["error"]["code"] == "nothing_to_pick_up"
        assert anna.is_ringing


# -- whose customer a transferred caller is -------------------------------------------------------------------------


@pytest.mark.parametrize(("moves", "who"), [("true", "ben"), ("false", "anna")])
async def test_a_blind_transfer_takes_the_customer_along_only_where_the_number_says_so(
    phone: OpenPhone, caller: Caller, anyone: Party, serving: Serve, *, moves: str, who: str
) -> None:
    anna, ben = await phone("anna-desk"), (await phone("ben")).answers(after=0.2)
    await serving(house(transfer_changes_responsible=moves))
    call, hers, inquiry = await talks(caller, anna, anyone)

    await hers.transfers("102")
    await ben.talking()
    await call.hears(ben)
    told = await happened(anyone, "inquiry.transferred", inquiry=inquiry)

    assert (told["operator"], told["to"]) == ("anna", {"operator": "ben"})
    assert await responsible_afterwards(call, anyone) == who


@pytest.mark.parametrize(("moves", "who"), [("true", "ben"), ("false", "anna")])
async def test_and_so_does_a_transfer_after_asking(
    phone: OpenPhone, caller: Caller, anyone: Party, serving: Serve, *, moves: str, who: str
) -> None:
    anna, ben = await phone("anna-desk"), (await phone("ben")).answers()
    await serving(house(transfer_changes_responsible=moves))
    call, hers, inquiry = await talks(caller, anna, anyone)

    asking = await (await anna.dials("102")).answered()
    await asking.hears(ben)
    assert await responsible(anyone) == "anna"
    await hers.transfers(asking)
    await call.hears(ben)
    told = await happened(anyone, "inquiry.transferred", inquiry=inquiry)

    assert (told["operator"], told["to"]) == ("anna", {"operator": "ben"})
    assert await responsible_afterwards(call, anyone) == who


@pytest.mark.parametrize(("moves", "who"), [("true", "ben"), ("false", "anna")])
async def test_and_a_transfer_by_command_once_the_colleague_answers(
    phone: OpenPhone, caller: Caller, anyone: Party, serving: Serve, *, moves: str, who: str
) -> None:
    anna, ben = await phone("anna-desk"), await phone("ben")
    await serving(house(transfer_changes_responsible=moves))
    call, _, inquiry = await talks(caller, anna, anyone)

    assert (await anyone.commands("anna", "transfer", inquiry=inquiry, to={"operator": "ben"}))["ok"]
    rung = await ben.ringing()
    assert await responsible(anyone) == "anna"
    rung.answer()
    await call.hears(ben)

    assert await responsible_afterwards(call, anyone) == who


async def test_who_is_sent_to_a_groups_number_keeps_their_responsible(
    phone: OpenPhone, caller: Caller, anyone: Party, serving: Serve
) -> None:
    anna, ben = await phone("anna-desk"), (await phone("ben")).answers()
    await serving(house(transfer_changes_responsible="true"))
    call, hers, inquiry = await talks(caller, anna, anyone)

    await hers.transfers(SUPPORT)
    await ben.talking()
    await call.hears(ben)
    told = await happened(anyone, "inquiry.transferred", inquiry=inquiry)

    assert told["to"] == {"group": "support"}
    assert await responsible_afterwards(call, anyone) == "anna"


async def test_and_so_does_who_is_handed_to_a_group_by_command(
    phone: OpenPhone, caller: Caller, anyone: Party, serving: Serve
) -> None:
    anna, ben = await phone("anna-desk"), (await phone("ben")).answers()
    await serving(house(transfer_changes_responsible="true"))
    call, _, inquiry = await talks(caller, anna, anyone)

    assert (await anyone.commands("anna", "transfer", inquiry=inquiry, to={"group": "support"}))["ok"]
    await ben.talking()
    await call.hears(ben)

    assert await responsible_afterwards(call, anyone) == "anna"


async def test_and_who_is_sent_to_somebody_outside(
    pbx: Pbx, phone: OpenPhone, caller: Caller, anyone: Party, serving: Serve
) -> None:
    anna = await phone("anna-desk")
    await serving(house(transfer_changes_responsible="true"))
    async with pbx.mobile() as outside:
        outside.answers()
        call, hers, inquiry = await talks(caller, anna, anyone)

        await hers.transfers("9+48500")
        await outside.talking()
        await call.hears(outside)
        told = await happened(anyone, "inquiry.transferred", inquiry=inquiry)

        assert told["to"] == {"outside": True}
        assert await responsible_afterwards(call, anyone) == "anna"
