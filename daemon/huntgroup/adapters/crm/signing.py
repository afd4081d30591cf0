"""Signs what is posted, as the Standard Webhooks specification says, so that ready verifiers can be had for it."""

import base64
import hmac
from collections.abc import Mapping

VERSION = "v1"


def signature(key: bytes, message: str, seconds: int, body: bytes) -> str:
    """Over the id, the second and the very bytes that are sent."""
    signed = f"{message}.{seconds}.".encode() + body
    return f"{VERSION},{base64.b64encode(hmac.digest(key, signed, 'sha256')).decode()}"


def headers(key: bytes, message: str, now: float, body: bytes) -> Mapping[str, str]:
    """The three headers. ``message``: its id, the same at every try, and without a full stop."""
    seconds = int(now)
    return {
        "webhook-id": message,
        "webhook-timestamp": str(seconds),
        "webhook-signature": signature(key, message, seconds, body),
    }
