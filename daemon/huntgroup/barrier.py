"""The barrier around whatever is made of a message, an answer or an order: a fault of ours costs that one alone."""

from collections.abc import Callable

import structlog

log = structlog.get_logger(__name__)

SHOWN_MOST = 2_000
"""Characters of what failed, in the log."""


def carefully(receive: Callable[..., object], *values: object) -> bool:
    """Call it with the values; whether it raised nothing. What it raises is logged with them, and goes no further."""
    try:
        receive(*values)
    except Exception:
        log.exception("barrier.receiver_failed", receiver=_name(receive), what=shown(values))
        return False
    return True


def shown(what: object) -> str:
    """The beginning of something that failed."""
    return repr(what)[:SHOWN_MOST]


def _name(receive: Callable[..., object]) -> str:
    inner = getattr(receive, "func", receive)  # of a partial, who is called by it
    return getattr(inner, "__qualname__", type(inner).__name__)
