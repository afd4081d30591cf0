"""A channel and many operators' screens in one process, as quick as paho lets them.

    python -m tests.benchmarks.mqtt_load ADDRESS PORT GROUPS COUNT OPEN

Submits COUNT chats, OPEN at a time, accepts each when it is on a desk, closes it when it is in hand, and says on a line
of JSON how long that took. The operators of group g are op-g-0, op-g-1 …; its source is chat-g.
"""

import json
import socket
import sys
import time
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion


class Load:
    """All of it on one connection."""

    def __init__(self, groups: int, count: int, open_most: int) -> None:
        self._groups = groups
        self._count = count
        self._open_most = open_most
        self._submitted = 0
        self._step: dict[str, int] = {}
        self.closed = 0
        self.began = 0.0
        self.client = Client(CallbackAPIVersion.VERSION2)
        self.client.max_inflight_messages_set(100)
        self.client.on_message = self._on_message
        self.client.on_subscribe = self._on_subscribe

    def _on_subscribe(self, *_: object) -> None:
        self.began = time.monotonic()
        for _number in range(self._open_most):
            self._submit()

    def _submit(self) -> None:
        if self._submitted == self._count:
            return
        number = self._submitted
        self._submitted += 1
        self._step[f"load-{number}"] = 0
        self._publish("inquiries/submit", {"id": f"load-{number}", "source": f"chat-{number % self._groups}"})

    def _publish(self, topic: str, payload: dict[str, Any]) -> None:
        self.client.publish(f"huntgroup/{topic}", json.dumps(payload), qos=1)

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        operator = message.topic.split("/")[2]
        desk = json.loads(message.payload)
        for offer in desk["offers"]:
            self._go_on(operator, offer["inquiry"], 1, "accept")
        for mine in desk["inquiries"]:
            self._go_on(operator, mine["inquiry"], 2, "close")

    def _go_on(self, operator: str, inquiry: str, step: int, command: str) -> None:
        if self._step.get(inquiry, 9) >= step:
            return
        self._step[inquiry] = step
        self._publish(f"operators/{operator}/commands", {"type": command, "inquiry": inquiry})
        if step == 2:
            del self._step[inquiry]
            self.closed += 1
            if self.closed == self._count:
                self.client.disconnect()
            else:
                self._submit()


def _at_once(_client: Client, _data: object, connection: Any) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def main() -> None:
    """The command line."""
    address, port, *numbers = sys.argv[1:]
    groups, count, open_most = map(int, numbers)
    load = Load(groups, count, open_most)
    load.client.on_socket_open = _at_once
    load.client.connect(address, int(port))
    load.client.subscribe("huntgroup/operators/+/desk", qos=1)
    load.client.loop_forever()
    seconds = time.monotonic() - load.began
    print(json.dumps({"closed": load.closed, "seconds": seconds, "cpu": time.process_time() / seconds}))


if __name__ == "__main__":
    main()
