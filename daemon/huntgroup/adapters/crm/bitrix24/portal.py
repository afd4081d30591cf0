"""Calls of Bitrix24's REST interface: their limits, and what its errors mean.

A portal counts requests: each adds one, so many a second are taken off again, and above a threshold it refuses. We
count along, so that look-ups find room while a backlog is told; other programs on our address count too, so it may
still refuse, and says so.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from huntgroup.adapters.crm.web import Answer, Web
from huntgroup.crm.words import CrmAway, CrmBusy, CrmRefused, CrmShut
from huntgroup.plain import clean

Params = Mapping[str, Any]

PER_SECOND = 2.0
THRESHOLD = 50.0
"""Of every plan but the largest."""
FOR_DEEDS = 30.0
"""Above this the rest is for look-ups."""

BUSY: Mapping[str, float] = {"QUERY_LIMIT_EXCEEDED": 5.0, "OPERATION_TIME_LIMIT": 60.0}
"""Seconds to leave it alone. The second counts a method's own time, minute by minute."""
AWAY = frozenset({"INTERNAL_SERVER_ERROR", "ERROR_UNEXPECTED_ANSWER"})
SHUT = frozenset(
    {
        "NO_AUTH_FOUND",
        "INVALID_CREDENTIALS",
        "ACCESS_DENIED",
        "insufficient_scope",
        "expired_token",
        "user_access_error",
        "authorization_error",
        "PORTAL_DELETED",
        "OVERLOAD_LIMIT",
        "INVALID_REQUEST",
    }
)
"""The webhook, its rights or the portal itself: a person has to mend it."""
NEEDS_APPLICATION = "WRONG_AUTH_TYPE"
SAID_MOST = 200


class NeedsApplication(CrmRefused):
    """A method that Bitrix24 gives to installed applications only, and to no webhook."""


class Fault(BaseModel):
    """How Bitrix24 says that something went wrong."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    error: str
    error_description: str = ""

    @field_validator("error", mode="before")
    @classmethod
    def _as_text(cls, value: object) -> object:
        return str(value) if isinstance(value, int) else value


class _Batch(BaseModel):
    """What a batch came to. An empty table of PHP's is a list."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    result: dict[str, Any] = Field(default_factory=dict)
    result_error: dict[str, Fault] = Field(default_factory=dict)

    @field_validator("result", "result_error", mode="before")
    @classmethod
    def _as_table(cls, value: object) -> object:
        return {} if value == [] else value


class Meter:
    """Counts requests as the portal does. Instants in seconds on a clock that only goes on."""

    def __init__(self, per_second: float = PER_SECOND, threshold: float = THRESHOLD) -> None:
        self._per_second = per_second
        self._threshold = threshold
        self._level = 0.0
        self._at = 0.0

    def _settle(self, now: float) -> None:
        self._level = max(0.0, self._level - (now - self._at) * self._per_second)
        self._at = now

    def take(self, now: float, up_to: float | None = None) -> float:
        """Count one in if there is room below ``up_to``, and 0; else how many seconds until there is."""
        self._settle(now)
        over = self._level + 1 - (self._threshold if up_to is None else up_to)
        if over > 0:
            return over / self._per_second
        self._level += 1
        return 0.0

    def fill(self, now: float) -> None:
        """The portal says that it is full."""
        self._settle(now)
        self._level = self._threshold


class Portal:
    """One portal, spoken to by one webhook. ``hook`` is its address without a slash at the end: a secret."""

    def __init__(self, hook: str, web: Web, now: Callable[[], float]) -> None:
        self._hook = hook
        self._web = web
        self._now = now
        self._meter = Meter()

    async def call(self, method: str, params: Params, *, is_urgent: bool = False) -> Any:
        """One method's result. Raises CrmError. ``is_urgent``: it waits for no room, but finds none and is away."""
        await self._room(is_urgent=is_urgent)
        body = json.dumps(params).encode()
        answer = await self._web.post(f"{self._hook}/{method}.json", body, {"Content-Type": "application/json"})
        return self._result(answer)

    async def batch(self, commands: Mapping[str, tuple[str, Params]], *, is_urgent: bool = False) -> "Answers":
        """Several methods in one request, in order; `$result[name]…` in a parameter is an earlier one's result."""
        cmd = {name: f"{method}?{urlencode(_flat(params), safe='$[]')}" for name, (method, params) in commands.items()}
        result = await self.call("batch", {"halt": 0, "cmd": cmd}, is_urgent=is_urgent)
        try:
            found = _Batch.model_validate(result)
        except ValidationError:
            raise CrmAway("answered a batch with what is none") from None
        return Answers(found.result, found.result_error)

    async def close(self) -> None:
        """Let the connections go."""
        await self._web.close()

    async def _room(self, *, is_urgent: bool) -> None:
        while seconds := self._meter.take(self._now(), None if is_urgent else FOR_DEEDS):
            if is_urgent:
                raise CrmBusy("our own count of requests is at the portal's limit", seconds)
            await asyncio.sleep(seconds)

    def _result(self, answer: Answer) -> Any:
        if answer.status >= 500 or answer.status < 200:
            self._fault(answer)
            raise CrmAway(f"{answer.status}")
        if 300 <= answer.status < 400:
            raise CrmShut(
                f"{answer.status}: it sends us elsewhere, which is not followed; correct the webhook's address"
            )
        self._fault(answer)
        if answer.status >= 400:
            raise CrmShut(f"{answer.status}: that is no answer of Bitrix24's; is the webhook's address right?")
        value = answer.json()
        if not isinstance(value, dict) or "result" not in value:
            raise CrmAway("answered without a result")
        return value["result"]

    def _fault(self, answer: Answer) -> None:
        """Raise what it complains of, if it does."""
        try:
            fault = Fault.model_validate(answer.json())
        except (ValidationError, CrmAway):
            return
        if fault.error in BUSY:
            self._meter.fill(self._now())
        raise error_of(fault, answer.pause)


class Answers:
    """The results of a batch, each looked at when it is asked for."""

    def __init__(self, results: Mapping[str, Any], faults: Mapping[str, Fault]) -> None:
        self._results = results
        self._faults = faults

    def of(self, name: str) -> Any:
        """A command's result. Raises CrmError when it has none."""
        if name in self._faults:
            raise error_of(self._faults[name])
        if name not in self._results:
            raise CrmAway(f"answered a batch without {name}")
        return self._results[name]

    def perhaps(self, name: str) -> Any:
        """A command's result, or None where it has none: it may have been about something that is not there."""
        return self._results.get(name)


def error_of(fault: Fault, pause: float | None = None) -> Exception:
    """What an error of Bitrix24's means for us."""
    text = f"{fault.error}: {fault.error_description}" if fault.error_description else fault.error
    said = clean(text[:SAID_MOST])
    if fault.error in BUSY:
        return CrmBusy(said, BUSY[fault.error] if pause is None else pause)
    if fault.error in SHUT:
        return CrmShut(said)
    if fault.error in AWAY:
        return CrmAway(said)
    if fault.error == NEEDS_APPLICATION:
        return NeedsApplication(said)
    return CrmRefused(said)


def _flat(value: Any, name: str = "") -> list[tuple[str, str]]:
    """As PHP writes nested tables into a query: `filter[originId]`, `values[0]`."""
    if isinstance(value, Mapping):
        return [pair for key, inner in value.items() for pair in _flat(inner, f"{name}[{key}]" if name else str(key))]
    if isinstance(value, list | tuple):
        return [pair for place, inner in enumerate(value) for pair in _flat(inner, f"{name}[{place}]")]
    return [(name, str(value))]
