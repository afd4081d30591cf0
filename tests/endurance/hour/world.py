"""What everybody in the hour shares: the processes, whether there is an exchange to call, and the tally."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.broker import Broker
from tests.lab.daemon import Daemon
from tests.lab.link import Link
from tests.lab.pbx import Pbx
from tests.lab.phones import Phone
from tests.lab.record import Ending
from tests.lab.station import Station

SPEAKS_EVERY = 0.5
"""Seconds between two packets of everybody's audio: see RTP_TIMEOUT."""
RTP_TIMEOUT = 5
"""Seconds without audio after which the exchange hangs up: `rtp_timeout` of every endpoint and of the trunk.

A phone that dies in a conversation says nothing, and SIP alone notices it when a session timer runs out, after 90 s
at the soonest and half an hour by default. A house sets `rtp_timeout = 30` or so, and `rtp_timeout_hold` longer than
anybody holds.
"""
MEDIA_OPTIONS = f"rtp_timeout={RTP_TIMEOUT}\nrtp_timeout_hold={3 * RTP_TIMEOUT}"
PHONE_OPTIONS = f"{MEDIA_OPTIONS}\ncall_group=1\npickup_group=1\nallow_transfer=yes"


@dataclass(slots=True)
class World:
    """One house and everybody around it."""

    pbx: Pbx
    broker: Broker
    link: Link
    daemon: Daemon
    seed: int
    phones: list[Phone] = field(default_factory=list)
    """Everybody's in the house."""
    outside: list[Station] = field(default_factory=list)
    """Callers, and the one telephone that all calls out end at."""
    may_call: asyncio.Event = field(default_factory=asyncio.Event)
    """Cleared while there is no exchange."""
    tally: Counter[str] = field(default_factory=Counter)
    """What happened how often."""

    @property
    def daemon_log(self) -> Path:
        """Everything that all lives of the daemon said."""
        return self.daemon.home / "log.jsonl"

    def exchange_died(self) -> None:
        """Whoever is in a call will never hear from the exchange again."""
        for station in (*self.phones, *self.outside):
            for call in list(station.live.values()):
                call.end(Ending("lost"))
            station.dialogs.clear()


def is_quiet(station: Station) -> Station:
    """Its audio is just enough to count as alive."""
    station.says_every = SPEAKS_EVERY
    return station
