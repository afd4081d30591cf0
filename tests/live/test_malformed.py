"""Whatever is thrown at the daemon is answered or told of, and changes nothing.

HUNTGROUP_MALFORMED=10000 and HUNTGROUP_SEED=… make it more, or others: `make malformed`. So many at once are a flood:
samples of it are told, and the others are counted.
"""

import json
import os
from collections.abc import AsyncIterator

import pytest
from tests.lab.broker import Broker
from tests.lab.malformed import malformed
from tests.lab.mqtt import Party, kept_at
from tests.live.configuration import configuration, group, source
from tests.live.conftest import StartDaemon
from tests.live.exchanges import exchange

from huntgroup.adapters.mqtt.rejections import WRITER_BURST

pytestmark = pytest.mark.live

COUNT = int(os.environ.get("HUNTGROUP_MALFORMED", "400"))
SEED = int(os.environ.get("HUNTGROUP_SEED", "1"))
TEXT = configuration(group("sales", "anna", "ben", offer_timeout='"10m"')) + source("site-chat")
AT_ONCE = 200

pbx = exchange({"anna-desk": "101"})


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    """A broker with room for all that is told of them."""
    async with Broker(persistent=False, config="max_queued_messages 0\nmax_inflight_messages 100") as broker:
        yield broker


@pytest.mark.timeout(900)
async def test_each_message_that_cannot_be_understood_is_told_and_answered_and_changes_nothing(
    broker: Broker, daemon: StartDaemon
) -> None:
    print(f"HUNTGROUP_SEED={SEED}")
    await daemon(TEXT, broker_url=broker.url)
    async with Party(broker) as reader, Party(broker, listens_to="") as rude:
        await reader.sees("status", state="online")
        await reader.submits("x-1")
        await reader.commands("anna", "accept", inquiry="x-1")
        await reader.sees("groups/sales/state", answered_today=1)
        before, begin = await _state(broker), len(reader.seen)

        sent: list[tuple[str, bytes]] = []
        for topic, payload in malformed(SEED, COUNT):
            await rude.says(topic, payload)
            sent.append((topic, payload))
            if len(sent) % AT_ONCE == 0:
                await _handled(reader)
        await _handled(reader)

        told = [each.data for each in reader.seen[begin:] if each.topic == "huntgroup/rejected"]
        at = -1
        for each in told:
            at += 1 + each.get("not_reported", 0)
            topic, payload = sent[at]
            assert (each["topic"], each["payload_bytes"]) == (f"huntgroup/{topic}", len(payload))
            assert each["payload"] == _shown(payload)
        assert len(told) == COUNT if COUNT <= WRITER_BURST else len(told) >= WRITER_BURST
        answered = sent if len(told) == COUNT else []
        for topic, replies in (
            ("operators/anna/commands", "operators/anna/replies"),
            ("inquiries/x-1/commands", "inquiries/x-1/replies"),
        ):
            answers = [each.data for each in reader.seen[begin:] if each.topic == f"huntgroup/{replies}"]
            assert len(answers) == sum(each == topic for each, _ in answered) or not answered
            assert not any(each["ok"] for each in answers)
        assert [each.topic for each in reader.seen[begin:] if "/events/" in each.topic] == []
        assert await _state(broker) == before


async def _handled(reader: Party) -> None:
    """Wait until all that was sent before is handled."""
    answer = await reader.commands("nobody", "login")
    assert answer["error"]["code"] == "unknown_operator"


def _shown(payload: bytes) -> str:
    text = payload[: 4 * 4096].decode("utf-8", "replace")[:4096]
    shown: str = json.loads(json.dumps(text))
    return shown


async def _state(broker: Broker) -> dict[str, object]:
    """All that the broker keeps, but for the instant of the figures."""
    kept = await kept_at(broker)
    kept["groups/sales/state"].pop("at")
    return kept
