"""Logs: one line an event on standard error, for a person on a terminal and as JSON everywhere else.

Whatever came from outside is a value and is rendered as one: it can neither end the line nor begin a field.
"""

import logging
import sys

import structlog

from huntgroup.engine.effects import Decision, Fact, Tidings

log = structlog.get_logger("huntgroup")


def configure(*, is_terminal: bool | None = None) -> None:
    """Set up logging for the whole process, that of the libraries included."""
    for_people = sys.stderr.isatty() if is_terminal is None else is_terminal
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if for_people else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    shared: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def tell(tidings: Tidings) -> None:
    """One line for each fact and decision."""
    match tidings:
        case Fact():
            fields = {"group": tidings.group, "operator": tidings.operator, "attempt": tidings.attempt}
            said: dict[str, str | int] = {name: value for name, value in fields.items() if value is not None}
            if tidings.detail:
                said["detail"] = tidings.detail
            if tidings.customer is not None:
                said["customer_name"] = tidings.customer.name
                said["customer_phone"] = tidings.customer.phone
            log.info(tidings.type, inquiry=tidings.inquiry, **said)
        case Decision():
            log.info(
                "inquiry.decided",
                inquiry=tidings.inquiry,
                group=tidings.group,
                attempt=tidings.attempt,
                verdicts=dict(tidings.verdicts),
            )
        case _:
            pass
