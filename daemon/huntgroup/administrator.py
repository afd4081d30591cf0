"""Changes of the configuration while the daemon runs: one after the other, and never in the event loop's way.

By command of an administrator, or because somebody changed the file and said so (SIGHUP). Reading, changing and writing
the file is a thread's; what comes of it is taken over on the event loop, in the order in which it was asked for.
"""

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import structlog

from huntgroup.authors import author_of
from huntgroup.barrier import shown
from huntgroup.errors import ChangeRefused, ConfigError
from huntgroup.settings.changes import AnyCommand
from huntgroup.settings.differences import Difference, differences
from huntgroup.settings.document import read_bytes
from huntgroup.settings.editing import Asker, Loaded, Outcome, carry_out, load_whole
from huntgroup.settings.filing import version_of

log = structlog.get_logger(__name__)

BY_FILE = "file"
"""Who changed what somebody wrote into the file with an editor: it does not say who."""
WAITING_MOST = 100
"""Commands that wait for their turn; more are refused."""

INTERNAL_ERROR = "this cannot be done because of a fault in Huntgroup; its log has it as configuration.internal_error"

Answer = Callable[[Outcome | ChangeRefused], None]


@dataclass(frozen=True, slots=True)
class Said:
    """Who changed what."""

    who: str
    changes: Sequence[Difference]


class House(Protocol):
    """What goes by the configuration."""

    def take_over(self, loaded: Loaded, said: Said, then: Callable[[], None]) -> None:
        """Go by this from now on; ``then`` is called once that is durable and was told."""

    def reject(self, error: ConfigError, version: str) -> None:
        """A file was found that is not right: nothing changes."""


@dataclass(frozen=True, slots=True)
class _Asked:
    who: str
    command: AnyCommand
    answer: Answer


class Administrator:
    """Takes commands and reloads in their order."""

    def __init__(self, path: Path, loaded: Loaded, house: House) -> None:
        """``loaded`` is in force."""
        self._path = path
        self._loaded = loaded
        self._house = house
        self._waiting: asyncio.Queue[_Asked | None] = asyncio.Queue()

    def reload(self) -> None:
        """Look at the file again."""
        self._waiting.put_nowait(None)

    def ask(self, who: str, command: AnyCommand, answer: Answer) -> None:
        """Do what an operator asks, as far as they may; ``answer`` is called once it is in force, or refused."""
        if self._waiting.qsize() >= WAITING_MOST:
            answer(ChangeRefused("overloaded", "too much is waiting to be handled; try again later"))
        else:
            self._waiting.put_nowait(_Asked(who, command, answer))

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            asked = await self._waiting.get()
            try:
                if asked is None:
                    await self._reload()
                else:
                    await self._do(asked)
            except Exception:
                # A fault of ours in one of them leaves what is in force, and the daemon, as they are.
                what = "reload" if asked is None else shown(asked.command)
                log.exception("configuration.internal_error", who=asked.who if asked else BY_FILE, what=what)
                if asked is not None:
                    asked.answer(ChangeRefused("internal_error", INTERNAL_ERROR))

    async def _reload(self) -> None:
        try:
            loaded = await asyncio.to_thread(load_whole, self._path)
        except ConfigError as error:
            self._house.reject(error, await asyncio.to_thread(_version_there, self._path))
            return
        who = await asyncio.to_thread(self._author, loaded)
        self._take_over(loaded, Said(who, differences(self._loaded.data, loaded.data)), _nothing)

    def _author(self, loaded: Loaded) -> str:
        """Who changed the file since: a system user, where `huntgroup admin` left their name, and nobody else did."""
        author = author_of(self._loaded.settings.store.path, loaded.version)
        if author is None:
            return BY_FILE
        return author.who if author.before == self._loaded.version else f"{BY_FILE}, {author.who}"

    async def _do(self, asked: _Asked) -> None:
        asker = Asker(name=asked.who, in_force=self._loaded.settings, environment=os.environ)
        try:
            outcome = await asyncio.to_thread(carry_out, self._path, asker, asked.command)
        except ChangeRefused as refused:
            log.info("configuration.change_refused", who=asked.who, code=refused.why, at=refused.at, error=str(refused))
            asked.answer(refused)
            return
        if outcome.after is outcome.before:
            asked.answer(outcome)
            return
        found = differences(self._loaded.data, outcome.before.data)
        if found:
            # Whoever saved the file meanwhile had not said so yet; now it is in force along with what was asked.
            self._take_over(outcome.before, Said(BY_FILE, found), _nothing)
        self._take_over(outcome.after, Said(asked.who, outcome.changes), lambda: asked.answer(outcome))

    def _take_over(self, loaded: Loaded, said: Said, then: Callable[[], None]) -> None:
        self._loaded = loaded
        self._house.take_over(loaded, said, then)


def _nothing() -> None:
    """Nobody waits for it."""


def _version_there(path: Path) -> str:
    try:
        return version_of(read_bytes(path))
    except ConfigError:
        return ""
