"""What one PBX is asked whenever the link is new: its phones, the messages and the calls that it kept for us."""

from collections.abc import Iterable

import structlog

from huntgroup.adapters.ami import kept, served
from huntgroup.adapters.ami.asking import Asking
from huntgroup.adapters.ami.translate import Translator, phone_state
from huntgroup.engine.events import Event, FallbackServed, MessageLeft
from huntgroup.engine.ids import PbxId, PhoneId

log = structlog.get_logger(__name__)


FILTERS_MOST = 10
"""Event filters that are looked at."""


class Survey:
    """Asks, and says what the answers mean. Raises PeerError as `Asking` does."""

    def __init__(self, pbx: PbxId, asking: Asking, translator: Translator) -> None:
        self._pbx = pbx
        self._asking = asking
        self._translator = translator

    async def phone_states(self, phones: Iterable[PhoneId]) -> list[Event]:
        """What each phone is doing."""
        phones = tuple(phones)
        found: list[Event] = []
        answers = await self._asking.values([f"DEVICE_STATE({phone})" for phone in phones])
        for phone, text in zip(phones, answers, strict=True):
            try:
                found.append(state := phone_state(phone, text or "UNKNOWN"))
                self._translator.in_use.told(phone, state.state)
            except ValueError as error:
                log.warning("pbx.phone_state_not_understood", pbx=self._pbx, phone=phone, error=str(error))
        return found

    async def has_filters(self, user: str, within: float) -> bool:
        """Whether manager.conf has event filters that exclude, as earlier versions of config/manager.conf did. Of what
        they keep away there is no trace; who may not read the file is not told of them."""
        lines = [f"AST_CONFIG(manager.conf,{user},eventfilter,{index})" for index in range(FILTERS_MOST)]
        return any(each.startswith("!") for each in await self._asking.values(lines, within))

    async def entries(self) -> list[str]:
        """What the PBX kept of the calls that ended while nobody here looked; asked after Status, see `reconcile`."""
        text = await self._asking.value(served.COUNT)
        try:
            last = served.last_of(text)
        except ValueError as error:
            log.warning("pbx.served_not_understood", pbx=self._pbx, error=str(error))
            return []
        read = self._translator.entries_read
        lost = served.overwritten(read, last)
        if lost:
            log.warning("pbx.served_overwritten", pbx=self._pbx, calls=lost)
        texts = await self._asking.values([served.entry_variable(number) for number in served.wanted(read, last)])
        return [each for each in texts if served.is_there(each)]

    def served(self, entries: Iterable[str]) -> dict[FallbackServed, str]:
        """The calls of these entries, oldest first, with their Uniqueids."""
        found: dict[FallbackServed, str] = {}
        for text in entries:
            try:
                found[self._translator.served(text)] = served.entry(text).uniqueid
            except ValueError as error:
                log.warning("pbx.served_not_understood", pbx=self._pbx, error=str(error))
        return found

    async def kept_messages(self) -> list[MessageLeft]:
        """Messages that were left while nobody listened; what was heard meanwhile waits in the client's buffer."""
        listed = kept.listed(await self._asking.value(kept.LIST))
        answers = await self._asking.values([kept.variable(each) for each in listed])
        found = [
            kept.message(self._pbx, each, text, self._translator.directory)
            for each, text in zip(listed, answers, strict=True)
        ]
        return [each for each in found if each is not None]
