"""One AMI session of the doctor's own, beside the daemon's, over the daemon's own wire."""

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Self

from huntgroup.adapters.ami.wire import Message, Refused, SafeAction, Wire
from huntgroup.errors import PeerRefused
from huntgroup.settings import Pbx

WITHIN = 5.0
"""Seconds that the PBX may take for a connection or an answer."""
BATCH = 100
"""Questions at once: a PBX at work must not have to answer more in one go."""


class Session:
    """``async with Session(pbx) as session:``; connected, not logged in. ``told`` gets every event."""

    def __init__(self, pbx: Pbx, told: Callable[[Message], None] | None = None) -> None:
        self.pbx = pbx
        self.booted = asyncio.Event()
        self._told = told
        self.on_heard: Callable[[Message | Refused], None] | None = None
        """Gets every event as well, and what cannot be read."""
        self._wire = Wire(self._received, lambda: None, pbx.id, refused=self._refused)

    async def __aenter__(self) -> Self:
        """Connect. Raises OSError, or TimeoutError after `WITHIN` seconds."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(WITHIN):
            await loop.create_connection(lambda: self._wire, self.pbx.host, self.pbx.port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wire.close()

    @property
    def our_address(self) -> str:
        """The address that the PBX sees us come from."""
        return str(self._wire.transport.get_extra_info("sockname")[0])

    async def login(self) -> None:
        """By challenge, as the daemon does.

        Raises:
            PeerRefused: when the PBX turns us away.
            PeerError: when it does not speak AMI, or not in time.
            ConfigError: when there is no secret.
        """
        challenge = (await self.ask("Challenge", AuthType="MD5")).challenge
        proof = f"{challenge}{self.pbx.read_secret()}".encode()
        key = hashlib.md5(proof, usedforsecurity=False).hexdigest()
        answer = await self.ask("Login", AuthType="MD5", Username=self.pbx.username, Key=key)
        if not answer.success:
            raise PeerRefused(self.pbx.id, answer.message)

    async def ask(self, action: str, **fields: str) -> Message:
        """The answer to one action."""
        return (await self._ask_all([SafeAction({"Action": action, **fields})]))[0][0]

    async def items(self, action: str, **fields: str) -> list[Message]:
        """The items of a list; none when it was refused."""
        answers = (await self._ask_all([SafeAction({"Action": action, **fields})]))[0]
        return [each for each in answers[1:] if not each.eventlist]

    async def value(self, variable: str) -> str:
        """What a variable or function of the PBX says; empty when it says nothing, or is not there."""
        return (await self.values([variable]))[variable]

    async def values(self, variables: Iterable[str]) -> dict[str, str]:
        """The same for many."""
        wanted = list(dict.fromkeys(variables))
        found: dict[str, str] = {}
        for start in range(0, len(wanted), BATCH):
            part = wanted[start : start + BATCH]
            answers = await self._ask_all([SafeAction({"Action": "Getvar", "Variable": each}) for each in part])
            found.update({name: answer[0].value for name, answer in zip(part, answers, strict=True)})
        return found

    async def _ask_all(self, batch: Sequence[SafeAction]) -> list[list[Message]]:
        self._wire.send_actions(batch, WITHIN)
        return list(await asyncio.gather(*(action.future for action in batch)))

    def _received(self, message: Message) -> None:
        if message.event == "FullyBooted":
            self.booted.set()
        if self._told is not None:
            self._told(message)
        if self.on_heard is not None:
            self.on_heard(message)

    def _refused(self, refused: Refused) -> None:
        if self.on_heard is not None:
            self.on_heard(refused)
