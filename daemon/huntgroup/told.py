"""What the broker is told outlives the process that was to tell it: store and broker, put together."""

from huntgroup.adapters.mqtt.telling import Telling
from huntgroup.adapters.store.journal import Journal
from huntgroup.adapters.store.sessions import BrokerSessions
from huntgroup.adapters.store.telling import (
    Untold,
    begin_link,
    begin_telling,
    end_telling,
    forget_telling,
)
from huntgroup.adapters.store.untold import Told
from huntgroup.settings import Settings


def telling_begun(settings: Settings, journal: Journal, sequence: int, at: float) -> Telling | None:
    """What goes on where an earlier life came to; None without a broker. ``sequence``: the last event of the journal,
    ``at`` its instant.

    Raises StoreError.
    """
    path = settings.store.path
    if settings.mqtt is None:
        forget_telling(path)
        return None
    told, last = begin_telling(path, sequence)
    untold = Untold(path, journal.note, journal.note_link)
    return Telling(untold, (told.facts, sequence), (told.happenings, last), begin_link(path, at))


def sessions_of(settings: Settings) -> BrokerSessions:
    """The client ids under which the broker may have a session of the daemon's."""
    return BrokerSessions(settings.store.path)


def telling_ended(settings: Settings, telling: Telling | None) -> None:
    """A life is over, and the journal is closed: the next one goes on where this one came to."""
    if telling is not None:
        told = Told(telling.facts.told, telling.happenings.told)
        end_telling(settings.store.path, told, telling.linked_until)
