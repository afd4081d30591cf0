"""What of aiomqtt and paho the link leans on although it is nobody's promise. When one of these fails, see link.py."""

import asyncio
import inspect
import socket

import aiomqtt
import pytest
from paho.mqtt.client import Client as Paho
from tests.unit.adapters.mqtt.conftest import House
from tests.unit.engine.scenario import group, policy

from huntgroup.adapters.mqtt import packets
from huntgroup.adapters.mqtt.link import Link
from huntgroup.adapters.mqtt.outbox import Letter
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
