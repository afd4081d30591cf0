"""A small AMI client of the lab's own, to look into an Asterisk and to command it from a test.

Not the daemon's: a fault in that one must not hide itself from the tests.
"""

import asyncio
import itertools
from collections import deque
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from tests.lab.process import LabError

Message = dict[str, str]
"""Header to value; a repeated header (``Output``, ``ChanVariable``) is joined with line feeds."""
_numbers = itertools.count(1)
"""Of the actions of all connections: ``OriginateResponse`` goes to every one of them, with the id of who asked."""


class Ami:
    """One logged-in connection. ``async with Ami.connected(...) as ami:``."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.events: list[Message] = []
        """Every event so far, in order of arrival."""
        self._reader, self._writer = reader, writer
        self._replies: dict[str, asyncio.Future[Message]] = {}
        self._lists: dict[str, list[Message]] = {}
        self._watchers: deque[asyncio.Future[None]] = deque()
        self._task = asyncio.create_task(self._read(), name="lab-ami")

    @classmethod
    async def login(
        cls,
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        username: str,
        secret: str,
        events: str = "off",
    ) -> Self:
        """Log in on a fresh connection; LabError when refused. *events* as AMI's EventMask."""
        await streams[0].readline()
        ami = cls(*streams)
        try:
            await ami.action("Login", Username=username, Secret=secret, Events=events)
        except BaseException:
            await ami.close()
            raise
        return ami

    async def action(self, name: str, /, within: float = 10.0, **fields: str) -> Message:
        """Send an action and await its response; LabError when Asterisk answers ``Error``."""
        reply = await self._send(name, fields, within)
        if reply.get("Response") == "Error":
            raise LabError(f"AMI {name} {fields}: {reply.get('Message', reply)}")
        return reply

    async def command(self, line: str) -> str:
        """The output of a CLI command, whether it did well or not."""
        return (await self._send("Command", {"Command": line}, 10.0)).get("Output", "")

    async def entries(self, name: str, /, **fields: str) -> list[Message]:
        """The events of a list action such as ``CoreShowChannels``, without the closing one."""
        action_id = f"lab-{next(_numbers)}"
        entries = self._lists[action_id] = []
        try:
            await self.action(name, within=10.0, ActionID=action_id, **fields)
            while not entries or "ListItems" not in entries[-1]:
                await self._any_event(10.0)
        finally:
            del self._lists[action_id]
        return entries[:-1]

    async def event(self, name: str, /, within: float = 10.0, **fields: str) -> Message:
        """The first event of that name with these fields, be it one of the past or yet to come."""
        return await self.first(lambda event: event["Event"] == name and fields.items() <= event.items(), within)

    async def first(self, is_it: Callable[[Message], bool], within: float = 10.0) -> Message:
        """The first event that is it, be it one of the past or yet to come."""
        seen = 0
        async with asyncio.timeout(within):
            while True:
                for event in self.events[seen:]:
                    if is_it(event):
                        return event
                seen = len(self.events)
                await self._any_event(None)

    async def close(self) -> None:
        """Close the connection, without a Logoff."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._writer.close()
        await asyncio.gather(self._writer.wait_closed(), return_exceptions=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _send(self, name: str, fields: Mapping[str, str], within: float) -> Message:
        fields = {"ActionID": f"lab-{next(_numbers)}", **fields}
        action_id = fields["ActionID"]
        lines = [f"Action: {name}", *(f"{header}: {value}" for header, value in fields.items())]
        if self._task.done():
            raise LabError(f"AMI {name}: the connection is closed")
        reply = self._replies[action_id] = asyncio.get_running_loop().create_future()
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        try:
            return await asyncio.wait_for(reply, within)
        finally:
            self._replies.pop(action_id, None)

    async def _any_event(self, within: float | None) -> None:
        watcher: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._watchers.append(watcher)
        async with asyncio.timeout(within):
            await watcher
        if self._task.done():
            raise LabError("the AMI connection was closed")

    async def _read(self) -> None:
        try:
            while True:
                self._take(_parse(await self._reader.readuntil(b"\r\n\r\n")))
        except (asyncio.IncompleteReadError, ConnectionError):
            for reply in self._replies.values():
                if not reply.done():
                    reply.set_exception(LabError("the AMI connection was closed"))
        finally:
            asyncio.get_running_loop().call_soon(self._wake)

    def _take(self, message: Message) -> None:
        action_id = message.get("ActionID", "")
        if "Event" in message:
            if action_id in self._lists:
                self._lists[action_id].append(message)
            else:
                self.events.append(message)
            self._wake()
        elif (reply := self._replies.get(action_id)) is not None and not reply.done():
            reply.set_result(message)

    def _wake(self) -> None:
        while self._watchers:
            watcher = self._watchers.popleft()
            if not watcher.done():
                watcher.set_result(None)


def _parse(block: bytes) -> Message:
    message: Message = {}
    for line in block.decode(errors="replace").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            value = value.removeprefix(" ")
            message[name] = f"{message[name]}\n{value}" if name in message else value
    return message
