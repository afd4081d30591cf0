"""Commands that waited at a real Mosquitto while the daemon was away: how old they may be, and whose."""

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.lab.broker import Broker
from tests.lab.daemon import Daemon
from tests.lab.link import Link
from tests.lab.mqtt import Party
from tests.lab.pbx import Pbx
from tests.live.brokers import one_for_each_test
from tests.live.configuration import configuration, group, source
from tests.live.conftest import StartDaemon
from tests.live.exchanges import exchange

pytestmark = pytest.mark.live

PLAIN = configuration(group("sales", "anna", "ben", offer_timeout='"60s"'), ben='role = "administrator"')
PLAIN += source("site-chat") + source("mail", account='"mail-gate"')
SHORT = 'command_max_age = "50ms"\n' + PLAIN
"""Every absence is a long one: to end and to start takes a daemon ten times as long, to link anew twice."""
FOR_THE_BROKER = 300
"""Of these Mosquitto sends 100 and keeps the others back until some of them are acknowledged."""

pbx = exchange({"anna-desk": "101", "ben": "102"})
broker = one_for_each_test()

Waiting = tuple[str, dict[str, Any]]
COMMANDS: tuple[Waiting, ...] = (
    ("operators/anna", {"type": "logout"}),
    ("operators/anna", {"type": "accept", "inquiry": "chat-1"}),
    ("operators/ben", {"type": "pause", "operator": "anna"}),
    ("admin/ben", {"type": "set_group", "group": "sales", "changes": {"rings": 3}}),
)


async def goes_away(running: Daemon, anyone: Party, how: str) -> None:
    """Told to stop, or killed; and everybody sees it."""
    if how == "killed":
        running.kill()
    else:
        await running.stop()
    await anyone.sees("status", state="offline")


async def answer_to(anyone: Party, topic: str, kind: str, after: int) -> dict[str, Any]:
    """What a writer who names no response topic is told."""
    found = await anyone.until(
        lambda each: each.topic == f"huntgroup/{topic}/replies" and each.data.get("type", kind) == kind,
        f"an answer to {kind}",
        after=after,
    )
    answer: dict[str, Any] = found.data
    return answer


@pytest.mark.parametrize("how", ["stopped", "killed"])
@pytest.mark.parametrize("waiting", COMMANDS, ids=lambda value: value[1]["type"])
async def test_a_command_that_waited_long_is_refused(
    broker: Broker, anyone: Party, daemon: StartDaemon, waiting: Waiting, how: str
) -> None:
    topic, command = waiting
    running = await daemon(SHORT, broker_url=broker.url)
    await anyone.submits("chat-1")
    before = await anyone.sees_desk("anna", offers=["chat-1"])
    await goes_away(running, anyone, how)
    seen = len(anyone.seen)
    await anyone.says(f"{topic}/commands", command)
    await anyone.says("inquiries/submit", {"id": "chat-2", "source": "site-chat"})
    await anyone.says("sources/mail-gate/submit", {"id": "1", "source": "mail"})
    await anyone.says("inquiries/chat-1/commands", {"type": "message", "text": "Hello?"})
    await running.start()

    refused = await anyone.sees(f"{topic}/replies", ok=False, after=seen)
    assert refused["error"]["code"] == "expired"
    await anyone.sees_status("chat-2", ok=True)
    await anyone.sees("sources/mail-gate/inquiries/1/status", ok=True, state="active")
    await anyone.sees("inquiries/chat-1/replies", ok=True, type="message")
    state = anyone.latest("operators/anna/state")
    assert (state["presence"], before["offers"][0]["inquiry"] in state["inquiries"]) == ("available", True)
    assert "rings = 3" not in running.config.read_text()
    assert (await anyone.asks(f"{topic}/commands", command))["ok"]


@pytest.mark.parametrize("how", ["stopped", "killed"])
@pytest.mark.parametrize("waiting", COMMANDS, ids=lambda value: value[1]["type"])
async def test_a_command_that_waited_for_a_moment_is_carried_out(
    broker: Broker, anyone: Party, daemon: StartDaemon, waiting: Waiting, how: str
) -> None:
    topic, command = waiting
    running = await daemon(PLAIN, broker_url=broker.url)
    await anyone.submits("chat-1")
    await anyone.sees_desk("anna", offers=["chat-1"])
    await goes_away(running, anyone, how)
    seen = len(anyone.seen)
    await anyone.says(f"{topic}/commands", command)
    await running.start()

    assert (await answer_to(anyone, topic, command["type"], seen))["ok"]


async def test_what_waits_outlives_the_broker_and_comes_before_the_mark(
    broker: Broker, anyone: Party, daemon: StartDaemon
) -> None:
    running = await daemon(SHORT, broker_url=broker.url)
    await anyone.sees("status", state="online")
    await running.stop()
    async with Party(broker, listens_to="") as operator:
        for number in range(FOR_THE_BROKER):
            await operator.says("operators/anna/commands", {"type": "pause", "reason": str(number)})
    await broker.saved()
    broker.kill()
    await broker.start()
    async with Party(broker, listens_to="huntgroup/operators/#") as reader:
        await running.start()
        answers = "huntgroup/operators/anna/replies"
        await reader.until(lambda _: sum(each.topic == answers for each in reader.seen) >= FOR_THE_BROKER, "all")
        codes = {each.data["error"]["code"] for each in reader.seen if each.topic == answers}
        assert codes == {"expired"}
        assert (await reader.commands("anna", "pause", reason="now"))["ok"]
        await reader.sees("operators/anna/state", pause_reason="now")


async def test_what_waits_unacknowledged_comes_before_the_mark_too(daemon: StartDaemon) -> None:
    # Mosquitto keeps messages at QoS 0 for a session only when it is told to.
    async with Broker(config="queue_qos0_messages true") as broker, Party(broker, listens_to="") as operator:
        running = await daemon(SHORT, broker_url=broker.url)
        await running.logs("broker.found")
        await running.stop()
        for number in range(FOR_THE_BROKER):
            command = json.dumps({"type": "pause", "reason": str(number)}).encode()
            await operator.publishes("huntgroup/operators/anna/commands", command, qos=number % 2)
        await operator.listens("huntgroup/#")
        await running.start()
        await operator.sees("status", state="online")
        assert (await operator.commands("anna", "pause", reason="now"))["ok"]
        answers = [each.data for each in operator.seen if each.topic == "huntgroup/operators/anna/replies"]
        assert len(answers) >= FOR_THE_BROKER / 2  # 2.0.11 loses some at QoS 0 when a session goes on
        assert {each["ok"] for each in answers} == {False}


async def test_a_link_that_was_lost_counts_like_an_absence(
    broker: Broker, pbx: Pbx, anyone: Party, daemon: StartDaemon
) -> None:
    target = cast("Pbx", SimpleNamespace(address=broker.address, ami_port=broker.port))
    async with Link(target) as link:
        running = await daemon(SHORT, broker_url=f"mqtt://{link.address}:{link.port}")
        await anyone.sees("status", state="online")
        assert (await anyone.commands("anna", "pause"))["ok"]
        link.cut()
        await running.logs("broker.lost")
        await anyone.says("operators/anna/commands", {"type": "resume_work"})
        link.mend()
        refused = await anyone.sees("operators/anna/replies", ok=False, within=20.0)
        assert refused["error"]["code"] == "expired"
        assert (await anyone.commands("anna", "resume_work"))["ok"]


async def test_nobody_forges_the_mark(broker: Broker, daemon: StartDaemon) -> None:
    running = await daemon(SHORT, broker_url=broker.url)
    async with Party(broker) as attacker:
        await attacker.sees("status", state="online")
        await running.stop()
        await running.start()
        mark = await attacker.until(lambda each: each.topic == "huntgroup/backlog_end", "a mark")
        await running.stop()
        seen = len(attacker.seen)
        for forged in (mark.payload, b"", b"0" * 32, b'{"mark":"0"}'):
            await attacker.says("backlog_end", forged)
        await attacker.says("backlog_end", mark.payload, retain=True)
        await attacker.says("operators/anna/commands", {"type": "logout"})
        await running.start()

        refused = await attacker.sees("operators/anna/replies", ok=False, after=seen)
        assert refused["error"]["code"] == "expired"
        assert [each for each in attacker.seen if each.topic == "huntgroup/rejected"] == []


async def test_a_session_that_is_new_has_nothing_that_waited(
    broker: Broker, anyone: Party, daemon: StartDaemon
) -> None:
    await daemon(SHORT, broker_url=broker.url)
    await anyone.sees("status", state="online")

    assert (await anyone.commands("anna", "logout"))["ok"]
    assert [each for each in anyone.seen if each.topic == "huntgroup/backlog_end"] == []
