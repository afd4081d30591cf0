"""Instants, in seconds since the epoch, as dates: whatever a peer's clock or a stored row says, there is one."""

import math
from datetime import UTC, datetime

LAST = 253_402_300_799.0
"""The end of the year 9999: `datetime` knows no later one, and raises."""


def utc(seconds: float) -> datetime:
    """The date of an instant; one outside of 1970 to 9999 is the nearer of the two."""
    return datetime.fromtimestamp(0.0 if math.isnan(seconds) else min(max(seconds, 0.0), LAST), UTC)
