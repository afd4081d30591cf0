"""A phone that dials is in use from the first word about it, before Asterisk says so.

Device states come by a queue of Asterisk's own, a moment after the call (seen: the UserEvent of a code overtakes the
INUSE of the phone that dialled it). Whoever logs in by their phone would be rung on that very phone, which is busy.
"""

from huntgroup.engine.events import Event, PhoneState, PhoneStateChanged
from huntgroup.engine.ids import PhoneId


class InUse:
    """What was last told of every phone, and which are in use although that was not told yet."""

    def __init__(self) -> None:
        self._states: dict[PhoneId, PhoneState] = {}
        self._dialling: dict[str, PhoneId] = {}

    def told(self, phone: PhoneId, state: PhoneState) -> None:
        """Asterisk says how a phone is; from now on that counts."""
        self._states[phone] = state
        for uniqueid in [each for each, dialling in self._dialling.items() if dialling == phone]:
            del self._dialling[uniqueid]

    def dials(self, phone: PhoneId, uniqueid: str) -> list[Event]:
        """A phone placed a call: it is in use."""
        if self._states.get(phone) is not PhoneState.NOT_INUSE:
            return []
        self._dialling[uniqueid] = phone
        return [PhoneStateChanged(phone=phone, state=PhoneState.INUSE)]

    def hung_up(self, uniqueid: str) -> list[Event]:
        """A channel is gone. When it was too short for Asterisk to say anything, the phone is as it was."""
        phone = self._dialling.pop(uniqueid, None)
        return [PhoneStateChanged(phone=phone, state=PhoneState.NOT_INUSE)] if phone else []

    def channels(self) -> list[str]:
        """The Uniqueids of calls that phones placed, and of which Asterisk has said nothing yet."""
        return list(self._dialling)

    def size(self) -> int:
        """How many calls are remembered."""
        return len(self._dialling)
