"""What of aiomqtt and paho the link leans on although it is nobody's promise. When one of these fails, see link.py."""

import asyncio
import contextlib
import inspect
import socket

import aiomqtt
import pytest
from paho.mqtt.client import Client as Paho
from tests.unit.adapters.mqtt.conftest import House
from tests.unit.engine.scenario import group, policy

from huntgroup.adapters.mqtt import link as module
from huntgroup.adapters.mqtt import packets
from huntgroup.adapters.mqtt.link import TAKEN_OVER, Link
from huntgroup.adapters.mqtt.outbox import Letter
from huntgroup.adapters.mqtt.share import Share
from huntgroup.adapters.mqtt.topics import Topics
from huntgroup.settings import Mqtt


async def test_aiomqtt_keeps_pahos_client_where_we_look_for_it() -> None:
    client = aiomqtt.Client("127.0.0.1")
    assert isinstance(client._client, Paho)


async def test_paho_acknowledges_late_when_it_is_told_to() -> None:
    house = House(policy(group("sales", "anna")))
    link = Link(Mqtt(url="mqtt://127.0.0.1"), house.topics, b"{}", lambda: 0.0, identifier="lab")
    assert link._paho._manual_ack is True


def test_the_queue_of_what_came_may_be_ours() -> None:
    assert "queue_type" in inspect.signature(aiomqtt.Client).parameters


def linked_to(ours: socket.socket) -> tuple[Link, House]:
    """A link over this socket, as if the broker had taken it."""
    house = House(policy(group("sales", "anna")))
    link = Link(Mqtt(url="mqtt://127.0.0.1"), house.topics, b"{}", lambda: 0.0, identifier="lab")
    ours.setblocking(False)
    link._paho._sock = ours
    return link, house


async def test_what_is_published_in_a_turn_is_written_in_one_piece_and_acknowledged_in_one() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        link, house = linked_to(ours)
        for text in (b"one", b"two", b"three"):
            house.outbox.send("t", lambda text=text: text)  # type: ignore[misc]
        publishing = asyncio.ensure_future(link.publish(house.outbox))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        whole = b"".join(
            packets.publish("t", text, mid, is_retained=False, correlation=None)
            for mid, text in ((1, b"one"), (2, b"two"), (3, b"three"))
        )
        assert theirs.recv(1000) == whole
        assert not link._paho.want_write()
        theirs.send(packets.acknowledgement(1) + packets.acknowledgement(2) + packets.acknowledgement(3)[:3])
        link._paho.loop_read()
        assert [each.build() for each in link.not_delivered()] == [b"three"]
        theirs.send(packets.acknowledgement(3)[3:])
        link._paho.loop_read()
        assert link.not_delivered() == []
        publishing.cancel()
        link._paho._sock = None


async def test_a_message_between_acknowledgements_is_read_in_its_turn() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        link, _ = linked_to(ours)
        link._under_way = {mid: Letter("t", bytes) for mid in (1, 2)}
        message = packets.publish("huntgroup/x", b"{}", 9, is_retained=False, correlation=b"c")
        theirs.send(packets.acknowledgement(1) + message + packets.acknowledgement(2) + message[:7])
        link._paho.loop_read()
        assert link.not_delivered() == []
        assert link._queue.qsize() == 1
        theirs.send(message[7:])
        link._paho.loop_read()
        assert link._queue.qsize() == 2
        link._paho._sock = None


@pytest.mark.parametrize("wire", [b"", b"\x40\x01\x00"])
async def test_an_end_and_nonsense_end_the_connection(wire: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        link, _ = linked_to(ours)
        gone = asyncio.Event()
        link._paho.on_socket_close = lambda *_: None
        link._paho.on_disconnect = lambda *_: gone.set()
        if wire:
            theirs.send(wire)
        else:
            theirs.close()
        link._paho.loop_read()
        assert gone.is_set()


def test_it_is_the_version_that_was_tried() -> None:
    assert inspect.signature(Paho._sock_recv).parameters.keys() == {"self", "bufsize"}
    assert inspect.signature(Paho._packet_read).parameters.keys() == {"self"}
    assert inspect.signature(Paho._loop_rc_handle).parameters.keys() == {"self", "rc"}
    assert inspect.signature(Paho._do_on_publish).parameters.keys() == {"self", "mid", "reason_code", "properties"}


class Ticking:
    """A clock that goes on by a thousandth of a second each time it is read."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        self.at += 0.001
        return self.at


def message(number: int, payload: bytes = b"{}", *, qos: int = 1) -> bytes:
    """A message to the daemon, as the broker sends it."""
    whole = packets.publish("huntgroup/inquiries/submit", payload, number, is_retained=False, correlation=None)
    if qos == 1:
        return whole
    name = b"huntgroup/inquiries/submit"
    rest = len(name).to_bytes(2, "big") + name + b"\x00" + payload
    return bytes((packets.PUBLISH,)) + packets.length(len(rest)) + rest


def flooded_link(ours: socket.socket, share: Share | None = None) -> Link:
    """A link that is read as by the event loop; without *share* no time passes, so that no slice is ever over."""
    share = share or Share(lambda: 0.0)
    link = Link(Mqtt(url="mqtt://127.0.0.1"), Topics("huntgroup"), b"{}", lambda: 0.0, identifier="lab", share=share)
    ours.setblocking(False)
    link._paho._sock = ours
    return link


async def test_a_flood_of_small_messages_is_parsed_in_short_slices() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        link = flooded_link(ours, Share(Ticking()))
        theirs.send(b"".join(message(number) for number in range(1, 501)))
        link._paho.loop_read()
        assert 0 < link._queue.qsize() < 10
        for _ in range(500):
            link._paho.loop_read()
        assert link._queue.qsize() == 500
        link._paho._sock = None


async def test_the_socket_is_left_alone_while_too_many_bytes_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAITING_BYTES", 100_000)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.setblocking(False)
        link = flooded_link(ours)
        held: list[bool] = []
        link.when_held = lambda: held.append(True)
        junk = b"".join(message(number, b"x" * 20_000) for number in range(1, 201))
        sent = 0
        for _ in range(200):
            with contextlib.suppress(BlockingIOError):
                sent += theirs.send(junk[sent:])
            link._readable()
            await asyncio.sleep(0)
        assert link.is_held
        assert held
        assert link._queue.bytes < 130_000
        assert len(link._came) <= 2 * module.READ_MOST
        assert sent < len(junk)
        link._paho._sock = None


async def test_reading_goes_on_once_what_waited_is_handled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAITING_COUNT", 10)
    monkeypatch.setattr(module, "RECEIVE_MOST", 4)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        link = flooded_link(ours)
        link._client._disconnected = asyncio.get_running_loop().create_future()
        theirs.send(b"".join(message(number) for number in range(1, 101)))
        link._readable()
        assert link.is_held
        found = []
        async with asyncio.timeout(10):
            async for batch in link.deliveries():
                assert link._queue.qsize() <= 10
                found += batch
                if len(found) == 100:
                    break
        assert len(found) == 100
        ours_number = ours.fileno()
        link._paho._sock = None
        asyncio.get_running_loop().remove_reader(ours_number)


async def test_unreliable_messages_are_dropped_when_full_and_an_acknowledgement_behind_them_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "WAITING_COUNT", 10)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        link = flooded_link(ours)
        link._under_way = {7: Letter("t", bytes)}
        flood = b"".join(message(number, qos=0) for number in range(1, 101))
        theirs.send(flood + packets.acknowledgement(7))
        link._paho.loop_read()
        assert link._queue.qsize() == 10
        assert link.dropped == 90
        assert link.not_delivered() == []
        assert not link.is_held
        link._paho._sock = None


async def test_a_long_unreliable_message_is_dropped_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAITING_COUNT", 1)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        link = flooded_link(ours)
        link._under_way = {7: Letter("t", bytes)}
        whole = message(1, qos=0) + message(2, b"x" * 60_000, qos=0) + packets.acknowledgement(7)
        for begin in range(0, len(whole), 10_000):
            theirs.send(whole[begin : begin + 10_000])
            link._paho.loop_read()
        assert link._queue.qsize() == 1
        assert link.dropped == 1
        assert link.not_delivered() == []
        link._paho._sock = None


async def test_reliable_messages_get_through_a_flood_of_unreliable_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BEHIND_SECONDS", 0.01)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        link = flooded_link(ours, Share(Ticking()))
        theirs.send(b"".join(message(number, qos=0) for number in range(1, 301)) + message(301) + message(302))
        for _ in range(100):
            link._paho.loop_read()
        assert link.dropped > 200
        assert link._queue.qsize() == 302 - link.dropped
        link._paho._sock = None


async def test_a_broker_that_never_acknowledges_is_connected_to_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ACKNOWLEDGED_WITHIN", 0.02)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        link = flooded_link(ours)
        waiting = asyncio.ensure_future(link.acknowledged())
        for mid in (1, 2):
            link._publish(Letter("t", bytes))
            await asyncio.sleep(0)
            theirs.send(packets.acknowledgement(mid))
            link._paho.loop_read()
        await asyncio.sleep(0.1)
        assert not waiting.done()

        link._publish(Letter("t", bytes))
        with pytest.raises(aiomqtt.MqttError, match="did not acknowledge"):
            await asyncio.wait_for(waiting, 10)
        assert len(link.not_delivered()) == 1
        link._paho._sock = None


async def test_a_broker_that_gives_the_session_to_another_client_says_so() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        link, _ = linked_to(ours)
        link._paho.on_socket_close = lambda *_: None
        theirs.send(b"\xe0\x02\x8e\x00")  # DISCONNECT, session taken over, no properties (MQTT 5, 3.14)
        link._paho.loop_read()
        assert link.end == TAKEN_OVER


def test_asyncios_queue_has_the_places_that_are_overridden() -> None:
    assert inspect.signature(asyncio.Queue._put).parameters.keys() == {"self", "item"}
    assert inspect.signature(asyncio.Queue._get).parameters.keys() == {"self"}
