"""The daemon as a process of its own, configured for a lab's exchange and broker."""

import asyncio
import json
import shutil
import signal
import socket
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.lab.link import Link
from tests.lab.pbx import Pbx
from tests.lab.process import Child, LabError, Service, until

SECRET_VARIABLE = "HUNTGROUP_LAB_SECRET"
_POLL = 0.005
"""Seconds between two looks at the log: a file gives no event to wait for."""


class Daemon(Service):
    """``async with Daemon(pbx, configuration) as daemon:``; started once the daemon says that it found the PBX.

    *configuration* is the text of everything but ``[[pbx]]`` and ``[mqtt]``; *broker_url* adds the latter. With *link*
    it reaches the exchange through that; *secret* is the exchange's own unless it is to be wrong. *is_supervised*:
    we are its service manager, see `notified`. *environment* is added to our own. *peers* are tables in the place of
    the one for *pbx*, see `pbx_table`.
    """

    def __init__(
        self,
        pbx: Pbx,
        configuration: str,
        *,
        broker_url: str = "",
        secret: str | None = None,
        link: Link | None = None,
        is_supervised: bool = False,
        environment: Mapping[str, str] | None = None,
        peers: str = "",
    ) -> None:
        self.secret = secret if secret is not None else pbx.ami_secret
        self.home = Path(tempfile.mkdtemp(prefix="huntgroup-daemon-"))
        self.config = self.home / "huntgroup.toml"
        self.pbx = pbx
        self._peers = peers or _pbx_table(pbx, link.port if link else pbx.ami_port)
        self._peers += _mqtt_table(broker_url) if broker_url else ""
        self.configures(configuration)
        self._child = Child("huntgroup", self.home / "log.jsonl")
        self._supervisor = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._supervisor.setblocking(False)
        self._supervisor.bind(str(self.home / "notify"))
        self._environment = dict(environment or {})
        if is_supervised:
            self._environment["NOTIFY_SOCKET"] = str(self.home / "notify")

    def configures(self, configuration: str) -> None:
        """Write the file anew; the daemon reads it when it starts, or at SIGHUP."""
        self.config.write_text(self._peers + configuration)

    async def says_to_the_pbx(self, variable: str, value: str, within: float = 10.0) -> None:
        """Await that a global variable of the exchange has this value."""
        async with asyncio.timeout(within):
            while True:
                lines = (await self.pbx.cli("dialplan show globals")).splitlines()
                if f"{variable}={value}" in map(str.strip, lines):
                    return
                await asyncio.sleep(_POLL)

    async def start(self, *, found: bool = True) -> None:
        """Start it; with *found*, return once it has taken up its work at the PBX."""
        seen = sum(1 for line in self.log() if line["event"] == "pbx.found") if found else 0
        self._child.start(
            [sys.executable, "-m", "huntgroup", "run", "--config", str(self.config)],
            {SECRET_VARIABLE: self.secret, **self._environment},
        )
        if found:
            await self.logs("pbx.found", after=seen)

    async def stop(self) -> None:
        """SIGTERM, and wait for the end."""
        await self._child.terminate()

    def kill(self) -> None:
        """SIGKILL."""
        self._child.kill()

    def forgets(self) -> None:
        """Its store is gone; to be done while it does not run."""
        for file in self.home.glob("huntgroup.db*"):
            file.unlink()

    def send(self, number: signal.Signals) -> None:
        """A signal."""
        self._child.send(number)

    async def notified(self, word: str, within: float = 10.0) -> bool:
        """Await that the daemon says *word* to the service manager, which is us; what came before it is passed over."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(within):
            while (await loop.sock_recv(self._supervisor, 4096)).decode() != word:
                continue
        return True

    async def exited(self, within: float = 10.0) -> int:
        """Its exit status, once it ends by itself."""
        return await self._child.exited(within)

    @property
    def environment(self) -> Mapping[str, str]:
        """What was added to its own, such as the secrets of further exchanges."""
        return self._environment

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._child.pid

    @property
    def store(self) -> Path:
        """Where it keeps what happened."""
        return self.home / "huntgroup.db"

    def log_text(self) -> str:
        """What it has written so far."""
        return self._child.output_text()

    def log(self) -> list[dict[str, Any]]:
        """Every line of its log so far."""
        return list(_records(self.log_text()))

    async def logs(self, event: str, *, after: int = 0, within: float = 10.0, **fields: object) -> dict[str, Any]:
        """The record of this event with these fields, once it is there; the first *after* many are passed over."""
        try:
            async with asyncio.timeout(within):
                while True:
                    found = [line for line in self.log() if _is_like(line, event, fields)]
                    if len(found) > after:
                        return found[after]
                    if not self._child.is_running:
                        raise LabError(f"the daemon ended:\n{self._child.output_text()[-4000:]}")
                    await asyncio.sleep(_POLL)
        except TimeoutError:
            text = self._child.output_text()[-6000:]
            raise AssertionError(f"the daemon never logged {event} {fields}:\n{text}") from None

    async def knows_of(self, phone: str, *states: str) -> None:
        """Await that a phone is in one of these device states as far as the daemon knows, by what it wrote down.

        To be awaited before anybody acts upon a call that went through no group: nothing is logged of such a one, and
        the daemon hears of it after the phones do, each exchange and each device state in its own time.
        """
        await until(
            lambda: self._state_of(phone) in states, f"the daemon knows that {phone} is {' or '.join(states)}", 10
        )

    def _state_of(self, phone: str) -> str | None:
        question = "SELECT body FROM journal WHERE type = 'PhoneStateChanged' ORDER BY sequence DESC"
        with closing(sqlite3.connect(f"{self.store.as_uri()}?mode=ro", uri=True)) as store:
            told = (json.loads(body) for (body,) in store.execute(question))
            return next((each["state"] for each in told if each["phone"].endswith(phone)), None)

    async def close(self) -> None:
        """End it at once and remove its folder."""
        self.kill()
        self._supervisor.close()
        shutil.rmtree(self.home, ignore_errors=True)


def _is_like(line: Mapping[str, Any], event: str, fields: Mapping[str, object]) -> bool:
    return line["event"] == event and all(line.get(name) == value for name, value in fields.items())


def _records(text: str) -> Iterator[dict[str, Any]]:
    for line in text.splitlines():
        if line.startswith("{") and line.endswith("}"):
            yield json.loads(line)


def _pbx_table(pbx: Pbx, port: int) -> str:
    return pbx_table(pbx, "main", port)


def pbx_table(
    pbx: Pbx, name: str, port: int | None = None, *, secret_env: str = SECRET_VARIABLE, more: str = ""
) -> str:
    """How the daemon reaches an exchange, and what *more* is said of it."""
    return (
        f'[[pbx]]\nid = "{name}"\nhost = "{pbx.address}"\nport = {port or pbx.ami_port}\n'
        f'username = "{pbx.ami_username}"\nsecret_env = "{secret_env}"\n{more}'
    )


def _mqtt_table(url: str) -> str:
    return f'[mqtt]\nurl = "{url}"\n'
