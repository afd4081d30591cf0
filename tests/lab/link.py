"""The wire between the daemon and the exchange, which a test can cut or let fall silent."""

import asyncio
from types import TracebackType
from typing import Self

from tests.lab.pbx import Pbx

_CHUNK = 65536


class Link:
    """``async with Link(pbx) as link:``; a Daemon with *link* reaches the exchange's AMI only through it."""

    def __init__(self, pbx: Pbx) -> None:
        self.address, self.port = pbx.address, 0
        self._target = pbx.address, pbx.ami_port
        self._server: asyncio.Server | None = None
        self._flows: set[asyncio.Task[None]] = set()
        self._may_pass = asyncio.Event()
        self._is_open = True

    def cut(self) -> None:
        """Break every connection, and refuse new ones until `mend`."""
        self._is_open = False
        for flow in self._flows:
            flow.cancel()

    def fall_silent(self) -> None:
        """Keep the connections and pass nothing on: a half-open peer."""
        self._may_pass.clear()

    def mend(self) -> None:
        """As new."""
        self._is_open = True
        self._may_pass.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._is_open:
            writer.close()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._target)
        except OSError:  # as the exchange itself would refuse
            writer.close()
            return
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            flow = asyncio.ensure_future(self._pass_on(source, sink))
            self._flows.add(flow)
            flow.add_done_callback(self._flows.discard)

    async def _pass_on(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(_CHUNK):
                await self._may_pass.wait()
                if isinstance(source.exception(), ConnectionResetError):
                    break  # what was not acknowledged goes with a reset; with a mere close it still arrives
                sink.write(data)
                await sink.drain()
        except ConnectionError:
            pass
        finally:
            sink.close()

    async def __aenter__(self) -> Self:
        self._may_pass.set()
        self._server = await asyncio.start_server(self._serve, self.address, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        self.cut()
        await asyncio.gather(*self._flows, return_exceptions=True)
