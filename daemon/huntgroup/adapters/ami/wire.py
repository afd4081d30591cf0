"""Bytes <-> messages of the Asterisk manager interface, on panoramisk with its faults closed.

Knows nothing of calls. What panoramisk 1.4 gets wrong and this corrects is named at each override; every one of them
was seen to happen and has its test.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import structlog
from panoramisk import actions
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.message import Message

from huntgroup.errors import PeerError

log = structlog.get_logger(__name__)

END = b"\r\n\r\n"
MAX_MESSAGE = 1 << 20
"""Bytes that one message may have; a peer that sends more without an end is not speaking AMI."""
FORBIDDEN = frozenset("\r\n\0")

Field = str | int | float | Sequence[str]
Received = Callable[[Message], None]


class UnsafeFieldError(ValueError):
    """A field with a line break would be a second action: it is refused before anything is sent."""


class SafeAction(actions.Action):  # type: ignore[misc]
    """One action and what came back for it.

    The parent guesses from the wording of the response whether more will follow, and waits for ever when it guesses
    wrong (QueueAdd) or fails (Originate without Async). Here a list is what says of itself ``EventList: start``, and
    it ends with ``EventList: Complete``.
    """

    def __init__(self, fields: Mapping[str, Field]) -> None:
        """``fields`` are the action's headers. Raises UnsafeFieldError on a line break or NUL in any of them."""
        for name, value in fields.items():
            for text in (name, *((value,) if isinstance(value, str | int | float) else value)):
                if not FORBIDDEN.isdisjoint(str(text)):
                    raise UnsafeFieldError(f"{name}: {text!r} has a line break or NUL in it")
        super().__init__(dict(fields))

    def add_message(self, message: Message) -> bool:
        """Take a message that names this action; True when it was the last."""
        self.responses.append(message)
        phase = str(message.eventlist).lower()
        if phase == "start" or ("response" not in message and phase not in {"complete", "cancelled"}):
            return False
        if not self.future.done():
            self.future.set_result(list(self.responses))
        return True

    def fail(self, error: PeerError) -> None:
        """End the wait of whoever asked."""
        if not self.future.done():
            self.future.set_exception(error)


class Wire(AMIProtocol):  # type: ignore[misc]
    """One connection. Whole messages go to ``received``; the end of it to ``lost``."""

    def __init__(self, received: Received, lost: Callable[[Exception | None], None], peer: str) -> None:
        self._received = received
        self._lost = lost
        self._peer = peer
        self._buffer = bytearray()
        self._pending: dict[str, SafeAction] = {}
        self.is_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        super().connection_made(transport)
        self.is_open = True

    def data_received(self, data: bytes) -> None:
        """Split on bytes and decode afterwards: the parent decodes each chunk and loses a character cut in two."""
        buffer = self._buffer
        buffer += data
        while (end := buffer.find(END)) >= 0:
            raw = bytes(buffer[:end])
            del buffer[: end + len(END)]
            message = parse(raw)
            if message is not None:
                self.handle_message(message)
        if len(buffer) > MAX_MESSAGE:
            log.error("ami.message_too_long", peer=self._peer, bytes=len(buffer))
            self.transport.abort()

    def handle_message(self, message: Message) -> None:
        """Give a message to the action that it answers, or else to ``received``.

        A receiver that raises costs its own message and nothing else; in the parent it closed the connection.
        """
        action_id = message.id
        action = self._pending.get(action_id) if isinstance(action_id, str) else None
        try:
            if action is not None:
                if action.add_message(message):
                    del self._pending[action_id]
            elif "event" in message:
                self._received(message)
        except Exception:
            log.exception("ami.message_not_handled", peer=self._peer, message=dict(message))

    def send_actions(self, batch: Sequence[SafeAction], timeout: float) -> None:
        """Write all of them at once. Each future gets its messages, or a PeerError after ``timeout`` seconds."""
        if not self.is_open:
            for action in batch:
                action.fail(PeerError(self._peer, "the AMI link is down"))
            return
        loop = asyncio.get_running_loop()
        for action in batch:
            self._pending[action.id] = action
            timer = loop.call_later(timeout, self._give_up, action, timeout)
            action.future.add_done_callback(lambda _, timer=timer: timer.cancel())
        self.transport.write("".join(map(str, batch)).encode())

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail what was under way. The parent would send it again on the next connection: a Redirect ran twice."""
        if not self.is_open:
            return
        self.is_open = False
        pending, self._pending = self._pending, {}
        for action in pending.values():
            action.fail(PeerError(self._peer, f"the AMI link broke during {action['action']}"))
        self._lost(exc)

    def close(self) -> None:
        """Hang up on the peer now. The futures of what was under way fail."""
        if self.is_open:
            self.transport.abort()
            self.connection_lost(None)

    def _give_up(self, action: SafeAction, timeout: float) -> None:
        self._pending.pop(action.id, None)
        action.fail(PeerError(self._peer, f"no answer to {action['action']} within {timeout:g} s"))


def parse(raw: bytes) -> Message | None:
    """One message from its bytes, or None for what is none (the banner alone) or what cannot be trusted.

    Two headers ``Event`` in one message are no message of Asterisk's: somebody got a line break into a value.
    """
    text = raw.decode("utf-8", "replace")
    try:
        message = Message.from_line(text.lstrip("\r\n"))
    except (ValueError, TypeError, AttributeError, IndexError):
        log.warning("ami.unreadable_message", text=text)
        return None
    if message is None:
        return None
    for key in ("event", "response", "uniqueid", "channel"):
        if key in message and not isinstance(message[key], str):
            log.warning("ami.message_refused", reason=f"doubled {key}", text=text)
            return None
    return message
