"""The broker as config/mosquitto has it: the very files, with only paths and ports of the lab's own."""

import subprocess
from pathlib import Path

from tests.lab.broker import Broker

FILES = Path(__file__).parents[2] / "config" / "mosquitto"
TLS_PORT, WEBSOCKET_PORT = 8883, 8884


class SecuredBroker(Broker):
    """Encrypted listeners, names and rights. The password of everybody is their name backwards.

    With *browsers* there is the listener for them, which Mosquitto 2.0.11 binds to every address: so only one broker of
    a machine has it at a time.
    """

    def __init__(self, *names: str, browsers: bool = False) -> None:
        super().__init__(anonymous=False)
        self._make_certificate()
        passwords = self.home / "passwords"
        passwords.touch(mode=0o600)
        for name in names:
            subprocess.run(["mosquitto_passwd", "-b", passwords, name, password_of(name)], check=True)
        (self.home / "huntgroup.acl").write_text((FILES / "huntgroup.acl").read_text())
        text = (FILES / "mosquitto.conf").read_text()
        for old, new in (
            ("/etc/mosquitto/", f"{self.home}/"),
            ("/var/lib/mosquitto/", f"{self.home}/"),
            ("/run/mosquitto/", f"{self.home}/"),
            ("listener 1883 127.0.0.1", f"listener {self.port} {self.address}"),
            (f"listener {TLS_PORT}\n", f"listener {TLS_PORT} {self.address}\n"),
            (f"listener {WEBSOCKET_PORT}\n", f"listener {WEBSOCKET_PORT} {self.address}\n"),
            ("log_dest syslog", "log_dest stderr"),
        ):
            if old not in text:
                raise AssertionError(f"{old!r} is not in config/mosquitto/mosquitto.conf")
            text = text.replace(old, new)
        if not browsers:
            begin = text.index(f"listener {WEBSOCKET_PORT} ")
            text = text[:begin] + text[text.index("\n\n", begin) :]
        who = next(line for line in self._lines if line.startswith("user "))
        self._lines = [text, who]

    @property
    def certificate(self) -> Path:
        """What whoever connects has to trust."""
        return self.home / "broker.crt"

    @property
    def tls_url(self) -> str:
        """As the daemon's configuration wants it."""
        return f"mqtts://{self.address}:{TLS_PORT}"

    def _make_certificate(self) -> None:
        argv = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        argv += ["-days", "1", "-subj", "/CN=lab", "-addext", f"subjectAltName=IP:{self.address}"]
        argv += ["-keyout", str(self.home / "broker.key"), "-out", str(self.certificate)]
        subprocess.run(argv, check=True, capture_output=True)


def password_of(name: str) -> str:
    """Everybody's, in the lab."""
    return name[::-1]
