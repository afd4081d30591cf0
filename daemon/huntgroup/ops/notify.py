"""The word to systemd: ready, alive, stopping. The protocol is one datagram; a package for it would be larger."""

import os
import socket

import structlog

log = structlog.get_logger(__name__)


class ServiceManager:
    """Who supervises the daemon, when somebody does: ``NOTIFY_SOCKET`` says so."""

    def __init__(self, address: str | None = None) -> None:
        """``address`` is a path, or ``@name`` in the abstract namespace; by default the environment's."""
        address = address if address is not None else os.environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address

    def ready(self) -> None:
        """The daemon serves."""
        self._send(b"READY=1")

    def alive(self) -> None:
        """The loop turns; systemd restarts a daemon from which this does not come in time."""
        self._send(b"WATCHDOG=1")

    def stopping(self) -> None:
        """The daemon was told to stop and does."""
        self._send(b"STOPPING=1")

    def _send(self, word: bytes) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK) as sock:
            try:
                sock.sendto(word, self._address)
            except OSError as error:  # its queue is full, or it is being replaced: no reason to stop or end calls
                log.warning("service_manager.not_told", word=word.decode(), error=str(error))
