"""Loopback addresses that belong to this process alone, so that several labs can run at once.

Each process holds one /16 below 127.0.0.0/8. Exchanges, brokers and phones live in its lower half, the
outside world (callers behind the trunk) in its upper half: so Asterisk can tell a trunk from a phone by
the address alone. As every party has an address to itself, well-known ports are always free on it.
"""

import itertools
import os
import random
import socket
from collections.abc import Iterator

_GUARD_PORT = 47113
_FIRST_BLOCK, _LAST_BLOCK = 2, 254


class Block:
    """The /16 of this process: 127.<n>.0.0 to 127.<n>.255.255, held by a bound guard socket."""

    def __init__(self) -> None:
        guard, self.number = _claim()
        guard.detach()  # held until the process ends
        self._inside = self._addresses(range(128))
        self._outside = self._addresses(range(128, 255))

    def _addresses(self, thirds: range) -> Iterator[str]:
        free = (f"127.{self.number}.{third}.{last}" for third in thirds for last in range(1, 255))
        return itertools.cycle(free)


def _claim() -> tuple[socket.socket, int]:
    """Bind the guard of a free block, starting at one that depends on the process id."""
    numbers = range(_FIRST_BLOCK, _LAST_BLOCK + 1)
    first = (os.getpid() * 7 + random.randrange(len(numbers))) % len(numbers)
    for step in range(len(numbers)):
        number = numbers[(first + step) % len(numbers)]
        guard = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            guard.bind((f"127.{number}.255.254", _GUARD_PORT))
        except OSError:
            guard.close()
        else:
            return guard, number
    raise OSError("every loopback block is taken by another lab on this machine")


_blocks: dict[int, Block] = {}


def _block() -> Block:
    """The block of this very process: a forked child must claim its own."""
    pid = os.getpid()
    if pid not in _blocks:
        _blocks.clear()
        _blocks[pid] = Block()
    return _blocks[pid]


def inside_address() -> str:
    """The next address for an exchange, a broker or a phone; 32,512 of them, then they come again."""
    return next(_block()._inside)


def outside_address() -> str:
    """The next address for the world behind the trunk."""
    return next(_block()._outside)


def outside_network() -> str:
    """All addresses that `outside_address` can give, as Asterisk's ``match`` wants them."""
    return f"127.{_block().number}.128.0/17"


def is_bindable(address: str, port: int, kind: socket.SocketKind = socket.SOCK_DGRAM) -> bool:
    """Whether nothing else listens there now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind is socket.SOCK_STREAM:
            # As servers do: connections of a lab before us, which the kernel still remembers, are no hindrance.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True
