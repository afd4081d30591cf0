"""The packets that we build and read ourselves are those that paho would."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.client import Client as Paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from huntgroup.adapters.mqtt import packets

mids = st.integers(1, 65_535)


class Wire:
    """Paho's socket."""

    def __init__(self) -> None:
        self.sent = b""

    def send(self, data: bytes) -> int:
        self.sent += bytes(data)
        return len(data)


def of_paho(topic: str, payload: bytes, mid: int, *, is_retained: bool, correlation: bytes | None) -> bytes:
    client = Paho(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    wire = Wire()
    client._sock = wire  # type: ignore[assignment]
    properties = None
    if correlation is not None:
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.CorrelationData = correlation
    client._last_mid = mid - 1
    client.publish(topic, payload, 1, is_retained, properties)
    client._sock = None
    return wire.sent


@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="+#\0"), min_size=1, max_size=40),
    st.one_of(st.binary(max_size=300), st.integers(0, 40_000).map(bytes)),
    mids,
    st.booleans(),
    st.one_of(st.none(), st.binary(max_size=200)),
)
def test_a_message_is_the_packet_that_paho_makes_of_it(
    topic: str, payload: bytes, mid: int, is_retained: bool, correlation: bytes | None
) -> None:
    ours = packets.publish(topic, payload, mid, is_retained=is_retained, correlation=correlation)
    assert ours == of_paho(topic, payload, mid, is_retained=is_retained, correlation=correlation)


@given(st.lists(st.tuples(mids, st.sampled_from((None, 0, 16, 135)), st.integers(0, 300))), st.data())
def test_acknowledgements_are_read_however_the_bytes_come(
    said: list[tuple[int, int | None, int]], data: st.DataObject
) -> None:
    wire = b"".join(_acknowledged(*each) for each in said)
    came, found = bytearray(), []
    while wire:
        count = data.draw(st.integers(1, len(wire)))
        came += wire[:count]
        wire = wire[count:]
        more, is_part = packets.take_acknowledgements(came)
        found += more
        assert is_part == bool(came)
    assert found == [(mid, reason or 0) for mid, reason, _ in said]


def _acknowledged(mid: int, reason: int | None, why: int) -> bytes:
    body = struct.pack("!H", mid)
    if reason is not None:
        said = b"\x1f" + struct.pack("!H", why) + b"x" * why if why else b""
        body += bytes((reason,)) + (packets.length(len(said)) + said if why else b"")
    return b"\x40" + packets.length(len(body)) + body


def test_what_is_no_acknowledgement_is_left_to_paho() -> None:
    came = bytearray(packets.acknowledgement(7) + b"\xd0\x00" + packets.acknowledgement(8))
    assert packets.take_acknowledgements(came) == ([(7, 0)], False)
    assert came == b"\xd0\x00" + packets.acknowledgement(8)


@pytest.mark.parametrize("wire", [b"\x40\x01\x00", b"\x40\xff\xff\xff\xff\x01"])
def test_nonsense_ends_the_connection(wire: bytes) -> None:
    with pytest.raises(packets.Malformed):
        packets.take_acknowledgements(bytearray(wire))
