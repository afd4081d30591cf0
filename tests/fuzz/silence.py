"""Renders log lines as the daemon does and discards them, so that a line that cannot be rendered is found."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog


class _Nowhere:
    """Discards a line."""

    def msg(self, message: str) -> None:
        """Check that it is a single line of text."""
        if "\n" in message:
            raise AssertionError(f"a log line is broken in two: {message[:500]!r}")
        message.encode("utf-8", "backslashreplace")  # as standard error does

    log = debug = info = warn = warning = error = critical = exception = msg


def _render(_logger: object, name: str, fields: structlog.typing.EventDict) -> str:
    fields["level"] = name
    return str(_as_json(_logger, name, structlog.processors.format_exc_info(_logger, name, fields)))


_as_json = structlog.processors.JSONRenderer(ensure_ascii=False)


@contextmanager
def no_logs() -> Iterator[None]:
    """Discard all log lines within the block."""
    before = structlog.get_config()
    nowhere = _Nowhere()
    structlog.configure(
        processors=[_render],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_: nowhere,
        cache_logger_on_first_use=False,
    )
    try:
        yield
    finally:
        structlog.configure(**before)
