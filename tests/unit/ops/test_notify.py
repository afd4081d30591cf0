"""The word to the service manager."""

import socket
from pathlib import Path

from huntgroup.ops.notify import ServiceManager


def test_each_word_is_one_datagram(tmp_path: Path) -> None:
    address = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(str(address))
        manager = ServiceManager(str(address))
        manager.ready()
        manager.alive()
        manager.stopping()

        assert [supervisor.recv(100) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"STOPPING=1"]


def test_an_address_in_the_abstract_namespace_is_reached() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind("")  # the kernel picks a free abstract name
        name = supervisor.getsockname()
        ServiceManager("@" + name[1:].decode()).ready()

        assert supervisor.recv(100) == b"READY=1"


def test_without_a_service_manager_nothing_is_sent() -> None:
    ServiceManager("").ready()


def test_a_service_manager_that_does_not_listen_any_more_stops_nobody(tmp_path: Path) -> None:
    ServiceManager(str(tmp_path / "gone")).alive()


def test_a_full_queue_of_the_service_manager_does_not_hold_the_loop_up(tmp_path: Path) -> None:
    address = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(str(address))
        manager = ServiceManager(str(address))
        for _ in range(1000):
            manager.alive()

        assert supervisor.recv(100) == b"WATCHDOG=1"
