"""What a wire makes of messages as they come, without a connection."""

import asyncio

from huntgroup.adapters.ami.wire import GREETING, Message, Refused, Wire


class Peer(asyncio.Transport):
    """Takes what is written, and notes a hang-up."""

    def __init__(self) -> None:
        super().__init__()
        self.is_aborted = False

    def abort(self) -> None:
        """The wire hangs up."""
        self.is_aborted = True


class Listening:
    """``messages`` are believed, and ``refused`` are not."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.refused: list[Refused] = []
        self.wire = Wire(self.messages.append, lambda: None, "main", refused=self.refused.append)
        self.wire.connection_made(Peer())
        self.wire.data_received(GREETING + b"9.0.0\r\n")

    def hears(self, *texts: str) -> None:
        """Asterisk writes these, each with an empty line behind it."""
        self.wire.data_received("".join(f"{each}\r\n\r\n" for each in texts).encode())


def believed(*texts: str) -> list[Message]:
    """The messages among these that are believed."""
    listening = Listening()
    listening.hears(*texts)
    return listening.messages
