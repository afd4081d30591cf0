"""From the outbox to the CRM: in order, at least once, done once, and nothing lost, whatever either side does."""

import asyncio

import pytest
from tests.contract.crm.conftest import House, call, given_to, new_lead, turns
from tests.lab.bitrix24 import Portal, Wrong
from tests.lab.crm import HttpServer, Mood

from huntgroup.adapters.store import crm_outbox

FAILURES = 3


async def test_what_is_put_in_is_told(house: House) -> None:
    await house.tell(new_lead(), call())
    await house.told()

    assert len(house.side.leads()) == 1
    assert len(house.side.calls()) == 1


async def test_a_call_refers_to_what_the_lead_before_it_created(house: House) -> None:
    await house.tell(new_lead(), call())
    await house.told()

    (there,) = house.side.calls()
    if isinstance(house.side.server, Portal):
        assert (there["CRM_ENTITY_TYPE"], there["CRM_ENTITY_ID"]) == ("LEAD", house.side.leads()[0]["id"])
    else:
        assert there["reference"] == "c-1"


async def test_of_one_customer_everything_is_told_in_order(house: House) -> None:
    deeds = [new_lead(1), call(1), *(given_to(who, at=1_790_000_000.0 + at) for at, who in enumerate(("ben", "anna")))]

    await house.tell(*deeds)
    await house.told()

    last = house.side.leads()[0]
    if isinstance(house.side.server, HttpServer):
        kinds = [line.split()[0] for line in house.side.server.order]
        assert kinds == ["customer.create", "call.register", "customer.responsible", "customer.responsible"]
        assert house.side.responsible("c-1") == ["15", "12"]
    else:
        assert last["assignedById"] == 12


async def test_a_customer_whose_lead_cannot_be_told_holds_up_no_other(house: House) -> None:
    house.side.server.moods = [Mood.FAILS]
    await house.tell(new_lead(1, customer="customer-1"), call(1, customer="customer-1"))
    await house.shop.until(lambda: any(row.error for row in house.shop.rows()))

    await house.tell(call(2, customer="customer-2", number="+48600700801"))
    await house.shop.until(lambda: house.shop.backlog(house.side.kind).waiting == 2)

    assert not house.side.leads()
    assert len(house.side.calls()) == 1


@pytest.mark.parametrize("mood", [Mood.FAILS, Mood.CUTS, Mood.HUGE, Mood.NOT_IN])
async def test_what_could_not_be_told_is_told_later(house: House, mood: Mood) -> None:
    house.side.server.moods = [mood]
    await house.tell(call())
    await house.shop.until(lambda: bool(house.shop.rows()[0].error))

    house.later(120)
    await house.told()

    assert len(house.side.calls()) == 1


async def test_a_crm_that_keeps_failing_is_left_alone_and_nothing_is_lost(house: House) -> None:
    house.side.server.mood = Mood.FAILS
    await house.tell(*(call(n, customer=f"customer-{n}", number=f"+486007008{n:02}") for n in range(20)))
    await house.shop.until(lambda: sum(bool(row.error) for row in house.shop.rows()) >= FAILURES)
    await turns()
    asked = house.side.server.requests
    assert asked <= 8
    assert house.shop.backlog(house.side.kind).waiting == 20

    house.side.server.mood = Mood.WELL
    while house.shop.backlog(house.side.kind).waiting:
        house.later(200)
        waiting = house.shop.backlog(house.side.kind).waiting
        await house.shop.until(lambda before=waiting: house.shop.backlog(house.side.kind).waiting < before)  # type: ignore[misc]

    assert len(house.side.calls()) == 20


async def test_what_it_refuses_for_good_is_kept_and_can_be_tried_again(house: House) -> None:
    server = house.side.server
    if isinstance(server, Portal):
        server.error = Wrong("ERROR_CORE", "User is not found or is not active")
    else:
        assert isinstance(server, HttpServer)
        server.status = 422
    await house.tell(call(1), call(2))
    await house.told()
    dead = house.shop.rows()
    assert [row.is_dead for row in dead] == [True, True]
    assert "ERROR_CORE" in dead[0].error or "422" in dead[0].error

    if isinstance(server, Portal):
        server.error = None
    else:
        server.status = None
    now = house.side.clock.now()
    await house.shop.do(lambda store: crm_outbox.revive(store, None, now))
    house.desk.wake()
    await house.told()

    assert house.shop.rows() == []
    assert len(house.side.calls()) == 2


async def test_what_cannot_be_told_for_too_long_is_given_up_and_kept(house: House) -> None:
    house.side.server.mood = Mood.FAILS
    await house.tell(call())
    await house.shop.until(lambda: bool(house.shop.rows()[0].error))

    house.later(8 * 86400)
    await house.shop.until(lambda: house.shop.backlog(house.side.kind).dead == 1)

    assert house.shop.rows()[0].error.startswith("given up after 2 tries")


async def test_a_crm_that_has_enough_is_given_its_pause(house: House) -> None:
    server = house.side.server
    if isinstance(server, Portal):
        server.error = Wrong("QUERY_LIMIT_EXCEEDED", "Too many requests", 503)
    else:
        assert isinstance(server, HttpServer)
        server.status, server.headers = 429, {"Retry-After": "7"}
    await house.tell(call(1), call(2, customer="customer-2"))
    await house.shop.until(lambda: any(row.error for row in house.shop.rows()))
    (first, *_) = (row for row in house.shop.rows() if row.error)
    assert first.tries == 0
    assert first.next_at is not None
    assert 3 < first.next_at - house.side.clock.now() <= 8

    if isinstance(server, Portal):
        server.error = None
    else:
        server.status = None
    house.later(20)
    await house.shop.until(lambda: len(house.side.calls()) == 2)


async def test_a_daemon_that_is_killed_in_the_middle_tells_it_again_and_it_is_done_once(house: House) -> None:
    house.side.server.mood = Mood.HANGS
    await house.tell(new_lead(), call())
    await house.side.server.came.wait()
    await house.kill()

    house.side.server.mood = Mood.WELL
    house.begin()
    house.later(1)
    await turns()
    if house.side.kind == "bitrix24":  # which has no key: nobody knows yet whether it was done
        assert not house.side.leads()

    house.later(60)
    await house.told()
    assert len(house.side.leads()) == 1
    assert len(house.side.calls()) == 1


@pytest.mark.parametrize("works", range(12))
async def test_between_any_two_steps_in_the_store_it_may_die_and_all_is_done_once(house: House, works: int) -> None:
    await house.shop.until(lambda: True)
    house.shop.left = works + 1  # the first puts them in
    await house.tell(new_lead(), call(), given_to("ben"))
    await house.shop.until(lambda: house.shop.left < 0 or not house.shop.rows())
    await house.kill()

    house.shop.left = 1_000_000
    house.begin()
    await told_once(house)


@pytest.mark.parametrize("requests", range(7))
@pytest.mark.parametrize("mood", [Mood.LOST, Mood.HANGS])
async def test_between_any_two_requests_it_may_die_and_all_is_done_once(
    house: House, requests: int, mood: Mood
) -> None:
    house.side.server.moods = [*[Mood.WELL] * requests, mood]
    await house.tell(new_lead(), call(), given_to("ben"))
    asked = asyncio.create_task(house.side.server.until(lambda: house.side.server.requests > requests))
    done = asyncio.create_task(house.told())
    _, pending = await asyncio.wait({asked, done}, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    await house.kill()

    house.side.server.moods = []
    house.begin()
    await told_once(house)


async def told_once(house: House) -> None:
    """When all leases are over everything is told, and the lead, the call and the change are there once."""
    while house.shop.rows():
        waiting = len(house.shop.rows())
        house.later(200)
        await house.shop.until(lambda: len(house.shop.rows()) < waiting)  # noqa: B023 - it is over within the turn
    assert len(house.side.leads()) == 1
    assert len(house.side.calls()) == 1
    lead = house.side.leads()[0]
    assert house.side.responsible(f"lead:{lead['id']}" if house.side.kind == "bitrix24" else "c-1") == ["15"]


async def test_a_store_that_takes_nothing_for_a_while_loses_and_doubles_nothing(house: House) -> None:
    house.side.server.moods = [Mood.WELL]
    await house.tell(new_lead())
    await house.side.server.came.wait()
    house.shop.broken = 1
    await house.shop.until(lambda: not house.shop.broken)

    await turns()
    house.later(200)
    await house.told()

    assert len(house.side.leads()) == 1


async def test_an_operator_whom_the_crm_does_not_know_needs_not_be_told(house: House) -> None:
    reference = house.side.knows("Jan", "12", phone="+48600700800")
    kind = house.side.kind
    await house.shop.do(lambda store: crm_outbox.refer(store, kind, "customer-17", reference))
    await house.tell(given_to("cleo"))
    await house.told()

    assert house.side.responsible(reference) == (["12"] if house.side.kind == "bitrix24" else ["cleo"])
    assert not house.shop.rows()


async def test_a_deed_that_breaks_the_connector_is_given_up_and_holds_up_no_other(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("invalid literal for int()")

    monkeypatch.setattr(type(house.side.crm), "set_responsible", broken)
    await house.tell(given_to("ben"), call())
    await house.shop.until(lambda: bool(house.shop.rows()[0].error))
    house.later(120)
    await house.told()

    (given_up,) = house.shop.rows()
    assert given_up.is_dead
    assert "a fault in Huntgroup" in given_up.error
    assert len(house.side.calls()) == 1
