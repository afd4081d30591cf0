"""A real Asterisk of the lab's own, on loopback addresses and in a folder of its own."""

import asyncio
import contextlib
import secrets
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tests.lab.addresses import inside_address, is_bindable, outside_address, outside_network
from tests.lab.ami import Ami
from tests.lab.pbx_files import Plan, write_files
from tests.lab.phones import Caller, Phone
from tests.lab.process import Child, LabError, Service, until
from tests.lab.roots import find_asterisk

_START_WITHIN = 30.0
_LOOK_AGAIN = 0.05
"""Seconds between two looks at what gives no event to wait for."""


class Pbx(Service):
    """One exchange: ``async with Pbx({"anna-desk": "101"}) as pbx:``.

    Bound to no event loop, so that one exchange can serve many tests. Ports, folder and phones'
    registrations stay the same over `kill`, `stop`, `start` and `restart`; the folder goes with
    `close`, which leaving the context does.

    *phones* maps endpoints to extensions (several may share one). *dialplan* and *queues* are added to
    extensions.conf and queues.conf. With *with_huntgroup* the repository's dialplan and AMI user are
    there, as they stand when the exchange starts. *endpoint_options* are further lines for every phone's
    endpoint, e.g. ``call_group=1``; *trunk_options* of the trunk's, *ami_options* of the daemon's AMI user,
    *manager_options* of manager.conf's [general], *asterisk_options* of asterisk.conf's [options].
    *without_modules* are not loaded; with *stock_modules* all others are, as the distribution's own modules.conf
    says. *qualify* is the seconds between OPTIONS to the phones, 0 for none.
    *verbose* 0 keeps the dialplan's steps out of the log: for benchmarks. *offices* are trunks to other exchanges, by
    name, with their SIP addresses: give both an *address*, so that each can be told of the other before it is there.
    """

    ami_username = "huntgroup"

    def __init__(
        self,
        phones: Mapping[str, str] | None = None,
        *,
        version: str = "22",
        dialplan: str = "",
        queues: str = "",
        mailboxes: Sequence[str] = ("sales", "support"),
        trunk_context: str = "huntgroup-inbound",
        with_huntgroup: bool = True,
        endpoint_options: str = "",
        trunk_options: str = "",
        ami_options: str = "",
        manager_options: str = "",
        asterisk_options: str = "",
        without_modules: Sequence[str] = (),
        stock_modules: bool = False,
        qualify: float = 0.0,
        verbose: int = 3,
        address: str | None = None,
        sip_port: int = 5060,
        ami_port: int = 5038,
        offices: Mapping[str, tuple[str, int]] | None = None,
        office_context: str = "huntgroup-across",
    ) -> None:
        self.address = address or inside_address()
        self.sip_port, self.ami_port = _free_ports(self.address, sip_port, ami_port)
        self.provider = outside_address()
        self.ami_secret = secrets.token_hex(16)
        self.lab_secret = secrets.token_hex(16)
        self.password = secrets.token_hex(8)
        self.phones = dict(phones or {})
        self.home = Path(tempfile.mkdtemp(prefix="huntgroup-pbx-"))
        self._plan = Plan(
            root=find_asterisk(version),
            home=self.home,
            address=self.address,
            sip_port=self.sip_port,
            ami_port=self.ami_port,
            secret=self.ami_secret,
            lab_secret=self.lab_secret,
            password=self.password,
            provider=self.provider,
            outside=outside_network(),
            phones=self.phones,
            mailboxes=(*mailboxes, *sorted(set(self.phones.values()))),
            trunk_context=trunk_context,
            with_huntgroup=with_huntgroup,
            dialplan=dialplan,
            queues=queues,
            endpoint_options=endpoint_options,
            trunk_options=trunk_options,
            ami_options=ami_options,
            manager_options=manager_options,
            asterisk_options=asterisk_options,
            without_modules=without_modules,
            stock_modules=stock_modules,
            qualify=qualify,
            verbose=verbose,
            offices=dict(offices or {}),
            office_context=office_context,
        )
        self._child = Child("Asterisk", self.home / "console.log")

    def adds_dialplan(self, text: str) -> None:
        """More of extensions.conf, such as names files in `home`; from the next start on."""
        self._plan = replace(self._plan, dialplan=self._plan.dialplan + text)

    async def start(self) -> None:
        """Start it and return once it reports to be fully booted (about 0.5 s)."""
        write_files(self._plan)
        config = str(self.home / "etc" / "asterisk.conf")
        self._child.start([*self._plan.root.argv, "-f", "-q", "-C", config])
        streams = await self._child.connected(self.address, self.ami_port, _START_WITHIN)
        try:
            async with await Ami.login(streams, "lab", self.lab_secret, "system") as ami:
                await ami.event("FullyBooted", within=_START_WITHIN)
        except (LabError, TimeoutError, ConnectionError) as error:
            self.kill()
            raise LabError(f"Asterisk did not boot ({error!r}):\n{self.log_text()[-4000:]}") from error

    async def stop(self) -> None:
        """Let it end by itself, hanging up what is left."""
        await self._child.terminate(within=5.0)

    def kill(self) -> None:
        """SIGKILL: as if the power were cut."""
        self._child.kill()

    async def saved(self) -> None:
        """Return once registrations and its database are on disk: Asterisk commits only once a second.

        A `kill` before that loses what is newer, as a power cut would.
        """
        journal = self.home / "db" / "astdb.sqlite3-journal"
        await until(lambda: not journal.exists(), "Asterisk committed its database")

    async def restart(self) -> None:
        """Stop and start again, on the same ports and with the same registrations."""
        await self.stop()
        await self.start()

    async def close(self) -> None:
        """End it at once and remove its folder."""
        self.kill()
        shutil.rmtree(self.home, ignore_errors=True)

    @property
    def is_running(self) -> bool:
        """Whether the process is alive."""
        return self._child.is_running

    @property
    def pid(self) -> int | None:
        """The process id, for measuring its CPU time."""
        return self._child.pid

    @property
    def command(self) -> list[str]:
        """What stands for ``asterisk`` where this one is meant: with ``-rx`` behind it, its command line."""
        return [*self._plan.root.argv, "-C", str(self.home / "etc" / "asterisk.conf")]

    @property
    def sip_address(self) -> tuple[str, int]:
        """Where phones register and the trunk calls."""
        return self.address, self.sip_port

    @contextlib.asynccontextmanager
    async def ami(self, events: str = "on", *, username: str = "lab", secret: str | None = None) -> AsyncIterator[Ami]:
        """A logged-in AMI connection of the test's own; as ``lab`` it may do everything."""
        secret = secret or (self.lab_secret if username == "lab" else self.ami_secret)
        streams = await asyncio.open_connection(self.address, self.ami_port)
        async with await Ami.login(streams, username, secret, events) as ami:
            yield ami

    async def cli(self, line: str) -> str:
        """The output of a command of Asterisk's command line."""
        async with self.ami("off") as ami:
            return await ami.command(line)

    @contextlib.asynccontextmanager
    async def set_otherwise(self, file: str, words: str, others: str, *, reload: str) -> AsyncIterator[None]:
        """With *others* in place of *words* in one of its files, as the module that is to *reload* reads it."""
        path = self.home / "etc" / file
        before = path.read_text()
        if words not in before:
            raise LabError(f"{file} says nothing of {words!r}")
        path.write_text(before.replace(words, others))
        try:
            await self.cli(f"module reload {reload}")
            yield
        finally:
            path.write_text(before)
            await self.cli(f"module reload {reload}")

    async def reaches(self, trunk: str, within: float = 10.0, *, in_vain: bool = False) -> None:
        """Return once it knows that the far end of a trunk answers, or *in_vain* that it does not.

        Nobody dials one that did not at the last look: an exchange that was started first takes the other one for gone
        until it looks again. To have it look at once would not do: what it asked before that goes unanswered a second
        later.
        """
        async with asyncio.timeout(within):
            while True:
                if f" {'Unavail' if in_vain else 'Avail'} " in await self.cli(f"pjsip show aor {trunk}"):
                    return
                await asyncio.sleep(_LOOK_AGAIN)

    async def channels(self) -> list[str]:
        """The names of all live channels."""
        async with self.ami("off") as ami:
            return [entry["Channel"] for entry in await ami.entries("CoreShowChannels")]

    async def idle(self, within: float = 5.0) -> None:
        """Return once no channel is left; AssertionError with their names when some stay."""
        async with self.ami("call") as ami:
            left = {entry["Channel"] for entry in await ami.entries("CoreShowChannels")}
            try:
                async with asyncio.timeout(within):
                    for channel in sorted(left):
                        await ami.event("Hangup", Channel=channel)
            except TimeoutError:
                raise AssertionError(f"channels left after {within} s: {await self.channels()}") from None

    async def hangs_up_all(self) -> None:
        """End every call, and return once no channel is left: for the teardown of a test."""
        async with self.ami("call") as ami:
            for entry in await ami.entries("CoreShowChannels"):
                with contextlib.suppress(LabError):  # it may have ended on its own meanwhile
                    await ami.action("Hangup", Channel=entry["Channel"])
                    await ami.event("Hangup", Channel=entry["Channel"])

    def phone(self, name: str, *, password: str | None = None, audio: bool = True, lines: int = 1) -> Phone:
        """One of its phones, not yet registered. A *password* of one's own may be wrong."""
        return Phone(self.sip_address, name, password=password or self.password, audio=audio, lines=lines)

    def caller(self, *, audio: bool = True) -> Caller:
        """Someone outside, who can call in through the trunk."""
        return Caller(self.sip_address, audio=audio)

    def mobile(self, *, audio: bool = True, lines: int = 100) -> Phone:
        """The outside world as one phone: gets every call that goes out through the trunk (see `dialled`)."""
        return Phone(self.sip_address, "outside", address=self.provider, audio=audio, lines=lines)

    def log_text(self) -> str:
        """Console output and Asterisk's own log so far."""
        log = self.home / "log" / "full"
        return self._child.output_text() + (log.read_text(errors="replace") if log.exists() else "")


def _free_ports(address: str, sip_port: int, ami_port: int) -> tuple[int, int]:
    """The wanted ports; LabError when one is taken on that address."""
    if not is_bindable(address, sip_port):
        raise LabError(f"UDP {address}:{sip_port} is taken")
    if not is_bindable(address, ami_port, socket.SOCK_STREAM):
        raise LabError(f"TCP {address}:{ami_port} is taken")
    return sip_port, ami_port
