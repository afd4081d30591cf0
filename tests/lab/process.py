"""Child processes that never outlive the lab, not even when the test process is killed."""

import asyncio
import ctypes
import os
import signal
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)
_POLL = 0.003
"""Seconds between two looks at what gives no event to wait for: a listening port, another's file."""


class LabError(RuntimeError):
    """The lab itself could not do its work; the text says what would mend it."""


def _die_with_parent() -> None:
    """In the child, before exec: let the kernel kill it when the lab's process dies."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Service(ABC):
    """Something that is started on entering its context, and closed on leaving it or when it does not start."""

    @abstractmethod
    async def start(self) -> None:
        """Start it; return once it serves."""

    @abstractmethod
    async def close(self) -> None:
        """End it at once and remove what it left."""

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


async def until(is_so: Callable[[], bool], what: str, within: float = 5.0) -> None:
    """Return once *is_so*; AssertionError naming *what* after *within* seconds. For files of others only."""
    try:
        async with asyncio.timeout(within):
            while not is_so():  # noqa: ASYNC110 - nobody could set an event
                await asyncio.sleep(_POLL)
    except TimeoutError:
        raise AssertionError(f"not within {within} s: {what}") from None


class Child:
    """One child process with its output in a file; bound to no event loop."""

    def __init__(self, name: str, output: Path) -> None:
        self.name = name
        self.output = output
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs, else None."""
        return self._process.pid if self._process is not None else None

    def start(self, argv: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        """Start it in a session of its own: a Ctrl-C meant for the tests must not reach it first."""
        if self._process is not None:
            raise LabError(f"{self.name} runs already")
        with self.output.open("ab") as output:
            self._process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, **(env or {})},
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - only one prctl, bound beforehand
            )

    @property
    def is_running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    def output_text(self) -> str:
        """What it has printed so far."""
        return self.output.read_text(errors="replace") if self.output.exists() else ""

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, and do not wait for what it does."""
        if self._process is not None:
            self._process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone (a few ms)."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        self._process = None

    async def terminate(self, within: float = 5.0) -> None:
        """SIGTERM, and SIGKILL after *within* seconds."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            await self.exited(within)
        except TimeoutError:
            self.kill()

    async def exited(self, within: float) -> int:
        """Wait for the end by itself; the exit status. TimeoutError after *within* seconds."""
        process = self._process
        if process is None:
            return 0
        loop = asyncio.get_running_loop()
        descriptor = os.pidfd_open(process.pid)
        ended = asyncio.Event()
        loop.add_reader(descriptor, ended.set)
        try:
            async with asyncio.timeout(within):
                await ended.wait()
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)
        self._process = None
        return process.wait()

    async def connected(
        self, address: str, port: int, within: float
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect as soon as the child listens; LabError with its output when it does not."""
        deadline = asyncio.get_running_loop().time() + within
        while True:
            try:
                return await asyncio.open_connection(address, port)
            except OSError:
                late = asyncio.get_running_loop().time() > deadline
                if late or not self.is_running:
                    how = f"did not listen within {within} s" if late else "ended by itself"
                    self.kill()
                    raise LabError(f"{self.name} {how}:\n{self.output_text()[-4000:]}") from None
            await asyncio.sleep(_POLL)
