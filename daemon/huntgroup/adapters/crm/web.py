"""HTTP to a CRM, which may hang, fail or lie: every answer is bounded in time and size before anything is made of it.

No redirect is followed: what is posted is signed for, and trusted to, one address. No proxy is taken from the
environment, no cookie is kept, and a certificate that does not hold ends the matter.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from huntgroup.adapters.clock import Clock
from huntgroup.crm.words import CrmAway
from huntgroup.regular import check_regular
from huntgroup.text_input import NotJson, read_json

LONGEST_ANSWER = 256 * 1024
"""Bytes of an answer; more is none."""
CONNECTIONS = 8
AGENT = "huntgroup"
PAUSE_MOST = 3600.0
"""Seconds: no longer does a CRM keep us away by one answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    body: bytes
    pause: float | None
    """Seconds to wait, where the CRM says so."""

    def json(self) -> Any:
        """The body's value, its texts cleaned: whoever is called otherwise is served all the same.

        Raises:
            CrmAway: when it cannot be used.
        """
        try:
            return read_json(self.body)
        except NotJson as error:
            raise CrmAway(f"answered {self.status} with invalid JSON: {error}") from None


class Web:
    """A connection pool to one CRM; opened when it is first used, on the loop that uses it. Raises ssl.SSLError and
    OSError for authorities that are none."""

    def __init__(self, timeout: float, ca_file: Path | None, clock: Clock) -> None:
        self._timeout = timeout
        self._clock = clock
        # Reading the system's authorities takes tens of milliseconds, for which nobody's call is to wait later.
        if ca_file is not None:
            check_regular(ca_file)
        self._tls = ssl.create_default_context(cafile=ca_file)
        self._session: aiohttp.ClientSession | None = None

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Post, and have the whole answer within the time-out. Raises CrmAway, without ever showing the address."""
        session = self._opened()
        try:
            async with (
                asyncio.timeout(self._timeout),
                session.post(url, data=body, headers=headers, allow_redirects=False) as response,
            ):
                return Answer(
                    status=response.status,
                    body=await _bounded(response),
                    pause=pause_in(response.headers.get("Retry-After"), self._clock.now()),
                )
        except TimeoutError:
            raise CrmAway(f"no answer within {self._timeout:g} s") from None
        except aiohttp.ClientError as error:
            raise CrmAway(_told(error, urlsplit(url).netloc)) from None
        except (OSError, UnicodeError) as error:
            why = error.strerror if isinstance(error, OSError) else None
            raise CrmAway(f"{urlsplit(url).netloc}: {why or 'cannot be reached'}") from None

    async def close(self) -> None:
        """Let the connections go."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=self._tls, limit=CONNECTIONS),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
                headers={"User-Agent": AGENT, "Accept": "application/json", "Accept-Encoding": "identity"},
                auto_decompress=False,
                trust_env=False,
            )
        return self._session


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    parts: list[bytes] = []
    length = 0
    async for part in response.content.iter_any():
        length += len(part)
        if length > LONGEST_ANSWER:
            response.close()
            raise CrmAway(f"answered {response.status} with more than {LONGEST_ANSWER // 1024} kB")
        parts.append(part)
    return b"".join(parts)


def pause_in(text: str | None, now: float) -> float | None:
    """The seconds of a Retry-After: a number, or an instant as HTTP writes it."""
    if text is None:
        return None
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), PAUSE_MOST)
    try:
        seconds = parsedate_to_datetime(text).timestamp() - now
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), PAUSE_MOST)


def _told(error: aiohttp.ClientError, host: str) -> str:
    """In words that hold no address: with Bitrix24 that is a secret."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"{host}: its certificate does not hold: {getattr(error.certificate_error, 'verify_message', '')}"
    if isinstance(error, aiohttp.ClientSSLError):
        return f"{host}: no TLS with it"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"{host}: no such host is known"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"{host}: {error.os_error.strerror or 'cannot be reached'}"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return f"{host}: ended the connection without an answer"
    return f"{host}: its answer is no HTTP ({type(error).__name__})"
