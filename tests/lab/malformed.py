"""Messages that nobody can understand, from a seed: valid ones that were spoilt, and noise.

Whether one is really wrong is for the document to say (docs/asyncapi.json), not for the models that read it.
"""

import copy
import json
import random
from collections.abc import Iterator
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from tests.lab.schemas import validator

MEANT: dict[str, tuple[dict[str, Any], ...]] = {
    "inquiries/submit": (
        {"id": "x-1", "source": "site-chat"},
        {
            "id": "x-2",
            "source": "site-chat",
            "priority": 5,
            "customer": {"name": "Jan", "phone": "+48600700800", "email": "jan@example.org", "handles": {"t": "@jan"}},
            "subject": "s",
            "text": "t",
            "link": "https://shop.example/1",
        },
    ),
    "inquiries/x-1/commands": ({"type": "message", "text": "Hello"}, {"type": "abandon"}, {"type": "close"}),
    "operators/anna/commands": (
        {"type": "accept", "inquiry": "x-1"},
        {"type": "transfer", "inquiry": "x-1", "to": {"operator": "ben"}},
        {"type": "pause", "reason": "lunch"},
        {"type": "login"},
        {"type": "wrapup_done"},
    ),
}
"""By topic, what its reader would understand."""
SCHEMAS = {
    "inquiries/submit": ("Submission",),
    "inquiries/x-1/commands": ("Abandon", "ChannelClose", "CustomerMessage"),
    "operators/anna/commands": (
        *("Accept", "Decline", "Pickup", "Transfer", "Hold", "Resume", "Close", "WrapupDone"),
        *("Login", "Logout", "Pause", "ResumeWork"),
    ),
}
WRONG: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    10**400,
    1.5,
    "",
    "\u0000",
    "a/b",
    "+",
    "#",
    "call-main-1.2",
    "\r\nAction: Hangup",
    "x" * 70_000,
    [],
    {},
    [[]],
    {"$ref": "#"},
    "\ud800",
    "Ĳ" * 300,
)


def malformed(seed: int, count: int) -> Iterator[tuple[str, bytes]]:
    """So many of them: (topic below the prefix, payload)."""
    dice = random.Random(seed)
    while count:
        topic = dice.choice(tuple(MEANT))
        payload = dice.choice((_spoilt, _spoilt, _cut, _noise, _nested))(dice, topic)
        if not _is_understood(topic, payload):
            count -= 1
            yield topic, payload


def _is_understood(topic: str, payload: bytes) -> bool:
    try:
        data = json.loads(payload.decode())
    except (ValueError, RecursionError):
        return False
    return any(each.is_valid(data) for each in _validators(topic))


@cache
def _validators(topic: str) -> tuple[Draft202012Validator, ...]:
    return tuple(validator(name) for name in SCHEMAS[topic])


def _spoilt(dice: random.Random, topic: str) -> bytes:
    data = copy.deepcopy(dice.choice(MEANT[topic]))
    for _ in range(dice.randint(1, 3)):
        where = data
        key = dice.choice(tuple(where))
        while isinstance(where[key], dict) and where[key] and dice.random() < 0.6:
            where = where[key]
            key = dice.choice(tuple(where))
        what = dice.randrange(4)
        if what == 0 and len(where) > 1:
            del where[key]
        elif what == 1:
            where[dice.choice(("extra", "Type", "ID", "__proto__", ""))] = copy.deepcopy(dice.choice(WRONG))
        else:
            where[key] = copy.deepcopy(dice.choice(WRONG))
    return json.dumps(data).encode()


def _cut(dice: random.Random, topic: str) -> bytes:
    whole = json.dumps(dice.choice(MEANT[topic])).encode()
    begin = dice.randrange(len(whole))
    return whole[:begin] + dice.choice((b"", b"\xff", b"\x00", b"}", b"\xed\xa0\x80", b'"'))


def _noise(dice: random.Random, _topic: str) -> bytes:
    return dice.randbytes(dice.choice((0, 1, 7, 100, 5_000)))


def _nested(dice: random.Random, _topic: str) -> bytes:
    depth = dice.choice((2, 500, 20_000))
    return dice.choice((b"[" * depth, b'{"type":' * depth, b"[" * depth + b"]" * depth, b"NaN", b"1e9999", b"null"))
