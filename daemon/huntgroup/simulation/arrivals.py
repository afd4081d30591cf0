"""What the simulation knows of one customer before they come; the floor finds out the rest."""

import math
from dataclasses import dataclass

from huntgroup.engine.ids import SourceId
from huntgroup.engine.policy import Channel

FOR_EVER = math.inf


@dataclass(frozen=True, slots=True)
class Arrival:
    """One customer: ``at`` in seconds since the epoch, ``talk`` and ``patience`` in seconds."""

    at: float
    channel: Channel
    entrance: SourceId
    talk: float
    patience: float = FOR_EVER
    priority: int = 0
