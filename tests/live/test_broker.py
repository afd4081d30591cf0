"""What a reader of the broker sees of the daemon, on a real Mosquitto."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiomqtt
import pytest
from tests.lab.broker import Broker
from tests.lab.phones import Caller
from tests.live.configuration import NUMBER, configuration, group
from tests.live.conftest import OpenPhone, StartDaemon
from tests.live.exchanges import exchange

pytestmark = pytest.mark.live


NO_CHAT = {"channel": "chat", "reason": "blocked_by_call"}
"""While a call rings or is talked on, no chat is offered."""
PLAIN = configuration(group("sales", "anna"))

pbx = exchange({"anna-desk": "101"})


class Reader:
    """Somebody who subscribed to everything."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self._messages = client.messages

    async def sees(self, topic: str, *, within: float = 10.0, **fields: object) -> dict[str, Any]:
        """The next payload on *topic* that has these fields."""
        async with asyncio.timeout(within):
            async for message in self._messages:
                if message.topic.value != topic or not isinstance(message.payload, bytes):
                    continue
                payload: dict[str, Any] = json.loads(message.payload)
                if all(payload.get(name) == value for name, value in fields.items()):
                    return payload
        raise AssertionError(f"nothing more on {topic}")


@pytest.fixture
async def reader(broker: Broker) -> AsyncIterator[Reader]:
    """A reader who came before everything."""
    async with aiomqtt.Client(broker.address, broker.port) as client:
        await client.subscribe("#", qos=1)
        yield Reader(client)


async def test_the_status_is_online_while_it_runs_and_offline_once_it_stopped(
    broker: Broker, reader: Reader, daemon: StartDaemon
) -> None:
    running = await daemon(PLAIN, broker_url=broker.url)

    online = await reader.sees("huntgroup/status", state="online")
    await running.stop()
    await reader.sees("huntgroup/status", state="offline")

    assert set(online) == {"state", "since", "version"}


async def test_the_last_will_says_offline_when_it_is_killed(
    broker: Broker, reader: Reader, daemon: StartDaemon
) -> None:
    running = await daemon(PLAIN, broker_url=broker.url)
    await reader.sees("huntgroup/status", state="online")

    running.kill()

    await reader.sees("huntgroup/status", state="offline")


async def test_an_operators_state_follows_their_calls(
    broker: Broker, reader: Reader, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    anna = await phone("anna-desk")
    await daemon(PLAIN, broker_url=broker.url)
    topic = "huntgroup/operators/anna/state"
    idle = await reader.sees(topic, reasons=[])

    call = await caller.dials(NUMBER)
    offered = await reader.sees(topic, reasons=[{"channel": "call", "reason": "ringing"}, NO_CHAT])
    (await anna.ringing()).answer()
    talking = await reader.sees(topic, reasons=[{"channel": "call", "reason": "busy"}, NO_CHAT])
    await call.hangs_up()
    await reader.sees(topic, reasons=[])

    assert idle["presence"] == "available"
    assert idle["load"]["call"] == 0
    assert idle["capacity"] == {"call": 1, "chat": 3, "mail": 20, "form": 20}
    assert talking["load"]["call"] == 1
    assert talking["inquiries"] == offered["inquiries"] != []


async def test_who_subscribes_late_sees_the_truth(
    broker: Broker, reader: Reader, phone: OpenPhone, daemon: StartDaemon
) -> None:
    await phone("anna-desk")
    await daemon(PLAIN, broker_url=broker.url)
    await reader.sees("huntgroup/operators/anna/state", reasons=[])

    async with aiomqtt.Client(broker.address, broker.port) as client:
        await client.subscribe("huntgroup/#", qos=1)
        late = Reader(client)
        await late.sees("huntgroup/operators/anna/state", reasons=[], presence="available")


async def test_a_phone_that_goes_away_is_told(
    broker: Broker, reader: Reader, phone: OpenPhone, daemon: StartDaemon
) -> None:
    anna = await phone("anna-desk")
    await daemon(PLAIN, broker_url=broker.url)
    topic = "huntgroup/operators/anna/state"
    await reader.sees(topic, reasons=[])

    await anna.is_offline()

    await reader.sees(topic, reasons=[{"channel": "call", "reason": "phone_unreachable"}])


async def test_calls_go_on_while_the_broker_is_away_and_the_state_is_right_when_it_is_back(
    broker: Broker, phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    (await phone("anna-desk")).answers()
    running = await daemon(PLAIN, broker_url=broker.url)
    await running.logs("broker.found")

    broker.kill()
    await running.logs("broker.lost")
    call = await caller.dials(NUMBER)
    await call.answered()
    await broker.start()
    await running.logs("broker.found", after=1)

    async with aiomqtt.Client(broker.address, broker.port) as client:
        await client.subscribe("huntgroup/#", qos=1)
        reader = Reader(client)
        await reader.sees("huntgroup/operators/anna/state", reasons=[{"channel": "call", "reason": "busy"}, NO_CHAT])


async def test_a_broker_that_turns_the_daemon_away_does_not_stop_the_calls(
    phone: OpenPhone, caller: Caller, daemon: StartDaemon
) -> None:
    (await phone("anna-desk")).answers()
    async with Broker(anonymous=False) as strict:
        running = await daemon(PLAIN, broker_url=strict.url)
        await running.logs("broker.lost")
        call = await caller.dials(NUMBER)

        await call.answered()
