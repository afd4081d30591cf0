"""What is ordered, and what Asterisk is told then."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.adapters.ami.messages import CHANNEL, INQUIRY, LEG, UNIQUEID, dial, read, waiting

from huntgroup.adapters.ami.directory import Directory
from huntgroup.adapters.ami.orders import PHONES_MOST, actions_for, order_text
from huntgroup.adapters.ami.translate import Translator
from huntgroup.adapters.ami.wire import MAX_LINE
from huntgroup.engine.effects import EndInquiry, HoldCustomer, Order, ReleaseLeg, Ring, RingPhones
from huntgroup.engine.ids import AttemptNo, InquiryId, OperatorId, PhoneId
from huntgroup.engine.policy import Hold

CALL = InquiryId(INQUIRY)
ANNA = PhoneId("PJSIP/anna-desk")


def ring(*phones: Sequence[str], hold: Hold = Hold.RINGING, limit: float = 65.0, attempt: int = 3) -> RingPhones:
    """Ring the phones of each operator."""
    rings = tuple(
        Ring(operator=OperatorId(f"operator-{index}"), phones=tuple(PhoneId(phone) for phone in each))
        for index, each in enumerate(phones)
    )
    return RingPhones(inquiry=CALL, attempt=AttemptNo(attempt), rings=rings, hold=hold, limit=limit)


def told(translator: Translator, order: Order) -> list[dict[str, Any]]:
    """The actions, without their ids."""
    return [
        {name: value for name, value in action.items() if name != "ActionID"}
        for action in actions_for(order, translator)
    ]


@pytest.fixture(autouse=True)
async def _a_call_waits(translator: Translator) -> None:
    translator.translate(read(waiting()))


def setvar(value: str) -> dict[str, Any]:
    """The order as the dialplan reads it."""
    return {"Action": "Setvar", "Channel": CHANNEL, "Variable": "HUNTGROUP_ORDER", "Value": value}


def redirect(context: str, exten: str) -> dict[str, Any]:
    """The caller is sent there."""
    return {"Action": "Redirect", "Channel": CHANNEL, "Context": context, "Exten": exten, "Priority": 1}


async def test_one_phone_rings(translator: Translator) -> None:
    assert told(translator, ring(["PJSIP/anna-desk"])) == [
        setvar("3|huntgroup-offer|PJSIP/anna-desk,65,ri"),
        redirect("huntgroup-offer", "3"),
    ]


async def test_all_phones_of_all_operators_ring_together_with_music(translator: Translator) -> None:
    order = ring(["PJSIP/anna-desk", "PJSIP/anna-soft"], ["PJSIP/ben"], hold=Hold.MUSIC)

    assert told(translator, order) == [
        setvar("3|huntgroup-offer-music|PJSIP/anna-desk&PJSIP/anna-soft&PJSIP/ben,65,mi"),
        redirect("huntgroup-offer-music", "3"),
    ]


async def test_what_others_may_join_has_a_leg_to_join_by_that_knows_whose_it_is(translator: Translator) -> None:
    order = replace(ring(["PJSIP/anna-desk"]), may_be_joined=True)

    assert told(translator, order) == [
        {"Action": "Setvar", "Channel": CHANNEL, "Variable": "__HUNTGROUP_CALLER", "Value": UNIQUEID},
        setvar("3|huntgroup-offer|PJSIP/anna-desk&Local/3@huntgroup-join,65,ri"),
        redirect("huntgroup-offer", "3"),
    ]


@pytest.mark.parametrize(("limit", "seconds"), [(64.6, 65), (1.2, 1), (0.2, 1)])
async def test_dial_gets_a_limit_in_whole_seconds_and_never_none(limit: float, seconds: int) -> None:
    assert order_text(ring(["PJSIP/ben"], limit=limit), Directory()).endswith(f",{seconds},ri")


async def test_more_phones_than_a_line_holds_ring_as_far_as_they_fit(translator: Translator, logged: list[Any]) -> None:
    phones = [f"PJSIP/operator-{number:03}-żółw" for number in range(100)]

    setvar_action, _ = actions_for(ring(phones), translator)

    rung = setvar_action["value"].split("|")[2].split(",")[0].split("&")
    assert rung == phones[: len(rung)]
    assert PHONES_MOST - 40 < len("&".join(rung).encode()) <= PHONES_MOST
    assert max(len(line.encode()) for line in str(setvar_action).split("\r\n")) <= MAX_LINE
    assert logged[0]["left_out"] == phones[len(rung) :]


async def test_the_caller_waits_again(translator: Translator) -> None:
    order = HoldCustomer(inquiry=CALL, attempt=AttemptNo(3), hold=Hold.MUSIC)

    assert told(translator, order) == [setvar("3"), redirect("huntgroup-hold", "music")]


async def test_the_call_is_ended_with_its_cause(translator: Translator) -> None:
    assert told(translator, EndInquiry(inquiry=CALL, cause=17)) == [
        {"Action": "Hangup", "Channel": CHANNEL, "Cause": 17}
    ]


async def test_a_leg_is_let_go(translator: Translator) -> None:
    translator.translate(read(dial("DialBegin", "2")))

    assert told(translator, ReleaseLeg(inquiry=CALL, attempt=AttemptNo(2), phone=ANNA)) == [
        {"Action": "Hangup", "Channel": LEG, "Cause": 16}
    ]
    assert told(translator, ReleaseLeg(inquiry=CALL, attempt=AttemptNo(1), phone=ANNA)) == []


@pytest.mark.parametrize(
    "order",
    [
        RingPhones(inquiry=InquiryId("gone"), attempt=AttemptNo(1), rings=(), hold=Hold.RINGING, limit=1),
        HoldCustomer(inquiry=InquiryId("gone"), attempt=AttemptNo(1), hold=Hold.RINGING),
        EndInquiry(inquiry=InquiryId("gone"), cause=16),
        ReleaseLeg(inquiry=InquiryId("gone"), attempt=AttemptNo(1), phone=ANNA),
    ],
)
async def test_for_a_call_that_is_gone_there_is_nothing_to_do(translator: Translator, order: Order) -> None:
    assert actions_for(order, translator) == []
