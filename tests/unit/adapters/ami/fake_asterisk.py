"""An Asterisk that does as it is told: a small AMI server on a loopback port, for what a real one does too rarely.

Unless told otherwise it is a healthy one: it lets `USERNAME` in, is fully booted, and answers what the daemon asks.
What it got is in `actions`; `receives` awaits it.
"""

import asyncio
import contextlib
import hashlib
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

USERNAME, SECRET = "huntgroup", "s3cret"
GREETING = "Asterisk Call Manager/9.0.0\r\n"
CHALLENGE = "841234567"
CLOCK = 1_795_282_404.25
"""What time it is there, in seconds since the epoch."""
WITHIN = 5.0

Action = dict[str, str]
Reply = Callable[[Action], str | None]
"""From an action to the text of the answer, without ActionID and end; None for silence."""


def success(*lines: str) -> str:
    """A response that it went well."""
    return "\r\n".join(("Response: Success", *lines))


def error(message: str) -> str:
    """A response that it did not."""
    return f"Response: Error\r\nMessage: {message}"


def with_id(text: str, action_id: str) -> str:
    """With the ActionID where Asterisk has it: second in a response and at the end of a list, last in its items."""
    if text.startswith("Event: Status\r\n"):
        return f"{text}\r\nActionID: {action_id}"
    before, gap, last = text.rpartition("\r\n\r\n")
    first, end, rest = last.partition("\r\n")
    return f"{before}{gap}{first}\r\nActionID: {action_id}{end}{rest}"


class FakeAsterisk:
    """``async with FakeAsterisk() as asterisk:``; change its attributes before the daemon asks."""

    def __init__(self) -> None:
        self.address, self.port = "127.0.0.1", 0
        self.greeting = GREETING
        self.is_booted = True
        self.device_states: dict[str, str] = {}
        """Phone to device state; NOT_INUSE for one that is not here."""
        self.keys: dict[str, str] = {}
        self.globals: dict[str, str] = {}
        """What DB_KEYS gives, by prefix."""
        self.channels: list[str] = []
        """The items that Status lists, as text."""
        self.actions: list[Action] = []
        """Everything received on any connection, in order."""
        self.connections = 0
        self.answers: dict[str, Reply] = {
            "Challenge": lambda _: success(f"Challenge: {CHALLENGE}"),
            "Login": self._login,
            "Getvar": self._getvar,
            "Ping": lambda _: success("Ping: Pong", f"Timestamp: {CLOCK:.6f}"),
        }
        self._writers: list[asyncio.StreamWriter] = []
        """Of the connections that get answers."""
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        """Of every connection, by the task that reads from it."""
        self._news = asyncio.Event()
        self._server: asyncio.Server | None = None

    # -- what it is told --------------------------------------------------------------------------------------

    def falls_silent(self) -> None:
        """Takes everything and answers nothing, on the connections that are there."""
        self._writers.clear()

    def cuts(self) -> None:
        """Drops every connection."""
        for writer in self._open.values():
            writer.transport.abort()
        self._writers.clear()

    def says(self, text: str | bytes, *, in_pieces_of: int | None = None) -> None:
        """Sends whole messages, each ended by an empty line, or any bytes as they are."""
        data = text if isinstance(text, bytes) else f"{text}\r\n\r\n".encode()
        step = in_pieces_of or len(data)
        for begin in range(0, len(data), step):
            self._writers[-1].write(data[begin : begin + step])

    def ignores(self, *names: str) -> None:
        """Gives no answer to these actions."""
        self.answers.update(dict.fromkeys(names, lambda _: None))

    async def goes_away(self) -> None:
        """Drops every connection and takes no new one."""
        if self._server is not None:
            self._server.close()
        self.cuts()

    async def comes_back(self) -> None:
        """Listens again where it did."""
        self._server = await asyncio.start_server(self._serve, self.address, self.port)

    # -- what it saw ------------------------------------------------------------------------------------------

    def count(self, name: str, **fields: str) -> int:
        """How many such actions came."""
        return len(self.received(name, **fields))

    def received(self, name: str, **fields: str) -> list[Action]:
        """The actions of that name with these fields, in order."""
        return [each for each in self.actions if each["Action"] == name and fields.items() <= each.items()]

    async def receives(self, name: str, *, times: int = 1, **fields: str) -> Action:
        """Awaits that so many such actions have come; the last of them."""
        await self._until(lambda: self.count(name, **fields) >= times, f"{times} {name} {fields}")
        return self.received(name, **fields)[times - 1]

    async def is_connected(self, times: int = 1) -> None:
        """Awaits that many connections, counted from the start."""
        await self._until(lambda: self.connections >= times, f"{times} connections")

    async def is_left(self) -> None:
        """Awaits that nobody is connected any more."""
        await self._until(lambda: not self._open, "that the last connection ends")

    async def _until(self, is_so: Callable[[], bool], what: str) -> None:
        try:
            async with asyncio.timeout(WITHIN):
                while not is_so():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            names = [each["Action"] for each in self.actions]
            raise AssertionError(f"waited in vain for {what}; {self.connections} connections, {names}") from None

    # -- the server -------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, self.address, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.goes_away()
        await self.is_left()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open[task] = writer
        self.connections += 1
        self._writers.append(writer)
        self._news.set()
        writer.write(self.greeting.encode())
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    self._take(await reader.readuntil(b"\r\n\r\n"), writer)
        finally:
            writer.close()
            # A reset by the other side is an end like any other, and nobody else asks how it ended.
            await asyncio.gather(writer.wait_closed(), return_exceptions=True)
            del self._open[task]
            self._news.set()

    def _take(self, block: bytes, writer: asyncio.StreamWriter) -> None:
        action = dict(line.split(": ", 1) for line in block.decode().strip().split("\r\n"))
        self.actions.append(action)
        self._news.set()
        if writer not in self._writers:
            return
        for text in self._answers_to(action):
            writer.write(f"{with_id(text, action['ActionID'])}\r\n\r\n".encode())
        if action["Action"] == "Login" and self.is_booted and writer in self._writers:
            writer.write(b"Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted\r\n\r\n")

    def _answers_to(self, action: Action) -> Iterable[str]:
        name = action["Action"]
        if name == "Status" and name not in self.answers:
            yield success("EventList: start", "Message: Channel status will follow")
            yield from self.channels
            count = len(self.channels)
            yield f"Event: StatusComplete\r\nEventList: Complete\r\nListItems: {count}\r\nItems: {count}"
            return
        answer = self.answers.get(name)
        text = answer(action) if answer else success()
        if text is not None:
            yield text

    def _login(self, action: Action) -> str:
        key = hashlib.md5((CHALLENGE + SECRET).encode(), usedforsecurity=False).hexdigest()
        is_right = (action["Username"], action["Key"]) == (USERNAME, key)
        return success("Message: Authentication accepted") if is_right else error("Authentication failed")

    def _getvar(self, action: Action) -> str:
        function, _, argument = action["Variable"].removesuffix(")").partition("(")
        known, otherwise = (self.keys, "") if function == "DB_KEYS" else (self.globals, "")
        if function == "DEVICE_STATE":
            known, otherwise = self.device_states, "NOT_INUSE"
        return success(f"Variable: {action['Variable']}", f"Value: {known.get(argument, otherwise)}")
