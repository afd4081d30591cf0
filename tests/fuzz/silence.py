"""Logs as the daemon writes them, to nobody: every line is rendered, so that a text which cannot be is found."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog


class _Nowhere:
    """Takes a line and lets it go."""

    def msg(self, message: str) -> None:
        """One line, which must be one and text."""
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
    """Render what is logged, and show it to nobody, until the end of the block."""
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
