"""Actions whose answers somebody waits for, the login first of all."""

import asyncio
import hashlib
from collections.abc import Sequence

from huntgroup.adapters.ami import hidden
from huntgroup.adapters.ami.sending import ACTION_TIMEOUT
from huntgroup.adapters.ami.wire import Message, SafeAction, Wire
from huntgroup.errors import PeerError, PeerRefused
from huntgroup.settings import Pbx


class Asking:
    """Asks one PBX over whichever link there is: ``wire``, None while there is none.

    Everything here raises PeerError when there is no link, or when an answer takes longer than ``within`` seconds,
    ACTION_TIMEOUT unless given.
    """

    def __init__(self, pbx: Pbx) -> None:
        self.wire: Wire | None = None
        self._pbx = pbx

    async def one(self, action: SafeAction, within: float | None = None) -> Message:
        """The answer to an action, be it yes or no."""
        return (await self.each([action], within))[0][0]

    async def value(self, variable: str) -> str:
        """What a variable or a function of the dialplan gives; empty when there is none such."""
        return (await self.one(getvar(variable))).value

    async def values(self, variables: Sequence[str], within: float | None = None) -> list[str]:
        """The same of many, asked in one batch."""
        return [answers[0].value for answers in await self.each([getvar(each) for each in variables], within)]

    async def listed(self, action: SafeAction, within: float | None = None) -> list[Message]:
        """The items of a list. Raises PeerError when it was refused, broken off or is not whole: no list is not an
        empty list."""
        answer, *items = (await self.each([action], within))[0]
        if not answer.success:
            raise self._refused(action, answer)
        if not items or items[-1].eventlist.lower() != "complete" or not action.is_complete:
            raise PeerError(self._pbx.id, f"the answer to {action['action']} was broken off")
        return items[:-1]

    async def channels(self, variables: Sequence[str], within: float | None = None) -> list[Message]:
        """Every channel that there is, as items of Status with these variables.

        Status needs ``call``; CoreShowChannels needs ``system`` (seen on 16.28 and 22.10). What a caller has written
        into an item hides no channel: it is asked for by itself.
        """
        action = SafeAction({"Action": "Status", "Variables": ",".join((hidden.PEER, *variables))})
        items = [each for each in await self.listed(action, within) if each.event == "Status"]
        whole = [each for each in items if each.is_whole]
        return [
            *whole,
            *await self._made_readable([each for each in items if not each.is_whole], whole, variables, within),
        ]

    async def _made_readable(
        self, items: Sequence[Message], whole: Sequence[Message], variables: Sequence[str], within: float | None
    ) -> list[Message]:
        asked = [hidden.questions(each, variables) for each in items]
        answers = iter(await self.each([action for batch in asked for action in batch], within))
        found: list[tuple[Message, Message]] = []
        for item, batch in zip(items, asked, strict=True):
            channel = hidden.made_readable(item, [next(answers)[0] for _ in batch], variables)
            if channel is not None:
                found.append((item, channel))
        peers_of = {channel.channel: hidden.peers(channel) for _, channel in found}
        for item, channel in found:
            company = [each for each in whole if each.channel in peers_of[channel.channel]]
            channel.put("BridgeID", hidden.bridge(item, company, peers_of))
        return [channel for _, channel in found]

    async def done(self, batch: Sequence[SafeAction], within: float | None = None) -> None:
        """Return once all of it is done. Raises PeerError when any of it was refused."""
        for action, answers in zip(batch, await self.each(batch, within), strict=True):
            if not answers[0].success:
                raise self._refused(action, answers[0])

    async def each(self, batch: Sequence[SafeAction], within: float | None = None) -> list[list[Message]]:
        """All that came for each."""
        if self.wire is None:
            raise PeerError(self._pbx.id, "the AMI link is down")
        if not batch:
            return []
        self.wire.send_actions(batch, ACTION_TIMEOUT if within is None else within)
        self.wire.hurry(batch[-1])
        return list(await asyncio.gather(*(action.future for action in batch)))

    async def time(self, within: float | None = None) -> float:
        """The clock of the PBX, in seconds since the epoch."""
        pong = await self.one(ping(), within)
        try:
            return float(pong["timestamp"])
        except (KeyError, ValueError):
            raise PeerError(self._pbx.id, f"no time in the answer to a ping: {dict(pong)}") from None

    async def log_in(self) -> None:
        """By challenge, so that the secret itself is never on the wire. Raises PeerRefused when it was in vain."""
        action = SafeAction({"Action": "Challenge", "AuthType": "MD5"})
        challenge = await self.one(action)
        if not challenge.challenge:
            raise self._refused(action, challenge)
        proof = f"{challenge.challenge}{self._pbx.read_secret()}".encode()
        key = hashlib.md5(proof, usedforsecurity=False).hexdigest()
        answer = await self.one(
            SafeAction({"Action": "Login", "AuthType": "MD5", "Username": self._pbx.username, "Key": key})
        )
        if not answer.success:
            raise PeerRefused(self._pbx.id, f"the login of {self._pbx.username!r} was refused: {answer.message}")

    def _refused(self, action: SafeAction, answer: Message) -> PeerError:
        return PeerError(self._pbx.id, f"{action['action']} was refused: {answer.message}")


def ping() -> SafeAction:
    """Answered behind all events that the PBX has for us, with its time."""
    return SafeAction({"Action": "Ping"})


def getvar(variable: str) -> SafeAction:
    """Ask for a global variable or a function of the dialplan."""
    return SafeAction({"Action": "Getvar", "Variable": variable})
