"""The screens of the operators and the channels beside the calls: chats, mails and forms over a real broker."""

import asyncio
import itertools
import json
import socket
from types import TracebackType
from typing import Any, Self

import aiomqtt

from tests.endurance.hour.house import GROUPS, PEOPLE, SOURCES
from tests.endurance.hour.world import World
from tests.simulation.dice import Dice

PREFIX = "huntgroup/"
OPEN_MOST = 25
"""Chats, mails and forms that are open at a time at most."""
ANSWERED_WITHIN = 120.0
"""Seconds for which the broker is waited for: it is never away, but a busy machine may be slow for a while."""
GLANCE = 0.3
"""Seconds between two looks at a desk."""


class Desks:
    """``async with Desks(world, dice) as desks``: everybody's screen, and every channel."""

    def __init__(self, world: World, dice: Dice) -> None:
        broker = world.broker
        self._world = world
        self._dice = dice
        self._client = aiomqtt.Client(
            broker.address,
            broker.port,
            timeout=ANSWERED_WITHIN,
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        )
        self._numbers = itertools.count(1)
        self._reading: asyncio.Task[None] | None = None
        self.kept: dict[str, Any] = {}
        """What the broker keeps: topic without the prefix to what it says."""
        self.is_closing = False

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        for topic in (
            "inquiries/+/status",
            "operators/+/state",
            "operators/+/desk",
            "operators/+/replies",
            "groups/+/state",
        ):
            await self._client.subscribe(f"{PREFIX}{topic}", qos=1)
        self._reading = asyncio.create_task(self._reads(), name="desks")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        await self._client.__aexit__(kind, error, trace)

    @property
    def open(self) -> list[str]:
        """Every inquiry of which the broker keeps a state."""
        return [topic.split("/")[1] for topic in self.kept if topic.startswith("inquiries/")]

    @property
    def chats(self) -> list[str]:
        """Those of them that are no calls."""
        return [name for name in self.open if not name.startswith("call-")]

    async def works(self) -> None:
        """Come in, and be worked on, for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._channels())
            group.create_task(self._screens())

    async def goes_home(self) -> None:
        """Everybody is there and on no pause, and nothing new comes; what is open is closed by its channel."""
        self.is_closing = True
        for name in PEOPLE:
            await self._does(name, "login")
            await self._does(name, "resume_work")
            await self._does(name, "wrapup_done")
        for name in self.chats:
            await self._says(f"inquiries/{name}/commands", {"type": "close"})

    # -- in and out ---------------------------------------------------------------------------------------------------

    async def _reads(self) -> None:
        async for message in self._client.messages:
            topic = message.topic.value.removeprefix(PREFIX)
            data: Any = json.loads(message.payload) if isinstance(message.payload, bytes) and message.payload else None
            if topic.endswith("/replies"):
                word = "ok" if data["ok"] else data["error"]["code"]
                self._world.tally[f"commands {word}"] += 1
            elif data is None or data.get("state") == "closed":
                self.kept.pop(topic, None)
            elif "ok" not in data:
                self.kept[topic] = data

    async def _says(self, topic: str, data: dict[str, Any]) -> None:
        await self._client.publish(f"{PREFIX}{topic}", json.dumps(data).encode(), qos=1)

    async def _does(self, operator: str, kind: str, **more: Any) -> None:
        await self._says(f"operators/{operator}/commands", {"type": kind, **more})

    # -- channels -----------------------------------------------------------------------------------------------------

    async def _channels(self) -> None:
        dice = self._dice
        while True:
            await asyncio.sleep(dice.between(0.2, 2))
            opened = self.chats
            throw = dice.between(0, 1)
            if throw < 0.6 and len(opened) < OPEN_MOST:
                self._world.tally["chats, mails and forms"] += 1
                source = dice.choose(list(SOURCES))
                await self._says(
                    "inquiries/submit", {"id": f"{source}-{next(self._numbers)}", "source": source, "text": "Hello"}
                )
            elif opened and throw < 0.85:
                told = {"type": "message", "text": "Are you there?"}
                await self._says(f"inquiries/{dice.choose(opened)}/commands", told)
            elif opened:
                kind = dice.choose(["abandon", "abandon", "close"])
                await self._says(f"inquiries/{dice.choose(opened)}/commands", {"type": kind})

    # -- screens ------------------------------------------------------------------------------------------------------

    async def _screens(self) -> None:
        while True:
            await asyncio.sleep(GLANCE)
            for name in PEOPLE:
                await self._looks(name)

    async def _looks(self, name: str) -> None:
        dice = self._dice
        desk = self.kept.get(f"operators/{name}/desk", {"offers": [], "inquiries": []})
        for offer in desk["offers"]:
            if offer["channel"] != "call":
                await self._meets(name, offer["inquiry"])
            elif dice.chance(0.01):
                await self._does(dice.choose(PEOPLE), "pickup", inquiry=offer["inquiry"])
        for each in desk["inquiries"]:
            await self._works_on(name, each["inquiry"], is_call=each["channel"] == "call")
        presence = self.kept.get(f"operators/{name}/state", {}).get("presence", "available")
        if presence != "available" and dice.chance(0.05):
            await self._does(name, "login" if presence == "logged_out" else "resume_work")
        elif dice.chance(0.004):
            kind = dice.choose(["logout", "pause", "wrapup_done", "pickup"])
            await self._does(name, kind)

    async def _meets(self, name: str, inquiry: str) -> None:
        throw = self._dice.between(0, 1)
        if throw < 0.3:
            await self._does(name, "accept", inquiry=inquiry)
        elif throw < 0.36:
            await self._does(name, "decline", inquiry=inquiry)
        elif throw < 0.38:
            await self._does(self._dice.choose(PEOPLE), "pickup", inquiry=inquiry)

    async def _works_on(self, name: str, inquiry: str, *, is_call: bool) -> None:
        dice = self._dice
        throw = dice.between(0, 1)
        if throw < 0.02:
            to = {"operator": dice.choose(PEOPLE)} if dice.chance(0.6) else {"group": dice.choose(list(GROUPS))}
            await self._does(name, "transfer", inquiry=inquiry, to=to)
        elif throw < 0.04:
            await self._does(name, dice.choose(["hold", "resume", "resume"]), inquiry=inquiry)
        elif throw < 0.16 and not is_call:
            await self._does(name, "close", inquiry=inquiry)
