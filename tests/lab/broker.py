"""A real Mosquitto of the lab's own, on a loopback address and in a folder of its own."""

import getpass
import shutil
import signal
import socket
import tempfile
from pathlib import Path

from tests.lab.addresses import inside_address, is_bindable
from tests.lab.process import Child, LabError, Service, until

_START_WITHIN = 10.0


class Broker(Service):
    """One broker: ``async with Broker() as broker: ... broker.url``. Bound to no event loop.

    *persistent* writes changes to disk some 50 ms later; `saved` awaits it, so that a `kill` after that
    loses nothing. Without it a broker that starts again has forgotten sessions and retained messages.
    *config* are further lines of mosquitto.conf; without *anonymous* it has to say who may come in.
    *address* and *port* stay the same over `kill`, `stop`, `start` and `restart`; the folder goes with
    `close`.
    """

    def __init__(
        self,
        *,
        persistent: bool = True,
        anonymous: bool = True,
        config: str = "",
        address: str | None = None,
        port: int = 1883,
    ) -> None:
        self.address = address or inside_address()
        self.port = port
        if not is_bindable(self.address, port, socket.SOCK_STREAM):
            raise LabError(f"TCP {self.address}:{port} is taken")
        self.home = Path(tempfile.mkdtemp(prefix="huntgroup-broker-"))
        self._lines = [
            f"listener {port} {self.address}",
            f"allow_anonymous {str(anonymous).lower()}",
            f"user {getpass.getuser()}",
            "set_tcp_nodelay true",
            "log_dest stderr",
        ]
        if persistent:
            self._lines += ["persistence true", f"persistence_location {self.home}/"]
            self._lines += ["autosave_interval 1", "autosave_on_changes true"]
        self._lines.append(config)
        self._child = Child("Mosquitto", self.home / "console.log")

    @property
    def url(self) -> str:
        """As the daemon's configuration wants it."""
        return f"mqtt://{self.address}:{self.port}"

    @property
    def is_running(self) -> bool:
        """Whether the process is alive."""
        return self._child.is_running

    @property
    def pid(self) -> int | None:
        """The process id."""
        return self._child.pid

    async def start(self) -> None:
        """Start it and return once it takes connections (some 10 ms)."""
        binary = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
        if binary is None:
            raise LabError("no mosquitto on this machine: run tests/lab/provision.sh")
        config = self.home / "mosquitto.conf"
        config.write_text("\n".join(self._lines) + "\n")
        self._child.start([binary, "-c", str(config)])
        _, writer = await self._child.connected(self.address, self.port, _START_WITHIN)
        writer.close()
        await writer.wait_closed()

    async def stop(self) -> None:
        """Let it end by itself: clients get a DISCONNECT, the store is written."""
        await self._child.terminate()

    def kill(self) -> None:
        """SIGKILL: as if the power were cut."""
        self._child.kill()

    def reload(self) -> None:
        """Read names, passwords and rights again."""
        self._child.send(signal.SIGHUP)

    async def saved(self) -> None:
        """Return once all that it holds now is on disk."""
        store = self.home / "mosquitto.db"
        before = _modified(store)
        self._child.send(signal.SIGUSR1)
        await until(lambda: _modified(store) > before, "Mosquitto saved its store")

    async def restart(self) -> None:
        """Stop and start again on the same port."""
        await self.stop()
        await self.start()

    async def close(self) -> None:
        """End it at once and remove its folder."""
        self.kill()
        shutil.rmtree(self.home, ignore_errors=True)

    def log_text(self) -> str:
        """What it has logged so far."""
        return self._child.output_text()


def _modified(path: Path) -> int:
    """When the file was last written, in ns since the epoch; 0 when it is not there."""
    return path.stat().st_mtime_ns if path.exists() else 0
