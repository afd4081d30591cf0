"""The two packets of MQTT 5 that pass by the thousand, as bytes: PUBLISH on its way out, PUBACK both ways (OASIS MQTT
5.0, 3.3 and 3.4). All others are paho's."""

import struct
from typing import NamedTuple

PUBLISH = 0x30
PUBLISH_AT_LEAST_ONCE = 0x32
KIND = 0xF0
KIND_AND_QOS = 0xF6
RETAIN = 0x01
PUBACK = 0x40
CORRELATION_DATA = b"\x09"
NO_PROPERTIES = b"\x00"
_SHORT = struct.Struct("!H")
_LONG_MOST = 4
"""Bytes of a length."""


class Acknowledgement(NamedTuple):
    """``reason`` is 128 or more for what the broker does not take."""

    mid: int
    reason: int


class Malformed(ValueError):  # noqa: N818 - it is what the broker sent
    """No client can go on behind this."""


def publish(topic: str, payload: bytes, mid: int, *, is_retained: bool, correlation: bytes | None) -> bytes:
    """A message at QoS 1."""
    name = topic.encode()
    properties = NO_PROPERTIES
    if correlation is not None:
        data = CORRELATION_DATA + _SHORT.pack(len(correlation)) + correlation
        properties = length(len(data)) + data
    rest = len(name) + len(properties) + len(payload) + 4
    first = PUBLISH_AT_LEAST_ONCE | RETAIN if is_retained else PUBLISH_AT_LEAST_ONCE
    return b"".join(
        (bytes((first,)), length(rest), _SHORT.pack(len(name)), name, _SHORT.pack(mid), properties, payload)
    )


def acknowledgement(mid: int) -> bytes:
    """That a message was taken."""
    return b"\x40\x02" + _SHORT.pack(mid)


def length(number: int) -> bytes:
    """Seven bits a byte, the lowest first."""
    if number < 0x80:
        return bytes((number,))
    found = bytearray()
    while number >= 0x80:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


def take_acknowledgements(came: bytearray) -> tuple[list[Acknowledgement], bool]:
    """Those that ``came`` begins with, which are taken out of it; and whether it now begins with a part of one.

    Raises Malformed.
    """
    found = []
    at, end = 0, len(came)
    is_part = False
    while at < end and came[at] == PUBACK:
        rest = _length_at(came, at + 1)
        if rest is None or at + 1 + rest[1] + rest[0] > end:
            is_part = True
            break
        size, width = rest
        if size < 2:
            raise Malformed("an acknowledgement of nothing")
        body = at + 1 + width
        found.append(Acknowledgement(came[body] << 8 | came[body + 1], came[body + 2] if size > 2 else 0))
        at = body + size
    del came[:at]
    return found, is_part


def is_reliable(first: int) -> bool:
    """Whether a packet that begins with this byte is a message that the sender keeps until it is acknowledged."""
    return first & KIND == PUBLISH and not is_unreliable(first)


def is_unreliable(first: int) -> bool:
    """Whether it is a message at QoS 0."""
    return first & KIND_AND_QOS == PUBLISH


def drop_unreliable(came: bytearray) -> tuple[int, int]:
    """Take the messages at QoS 0 away that ``came`` begins with: how many, and how many bytes of the last are still to
    come. A message whose length is not all there stays. Raises Malformed."""
    at, end, count = 0, len(came), 0
    while at + 1 < end and came[at] & KIND_AND_QOS == PUBLISH:
        size, width = came[at + 1], 1
        if size >= 0x80:
            rest = _length_at(came, at + 1)
            if rest is None:
                break
            size, width = rest
        at += 1 + width + size
        count += 1
    del came[:at]
    return count, max(0, at - end)


def _length_at(came: bytearray, at: int) -> tuple[int, int] | None:
    """A length and how many bytes it takes; None: it is not all there."""
    number = 0
    for width, byte in enumerate(came[at : at + _LONG_MOST]):
        number |= (byte & 0x7F) << 7 * width
        if byte < 0x80:
            return number, width + 1
    if len(came) - at >= _LONG_MOST:
        raise Malformed("a length without an end")
    return None
