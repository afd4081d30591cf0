"""Logs: one line an event on standard error, for a person on a terminal and as JSON everywhere else.

Whatever came from outside is a value and is rendered as one: it can neither end the line nor begin a field.
"""

import json
import logging
import os
import sys
from collections.abc import Callable, Iterable
from typing import NamedTuple

import structlog

from huntgroup.customers.words import Happening, public_id
from huntgroup.engine.effects import Decision, Fact, FactType, Tidings
from huntgroup.plain import escaped, plain

log = structlog.get_logger("huntgroup")

Fields = dict[str, object]
_stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
_as_json = json.JSONEncoder(ensure_ascii=False, default=repr).encode


class Unfailing:
    """Writes whole lines to a file descriptor, and drops what the descriptor does not take.

    A log that cannot be written must not end a call. The number of dropped lines is in the first line that is taken
    again. There is no buffer of Python's in between: a buffer keeps a line that a full disk or a closed pipe refused,
    writes it again with the next one, and makes the interpreter exit with status 120 (seen on 3.11). The encoding does
    not depend on the locale, and text that is not Unicode is escaped.
    """

    def __init__(self, descriptor: int) -> None:
        """``descriptor``: open for writing; it is not closed here."""
        self._descriptor = descriptor
        self._lost = 0

    def write(self, text: str) -> int:
        """Write all of it, or count it as lost."""
        try:
            if self._lost:
                said = json.dumps({"event": "log.lines_lost", "lines": self._lost, "level": "error"})
                self._put(f"\n{said}\n")  # the last one may have broken off
            self._put(text)
        except OSError:
            self._lost += 1
        else:
            self._lost = 0
        return len(text)

    def _put(self, text: str) -> None:
        left = memoryview(text.encode("utf-8", "backslashreplace"))
        while left:
            left = left[os.write(self._descriptor, left) :]

    def flush(self) -> None:
        """Nothing is buffered."""


_LINES = ("exception", "stack")
"""Fields that have line breaks of their own."""


class _Quoted(NamedTuple):
    """A text that a terminal would obey: it is shown in quotes, with escapes in it."""

    text: str

    def __repr__(self) -> str:
        return repr(self.text)


def _escaped(_logger: object, _method: str, fields: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """What a terminal is shown has nothing in it that it obeys. What is no text is rendered by ``repr`` as it is."""
    for name, value in fields.items():
        if isinstance(value, str) and not value.isprintable():
            if name in _LINES:
                fields[name] = "\n".join(map(plain, value.split("\n")))
            else:
                fields[name] = plain(value) if name == "event" else _Quoted(value)
    return fields


def _render_json(logger: object, method: str, fields: structlog.typing.EventDict) -> str:
    return escaped(str(_JSON(logger, method, fields)))


_JSON = structlog.processors.JSONRenderer(ensure_ascii=False)


def configure(*, is_terminal: bool | None = None) -> None:
    """Set up logging for the whole process, that of the libraries included."""
    for_people = sys.stderr.isatty() if is_terminal is None else is_terminal
    renderers: list[structlog.typing.Processor] = (
        [_escaped, structlog.dev.ConsoleRenderer()] if for_people else [_render_json]
    )
    file = Unfailing(sys.stderr.fileno())
    shared: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        _stamp,
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, *renderers],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=file),  # type: ignore[arg-type]
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(file)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    _teller.say = _say_by_structlog if for_people else Lines(file).say


ALARMS = frozenset({FactType.NOBODY_LEFT, FactType.PAUSE_WITHHELD})
"""Facts that somebody should look at."""


class Lines:
    """Lines of JSON as structlog would write them, without its detours: of every call there are six."""

    def __init__(self, file: Unfailing) -> None:
        self._file = file

    def say(self, event: str, fields: Fields) -> None:
        """One line."""
        level = "warning" if event in ALARMS else "info"
        fields |= {"event": event, "level": level}
        self._file.write(escaped(_as_json(_stamp(None, level, fields))) + "\n")


def _say_by_structlog(event: str, fields: Fields) -> None:
    (log.warning if event in ALARMS else log.info)(event, **fields)


class Teller:
    """How a line about a fact or a decision is written."""

    say: Callable[[str, Fields], None] = staticmethod(_say_by_structlog)


_teller = Teller()


def tell_of_customers(told: Iterable[Happening]) -> None:
    """One line for each thing that happened to a customer, without what says who they are."""
    for each in told:
        fields = {name: value for name, value in each.data.items() if name in PLAIN and value is not None}
        log.info(each.kind, customer=public_id(each.customer), inquiry=each.inquiry or None, **fields)


PLAIN = ("operator", "was", "responsible", "kind", "id", "other", "outcome", "waited", "talked", "undo", "change")
"""What is told of a customer in the log: no numbers and addresses, which would outlive their being erased."""


def tell(tidings: Tidings) -> None:
    """One line for each fact and decision."""
    if isinstance(tidings, Fact):
        if tidings.type is not FactType.RESPONSIBLE_CHANGED:  # said where it is known whose responsible that is
            _teller.say(tidings.type, _of_fact(tidings))
    elif isinstance(tidings, Decision):
        said: Fields = {"inquiry": tidings.inquiry, "group": tidings.group, "attempt": tidings.attempt}
        said["verdicts"] = dict(tidings.verdicts)
        _teller.say("inquiry.decided", said)


def _of_fact(fact: Fact) -> Fields:
    fields = {"group": fact.group, "operator": fact.operator, "attempt": fact.attempt}
    said: Fields = {"inquiry": fact.inquiry}
    said |= {name: value for name, value in fields.items() if value is not None}
    if fact.detail:
        said["detail"] = fact.detail
    if fact.customer is not None:
        said["customer_name"] = fact.customer.name
        said["customer_phone"] = fact.customer.phone
    if fact.recording is not None:
        said["recording"] = fact.recording.file
        said["recording_seconds"] = round(fact.recording.seconds)
    return said
