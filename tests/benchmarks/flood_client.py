"""One account at the broker that publishes as fast as it can, as a process of its own.

    python -m tests.benchmarks.flood_client ADDRESS PORT NAME PASSWORD FLOOD QOS

Publishes until it gets SIGTERM, then prints a line of JSON with the number of messages sent, and of those that the
broker acknowledged. The packets are written by hand: a client library would be slower than the daemon.
"""

import contextlib
import json
import os
import signal
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator

from huntgroup.adapters.mqtt.packets import length

BATCH_BYTES = 128 * 1024
"""Bytes of one write to the socket."""
PUBACK_BYTES = 4
JUNK = 60_000
"""Bytes of a message of junk: under the 64 KiB that the daemon reads at all."""

SUBMIT = "sources/site-chat/submit"
Message = tuple[str, bytes, bool]
"""Topic below the prefix, payload, whether it is retained."""


def empty() -> Iterator[Message]:
    """Empty payloads."""
    while True:
        yield SUBMIT, b"", False


def junk() -> Iterator[Message]:
    """60 kB that are not JSON."""
    payload = b"[" * JUNK
    while True:
        yield SUBMIT, payload, False


def chats() -> Iterator[Message]:
    """Valid chats, each with an id of its own."""
    number = 0
    while True:
        number += 1
        data = {"id": f"flood-{number}", "source": "site-chat", "text": "Where is my order?"}
        yield SUBMIT, json.dumps(data).encode(), False


def customers() -> Iterator[Message]:
    """Customers created, and looked up."""
    number = 0
    while True:
        number += 1
        new = {"name": f"Customer {number}", "email": f"c{number}@shop.example"}
        yield "customers/commands", json.dumps({"type": "create", "customer": new}).encode(), False
        look_up = {"type": "look_up", "customer": {"email": f"c{number}@shop.example"}}
        yield "customers/commands", json.dumps(look_up).encode(), False


def retained() -> Iterator[Message]:
    """Retained junk, at topics that the daemon reads and at topics that only the daemon writes."""
    number = 0
    payload = b"x" * 200
    while True:
        number += 1
        yield f"inquiries/junk-{number % 20_000}/commands", payload, True
        yield f"inquiries/junk-{number % 20_000}/status", payload, True
        yield f"operators/junk-{number % 20_000}/state", payload, True


FLOODS: dict[str, Callable[[], Iterator[Message]]] = {
    "empty": empty,
    "junk": junk,
    "chats": chats,
    "customers": customers,
    "retained": retained,
}


def packet(message: Message, qos: int, mid: int) -> bytes:
    """A PUBLISH of MQTT 3.1.1."""
    topic, payload, is_retained = message
    name = f"huntgroup/{topic}".encode()
    number = struct.pack("!H", mid) if qos else b""
    rest = struct.pack("!H", len(name)) + name + number + payload
    return bytes((0x30 | qos << 1 | is_retained,)) + length(len(rest)) + rest


def connect(address: str, port: int, name: str, password: str) -> socket.socket:
    """A connection that the broker has accepted. Raises SystemExit when it does not."""
    texts = b"".join(struct.pack("!H", len(each)) + each.encode() for each in (f"flood-{os.getpid()}", name, password))
    body = struct.pack("!H", 4) + b"MQTT" + b"\x04\xc2\x00\x3c" + texts
    link = socket.create_connection((address, port))
    link.sendall(b"\x10" + length(len(body)) + body)
    if link.recv(4) != b"\x20\x02\x00\x00":
        raise SystemExit("the broker refused the login")
    return link


def batches(messages: Iterator[Message], qos: int) -> Iterator[tuple[int, bytes]]:
    """Number of messages, and their packets in one piece."""
    mid = 0
    while True:
        packets, size = [], 0
        while size < BATCH_BYTES:
            mid = mid % 65_535 + 1
            packets.append(packet(next(messages), qos, mid))
            size += len(packets[-1])
        yield len(packets), b"".join(packets)


def main() -> None:
    """The command line."""
    address, port, name, password, flood, qos = sys.argv[1:]
    link = connect(address, int(port), name, password)
    sent, received = 0, [0]

    def read() -> None:
        with contextlib.suppress(OSError):
            while data := link.recv(65_536):
                received[0] += len(data)

    def stop(*_: object) -> None:
        raise SystemExit

    threading.Thread(target=read, daemon=True).start()
    signal.signal(signal.SIGTERM, stop)
    try:
        for count, data in batches(FLOODS[flood](), int(qos)):
            link.sendall(data)
            sent += count
    finally:
        print(json.dumps({"sent": sent, "acknowledged": received[0] // PUBACK_BYTES}), flush=True)


if __name__ == "__main__":
    main()
