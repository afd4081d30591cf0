"""Events that ended the daemon, remembered beyond its end: a third try is not made.

A message that the broker keeps until it is acknowledged comes again after each start, and so does a call that waits at
the PBX. What breaks the engine would end the daemon for ever. It is written down in the moment in which a life ends,
so a daemon that does not end pays nothing for it.
"""

import hashlib
import json
from pathlib import Path

import structlog

from huntgroup.adapters.store.private import make_private
from huntgroup.codec import event_text
from huntgroup.engine.events import Event, InquiryReceived
from huntgroup.engine.requested import ChannelRequest, Request
from huntgroup.regular import read_regular
from huntgroup.text_input import NotJson, read_json

log = structlog.get_logger(__name__)

TRIES = 2
LARGEST = 1_000_000
SUSPECTS_MOST = 1_000
"""The oldest go first."""


class SuspectFile:
    """Kept beside the store. Nothing depends on it: a file that cannot be read is empty, one that cannot be written
    is left as it is."""

    def __init__(self, store: Path) -> None:
        self._path = store.with_name(f"{store.name}.suspects")
        self._tries = _read(self._path)

    def is_set_aside(self, event: Event) -> bool:
        """Whether an event has had its tries."""
        if not self._tries:
            return False
        name = _name_of(event)
        if name is None or self._tries.get(name, 0) < TRIES:
            return False
        if isinstance(event, Request | ChannelRequest):
            # It is acknowledged now and does not come again; the same may be asked another day.
            del self._tries[name]
            self._write()
        return True

    def ended_by(self, event: Event) -> None:
        """Count one try more of an event that ends the daemon."""
        name = _name_of(event)
        if name is None:
            return
        self._tries[name] = self._tries.pop(name, 0) + 1
        for oldest in list(self._tries)[:-SUSPECTS_MOST]:
            del self._tries[oldest]
        self._write()

    def _write(self) -> None:
        try:
            make_private(self._path)
            self._path.write_text(json.dumps(self._tries))
        except OSError as error:
            log.error("shell.suspect_not_kept", path=str(self._path), error=error.strerror)  # noqa: TRY400


def _read(path: Path) -> dict[str, int]:
    try:
        found = read_json(read_regular(path, LARGEST))
    except (OSError, NotJson):
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: tries for name, tries in found.items() if isinstance(tries, int)}


def _name_of(event: Event) -> str | None:
    """The same for the same event in another life; None: it is about nobody in particular, and comes again and again,
    as that a phone is free."""
    if isinstance(event, InquiryReceived):
        return f"InquiryReceived {event.inquiry}"  # what is known of its customer may be another each time
    kind, body = event_text(event)
    fields = json.loads(body)
    is_request = fields.pop("request", None) is not None  # numbered anew in each life
    if not is_request and not fields.get("inquiry"):
        return None
    return f"{kind} {hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:32]}"
