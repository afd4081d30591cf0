"""A CRM with a webhook, on loopback: it verifies what it gets, does each thing once, and can hang, fail and lie."""

import asyncio
import base64
import hashlib
import hmac
import json
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Any

from aiohttp import web
from aiohttp.test_utils import unused_port

KEY = base64.b64encode(b"a key of thirty-two good bytes..").decode()
SECRET = f"whsec_{KEY}"
HUGE = 3_000_000
TOLERANCE = 300
"""Seconds that a message may be old."""


class Mood(StrEnum):
    """How it behaves."""

    WELL = "well"
    HANGS = "hangs"
    FAILS = "fails"
    GARBAGE = "garbage"
    HUGE = "huge"
    DEEP = "deep"
    DRIPS = "drips"
    CUTS = "cuts"
    LOST = "lost"
    """It does what it is told, and its answer is lost."""
    ELSEWHERE = "elsewhere"
    """It sends us to another address."""
    NOT_IN = "not_in"
    """It does not know us."""


LIES = (Mood.GARBAGE, Mood.HUGE, Mood.DEEP, Mood.DRIPS, Mood.CUTS, Mood.FAILS, Mood.HANGS, Mood.ELSEWHERE, Mood.NOT_IN)


class Server:
    """Whatever stands behind an address. ``moods`` are used up one a request; then ``mood`` holds."""

    def __init__(self) -> None:
        self.mood = Mood.WELL
        self.moods: list[Mood] = []
        self.requests = 0
        self.port = unused_port()
        self.came = asyncio.Event()
        self._changed = asyncio.Condition()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait for what requests bring about."""
        async with self._changed:
            await self._changed.wait_for(is_so)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One request."""
        self.requests += 1
        self.came.set()
        async with self._changed:
            self._changed.notify_all()
        mood = self.moods.pop(0) if self.moods else self.mood
        try:
            return await self._in_a_mood(mood, request)
        finally:
            async with self._changed:
                self._changed.notify_all()

    async def answer(self, request: web.Request) -> web.Response:
        """What it does when it is well."""
        raise NotImplementedError

    async def _in_a_mood(self, mood: Mood, request: web.Request) -> web.StreamResponse:
        if mood is Mood.HANGS:
            await asyncio.Event().wait()
        if mood is Mood.DRIPS:
            return await self._drip(request)
        if mood in (Mood.CUTS, Mood.LOST):
            if mood is Mood.LOST:
                await self.answer(request)
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        plain: dict[Mood, Callable[[], web.Response]] = {
            Mood.FAILS: lambda: web.Response(status=500, text="<h1>Sorry</h1>"),
            Mood.GARBAGE: lambda: web.Response(text='{"customer": {"id": 7, "name": [1, '),
            Mood.HUGE: lambda: web.Response(text='{"customer": null, "x": "' + "x" * HUGE + '"}'),
            Mood.DEEP: lambda: web.Response(text='{"result":' + "[" * 20_000 + "]" * 20_000 + "}"),
            Mood.ELSEWHERE: lambda: web.Response(status=302, headers={"Location": f"{self.address}/else"}),
            Mood.NOT_IN: lambda: web.Response(status=401),
        }
        return plain[mood]() if mood in plain else await self.answer(request)

    async def _drip(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.02)


@asynccontextmanager
async def serving(server: Server, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    """It answers as long as this lasts."""
    app = web.Application(client_max_size=4 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", server.port, ssl_context=tls).start()
    try:
        yield server
    finally:
        await runner.cleanup()


class HttpServer(Server):
    """Any CRM. What it was told is in ``told``, once each, by type."""

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__()
        self.now = now
        self.path = "/huntgroup"
        self.key = base64.b64decode(KEY)
        self.known: dict[tuple[str, str], dict[str, Any]] = {}
        self.told: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.order: list[str] = []
        self.seen: dict[str, Any] = {}
        self.bodies: list[bytes] = []
        self.status: int | None = None
        self.headers: dict[str, str] = {}

    @property
    def url(self) -> str:
        return f"{self.address}{self.path}"

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        if request.path != self.path or request.method != "POST":
            return web.Response(status=404)
        if not self._is_signed(request, body):
            return web.Response(status=401, text="bad signature")
        if self.status is not None:
            return web.Response(status=self.status, text="no", headers=self.headers)
        self.bodies.append(body)
        key = request.headers["webhook-id"]
        assert request.headers["Idempotency-Key"] == key
        if key not in self.seen:
            self.seen[key] = self._do(json.loads(body))
        return web.json_response(self.seen[key])

    def _is_signed(self, request: web.Request, body: bytes) -> bool:
        message, at = request.headers.get("webhook-id", ""), request.headers.get("webhook-timestamp", "")
        if not message or "." in message or not at.isdigit() or abs(int(at) - self.now()) > TOLERANCE:
            return False
        expected = hmac.new(self.key, f"{message}.{at}.".encode() + body, hashlib.sha256).digest()
        given = request.headers.get("webhook-signature", "").split()
        return f"v1,{base64.b64encode(expected).decode()}" in given

    def _do(self, message: dict[str, Any]) -> Any:
        data = message["data"]
        if message["type"] == "customer.look_up":
            names = [(each["kind"], each["value"]) for each in data["identities"]]
            return {"customer": next((self.known[name] for name in names if name in self.known), None)}
        self.told[message["type"]].append(data)
        self.order.append(f"{message['type']} {data.get('inquiry', '')}".strip())
        return {"id": f"c-{len(self.told[message['type']])}"} if message["type"] == "customer.create" else {}
