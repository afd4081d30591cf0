"""A CRM beside the house: asked who calls, within its budget, and told once what became of it, whatever it does."""

import asyncio
import json
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from statistics import median
from typing import Any

import pytest
from tests.lab.bitrix24 import Portal
from tests.lab.broker import Broker
from tests.lab.crm import LIES, SECRET, HttpServer, Mood, Server, serving
from tests.lab.daemon import Daemon
from tests.lab.doctor import examine
from tests.lab.mqtt import Party
from tests.lab.outgoing import OutgoingCall
from tests.lab.phones import Caller
from tests.live.configuration import NUMBER, PEOPLE, configuration, group
from tests.live.conftest import OpenPhone, StartDaemon

pytestmark = pytest.mark.live

JAN = "+48600700800"
BUDGET = 0.3
PATIENT = 5.0
"""The budget where the CRM's answer is what matters: it lives in the test's own process."""
LATE = 0.25
"""Seconds that two busy cores may add to a call that nobody holds up; without a CRM it takes about 10 ms."""
USERS = {"anna": "12", "ben": "15", "cleo": "16"}
NUMBERS = 'responsible_first = true\nresponsible_rings = 20\ncreate = "lead"\n'
VARIABLE = "HUNTGROUP_LAB_CRM"
Serve = Callable[..., Awaitable[Daemon]]


class Crm:
    """One kind of CRM, on loopback, in the words that both have."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.secret = SECRET
        if isinstance(server, Portal):
            self.secret = server.hook
            server.users |= {int(each) for each in USERS.values()}

    def table(self, users: dict[str, str] = USERS, budget: float = BUDGET) -> str:
        """The configuration's; ``budget`` in seconds."""
        kind = "bitrix24" if isinstance(self.server, Portal) else "http"
        url = f'url = "{self.server.url}"\n' if isinstance(self.server, HttpServer) else ""
        named = "".join(f'{name} = "{user}"\n' for name, user in users.items())
        return (
            f'[crm]\ntype = "{kind}"\n{url}secret_env = "{VARIABLE}"\nbudget = "{budget:g}s"\ntimeout = "2s"\n'
            f"[crm.users]\n{named}"
        )

    def knows(self, operator: str, phone: str = JAN) -> str:
        """Jan Kowalski, of whom this operator takes care; what the CRM calls him."""
        if isinstance(self.server, Portal):
            user = int(USERS[operator])
            number = self.server.put(3, phone=phone, name="Jan", lastName="Kowalski", assignedById=user)
            return f"contact:{number}"
        assert isinstance(self.server, HttpServer)
        who = {"id": "c-900", "name": "Jan Kowalski", "responsible": USERS[operator]}
        self.server.known[("phone", phone)] = who
        return "c-900"

    def leads(self) -> list[tuple[str, str]]:
        """What was created there: the user who is responsible, and the number."""
        if isinstance(self.server, Portal):
            return [(str(each["assignedById"]), each["fm"][0]["value"]) for each in self.server.of(1)]
        assert isinstance(self.server, HttpServer)
        created = self.server.told["customer.create"]
        return [(each["user"], each["identities"][0]["value"]) for each in created]

    def calls(self) -> list[dict[str, Any]]:
        """Each call that was registered there, in the words of the http connector; Bitrix24 has no waiting time."""
        if isinstance(self.server, Portal):
            return [
                {
                    "user": str(each["USER_ID"]),
                    "number": each["PHONE_NUMBER"],
                    "line": each["LINE_NUMBER"],
                    "talked": each["DURATION"],
                    "outcome": {"200": "answered", "304": "abandoned"}[each["STATUS_CODE"]],
                    "reference": f"{each.get('CRM_ENTITY_TYPE', '').lower()}:{each.get('CRM_ENTITY_ID', '')}",
                }
                for each in self.server.finished
            ]
        assert isinstance(self.server, HttpServer)
        return self.server.told["call.register"]

    async def was_told_of(self, calls: int, within: float = 10.0) -> None:
        """Await that so many calls are registered there."""
        async with asyncio.timeout(within):
            await self.server.until(lambda: len(self.calls()) >= calls)


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    """A broker of each test's own."""
    async with Broker() as broker:
        yield broker


@pytest.fixture
async def anyone(broker: Broker) -> AsyncIterator[Party]:
    """Somebody who may do everything and sees everything."""
    async with Party(broker) as party:
        yield party


@pytest.fixture
async def any_crm() -> AsyncIterator[Crm]:
    """One that takes webhooks."""
    async with serving(HttpServer(time.time)) as server:
        yield Crm(server)


@pytest.fixture(params=["http", "bitrix24"])
async def crm(request: pytest.FixtureRequest) -> AsyncIterator[Crm]:
    """Each case with both kinds."""
    async with serving(HttpServer(time.time) if request.param == "http" else Portal()) as server:
        yield Crm(server)


@pytest.fixture
def house(broker: Broker, anyone: Party, daemon: StartDaemon) -> Serve:
    """``running = await house(crm)``: a daemon with this CRM, which listens at the broker."""

    async def start(crm: Crm, secret: str = "", text: str = "") -> Daemon:
        text = text or _configuration() + crm.table()
        running = await daemon(text, broker_url=broker.url, environment={VARIABLE: secret or crm.secret})
        await anyone.sees("status", state="online")
        return running

    return start


def _configuration(**people: tuple[str, ...]) -> str:
    everybody = people or PEOPLE
    sales = group("sales", *everybody, rings="100")
    return configuration(sales, people=everybody, telephony='country = "pl"') + NUMBERS


async def calls(caller: Caller, number: str = JAN) -> OutgoingCall:
    """Somebody whom the house does not know calls."""
    return await caller.dials(NUMBER, number=number)


async def customer(anyone: Party) -> dict[str, Any]:
    """Jan, as the house knows him."""
    answer = await anyone.asks("customers/commands", {"type": "look_up", "customer": {"phone": JAN}})
    found: dict[str, Any] = answer["customer"]
    return found


async def asked(running: Daemon, *command: str) -> list[dict[str, Any]]:
    """What a command beside the daemon says to programs."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "huntgroup", *command, "--json", "--config", str(running.config)),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    return [json.loads(line) for line in out.decode().splitlines()]


# -- who calls ------------------------------------------------------------------------------------------------------


async def test_an_unknown_caller_whom_the_crm_knows_reaches_the_operator_whom_it_names(
    crm: Crm, anyone: Party, phone: OpenPhone, caller: Caller, house: Serve
) -> None:
    await phone("anna-desk")
    cleo = await phone("cleo")
    reference = crm.knows("cleo")
    await house(crm, text=_configuration() + crm.table(budget=PATIENT))

    call = await calls(caller)
    (await cleo.ringing()).answer()
    await call.answered()
    await call.hangs_up()

    await crm.was_told_of(1)
    jan = await customer(anyone)
    assert (jan["name"], jan["responsible"], jan["crm"]) == ("Jan Kowalski", "cleo", reference)
    assert crm.leads() == []
    assert [(each["user"], each["reference"]) for each in crm.calls()] == [(USERS["cleo"], reference)]


async def test_a_crm_that_hangs_delays_a_call_by_no_more_than_its_budget_and_soon_by_nothing(
    crm: Crm, phone: OpenPhone, caller: Caller, house: Serve
) -> None:
    anna = await phone("anna-desk")
    await house(crm)
    crm.server.mood = Mood.HANGS
    took: list[float] = []
    for number in range(8):
        call = await calls(caller, f"+4860070080{number}")
        took.append((await anna.ringing()).invite_received - call.invite_sent)
        await call.cancels()

    assert min(took[:5]) > BUDGET - 0.01, took
    assert median(took[:5]) < BUDGET + LATE, took
    assert median(took[5:]) < LATE, took
    print(f"rings after {', '.join(f'{1000 * each:.0f} ms' for each in took)}")


@pytest.mark.parametrize("mood", [each for each in LIES if each is not Mood.HANGS])
async def test_beside_one_that_lies_or_fails_a_call_rings_as_if_there_were_none(
    mood: Mood, any_crm: Crm, phone: OpenPhone, caller: Caller, house: Serve
) -> None:
    anna = await phone("anna-desk")
    any_crm.knows("cleo")
    running = await house(any_crm)
    any_crm.server.mood = mood

    call = await calls(caller)
    rung = await anna.ringing()
    assert rung.invite_received - call.invite_sent < BUDGET + 1  # and so not for the CRM's own time-out of 2 s
    rung.answer()
    await call.answered()

    assert (await running.logs("customer.responsible_changed"))["operator"] == "anna"


async def test_an_operator_who_is_new_since_a_reload_is_one_for_the_crm_too(
    any_crm: Crm, anyone: Party, phone: OpenPhone, caller: Caller, house: Serve
) -> None:
    await phone("anna-desk")
    cleo = await phone("cleo")
    any_crm.knows("cleo")
    before = _configuration(anna=("anna-desk",)) + any_crm.table({"anna": USERS["anna"]}, PATIENT)
    running = await house(any_crm, text=before)

    both = {name: USERS[name] for name in ("anna", "cleo")}
    running.configures(_configuration(anna=("anna-desk",), cleo=("cleo",)) + any_crm.table(both, PATIENT))
    running.send(signal.SIGHUP)
    await running.logs("configuration.changed", operators=2)
    state = "/operators/cleo/state"
    await anyone.until(lambda each: each.topic.endswith(state) and each.data["reasons"] == [], "cleo's phone is seen")

    await calls(caller)
    await cleo.ringing()
    assert [each for each in running.log() if each["event"] == "configuration.needs_restart"] == []


# -- what became of it ----------------------------------------------------------------------------------------------


async def test_who_is_served_becomes_a_lead_once_with_their_responsible_and_the_call_is_registered(
    crm: Crm, anyone: Party, phone: OpenPhone, caller: Caller, house: Serve
) -> None:
    (await phone("ben")).answers(after=0.5)
    running = await house(crm)
    for again in (1, 2):
        call = await calls(caller)
        await call.answered()
        await running.logs("inquiry.accepted", after=again - 1)
        await asyncio.sleep(0.8)  # they talk
        await call.hangs_up()
        await crm.was_told_of(again)

    assert crm.leads() == [(USERS["ben"], JAN)]
    told = crm.calls()
    assert [(each["user"], each["number"], each["line"], each["outcome"]) for each in told] == [
        (USERS["ben"], JAN, NUMBER, "answered")
    ] * 2
    reference = (await customer(anyone))["crm"]
    assert reference
    assert [each["reference"] for each in told] == [reference] * 2
    assert [round(each["talked"]) for each in told] == [1, 1]
    if isinstance(crm.server, HttpServer):
        assert all(0.4 < each["waited"] < 1.5 for each in told)
        assert crm.server.order[:2] == [f"{kind} {told[0]['inquiry']}" for kind in ("customer.create", "call.register")]


async def test_a_caller_who_gives_up_is_registered_too(
    crm: Crm, phone: OpenPhone, caller: Caller, house: Serve
) -> None:
    anna = await phone("anna-desk")
    await house(crm)
    call = await calls(caller)
    await anna.ringing()
    await call.cancels()

    await crm.was_told_of(1)
    assert [(each["outcome"], each["talked"], each["number"]) for each in crm.calls()] == [("abandoned", 0, JAN)]
    assert [number for _, number in crm.leads()] == [JAN]


async def test_a_daemon_that_is_killed_while_they_talk_tells_everything_once(
    crm: Crm, phone: OpenPhone, caller: Caller, house: Serve
) -> None:
    (await phone("ben")).answers()
    running = await house(crm)
    call = await calls(caller)
    await call.answered()
    await running.logs("inquiry.accepted")

    running.kill()
    await call.hangs_up()
    await running.start()

    within = 90.0 if isinstance(crm.server, Portal) else 20.0
    await crm.was_told_of(1, within)
    assert crm.leads() == [(USERS["ben"], JAN)]
    assert [(each["user"], each["outcome"]) for each in crm.calls()] == [(USERS["ben"], "answered")]


async def test_what_a_crm_that_is_down_missed_is_shown_and_told_once_when_it_is_back(
    any_crm: Crm, phone: OpenPhone, caller: Caller, house: Serve
) -> None:
    (await phone("ben")).answers()
    running = await house(any_crm)
    any_crm.server.mood = Mood.LOST  # the worst: it does what it is told, and nobody hears of it
    talked = [JAN, "+48600700801", "+48600700802"]
    for count, number in enumerate(talked, 1):
        call = await calls(caller, number)
        await call.answered()
        await call.hangs_up()
        await running.logs("call.registered", after=count - 1)
        if count == 2:
            any_crm.server.mood = Mood.FAILS
            running.kill()
            await running.start()

    waiting = await asked(running, "crm", "outbox")
    assert {(each["deed"], each["state"]) for each in waiting} >= {("call.register", "waiting")}
    (status,) = await asked(running, "status")
    assert (status["crm"]["waiting"], status["crm"]["given_up"]) == (len(waiting), 0)
    any_crm.server.mood = Mood.WELL

    await any_crm.was_told_of(3, within=60)
    assert sorted(number for _, number in any_crm.leads()) == talked
    assert sorted(each["number"] for each in any_crm.calls()) == talked
    async with asyncio.timeout(60):
        while await asked(running, "crm", "outbox"):
            continue


async def test_the_doctor_says_that_a_secret_is_wrong(crm: Crm, house: Serve) -> None:
    wrong = SECRET[:-8] + "AAAAAAA=" if crm.secret == SECRET else crm.secret.replace("abcdef", "fedcba")
    running = await house(crm, secret=wrong)

    finding = (await examine(running)).failed("crm.secret")

    assert "does not let us in" in finding["said"]
    assert f"{VARIABLE}" in finding["mend"] or "secret_env" in finding["mend"]


@pytest.mark.parametrize("crm", ["bitrix24"], indirect=True)
async def test_a_contact_with_half_a_character_in_its_name_reaches_its_operator(
    crm: Crm, phone: OpenPhone, caller: Caller, house: Serve
) -> None:
    cleo = await phone("cleo")
    assert isinstance(crm.server, Portal)
    crm.server.put(3, phone=JAN, name="Jan \ud83d", lastName="Kowalski", assignedById=int(USERS["cleo"]))
    running = await house(crm, text=_configuration() + crm.table(budget=PATIENT))

    call = await calls(caller)
    (await cleo.ringing()).answer()
    await call.answered()
    received = await running.logs("inquiry.received")
    assert received["customer_name"] == "Jan \ufffd Kowalski"
    await call.hangs_up()
    await running.logs("inquiry.closed")
