"""Several links under one roof: what is for which, and one that is turned away."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from huntgroup import exchanges
from huntgroup.engine.effects import EndInquiry, Order, PickUpCall
from huntgroup.engine.events import Event
from huntgroup.engine.ids import InquiryId, OperatorId, PbxId, RequestId
from huntgroup.engine.policy import Policy
from huntgroup.errors import PeerRefused
from huntgroup.exchanges import Exchanges
from huntgroup.settings import Pbx, Settings

MAIN, BRANCH = PbxId("main"), PbxId("branch")


class Link:
    """What a link to a PBX is told."""

    made: dict[str, "Link"]

    def __init__(self, pbx: Pbx, *_: Any, **__: Any) -> None:
        self.orders: list[Order] = []
        self.asked: set[RequestId] = set()
        self.runs = 0
        self.is_refused = False
        self.caught_up = 0
        self.has_run_thrice = asyncio.Event()
        Link.made[pbx.id] = self

    async def run(self) -> None:
        self.runs += 1
        if self.runs == 3:
            self.has_run_thrice.set()
        if self.is_refused:
            raise PeerRefused("x", "wrong secret")

    def carry_out(self, order: Order) -> None:
        self.orders.append(order)

    def has_asked(self, request: RequestId) -> bool:
        return request in self.asked

    def catch_up(self, done: Callable[[], None]) -> None:
        self.caught_up += 1
        done()


def nobody_listens(_event: Event, _at: float, _then: Callable[[], None] | None = None) -> None:
    """Nothing is told here."""


@pytest.fixture
def links(monkeypatch: pytest.MonkeyPatch) -> dict[str, Link]:
    Link.made = {}
    monkeypatch.setattr(exchanges, "AmiClient", Link)
    return Link.made


@pytest.fixture
def house(links: dict[str, Link]) -> Exchanges:
    pbxs = tuple(Pbx(id=name, host="h", username="u", secret_env="S") for name in (MAIN, BRANCH))
    settings = Settings(pbx=pbxs)
    policy = Policy(operators={}, groups={}, numbers={}, pbx=MAIN, pbxs=(MAIN, BRANCH))
    made = Exchanges(settings, policy, nobody_listens, None)  # type: ignore[arg-type]
    assert list(links) == ["main", "branch"]
    return made


def test_an_order_goes_to_the_pbx_that_has_the_caller(house: Exchanges, links: dict[str, Link]) -> None:
    order = EndInquiry(inquiry=InquiryId("call-branch-1.2"), cause=16)

    house.carry_out(order)

    assert (links["main"].orders, links["branch"].orders) == ([], [order])


def test_a_pickup_goes_to_the_pbx_at_whose_phone_it_was_asked_for(house: Exchanges, links: dict[str, Link]) -> None:
    order = PickUpCall(inquiry=InquiryId("call-main-1.2"), operator=OperatorId("bea"), request=RequestId("r"))
    links["branch"].asked.add(order.request)

    house.carry_out(order)

    assert (links["main"].orders, links["branch"].orders) == ([], [order])


def test_one_pbx_is_asked_for_its_word_and_no_other(house: Exchanges, links: dict[str, Link]) -> None:
    heard: list[str] = []

    house.catch_up(BRANCH, lambda: heard.append("branch"))
    house.catch_up(PbxId("gone"), lambda: heard.append("gone"))

    assert (links["main"].caught_up, links["branch"].caught_up) == (0, 1)
    assert heard == ["branch", "gone"]


async def test_one_that_turns_us_away_is_asked_again_while_another_does_not(
    house: Exchanges, links: dict[str, Link], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchanges, "REFUSED_PAUSE", 0.0)
    links["branch"].is_refused = True

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(house.run(MAIN))
        tasks.create_task(house.run(BRANCH))
        await links["branch"].has_run_thrice.wait()
        links["branch"].is_refused = False

    assert links["branch"].runs >= 4


async def test_when_all_of_them_turn_us_away_there_is_nothing_left_to_do(
    house: Exchanges, links: dict[str, Link]
) -> None:
    links["main"].is_refused = links["branch"].is_refused = True
    waiting = asyncio.create_task(house.run(BRANCH))
    await asyncio.sleep(0)

    with pytest.raises(PeerRefused):
        await house.run(MAIN)
    waiting.cancel()
