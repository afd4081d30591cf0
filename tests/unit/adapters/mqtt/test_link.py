"""What of aiomqtt and paho the link leans on although it is nobody's promise. When one of these fails, see link.py."""

import inspect
import socket

import aiomqtt
from paho.mqtt.client import Client as Paho
from tests.unit.adapters.mqtt.conftest import House
from tests.unit.engine.scenario import group, policy

from huntgroup.adapters.mqtt.link import Link
from huntgroup.settings import Mqtt


async def test_aiomqtt_keeps_pahos_client_where_we_look_for_it() -> None:
    client = aiomqtt.Client("127.0.0.1")
    assert isinstance(client._client, Paho)


async def test_paho_acknowledges_late_when_it_is_told_to() -> None:
    house = House(policy(group("sales", "anna")))
    link = Link(Mqtt(url="mqtt://127.0.0.1"), house.topics, b"{}", lambda: 0.0)
    assert link._paho._manual_ack is True


def test_the_queue_of_what_came_may_be_ours() -> None:
    assert "queue_type" in inspect.signature(aiomqtt.Client).parameters


async def test_what_waits_to_be_written_is_written_in_one_piece() -> None:
    house = House(policy(group("sales", "anna")))
    link = Link(Mqtt(url="mqtt://127.0.0.1"), house.topics, b"{}", lambda: 0.0)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        link._paho._sock = ours
        for text in (b"one", b"two", b"three"):
            link._paho._packet_queue(0x32, text, 1, 1)
        link._paho.loop_write()
        assert theirs.recv(100) == b"onetwothree"
        assert not link._paho.want_write()
        link._paho._sock = None


def test_it_is_the_version_that_was_tried() -> None:
    assert inspect.signature(Paho.ack).parameters.keys() == {"self", "mid", "qos"}
    assert inspect.signature(aiomqtt.Client._on_publish).parameters.keys() == {
        *("self", "client", "userdata", "mid", "reason_code", "properties")
    }
