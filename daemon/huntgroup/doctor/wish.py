"""What test call is wished for; apart from what needs SIP."""

from typing import NamedTuple

SIP_PORT = 5060


class Wish(NamedTuple):
    """What call it is to be."""

    number: str
    to: tuple[str, int] | None
    """Where the PBX takes calls; None: at the host of the first [[pbx]], port 5060."""
    caller: str | None
    """The number that is shown; None: a word by which nobody else calls."""
    source: tuple[str, int]
    """Where to call from; no host: where the way there begins; port 0: any."""
    seconds: float
    """How long it may last."""


def endpoint(text: str, port: int) -> tuple[str, int]:
    """HOST or HOST:PORT. Raises ValueError."""
    host, colon, rest = text.partition(":")
    number = int(rest) if colon else port
    if not host or not 0 <= number <= 65535:
        raise ValueError(text)
    return host, number


def user_part(text: str) -> str:
    """What may stand as a number or name in a SIP address. Raises ValueError."""
    if (
        not text
        or len(text) > 80
        or any(not (each.isascii() and (each.isalnum() or each in "+*#-._")) for each in text)
    ):
        raise ValueError(text)
    return text.replace("#", "%23")
